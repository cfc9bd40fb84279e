"""How the rates of the arms differ: from events and person-time, from the arms' limits, or as printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf, isfinite, log
from statistics import NormalDist
from typing import Final, Self

from reappraise.continuous.contrast import Compared
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.located import Located, Span
from reappraise.core.printed import Printed
from reappraise.event_rate.published import EventRateEndpoint, Exposed
from reappraise.event_rate.table import ArmEvents, EventsTable
from reappraise.published.record import Published
from reappraise.published.trial import TrialEndpoint

TOO_SURE: Final = (
    "patients may have several events, and no dispersion is printed: a Poisson distribution, which is too sure"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateContrast(Compared):
    """Logarithm of the ratio of two rates, experimental over control.

    Parameters
    ----------
    table
        Events and person-time; None where the ratio comes from printed limits.
    parts
        The contrast itself, or the logarithms of the rates of control and experimental arm, from printed limits.
    """

    table: EventsTable | None = None
    parts: tuple[Located, ...] = ()
    logarithmic: bool = True

    @property
    def quantity(self) -> str:
        """Key of the quantity."""
        return "rate_ratio"

    @property
    def ratio(self) -> bool:
        """It is one."""
        return True

    @property
    def standard_error(self) -> Span:
        """Standard error of the logarithm: of printed limits, or Wald's with half an event more in each arm."""
        if self.table is not None:
            error = sum(1 / (arm.events + 0.5) for arm in self.table.arms) ** 0.5
        else:
            error = sum(part.error**2 for part in self.parts) ** 0.5
        return float(error), float(error)

    def swapped(self) -> Self:
        """The same with control and experimental arm exchanged."""
        parts = self.parts[::-1] if len(self.parts) == 2 else tuple(part.turned() for part in self.parts)
        return replace(
            self,
            arms=self.arms[::-1],
            arm_labels=self.arm_labels[::-1],
            table=None if self.table is None else self.table.swapped(),
            parts=parts,
            planned=None if self.planned is None else 0.0 - self.planned,
        )


def rate_contrasts(item: TrialEndpoint[EventRateEndpoint]) -> tuple[RateContrast, ...]:
    """Everything that says how the rates differ, the most trustworthy first.

    Where patients may have several events, what print derived with their dispersion (limits of the ratio, or of the
    rates) comes before the Poisson likelihood, which knows none. They are of the same patients: none is ever combined.

    Raises
    ------
    AnalysisError
        If there is none, or no patients could give what is printed.
    """
    published = item.published
    poisson, refused = [], ""
    try:
        table = events_table(item)
        if table is not None:
            words = "events and person-time of both arms"
            said = f"{words}; {TOO_SURE}" if published.recurrent else words
            poisson = [_contrast(item, basis="poisson", table=table, words=said)]
    except AnalysisError as error:
        refused = str(error)
    limits = list(_from_limits(item)) if published.recurrent or not poisson else []
    printed = [one for one in (_printed(item, number) for number in published.estimates) if one is not None]
    found = (*printed, *limits, *poisson) if published.recurrent else (*poisson, *limits, *printed)
    if not found:
        raise UndeterminedError(
            refused
            or f"{published.key}: nothing printed says how sure the ratio of rates is: expected events and person-time "
            "of both arms, rates with their limits, or a rate ratio with its limits or its p value"
        )
    return found


def events_table(item: TrialEndpoint[EventRateEndpoint]) -> EventsTable | None:
    """Events and person-time of both arms; None where an arm's are not printed.

    Raises
    ------
    AnalysisError
        If no patients could give what is printed of an arm.
    """
    published = item.published
    by_arm = {one.arm: one for one in published.exposed}
    found = []
    for arm in item.trial.arms:
        one = by_arm.get(arm.key)
        if one is None or one.events is None:
            return None
        if one.impossible:
            raise AnalysisError(f"{published.key}, {arm.key}: {one.impossible}: as printed it cannot be analysed")
        time = person_time(one, float(published.per))
        if time is None:
            return None
        found.append(ArmEvents(arm.key, arm.short, one.events, time))
    return EventsTable(published.key, (found[0], found[1]), float(published.per), published.rate_unit)


