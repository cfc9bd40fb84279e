"""What the figures of depth of response say in words: assessor, models, prior, where the counts come from."""

from __future__ import annotations

from collections.abc import Sequence

from reappraise.core.errors import AnalysisError
from reappraise.core.silence import listed
from reappraise.depth.fit import DepthFit
from reappraise.depth.table import OrdinalTable
from reappraise.drawing.words import NOT_CONVERGED


def depth_title(table: OrdinalTable, fits: Sequence[DepthFit], words: str) -> str:
    """Title of a figure, which says so if a fit did not converge."""
    bad = sum(not fit.converged for fit in fits)
    told = "" if not bad else f", {NOT_CONVERGED}" + (f": {bad} of {len(fits)} fits" if len(fits) > 1 else "")
    return f"{table.label}: {words}{told}"


def depth_subtitle(table: OrdinalTable, fits: Sequence[DepthFit]) -> str:
    """Assessor, models and prior."""
    said = [table.assessor] if table.assessor else []
    said += ["; ".join(dict.fromkeys(fit.job.model.label for fit in fits))]
    said.append(f"{fits[0].job.prior.label} prior")
    return ". ".join(said)


def depth_note(table: OrdinalTable, fits: Sequence[DepthFit]) -> str:
    """How the numbers were obtained: interval, prior, counts, verdicts."""
    job = fits[0].job
    population = f" of population {table.population}" if table.population else ""
    source = f", {table.source}" if table.source else ""
    derived = [
        f"{label}, {arm}: {origin}"
        for label, origins, subtracted in zip(table.category_labels, table.origins, table.subtracted, strict=False)
        for arm, origin, found in zip(table.arm_labels, origins, subtracted, strict=True)
        if found
    ]
    said = [
        f"Posterior: median and equal-tailed {100 * job.sampling.level:g}% interval.",
        f"Prior on the log odds ratio: {job.prior.text}.",
        f"\nCounts: patients{population}{source}.",
    ]
    said += [f"Found by subtraction: {'; '.join(derived)}."] if derived else []
    words = dict(zip(table.cuts, table.cut_labels, strict=True))
    silent = listed((words.get(cut, ""), table.evidence(cut).silence) for cut in ("", *table.cuts))
    said += [f"\n{silent}"] if silent else []
    said += [f"\n{NOT_CONVERGED} ({fit.job.name}): {fit.diagnosis.failures}." for fit in fits if not fit.converged]
    return " ".join(said).replace(" \n", "\n")


def of_one_prior(fits: Sequence[DepthFit]) -> OrdinalTable:
    """The table that fits with one prior are of.

    Raises
    ------
    AnalysisError
        If there is no fit, or they are of different counts, or of several priors.
    """
    if len({(fit.job.table, fit.job.prior) for fit in fits}) != 1:
        names = ", ".join(fit.job.name for fit in fits) or "none"
        raise AnalysisError(f"expected fits of one ordinal endpoint with one prior, got {names}")
    return fits[0].job.table
