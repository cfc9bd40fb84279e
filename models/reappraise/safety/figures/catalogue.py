"""Which figures of adverse events a run draws, and from which of its fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matplotlib.figure import Figure

from reappraise.core.grades import grade_slug
from reappraise.safety.figures.probability import draw_event_probability
from reappraise.safety.figures.shrinkage import draw_event_shrinkage
from reappraise.safety.figures.systems import draw_risk_differences
from reappraise.safety.fit import ERROR_RATE, SafetyFit
from reappraise.safety.published import AdverseEventsEndpoint

type Drawn = Iterator[tuple[str, Figure]]


def draw_safety(fits: Sequence[SafetyFit], *, endpoint: AdverseEventsEndpoint, error_rate: float = ERROR_RATE) -> Drawn:
    """Yield every figure of one endpoint of adverse events.

    Parameters
    ----------
    fits
        Of each table, each model; there may be fewer.
    endpoint
        What was published.
    error_rate
        Mean posterior probability of error that flagged terms keep.
    """
    key, label = endpoint.key, endpoint.label
    terms = [fit for fit in fits if fit.job.table.kind == "terms"]
    for grade in dict.fromkeys(fit.job.table.grade for fit in terms):
        words = grade_slug(grade)
        mine = [fit for fit in terms if fit.job.table.grade == grade]
        for fit in mine:
            yield (
                f"{key}.probability.{words}.{fit.job.model.name}",
                draw_event_probability(fit, endpoint=label, error_rate=error_rate),
            )
        yield f"{key}.shrinkage.{words}", draw_event_shrinkage(mine, endpoint=label)
    for kind in ("systems", "laboratory"):
        found = [fit for fit in fits if fit.job.table.kind == kind]
        if found:
            yield f"{key}.{kind}", draw_risk_differences(found, endpoint=label)
