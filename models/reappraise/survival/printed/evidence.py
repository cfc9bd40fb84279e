r"""The integral of an unnormalised density from draws of it: bridge sampling.

.. math:: r = \frac{N_q^{-1} \sum_{x \sim q} l / (s_p l + s_q r)}{N_p^{-1} \sum_{x \sim p} 1 / (s_p l + s_q r)},
    \qquad l = g(x) / q(x)

with g the density, q a normal one fitted to half of the draws, and s the shares of the other half and of as many draws
from q.

References
----------
Meng X-L, Wong WH. Simulating ratios of normalizing constants via a simple identity. Statistica Sinica 1996;6:831-860.
Frühwirth-Schnatter S. Estimating marginal likelihoods for mixture and Markov switching models using bridge sampling
techniques. Econometrics Journal 2004;7:143-167. doi:10.1111/j.1368-423X.2004.00125.x
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Final

import numpy as np
from arviz_stats.base import array_stats
from scipy.stats import multivariate_normal

from reappraise.survival.printed.cells import Floats

ROUNDS: Final = 200
TOLERANCE: Final = 1e-10


@dataclass(frozen=True, slots=True)
class Evidence:
    """Logarithm of the integral of a density, and its standard error."""

    log: float
    error: float


def evidence(draws: Floats, log_density: Callable[[Floats], Floats], rng: np.random.Generator) -> Evidence:
    """Estimate the integral of a density.

    Parameters
    ----------
    draws
        Draws of it, dims (chain, draw, variable).
    log_density
        Logarithm of the density, dims (...), at points (..., variable).
    rng
        Source of the normal draws.
    """
    try:
        return _bridged(draws, log_density, rng)
    except (np.linalg.LinAlgError, ValueError, ZeroDivisionError):  # chains that never moved, or no overlap at all
        return Evidence(float("nan"), inf)


def _bridged(draws: Floats, log_density: Callable[[Floats], Floats], rng: np.random.Generator) -> Evidence:
    half = draws.shape[1] // 2
    fitted = draws[:, :half].reshape(-1, draws.shape[-1])
    normal = multivariate_normal(fitted.mean(axis=0), np.cov(fitted.T))
    own = draws[:, half:]
    other = normal.rvs(size=own.shape[0] * own.shape[1], random_state=rng).reshape(-1, own.shape[-1])
    with np.errstate(over="ignore", invalid="ignore"):  # far out in the tails of the normal one
        at_own = log_density(own) - normal.logpdf(own)
        at_other = np.nan_to_num(log_density(other) - normal.logpdf(other), nan=-np.inf)
    effective = float(array_stats.ess(at_own, chain_axis=0, draw_axis=1))
    share = effective / (effective + at_other.size)
    level = float(np.median(at_own))
    l_own, l_other = np.exp(at_own.ravel() - level), np.exp(at_other - level)
    ratio = 1.0
    for _ in range(ROUNDS):
        above = (l_other / (share * l_other + (1 - share) * ratio)).mean()
        below = (1 / (share * l_own + (1 - share) * ratio)).mean()
        before, ratio = ratio, float(above / below)
        if abs(ratio - before) < TOLERANCE * before:
            break
    else:
        return Evidence(log(ratio) + level, inf)
    by_other = (l_other / ratio) / (share * l_other / ratio + 1 - share)
    by_own = 1 / (share * l_own / ratio + 1 - share)
    square = by_other.var() / by_other.mean() ** 2 / by_other.size + by_own.var() / by_own.mean() ** 2 / effective
    return Evidence(log(ratio) + level, sqrt(float(square)))
