"""Every figure of a whole run: one table, drawn one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from reappraise.compare import Comparison
from reappraise.endpoints import ResponseEndpoint
from reappraise.endpoints.partition import WHOLE
from reappraise.figures.densities import densities_plot
from reappraise.figures.diagnostics import diagnostics_plot
from reappraise.figures.forest import forest_plot
from reappraise.figures.predictive import predictive_by_prior, predictive_plot
from reappraise.figures.ranks import ranks_plot
from reappraise.figures.shrinkage import shrinkage_plot
from reappraise.figures.subgroups import subgroup_forest
from reappraise.figures.words import binary
from reappraise.trial import Trial, TrialEndpoint

if TYPE_CHECKING:
    from reappraise.response.fit import ResponseFit

type Drawn = Iterator[tuple[str, Figure]]

EFFECT_MODEL, RATE_MODEL = "logit-normal", "beta-binomial"
"""Names of the models whose shrinkage is drawn: of contrasts, and of rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run has found.

    Parameters
    ----------
    trial
        The trial.
    comparison
        Published, recomputed and posterior estimates.
    fits
        Every fit.
    """

    trial: Trial
    comparison: Comparison
    fits: Sequence[ResponseFit]

    def of(
        self, endpoint: TrialEndpoint[ResponseEndpoint], factor: str = WHOLE, model: str | None = None
    ) -> list[ResponseFit]:
        """The fits of an endpoint and factor, by one model or by any."""
        return [
            fit
            for fit in self.fits
            if (fit.job.table.endpoint, fit.job.table.factor) == (endpoint.published.key, factor)
            and model in {None, fit.job.model.name}
        ]

    def holds(
        self, endpoint: TrialEndpoint[ResponseEndpoint], factor: str, *quantities: str, published: bool = False
    ) -> bool:
        """Whether the comparison holds such a number for any level of the factor, published ones counted or not."""
        partition = endpoint.partition(factor)
        populations = {partition.population(level) for level in partition.levels}
        return any(
            item.population in populations
            and item.quantity in quantities
            and item.value is not None
            and (published or item.kind != "published")
            for item in self.comparison.select(endpoint=endpoint.published.key).estimates
        )


def draw_forests(run: Run) -> Drawn:
    """Yield a forest plot for every endpoint."""
    for endpoint in run.trial.responses:
        if run.holds(endpoint, WHOLE, "rate", "odds_ratio", published=True):
            yield f"{endpoint.published.key}.forest", forest_plot(run.comparison, endpoint=endpoint)


def draw_densities(run: Run) -> Drawn:
    """Yield the densities of the odds ratio for every endpoint with fits of both arms."""
    for endpoint in run.trial.responses:
        if any("odds_ratio" in fit.tree["posterior"] for fit in run.of(endpoint)):
            yield f"{endpoint.published.key}.densities", densities_plot(run.fits, endpoint=endpoint)


def draw_predictive(run: Run) -> Drawn:
    """Yield predicted and observed counts for every endpoint by prior, and for every factor by level."""
    for endpoint in run.trial.responses:
        key = endpoint.published.key
        if run.of(endpoint):
            yield f"{key}.predictive", predictive_by_prior(run.fits, endpoint=endpoint)
        for factor in endpoint.factors:
            found = run.of(endpoint, factor, RATE_MODEL) or run.of(endpoint, factor)
            if found:
                yield f"{key}.{factor}.predictive", predictive_plot(found[0], endpoint=endpoint)


def draw_shrinkage(run: Run) -> Drawn:
    """Yield raw and shrunken rates for every factor."""
    for endpoint in run.trial.responses:
        for factor in endpoint.factors:
            if run.holds(endpoint, factor, "rate"):
                figure = shrinkage_plot(run.comparison, endpoint=endpoint, factor=factor, model=RATE_MODEL)
                yield f"{endpoint.published.key}.{factor}.shrinkage", figure


def draw_subgroups(run: Run) -> Drawn:
    """Yield raw and shrunken odds ratios for every factor known at randomisation."""
    for endpoint in run.trial.responses:
        for factor in endpoint.factors:
            if endpoint.partition(factor).causal and run.holds(endpoint, factor, "odds_ratio"):
                figure = subgroup_forest(run.comparison, endpoint=endpoint, factor=factor, model=EFFECT_MODEL)
                yield f"{endpoint.published.key}.{factor}.subgroups", figure


def draw_overview(run: Run) -> Drawn:
    """Yield the diagnostics of all fits."""
    if run.fits:
        yield "diagnostics", diagnostics_plot(run.fits)


def draw_ranks(run: Run) -> Drawn:
    """Yield draws by chain for the primary endpoint, one fit for each model: one that failed if there is any."""
    responses = run.trial.responses
    for endpoint in [item for item in responses if binary(item).primary] or responses[:1]:
        chosen: dict[str, ResponseFit] = {}
        for fit in run.of(endpoint):
            held = chosen.setdefault(fit.job.model.name, fit)
            if held.converged and not fit.converged:
                chosen[fit.job.model.name] = fit
        for model, fit in chosen.items():
            yield f"{endpoint.published.key}.ranks.{model}", ranks_plot(fit, endpoint=endpoint)


FIGURES: tuple[Callable[[Run], Drawn], ...] = (
    draw_forests,
    draw_densities,
    draw_subgroups,
    draw_shrinkage,
    draw_predictive,
    draw_overview,
    draw_ranks,
)
"""Families of figures, in the order in which they are drawn."""


def draw_all(trial: Trial, comparison: Comparison, fits: Sequence[ResponseFit]) -> Drawn:
    """Yield every figure of a run with its file stem, each drawn only when it is asked for.

    Parameters
    ----------
    trial, comparison, fits
        What was analysed, the numbers, and the fits they come from.
    """
    run = Run(trial=trial, comparison=comparison, fits=fits)
    for family in FIGURES:
        yield from family(run)
