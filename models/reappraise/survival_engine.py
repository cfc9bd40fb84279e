"""Sampling of hazards: one compilation per shape, then every data set and every replicate through it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from reappraise.bayes.piecewise_exponential import HazardData, PiecewiseExponential
from reappraise.nuts import STATISTICS, Sampled, compile_model, draw
from reappraise.sampling import Sampling, derived_seed

REPLICATE_TUNE = 200
"""Discarded tuning draws of each replicate: by then step size and scales have settled."""
REPLICATE_DRAWS = 10
"""Fewest kept draws of each replicate: fewer would spend all time on tuning."""

type Progress = Callable[[int, int], None]
"""Told how many replicates are done, and of how many."""


@cache
def compiled_hazards(groups: int, intervals: int) -> Any:
    """The compiled model for that shape: once per process, several seconds."""
    return compile_model(PiecewiseExponential().build(groups, intervals))


def sample_hazards(data: HazardData, sampling: Sampling, seed: int) -> Sampled:
    """Draw from the posterior given the values of the model's data variables, several chains; see `nuts.draw`."""
    return draw(_compiled_for(data), data, sampling, seed)


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
    compiled = _compiled_for(data[0][0])  # before the threads, or both would compile

    def refit(place: tuple[int, int]) -> Sampled:
        chain, replicate = place
        own = derived_seed(seed, str(chain), str(replicate))
        return draw(compiled, data[chain][replicate], sampling, own, chains=1, draws=draws, tune=REPLICATE_TUNE)

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


def _compiled_for(data: HazardData) -> Any:
    groups, _, intervals = data["events"].shape
    return compiled_hazards(groups, intervals)


def _chains(pieces: list[Any], chains: int) -> Any:
    whole = np.concatenate(pieces, axis=1)[0]
    return whole.reshape(chains, -1, *whole.shape[1:])
