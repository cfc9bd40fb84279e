"""What a reconstruction must give back: a printed number as bounds on a statistic of the patients' data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from math import inf
from typing import Final, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

type Statistic = Literal[
    "quantile",
    "quantile low",
    "quantile high",
    "survival",
    "survival low",
    "survival high",
    "log hazard ratio",
    "log hazard ratio low",
    "log hazard ratio high",
    "log-rank z",
    "follow-up median",
    "follow-up median (reverse Kaplan-Meier)",
    "follow-up minimum",
    "follow-up maximum",
    "at risk",
    "events",
]
type Transform = Literal["log-log", "log", "plain"]

STATISTICS: Final[tuple[Statistic, ...]] = (
    "quantile",
    "quantile low",
    "quantile high",
    "survival",
    "survival low",
    "survival high",
    "log hazard ratio",
    "log hazard ratio low",
    "log hazard ratio high",
    "log-rank z",
    "follow-up median",
    "follow-up median (reverse Kaplan-Meier)",
    "follow-up minimum",
    "follow-up maximum",
    "at risk",
    "events",
)
"""Their place is their code in the compiled core."""
TRANSFORMS: Final[tuple[Transform, ...]] = ("log-log", "log", "plain")
CROSSINGS: Final = frozenset({"quantile", "quantile low", "quantile high"})
CURVE_STATISTICS: Final = frozenset({"survival", "survival low", "survival high", "at risk"})
MOST_REGIONS: Final = 8
BOTH_ARMS: Final = frozenset({"log hazard ratio", "log hazard ratio low", "log hazard ratio high", "log-rank z"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Bounds that a statistic of the data has to keep.

    Parameters
    ----------
    statistic
        Which statistic. Hazard ratios are experimental over control; z is negative where the experimental arm has
        fewer events than expected.
    arm
        0 control, 1 experimental; of no meaning for statistics of both arms.
    low, high
        What rounds to the printed number; an infinite low means "not reached".
    scale
        Standard deviation of the statistic between trials of this size: the unit in which a miss is measured.
    at
        Time of a survival probability or number at risk; probability of a quantile (0.5 for the median).
    z
        Normal quantile of the interval that the statistic is a limit of (1.96).
    transform
        Scale on which the interval of a survival curve is symmetric.
    text
        The printed number in words.
    """

    statistic: Statistic
    arm: int = 0
    low: float
    high: float
    scale: float
    at: float = 0.5
    z: float = 1.959963984540054
    transform: Transform = "log-log"
    text: str

    def __post_init__(self) -> None:
        """Refuse bounds in the wrong order and a scale that measures nothing."""
        if not self.low <= self.high or not self.scale > 0:
            raise ValueError(f"{self.text}: expected low <= high and scale > 0, got {self.low}, {self.high}")

    def miss(self, value: float) -> float:
        """How far a value stays outside the bounds, in the statistic's own unit; 0 inside."""
        if self.low <= value <= self.high:
            return 0.0
        if inf in {self.low, value}:
            return inf
        return max(self.low - value, value - self.high)

    def mirrored(self) -> Self:
        """The same number with the arms exchanged."""
        if self.statistic not in BOTH_ARMS:
            return replace(self, arm=1 - self.arm)
        other: dict[Statistic, Statistic] = {
            "log hazard ratio low": "log hazard ratio high",
            "log hazard ratio high": "log hazard ratio low",
        }
        statistic = other.get(self.statistic, self.statistic)
        return replace(self, statistic=statistic, low=-self.high, high=-self.low)


