"""Reads a survival endpoint of a trial as summaries: the only place that knows how they are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import inf, isfinite, log, sqrt
from typing import Final, Literal

from scipy.stats import norm

from reappraise.core.errors import AnalysisError
from reappraise.core.printed import Printed
from reappraise.core.units import time_in
from reappraise.published.curve import Curve, NumbersAtRisk
from reappraise.published.curve_cleaning import cleaned
from reappraise.published.record import Published
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.response.published import ResponseEndpoint
from reappraise.survival.pseudo_ipd.curve_targets import curve_targets
from reappraise.survival.pseudo_ipd.inversion import invert
from reappraise.survival.pseudo_ipd.summaries import (
    Estimators,
    Start,
    Summaries,
    band_targets,
    known_events,
    log_rank_target,
)
from reappraise.survival.pseudo_ipd.targets import Target, Transform
from reappraise.survival.published import SurvivalEndpoint

FOLLOW_UP: Final = "follow-up"
"""What `at` says of a duration of follow-up."""
BEYOND: Final = 1.3
"""Horizon over the longest printed time, where no longest follow-up is printed."""


def summaries_of(item: TrialEndpoint[SurvivalEndpoint], *, estimators: Estimators | None = None) -> Summaries:
    """Everything printed about a survival endpoint, as targets of a reconstruction.

    Parameters
    ----------
    item
        The endpoint.
    estimators
        Estimators taken to have been used; by default those whose intervals fit the printed digits.

    Raises
    ------
    AnalysisError
        If the endpoint is not one of survival, or too little is printed.
    """
    endpoint = item.published
    if not isinstance(endpoint, SurvivalEndpoint):
        raise AnalysisError(f"endpoint {endpoint.key} is of kind {endpoint.kind}; expected a survival endpoint")
    _check_units(endpoint)
    trial = item.trial
    arms = (trial.control.key, trial.experimental.key)
    totals, notes = _totals(trial, endpoint, arms)
    events = tuple(_events(endpoint, arm) for arm in arms)
    used = estimators or Estimators(
        median=endpoint.median_interval or "log-log",
        landmark=endpoint.landmark_interval or _landmark_transform(endpoint),
        follow_up="reverse Kaplan-Meier" if _stated_follow_up(endpoint) else "observed time",
    )
    targets: list[Target] = [*known_events((events[0], events[1]), totals)]
    ranged = _limits_are_intervals(endpoint)
    if ranged:
        notes = (*notes, "limits printed as a range are read as a confidence interval: a range always has an end")
    for published in _finest(endpoint):
        targets += _targets(endpoint, published, arms, totals, used, ranged=ranged)
    start = None
    curves, at_risk = trial.curves.get(endpoint.key, ((), ()))
    horizon, horizon_known = _horizon(trial, endpoint)
    if curves:
        found, start, said = _from_curves(endpoint, curves, at_risk, arms, totals, events, horizon)
        targets += found
        notes += said
    return Summaries(
        endpoint=endpoint.key,
        arms=arms,
        unit=endpoint.unit,
        totals=totals,
        events=(events[0], events[1]),
        targets=tuple(targets),
        horizon=horizon,
        minimum_follow_up=float(endpoint.shortest_follow_up or 0.0),
        estimators=used,
        origin="curve" if curves else "summaries",
        start=start,
        notes=notes,
        horizon_known=horizon_known,
        stated=(*(("median",) if endpoint.median_interval else ()), *_stated_follow_up(endpoint)),
        conditioned=_conditioned(endpoint),
    )


def _stated_follow_up(endpoint: SurvivalEndpoint) -> tuple[Literal["follow-up"], ...]:
    said = [one for one in endpoint.estimates if one.at == FOLLOW_UP and "reverse" in one.method.lower()]
    return ("follow-up",) if said else ()


def _conditioned(endpoint: SurvivalEndpoint) -> bool:
    """Whether the hazard ratio is said to be stratified or adjusted."""
    said = (one.came_about for one in endpoint.estimates if one.quantity == "hazard_ratio")
    return any(ways & {"adjusted", "stratified"} for ways in said)


def _check_units(endpoint: SurvivalEndpoint) -> None:
    for published in endpoint.estimates:
        if published.quantity == "median" and published.unit not in {"", endpoint.unit}:
            raise AnalysisError(
                f"{endpoint.key}: expected the median of {published.arm} in {endpoint.unit}, got {published.unit}"
            )


def _totals(trial: Trial, endpoint: SurvivalEndpoint, arms: tuple[str, str]) -> tuple[tuple[int, int], tuple[str, ...]]:
    for count in endpoint.counts:
        if count.beyond:
            raise AnalysisError(f"{endpoint.key}, {count.arm}: {count.beyond}: as printed it cannot be analysed")
    found = [next((count.total for count in endpoint.counts if count.arm == arm), None) for arm in arms]
    notes: tuple[str, ...] = ()
    if endpoint.among and None in found:
        responders = trial[endpoint.among].published
        if isinstance(responders, ResponseEndpoint):
            found = [next((c.known_events for c in responders.counts if c.arm == arm), None) for arm in arms]
            notes = (f"patients are those with the event of {endpoint.among}",)
    elif None in found:
        sizes = trial.population(endpoint.population).sizes
        found = [sizes.get(arm) for arm in arms]
    control, experimental = found
    if control is None or experimental is None:
        raise AnalysisError(f"{endpoint.key}: the number of patients is not printed for both arms")
    return (control, experimental), notes


def _events(endpoint: SurvivalEndpoint, arm: str) -> int | None:
    return next((count.known_events for count in endpoint.counts if count.arm == arm), None)


def _horizon(trial: Trial, endpoint: SurvivalEndpoint) -> tuple[float, bool]:
    """Longest follow-up printed for anybody of the population, here or with another endpoint; else a guess, and so."""
    if endpoint.longest_follow_up is not None:
        return endpoint.longest_follow_up.bounds[1], True
    followed = [
        published.high.bounds[1]
        for item in (other.published for other in trial.of(SurvivalEndpoint))
        if item.population == endpoint.population and item.unit == endpoint.unit
        for published in item.estimates
        if published.at == FOLLOW_UP and published.high is not None and published.unit in {"", item.unit}
    ]
    printed = [
        number.bounds[1]
        for published in endpoint.estimates
        for number in (published.value, published.low, published.high)
        if published.quantity == "median" and number is not None and isfinite(number)
    ]
    printed += [_time(published.at, endpoint) for published in endpoint.estimates if published.quantity == "survival"]
    curves, at_risk = trial.curves.get(endpoint.key, ((), ()))
    printed += [float(curve.time[-1]) for curve in curves]
    printed += [float(row.time[-1]) for row in at_risk]
    longest = max((number for number in (*followed, *printed) if isfinite(number)), default=0.0)
    if longest <= 0:
        raise AnalysisError(f"{endpoint.key}: no time is printed, so nothing can be reconstructed")
    if followed and max(followed) >= longest:
        return longest, True
    return BEYOND * longest, False


def _finest(endpoint: SurvivalEndpoint) -> Iterator[Published]:
    """Yield published numbers, leaving out those that repeat another one with fewer digits."""
    for published in endpoint.estimates:
        if published.assessor not in {"", endpoint.assessor}:
            continue
        finer = any(
            other is not published
            and (other.quantity, other.arm, other.at, other.numerator)
            == (published.quantity, published.arm, published.at, published.numerator)
            and other.value is not None
            and published.value is not None
            and _half_unit(other, other.value) < _half_unit(published, published.value)
            # what stands beside the coarser number alone is not lost with it
            and (published.low is None or other.low is not None)
            and (published.p is None or other.p is not None)
            for other in endpoint.estimates
            if other.assessor in {"", endpoint.assessor}
        )
        if not finer:
            yield published


def _half_unit(published: Published, value: Printed) -> Decimal:
    return value.half_unit.scaleb(-2 if published.unit == "percent" else 0)


def _limits_are_intervals(endpoint: SurvivalEndpoint) -> bool:
    """Whether limits printed as a range have one that is not reached, which no range has."""
    return any(
        inf in {published.low, published.high} and published.spread == "range" and published.at != FOLLOW_UP
        for published in endpoint.estimates
    )


def _targets(
    endpoint: SurvivalEndpoint,
    published: Published,
    arms: tuple[str, str],
    totals: tuple[int, int],
    used: Estimators,
    *,
    ranged: bool,
) -> Iterator[Target]:
    z = float(norm.ppf((1 + float(published.level)) / 2))
    if published.quantity == "median" and published.arm in arms:
        arm = arms.index(published.arm)
        if published.at == FOLLOW_UP:
            yield from _follow_up(endpoint, published, arm, used)
        elif not published.at:
            limits = published.spread == "confidence interval" or ranged
            yield from band_targets(
                ("quantile", "quantile low", "quantile high"),
                (
                    _bounds(published.value),
                    _bounds(published.low) if limits else None,
                    _bounds(published.high) if limits else None,
                ),
                arm=arm,
                at=0.5,
                z=z,
                transform=used.median,
                scale=_median_scale(published, z),
                text=f"median of {published.arm}",
            )
    elif published.quantity == "survival" and published.arm in arms:
        arm = arms.index(published.arm)
        power = -2 if published.unit == "percent" else 0
        value, low, high = (
            None if number is None else number.scaled(power)
            for number in (published.value, published.low, published.high)
        )
        middle = float(value) if value is not None else 0.5
        yield from band_targets(
            ("survival", "survival low", "survival high"),
            (_bounds(value), _bounds(low), _bounds(high)),
            arm=arm,
            at=_time(published.at, endpoint),
            z=z,
            transform=used.landmark,
            scale=sqrt(max(middle * (1 - middle), 0.01) / totals[arm]),
            text=f"survival of {published.arm} at {published.at}",
        )
    elif published.quantity == "hazard_ratio" and not published.at:
        yield from _hazard_ratio(endpoint, published, arms, z)


def _hazard_ratio(
    endpoint: SurvivalEndpoint, published: Published, arms: tuple[str, str], z: float
) -> Iterator[Target]:
    turned = published.numerator != arms[1]
    numbers = [published.value, published.low, published.high]
    if turned:
        numbers = [published.value, published.high, published.low]
    bounds = [_log_bounds(number, turned=turned) for number in numbers]
    scale = 0.3
    if published.low is not None and published.high is not None and published.low > 0 and isfinite(published.high):
        scale = log(published.high / published.low) / (2 * z)
    yield from band_targets(
        ("log hazard ratio", "log hazard ratio low", "log hazard ratio high"),
        (bounds[0], bounds[1], bounds[2]),
        arm=0,
        at=0.5,
        z=z,
        transform="log-log",
        scale=scale,
        text="hazard ratio",
    )
    sides = published.sides or (endpoint.test.sides if endpoint.test else None)
    named = endpoint.test is None or endpoint.test.name == "log_rank"
    if published.p is not None and sides is not None and named:
        fewer_is_better = endpoint.better == "higher"
        sign = -1.0 if fewer_is_better else 1.0
        if sides == 2 and published.value is not None:
            sign = -1.0 if (published.value < 1) != turned else 1.0
        yield log_rank_target(published.p.bounds, sides, sign=sign, text=f"log-rank p {published.p} ({sides}-sided)")


def _follow_up(endpoint: SurvivalEndpoint, published: Published, arm: int, used: Estimators) -> Iterator[Target]:
    text = f"follow-up of {published.arm}"
    value, low, high = (_bounds(number) for number in (published.value, published.low, published.high))
    scale = max(float(published.value or 0.0) * 0.1, 0.5)
    if value is not None:
        reverse = used.follow_up == "reverse Kaplan-Meier"
        yield Target(
            statistic="follow-up median (reverse Kaplan-Meier)" if reverse else "follow-up median",
            arm=arm,
            low=value[0],
            high=value[1],
            scale=scale,
            text=f"median {text}",
        )
    if published.spread == "range" and low is not None and high is not None and not endpoint.among:
        yield Target(
            statistic="follow-up minimum", arm=arm, low=low[0], high=low[1], scale=scale, text=f"shortest {text}"
        )
        yield Target(
            statistic="follow-up maximum", arm=arm, low=high[0], high=high[1], scale=scale, text=f"longest {text}"
        )


def _from_curves(
    endpoint: SurvivalEndpoint,
    curves: tuple[Curve, ...],
    at_risk: tuple[NumbersAtRisk, ...],
    arms: tuple[str, str],
    totals: tuple[int, int],
    events: tuple[int | None, ...],
    horizon: float,
) -> tuple[list[Target], Start | None, tuple[str, ...]]:
    targets: list[Target] = []
    notes: tuple[str, ...] = ()
    time: list[float] = []
    event: list[bool] = []
    for place, arm in enumerate(arms):
        drawn = next((curve for curve in curves if curve.arm == arm), None)
        if drawn is None:
            raise AnalysisError(f"{endpoint.key}: expected a curve of each arm, found none of {arm}")
        risk = next((row for row in at_risk if row.arm == arm), None)
        clean, said = cleaned(drawn, at_risk=risk, total=totals[place])
        notes += said
        rows = () if risk is None else tuple(zip(map(float, risk.time), map(int, risk.number), strict=True))
        targets += curve_targets(clean, rows, arm=place, total=totals[place], unit=endpoint.unit, name=arm)
        times, happened = invert(clean, risk, total=totals[place], events=events[place])
        time += [min(float(t), horizon * (1 - 1e-6)) for t in times]
        event += [bool(e) for e in happened]
    return targets, Start(time=tuple(time), event=tuple(event)), notes


def _landmark_transform(endpoint: SurvivalEndpoint) -> Transform:
    """The scale on which the printed intervals of survival probabilities are most nearly symmetric."""
    miss: dict[Transform, float] = {"log-log": 0.0, "log": 0.0, "plain": 0.0}
    for published in endpoint.estimates:
        if (
            published.quantity != "survival"
            or published.value is None
            or published.low is None
            or published.high is None
        ):
            continue
        power = -2 if published.unit == "percent" else 0
        value, low, high = (float(n.scaled(power)) for n in (published.value, published.low, published.high))
        if not (0 < low < high < 1 and 0 < value < 1):
            continue
        miss["plain"] += abs(high + low - 2 * value) / (high - low)
        miss["log"] += abs(log(high) + log(low) - 2 * log(value)) / (log(high) - log(low))
        scaled = [log(-log(s)) for s in (value, low, high)]
        miss["log-log"] += abs(scaled[1] + scaled[2] - 2 * scaled[0]) / abs(scaled[2] - scaled[1])
    return min(miss, key=lambda name: miss[name])


def _bounds(number: Printed | None) -> tuple[float, float] | None:
    if number is None:
        return None
    return (inf, inf) if number == inf else number.bounds


def _log_bounds(number: Printed | None, *, turned: bool) -> tuple[float, float] | None:
    if number is None:
        return None
    low, high = number.bounds
    if high <= 0:
        return None
    first, second = (log(low) if low > 0 else -inf), (log(high) if isfinite(high) else inf)
    return (-second, -first) if turned else (first, second)


def _median_scale(published: Published, z: float) -> float:
    value = float(published.value) if published.value is not None and isfinite(published.value) else 1.0
    low, high = published.low, published.high
    if low is not None and high is not None and isfinite(high) and high > low:
        return (float(high) - float(low)) / (2 * z)
    if low is not None and value > low:
        return (value - float(low)) / z
    return max(0.25 * value, 1e-6)


def _time(at: str, endpoint: SurvivalEndpoint) -> float:
    time = time_in(at, endpoint.unit)
    if time is None or not isfinite(time):
        raise AnalysisError(f'{endpoint.key}: expected a time such as "12 {endpoint.unit}", got {at!r}')
    return time
