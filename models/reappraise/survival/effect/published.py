"""Reads a survival endpoint without any time as an effect: a hazard ratio, how sure it is, and its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import exp, isfinite
from typing import Literal, Self

from reappraise.core.arms import Arms, Better
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.published.record import Published
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.spans import (
    Span,
    error_of_events,
    error_of_limits,
    error_of_p,
    known,
    logs,
    meet,
    middle,
    turned,
)
from reappraise.survival.plan import UNPLANNED, Plan
from reappraise.survival.published import SurvivalEndpoint

type Basis = Literal["limits", "p value", "events"]
"""What the standard error was taken from."""
type Conditioned = Literal["adjusted", "stratified", "adjusted and stratified", "neither", "not said"]
"""What print says of covariates in the ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedEffect:
    """A hazard ratio as printed, on the log scale, experimental over control.

    Parameters
    ----------
    endpoint, label
        Key and words.
    arms, arm_labels
        Keys and words of control and experimental arm.
    log_ratio
        Least and largest log hazard ratio that rounds to the print.
    standard_error
        Least and largest standard error of it that the print allows.
    basis
        What the standard error was taken from.
    events
        Patients with the event, control and experimental arm; None where print leaves it open.
    better
        "higher" where a longer time is good, so that a ratio below 1 is benefit; "lower" where the event is.
    conditioned
        What print says of covariates: an adjusted ratio is of another estimand than a crude one.
    plan
        What the trial was planned for.
    printed, source
        The numbers as they stand in print, and where.
    notes
        Readings of the print that this rests on, in words.
    """

    endpoint: str
    label: str
    arms: Arms
    arm_labels: tuple[str, str]
    log_ratio: Span
    standard_error: Span
    basis: Basis
    events: tuple[int | None, int | None]
    better: Better
    conditioned: Conditioned = "not said"
    plan: Plan = UNPLANNED
    printed: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse spans that hold no number, or a standard error that may be 0."""
        for what, (low, high) in (("log_ratio", self.log_ratio), ("standard_error", self.standard_error)):
            if not (isfinite(low) and isfinite(high) and low <= high):
                raise AnalysisError(f"{self.endpoint}: expected {what} as a finite span, got {low} to {high}")
        if not self.log_ratio[0] < self.log_ratio[1] or not self.standard_error[0] > 0:
            raise AnalysisError(
                f"{self.endpoint}: expected a rounded log ratio and a positive standard error, got {self}"
            )

    @property
    def centre(self) -> float:
        """Log hazard ratio in the middle of what rounds to the print."""
        return (self.log_ratio[0] + self.log_ratio[1]) / 2

    def swapped(self) -> Self:
        """The same print with control and experimental arm exchanged."""
        return replace(
            self,
            arms=self.arms[::-1],
            arm_labels=self.arm_labels[::-1],
            log_ratio=turned(self.log_ratio),
            events=self.events[::-1],
            plan=self.plan.swapped(),
        )


def printed_effect(item: TrialEndpoint[SurvivalEndpoint]) -> PrintedEffect:
    """The hazard ratio of a time-to-event endpoint as an effect: experimental over control, with its standard error.

    Of several printed ratios, the first with limits is taken, or the first. The standard error is implied by the
    limits, or where there are none by the p value, or where there is none by the events alone.

    Parameters
    ----------
    item
        The endpoint.

    Raises
    ------
    UndeterminedError
        If no hazard ratio of both arms is printed, or nothing that says how sure it is.
    """
    endpoint, (control, experimental) = item.published, item.trial.arms
    if not isinstance(endpoint, SurvivalEndpoint):
        raise AnalysisError(f"endpoint {endpoint.key} is of kind {endpoint.kind}; expected a survival endpoint")
    arms = control.key, experimental.key
    ratios = tuple(_ratios(endpoint, arms))
    chosen = next((ratio for ratio in ratios if _has_limits(ratio)), next(iter(ratios), None))
    tested = chosen if chosen is None or chosen.p else next(_p_values(endpoint, arms), chosen)
    span = None if chosen is None else _log_ratio(chosen, arms)
    if chosen is None or tested is None or span is None:
        said = "is printed" if chosen is None else "is printed as more than a bound"
        raise UndeterminedError(f"{endpoint.key}: no hazard ratio of {arms[1]} and {arms[0]} {said}")
    known_events = endpoint.known_events
    events = known_events.get(arms[0]), known_events.get(arms[1])
    error, basis, notes = _standard_error(endpoint, chosen, tested, span, arms, events)
    if len(ratios) > 1:
        notes += (f"of {len(ratios)} printed hazard ratios that of {chosen.source} is taken",)
    return PrintedEffect(
        endpoint=endpoint.key,
        label=endpoint.label,
        arms=arms,
        arm_labels=(control.short, experimental.short),
        log_ratio=span,
        standard_error=error,
        basis=basis,
        events=events,
        better=endpoint.better,
        conditioned=_conditioned(chosen),
        plan=endpoint.plan,
        printed=_words(chosen, tested),
        source=chosen.source,
        notes=notes,
    )


def _concerned(endpoint: SurvivalEndpoint, arms: Arms) -> Iterator[Published]:
    for published in endpoint.estimates:
        between = {published.numerator, published.denominator} == set(arms)
        if published.quantity == "hazard_ratio" and between and endpoint.concerns(published):
            yield published


def _ratios(endpoint: SurvivalEndpoint, arms: Arms) -> Iterator[Published]:
    """Yield hazard ratios that have a value, or limits to take one from."""
    return (item for item in _concerned(endpoint, arms) if item.value is not None or _has_limits(item))


def _p_values(endpoint: SurvivalEndpoint, arms: Arms) -> Iterator[Published]:
    """Yield p values that stand by themselves."""
    return (item for item in _concerned(endpoint, arms) if item.value is None and item.p is not None)


def _has_limits(published: Published) -> bool:
    return published.low is not None and published.spread == "confidence interval"


def _limits(published: Published, arms: Arms) -> tuple[Span, Span] | None:
    """Log limits, experimental over control."""
    if not _has_limits(published) or published.low is None or published.high is None:
        return None
    low, high = logs(published.low), logs(published.high)
    return (low, high) if published.numerator == arms[1] else (turned(high), turned(low))


def _log_ratio(published: Published, arms: Arms) -> Span | None:
    """Log ratio, experimental over control: the value's, or where it is none or a bound the middle of the limits."""
    value = published.value
    if value is not None and value.relation == "=" and known(logs(value)):
        return logs(value) if published.numerator == arms[1] else turned(logs(value))
    limits = _limits(published, arms)
    found = None if limits is None else middle(*limits)
    return found if found is not None and known(found) else None


