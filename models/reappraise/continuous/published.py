"""What is measured in every patient, as published: means or medians by arm with their spread, and differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import isfinite
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from reappraise.core.arms import WHOLE, Better
from reappraise.core.printed import Printed
from reappraise.core.units import unit_of
from reappraise.published.answers import Counted, Problem, Stated
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.record import Flag, OfPatients, Published

SMALLEST, LARGEST = 1e-12, 1e12
"""Sizes beyond these are slips of the pen in any unit."""

type Scale = Literal["arithmetic", "logarithmic"]


def _step(raw: object) -> Fraction:
    """A step, exactly: a number, or a fraction in text where no decimal is exact."""
    if isinstance(raw, Fraction):
        return raw
    text = str(raw) if isinstance(raw, (int, Decimal, str)) and not isinstance(raw, bool) else ""
    above, _, below = text.partition("/")
    try:
        parts = Decimal(above), Decimal(below or 1)
        if all(SMALLEST <= part <= LARGEST for part in parts):
            return Fraction(parts[0]) / Fraction(parts[1])
    except InvalidOperation:  # no number, or none that is larger or smaller than another
        pass
    raise ValueError(f'expected a number above 0, or a fraction such as "100/12", got {str(raw)[:30]!r}')


type Step = Annotated[Fraction, PlainValidator(_step, json_schema_input_type=float | str)]
type Bound = Annotated[Decimal, Field(ge=-(10**12), le=10**12, decimal_places=12)]


class Measured(OfPatients):
    """Centre and spread of what was measured in one arm: a mean or a median, and whatever says how far it varies."""

    mean: Printed | None = None
    """Mean as printed; the geometric one where the endpoint's scale is logarithmic. low and high are its interval."""
    sd: Printed | None = None
    """Standard deviation between patients; of natural logarithms where the scale is logarithmic."""
    se: Printed | None = None
    """Standard error of the mean; of its natural logarithm where the scale is logarithmic."""
    median: Printed | None = None
    """Median as printed, where no mean is."""
    quartiles: tuple[Printed, Printed] | None = None
    """First and third quartile."""
    extremes: tuple[Printed, Printed] | None = None
    """Least and largest value."""

    @model_validator(mode="after")
    def _has_a_centre(self) -> Self:
        if (self.mean is None) == (self.median is None):
            raise ValueError("expected a mean or a median, one of both")
        if self.mean is None and (self.sd or self.se or self.low is not None):
            raise ValueError("expected sd, se, low and high with a mean, not with a median")
        named = {name: getattr(self, name) for name in ("mean", "median", "sd", "se", "low", "high")}
        for name, number in named.items():
            if number is not None and isfinite(number) and number and not SMALLEST <= abs(number) <= LARGEST:
                raise ValueError(f"expected {name} from {SMALLEST:g} to {LARGEST:g}, got {number}: take another unit")
        return self

    @property
    def impossible(self) -> str:
        """Why no patients could give it, in words; empty where some could."""
        return self.beyond or self.reversed_limits or next(self._impossibilities(), "")

    def _impossibilities(self) -> Iterator[str]:
        for name, number in (("standard deviation", self.sd), ("standard error", self.se)):
            if number is not None and number < 0:
                yield f"a {name} is not below 0, and {number} is"
        for name, pair in (("quartiles", self.quartiles), ("extremes", self.extremes)):
            if pair is not None and pair[0] > pair[1]:
                yield f"the {name}, {pair[0]} and {pair[1]}, are the wrong way round"
        quartiles = tuple(("quartile", quartile) for quartile in self.quartiles or ())
        for name, pair, within in (
            ("quartiles", self.quartiles, (("median", self.median),)),
            ("extremes", self.extremes, (("median", self.median), ("mean", self.mean), *quartiles)),
        ):
            for what, number in within:
                if pair is not None and number is not None and not _between(number, pair):
                    yield f"the {what}, {number}, is not between the {name}, {pair[0]} and {pair[1]}"
        if self.mean is None or self.low is None or self.high is None:
            return
        if not _between(self.mean, (self.low, self.high)):
            yield f"the interval {self.low} to {self.high} does not hold the mean, {self.mean}"


def _between(number: Printed, pair: tuple[Printed, Printed]) -> bool:
    """Whether rounding leaves a number between two others."""
    return pair[0].bounds[0] <= number.bounds[1] and number.bounds[0] <= pair[1].bounds[1]


