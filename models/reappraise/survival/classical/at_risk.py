"""Who is at risk, and what happens, at given times: what every estimator of one curve or of two arms counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


def number_at(times: Floats, of: Floats) -> Floats:
    """How many of the observations `of` are at each of `times`; dims (time,)."""
    ordered = np.sort(of)
    return np.subtract(
        np.searchsorted(ordered, times, side="right"), np.searchsorted(ordered, times, side="left"), dtype=np.float64
    )


def number_from(times: Floats, of: Floats) -> Floats:
    """How many of the observations `of` are at each of `times` or later; dims (time,)."""
    return np.subtract(of.size, np.searchsorted(np.sort(of), times, side="left"), dtype=np.float64)
