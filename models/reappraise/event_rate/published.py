"""Events per person-time, as published: events and time under observation by arm, rates, and their ratio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reappraise.core.arms import WHOLE
from reappraise.core.printed import Printed
from reappraise.core.units import unit_of
from reappraise.published.answers import Counted, Problem, Stated
from reappraise.published.better import BetterEvent
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.record import Flag, Key, PlannedRatio, Published, Spread, Text, Whole

SHORTEST, LONGEST = 1e-6, 1e12
"""Person-times beyond these are slips of the pen in any unit."""


class Exposed(Spread):
    """Events and person-time of one arm; low and high are the limits of its rate."""

    arm: Key
    """Key of the arm."""
    events: Whole | None = None
    """Events, of all patients together."""
    person_time: Printed | None = None
    """Time under observation, of all patients together, in the endpoint's unit."""
    rate: Printed | None = None
    """Events per `per` of person-time, as printed."""

    @model_validator(mode="after")
    def _says_a_rate(self) -> Self:
        given = [name for name in ("events", "person_time", "rate") if getattr(self, name) is not None]
        if len(given) < 2 and not (given == ["rate"] and self.low is not None):
            raise ValueError("expected events with person_time or rate, or a rate with its limits")
        if self.person_time is not None and not SHORTEST <= self.person_time <= LONGEST:
            raise ValueError(f"expected person_time above 0, from {SHORTEST:g} to {LONGEST:g}, got {self.person_time}")
        return self

    @property
    def impossible(self) -> str:
        """Why no patients could give it, in words; empty where some could."""
        if self.reversed_limits:
            return self.reversed_limits
        if self.rate is not None and self.rate < 0:
            return f"a rate is not below 0, and {self.rate} is"
        if self.rate is not None and self.low is not None and self.high is not None:
            held = self.low.bounds[0] <= self.rate.bounds[1] and self.rate.bounds[0] <= self.high.bounds[1]
            return "" if held else f"the interval {self.low} to {self.high} does not hold the rate, {self.rate}"
        return ""


class EventRateEndpoint(EndpointRecord):
    """Events per person-time: relapses, exacerbations, infections per 100 patient-years."""

    kind: Literal["event_rate"]
    """Tag of this kind of endpoint."""
    better: BetterEvent
    """"fewer" where the event is bad for the patient, "more" where it is good; "lower" and "higher" say the same."""
    unit: Annotated[Text, AfterValidator(unit_of)] = "years"
    """Unit of person-time: "years", "months", "days", ..."""
    per: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    """Person-time that printed rates refer to, such as 100 for rates per 100 patient-years."""
    recurrent: Flag = False
    """Whether a patient may have several events: then counts vary more between patients than a Poisson distribution."""
    planned: PlannedRatio | None = None
    """Ratio of the rates that the trial was planned for, experimental over control."""
    margin: PlannedRatio | None = None
    """Ratio of the rates that matters, whichever way round."""
    exposed: tuple[Exposed, ...] = ()
    """Events and person-time, by arm."""

    def counted(self) -> Iterator[Counted]:
        """Yield nothing: events are counted, not patients."""
        yield from ()

    def stated(self) -> Iterator[Stated]:
        """Yield the printed rates, then every other published number."""
        for index, one in enumerate(self.exposed):
            if one.rate is not None and not one.impossible:
                published = Published(
                    quantity="event_rate", arm=one.arm, value=one.rate, low=one.low, high=one.high, level=one.level,
                    at=self.rate_unit, source=one.source, note=one.note,
                )  # fmt: skip
                yield Stated(label=self.label, population=WHOLE, published=published, place=f"exposed[{index}]")
        yield from super().stated()

    @property
    def rate_unit(self) -> str:
        """Unit of the rates."""
        return f"per patient-{self.unit.removesuffix('s')}" if self.per == 1 else f"per {self.per} patient-{self.unit}"

    def compares(self, published: Published) -> bool:
        """Whether a printed number is a ratio of both arms' rates."""
        return published.quantity == "rate_ratio" and self.concerns(published)

    def references(self, context: Context) -> Iterator[Problem]:
        """Yield arms that are missing, unknown or repeated."""
        arms = Counter(one.arm for one in self.exposed)
        for index, one in enumerate(self.exposed):
            if one.arm not in context.arms:
                yield f"exposed[{index}].arm", f"expected one of {', '.join(context.arms)}, got {one.arm!r}"
            elif arms[one.arm] > 1:
                yield f"exposed[{index}].arm", f"expected every arm once, got {one.arm!r} {arms[one.arm]} times"
        missing = ", ".join(sorted(set(context.arms) - set(arms)))
        if self.exposed and missing:
            yield "exposed", f"expected events and person-time of every arm, missing {missing}"
        if not self.exposed and not any(self.compares(one) for one in self.printed):
            yield "exposed", "expected events and person-time by arm, or an estimate of rate_ratio, got neither"
