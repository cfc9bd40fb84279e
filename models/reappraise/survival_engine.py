"""Sampling of hazards: one compilation per shape, then every data set and every replicate through it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import nutpie
from pytensor.configdefaults import config

from reappraise.bayes.piecewise_exponential import HazardData, PiecewiseExponential
from reappraise.engine import STATISTICS, Sampled
from reappraise.sampling import Sampling, derived_seed

REPLICATE_TUNE = 200
"""Discarded tuning draws of each replicate: by then step size and scales have settled."""
REPLICATE_DRAWS = 10
"""Fewest kept draws of each replicate: fewer would spend all time on tuning."""

type Progress = Callable[[int, int], None]
"""Told how many replicates are done, and of how many."""


@cache
def compiled_hazards(groups: int, intervals: int) -> Any:
    """The compiled model for that shape: once per process, several seconds.

    Fast-math is off: with it, a cold compile cache gave other draws than a warm one.
    """
    with config.change_flags(numba__fastmath=False):
        return nutpie.compile_pymc_model(PiecewiseExponential().build(groups, intervals))


def sample_hazards(data: HazardData, sampling: Sampling, seed: int) -> Sampled:
    """Draw from the posterior of one data set, several chains.

    Parameters
    ----------
    data
        Values of the model's data variables.
    sampling
        Settings.
    seed
        Seed of this one fit; the draws do not depend on the number of cores.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted before all draws were there.
    """
    cores = min(sampling.chains, os.cpu_count() or 1)
    return _nuts(
        data, sampling, chains=sampling.chains, draws=sampling.draws, tune=sampling.tune, seed=seed, cores=cores
    )


def sample_replicates(
    data: Sequence[Sequence[HazardData]], sampling: Sampling, seed: int, progress: Progress | None = None
) -> Sampled:
    """Draw from the posterior of every replicate of an ensemble, a short chain each.

    The kept draws of a reconstruction chain follow each other, replicate after replicate: R-hat and effective draws
    over this layout judge reconstruction and sampling together.

    Parameters
    ----------
    data
        Values of the model's data variables, by chain and replicate.
    sampling
        Settings; each replicate keeps its share of the draws of a chain.
    seed
        Seed of this ensemble; each replicate has its own seed by its place.
    progress
        Called in this thread.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted before all draws were there.
    """
    draws = replicate_draws(sampling, len(data[0]))
    places = [(chain, replicate) for chain in range(len(data)) for replicate in range(len(data[0]))]
    shape = data[0][0]["events"].shape
    compiled_hazards(shape[0], shape[2])  # before the threads, or both would compile

    def refit(place: tuple[int, int]) -> Sampled:
        chain, replicate = place
        own = derived_seed(seed, str(chain), str(replicate))
        return _nuts(data[chain][replicate], sampling, chains=1, draws=draws, tune=REPLICATE_TUNE, seed=own, cores=1)

    found = []
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        for one in pool.map(refit, places):
            found.append(one)
            if progress:
                progress(len(found), len(places))
    finally:
        pool.shutdown(cancel_futures=True)
    return Sampled(
        {name: _chains([one.draws[name] for one in found], len(data)) for name in found[0].draws},
        {name: _chains([one.statistics[name] for one in found], len(data)) for name in STATISTICS},
    )


def replicate_draws(sampling: Sampling, replicates: int) -> int:
    """Kept draws of each replicate."""
    return max(REPLICATE_DRAWS, -(-sampling.draws // replicates))


def _nuts(
    data: HazardData, sampling: Sampling, *, chains: int, draws: int, tune: int, seed: int, cores: int
) -> Sampled:
    groups, _, intervals = data["events"].shape
    tree = nutpie.sample(
        compiled_hazards(groups, intervals).with_data(**data),
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores,
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        target_accept=sampling.target_accept,
    )
    found = {str(name): np.asarray(values) for name, values in tree["posterior"].data_vars.items()}
    statistics = {name: np.asarray(tree["sample_stats"][name]) for name in STATISTICS}
    if statistics["energy"].shape != (chains, draws) or not np.isfinite(statistics["energy"]).all():
        # the sampler answers an interrupt with the draws it has
        raise KeyboardInterrupt("sampling was interrupted")
    return Sampled(found, statistics)


def _chains(pieces: list[Any], chains: int) -> Any:
    whole = np.concatenate(pieces, axis=1)[0]
    return whole.reshape(chains, -1, *whole.shape[1:])
