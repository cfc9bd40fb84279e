"""Derivatives by complex steps: functions that take complex numbers are differentiated to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

STEP: Final = 1e-30
"""Imaginary step: no digits cancel, so it may be as small as one likes."""


def derivative(function: Callable[[Any], Any], at: Floats) -> Floats:
    r"""Derivatives of a vector function, dims (place, value).

    .. math:: f'(x) = \mathrm{Im} f(x + i h) / h

    Parameters
    ----------
    function
        From arrays (..., place) to arrays (..., value), analytic.
    at
        Dims (place,).

    References
    ----------
    Squire W, Trapp G. Using complex variables to estimate derivatives of real functions. SIAM Review 1998;40:110-112.
    """
    return np.asarray(function(at + 1j * STEP * np.eye(at.size)).imag / STEP)


def softplus(value: Any) -> Any:
    """log(1 + exp(value)): above 0, smooth, and for large values the value itself; without overflow."""
    above = value.real > 0
    tail = np.exp(np.where(above, -value, value))
    found = np.where(above, value, 0.0) + np.log1p(tail.real)
    # NumPy's log1p of complex numbers forgets small ones; imaginary parts here are infinitesimal
    return found + 1j * tail.imag / (1 + tail.real) if np.iscomplexobj(value) else found


def logistic(value: Any) -> Any:
    """1 / (1 + exp(-value))."""
    return 1 / (1 + np.exp(-value))
