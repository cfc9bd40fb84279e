"""Places at which a likelihood is tabulated, and what it is between them."""

from __future__ import annotations

from math import asinh
from typing import Final

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

NUMBER: Final = 601
"""Places of a likelihood: 50 in the standard error on either side of its middle, fewer and fewer beyond."""
REACH: Final = 200.0
"""Standard errors on either side that a likelihood is tabulated to."""


def places(centre: float, scale: float, *, farthest: float = np.inf, reach: float = REACH) -> Floats:
    r"""Places crowded about a centre: :math:`c + s \sinh u`, u equally spaced.

    Parameters
    ----------
    centre, scale
        Where they are crowded, and over what distance.
    farthest
        Distance from the centre at which they end at the latest.
    reach
        The same in scales.
    """
    end = asinh(min(reach, farthest / scale))
    return np.asarray(centre + scale * np.sinh(np.linspace(-end, end, NUMBER)))


def between(place: Floats, known: Floats, value: Floats) -> Floats:
    """Value at each place by the cubic through the four nearest known ones; minus infinity beyond them.

    Parameters
    ----------
    place
        Where it is asked for, dims (...).
    known, value
        Places, ascending, and values there, dims (place,).
    """
    first = np.clip(np.searchsorted(known, place) - 2, 0, known.size - 4)
    found = np.zeros(np.shape(place))
    corners = [known[first + index] for index in range(4)]
    for index in range(4):
        weight = np.ones(np.shape(place))
        for other in range(4):
            if other != index:
                weight = weight * (place - corners[other]) / (corners[index] - corners[other])
        found = found + weight * value[first + index]
    return np.asarray(np.where((place >= known[0]) & (place <= known[-1]), found, -np.inf))


def cumulated(place: Floats, density: Floats) -> Floats:
    """Integral of a density from the first of equally spaced places to each of them, dims (place,).

    Between two places the cubic through four is integrated, so that the error falls with the fourth power of the step.
    """
    step = float(place[1] - place[0])
    inner = (13 * (density[1:-2] + density[2:-1]) - density[:-3] - density[3:]) / 24
    ends = (density[0] + density[1]) / 2, (density[-2] + density[-1]) / 2
    return step * np.concatenate([[0.0], np.cumsum(np.concatenate([[ends[0]], inner, [ends[1]]]))])
