"""What a prior is worth: patients, or events, that would say as much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.evidence.grid import Floats
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.posterior import Opinion, entering
from reappraise.evidence.prior import FlatPrior, MixturePrior

type Measure = Literal["moment", "elir"]

UNIT_VARIANCES: Final[dict[str, tuple[float, str]]] = {
    "odds_ratio": (16.0, "patients"),
    "hazard_ratio": (4.0, "events"),
    "rate_ratio": (4.0, "events"),
}
"""By effect, the variance that one patient or one event leaves in a 1:1 trial: of odds at a rate of 1/2."""
NODES: Final = 4
"""Gauss-Legendre nodes between two of the places at which the shape of a prior shows."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What effective sample sizes are counted in.

    Parameters
    ----------
    variance
        Variance of an estimate from one of them.
    name
        What they are: patients or events.
    """

    variance: float
    name: str


def unit_of(likelihood: EffectLikelihood) -> Unit:
    """What the worth of a prior on an effect is counted in.

    An event is worth 1/4 of the inverse variance of a log hazard ratio; of other effects a patient is worth what one of
    this trial was: where events are rare, little. A log odds ratio in patients of unknown number is counted in those of
    a trial with a rate of 1/2, each worth 1/16.

    Parameters
    ----------
    likelihood
        Of what effect, and in how many patients.

    Raises
    ------
    UndeterminedError
        If that needs the patients of the trial, and they are not known.
    """
    if likelihood.quantity in UNIT_VARIANCES and (likelihood.quantity != "odds_ratio" or likelihood.patients is None):
        return Unit(*UNIT_VARIANCES[likelihood.quantity])
    if likelihood.patients is None:
        raise UndeterminedError(
            f"{likelihood.endpoint}: what a prior on {likelihood.one} is worth is counted in patients of the trial, "
            "whose number is not known"
        )
    return Unit(likelihood.patients * likelihood.standard_error**2, "patients")


def effective_sample_size(likelihood: EffectLikelihood, prior: Opinion, *, measure: Measure = "elir") -> float:
    r"""Patients, or events, that a prior is worth; 0 of a flat one.

    .. math::
        n_\mathrm{moment} = \frac{\sigma^2}{\mathrm{Var}(\theta)}, \qquad
        n_\mathrm{elir} = \sigma^2 \, \mathrm{E}_\theta \left[ -\frac{d^2}{d\theta^2} \log p(\theta) \right]

    sigma^2 is the variance that one patient or event leaves (`unit_of`). Of a normal prior both are the same. Of a
    mixture the first hears its tails above all; the second, the expected local-information ratio, is the one that
    agrees with the sum of itself and the data's when these are updated.

    Parameters
    ----------
    likelihood
        Of which effect.
    prior
        The prior.
    measure
        Which of them.

    References
    ----------
    Neuenschwander B, Weber S, Schmidli H, O'Hagan A. Predictively consistent prior effective sample sizes. Biometrics
    2020;76:578-587. doi:10.1111/biom.13252
    """
    if measure not in get_args(Measure.__value__):
        raise AnalysisError(f"expected 'moment' or 'elir' as measure of a prior's worth, got {measure!r}")
    entered = entering(prior, likelihood)
    if isinstance(entered, FlatPrior):
        return 0.0
    variance = unit_of(likelihood).variance
    if measure == "moment" or len(entered.sds) == 1:
        return variance / entered.sd**2
    return variance * _information(entered)


def _information(prior: MixturePrior) -> float:
    """Mean of the local information, by parts: that of the squared slope of the log density, piece by piece."""
    corners = prior.places
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(corners)[:, None] / 2
    effect = corners[:-1, None] + half * (nodes + 1)
    return float((half * weights * prior.density(effect) * np.square(_slope(prior, effect))).sum())


def _slope(prior: MixturePrior, effect: Floats) -> Floats:
    """Derivative of the log density."""
    weights, means, sds = (np.array(numbers) for numbers in (prior.weights, prior.means, prior.sds))
    away = (effect[..., None] - means) / sds
    part = np.log(weights / sds) - np.square(away) / 2
    share = np.exp(part - part.max(axis=-1, keepdims=True))
    return np.asarray(-(share * away / sds).sum(axis=-1) / share.sum(axis=-1))