def person_time(one: Exposed, per: float) -> Span | None:
    """Person-time of an arm: as printed, or the events over the rate; None where neither says one."""
    if one.person_time is not None:
        low, high = one.person_time.bounds
        return (low, high) if low > 0 and isfinite(high) else None
    if one.rate is None or not one.events:
        return None
    low, high = one.rate.bounds
    return (one.events * per / high, one.events * per / low) if low > 0 and isfinite(high) else None


def _from_limits(item: TrialEndpoint[EventRateEndpoint]) -> Iterator[RateContrast]:
    """Yield the difference of the log rates, if both have limits."""
    by_arm = {one.arm: one for one in item.published.exposed}
    parts = []
    for arm in item.trial.arms:
        one = by_arm.get(arm.key)
        if one is None or one.impossible or one.rate is None or one.low is None or one.high is None:
            return
        found = _located(one.rate, one.low, one.high, float(one.level))
        if found is None:
            return
        parts.append(found)
    yield _contrast(item, basis="arm-rates", parts=tuple(parts), words="rates of both arms and their limits")


def _printed(item: TrialEndpoint[EventRateEndpoint], one: Published) -> RateContrast | None:
    """A printed ratio; None where it says not how sure it is, or is not of the two arms."""
    published, (control, experimental) = item.published, item.trial.arms
    arms = {control.key, experimental.key}
    if not published.compares(one) or one.value is None or {one.numerator, one.denominator} != arms:
        return None
    part, basis = None, "limits"
    if one.low is not None and one.high is not None and one.spread == "confidence interval":
        part = _located(one.value, one.low, one.high, float(one.level))
    elif one.p is not None and one.p.relation == "=":
        part, basis = _of_p(one.value, one.p, published.sides(one) or 2), f"p value, {one.p}"
    if part is None:
        return None
    return _contrast(
        item,
        basis="printed-rate-ratio",
        parts=(part.turned() if one.numerator == control.key else part,),
        words=f"ratio as printed, {one.value}, and its {basis}",
        came_about=tuple(sorted(one.came_about)),
        source=one.source,
    )


def _located(value: Printed, low: Printed, high: Printed, level: float) -> Located | None:
    place, ends = _logs(value), (_logs(low), _logs(high))
    width = 2 * NormalDist().inv_cdf((1 + level) / 2)
    scale = (ends[1][0] - ends[0][1]) / width, (ends[1][1] - ends[0][0]) / width
    return Located(place, scale) if all(map(isfinite, (*place, *scale))) and scale[0] > 0 else None


def _of_p(value: Printed, p: Printed, sides: int) -> Located | None:
    place, (least, most) = _logs(value), p.bounds
    if not all(map(isfinite, place)) or place[0] <= 0 <= place[1] or not 0 < least < most < 1:
        return None
    if least / sides <= 0.5 <= most / sides:
        return None
    ends = sorted(abs(NormalDist().inv_cdf(number / sides)) for number in (least, most))
    centre = (place[0] + place[1]) / 2  # value and error are in one proportion, whatever the value was rounded from
    return Located((centre, centre), (abs(centre) / ends[1], abs(centre) / ends[0])) if ends[0] > 0 else None


def _logs(printed: Printed) -> Span:
    low, high = printed.bounds
    return (log(low) if low > 0 else -inf), (log(high) if high > 0 else -inf)


def _contrast(
    item: TrialEndpoint[EventRateEndpoint],
    *,
    basis: str,
    words: str,
    table: EventsTable | None = None,
    parts: tuple[Located, ...] = (),
    came_about: tuple[str, ...] = (),
    source: str = "",
) -> RateContrast:
    published, (control, experimental) = item.published, item.trial.arms
    return RateContrast(
        endpoint=published.key,
        label=published.label,
        arms=(control.key, experimental.key),
        arm_labels=(control.short, experimental.short),
        basis=basis,
        table=table,
        parts=parts,
        benefit=1 if published.better == "higher" else -1,
        planned=None if published.planned is None else log(published.planned),
        margin=None if published.margin is None else abs(log(published.margin)),
        words=words,
        came_about=came_about,
        source=source or published.source,
    )
