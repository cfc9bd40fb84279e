"""How the means of the arms differ, from the means themselves or as printed: what is known of it before any prior."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from math import isfinite, log
from typing import Final, Literal, Self

from scipy.special import stdtrit

from reappraise.continuous.means import means_table
from reappraise.continuous.published import ContinuousEndpoint
from reappraise.continuous.table import MeansTable
from reappraise.core.arms import Arms
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.located import Located, Span
from reappraise.core.printed import Printed
from reappraise.published.record import Published
from reappraise.published.trial import TrialEndpoint

type Basis = Literal["means", "printed-difference"]
"""Model that a contrast belongs to: the arms' means, or the difference as printed."""

LARGE: Final = 0.5
"""Standard deviations between patients that a difference without planned effect or margin is held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(ABC):
    """What a table or a picture has to know of a contrast of the arms, whatever it is of.

    Parameters
    ----------
    endpoint, label
        Key and words.
    arms, arm_labels
        Keys and words of control and experimental arm.
    unit
        Unit of a difference; empty of a ratio.
    logarithmic
        Whether it is a ratio, held by its logarithm.
    basis
        What it was taken from: the model's key.
    benefit
        1 where a larger value favours the experimental arm, -1 where a smaller one does.
    planned, margin
        Planned effect and smallest difference that matters, on this scale; None where none is stated.
    words
        What it rests on, in words.
    came_about
        How a printed one came about, as far as print says.
    source
        Where the numbers stand.
    """

    endpoint: str
    label: str
    arms: Arms
    arm_labels: tuple[str, str]
    unit: str = ""
    logarithmic: bool = False
    basis: str
    benefit: Literal[1, -1]
    planned: float | None = None
    margin: float | None = None
    words: str
    came_about: tuple[str, ...] = ()
    source: str = ""

    @property
    @abstractmethod
    def quantity(self) -> str:
        """Key of the quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanContrast(Compared):
    """A difference of means, experimental minus control, or the logarithm of a ratio of geometric means.

    Parameters
    ----------
    parts
        The contrast itself, or the means of control and experimental arm.
    sd
        Standard deviation between patients, pooled; None where no spread is printed.
    """

    parts: tuple[Located, ...]
    sd: float | None = None

    @property
    def quantity(self) -> str:
        """Key of the quantity."""
        return "ratio_of_geometric_means" if self.logarithmic else "mean_difference"

    @property
    def error(self) -> float:
        """Standard error of the contrast."""
        return float(sum(part.error**2 for part in self.parts) ** 0.5)

    @property
    def centre(self) -> float:
        """Its value as printed, or the difference of the means as printed."""
        return self.parts[-1].centre - (self.parts[0].centre if len(self.parts) == 2 else 0.0)

    def swapped(self) -> Self:
        """The same with control and experimental arm exchanged."""
        parts = self.parts[::-1] if len(self.parts) == 2 else tuple(part.turned() for part in self.parts)
        return replace(
            self,
            arms=self.arms[::-1],
            arm_labels=self.arm_labels[::-1],
            parts=parts,
            planned=None if self.planned is None else 0.0 - self.planned,
        )


def mean_contrasts(item: TrialEndpoint[ContinuousEndpoint]) -> tuple[MeanContrast, ...]:
    """Everything that says how the means differ: from the arms first, then as printed, in the order of the file.

    They are of the same patients: each is analysed by itself, and none is ever combined with another.

    Raises
    ------
    AnalysisError
        If there is none, or no patients could give a printed mean.
    """
    table, refused = None, ""
    try:
        table = means_table(item)
    except AnalysisError as error:
        refused = str(error)
    sd = None if table is None else table.pooled_sd
    printed = (_printed(item, one, sd) for one in item.published.estimates if item.published.compares(one))
    means = None if table is None else _of_means(item, table)
    found = tuple(one for one in (means, *printed) if one is not None)
    if not found:
        raise UndeterminedError(
            refused
            or f"{item.published.key}: nothing printed says how sure the difference is: expected means with their "
            "spread in both arms, or a difference with its limits or its p value"
        )
    return found


