"""What the figures of adverse events say in words: grade, direction of harm, where the counts come from, models."""

from __future__ import annotations

from collections.abc import Sequence

from reappraise.core.errors import AnalysisError
from reappraise.core.silence import listed
from reappraise.drawing.words import NOT_CONVERGED
from reappraise.safety.exposure import sentence
from reappraise.safety.fit import SafetyFit
from reappraise.safety.table import EventKind, EventTable

ROWS: dict[EventKind, str] = {
    "terms": "by term",
    "systems": "by body system",
    "laboratory": "in laboratory values",
}


def harm(table: EventTable) -> tuple[str, str]:
    """What lies left and right of no difference, experimental over (or minus) control: which side is harm."""
    experimental = table.arm_labels[1]
    return f"\u2190 less frequent with {experimental}", f"more frequent with {experimental} \u2192"


def event_title(fits: Sequence[SafetyFit], words: str) -> str:
    """Title of a figure, which says so if a fit did not converge."""
    bad = sum(not fit.converged for fit in fits)
    told = "" if not bad else f", {NOT_CONVERGED}" + (f": {bad} of {len(fits)} fits" if len(fits) > 1 else "")
    return f"{words}{told}"


def event_subtitle(fits: Sequence[SafetyFit], *, contrast: str = "over") -> str:
    """Contrast, models and prior."""
    table, prior = fits[0].job.table, fits[0].job.prior
    models = "; ".join(dict.fromkeys(fit.job.model.label for fit in fits))
    return f"{table.arm_labels[1]} {contrast} {table.arm_labels[0]}. {models}. Prior: {prior.label}"


def event_note(fits: Sequence[SafetyFit], *, intervals: bool = True) -> str:
    """How the numbers were obtained: interval, counts, reporting threshold, verdicts."""
    table, job = fits[0].job.table, fits[0].job
    source = f", {table.source}" if table.source else ""
    drawn = f"Posterior: median and equal-tailed {100 * job.sampling.level:g}% interval. " if intervals else ""
    said = [
        f"{drawn}Prior: {job.prior.text}.",
        f"Counts: patients of population {table.population} with the event{source}. {threshold(table)}",
    ]
    said += [sentence(table.exposure)] if table.exposure else []
    silent = listed((term, table.evidence(term).silence) for term in table.terms)
    said += [silent] if silent else []
    said += [f"{NOT_CONVERGED} ({fit.job.name}): {fit.diagnosis.failures}." for fit in fits if not fit.converged]
    return "\n".join(said)


def threshold(table: EventTable) -> str:
    """The reporting threshold of the table in a sentence."""
    percent = table.reporting_threshold_percent
    if percent is None:
        return "No reporting threshold is stated."
    if table.kind == "terms":
        graded = "" if table.grade == "any" else " of any grade"
        return f"Reporting threshold: as stated, terms{graded} that at least {percent}% of all patients had."
    return f"Reporting threshold: as stated, terms that at least {percent}% of all patients had; these are not terms."


def of_one(fits: Sequence[SafetyFit]) -> None:
    """Refuse fits of different tables in what should be about one.

    Raises
    ------
    AnalysisError
        If there is no fit, or they are of different counts.
    """
    if len({fit.job.table for fit in fits}) != 1:
        names = ", ".join(fit.job.name for fit in fits) or "none"
        raise AnalysisError(f"expected fits of one table of adverse events, got {names}")
    if len({fit.job.model.name for fit in fits}) != len(fits):
        raise AnalysisError(f"expected one fit of each model, got {', '.join(fit.job.name for fit in fits)}")
