"""From what was printed about an endpoint to the targets of its reconstruction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reappraise.core.errors import AnalysisError
from reappraise.published.patients import Origin
from reappraise.survival.pseudo_ipd.targets import BOTH_ARMS, CROSSINGS, Statistic, Target, Transform

type Floats = NDArray[np.float64]
type FollowUp = Literal["observed time", "reverse Kaplan-Meier"]
type Rounded = Literal["nearest", "up"]

FOLLOW_UP_MEDIANS: Mapping[FollowUp, Statistic] = {
    "observed time": "follow-up median",
    "reverse Kaplan-Meier": "follow-up median (reverse Kaplan-Meier)",
}
FOLLOW_UPS: frozenset[Statistic] = frozenset({*FOLLOW_UP_MEDIANS.values(), "follow-up minimum", "follow-up maximum"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimators:
    """Which estimators the publication is taken to have used, where it does not say.

    Parameters
    ----------
    median
        Scale on which the interval of the median is symmetric.
    landmark
        Scale on which the intervals of survival probabilities are symmetric.
    follow_up
        Whether an event ends a patient's follow-up ("observed time"), or censors it.
    """

    median: Transform = "log-log"
    landmark: Transform = "log-log"
    follow_up: FollowUp = "observed time"

    @property
    def text(self) -> str:
        """The estimators in a line."""
        return f"median interval {self.median}, landmark interval {self.landmark}, follow-up by {self.follow_up}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Data that a curve was inverted to: times and events, control arm first."""

    time: tuple[float, ...]
    event: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summaries:
    """Everything printed about one endpoint, ready for reconstruction.

    Parameters
    ----------
    endpoint, arms, unit
        Keys of endpoint, control and experimental arm; unit of time.
    totals
        Patients by arm.
    events
        Patients with an event by arm; None where not printed.
    targets
        Bounds that the data must keep.
    horizon
        Time at which everybody still observed is censored: nobody is followed longer.
    minimum_follow_up
        Time before which the design ends nobody's observation; 0 where not known.
    estimators
        Estimators that the targets assume.
    origin
        What the targets came from.
    start
        Where the search starts; None for random data.
    notes
        Readings of the print that the targets rest on, in words.
    horizon_known
        Whether the horizon is printed, and no guess.
    stated
        Which of the estimators the publication states: scale of the limits of medians, way to the median follow-up.
    conditioned
        Whether the hazard ratio is said to be stratified or adjusted.
    """

    endpoint: str
    arms: tuple[str, str]
    unit: str
    totals: tuple[int, int]
    events: tuple[int | None, int | None]
    targets: tuple[Target, ...]
    horizon: float
    minimum_follow_up: float = 0.0
    estimators: Estimators = Estimators()
    origin: Origin = "summaries"
    start: Start | None = None
    notes: tuple[str, ...] = ()
    horizon_known: bool = True
    stated: tuple[Literal["median", "follow-up"], ...] = ()
    conditioned: bool = False

    def __post_init__(self) -> None:
        """Refuse what no data can be drawn for."""
        if min(self.totals) < 1:
            raise AnalysisError(f"{self.endpoint}: expected patients in both arms, got {self.totals}")
        for total, events in zip(self.totals, self.events, strict=True):
            if events is not None and not 0 <= events <= total:
                raise AnalysisError(f"{self.endpoint}: expected events from 0 to {total} patients, got {events}")
        if not (isfinite(self.horizon) and self.horizon > self.minimum_follow_up >= 0):
            raise AnalysisError(
                f"{self.endpoint}: expected a horizon beyond the minimum follow-up of {self.minimum_follow_up:g} "
                f"{self.unit}, got {self.horizon:g}"
            )
        if not self.targets:
            raise AnalysisError(f"{self.endpoint}: nothing was printed that a reconstruction could keep")

    @property
    def free_events(self) -> bool:
        """Whether numbers of events are among what is reconstructed."""
        return None in self.events

    def without(self, texts: set[str]) -> Summaries:
        """The same with the printed numbers of these words left out."""
        return replace(self, targets=tuple(target for target in self.targets if target.text not in texts))

    def tied(self, unit: float, *, rounded: Rounded = "nearest") -> Summaries:
        """The same numbers of data whose times are tied, held as well as a continuous time can stand for a tied one.

        Printed times are known to the unit of the ties: with their printed digits, all events of a visit would have to
        happen within half a digit of each other, which no hazard explains. The hazard ratio and the log-rank test
        depend on the order of events, which ties leave open, and handle ties in ways that no order gives exactly. With
        tied events put in random order, log hazard ratio, limits and log-rank z vary with a standard deviation of at
        most half the share of patients that a unit takes, in standard errors: seen for units of a day to three months
        in 120 patients with medians of 7 and 11 months. Their bounds are wider by that. A note says so.

        Parameters
        ----------
        unit
            What times are whole multiples of, in the unit of time: 1 / 30.4375 for days among months.
        rounded
            "nearest" for times that were rounded, "up" for events that were found at the next visit.
        """
        if not unit > 0:
            raise AnalysisError(f"{self.endpoint}: expected ties at multiples of a time above 0, got {unit}")
        before, after = (unit / 2, unit / 2) if rounded == "nearest" else (unit, 0.0)
        order = self._share_within(unit) / 2

        def widened(target: Target) -> Target:
            if target.statistic in BOTH_ARMS:
                low, high = target.low - order * target.scale, target.high + order * target.scale
                return replace(target, low=low, high=high)
            middle = (target.low + target.high) / 2
            if target.statistic not in CROSSINGS | FOLLOW_UPS or not isfinite(middle):
                return target
            low, high = min(target.low, max(middle - before, 0.0)), max(target.high, middle + after)
            return replace(target, low=low, high=high)

        targets = tuple(widened(target) for target in self.targets)
        changed = [new.text for new, old in zip(targets, self.targets, strict=True) if new != old]
        if not changed:
            return self
        note = (
            f"times are taken to be tied at every {unit:.3g} {self.unit}, "
            f"{'rounded to the nearest' if rounded == 'nearest' else 'events found at the next'}: times are known to "
            f"that unit only, comparisons of the arms to {order:.2g} standard errors, which is what the order of tied "
            f"events makes; wider than printed are the bounds of {'; '.join(changed)}"
        )
        return replace(self, targets=targets, notes=(*self.notes, note))

    def _share_within(self, unit: float) -> float:
        """Share of patients at risk with the event within a time, by the shortest printed median, else by events."""
        medians = [
            (target.low + target.high) / 2
            for target in self.targets
            if target.statistic == "quantile" and target.at == 0.5 and 0 < target.low <= target.high < inf
        ]
        if medians:
            return float(1 - 0.5 ** (unit / min(medians)))
        shares = [
            min(known / total, 1 - 0.5 / total)
            for known, total in zip(self.events, self.totals, strict=True)
            if known is not None
        ]
        return float(1 - (1 - max(shares, default=0.5)) ** (unit / self.horizon))

    def assuming(self, estimators: Estimators) -> Summaries:
        """The same numbers, taken to come from other estimators."""

        def turned(target: Target) -> Target:
            if target.statistic in {"quantile low", "quantile high"}:
                return replace(target, transform=estimators.median)
            if target.statistic in {"survival low", "survival high"}:
                return replace(target, transform=estimators.landmark)
            if target.statistic in FOLLOW_UP_MEDIANS.values():
                return replace(target, statistic=FOLLOW_UP_MEDIANS[estimators.follow_up])
            return target

        return replace(self, estimators=estimators, targets=tuple(turned(target) for target in self.targets))

    @property
    def alternatives(self) -> tuple[Estimators, ...]:
        """Sets of estimators that differ in one choice which the printed numbers depend on."""
        held = {target.statistic for target in self.targets}
        transforms: tuple[Transform, ...] = ("log-log", "log", "plain")
        found: list[Estimators] = []
        if held & {"quantile low", "quantile high"}:
            found += [replace(self.estimators, median=name) for name in transforms if name != self.estimators.median]
        if held & {"survival low", "survival high"}:
            found += [
                replace(self.estimators, landmark=name) for name in transforms if name != self.estimators.landmark
            ]
        if held & set(FOLLOW_UP_MEDIANS.values()):
            found += [
                replace(self.estimators, follow_up=name)
                for name in FOLLOW_UP_MEDIANS
                if name != self.estimators.follow_up
            ]
        return tuple(found)

    def mirrored(self) -> Summaries:
        """The same with the arms exchanged."""
        return replace(
            self,
            arms=(self.arms[1], self.arms[0]),
            totals=(self.totals[1], self.totals[0]),
            events=(self.events[1], self.events[0]),
            targets=tuple(target.mirrored() for target in self.targets),
            start=None,
        )

    def draw_start(self, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
        """Times and events to start from, control arm first; random but for the numbers of events."""
        if self.start is not None:
            # ties would stay ties: nudge
            nudge = 1e-4 * self.horizon * rng.random(len(self.start.time))
            return np.clip(np.array(self.start.time) - nudge, 1e-9, None), np.array(self.start.event)
        times: list[Floats] = []
        events: list[NDArray[np.bool_]] = []
        for arm, (total, known) in enumerate(zip(self.totals, self.events, strict=True)):
            middle = [
                target.high
                for target in self.targets
                if target.statistic == "quantile" and target.arm == arm and isfinite(target.high)
            ]
            scale = (middle[0] if middle else self.horizon / 2) / log(2)
            count = total // 2 if known is None else known
            drawn = np.minimum(rng.exponential(scale, total), self.horizon * rng.random(total))
            times.append(np.maximum(drawn, 1e-6 * self.horizon))
            events.append(np.arange(total) < count)
        return np.concatenate(times), np.concatenate(events)


def known_events(events: tuple[int | None, int | None], totals: tuple[int, int]) -> Iterator[Target]:
    """Yield targets for the numbers of events that are known, where those of the other arm are not."""
    if None not in events:
        return  # then no move changes them
    for arm, (count, total) in enumerate(zip(events, totals, strict=True)):
        if count is not None:
            yield Target(
                statistic="events",
                arm=arm,
                low=count - 0.4,
                high=count + 0.4,
                scale=sqrt(max(total, 4)) / 2,
                text=f"{count} events",
            )


def band_targets(
    statistics: tuple[Statistic, Statistic, Statistic],
    bounds: tuple[tuple[float, float] | None, tuple[float, float] | None, tuple[float, float] | None],
    *,
    arm: int,
    at: float,
    z: float,
    transform: Transform,
    scale: float,
    text: str,
) -> Iterator[Target]:
    """Yield targets for a printed value and its limits; None for what was not printed."""
    for statistic, bound, part in zip(statistics, bounds, ("", ", lower limit", ", upper limit"), strict=True):
        if bound is not None:
            yield Target(
                statistic=statistic,
                arm=arm,
                low=bound[0],
                high=bound[1],
                scale=scale,
                at=at,
                z=z,
                transform=transform,
                text=text + part,
            )


def log_rank_target(bounds: tuple[float, float], sides: int, *, sign: float, text: str) -> Target:
    """Bounds on the log-rank z that a printed p value allows.

    Parameters
    ----------
    bounds
        What the printed p allows.
    sides
        1 or 2.
    sign
        -1 if a one-sided p is small when the experimental arm has fewer events than expected, or if the difference
        is known to lie that way; else 1.
    text
        The p value in words.
    """
    low, high = (float(np.clip(bound, 0.0, 1.0)) / sides for bound in bounds)
    first = float(norm.ppf(low)) if low > 0 else -inf
    second = float(norm.ppf(high)) if high < 1 else inf
    if sign > 0:
        first, second = -second, -first
    return Target(statistic="log-rank z", low=first, high=second, scale=1.0, text=text)
