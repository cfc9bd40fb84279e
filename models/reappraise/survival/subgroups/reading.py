"""Reads the subgroups of a survival endpoint by one factor, and what a level weighs of which no ratio is printed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Final

from reappraise.core.arms import Arms
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.printed import Printed
from reappraise.published.record import Count, Published
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.published import PrintedEffect, printed_effect
from reappraise.survival.effect.spans import Span, error_of_events, error_of_limits, known, logs, meet, middle, turned
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.published import SurvivalFactor, SurvivalLevel
from reappraise.survival.subgroups.table import Basis, Events, SubgroupLevel, SubgroupTable

LEAST_LEFT: Final = 0.02
"""Share of the whole's information below which what the printed levels leave of it is rounding."""


def subgroups_of(item: TrialEndpoint[SurvivalEndpoint], factor: str) -> SubgroupTable:
    """The subgroups of a time-to-event endpoint by one factor, experimental over control.

    A level of which no ratio is printed is held by the events that it has, or that the other levels leave, else by the
    information that they leave of that of all patients, 1 / s^2; where neither is printed it is left out and named.
    Its medians, where printed, stand for the ratio, as sure as they are. Beside a printed ratio medians say nothing
    more about it, for it was estimated from all times of the same patients.

    Parameters
    ----------
    item
        The endpoint.
    factor
        Key of the factor.

    Raises
    ------
    AnalysisError
        If the endpoint has no such factor, or its levels hold more than their arm.
    UndeterminedError
        If fewer than two levels are known of, or no hazard ratio.
    """
    endpoint = item.published
    try:
        found = endpoint.factor(factor)
    except KeyError:
        listed = ", ".join(one.key for one in endpoint.factors) or "none"
        raise AnalysisError(f"endpoint {endpoint.key} has no factor {factor!r}; it has {listed}") from None
    control, experimental = item.trial.arms
    arms = control.key, experimental.key
    sizes = item.trial.population(endpoint.population).sizes
    for arm in arms:
        reason = found.excess(arm, endpoint.counts, sizes)
        if reason:
            raise AnalysisError(f"{endpoint.key}, {factor}, {arm}: {reason}: as printed it cannot be analysed")
    whole = _whole(item)
    levels, notes = _levels(item, found, arms, whole)
    if len(levels) < 2 or not any(level.log_ratio for level in levels):
        raise UndeterminedError(
            f"{endpoint.key}, {factor}: fewer than two levels with a hazard ratio and its limits, or with events, are "
            "printed"
        )
    return SubgroupTable(
        endpoint=endpoint.key,
        label=endpoint.label,
        factor=found.key,
        factor_label=found.label,
        arms=arms,
        arm_labels=(control.short, experimental.short),
        levels=levels,
        whole=None if whole is None else whole.log_ratio,
        whole_error=None if whole is None else whole.standard_error,
        better=endpoint.better,
        timing=found.timing,
        plan=endpoint.plan,
        whole_printed="" if whole is None else whole.printed,
        source=found.source,
        notes=notes,
    )


def _whole(item: TrialEndpoint[SurvivalEndpoint]) -> PrintedEffect | None:
    try:
        return printed_effect(item)
    except AnalysisError:
        return None


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    label: str
    events: Events
    totals: Events
    ratio: tuple[Span, Span, str] | None = None
    basis: Basis = "limits"

    @property
    def of_events(self) -> float | None:
        return error_of_events(self.events)

    @property
    def information(self) -> float:
        if self.ratio is not None:
            return (2 / sum(self.ratio[1])) ** 2
        return 1 / self.of_events**2 if self.of_events else 0.0


def _levels(
    item: TrialEndpoint[SurvivalEndpoint], factor: SurvivalFactor, arms: Arms, whole: PrintedEffect | None
) -> tuple[tuple[SubgroupLevel, ...], tuple[str, ...]]:
    """Levels with a ratio, and those that weigh by their events or by what the others leave; and what must be said."""
    notes: list[str] = []
    endpoint = item.published
    rows = [_row(item, level, arms, notes) for level in factor.levels]
    rest = _rest(endpoint, factor, arms)
    rows += [rest] if rest else []
    silent = [row for row in rows if row.information == 0]
    all_of_it = 0.0 if whole is None else (2 / sum(whole.standard_error)) ** 2
    left = (all_of_it - sum(row.information for row in rows)) / max(len(silent), 1)
    found = []
    for row in rows:
        basis: Basis = row.basis if row.ratio else "events" if row.of_events else "what the others leave"
        if row.ratio is not None:
            span, error, words = row.ratio
        elif row.of_events is None and left <= LEAST_LEFT * all_of_it:
            notes.append(f"nothing printed says how much {row.label} weighs: left out")
            continue
        else:
            number = row.of_events or 1 / sqrt(left)
            span, error, words = None, (number, number), ""
            where = "its events" if row.of_events else "the information that the other levels leave"
            notes.append(f"no ratio of {row.label} is printed: it weighs by {where}")
        found.append(
            SubgroupLevel(
                key=row.key,
                label=row.label,
                log_ratio=span,
                standard_error=error,
                basis=basis,
                events=row.events,
                totals=row.totals,
                printed=words,
            )
        )
    return tuple(found), tuple(notes)


