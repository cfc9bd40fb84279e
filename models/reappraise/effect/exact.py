"""The exact posterior of a printed contrast: a mixture of conjugate normal ones. No sampler."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import exp, log
from statistics import NormalDist
from typing import Final

from reappraise.core.estimate import Estimate
from reappraise.effect.contrast import PrintedContrast, printed_contrasts
from reappraise.effect.prior import EffectPrior, contrast_priors
from reappraise.effect.published import EffectEndpoint
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.exact import NormalMixture

METHOD: Final = "exact posterior of a normal likelihood of the print"
MODEL: Final = "printed-contrast"
MARGINS: Final = (0.9, 0.8)
"""Ratios of what is bad beyond which benefit is asked for: a tenth less, and a fifth less."""


def posterior(contrast: PrintedContrast, prior: EffectPrior) -> NormalMixture:
    r"""Posterior of a difference, or of the logarithm of a ratio.

    .. math::
        L(\theta) = P(l \le \hat\theta \le h \mid \theta), \quad \hat\theta \sim \mathrm{Normal}(\theta, s), \quad
        \theta \sim \mathrm{Normal}(m, \tau)

    with l and h the least and the largest estimate that rounds to the print, s uniform over the standard errors that
    the print allows: what `reappraise.survival.effect.model` is for hazard ratios.

    Parameters
    ----------
    contrast
        What was printed.
    prior
        Prior on its scale, experimental over (or minus) control.
    """
    return NormalMixture.of(contrast.effect, contrast.standard_error, prior.mean, prior.sd)


def exact_contrast(contrast: PrintedContrast, prior: EffectPrior, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the posterior contrast, the probability of benefit, and those of benefit beyond margins.

    Parameters
    ----------
    contrast
        What was printed.
    prior
        Prior on its scale.
    level
        Coverage of the equal-tailed interval.
    """
    found = posterior(contrast, prior)
    control, experimental = contrast.arms
    how = f" ({', '.join(contrast.came_about)} in print)" if contrast.came_about else ""
    make = partial(
        Estimate,
        endpoint=contrast.endpoint,
        numerator=experimental,
        denominator=control,
        kind="posterior",
        model=MODEL,
        prior=prior.name,
        method=f"{METHOD}{how}, standard error from its {contrast.basis}",
        source=contrast.source,
    )
    back = exp if contrast.ratio else float
    value, low, high = (back(found.quantile(place)) for place in (0.5, (1 - level) / 2, (1 + level) / 2))
    name = contrast.quantity.replace("_", " ")
    better = beyond(found, contrast, 0.0)
    yield make(
        quantity=contrast.quantity, at=contrast.at, value=value, low=low, high=high, level=level, prob_benefit=better
    )
    yield make(quantity="probability_of_benefit", at=f"{name} in favour", value=better)
    for size, words in margins(contrast):
        yield make(quantity="probability_above_margin", at=words, value=beyond(found, contrast, size))


def exact_contrasts(item: TrialEndpoint[EffectEndpoint], *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the posterior of every printed contrast of an endpoint under each named prior.

    Raises
    ------
    UndeterminedError
        If nothing printed says how sure the effect is.
    """
    for contrast in printed_contrasts(item):
        for prior in contrast_priors(contrast):
            yield from exact_contrast(contrast, prior, level=level)


def margins(contrast: PrintedContrast) -> Iterator[tuple[float, str]]:
    """Yield sizes of benefit on the scale of the contrast, the smallest first, with their words."""
    planned = (contrast.planned or 0.0) * contrast.benefit
    stated = {size for size in (contrast.margin, planned) if size is not None and size > 0}
    if contrast.ratio:
        stated |= {-log(ratio) for ratio in MARGINS}
    name = contrast.quantity.replace("_", " ")
    for size in sorted(stated):
        bound = contrast.benefit * size
        sign = ">" if contrast.benefit > 0 else "<"
        unit = f" {contrast.unit}" if contrast.unit else ""
        yield size, f"{name} {sign} {exp(bound) if contrast.ratio else bound:.3g}{unit}"


def beyond(found: NormalMixture, contrast: PrintedContrast, size: float) -> float:
    """Probability of a benefit larger than a size on the scale of the contrast."""
    below = found.below(contrast.benefit * size)
    return 1 - below if contrast.benefit > 0 else below


def from_print(contrast: PrintedContrast, *, level: float) -> Estimate:
    """The classical answer of the normal likelihood: Wald's interval and p value of estimate and standard error."""
    error, normal = sum(contrast.standard_error) / 2, NormalDist()
    wide = normal.inv_cdf((1 + level) / 2) * error
    back = exp if contrast.ratio else float
    control, experimental = contrast.arms
    return Estimate(
        endpoint=contrast.endpoint,
        quantity=contrast.quantity,
        numerator=experimental,
        denominator=control,
        at=contrast.at,
        kind="recomputed",
        method=f"Wald interval and p value of the printed estimate, standard error from its {contrast.basis}",
        value=back(contrast.centre),
        low=back(contrast.centre - wide),
        high=back(contrast.centre + wide),
        level=level,
        p_value=2 * normal.cdf(-abs(contrast.centre) / error) if error > 0 else (0.0 if contrast.centre else 1.0),
        sides=2,
        source=contrast.source,
    )
