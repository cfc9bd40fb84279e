"""The hinge: a published, a recomputed and a posterior number are all an `Estimate`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from math import inf, isinf, isnan
from typing import Literal, Self

from reappraise.core.printed import Printed

type Kind = Literal["published", "recomputed", "posterior"]
type Form = Literal["arm", "ratio", "difference", "spread", "probability"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A named estimand.

    Parameters
    ----------
    name
        Key used in files, such as ``"odds_ratio"``.
    label
        Words for people, such as ``"Odds ratio"``.
    form
        ``"arm"`` for one arm's number, ``"ratio"`` or ``"difference"`` for a contrast of a numerator arm
        with a denominator arm, ``"spread"`` for how far such contrasts of several levels lie apart, whatever their
        direction, ``"probability"`` for a posterior probability about a contrast.
    null
        The value that means no difference; None where there is none.
    hastens
        Whether a larger value means shorter times, as of a ratio of hazards: for endpoints that are times, and are
        better the longer or the shorter these are.
    """

    name: str
    label: str
    form: Form
    null: float | None = None
    hastens: bool = False


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("rate", "Rate", "arm"),
        Quantity("median", "Median", "arm"),
        Quantity("survival", "Survival probability", "arm"),
        Quantity("mean", "Mean", "arm"),
        Quantity("percentile", "Percentile", "arm"),
        Quantity("geometric_mean_ratio", "Ratio of geometric means", "arm"),
        Quantity("risk_difference", "Risk difference", "difference", 0.0),
        Quantity("mean_difference", "Difference of means", "difference", 0.0),
        Quantity("standardised_mean_difference", "Standardised difference of means", "difference", 0.0),
        Quantity("ratio_of_means", "Ratio of means", "ratio", 1.0),
        Quantity("ratio_of_geometric_means", "Ratio of geometric means", "ratio", 1.0),
        Quantity("geometric_mean", "Geometric mean", "arm"),
        Quantity("number_needed_to_treat", "Number needed to treat", "difference", inf),
        Quantity("risk_ratio", "Risk ratio", "ratio", 1.0),
        Quantity("odds_ratio", "Odds ratio", "ratio", 1.0),
        Quantity("median_ratio", "Ratio of medians", "ratio", 1.0),
        Quantity("hazard_ratio", "Hazard ratio", "ratio", 1.0, hastens=True),
        Quantity("time_averaged_hazard_ratio", "Hazard ratio averaged over time", "ratio", 1.0, hastens=True),
        Quantity("ratio_of_hazard_ratios", "Largest over smallest hazard ratio of the levels", "spread", 1.0),
        Quantity("interaction_sd", "Standard deviation of the log hazard ratio between levels", "spread", 0.0),
        Quantity("not_reached", "Probability that the median is not reached", "arm"),
        Quantity("conditional_survival", "Conditional survival probability", "arm"),
        Quantity("survival_difference", "Difference of survival probabilities", "difference", 0.0),
        Quantity("restricted_mean", "Restricted mean survival time", "arm"),
        Quantity("time_lost", "Restricted mean time lost", "arm"),
        Quantity("restricted_mean_difference", "Difference of restricted mean survival times", "difference", 0.0),
        Quantity("restricted_mean_ratio", "Ratio of restricted mean survival times", "ratio", 1.0),
        Quantity("time_lost_ratio", "Ratio of restricted mean times lost", "ratio", 1.0, hastens=True),
        Quantity("time_between", "Restricted mean time between two events", "arm"),
        Quantity(
            "time_between_difference", "Difference of restricted mean times between two events", "difference", 0.0
        ),
        Quantity("share_between", "Share past the first event of those before the second", "arm"),
        Quantity("share_between_difference", "Difference of shares past the first event", "difference", 0.0),
        Quantity("probability_of_benefit", "Probability of benefit", "probability"),
        Quantity("probability_above_margin", "Probability of benefit beyond a margin", "probability"),
        Quantity("probability_of_equivalence", "Probability of practical equivalence", "probability"),
        Quantity("probability_of_best", "Probability of being the best arm", "arm"),
        Quantity("probability_of_increase", "Probability that the event is more frequent", "probability"),
        Quantity("probability_of_increase_above_margin", "Probability of an increase beyond the margin", "probability"),
        Quantity("probability_of_no_effect", "Probability of no effect at all", "probability"),
        Quantity("category_rate", "Rate of exactly this category", "arm"),
        Quantity("rate_or_better", "Rate of this category or better", "arm"),
        Quantity("common_odds_ratio", "Odds ratio common to all cut points", "ratio", 1.0),
        Quantity("event_rate", "Events per person-time", "arm"),
        Quantity("rate_ratio", "Ratio of event rates", "ratio", 1.0),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number about one named estimand, whoever computed it.

    Parameters
    ----------
    endpoint, population
        What was measured, in whom: ``"all"`` or ``"factor=level"``.
    item, grade
        The adverse event and its grade, or the category, where an endpoint has several; else empty.
    quantity
        A key of `QUANTITIES`.
    arm
        The arm, for the quantities of one arm; else empty.
    numerator, denominator
        The arms of a contrast: numerator over denominator, or numerator minus denominator; else empty.
    at
        The time, margin or horizon that the quantity refers to, with its unit; empty where there is none.
    kind
        Published, recomputed from published counts, or posterior.
    model, prior
        Names of the model and prior; empty for numbers that have none.
    method
        How value and interval were obtained, in words.
    value, low, high
        Point estimate and interval limits, on the natural scale of the quantity (rates as fractions);
        None where not given, infinite where it means "not reached".
    level
        Coverage of the interval (0.95), None where there is no interval.
    p_value, sides
        p value and the number of sides (1 or 2) it has.
    prob_benefit
        Posterior probability that the experimental arm is better than the control arm.
    converged
        Whether the fit that a posterior number comes from passed its diagnostics; None for all other numbers.
    causal
        Whether a difference between the arms of this population may be read as an effect of treatment: not where the
        population was determined after randomisation.
    turned
        Whether the contrast was printed in the other direction.
    extrapolated
        By which rule the number goes beyond the follow-up, in words; empty for all numbers that do not.
    source
        Where the number stands in the publication.
    """

    endpoint: str
    population: str = "all"
    item: str = ""
    grade: str = ""
    quantity: str
    arm: str = ""
    numerator: str = ""
    denominator: str = ""
    at: str = ""
    kind: Kind
    model: str = ""
    prior: str = ""
    method: str
    value: float | None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    p_value: float | None = None
    sides: int | None = None
    prob_benefit: float | None = None
    converged: bool | None = None
    causal: bool = True
    turned: bool = False
    extrapolated: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a contrast without direction, or an arm's number without its arm."""
        quantity = QUANTITIES.get(self.quantity)
        if quantity is None:
            raise ValueError(f"unknown quantity {self.quantity!r}; known: {', '.join(QUANTITIES)}")
        contrast = quantity.form in {"ratio", "difference"}
        if contrast and not (self.numerator and self.denominator):
            raise ValueError(f"{self.quantity} of {self.endpoint} needs a numerator and a denominator arm")
        if quantity.form == "arm" and not self.arm:
            raise ValueError(f"{self.quantity} of {self.endpoint} needs its arm")
        if any(isinstance(number, float) and isnan(number) for number in (self.value, self.low, self.high)):
            raise ValueError(f"{self.quantity} of {self.endpoint} is not a number; use None for an absent value")

    @property
    def null(self) -> float | None:
        """The value of no difference."""
        return QUANTITIES[self.quantity].null

    def reversed(self) -> Self:
        """The same fact with numerator and denominator exchanged, the conversion named in `method`.

        Ratios become their reciprocal, differences change sign, and the interval limits change places;
        p value and P(benefit) do not depend on the direction in which the contrast is written.
        """
        form = QUANTITIES[self.quantity].form
        if form not in {"ratio", "difference"}:
            raise ValueError(f"{self.quantity} has no direction to reverse")
        turn = _reciprocal if form == "ratio" else partial(_negative, unsigned=self.null == inf)
        said = f"converted from {self.numerator} / {self.denominator}"
        printed = [str(number) for number in (self.value, self.low, self.high) if isinstance(number, Printed)]
        if printed:
            said += f", printed as {printed[0]}" + (f" ({printed[1]} to {printed[2]})" if len(printed) == 3 else "")
        return replace(
            self,
            numerator=self.denominator,
            denominator=self.numerator,
            value=turn(self.value),
            low=turn(self.high),
            high=turn(self.low),
            method=f"{self.method}; {said}" if self.method else said,
            turned=not self.turned,
        )

    def cautioned(self, caution: str) -> Self:
        """The estimate; of a contrast, `method` says as well what must be said of it."""
        return replace(self, method=f"{self.method}; {caution}") if caution and self.numerator else self

    def infinite(self, number: float) -> str:
        """An infinite number of this quantity in words; empty for one that is finite."""
        if not isinf(number):
            return ""
        if self.null == inf:  # where there is no difference
            return "infinite"
        return "inf" if number > 0 else "-inf"

    @property
    def failed(self) -> bool:
        """Whether it comes from a fit that did not pass its diagnostics."""
        return self.converged is False

    def as_row(self) -> dict[str, str | float | int | bool | None]:
        """The estimate as one row of the tidy comparison table; printed numbers keep their digits."""
        return {name: getattr(self, name) for name in ESTIMATE_COLUMNS}


ESTIMATE_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Estimate))


def _reciprocal(value: float | None) -> float | None:
    if value is None:
        return None
    return inf if value == 0 else 1 / value


def _negative(value: float | None, *, unsigned: bool) -> float | None:
    """The opposite; of infinity itself where that is the value of no difference."""
    if value is None or (unsigned and isinf(value)):
        return value
    if isinstance(value, Printed) and value.relation == "=" and not isinf(value):
        return Printed(f"{-value.digits:f}")
    return -value
