r"""Hazards given what was printed, by way of an ensemble of reconstructed data: weights, and draws given each data set.

The replicates are draws of the data D given the print under one prior, the widest that is asked for. Under another
prior or model the data have weights, and given the data the hazards are drawn under it:

.. math::
    p'(\theta \mid S) = \int p'(\theta \mid D)\, p'(D \mid S)\, dD, \qquad
    \frac{p'(D \mid S)}{p(D \mid S)} \propto \frac{m'(D)}{m(D)}
    = \mathrm{E}\left[\frac{p'(\theta)}{p(\theta)} \,\middle|\, D\right]

The mean is that over draws given D under the first prior; for proportional hazards, the ratio of densities where
departures are 0 (`reappraise.survival.savage_dickey`). One reconstruction under the widest prior serves all: another
one for each prior would cost as much as the first, and weights from wide to narrow are bounded where those from narrow
to wide are not. Means of so many draws are unbiased for the weights, so their noise costs precision and nothing else.

Replicates are taken in the order in which they were drawn, each as often as its weight says: a replicate that is taken
often stands for itself many times in a row, and the effective number of draws is the smaller for it.

References
----------
Vehtari A, Simpson D, Gelman A, Yao Y, Gabry J. Pareto smoothed importance sampling. J Mach Learn Res 2024;25(72):1-58.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from typing import Final, Self

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray
from scipy.special import logsumexp

from reappraise.fits.job import Advance
from reappraise.fits.model import ARM_CODE
from reappraise.fits.nuts import Sampled
from reappraise.fits.sampling import Sampling
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import HazardSets
from reappraise.survival.pseudo_ipd.given_data import draw_given_data
from reappraise.survival.pseudo_ipd.hazards import HazardSpecification, hazard_specification, parameters
from reappraise.survival.savage_dickey import log_density_ratio

type Floats = NDArray[np.float64]

FIRST: Final = 300
"""Rounds of updates before the first draw of a chain, which starts anywhere."""
SETTLE: Final = 20
"""Rounds before the first draw of each replicate, which starts where one with much the same data ended."""
THIN: Final = 2
"""Rounds for each draw that is kept."""
FEWEST_DRAWS: Final = 10
"""Fewest kept draws of each replicate: their mean is its weight."""
UPDATES: Final = (FIRST, SETTLE, THIN, FEWEST_DRAWS)
"""What draws depend on beside settings."""
SAMPLER: Final = "elliptical slices"
LARGEST_PARETO_K: Final = 0.7
"""Above it the weights are too uneven to be trusted (Vehtari et al. 2024)."""
LEAST_SHARE: Final = 0.1
FEWEST_SMOOTHED: Final = 25
"""Weights, fewer than which have no tail to speak of."""
RECONSTRUCT: Final = (
    "reconstruct under this prior itself (reconstruct(..., prior=...)): the data at hand lie too far from it"
)


@dataclass(frozen=True, slots=True)
class SampledEnsemble(Sampled):
    """Draws given every replicate in its turn.

    Parameters
    ----------
    weight
        Weight of each replicate, 1 on average in each chain; dims (chain, replicate).
    pareto_k
        Tail index of the weights; 0 where all are 1, infinite where they are too few to tell.
    """

    weight: Floats
    pareto_k: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """What hazards are drawn from.

    Parameters
    ----------
    events, exposure
        Events and person-time, dims (chain, replicate, group, arm, interval).
    pull
        Weight of each step of the walk in the log hazard where the events are, dims (step,).
    grid
        Intervals.
    """

    events: Floats
    exposure: Floats
    pull: Floats
    grid: Grid

    @classmethod
    def of(cls, data: HazardSets, grid: Grid) -> Self:
        """Values of the model's data variables, by chain and replicate."""
        events, exposure = (
            np.array([[one[name] for one in chain] for chain in data]) for name in ("events", "exposure")
        )
        return cls(events=events, exposure=exposure, pull=data[0][0]["pull"], grid=grid)


