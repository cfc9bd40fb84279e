"""Hazards beyond the follow-up by a rule, as a longer grid: whatever is asked of a grid can be asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reappraise.fits.model import ARM_CODE
from reappraise.survival.hazard import Grid

type Floats = NDArray[np.float64]

STEPS: Final = 48
"""Steps of a waning hazard ratio. In each the hazard is its exact mean, so that survival is exact between steps; a
restricted mean differs from that of the smooth hazard by less than 1 in 100,000."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How the mean log hazard of both arms goes on after the follow-up.

    Parameters
    ----------
    starts
        Starts of the further intervals, the first at the end of the follow-up.
    level
        Log hazard less that of the last interval within the follow-up, dims (chain, draw, interval).
    """

    starts: Floats
    level: Floats


@dataclass(frozen=True, slots=True)
class Longer:
    """Hazards within and beyond the follow-up.

    Parameters
    ----------
    grid
        Intervals up to the end of the extrapolation.
    log_hazard
        Dims (chain, draw, arm, interval).
    middle
        Mean of both arms' log hazards, dims (chain, draw, interval).
    """

    grid: Grid
    log_hazard: Floats
    middle: Floats


def longer(
    log_hazard: Floats,
    grid: Grid,
    *,
    to: float,
    times: Iterable[float] = (),
    wane_by: float | None = None,
    walk: Walk | None = None,
) -> Longer:
    r"""Hazards up to a time beyond the follow-up.

    .. math:: \log \lambda_a(t) = m(t) + x_a\, c\, \frac{(W - \min(t, W))}{W - T}

    with m the mean log hazard of both arms, which stays or walks on, c the log hazard ratio of the last interval, T the
    end of the follow-up, W the time at which the ratio is 1, infinite where it stays. In each step the hazard is its
    mean over the step:

    .. math:: \log \bar\lambda = m + x (c_0 + c_1) / 2 + \log \frac{\sinh z}{z}, \qquad z = x (c_0 - c_1) / 2

    for c going from c_0 to c_1.

    Parameters
    ----------
    log_hazard
        Within the follow-up, dims (chain, draw, arm, interval).
    grid
        Intervals of the follow-up.
    to
        End of the extrapolation, after the grid's horizon.
    times
        Times at which survival is asked for: they become edges.
    wane_by
        Time at which the hazard ratio is 1.
    walk
        How the mean log hazard goes on; by default it stays.
    """
    after = grid.horizon
    marks = {after, *(float(time) for time in times if after < time < to)}
    if wane_by is not None:
        marks |= {float(time) for time in np.linspace(after, min(wane_by, to), STEPS + 1)[1:] if time < to}
    if walk is not None:
        marks |= {float(time) for time in walk.starts if after < time < to}
    starts = np.array(sorted(marks))
    ends = np.append(starts[1:], to)
    last = log_hazard[..., -1]
    middle = np.broadcast_to(last.mean(axis=-1)[..., None], (*last.shape[:-1], starts.size))
    if walk is not None:
        middle = middle + walk.level[..., np.searchsorted(walk.starts, starts, side="right") - 1]
    ratio = last[..., 1] - last[..., 0]
    first, final = (ratio[..., None] * remaining(edge, after, wane_by) for edge in (starts, ends))
    added = (
        middle[..., None, :]
        + ARM_CODE[:, None] * ((first + final) / 2)[..., None, :]
        + _log_mean_of_slope(ARM_CODE[:, None] * ((first - final) / 2)[..., None, :])
    )
    return Longer(
        Grid((*grid.cuts, *(float(start) for start in starts)), to),
        np.concatenate([log_hazard, added], axis=-1),
        np.concatenate([log_hazard.mean(axis=-2), middle], axis=-1),
    )


def remaining(times: Floats, after: float, wane_by: float | None) -> Floats:
    """Share of the last log hazard ratio that is left at each time beyond the follow-up."""
    if wane_by is None or wane_by == inf:
        return np.ones_like(times)
    return np.clip((wane_by - times) / (wane_by - after), 0.0, 1.0)


def _log_mean_of_slope(half: Floats) -> Floats:
    """Log of sinh(z) / z."""
    size = np.abs(half)
    small = size < 1e-3
    held = np.where(small, 1.0, size)
    return np.where(small, np.square(half) / 6, held + np.log(-np.expm1(-2 * held) / (2 * held)))