class Specification(NamedTuple):
    """Targets as arrays for the compiled core; dims (target,) unless said otherwise."""

    statistic: NDArray[np.int64]
    arm: NDArray[np.int64]
    level: NDArray[np.float64]
    """Survival probability at which a quantile is crossed."""
    level_logs: NDArray[np.float64]
    """Its logarithm, and the logarithm of minus that; dims (target, 2)."""
    z: NDArray[np.float64]
    transform: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    scale: NDArray[np.float64]
    crossings: NDArray[np.int64]
    """Targets that are crossings of a curve, those of the control arm first."""
    crossing_start: NDArray[np.int64]
    """Where each arm's crossings start, and the end; dims (arm + 1,)."""
    marks: NDArray[np.float64]
    """Distinct times at which a curve is read; dims (mark,)."""
    marked: NDArray[np.int64]
    """Targets that read a curve, by mark."""
    marked_start: NDArray[np.int64]
    """Where each mark's targets start, and the end; dims (mark + 1,)."""
    cox: bool
    """Whether any target needs the hazard ratio."""
    regions: NDArray[np.float64]
    """Stretches of time that end where curves are read or crossed, and begin there or at zero; dims (region, 2)."""
    stretches: NDArray[np.float64]
    """Stretches from each such place to the next, one after the other; dims (stretch, 2)."""
    steps: NDArray[np.float64]
    """What an event does to a curve with y patients at risk: factor 1 - 1/y, its logarithm, and Greenwood's
    1 / (y (y - 1)); dims (3, y)."""


def specification(targets: tuple[Target, ...], patients: int, horizon: float) -> Specification:
    """Targets as arrays, for arms of at most so many patients, observed until the horizon at most."""
    steps = np.zeros((3, patients + 1))
    at_risk = np.arange(2, patients + 1, dtype=np.float64)
    steps[:, 2:] = 1 - 1 / at_risk, np.log1p(-1 / at_risk), 1 / (at_risk * (at_risk - 1))
    numbered = list(enumerate(targets))
    crossings = [[k for k, target in numbered if target.statistic in CROSSINGS and target.arm == arm] for arm in (0, 1)]
    marks = sorted({target.at for target in targets if target.statistic in CURVE_STATISTICS})
    marked = [
        [k for k, target in numbered if target.statistic in CURVE_STATISTICS and target.at == mark] for mark in marks
    ]
    places = _places(targets, horizon)
    stretches = np.stack([[0.0, *places[:-1]], places], axis=-1)
    level = np.array([1.0 - target.at if target.statistic in CROSSINGS else 0.5 for target in targets])
    return Specification(
        statistic=_whole(STATISTICS.index(target.statistic) for target in targets),
        arm=_whole(target.arm for target in targets),
        level=level,
        level_logs=np.stack([np.log(level), np.log(-np.log(level))], axis=-1),
        z=np.array([target.z for target in targets]),
        transform=_whole(TRANSFORMS.index(target.transform) for target in targets),
        low=np.array([target.low for target in targets], dtype=np.float64),
        high=np.array([target.high for target in targets], dtype=np.float64),
        scale=np.array([target.scale for target in targets], dtype=np.float64),
        crossings=_whole(chain.from_iterable(crossings)),
        crossing_start=_whole(accumulate(map(len, crossings), initial=0)),
        marks=np.array(marks, dtype=np.float64),
        marked=_whole(chain.from_iterable(marked)),
        marked_start=_whole(accumulate(map(len, marked), initial=0)),
        cox=any(target.statistic.startswith("log hazard ratio") for target in targets),
        regions=np.array([*((0.0, place) for place in places), *stretches[1:]]),
        stretches=stretches,
        steps=steps,
    )


def _whole(numbers: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(numbers), dtype=np.int64)


def _places(targets: tuple[Target, ...], horizon: float) -> list[float]:
    """Where curves are read or crossed, ascending, and the horizon."""
    read = {target.at for target in targets if target.statistic in CURVE_STATISTICS}
    crossed = {(target.low + target.high) / 2 for target in targets if target.statistic in CROSSINGS}
    inner = sorted(place for place in read | crossed if 0 < place < horizon)
    # of many coordinates a few places do
    return [*inner[:: max(1, len(inner) // MOST_REGIONS)], horizon]
