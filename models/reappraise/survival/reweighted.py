"""The same draws under another prior on the effect: importance weights, resampled, and judged by their tail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from numpy.typing import NDArray
from scipy.stats import norm

from reappraise.core.prior import LogRatioPrior
from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.sampling import derived_seed
from reappraise.survival.fit import SurvivalFit

LARGEST_PARETO_K = 0.7
"""Above it the weights are too uneven to be trusted (Vehtari et al. 2024)."""
FIT_ANEW = "fit the other prior itself (fit_survival): the draws at hand lie too far from it"


@dataclass(frozen=True)
class ReweightedFit(SurvivalFit):
    r"""A survival posterior under another prior on the effect, from draws of a fit with a wider one.

    .. math:: w \propto p'(\beta) / p(\beta)

    Only the effect's prior differs, so the weight of a draw of hazards and reconstructed data depends on the effect
    alone: the result is that of reconstructing and fitting anew under the other prior, not an approximation but for
    Monte Carlo error.

    Parameters
    ----------
    source
        The fit that the draws come from.
    pareto_k
        Tail index of the weights; below 0.7 they can be trusted.

    References
    ----------
    Vehtari A, Simpson D, Gelman A, Yao Y, Gabry J. Pareto smoothed importance sampling. J Mach Learn Res
    2024;25(72):1-58.
    """

    source: SurvivalFit
    pareto_k: float

    @property
    def how(self) -> str:
        """Where the draws come from."""
        name = self.source.job.prior.name
        return f", draws of the {name} prior, importance-weighted (Pareto k {self.pareto_k:.2f}){self.source.how}"


def reweighted(source: SurvivalFit, prior: LogRatioPrior) -> ReweightedFit:
    """The posterior under another prior on the effect.

    Parameters
    ----------
    source
        Fit with a prior at least as wide.
    prior
        The other prior, for events that are bad.
    """
    job = replace(source.job, prior=replace(source.job.prior, effect=prior))
    before, after = source.job.entered.effect, job.entered.effect
    effect = np.asarray(source.tree["posterior"]["effect"], dtype=np.float64)
    log_weight = norm.logpdf(effect, after.mean, after.sd) - norm.logpdf(effect, before.mean, before.sd)
    smoothed, tail = array_stats.psislw(-log_weight.ravel())
    weight = np.exp(np.asarray(smoothed, dtype=np.float64))
    weight /= weight.sum()
    rng = np.random.default_rng(derived_seed(source.job.sampling.seed, job.name, "reweighted"))
    chosen = _systematic(weight, rng).reshape(effect.shape)
    efficiency = float(1 / (effect.size * np.sum(weight**2)))
    pareto_k = float(np.asarray(tail))
    checks = (
        *source.diagnosis.checks,
        Check("Pareto k of the weights", pareto_k, LARGEST_PARETO_K, "effect", pareto_k <= LARGEST_PARETO_K, FIT_ANEW),
        Check("share of draws left by the weights", efficiency, 0.1, "effect", efficiency >= 0.1, FIT_ANEW),
    )
    posterior = source.tree["posterior"].to_dataset()
    tree = xr.DataTree.from_dict({"posterior": posterior.map(_resampled, chosen=chosen)})
    tree.attrs = {**source.tree.attrs, "prior": prior.name, "prior_distribution": job.entered.text}
    return ReweightedFit(job=job, tree=tree, diagnosis=Diagnosis(checks), source=source, pareto_k=pareto_k)


def _systematic(weight: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Places of as many draws as there are weights, each as often as its weight says; spread over the chains."""
    marks = (np.arange(weight.size) + rng.random()) / weight.size
    found = np.searchsorted(np.cumsum(weight), marks).clip(max=weight.size - 1)
    return np.asarray(rng.permutation(found), dtype=np.int64)


def _resampled(variable: xr.DataArray, chosen: NDArray[np.int64]) -> xr.DataArray:
    lead = variable.transpose("chain", "draw", ...)
    if lead.dims[:2] != ("chain", "draw"):
        return variable
    # the number of draws is said: of an array without landmarks, which is empty, it cannot be told
    flat: NDArray[Any] = lead.to_numpy().reshape(chosen.size, *lead.shape[2:])
    return lead.copy(data=flat[chosen])