def sample_ensemble(
    data: Counted,
    prior: HazardPrior,
    drawn_under: HazardPrior | None,
    sampling: Sampling,
    seed: int,
    advance: Advance | None = None,
) -> SampledEnsemble:
    """Draw hazards given what the ensemble stands for.

    Parameters
    ----------
    data
        Events and person-time of every replicate.
    prior
        Prior on the hazards as it enters.
    drawn_under
        That under which the replicates were drawn, if it is another one.
    sampling
        Settings; each chain of replicates has the draws of a chain.
    seed
        Seed of this ensemble.
    advance
        Told how many replicates are done, and of how many.

    Returns
    -------
    SampledEnsemble
        Variables as `PiecewiseExponential` names them; statistics ``lp``, the log density up to a constant of the data
        set, and ``replicate``, the place of the data set that a draw was given.
    """
    chains, replicates = data.events.shape[:2]
    draws = replicate_draws(sampling, replicates)
    even = np.full((chains, replicates), draws)
    seeds = np.random.SeedSequence(seed).spawn(3)
    weight, pareto_k, counts = np.ones(even.shape), 0.0, even
    if drawn_under is not None:
        latent, _ = _draw(data, drawn_under, even, seeds[0], None)
        log_weight = _log_weights(data, latent.reshape(chains, replicates, draws, -1), drawn_under, prior)
        log_weight, pareto_k = _smoothed(log_weight)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.mean(axis=1, keepdims=True)
        rng = np.random.default_rng(seeds[1])
        counts = np.stack([_systematic(own, replicates * draws, rng) for own in weight])
    latent, density = _draw(data, prior, counts, seeds[2], advance)
    replicate = np.stack([np.repeat(np.arange(replicates), own) for own in counts]).astype(np.int32)
    return SampledEnsemble(_named(latent), {"lp": density, "replicate": replicate}, weight, pareto_k)