def _row(item: TrialEndpoint[SurvivalEndpoint], level: SurvivalLevel, arms: Arms, notes: list[str]) -> _Row:
    """A level with its ratio, or the one that its medians lead to, or none."""
    ratio = _ratio(item.published, level, arms, notes)
    row = _Row(level.key, level.label, *_counts(level.counts, arms), ratio)
    if not any(one.quantity == "median" for one in level.estimates):
        return row
    if ratio is not None:
        notes.append(f"medians of {level.label} stand as printed: beside its ratio they say nothing more about it")
        return row
    from reappraise.survival.subgroups.medians import ratio_of_medians

    try:
        found = ratio_of_medians(item, level)
    except AnalysisError as error:
        notes.append(f"the medians of {level.label} are not used: {error}")
        return row
    if found is None or row.of_events is None:
        notes.append(
            f"the medians of {level.label} are not used: for that, medians, patients and events of both arms are needed"
        )
        return row
    notes.append(
        f"no ratio of {level.label} is printed: its medians stand for one, with a standard error of "
        f"{found.error:.2g} on the log scale"
    )
    half = sqrt(3) * found.noise(row.of_events)  # a uniform number as wide has this variance
    span = found.log_ratio - half, found.log_ratio + half
    return replace(row, ratio=(span, (row.of_events, row.of_events), found.printed), basis="medians")


def _ratio(
    endpoint: SurvivalEndpoint, level: SurvivalLevel, arms: Arms, notes: list[str]
) -> tuple[Span, Span, str] | None:
    """Spans of log ratio and standard error, experimental over control, and the words printed."""
    ratios = [
        one
        for one in level.estimates
        if one.quantity == "hazard_ratio" and {one.numerator, one.denominator} == set(arms) and endpoint.concerns(one)
    ]
    for one in ratios:
        low, high = one.low, one.high
        if low is None or high is None or one.spread != "confidence interval":
            continue
        limits = (logs(low), logs(high))
        value = logs(one.value) if one.value is not None and one.value.relation == "=" else middle(*limits)
        if not known(value):
            continue
        error = error_of_limits(value, *limits, float(one.level))
        if error is None:
            continue
        if known(limits[0]) and known(limits[1]) and not meet(middle(*limits), value):
            notes.append(f"the limits of {level.label} are not symmetric about the ratio on the log scale")
        span = value if one.numerator == arms[1] else turned(value)
        return span, error, _words(one, low, high)
    if ratios:
        notes.append(f"the ratio of {level.label} has no limits that say how sure it is")
    return None


def _words(one: Published, low: Printed, high: Printed) -> str:
    return f"{one.numerator} / {one.denominator} {one.value} ({100 * float(one.level):g}% interval {low} to {high})"


def _counts(counts: tuple[Count, ...], arms: Arms) -> tuple[Events, Events]:
    events = {count.arm: count.known_events for count in counts}
    totals = {count.arm: count.total for count in counts}
    return (events.get(arms[0]), events.get(arms[1])), (totals.get(arms[0]), totals.get(arms[1]))


def _rest(endpoint: SurvivalEndpoint, factor: SurvivalFactor, arms: Arms) -> _Row | None:
    """Patients in none of the levels: those that a remainder names, or that the counts leave over; None for nobody."""
    whole = _counts(endpoint.counts, arms)
    parts = [_counts(level.counts, arms) for level in factor.levels]
    events, totals = (
        (_left(whole[what][0], [part[what][0] for part in parts]), _left(whole[what][1], [p[what][1] for p in parts]))
        for what in (0, 1)
    )
    if totals == (0, 0) or (factor.remainder is None and not any(totals)):
        return None
    taken = factor.remainder_key in {level.key for level in factor.levels}
    key = f"{factor.remainder_key}-of-{factor.key}" if taken else factor.remainder_key
    return _Row(key, factor.remainder or "Patients in no printed level", events, totals)


def _left(whole: int | None, parts: list[int | None]) -> int | None:
    found = [part for part in parts if part is not None]
    return whole - sum(found) if whole is not None and len(found) == len(parts) else None