def _of_means(item: TrialEndpoint[ContinuousEndpoint], table: MeansTable) -> MeanContrast:
    parts = tuple(arm.mean for arm in table.arms)
    bases = dict.fromkeys(arm.basis for arm in table.arms)
    return _contrast(item, basis="means", parts=parts, sd=table.pooled_sd, words=f"{' and '.join(bases)} of both arms")


def _printed(item: TrialEndpoint[ContinuousEndpoint], one: Published, sd: float | None) -> MeanContrast | None:
    """A printed contrast; None where it says not how sure it is, or is not of the two arms."""
    published, (control, experimental) = item.published, item.trial.arms
    if {one.numerator, one.denominator} != {control.key, experimental.key} or one.value is None:
        return None
    logarithmic, sizes = published.scale == "logarithmic", item.trial.population(published.population).sizes
    totals = [total for arm in item.trial.arms if (total := published.patients(arm.key, sizes)) is not None]
    degrees = float(sum(totals) - 2) if len(totals) == 2 and sum(totals) > 4 else float("inf")
    value = _span(one.value, logarithmic=logarithmic)
    found = _error(one, value, degrees, published.sides(one) or 2, logarithmic=logarithmic)
    if found is None or not all(map(isfinite, value)):
        return None
    scale, basis = found
    if basis != "limits":  # value and error are then in one proportion, whatever the value was rounded from
        value = ((value[0] + value[1]) / 2,) * 2
    part = Located(value, scale, degrees)
    return _contrast(
        item,
        basis="printed-difference",
        parts=(part.turned() if one.numerator == control.key else part,),
        sd=sd,
        words=f"{'ratio' if logarithmic else 'difference'} as printed, {one.value}, and its {basis}",
        came_about=tuple(sorted(one.came_about)),
        source=one.source,
    )


def _error(one: Published, value: Span, degrees: float, sides: int, *, logarithmic: bool) -> tuple[Span, str] | None:
    """Standard errors that limits, or else the p value, allow, and which of them said so."""
    quantile = min(degrees, 1e6)
    if one.low is not None and one.high is not None and one.spread == "confidence interval":
        low, high = (_span(limit, logarithmic=logarithmic) for limit in (one.low, one.high))
        wide = 2 * float(stdtrit(quantile, (1 + float(one.level)) / 2))
        found = (high[0] - low[1]) / wide, (high[1] - low[0]) / wide
        return (found, "limits") if found[0] > 0 and isfinite(found[1]) else None
    if one.p is None or one.p.relation != "=" or value[0] <= 0 <= value[1]:
        return None
    least, most = one.p.bounds
    if not 0 < least < most < 1:
        return None
    if least / sides <= 0.5 <= most / sides:
        return None
    ends = sorted(abs(float(stdtrit(quantile, p / sides))) for p in (least, most))
    size = abs(value[0] + value[1]) / 2
    return ((size / ends[1], size / ends[0]), f"p value, {one.p}") if ends[0] > 0 else None


def _span(printed: Printed, *, logarithmic: bool) -> Span:
    low, high = printed.bounds
    if not logarithmic:
        return low, high
    return (log(low) if low > 0 else float("-inf")), (log(high) if high > 0 else float("-inf"))


def _contrast(
    item: TrialEndpoint[ContinuousEndpoint],
    *,
    basis: Basis,
    parts: tuple[Located, ...],
    sd: float | None,
    words: str,
    came_about: tuple[str, ...] = (),
    source: str = "",
) -> MeanContrast:
    published, (control, experimental) = item.published, item.trial.arms
    logarithmic = published.scale == "logarithmic"

    def scaled(number: object) -> float | None:
        if number is None:
            return None
        return log(float(str(number))) if logarithmic else float(str(number))

    margin = scaled(published.margin)
    return MeanContrast(
        endpoint=published.key,
        label=published.label,
        arms=(control.key, experimental.key),
        arm_labels=(control.short, experimental.short),
        unit="" if logarithmic else published.unit,
        logarithmic=logarithmic,
        basis=basis,
        parts=parts,
        sd=sd,
        benefit=1 if published.better == "higher" else -1,
        planned=scaled(published.planned),
        margin=None if margin is None else abs(margin),
        words=words,
        came_about=came_about,
        source=source or published.source,
    )
