"""From a digitised curve and its numbers at risk to targets of a reconstruction."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

from reappraise.survival.pseudo_ipd.targets import Target

type Floats = NDArray[np.float64]


def curve_targets(
    times: Floats,
    survival: Floats,
    error: float,
    at_risk: tuple[tuple[float, int], ...],
    *,
    arm: int,
    total: int,
    unit: str,
    name: str,
) -> Iterator[Target]:
    """Yield targets for digitised coordinates, within the digitisation error, and for numbers at risk."""
    for place in _telling(survival, error):
        value = float(survival[place])
        if times[place] <= 0:
            continue
        yield Target(
            statistic="survival",
            arm=arm,
            low=value - error,
            high=value + error,
            scale=sqrt(max(value * (1 - value), 0.01) / total),
            at=float(times[place]),
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


def _telling(survival: Floats, error: float) -> list[int]:
    """Places of coordinates that say something new: after each fall beyond the error, and the last before it.

    Without the last before it, a flat stretch would be as good as a slow decline.
    """
    if not survival.size:
        return []
    kept = [0]
    for place in range(1, survival.size):
        if survival[kept[-1]] - survival[place] >= error:
            kept += [place] if kept[-1] == place - 1 else [place - 1, place]
    if kept[-1] != survival.size - 1:
        kept.append(survival.size - 1)
    return kept
