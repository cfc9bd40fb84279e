"""Many data sets through one compiled model: a short chain each, judged together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reappraise.fits.job import Advance
from reappraise.fits.model import Data
from reappraise.fits.nuts import Sampled, draw
from reappraise.fits.sampling import Sampling, derived_seed

REPLICATE_TUNE = 200
"""Discarded tuning draws of each replicate: by then step size and scales have settled."""
REPLICATE_DRAWS = 10
"""Fewest kept draws of each replicate: fewer would spend all time on tuning."""


def sample_replicates(
    compiled: Any, data: Sequence[Sequence[Data]], sampling: Sampling, seed: int, advance: Advance | None = None
) -> Sampled:
    """Draw from the posterior of every replicate of an ensemble, a short chain each.

    The kept draws of a reconstruction chain follow each other, replicate after replicate: R-hat and effective draws
    over this layout judge reconstruction and sampling together.

    Parameters
    ----------
    compiled
        The compiled model.
    data
        Values of the model's data variables, by chain and replicate.
    sampling
        Settings; each replicate keeps its share of the draws of a chain.
    seed
        Seed of this ensemble; each replicate has its own seed by its place.
    advance
        Called in this thread.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted before all draws were there.
    """
    draws = replicate_draws(sampling, len(data[0]))
    places = [(chain, replicate) for chain in range(len(data)) for replicate in range(len(data[0]))]

    def refit(place: tuple[int, int]) -> Sampled:
        chain, replicate = place
        own = derived_seed(seed, str(chain), str(replicate))
        return draw(compiled, data[chain][replicate], sampling, own, chains=1, draws=draws, tune=REPLICATE_TUNE)

    found = []
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        for one in pool.map(refit, places):
            found.append(one)
            if advance:
                advance(len(found), len(places))
    finally:
        pool.shutdown(cancel_futures=True)
    return Sampled(
        {name: _chains([one.draws[name] for one in found], len(data)) for name in found[0].draws},
        {name: _chains([one.statistics[name] for one in found], len(data)) for name in found[0].statistics},
    )


def replicate_draws(sampling: Sampling, replicates: int) -> int:
    """Kept draws of each replicate."""
    return max(REPLICATE_DRAWS, -(-sampling.draws // replicates))


def centred_energy(energy: NDArray[np.floating], replicates: int) -> NDArray[np.floating]:
    """Energy less its mean in each data set, which is no matter of the sampler; dims (chain, draw)."""
    pieces = energy.reshape(len(energy), replicates, -1)
    return np.asarray((pieces - pieces.mean(axis=-1, keepdims=True)).reshape(energy.shape))


def _chains(pieces: list[NDArray[Any]], chains: int) -> NDArray[Any]:
    whole = np.concatenate(pieces, axis=1)[0]
    return np.asarray(whole.reshape(chains, -1, *whole.shape[1:]))
