"""Draws of a fit, and whether means agree as far as chance allows."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats

ERRORS = 5.0
"""Monte Carlo standard errors that are tolerated: a false alarm once in 1.7 million comparisons."""


class HasTree(Protocol):
    @property
    def tree(self) -> xr.DataTree: ...


def draws(fit: HasTree, name: str, **labels: object) -> np.ndarray:
    """Draws of one variable, chain and draw first."""
    chosen = fit.tree["posterior"].to_dataset()[name].sel(labels)
    return np.asarray(chosen.transpose("chain", "draw", ...).values, dtype=np.float64)


def error(values: np.ndarray, method: str = "mean", **options: Any) -> float:
    """Monte Carlo standard error of a number that draws give."""
    return float(array_stats.mcse(values.astype(float), chain_axis=0, draw_axis=1, method=method, **options))


def z_score(values: np.ndarray, truth: float, error_of_truth: float = 0.0) -> float:
    """Distance of the mean from the truth, in standard errors."""
    return (float(values.astype(float).mean()) - truth) / float(np.hypot(error(values), error_of_truth))


def same_mean(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two means agree up to Monte Carlo error."""
    return abs(first.mean() - second.mean()) < ERRORS * np.hypot(error(first), error(second))
