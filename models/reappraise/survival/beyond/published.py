"""What a trial file may ask beyond the follow-up of a time-to-event endpoint: a rule, times, external survival."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from reappraise.core.errors import AnalysisError
from reappraise.published.record import Key, Positive, Record, Sourced, Whole
from reappraise.survival.beyond.rule import ExternalRow, Extrapolation, RuleName

type Time = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ExternalSurvival(Sourced):
    """People of an outside source: of n alive at the start, r were alive at the stop."""

    start: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Time from the trial's own time zero, in the endpoint's unit."""
    stop: Time
    """The later time."""
    n: Positive
    """People alive at the start."""
    r: Whole
    """Of these, alive at the stop."""
    arm: Key | None = None
    """Key of the arm that they stand for; without it the hazard halfway between both on the log scale."""


class ExtrapolationRequest(Record):
    """What is asked beyond the follow-up, and by which rule."""

    rule: RuleName
    """"constant": the last hazards go on; "waning": the hazard ratio goes to 1; "external": outside survival."""
    to: Time | None = None
    """End of the curves, in the endpoint's unit; without it the last time asked for."""
    landmarks: tuple[Time, ...] = ()
    """Times of survival probabilities, after the follow-up."""
    horizons: tuple[Time, ...] = ()
    """Times that restricted means go to, after the follow-up; without any the end of the curves."""
    wane_by: Time | None = None
    """Time at which the hazard ratio is 1."""
    rows: tuple[ExternalSurvival, ...] = ()
    """External survival, for the rule "external"."""

    @model_validator(mode="after")
    def _says_all_that_it_needs(self) -> Self:
        if not self.times:
            raise ValueError("expected landmarks, horizons or to: the times beyond the follow-up that are asked for")
        if self.to is not None and self.to < max(self.times):
            raise ValueError(f"expected to at or after every landmark and horizon, got {self.to:g}")
        try:
            _ = self.assumed
        except AnalysisError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def times(self) -> tuple[float, ...]:
        """Every time that is asked for."""
        return (*self.landmarks, *self.horizons, *(() if self.to is None else (self.to,)))

    @property
    def assumed(self) -> Extrapolation:
        """The rule with all that it needs."""
        return Extrapolation(
            rule=self.rule,
            wane_by=self.wane_by,
            rows=tuple(
                ExternalRow(start=row.start, stop=row.stop, n=row.n, r=row.r, arm=row.arm or "") for row in self.rows
            ),
        )
