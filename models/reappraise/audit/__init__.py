"""What a publication prints, against itself and against recomputation. Bad science is a finding, never an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from reappraise.audit import (
    adverse_event_bounds,
    benchmarks,
    beyond_counts,
    claims,
    contrasts_from_counts,
    depth_parts,
    difference_symmetry,
    event_rates,
    events_behind_ratio,
    events_beside_effect,
    factor_parts,
    good_or_bad,
    impossible,
    interactions,
    landmarks,
    log_symmetry,
    mean_differences,
    mean_spreads,
    median_direction,
    p_from_counts,
    p_from_interval,
    percentages,
    populations,
    ranges,
    rate_intervals,
    ratio_directions,
    repeated_labels,
    repeated_numbers,
    reversals,
    spread_bounds,
    steps,
    subgroup_averages,
    subgroup_events,
    table_parts,
)
from reappraise.audit.finding import FINDING_COLUMNS, About, Finding, Verdict
from reappraise.published.trial import Trial

__all__ = ["CHECKS", "FINDING_COLUMNS", "About", "Check", "Finding", "Verdict", "audit"]

type Check = Callable[[Trial], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    impossible.check,
    percentages.check,
    populations.check,
    factor_parts.check,
    reversals.check,
    subgroup_events.check,
    depth_parts.check,
    table_parts.check,
    adverse_event_bounds.check,
    repeated_labels.check,
    repeated_numbers.check,
    rate_intervals.check,
    contrasts_from_counts.check,
    mean_spreads.check,
    steps.check,
    spread_bounds.check,
    mean_differences.check,
    event_rates.check,
    p_from_counts.check,
    benchmarks.check,
    p_from_interval.check,
    log_symmetry.check,
    difference_symmetry.check,
    events_behind_ratio.check,
    events_beside_effect.check,
    subgroup_averages.check,
    interactions.check,
    landmarks.check,
    median_direction.check,
    ranges.check,
    ratio_directions.check,
    good_or_bad.check,
    claims.check,
    beyond_counts.check,
)
"""Every check, in the order of a report: one line here for each new one."""
OF_THE_WHOLE: tuple[Check, ...] = (impossible.check, percentages.check)
"""Checks of single numbers: of a trial of several arms they are made once, those of all arms together among them."""


def audit(trial: Trial, *, checks: tuple[Check, ...] = CHECKS) -> tuple[Finding, ...]:
    """Findings of every check on a trial.

    Parameters
    ----------
    trial
        The trial.
    checks
        The checks to make; a caller may add its own to `CHECKS`.

    Examples
    --------
    >>> from reappraise.trial import load_trial
    >>> findings = audit(load_trial("isatuximab-dexamethasone"))
    >>> {finding.verdict for finding in findings} <= {"consistent", "inconsistent", "not reproduced", "cannot judge"}
    True
    """
    found = chain(
        (
            finding
            for check in checks
            for part in ((trial,) if check in OF_THE_WHOLE else trial.parts)
            for finding in check(part)
        ),
        claims.unscoped(trial) if trial.pairs and claims.check in checks else (),
    )
    return tuple(dict.fromkeys(found))  # what contrasts of several arms share is found in each of them
