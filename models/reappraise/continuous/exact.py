"""The exact posterior of a difference of means: t distributions, convolved and tabulated. No sampler."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import exp, log
from typing import Final

from reappraise.continuous.contrast import Compared, MeanContrast, mean_contrasts
from reappraise.continuous.means import means_table
from reappraise.continuous.prior import mean_priors
from reappraise.continuous.published import ContinuousEndpoint
from reappraise.continuous.table import MeansTable
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.located import Tabulated, likelihood
from reappraise.effect.prior import EffectPrior
from reappraise.published.trial import TrialEndpoint

METHOD: Final = "exact posterior of a t likelihood"
MARGINS: Final = (0.9, 0.8)
"""Ratios of what is bad beyond which benefit is asked for: a tenth less, and a fifth less."""


def posterior(contrast: MeanContrast, prior: EffectPrior) -> Tabulated:
    r"""Posterior of a difference of means, or of the logarithm of a ratio of geometric means.

    .. math::
        x_{ai} \sim \mathrm{Normal}(\mu_a, \sigma_a), \quad
        p(\mu_0, \sigma_0, \sigma_1) \propto 1 / (\sigma_0 \sigma_1), \quad
        \delta = \mu_1 - \mu_0 \sim \mathrm{Normal}(m, \tau)

    so that :math:`p(\delta) \propto \mathrm{N}(\delta \mid m, \tau) \int t_{n_1 - 1}(\mu_0 + \delta) \,
    t_{n_0 - 1}(\mu_0) \, d\mu_0`, means and standard errors each uniform over what rounds to the print; or, of a
    printed difference, one t likelihood of the degrees of freedom of both arms together.

    Parameters
    ----------
    contrast
        What is known of it.
    prior
        Prior on its scale, experimental minus control.

    References
    ----------
    Box GEP, Tiao GC. Bayesian Inference in Statistical Analysis. Wiley 1973, chapter 2.
    """
    found = likelihood(contrast.parts, mean=prior.mean, sd=prior.sd)
    return found.times(prior.mean, prior.sd)


def exact_mean_contrast(contrast: MeanContrast, prior: EffectPrior, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the posterior contrast, and the probabilities of benefit, of benefit beyond margins, and of equivalence.

    Parameters
    ----------
    contrast
        What is known of it.
    prior
        Prior on its scale.
    level
        Coverage of the equal-tailed interval.
    """
    yield from tabulated_estimates(contrast, posterior(contrast, prior), prior, method=METHOD, level=level)


def tabulated_estimates(
    contrast: Compared, found: Tabulated, prior: EffectPrior, *, method: str, level: float
) -> Iterator[Estimate]:
    """Yield what a tabulated posterior of a contrast says.

    Parameters
    ----------
    contrast
        What is known of it.
    found
        Its posterior.
    prior
        Under which prior.
    method
        How it came about, in words.
    level
        Coverage of the equal-tailed interval.
    """
    control, experimental = contrast.arms
    how = f" ({', '.join(contrast.came_about)} in print)" if contrast.came_about else ""
    make = partial(
        Estimate,
        endpoint=contrast.endpoint,
        numerator=experimental,
        denominator=control,
        kind="posterior",
        model=contrast.basis,
        prior=prior.name,
        method=f"{method}{how}: {contrast.words}",
        source=contrast.source,
    )
    back = exp if contrast.logarithmic else float
    value, low, high = (back(found.quantile(place)) for place in (0.5, (1 - level) / 2, (1 + level) / 2))
    name = contrast.quantity.replace("_", " ")
    better = beyond(found, contrast, 0.0)
    yield make(quantity=contrast.quantity, value=value, low=low, high=high, level=level, prob_benefit=better)
    yield make(quantity="probability_of_benefit", at=f"{name} in favour", value=better)
    for size, words in margins(contrast):
        yield make(quantity="probability_above_margin", at=words, value=beyond(found, contrast, size))
    if contrast.margin is not None:
        inside = found.below(contrast.margin) - found.below(-contrast.margin)
        yield make(quantity="probability_of_equivalence", at=_within(contrast, contrast.margin), value=inside)


def beyond(found: Tabulated, contrast: Compared, size: float) -> float:
    """Probability of a benefit larger than a size on the scale of the contrast."""
    below = found.below(contrast.benefit * size)
    return 1 - below if contrast.benefit > 0 else below


def margins(contrast: Compared) -> Iterator[tuple[float, str]]:
    """Yield sizes of benefit on the scale of the contrast, the smallest first, with their words."""
    planned = (contrast.planned or 0.0) * contrast.benefit
    stated = {size for size in (contrast.margin, planned) if size is not None and size > 0}
    if contrast.logarithmic:
        stated |= {-log(ratio) for ratio in MARGINS}
    name = contrast.quantity.replace("_", " ")
    for size in sorted(stated):
        bound = contrast.benefit * size
        sign = ">" if contrast.benefit > 0 else "<"
        yield size, f"{name} {sign} {_number(contrast, bound)}"


def _number(contrast: Compared, number: float) -> str:
    unit = f" {contrast.unit}" if contrast.unit else ""
    return f"{exp(number) if contrast.logarithmic else number:.3g}{unit}"


def _within(contrast: Compared, margin: float) -> str:
    return f"{contrast.quantity.replace('_', ' ')} {_number(contrast, -margin)} to {_number(contrast, margin)}"


def exact_means(table: MeansTable, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the posterior mean of each arm under the reference prior.

    Parameters
    ----------
    table
        Means of both arms.
    level
        Coverage of the equal-tailed interval.
    """
    back = exp if table.logarithmic else float
    for arm in table.arms:
        value, low, high = (back(arm.mean.quantile(place)) for place in (0.5, (1 - level) / 2, (1 + level) / 2))
        yield Estimate(
            endpoint=table.endpoint,
            quantity="geometric_mean" if table.logarithmic else "mean",
            arm=arm.arm,
            kind="posterior",
            model="means",
            prior="reference",
            method=f"{METHOD}, flat prior of the mean: {arm.basis}",
            value=value,
            low=low,
            high=high,
            level=level,
        )


def exact_continuous(item: TrialEndpoint[ContinuousEndpoint], *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the posterior of the means, and of every contrast of them under each named prior.

    Raises
    ------
    AnalysisError
        If nothing printed says how sure the difference is.
    """
    contrasts = mean_contrasts(item)
    table = usable_table(item)
    if table is not None:
        yield from exact_means(table, level=level)
    for contrast in contrasts:
        for prior in mean_priors(contrast):
            yield from exact_mean_contrast(contrast, prior, level=level)


def usable_table(item: TrialEndpoint[ContinuousEndpoint]) -> MeansTable | None:
    """Means of both arms, if what is printed of them can be analysed."""
    try:
        return means_table(item)
    except AnalysisError:
        return None
