"""What every record of a trial file shares: frozen, closed to unknown keys, and sourced."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    Strict,
    StringConstraints,
    model_validator,
)

from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.printed import Printed
from reappraise.core.quantity_names import advice_on
from reappraise.core.units import unit_of
from reappraise.published.cells import fitting, percent_text, read_count, read_published
from reappraise.published.how import How, how_said


def _no_null(ratio: Decimal) -> Decimal:
    if ratio == 1:
        raise ValueError("expected a planned ratio other than 1, which is no effect; leave it out for none")
    return ratio


type Text = Annotated[
    str, Strict(), StringConstraints(min_length=1, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
]
type Key = Annotated[str, Strict(), StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
type Whole = Annotated[int, Strict(), Field(ge=0, le=1_000_000_000)]
type Positive = Annotated[int, Strict(), Field(ge=1, le=1_000_000_000)]
type Flag = Annotated[bool, Strict()]
type Probability = Annotated[Decimal, Field(gt=0, lt=1)]
type Level = Annotated[Decimal, Field(ge=Decimal("0.5"), le=Decimal("0.99999"))]
"""Coverage that an interval may be printed with: a standard error is its width over a quantile."""
type Sides = Literal[1, 2]
type PlannedRatio = Annotated[Decimal, Field(ge=Decimal("0.02"), le=50), AfterValidator(_no_null)]
"""Within these bounds no prior that is built on it is wider than the widest, which reconstructions are drawn under."""
type Percentage = Annotated[Printed, BeforeValidator(percent_text)]
type Unit = Annotated[str, Strict(), AfterValidator(unit_of)]

PROPORTIONS = frozenset({"rate", "survival", "risk_difference"})
"""Quantities that are fractions of patients, or differences of such."""

EVERYBODY = "all"
"""The reserved arm key for a number about all arms together."""

BENCHMARK = "benchmark"
"""The reserved arm key, in a trial of one arm, for the number that it is held against."""


class Record(BaseModel):
    """A frozen record that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Sourced(Record):
    """A record that says where it stands in the publication."""

    source: Text
    """Where the number stands: section, table or figure."""
    note: str = ""
    """What is unusual about it: garbled print, contradiction, and the reading used."""


