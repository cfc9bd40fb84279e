"""From printed numbers to rows of the likelihood: what was observed, of which statistic, how exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import exp, inf, isfinite, log, sqrt
from typing import Final, Literal

from reappraise.core.errors import AnalysisError
from reappraise.survival.pseudo_ipd.summaries import FollowUp as FollowUpReading
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.pseudo_ipd.targets import TRANSFORMS, Target, Transform

type Kind = Literal["band", "spread", "events", "observed", "potential", "both"]

BOTH: Final[tuple[str, ...]] = ("log hazard ratio", "log standard error", "log-rank z")
"""Statistics of both arms together, in the order of their places."""
SCALES: Final[Mapping[Transform, float]] = {"log-log": 0.5, "log": 0.3, "plain": 0.2}
"""How likely each scale of a median's limits is where nothing is said: SAS has log-log by default, R log."""
READINGS: Final[Mapping[FollowUpReading, float]] = {"observed time": 0.4, "reverse Kaplan-Meier": 0.6}
"""How likely each way to a median follow-up is where nothing is said."""
FEW: Final = 0.85
"""Share of the longest follow-up up to which the curve is taken to be read, where a limit was not reached."""
STRATIFIED: Final = 0.25
"""Standard deviation of a stratified or adjusted log hazard ratio about the crude one, in its standard errors."""
LOOSE: Final = 0.05
"""Standard deviation of a printed log standard error about its limit, beyond sampling: ties, strata, the test used."""
POINTS: Final = 16
"""Most coordinates of a curve that enter, and numbers at risk: neighbours say nearly the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One printed number.

    Parameters
    ----------
    kind
        Which statistic.
    arm
        0 control, 1 experimental; None for both together.
    time
        Where the curve is read, in the unit of time.
    observed
        The number on the statistic's scale: log(-log) of a curve, log of a standard error, a share, a log ratio.
    width
        Length of what rounds to the print: of `time` for a quantile, else of `observed`.
    place
        Which of the statistics of both arms.
    zeta
        Standard errors from the curve to the limit that is read: above 0 for a lower one.
    scale
        Scale of the limit; None where the row holds under each.
    reading
        Reading of a follow-up; None where the row holds under each.
    quantile
        Whether it is the time that was observed, where a curve crosses a level.
    open
        Whether the level was not reached by `time`.
    log_ratio
        Log hazard ratio that statistics of both arms are read at.
    loose
        Further standard deviation.
    text
        The printed number in words.
    """

    kind: Kind
    arm: int | None = None
    time: float = 0.0
    observed: float
    width: float = 0.0
    place: int = 0
    zeta: float = 0.0
    scale: Transform | None = None
    reading: FollowUpReading | None = None
    quantile: bool = False
    open: bool = False
    log_ratio: float = 0.0
    loose: float = 0.0
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the publication may have done where it does not say.

    Parameters
    ----------
    scale
        Scale of the limits of medians.
    follow_up
        Way to the median follow-up.
    weight
        Probability before the print.
    """

    scale: Transform
    follow_up: FollowUpReading
    weight: float

    def holds(self, row: Row) -> bool:
        """Whether a row is read so."""
        return row.scale in {None, self.scale} and row.reading in {None, self.follow_up}

    @property
    def text(self) -> str:
        """The reading in words."""
        return f"limits of medians {self.scale}, follow-up by {self.follow_up}"


ALL_READINGS: Final = tuple(
    Reading(scale, follow_up, weight * other)
    for (scale, weight), (follow_up, other) in product(SCALES.items(), READINGS.items())
)
"""Every reading: as many places as the likelihood has."""


def readings(
    rows: Iterable[Row], *, scale: Transform | None = None, follow_up: FollowUpReading | None = None
) -> tuple[Reading, ...]:
    """Every reading with its weight, 0 for what was said to be otherwise or makes no difference to any row."""
    kept = tuple(rows)
    scales = {row.scale for row in kept if row.scale is not None}
    ways = {row.reading for row in kept if row.reading is not None}
    only_scale = scale or (None if scales else "log-log")
    only_way = follow_up or (None if ways else "observed time")
    weights = [
        one.weight * (only_scale in {None, one.scale}) * (only_way in {None, one.follow_up}) for one in ALL_READINGS
    ]
    return tuple(
        Reading(one.scale, one.follow_up, weight / sum(weights))
        for one, weight in zip(ALL_READINGS, weights, strict=True)
    )


def rows_of(summaries: Summaries, *, stratified: bool = False) -> tuple[Row, ...]:
    """Rows of the likelihood, one for each printed number that says something of its own.

    Limits of a hazard ratio follow from it and the numbers of events, a p value from both: they enter only where the
    others are not printed.

    Parameters
    ----------
    summaries
        What was printed.
    stratified
        Whether the hazard ratio is stratified or adjusted.
    """
    found: list[Row] = []
    targets = summaries.targets
    found += _quantiles(summaries)
    found += _landmarks(targets)
    for arm, (events, total) in enumerate(zip(summaries.events, summaries.totals, strict=True)):
        if events is not None:
            found.append(Row(kind="events", arm=arm, observed=events / total, width=1 / total, text=f"{events} events"))
    found += _follow_up(summaries)
    found += _ratio(summaries, stratified=stratified)
    return tuple(found)


def latest(summaries: Summaries, arm: int | None = None) -> float:
    """The latest finite time that is printed, of one arm or of any; 0 if there is none."""
    times = [
        bound
        for target in summaries.targets
        if (arm is None or target.arm == arm) and target.statistic != "follow-up minimum"
        for bound in _printed_times(target)
        if isfinite(bound)
    ]
    return max(times, default=0.0)


def _printed_times(target: Target) -> tuple[float, ...]:
    if target.statistic.startswith(("quantile", "follow-up")):
        return (target.low, target.high)
    if target.statistic.startswith("survival") or target.statistic == "at risk":
        return (target.at,)
    return ()


def _quantiles(summaries: Summaries) -> Iterator[Row]:
    for target in summaries.targets:
        if not target.statistic.startswith("quantile"):
            continue
        zeta = {"quantile": 0.0, "quantile low": target.z, "quantile high": -target.z}[target.statistic]
        level = log(-log(1 - target.at))
        closed = isfinite(target.low)
        if closed:
            time, width = (target.low + target.high) / 2, target.high - target.low
        else:
            # where a lower limit is not reached, value and upper limit cannot be: they say nothing more
            before = {"quantile low": (), "quantile": ("quantile low",), "quantile high": ("quantile low", "quantile")}
            if any(_open(summaries, target.arm, name, target.at) for name in before[target.statistic]):
                continue
            time, width = _last_read(summaries, target.arm), 0.0
            if time <= 0:
                continue
        for scale in TRANSFORMS if zeta else (None,):
            yield Row(
                kind="band",
                arm=target.arm,
                time=time,
                observed=level,
                width=width,
                zeta=zeta,
                scale=scale,
                quantile=closed,
                open=not closed,
                text=target.text,
            )


def _open(summaries: Summaries, arm: int, statistic: str, at: float) -> bool:
    return any(
        target.statistic == statistic and target.arm == arm and target.at == at and not isfinite(target.low)
        for target in summaries.targets
    )


def _last_read(summaries: Summaries, arm: int) -> float:
    longest = [t.high for t in summaries.targets if t.statistic == "follow-up maximum" and t.arm == arm]
    if longest:
        return FEW * max(longest)
    own = latest(summaries, arm) or latest(summaries)
    return min(max(own, FEW * summaries.horizon), summaries.horizon) if summaries.horizon_known else own


def _landmarks(targets: tuple[Target, ...]) -> Iterator[Row]:
    for arm in (0, 1):
        own = [target for target in targets if target.arm == arm]
        values = [target for target in own if target.statistic == "survival"]
        for target in values[:: -(-len(values) // POINTS)] if values else ():
            value = min(max((target.low + target.high) / 2, 1e-4), 1 - 1e-4)
            yield Row(
                kind="band",
                arm=arm,
                time=target.at,
                observed=log(-log(value)),
                width=min((target.high - target.low) / (value * -log(value)), 4.0),
                text=target.text,
            )
            low, high = (
                next((t for t in own if t.statistic == name and t.at == target.at), None)
                for name in ("survival low", "survival high")
            )
            if low is not None and high is not None:
                yield from _spread(value, low, high)


def _spread(value: float, low: Target, high: Target) -> Iterator[Row]:
    """Yield the standard error of -log S that the limits imply on their scale."""

    def turned(number: float) -> float:
        inside = min(max(number, 1e-6), 1 - 1e-6)
        return {"plain": inside, "log": log(inside), "log-log": -log(-log(inside))}[low.transform]

    middles = [(target.low + target.high) / 2 for target in (low, high)]
    ends = [turned(middles[0]), turned(value), turned(middles[1])]
    # a limit cut off at 0 or 1 says nothing: the other one stands for both
    cut = [middles[0] <= low.high - low.low, middles[1] >= 1 - (high.high - high.low)]
    sides = [end for end, off in zip((ends[1] - ends[0], ends[2] - ends[1]), cut, strict=True) if not off]
    if not sides or sum(sides) <= 0:
        return
    error = sum(sides) / (len(sides) * low.z)
    slope = {"plain": value, "log": 1.0, "log-log": 1 / -log(value)}[low.transform]
    unit = sum(
        abs(turned(target.high) - turned(target.low)) for target, off in zip((low, high), cut, strict=True) if not off
    )
    yield Row(
        kind="spread",
        arm=low.arm,
        time=low.at,
        observed=log(error / slope),
        width=unit / (len(sides) * low.z) / error,
        loose=LOOSE,
        text=f"limits of {low.text.removesuffix(', lower limit')}",
    )


def _follow_up(summaries: Summaries) -> Iterator[Row]:
    for target in summaries.targets:
        if target.statistic == "at risk":
            total = summaries.totals[target.arm]
            yield Row(
                kind="observed",
                arm=target.arm,
                time=target.at,
                observed=(target.low + target.high) / 2 / total,
                width=(target.high - target.low + 1) / total,
                text=target.text,
            )
        elif target.statistic.startswith("follow-up median"):
            time, width = (target.low + target.high) / 2, target.high - target.low
            asked: tuple[tuple[Kind, FollowUpReading, float], ...] = (
                ("observed", "observed time", 0.5),
                ("potential", "reverse Kaplan-Meier", log(log(2))),
            )
            for kind, reading, level in asked:
                yield Row(
                    kind=kind,
                    arm=target.arm,
                    time=time,
                    observed=level,
                    width=width,
                    reading=reading,
                    quantile=True,
                    text=target.text,
                )


def _ratio(summaries: Summaries, *, stratified: bool) -> Iterator[Row]:
    named = {target.statistic: target for target in summaries.targets}
    value, low, high = (named.get(f"log hazard ratio{end}") for end in ("", " low", " high"))  # type: ignore[call-overload]
    error = None
    if low is not None and high is not None and isfinite(low.low + high.high):
        ends = [(target.low + target.high) / 2 for target in (low, high)]
        error = (ends[1] - ends[0]) / (2 * low.z)
        if None in summaries.events and error > 0:
            yield Row(
                kind="both",
                place=1,
                observed=log(error),
                width=(low.high - low.low + high.high - high.low) / (2 * low.z * error),
                loose=LOOSE,
                log_ratio=sum(ends) / 2 if value is None else (value.low + value.high) / 2,
                text="limits of the hazard ratio",
            )
    if value is not None and isfinite(value.low + value.high):
        known = [events for events in summaries.events if events is not None]
        typical = error or (2 / sqrt(sum(known)) if len(known) == 2 and sum(known) > 0 else 0.3)
        yield Row(
            kind="both",
            place=0,
            observed=0.0,
            width=value.high - value.low,
            log_ratio=(value.low + value.high) / 2,
            loose=STRATIFIED * typical if stratified else 0.0,
            text=value.text,
        )
    z = named.get("log-rank z")
    if value is None and z is not None and isfinite(z.low + z.high):
        yield Row(kind="both", place=2, observed=(z.low + z.high) / 2, width=z.high - z.low, text=z.text)


def require_enough(rows: tuple[Row, ...], summaries: Summaries) -> None:
    """Refuse an endpoint of which too little is printed.

    Raises
    ------
    AnalysisError
        If no time is printed.
    """
    if latest(summaries) <= 0 or not rows:
        raise AnalysisError(f"{summaries.endpoint}: no time is printed, so nothing can be said of survival")


__all__ = ["ALL_READINGS", "BOTH", "Reading", "Row", "exp", "inf", "latest", "readings", "require_enough", "rows_of"]
