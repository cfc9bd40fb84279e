"""NUTS on any compiled model: compile once per shape, then every data set through it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import nutpie
from numpy.typing import NDArray
from pytensor.configdefaults import config

from reappraise.fits.diagnose import Check
from reappraise.fits.model import FitModel
from reappraise.fits.packing import PACKED, Packing, packed
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


type Adaptation = Literal["diag", "low_rank"]


@dataclass(frozen=True, slots=True)
class Sampled:
    """Draws and sampler statistics, leading dims (chain, draw), and what only the sampler could check."""

    draws: dict[str, NDArray[np.float64]]
    statistics: dict[str, NDArray[Any]]
    checks: tuple[Check, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled model, and where its data lie."""

    sampler: Any
    packing: Packing

    def given(self, data: Mapping[str, Any]) -> Any:
        """The sampler with these values of the data variables."""
        return self.sampler.with_data(**{PACKED: self.packing.vector(data)})


def compile_model(model: pm.Model) -> Compiled:
    """Compile a PyMC model: several seconds, so callers keep the result.

    Fast-math is off: with it, a cold compile cache gave other draws than a warm one.
    """
    packing = Packing.of(model)
    with config.change_flags(numba__fastmath=False):
        return Compiled(nutpie.compile_pymc_model(packed(model, packing)), packing)


@cache
def compiled(model: FitModel, shape: tuple[int, ...]) -> Compiled:
    """The compiled model of a shape: once per process, several seconds."""
    return compile_model(model.build(*shape))


def compilations() -> int:
    """How many models this process has compiled."""
    return compiled.cache_info().misses


def draw(
    compiled: Compiled,
    data: Mapping[str, NDArray[Any]],
    sampling: Sampling,
    seed: int,
    *,
    chains: int | None = None,
    draws: int | None = None,
    tune: int | None = None,
    adaptation: Adaptation = "diag",
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
    adaptation
        Whether the sampler learns the scale of every variable alone, or a few directions that they share as well.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted before all draws were there.
    """
    shape = (chains or sampling.chains, draws or sampling.draws)
    tree = nutpie.sample(
        compiled.given(data),
        draws=shape[1],
        tune=sampling.tune if tune is None else tune,
        chains=shape[0],
        cores=min(shape[0], os.cpu_count() or 1),
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        target_accept=sampling.target_accept,
        adaptation=adaptation,
    )
    found = {str(name): np.asarray(values) for name, values in tree["posterior"].data_vars.items()}
    statistics = {name: np.asarray(tree["sample_stats"][theirs]) for name, theirs in STATISTICS.items()}
    if statistics["energy"].shape != shape or not np.isfinite(statistics["energy"]).all():
        # the sampler answers an interrupt with the draws it has
        raise KeyboardInterrupt("sampling was interrupted")
    return Sampled(found, statistics)