class Spread(Sourced):
    """A printed interval around a value; both limits or neither."""

    low: Printed | None = None
    """Lower limit as printed."""
    high: Printed | None = None
    """Upper limit as printed."""
    level: Level = Decimal("0.95")
    """Coverage of the interval."""

    @model_validator(mode="after")
    def _limits_come_in_pairs(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("expected both low and high, or neither")
        return self

    @property
    def reversed_limits(self) -> str:
        """What is wrong with the order of the limits, in words; empty where nothing is."""
        if self.low is None or self.high is None or self.low <= self.high:
            return ""
        return f"the lower limit, {self.low}, is above the upper one, {self.high}"


class OfPatients(Spread):
    """What is printed of patients of one arm, who are part of a population."""

    arm: Key
    """Key of the arm, or "all"."""
    total: Positive
    """Patients who could have had it, or in whom it was measured."""
    _most: int | None = PrivateAttr(default=None)

    def among(self, size: int) -> Self:
        """The same record where its patients can be part of so many; else one that says that they cannot."""
        if self.total <= size:
            return self
        told = self.model_copy()
        told._most = size  # noqa: SLF001  # of a copy of itself that nobody has seen
        return told

    @property
    def most(self) -> int | None:
        """How many patients its own should be part of, where they cannot be; else None."""
        return self._most if self._most is not None and self.total > self._most else None

    @property
    def beyond(self) -> str:
        """Why its patients cannot be part of those that they should be, in words; empty where they can."""
        most = self.most
        return "" if most is None else f"{self.total} patients are more than the {most} that they are part of"


class Count(OfPatients):
    """Patients with an event, of a total, in one arm."""

    events: Whole | None = None
    """Patients with the event as printed; left out where only the percentage is printed, "NR" where neither is."""
    not_reported: Flag = False
    """Whether print says that the number of patients is not reported: what events = "NR" means."""
    percent: Percentage | None = None
    """Percentage as printed, such as 5.2 or "<1%". The limits of a count's interval are fractions."""
    printed_label: str = ""
    """The label as printed with this count, where it differs from its level's or row's own or repeats another's."""

    @model_validator(mode="before")
    @classmethod
    def _reads_cells(cls, raw: Any) -> Any:
        return read_count(raw)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.events is None and self.percent is None and not self.not_reported:
            raise ValueError('expected events, percent, or both; events = "NR" where neither is reported')
        if self.not_reported and not (self.events is None and self.percent is None):
            raise ValueError("expected a count that is not reported without events and percent, got one of them")
        if self.low is not None and self.high is not None and not (0 <= self.low <= 1 and 0 <= self.high <= 1):
            raise ValueError(f"expected interval limits as fractions in 0 to 1, got {self.low} to {self.high}")
        return self

    @property
    def impossible(self) -> str:
        """Why no patients could give the count, in words; empty where some could."""
        if self.events is not None and self.events > self.total:
            return f"{self.events} patients of {self.total} are more than all"
        if self.percent is not None and not 0 <= self.percent <= 100:
            return f"{self.percent}% is not between 0% and 100%"
        return self.beyond

    @property
    def impossible_interval(self) -> str:
        """Why its interval is none, in words; empty where it is one."""
        if self.low is None or self.high is None or self.reversed_limits:
            return self.reversed_limits
        value = self.events / self.total if self.events is not None else float(self.percent or 0.0) / 100
        if self.low.bounds[0] <= value <= self.high.bounds[1]:
            return ""
        return f"the interval {self.low} to {self.high} does not hold {value:.4g}"

    @property
    def candidates(self) -> range:
        """Whole numbers of patients that the record allows: one if printed, else all that round to the percentage.

        What "<1%" and 0% allow, `fitting` says. Of a count that is not reported any number is allowed.
        """
        if self.impossible:
            return range(0)
        if self.events is not None:
            return range(self.events, self.events + 1)
        if self.percent is None:
            return range(self.total + 1) if self.not_reported else range(0)
        return fitting(self.percent, self.total)

    @property
    def known_events(self) -> int | None:
        """The number of patients, if printed or if the percentage allows only one; else None."""
        return self.candidates[0] if len(self.candidates) == 1 else None


def sound(printed: Iterable[Published]) -> tuple[Published, ...]:
    """Those numbers, or parts of them, that can be analysed: what no patients could give is left to the audit."""
    return tuple(found for one in printed if (found := one.sound) is not None)


class Published(Spread):
    """A published number other than a count: a median, a ratio, a survival probability, a p value."""

    quantity: Annotated[Text, Field(json_schema_extra={"examples": [*QUANTITIES]})]
    """A key of the project's quantities, such as "hazard_ratio"."""
    arm: Key | None = None
    """The arm, for the quantities of one arm; "all" for all patients together, such as their follow-up; in a trial of
    one arm "benchmark" for the number that it is held against."""
    numerator: Key | None = None
    """Arm above the line (or before the minus) of a contrast."""
    denominator: Key | None = None
    """Arm below the line (or after the minus) of a contrast."""
    at: str = ""
    """Time or level that the number refers to, such as "12 months"."""
    unit: Unit = ""
    """Unit of value and limits: "months", "percent", ..., empty for pure numbers; usual spellings are understood."""
    value: Printed | None = None
    """The number as printed."""
    spread: Literal["confidence interval", "range"] = "confidence interval"
    """What low and high are said to be in print."""
    p: Printed | None = None
    """p value as printed; a bound such as "<0.04" stays one."""
    sides: Sides | None = None
    """Sides of the p value, where printed beside it; else the endpoint's stated test says."""
    assessor: str = ""
    """Who assessed, where it differs from the endpoint."""
    method: str = ""
    """Estimator as stated in print."""
    how: tuple[How, ...] = ()
    """How it came about, where print says so elsewhere than in its words for the estimator: "crude", "adjusted",
    "stratified", "sequential", "per protocol", "model"."""

    @model_validator(mode="before")
    @classmethod
    def _reads_cells(cls, raw: Any) -> Any:
        return read_published(raw)

    @model_validator(mode="after")
    def _names_its_direction(self) -> Self:
        known = QUANTITIES.get(self.quantity)
        if known is None or known.form == "probability":
            raise ValueError(advice_on(self.quantity))
        if known.form == "arm" and (self.arm is None or self.numerator or self.denominator):
            raise ValueError(f"expected {self.quantity} to name its arm, and no numerator or denominator")
        if known.form == "spread":
            if self.arm or self.numerator or self.denominator:
                raise ValueError(f"expected {self.quantity} to name no arm: it lies between levels")
        elif known.form != "arm" and (self.arm or self.numerator is None or self.denominator is None):
            raise ValueError(
                f"expected {self.quantity} to name its direction: numerator and denominator arm, and no arm"
            )
        if self.numerator is not None and self.numerator == self.denominator:
            raise ValueError(f"expected two different arms, got {self.numerator} over itself")
        if self.value is None and self.p is None:
            raise ValueError("expected a value, a p value, or both")
        if self.quantity in PROPORTIONS:
            self._is_a_proportion()
        if "crude" in self.how and len(self.how) > 1:
            raise ValueError(f"expected how to be crude or something else, got {', '.join(self.how)}")
        return self

    def _is_a_proportion(self) -> None:
        if self.unit not in {"", "percent"}:
            raise ValueError(f'expected unit = "percent" or none for {self.quantity}, got {self.unit!r}')
        numbers = [number for number in (self.value, self.low, self.high) if number is not None]
        beyond = next((number for number in numbers if abs(number) > 1), None)
        if not self.unit and beyond is not None:
            raise ValueError(
                f'expected {self.quantity} as a fraction of 1, got {beyond}; for percent write unit = "percent"'
            )

    @property
    def impossible(self) -> str:
        """Why no patients could give value and interval, in words; empty where some could."""
        if self.reversed_limits:
            return self.reversed_limits
        if self.quantity in PROPORTIONS and self.unit and self.value is not None and abs(self.value) > 100:
            return f"{self.quantity} of {self.value}% is beyond 100%"
        if self.quantity in {"rate", "survival"} and self.value is not None and self.value < 0:
            return f"{self.quantity} of {self.value} is below 0"
        if self.value is not None and self.low is not None and self.high is not None:
            within = self.low.bounds[0] <= self.value.bounds[1] and self.value.bounds[0] <= self.high.bounds[1]
            if not within:
                return f"the interval {self.low} to {self.high} does not hold the value, {self.value}"
        if self.value is not None and QUANTITIES[self.quantity].form == "ratio" and self.value < 0:
            return f"a ratio is not below 0, and {self.value} is"
        return ""

    @property
    def impossible_p(self) -> str:
        """Why its p value is none, in words; empty where it is one."""
        return "" if self.p is None or 0 <= self.p <= 1 else f"a p value lies between 0 and 1, and {self.p} does not"

    @property
    def sound(self) -> Self | None:
        """What of it can be analysed: itself, itself without an impossible p value, or nothing."""
        if self.impossible or (self.impossible_p and self.value is None):
            return None
        return self.model_copy(update={"p": None}) if self.impossible_p else self

    @property
    def came_about(self) -> frozenset[How]:
        """How it came about, from `how` and from the words of `method`; empty where print says nothing."""
        return frozenset(self.how) or how_said(self.method)

    def as_estimate(self, *, endpoint: str, population: str = "all", sides: int | None = None) -> Estimate:
        """The number as an `Estimate`, in the direction printed; percentages become fractions.

        Parameters
        ----------
        endpoint, population
            Keys that the estimate belongs to.
        sides
            Sides of the p value where the record does not say: those of the endpoint's stated test.
        """
        power = -2 if self.unit == "percent" else 0
        interval = self.low is not None and self.spread == "confidence interval"
        p_bound = "" if self.p is None or self.p.relation == "=" else f"p printed as {self.p}"
        stated = self.method or "as printed"
        return Estimate(
            endpoint=endpoint,
            population=population,
            quantity=self.quantity,
            arm=self.arm or "",
            numerator=self.numerator or "",
            denominator=self.denominator or "",
            at=self.at,
            kind="published",
            method="; ".join(part for part in (stated, p_bound) if part),
            value=None if self.value is None else self.value.scaled(power),
            low=None if self.low is None else self.low.scaled(power),
            high=None if self.high is None else self.high.scaled(power),
            level=float(self.level) if interval else None,
            p_value=self.p,
            sides=self.sides or sides if self.p is not None else None,
            source=self.source,
        )


class StatedTest(Sourced):
    """The test that the paper says it used for an endpoint."""

    name: Literal[
        "fisher_exact",
        "fisher_mid_p",
        "chi_square",
        "n_minus_1_chi_square",
        "cochran_mantel_haenszel",
        "log_rank",
        "wilcoxon_signed_rank",
        "other",
    ]
    """Test as stated; "chi_square" where print does not say whether it was Pearson's, corrected, or of N - 1."""
    strata: Key | None = None
    """Key of the factor of the endpoint whose levels a Cochran-Mantel-Haenszel test was stratified by, if counted."""
    sides: Sides
    """Sides as stated."""
    significance_level: Probability
    """Prespecified level, for that number of sides."""

    @model_validator(mode="after")
    def _is_stratified(self) -> Self:
        if self.strata is not None and self.name != "cochran_mantel_haenszel":
            raise ValueError(
                f'expected strata with name = "cochran_mantel_haenszel" only, got them with {self.name}; a factor of '
                "another stratified test goes into note"
            )
        return self


class Claim(Sourced):
    """A sentence of the paper that says whether a difference was found."""

    text: Text
    """The words, as printed."""
    asserts: Literal["significant difference", "difference", "no significant difference", "no difference"]
    """What the words amount to."""
    numerator: Key | None = None
    """Arm that the sentence is about, where the trial has more than two."""
    denominator: Key | None = None
    """Arm that it is compared with there."""

    @model_validator(mode="after")
    def _names_both_arms(self) -> Self:
        if (self.numerator is None) != (self.denominator is None) or (
            self.numerator is not None and self.numerator == self.denominator
        ):
            raise ValueError("expected numerator and denominator, two different arms, or neither")
        return self
