"""Which figures a binary endpoint has, drawn one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matplotlib.figure import Figure

from reappraise.core.arms import WHOLE
from reappraise.core.comparison import Comparison
from reappraise.published.trial import TrialEndpoint
from reappraise.response.figures.densities import densities_plot
from reappraise.response.figures.forest import forest_plot
from reappraise.response.figures.predictive import predictive_by_prior, predictive_plot
from reappraise.response.figures.ranks import ranks_plot
from reappraise.response.figures.shrinkage import shrinkage_plot
from reappraise.response.figures.subgroups import subgroup_forest
from reappraise.response.fit import ResponseFit
from reappraise.response.published import ResponseEndpoint

type Drawn = Iterator[tuple[str, Figure]]

EFFECT_MODEL, RATE_MODEL = "logit-normal", "beta-binomial"
"""Names of the models whose shrinkage is drawn: of contrasts, and of rates."""


def draw_response(
    endpoint: TrialEndpoint[ResponseEndpoint], comparison: Comparison, fits: Sequence[ResponseFit]
) -> Drawn:
    """Yield every figure of a binary endpoint with the name of its file.

    Forest and densities of the whole; raw and shrunken numbers by factor, odds ratios where it was known at
    randomisation; predicted and observed counts; the chains, of the primary endpoint or else the
    first.

    Parameters
    ----------
    endpoint
        The endpoint.
    comparison
        Published, recomputed and posterior estimates of it.
    fits
        Its fits; there may be fewer than an analysis makes.
    """
    key, whole = endpoint.published.key, _of(fits, WHOLE)
    if _holds(endpoint, comparison, WHOLE, "rate", "odds_ratio", published=True):
        yield f"{key}.forest", forest_plot(comparison, endpoint=endpoint)
    if any("odds_ratio" in fit.tree["posterior"] for fit in whole):
        yield f"{key}.densities", densities_plot(fits, endpoint=endpoint)
    for factor in endpoint.factors:
        if endpoint.partition(factor).causal and _holds(endpoint, comparison, factor, "odds_ratio"):
            figure = subgroup_forest(comparison, endpoint=endpoint, factor=factor, model=EFFECT_MODEL)
            yield f"{key}.{factor}.subgroups", figure
        if _holds(endpoint, comparison, factor, "rate"):
            figure = shrinkage_plot(comparison, endpoint=endpoint, factor=factor, model=RATE_MODEL)
            yield f"{key}.{factor}.shrinkage", figure
    if whole:
        yield f"{key}.predictive", predictive_by_prior(fits, endpoint=endpoint)
    for factor in endpoint.factors:
        found = _of(fits, factor, RATE_MODEL) or _of(fits, factor)
        if found:
            yield f"{key}.{factor}.predictive", predictive_plot(found[0], endpoint=endpoint)
    responses = [item.published for item in endpoint.trial.of(ResponseEndpoint)]
    foremost = [item for item in responses if item.primary] or responses[:1]
    if endpoint.published in foremost:
        yield from _draw_ranks(endpoint, whole)


def _draw_ranks(endpoint: TrialEndpoint[ResponseEndpoint], whole: Sequence[ResponseFit]) -> Drawn:
    """Yield draws by chain, one fit for each model: one that failed if there is any."""
    chosen: dict[str, ResponseFit] = {}
    for fit in whole:
        held = chosen.setdefault(fit.job.model.name, fit)
        if held.converged and not fit.converged:
            chosen[fit.job.model.name] = fit
    for model, fit in chosen.items():
        yield f"{endpoint.published.key}.ranks.{model}", ranks_plot(fit, endpoint=endpoint)


def _of(fits: Sequence[ResponseFit], factor: str, model: str | None = None) -> list[ResponseFit]:
    """Fits of a factor, by one model or by any."""
    return [fit for fit in fits if fit.job.table.factor == factor and model in {None, fit.job.model.name}]


def _holds(
    endpoint: TrialEndpoint[ResponseEndpoint],
    comparison: Comparison,
    factor: str,
    *quantities: str,
    published: bool = False,
) -> bool:
    """Whether the comparison holds such a number for any level of the factor, published ones counted or not."""
    partition = endpoint.partition(factor)
    populations = {partition.population(level) for level in partition.levels}
    return any(
        item.population in populations
        and item.quantity in quantities
        and item.value is not None
        and (published or item.kind != "published")
        for item in comparison.select(endpoint=endpoint.published.key).estimates
    )