def replicate_draws(sampling: Sampling, replicates: int) -> int:
    """Kept draws of each replicate, of weight 1."""
    return max(FEWEST_DRAWS, sampling.draws // replicates)


def _draw(
    data: Counted, prior: HazardPrior, counts: NDArray[np.int64], seed: np.random.SeedSequence, advance: Advance | None
) -> tuple[Floats, Floats]:
    """Rotated variables, dims (chain, draw, group, parameter), and log densities, dims (chain, draw)."""
    spec = hazard_specification(data.grid, prior)
    chains, replicates = counts.shape
    shape = (int(counts[0].sum()), data.events.shape[2], parameters(spec))
    latent, density = np.empty((chains, *shape)), np.empty((chains, shape[0]))

    def run(chain: int, own: np.random.SeedSequence) -> None:
        rng = np.random.default_rng(own)
        draw_given_data(
            _start(data, spec, chain, rng), spec, data.pull, data.events[chain], data.exposure[chain], counts[chain],
            FIRST, SETTLE, THIN, rng, latent[chain], density[chain],
        )  # fmt: skip

    with ThreadPoolExecutor(min(chains, os.cpu_count() or 1)) as pool:
        for done, _ in enumerate(pool.map(run, range(chains), seed.spawn(chains)), start=1):
            if advance:
                advance(done * replicates, chains * replicates)
    return latent, density


def _start(data: Counted, spec: HazardSpecification, chain: int, rng: np.random.Generator) -> Floats:
    """Standard normal variables with the level where the first data set's is: far from it the slices are thin."""
    found = rng.standard_normal((data.events.shape[2], parameters(spec)))
    found[:, 1] = 0.0 - spec.effect[0] / spec.effect[1]
    found[:, 2:4] = 0.5
    found[:, 4:] *= 0.1
    rate = (data.events[chain, 0].sum(axis=(-1, -2)) + 0.5) / data.exposure[chain, 0].sum(axis=(-1, -2))
    tangent = 0.5 * spec.scales[0] / spec.level[1] * np.sqrt(np.square(data.pull).sum())
    found[:, 0] = (np.log(rate) - spec.level[0]) / spec.level[1] / np.sqrt(1 + tangent**2)
    return found


def _named(latent: Floats) -> dict[str, Floats]:
    """Variables as the model names them, of one group or of unrelated ones."""
    groups, size = latent.shape[-2:]
    intervals = (size - 4) // 2
    effects = {"effect_offset": latent[..., 0, 1]} if groups == 1 else {"group_effect_offset": latent[..., 1]}
    return {
        "level_offset": latent[..., 0],
        "walk_unit": np.abs(latent[..., 0, 2]),
        "departure_unit": np.abs(latent[..., 0, 3]),
        "walk_steps": np.moveaxis(latent[..., 4 : 4 + intervals], -2, -1),
        "departure_steps": np.moveaxis(latent[..., 4 + intervals :], -2, -1),
        **effects,
    }


def _log_weights(data: Counted, latent: Floats, drawn_under: HazardPrior, prior: HazardPrior) -> Floats:
    """Logarithm of each replicate's weight, dims (chain, replicate), from draws given it under the first prior.

    Parameters
    ----------
    data
        Events and person-time of one group.
    latent
        Rotated variables, dims (chain, replicate, draw, parameter).
    drawn_under, prior
        The first prior, and the other.
    """
    intervals = data.grid.intervals
    walk_sd = drawn_under.walk_scale * np.abs(latent[..., 2])
    departure_sd = drawn_under.departure_scale * np.abs(latent[..., 3])
    offset, steps = _turned(latent[..., 0], latent[..., 4 : 4 + intervals], data.pull, walk_sd / drawn_under.level_sd)
    level = drawn_under.level_mean + drawn_under.level_sd * offset
    effect = drawn_under.effect.mean + drawn_under.effect.sd * latent[..., 1]
    log_ratio = (
        _normal(level, prior.level_mean, prior.level_sd)
        - _normal(level, drawn_under.level_mean, drawn_under.level_sd)
        + _normal(effect, prior.effect.mean, prior.effect.sd)
        - _normal(effect, drawn_under.effect.mean, drawn_under.effect.sd)
        + _normal(walk_sd, 0.0, prior.walk_scale)
        - _normal(walk_sd, 0.0, drawn_under.walk_scale)
    )
    if prior.departure_scale > 0:
        log_ratio += _normal(departure_sd, 0.0, prior.departure_scale)
        log_ratio -= _normal(departure_sd, 0.0, drawn_under.departure_scale)
    elif drawn_under.departure_scale > 0:
        shape = drawn_under.departure_scale * (latent[..., 4 + intervals :] @ data.grid.centred_walk.T)
        middle = level[..., None] + walk_sd[..., None] * (steps @ data.grid.walk.T)
        base = middle[..., None, :] + ARM_CODE[:, None] * effect[..., None, None]
        slope = ARM_CODE[:, None] * shape[..., None, :]
        cells = (np.broadcast_to(one[:, :, 0, None], base.shape) for one in (data.events, data.exposure))
        flat = (one.reshape(-1, 2 * intervals) for one in (base, slope, *cells))
        log_ratio += log_density_ratio(*flat, limit=1.0)[0].reshape(log_ratio.shape)
    return np.asarray(logsumexp(log_ratio, axis=-1) - np.log(log_ratio.shape[-1]))


def _smoothed(log_weight: Floats) -> tuple[Floats, float]:
    """Weights with a tail of Pareto's form, and its index."""
    if log_weight.size < FEWEST_SMOOTHED:
        return log_weight, inf
    smoothed, tail = array_stats.psislw(-log_weight.ravel())
    return np.asarray(smoothed, dtype=np.float64).reshape(log_weight.shape), float(np.asarray(tail))


def _normal(x: Floats, mean: float, sd: float) -> Floats:
    """Log density up to a constant that is the same for all; of a half-normal variable too."""
    return np.asarray(-np.square((x - mean) / sd) / 2 - np.log(sd))


def _systematic(weight: Floats, number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each replicate is taken, in proportion to its weight but for less than one."""
    marks = (np.arange(number) + rng.random()) / number
    places = np.searchsorted(np.cumsum(weight) / weight.sum(), marks).clip(max=weight.size - 1)
    return np.bincount(places, minlength=weight.size).astype(np.int64)


def _turned(offset: Floats, steps: Floats, pull: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    """Offset of the level and steps of the walk from what is sampled: a rotation, which leaves the prior as it is.

    Sampled is the log hazard where the events are, not that at time zero, which no event is near.

    Parameters
    ----------
    offset, steps
        Dims (...) and (..., step).
    pull
        Weight of each step in the average over events, dims (step,).
    ratio
        Standard deviation of the walk over that of the level, dims (...).
    """
    size = float(np.sqrt(np.square(pull).sum()))
    direction = pull / size
    tangent = ratio * size
    cosine = (1 + tangent**2) ** -0.5
    sine = tangent * cosine
    along = steps @ direction
    turned_steps = steps + direction * (sine * offset + cosine * along - along)[..., None]
    return cosine * offset - sine * along, turned_steps
