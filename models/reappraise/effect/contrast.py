"""A printed contrast on the scale on which its estimate is normal: what rounds to it, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, log
from typing import Final, Literal, Self

from reappraise.core.arms import Arms
from reappraise.core.errors import UndeterminedError
from reappraise.core.estimate import QUANTITIES
from reappraise.core.printed import Printed
from reappraise.effect.published import EffectEndpoint
from reappraise.published.record import Published
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.spans import (
    Span,
    error_of_limits,
    error_of_p,
    known,
    logs,
    meet,
    middle,
    turned,
)

type Basis = Literal["limits", "p value"]
"""What the standard error was taken from."""

UNUSABLE: Final = frozenset({"number_needed_to_treat"})
"""Contrasts whose estimate is not normal on any scale, and is the reciprocal of one that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedContrast:
    """A ratio, by its logarithm, or a difference, experimental over (or minus) control.

    Parameters
    ----------
    endpoint, label
        Key and words.
    arms, arm_labels
        Keys and words of control and experimental arm.
    quantity, unit
        Which contrast, and its unit where it is a difference of something with one; differences in percent are
        fractions here.
    at
        Time or condition that it refers to, as printed.
    effect
        Least and largest value that rounds to the print: logarithms of ratios.
    standard_error
        Least and largest standard error of it that the print allows.
    basis
        What the standard error was taken from.
    benefit
        1 where a larger value favours the experimental arm, -1 where a smaller one does.
    came_about
        How the estimate came about, as far as print says.
    planned, margin
        Planned effect and size of benefit that matters, on this scale; None where none is stated.
    printed, source
        The numbers as they stand in print, and where.
    notes
        Readings of the print that this rests on, in words.
    """

    endpoint: str
    label: str
    arms: Arms
    arm_labels: tuple[str, str]
    quantity: str
    unit: str = ""
    at: str = ""
    effect: Span
    standard_error: Span
    basis: Basis
    benefit: Literal[1, -1]
    came_about: tuple[str, ...] = ()
    planned: float | None = None
    margin: float | None = None
    printed: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> bool:
        """Whether it is a ratio, held by its logarithm."""
        return QUANTITIES[self.quantity].form == "ratio"

    @property
    def centre(self) -> float:
        """Value in the middle of what rounds to the print."""
        return (self.effect[0] + self.effect[1]) / 2

    def swapped(self) -> Self:
        """The same print with control and experimental arm exchanged."""
        return replace(
            self,
            arms=self.arms[::-1],
            arm_labels=self.arm_labels[::-1],
            effect=turned(self.effect),
            benefit=-self.benefit,
            planned=None if self.planned is None else 0.0 - self.planned,
        )


def printed_contrasts(item: TrialEndpoint[EffectEndpoint]) -> tuple[PrintedContrast, ...]:
    """Every printed contrast of the arms that says how sure it is, in the order of the file.

    They are of the same patients: each is analysed by itself, and none is ever combined with another.

    Parameters
    ----------
    item
        The endpoint.

    Raises
    ------
    UndeterminedError
        If there is none.
    """
    found = tuple(contrast for one in item.published.estimates if (contrast := _contrast(item, one)) is not None)
    if not found:
        raise UndeterminedError(
            f"{item.published.key}: nothing printed says how sure the effect is: expected a ratio or difference of "
            "both arms with its limits, or with a p value that is more than a bound"
        )
    return found


def _contrast(item: TrialEndpoint[EffectEndpoint], one: Published) -> PrintedContrast | None:
    """What one printed number amounts to; None where it is no contrast of the arms, or says not how sure it is."""
    endpoint, (control, experimental) = item.published, item.trial.arms
    arms = control.key, experimental.key
    form = QUANTITIES[one.quantity].form
    if form not in {"ratio", "difference"} or one.quantity in UNUSABLE or {one.numerator, one.denominator} != set(arms):
        return None
    turn = one.numerator == arms[0]

    def read(number: Printed | None) -> Span | None:
        if number is None:
            return None
        span = logs(number) if form == "ratio" else _scaled(number.bounds, 0.01 if one.unit == "percent" else 1.0)
        return turned(span) if turn else span

    value, ends = read(one.value), [read(number) for number in (one.low, one.high)]
    low, high = ends[::-1] if turn else ends
    limits = (low, high) if low is not None and high is not None and one.spread == "confidence interval" else None
    if value is None and limits is not None and known(limits[0]) and known(limits[1]):
        value = middle(*limits)
    if not known(value) or value is None:
        return None
    found = _standard_error(endpoint, one, value, limits)
    if found is None:
        return None
    error, basis, notes = found
    factor = 0.01 if one.unit == "percent" else 1.0

    def scale(number: float) -> float:
        return log(number) if form == "ratio" else factor * number

    first = endpoint.estimates[0].quantity == one.quantity  # what was planned is on the scale of the first
    return PrintedContrast(
        endpoint=endpoint.key,
        label=endpoint.label,
        arms=arms,
        arm_labels=(control.short, experimental.short),
        quantity=one.quantity,
        unit="" if form == "ratio" or one.unit == "percent" else one.unit or endpoint.unit,
        at=one.at,
        effect=value,
        standard_error=error,
        basis=basis,
        benefit=1 if endpoint.better == "higher" else -1,
        came_about=tuple(sorted(one.came_about)),
        planned=scale(float(endpoint.planned)) if endpoint.planned is not None and first else None,
        margin=abs(scale(float(endpoint.margin))) if endpoint.margin is not None and first else None,
        printed=_words(one, {control.key: control.short, experimental.key: experimental.short}),
        source=one.source,
        notes=tuple(notes),
    )


def _standard_error(
    endpoint: EffectEndpoint, one: Published, value: Span, limits: tuple[Span, Span] | None
) -> tuple[Span, Basis, list[str]] | None:
    error = None if limits is None else error_of_limits(value, *limits, float(one.level))
    if limits is not None and error is not None:
        notes = []
        if not (known(limits[0]) and known(limits[1])):
            notes.append("one limit is not finite to the printed digits: the other alone gives the standard error")
        elif not meet(middle(*limits), value):
            notes.append("the limits are not symmetric about the estimate on this scale, as a normal estimate's are")
        return error, "limits", notes
    sides = endpoint.sides(one)
    error = None if one.p is None else error_of_p(value, one.p, sides or 2)
    if error is None:
        return None
    said = "" if sides else ", taken as two-sided, which is not printed"
    return error, "p value", [f"no limits are printed: p {one.p} is read as that of Wald's test{said}"]


def _scaled(span: Span, factor: float) -> Span:
    return (span[0] * factor, span[1] * factor) if all(isfinite(end) for end in span) else span


def _words(one: Published, arms: dict[str, str]) -> str:
    """The numbers as printed, in the direction printed."""
    link = "over" if QUANTITIES[one.quantity].form == "ratio" else "minus"
    above, below = (arms.get(key or "", key) for key in (one.numerator, one.denominator))
    words = (
        f"{QUANTITIES[one.quantity].label.lower()}, {above} {link} {below},",
        "" if one.value is None else str(one.value),
        "" if one.low is None else f"({100 * float(one.level):.4g}% interval {one.low} to {one.high})",
        "" if one.unit == "" else one.unit,
        "" if one.p is None else f"p {one.p}" if one.p.relation != "=" else f"p = {one.p}",
    )
    return " ".join(filter(None, words))
