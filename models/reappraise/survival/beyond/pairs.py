"""Pairs of draws of two posteriors: which keep an order, and the draws that do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.fits.layout import DRAWS
from reappraise.survival import estimands as of
from reappraise.survival.hazard import Grid

type Floats = NDArray[np.float64]


def in_order(first: Floats, second: Floats, grids: tuple[Grid, Grid], end: float) -> NDArray[np.bool_]:
    """Whether survival of the first is nowhere above that of the second, in both arms; dims (...).

    Parameters
    ----------
    first, second
        Log hazards, dims (..., arm, interval).
    grids
        Intervals of the first and of the second.
    end
        Time up to which they are compared.
    """
    times = sorted({time for grid in grids for time in grid.cuts if time < end} | {end})
    reached = [of.cumulative_hazard(own, grid, times) for own, grid in zip((first, second), grids, strict=True)]
    return np.asarray((reached[0] >= reached[1]).all(axis=(-1, -2)))


def log_hazards(posterior: xr.Dataset) -> Floats:
    """Draws of log hazards, dims (chain, draw, arm, interval)."""
    return posterior["log_hazard"].transpose(*DRAWS, "arm", "interval").to_numpy().astype(np.float64)


def paired(shapes: Sequence[tuple[int, ...]], rng: np.random.Generator) -> tuple[NDArray[np.int64], ...]:
    """Places of draws to be paired, dims (chain, draw): as many of each, the second's turned round by lot."""
    chains, draws = (min(shape[axis] for shape in shapes) for axis in range(2))
    even = [np.linspace(0, shape[1] - 1, draws).round().astype(np.int64) for shape in shapes]
    turned = np.stack([np.roll(even[1], rng.integers(draws)) for _ in range(chains)])
    return np.broadcast_to(even[0], (chains, draws)), turned


def taken(variable: xr.DataArray, chain: NDArray[np.int64], chosen: NDArray[np.int64]) -> xr.DataArray:
    """The draws at these places, dims (chain, draw)."""
    if not set(DRAWS) <= set(variable.dims):
        return variable
    lead = variable.transpose(*DRAWS, ...)
    coords = {name: held for name, held in lead.coords.items() if not set(DRAWS) & set(held.dims)}
    return xr.DataArray(
        lead.to_numpy()[chain, chosen],
        dims=lead.dims,
        coords={**coords, "chain": np.arange(chosen.shape[0]), "draw": np.arange(chosen.shape[1])},
        attrs=lead.attrs,
    )
