"""NUTS on any compiled model: compile once per shape, then every data set through it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import nutpie
from numpy.typing import NDArray
from pytensor.configdefaults import config

from reappraise.fits.model import FitModel
from reappraise.fits.sampling import Sampling

if TYPE_CHECKING:
    import pymc as pm

STATISTICS: Mapping[str, str] = {
    "diverging": "diverging",
    "energy": "energy",
    "tree_depth": "depth",
    "n_steps": "n_steps",
    "step_size": "step_size",
    "acceptance_rate": "mean_tree_accept",
    "lp": "logp",
    "reached_max_treedepth": "maxdepth_reached",
}
"""Sampler statistics that are kept: by ArviZ's name, the sampler's."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """Draws and sampler statistics, leading dims (chain, draw)."""

    draws: dict[str, NDArray[np.float64]]
    statistics: dict[str, NDArray[Any]]


def compile_model(model: pm.Model) -> Any:
    """Compile a PyMC model: several seconds, so callers keep the result.

    Fast-math is off: with it, a cold compile cache gave other draws than a warm one.
    """
    with config.change_flags(numba__fastmath=False):
        return nutpie.compile_pymc_model(model)


@cache
def compiled(model: FitModel, shape: tuple[int, ...]) -> Any:
    """The compiled model of a shape: once per process, several seconds."""
    return compile_model(model.build(*shape))


def compilations() -> int:
    """How many models this process has compiled."""
    return compiled.cache_info().misses


def draw(
    compiled: Any,
    data: Mapping[str, NDArray[Any]],
    sampling: Sampling,
    seed: int,
    *,
    chains: int | None = None,
    draws: int | None = None,
    tune: int | None = None,
) -> Sampled:
    """Draw from the posterior of one data set.

    Parameters
    ----------
    compiled
        What `compile_model` returned.
    data
        Values of the model's data variables.
    sampling
        Settings.
    seed
        Seed of this one fit; the draws do not depend on the number of cores.
    chains, draws, tune
        In place of those of the settings, such as fewer than settings may ask for; each chain has a core if there is.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted before all draws were there.
    """
    shape = (chains or sampling.chains, draws or sampling.draws)
    tree = nutpie.sample(
        compiled.with_data(**data),
        draws=shape[1],
        tune=sampling.tune if tune is None else tune,
        chains=shape[0],
        cores=min(shape[0], os.cpu_count() or 1),
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        target_accept=sampling.target_accept,
    )
    found = {str(name): np.asarray(values) for name, values in tree["posterior"].data_vars.items()}
    statistics = {name: np.asarray(tree["sample_stats"][theirs]) for name, theirs in STATISTICS.items()}
    if statistics["energy"].shape != shape or not np.isfinite(statistics["energy"]).all():
        # the sampler answers an interrupt with the draws it has
        raise KeyboardInterrupt("sampling was interrupted")
    return Sampled(found, statistics)
