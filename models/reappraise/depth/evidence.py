"""Marginal likelihood of the cumulative logit model, by importance sampling around its posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from reappraise.depth.model import CumulativeLogit, OrdinalData
from reappraise.fits.model import Draws, Floats

DRAWS = 20_000
FREEDOM = 5
"""Degrees of freedom of the proposal: its tails are heavier than those of any posterior of this model."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Log marginal likelihood.

    Parameters
    ----------
    log
        Logarithm of the probability of the counts.
    error
        Standard error of the logarithm.
    """

    log: float
    error: float


def evidence(model: CumulativeLogit, data: OrdinalData, posterior: Draws, rng: np.random.Generator) -> Evidence:
    r"""Probability of the counts under model and prior.

    .. math:: p(y) = \int p(y \mid \theta)\, p(\theta)\, d\theta \approx
        \frac{1}{S} \sum_s \frac{p(y \mid \theta_s)\, p(\theta_s)}{q(\theta_s)}

    with q a multivariate t distribution that has the mean and the covariance matrix of posterior draws, on
    unconstrained scales: log ratios of the mean patient's categories, and the spread of the departures with a sign of
    its own, which makes a normal distribution of its half-normal one. With so few parameters this is as good as
    quadrature, and states its own error.

    Parameters
    ----------
    model, data
        The model and the values of its data variables.
    posterior
        Draws of its sampled variables, leading dims (chain, draw), which shape the proposal.
    rng
        Source of the draws.
    """
    names = ("mean_category", "effect") if model.proportional else tuple(model.draw_prior(data, 1, rng))
    points = _free({name: np.asarray(posterior[name], dtype=np.float64) for name in names})
    points = points.reshape(-1, points.shape[-1])
    centre, covariance = points.mean(axis=0), np.atleast_2d(np.cov(points.T))
    proposal = stats.multivariate_t(centre, covariance * (FREEDOM - 2) / FREEDOM, df=FREEDOM, seed=rng)
    drawn = np.asarray(proposal.rvs(size=DRAWS)).reshape(DRAWS, -1)
    categories = np.asarray(data["concentration"]).size
    draws, jacobian = _constrained(drawn, categories, proportional=model.proportional)
    with np.errstate(over="ignore", invalid="ignore"):  # far out in the tails, where the likelihood is 0
        log_likelihood = model.log_likelihood(draws, data).sum(axis=-1)
    log_joint = log_likelihood + sum(model.log_prior(draws, data).values())
    log_weight = log_joint + jacobian - proposal.logpdf(drawn)
    log_weight = np.where(np.isnan(log_weight), -np.inf, log_weight)
    log = float(special.logsumexp(log_weight) - np.log(DRAWS))
    relative = np.exp(log_weight - log)
    return Evidence(log, float(relative.std() / np.sqrt(DRAWS)))


def _free(draws: Draws) -> Floats:
    """Sampled variables on unconstrained scales, dims (..., parameter)."""
    rates = np.maximum(draws["mean_category"], np.finfo(np.float32).tiny)
    parts = [np.log(rates[..., :-1]) - np.log(rates[..., -1:]), draws["effect"][..., None]]
    if "departure_unit" in draws:
        sign = np.where(np.arange(draws["departure_unit"].shape[-1]) % 2, 1.0, -1.0)
        parts += [(sign * draws["departure_unit"])[..., None], draws["departure_offset"]]
    return np.concatenate(parts, axis=-1)


def _constrained(points: Floats, categories: int, *, proportional: bool) -> tuple[dict[str, Floats], Floats]:
    """Variables at unconstrained points, and the log Jacobian determinant of the way there."""
    ratio = np.concatenate([points[:, : categories - 1], np.zeros((len(points), 1))], axis=1)
    log_rate = special.log_softmax(ratio, axis=1)
    draws = {"mean_category": np.exp(log_rate), "effect": points[:, categories - 1]}
    jacobian = log_rate.sum(axis=1)
    if categories > 2:
        # departures that do not enter: any value does
        draws["departure_unit"] = np.ones(len(points))
        draws["departure_offset"] = np.zeros((len(points), categories - 2))
    if not proportional:
        draws["departure_unit"] = np.abs(points[:, categories])
        draws["departure_offset"] = points[:, categories + 1 :]
        jacobian = jacobian - np.log(2.0)
    return draws, jacobian
