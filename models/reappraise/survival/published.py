"""Time-to-event endpoints as published: events by arm and printed summaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import QUANTITIES
from reappraise.core.printed import Printed
from reappraise.core.units import time_unit
from reappraise.published.answers import (
    Counted,
    CurveFiles,
    FileRequest,
    PatientFile,
    Problem,
    Stated,
    repeats,
    unknown,
)
from reappraise.published.better import BetterTime, refuse_of_times
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.patient_format import PatientFormat
from reappraise.published.record import Count, Key, PlannedRatio, Published, Text
from reappraise.response.published import ResponseEndpoint
from reappraise.survival.beyond.published import ExtrapolationRequest
from reappraise.survival.plan import Plan
from reappraise.survival.subgroups.published import SurvivalFactor


class SurvivalEndpoint(EndpointRecord):
    """A time-to-event endpoint: events, medians, landmarks, hazard ratio, follow-up."""

    kind: Literal["survival"]
    """Tag of this kind of endpoint."""
    better: BetterTime
    """"longer" where a longer time to the event is good for the patient, as to death or progression, "shorter" where a
    shorter one is, as to recovery; "higher" and "lower" say the same, and are refused where the label contradicts them.
    It is about the time, never about how many have the event."""
    unit: Annotated[Text, AfterValidator(time_unit)]
    """Unit of time: hours, days, weeks, months or years, in any usual spelling."""
    estimator: str = ""
    """Estimator of the survival curve, as stated."""
    minimum_follow_up: str = ""
    """What the design says about the shortest follow-up, in words."""
    shortest_follow_up: Printed | None = None
    """Shortest time, in `unit`, that the design lets a patient be observed for, losses apart."""
    longest_follow_up: Printed | None = None
    """Longest time, in `unit`, that anybody was observed for; where all were, as in a 28-day mortality, that time."""
    among: Key | None = None
    """Key of the response endpoint whose responders are the patients; without it, the population."""
    never_exceeds: Key | None = None
    """Key of the survival endpoint of the same patients whose curve this one's never exceeds, as overall survival."""
    curves: str = ""
    """Name of a CSV file beside this one with digitised coordinates: arm, time, survival, and perhaps
    digitisation_error and time_error."""
    numbers_at_risk: str = ""
    """Name of a CSV file beside this one with numbers at risk: arm, time, number."""
    individual_data: str = ""
    """Name of a CSV file beside this one with the patients: time, event, arm, and perhaps subgroup."""
    individual_format: PatientFormat | None = None
    """Columns, codes and unit of that file, where it has other ones; columns that it does not name are left aside."""
    median_interval: Literal["log-log", "log", "plain", ""] = ""
    """Scale on which intervals of medians are symmetric, if stated; empty where it is not."""
    landmark_interval: Literal["log-log", "log", "plain", ""] = ""
    """Scale on which intervals of survival probabilities are symmetric, if stated; empty where it is not."""
    counts: Annotated[tuple[Count, ...], Field(min_length=0)] = ()
    """Patients with an event, by arm."""
    printed: tuple[Published, ...] = Field(default=(), alias="estimates")
    """Medians, landmarks, hazard ratio, follow-up."""
    planned_hazard_ratio: PlannedRatio | None = None
    """Hazard ratio of this event, experimental over control, that the trial was planned for."""
    restricted_mean_margin: Annotated[Decimal, Field(gt=0)] | None = None
    """Gain of the restricted mean, in `unit`, that would matter to patients."""
    factors: tuple[SurvivalFactor, ...] = ()
    """Subgroup factors, as a forest plot prints them."""
    extrapolation: ExtrapolationRequest | None = None
    """What is asked beyond the follow-up, and by which rule; without it nothing is extrapolated."""

    @model_validator(mode="before")
    @classmethod
    def _says_what_is_better_of_times(cls, raw: object) -> object:
        if isinstance(raw, Mapping):
            refuse_of_times(raw.get("label"), raw.get("better"))
        return raw

    def counted(self) -> Iterator[Counted]:
        """Yield patients with an event, all and by level: no rate, which depends on how long they were followed."""
        yield Counted(label=self.label, population=WHOLE, counts=self.counts, whole=True)
        for factor in self.factors:
            yield from factor.counted(self.label, self.counts)

    def stated(self) -> Iterator[Stated]:
        """Yield every other number, of all patients, then of each level of each factor."""
        yield from super().stated()
        for factor in self.factors:
            yield from factor.stated(self.label, WHOLE)

    def factor(self, key: str) -> SurvivalFactor:
        """Subgroup factor of that key.

        Raises
        ------
        KeyError
            If there is none.
        """
        for factor in self.factors:
            if factor.key == key:
                return factor
        raise KeyError(key)

    def favours(self, published: Published, experimental: str) -> float:
        """1 if a larger value favours the experimental arm, -1 if a smaller one does, 0 if nothing says which.

        `better` is about the time to the event, which is shorter the larger a ratio of hazards is.
        """
        sign = super().favours(published, experimental)
        return -sign if QUANTITIES[published.quantity].hastens else sign

    def events_behind(self, published: Published, population: str = WHOLE) -> dict[str, int] | None:
        """Events by arm, where those of both arms of the ratio are printed."""
        if not self.concerns(published):
            return None
        arms = (published.numerator, published.denominator)
        counts = [count for item in self.counted() if item.population == population for count in item.counts]
        known = {count.arm: count.known_events for count in counts}
        found = {arm: events for arm in arms if arm and (events := known.get(arm))}
        return found if len(found) == 2 else None

    def subgroups(self) -> Iterator[tuple[str, str]]:
        """Yield every level of every factor, the remainder as well."""
        for factor in self.factors:
            for level in factor.levels:
                yield factor.population(level.key), f"{factor.label}: {level.label}"
            if factor.remainder is not None:
                yield factor.population(factor.remainder_key), f"{factor.label}: {factor.remainder}"

    def references(self, context: Context) -> Iterator[Problem]:
        """Yield an endpoint of responders that is none, and numbers at risk that belong to no curve."""
        if self.among is not None:
            yield from unknown("among", {self.among}, context.of(ResponseEndpoint))
        yield from self._order(context.of(SurvivalEndpoint))
        asked = () if self.extrapolation is None else self.extrapolation.rows
        for place, row in enumerate(asked):
            yield from unknown(f"extrapolation.rows[{place}].arm", () if row.arm is None else (row.arm,), context.arms)
        if self.individual_format is not None:
            if not self.individual_data:
                yield "individual_format", "expected individual_data beside it, got none"
            yield from unknown("individual_format.arms", set(self.individual_format.arms.values()), context.every_arm)
        if self.numbers_at_risk and not self.curves:
            yield "numbers_at_risk", "expected curves beside the numbers at risk, got none"
        yield from repeats("factors", (factor.key for factor in self.factors))
        for factor in self.factors:
            yield from factor.problems()

    def _order(self, known: Mapping[str, SurvivalEndpoint]) -> Iterator[Problem]:
        """Yield what keeps this endpoint from being held below another."""
        if self.never_exceeds is None:
            return
        yield from unknown("never_exceeds", {self.never_exceeds}, set(known) - {self.key})
        other = known.get(self.never_exceeds)
        if other is not None and (other.unit, other.population) != (self.unit, self.population):
            said = f"expected an endpoint of population {self.population} in {self.unit}"
            yield "never_exceeds", f"{said}, got {other.key}, which is of {other.population} in {other.unit}"

    @property
    def plan(self) -> Plan:
        """What the trial was planned for, of the worse event."""
        ratio = None if self.planned_hazard_ratio is None else float(self.planned_hazard_ratio)
        if ratio is not None and self.better == "lower":
            ratio = 1 / ratio
        gain = None if self.restricted_mean_margin is None else float(self.restricted_mean_margin)
        return Plan(hazard_ratio=ratio, restricted_mean=gain)

    def files(self) -> Iterator[FileRequest]:
        """Yield digitised curves and individual data."""
        if self.curves:
            yield CurveFiles(self.curves, self.numbers_at_risk)
        if self.individual_data:
            yield PatientFile(self.individual_data, self.unit, self.individual_format)
