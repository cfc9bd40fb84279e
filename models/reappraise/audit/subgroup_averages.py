r"""Hazard ratios of subgroups against that of all patients, whom they make up.

The levels' log ratios, weighted by information V = 1 / s^2, have the average that an analysis of all patients,
stratified by the factor, would print, and their information adds up to its. Tolerances, from simulated trials
(`reappraise.survival.subgroups.classical.discrepancy`):

* the distance from the average, 4 standard deviations of what an analysis not stratified by the factor has of its own;
  beyond 3, "cannot judge": a factor that separates hazards five-fold makes as much.
* the information of the levels, 72 to 100% of that of the whole; up to 125% where the whole was adjusted. Less is not
  judged, because patients without the factor are missing from the levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.published.trial import Trial
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.classical import FAR, Addition, addition
from reappraise.survival.subgroups.reading import subgroups_of
from reappraise.survival.subgroups.table import SubgroupTable

NAME = "subgroups and the whole"
NEAR = 3.0
"""Distance, in standard deviations, that is usual."""
MOST, LEAST = 1.25, 0.72
"""Information of the levels over that of the whole: largest that is possible, least that is usual."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every factor of every time-to-event endpoint."""
    for item in trial.of(SurvivalEndpoint):
        for factor in item.published.factors:
            verdict: Verdict = "cannot judge"
            printed = recomputed = ""
            try:
                table = subgroups_of(item, factor.key)
            except UndeterminedError:
                message = "Fewer than two levels are printed with a hazard ratio and its limits, or with events."
            except AnalysisError as error:
                message = f"The levels cannot be held against the whole: {error}."
            else:
                found = addition(table)
                printed = _printed(table)
                if found is None:
                    message = "The hazard ratio of a level, or that of all patients, is not printed with its limits."
                else:
                    recomputed = (
                        f"average of the levels {words.number(exp(found.average))}, {words.number(abs(found.score))} "
                        f"standard deviations from the whole; their information {found.information:.0%} of its"
                    )
                    verdict, message = _judge(found)
            yield About(
                endpoint=item.published.key,
                subject=f"{item.published.label}: {factor.label}",
                printed=printed,
                source=factor.source,
            ).finding(NAME, verdict, message, recomputed)


def _printed(table: SubgroupTable) -> str:
    levels = [f"{level.label} {level.printed}" for level in table.levels if level.printed]
    return "; ".join([*levels, f"all patients {table.whole_printed or 'not printed'}"])


def _judge(found: Addition) -> tuple[Verdict, str]:
    if not found.holds:
        side = "above" if found.whole > found.average else "below"
        return (
            "inconsistent",
            f"The subgroups do not add up: that of all patients lies over {FAR:g} standard deviations {side} them.",
        )
    if found.information > MOST:
        return "inconsistent", "The levels know more than all patients together: they cannot be disjoint parts of them."
    if abs(found.score) > NEAR:
        return (
            "cannot judge",
            "The ratio of all patients lies far from its levels; whether they differ much in prognosis is not printed.",
        )
    if found.information < LEAST:
        return "cannot judge", "The levels know much less than all patients together: some may be in none of them."
    return "consistent", "The levels average to the ratio of all patients, and know as much together."
