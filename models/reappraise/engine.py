"""One compilation per model; every fit after that is new data through the compiled model."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import nutpie
from numpy.typing import NDArray
from pytensor.configdefaults import config

from reappraise.bayes.model import Data, Floats, ResponseModel
from reappraise.sampling import Sampling

STATISTICS = ("diverging", "energy", "depth", "n_steps", "step_size", "mean_tree_accept", "logp")
"""Sampler statistics that are kept."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """Draws and sampler statistics, leading dims (chain, draw)."""

    draws: dict[str, Floats]
    statistics: dict[str, NDArray[Any]]


@cache
def compiled(model: ResponseModel, width: int) -> Any:
    """The compiled PyMC model for `width` levels: once per process, several seconds.

    Fast-math is off: with it, a cold compile cache gave other draws than a warm one.
    """
    with config.change_flags(numba__fastmath=False):
        return nutpie.compile_pymc_model(model.build(width))


def compilations() -> int:
    """How many models this process has compiled."""
    return compiled.cache_info().misses


def sample(model: ResponseModel, data: Data, sampling: Sampling, seed: int) -> Sampled:
    """Draw from the posterior with NUTS.

    Parameters
    ----------
    model, data
        The model and the values of its data variables.
    sampling
        Settings.
    seed
        Seed of this one fit; the draws do not depend on the number of cores.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted before all draws were there.
    """
    width = int(data["totals"].shape[0])
    tree = nutpie.sample(
        compiled(model, width).with_data(**data),
        draws=sampling.draws,
        tune=sampling.tune,
        chains=sampling.chains,
        cores=min(sampling.chains, os.cpu_count() or 1),
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        target_accept=sampling.target_accept,
    )
    draws = {str(name): np.asarray(values) for name, values in tree["posterior"].data_vars.items()}
    statistics = {name: np.asarray(tree["sample_stats"][name]) for name in STATISTICS}
    whole = (sampling.chains, sampling.draws)
    if statistics["energy"].shape != whole or not np.isfinite(statistics["energy"]).all():
        # the sampler answers an interrupt with the draws it has
        raise KeyboardInterrupt("sampling was interrupted")
    return Sampled(draws, statistics)
