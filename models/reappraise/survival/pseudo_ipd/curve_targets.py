"""From a digitised curve and its numbers at risk to targets of a reconstruction."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

from reappraise.published.curve import Curve
from reappraise.survival.pseudo_ipd.targets import Target

type Floats = NDArray[np.float64]


def curve_targets(
    curve: Curve, at_risk: tuple[tuple[float, int], ...], *, arm: int, total: int, unit: str, name: str
) -> Iterator[Target]:
    """Yield targets for digitised coordinates, within the errors in height and time, and for numbers at risk."""
    times, survival = curve.time, curve.survival
    for mark, low, high in _marks(curve):
        place = int(np.abs(times - mark).argmin())
        value = float(survival[place])
        yield Target(
            statistic="survival",
            arm=arm,
            low=low,
            high=high,
            scale=sqrt(max(value * (1 - value), 0.01) / total),
            at=mark,
            text=f"curve of {name} at {times[place]:.3g} {unit}",
        )
    for (time, number), (_, after) in pairwise((*at_risk, (inf, 0))):
        if time > 0:
            yield Target(
                statistic="at risk",
                arm=arm,
                low=number - 0.4,
                high=number + 0.4,
                scale=sqrt(max(number - after, 1) + 1.0),
                at=time,
                text=f"{number} at risk of {name} at {time:g} {unit}",
            )


def _marks(curve: Curve) -> Iterator[tuple[float, float, float]]:
    """Yield times at which the curve is held between bounds.

    A coordinate (t, y) that may be off by d in time and e in height bounds the curve from below until t - d, and from
    above from t + d on. Each mark is such a time, and has the tightest bounds that all coordinates give together.
    """
    error, survival = curve.digitisation_error, curve.survival
    until, since = curve.time - curve.within, curve.time + curve.within
    before, after = _telling(survival, error)
    for mark in sorted({float(until[place]) for place in before} | {float(since[place]) for place in after}):
        if mark <= 0:
            continue
        later, earlier = np.searchsorted(until, mark, side="left"), np.searchsorted(since, mark, side="right") - 1
        low = float(survival[later]) - error if later < survival.size else 0.0
        high = float(survival[earlier]) + error if earlier >= 0 else 1.0
        yield mark, low, high


def _telling(survival: Floats, error: float) -> tuple[list[int], list[int]]:
    """Places of coordinates that say something new: the last before each fall beyond the error, and the first after.

    Without the last before it, a flat stretch would be as good as a slow decline.
    """
    before, after = [], []
    kept = 0
    for place in range(1, survival.size):
        if survival[kept] - survival[place] >= error:
            before.append(place - 1)
            after.append(place)
            kept = place
    return [*before, survival.size - 1], after