def _standard_error(
    endpoint: SurvivalEndpoint,
    chosen: Published,
    tested: Published,
    span: Span,
    arms: Arms,
    events: tuple[int | None, int | None],
) -> tuple[Span, Basis, tuple[str, ...]]:
    limits = _limits(chosen, arms)
    error = None if limits is None else error_of_limits(span, *limits, float(chosen.level))
    if limits is not None and error is not None:
        if not (known(limits[0]) and known(limits[1])):
            return error, "limits", ("one limit is 0 or not reached: the other alone gives the standard error",)
        if meet(middle(*limits), span):
            return error, "limits", ()
        between = exp(sum(middle(*limits)) / 2)
        return (
            error,
            "limits",
            (f"the limits are not symmetric about the ratio on the log scale, as a normal estimate's: {between:.3g}",),
        )
    sides = endpoint.sides(tested)
    error = None if tested.p is None else error_of_p(span, tested.p, sides or 2)
    if error is not None:
        said = "" if sides else ", taken as two-sided, which is not printed"
        return error, "p value", (f"no limits are printed: p {tested.p} is read as that of Wald's test{said}",)
    least = error_of_events(events)
    if least is None:
        raise UndeterminedError(
            f"{endpoint.key}: nothing printed says how sure the hazard ratio is: expected its limits, a p value that "
            "is more than a bound, or the events of both arms"
        )
    said = "neither limits nor a p value that say it are printed: the standard error is the least that the events allow"
    return (least, least), "events", (said,)


def _conditioned(chosen: Published) -> Conditioned:
    said = chosen.came_about
    if {"adjusted", "stratified"} <= said:
        return "adjusted and stratified"
    if "adjusted" in said or "stratified" in said:
        return "adjusted" if "adjusted" in said else "stratified"
    return "neither" if "crude" in said else "not said"


def _words(chosen: Published, tested: Published) -> str:
    """The numbers as printed, in the direction printed."""
    parts = [f"hazard ratio {chosen.numerator} / {chosen.denominator}"]
    if chosen.value is not None:
        parts.append(str(chosen.value))
    if _has_limits(chosen):
        parts.append(f"({100 * float(chosen.level):g}% interval {chosen.low} to {chosen.high})")
    words = " ".join(parts)
    if tested.p is None:
        return words
    return f"{words}, p {'' if tested.p.relation != '=' else '= '}{tested.p}"