class ContinuousEndpoint(EndpointRecord):
    """Something measured on a scale: blood pressure, a score, days in hospital, a biomarker."""

    kind: Literal["continuous"]
    """Tag of this kind of endpoint."""
    better: Better
    """"higher" where more of what is measured is good for the patient, "lower" where it is bad."""
    unit: Annotated[str, AfterValidator(unit_of)] = ""
    """Unit of what is measured: "mm Hg", "points", "days", ..."""
    scale: Scale = "arithmetic"
    """"logarithmic" where means are geometric ones and arms are compared by their ratio."""
    change: Flag = False
    """Whether it is the change from baseline that was measured."""
    step: Step | None = None
    """Smallest difference between two values that a patient can have, such as 1 for a score in whole points, "1/7" for
    the mean of seven items, or "100/12" for twelve points drawn out to 100; the audit then knows which means and
    standard deviations there can be."""
    lowest: Bound | None = None
    """Least value that a patient can have, 0 and 1 of what is only absent or present; of a change the greatest fall.
    Steps are counted from it, or from 0 where it is not given."""
    highest: Bound | None = None
    """Greatest value that a patient can have, beside the least one."""
    planned: Decimal | None = None
    """Effect that the trial was planned for, experimental minus control; their ratio on the logarithmic scale."""
    margin: Annotated[Decimal | None, Field(gt=0)] = None
    """Smallest difference that matters to patients, without its sign; a ratio on the logarithmic scale."""
    measured: tuple[Measured, ...] = ()
    """Means or medians, by arm."""

    def counted(self) -> Iterator[Counted]:
        """Yield nothing: nobody is counted."""
        yield from ()

    def stated(self) -> Iterator[Stated]:
        """Yield the means, then every other published number."""
        quantity = "mean" if self.scale == "arithmetic" else "geometric_mean"
        for index, one in enumerate(self.measured):
            if one.mean is not None and not one.impossible:
                published = Published(
                    quantity=quantity, arm=one.arm, value=one.mean, low=one.low, high=one.high, level=one.level,
                    unit=self.unit, source=one.source, note=one.note,
                )  # fmt: skip
                yield Stated(label=self.label, population=WHOLE, published=published, place=f"measured[{index}]")
        yield from super().stated()

    def patients(self, arm: str, sizes: Mapping[str, int]) -> int | None:
        """Patients of an arm in whom it was measured, else those of its population."""
        return next((one.total for one in self.measured if one.arm == arm and not one.beyond), sizes.get(arm))

    @property
    def contrast(self) -> str:
        """The quantity that compares the arms' means."""
        return "mean_difference" if self.scale == "arithmetic" else "ratio_of_geometric_means"

    def compares(self, published: Published) -> bool:
        """Whether a printed number compares the means of both arms on the endpoint's scale."""
        return published.quantity == self.contrast and self.concerns(published)

    def references(self, context: Context) -> Iterator[Problem]:
        """Yield arms that are missing, unknown or repeated, and numbers off the scale."""
        arms = Counter(one.arm for one in self.measured)
        for index, one in enumerate(self.measured):
            place = f"measured[{index}]"
            if one.arm not in context.arms:
                yield f"{place}.arm", f"expected one of {', '.join(context.arms)}, got {one.arm!r}"
            elif arms[one.arm] > 1:
                yield f"{place}.arm", f"expected every arm once, got {one.arm!r} {arms[one.arm]} times"
            if self.scale == "logarithmic":
                centre = one.mean if one.mean is not None else one.median
                if centre is not None and centre <= 0:
                    yield place, f"expected a geometric mean above 0, got {centre}"
        if not self.measured and not any(self.compares(one) for one in self.printed):
            yield "measured", f"expected means or medians by arm, or an estimate of {self.contrast}, got neither"
        elif self.measured and set(context.arms) - set(arms):
            missing = ", ".join(sorted(set(context.arms) - set(arms)))
            yield "measured", f"expected a mean or median of every arm, missing {missing}"
        if self.scale == "logarithmic":
            for name, number in (("planned", self.planned), ("margin", self.margin)):
                if number is not None and (number <= 0 or number == 1):
                    yield name, f"expected a ratio above 0 and other than 1, got {number}"
        yield from self._scale_problems()
        if self.scale == "arithmetic" and self.planned == 0:
            yield "planned", "expected a difference other than 0, which is no effect; leave it out for none"

    def _scale_problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the bounds of the scale, and steps that do not lead from one to the other."""
        if self.highest is None:
            return
        if self.lowest is None:
            yield "lowest", "expected the least value beside highest, got none"
        elif not self.lowest < self.highest:
            yield "highest", f"expected a value above lowest, {self.lowest}, got {self.highest}"
        elif self.step is not None and ((width := Fraction(self.highest) - Fraction(self.lowest)) / self.step) % 1:
            steps = max(1, round(width / self.step))
            expected = f"expected a whole number of steps from {self.lowest} to {self.highest}"
            yield "step", f'{expected}, got steps of {self.step}; of {steps} steps each is "{width / steps}"'
