"""An effect as published: ratios or differences of the arms, without the data that they were estimated from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import QUANTITIES
from reappraise.core.units import unit_of
from reappraise.published.answers import Counted, Problem
from reappraise.published.better import OF_EVENTS, OF_TIMES, BetterEvent, refuse_of_hazards, refuse_of_lengths
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.record import Count, Published


class EffectEndpoint(EndpointRecord):
    """A contrast of the arms: a ratio or a difference, adjusted or not, with its interval or p value."""

    kind: Literal["effect"]
    """Tag of this kind of endpoint."""
    better: BetterEvent
    """"fewer" where the event is bad for the patient, such as death, "more" where it is good, such as recovery; of what
    is no event, "higher" or "lower". Beside a ratio of hazards "higher" may be meant of the time, and is refused
    where the label does not name what is good."""
    unit: Annotated[str, AfterValidator(unit_of)] = ""
    """Unit of what is measured, where the contrast is a difference: "mm Hg", "points", "percent", ..."""
    planned: Decimal | None = None
    """Effect that the trial was planned for, in unit and scale of the first estimate, experimental over control."""
    margin: Annotated[Decimal | None, Field(gt=0)] = None
    """Size of benefit that matters: a ratio, whichever way round, or a difference without its sign."""
    counts: tuple[Count, ...] = ()
    """Patients with an event, by arm, where print says them beside the estimate."""

    @model_validator(mode="before")
    @classmethod
    def _says_what_is_better_of_hazards(cls, raw: object) -> object:
        match raw:
            case {"better": typed, "label": label, "estimates": [*printed]}:
                found = [one.get("quantity") for one in printed if isinstance(one, Mapping)]
                known = [QUANTITIES[name] for name in found if isinstance(name, str) and name in QUANTITIES]
                for one in known:
                    if one.hastens:
                        refuse_of_hazards(label, typed, one.label.lower())
                    elif one.name in OF_TIMES:
                        mixed = any(other.hastens or other.name in OF_EVENTS for other in known)
                        refuse_of_lengths(label, typed, one.label.lower(), mixed=mixed)
        return raw

    def counted(self) -> Iterator[Counted]:
        """Yield the patients with an event, if printed: the estimate need not be what they give."""
        if self.counts:
            yield Counted(label=self.label, population=WHOLE, counts=self.counts, whole=True)

    def counts_are_of(self, published: Published) -> bool:
        """Whether the counts are of what an estimate is about: of its assessor, and the only time printed."""
        return published.assessor in {"", self.assessor} and len({one.at for one in self.printed}) == 1

    def events_behind(self, published: Published, population: str = WHOLE) -> dict[str, int] | None:
        """Patients with an event by arm, where those of both arms of the ratio are printed."""
        if population != WHOLE or not self.counts_are_of(published):
            return None
        known = self.known_events
        found = {arm: n for arm in (published.numerator, published.denominator) if arm and (n := known.get(arm))}
        return found if len(found) == 2 else None

    def references(self, context: Context) -> Iterator[Problem]:
        """Yield an estimate that is no contrast, and a planned effect or margin that is none on its scale."""
        del context
        forms = [QUANTITIES[one.quantity].form for one in self.printed]
        for index, (one, form) in enumerate(zip(self.printed, forms, strict=True)):
            if form not in {"ratio", "difference"}:
                yield f"estimates[{index}]", f"expected a ratio or a difference of the arms, got {one.quantity}"
        if not forms:
            yield "estimates", "expected at least one ratio or difference of the arms, got none"
        elif forms[0] == "ratio":
            for name, number in (("planned", self.planned), ("margin", self.margin)):
                if number is not None and (number <= 0 or number == 1):
                    yield name, f"expected a ratio above 0 and other than 1, got {number}"
        elif self.planned == 0:
            yield "planned", "expected a difference other than 0, which is no effect; leave it out for none"
