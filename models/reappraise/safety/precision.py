"""How precise reported contrasts are, where a posterior may have a point mass at no effect."""

from __future__ import annotations

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from reappraise.diagnose import Check


def contrast_precision(posterior: xr.Dataset, *, level: float, most: float) -> Check:
    """Largest Monte Carlo error of a reported median or limit of a contrast, in standard deviations of an effect.

    The standard deviation is over the draws in which there is an effect: with nearly all mass on one point, that of
    the whole says nothing about the width of what is estimated. Without a point mass the two are the same.

    Parameters
    ----------
    posterior
        Draws of ``odds_ratio`` and ``risk_difference``, dims (chain, draw, term).
    level
        Coverage of the reported intervals.
    most
        The largest fraction that is allowed.
    """
    ratio, difference = (
        posterior[name].transpose("chain", "draw", "term").values.astype(np.float64)
        for name in ("odds_ratio", "risk_difference")
    )
    found = {}
    for name, values in (("odds_ratio", np.log(ratio)), ("risk_difference", difference)):
        for index, term in enumerate(posterior["term"].values):
            one = values[..., index]
            effects = one[ratio[..., index] != 1]
            spread = float(effects.std()) if len(effects) > 1 else float(one.std())
            found[f"{name}[{term}]"] = max(errors(one, level)) / spread if spread > 0 else np.inf
    worst = max(found, key=lambda key: found[key] if np.isfinite(found[key]) else np.inf)
    kept = bool(np.isfinite(found[worst]) and found[worst] <= most)
    return Check("Monte Carlo error of a contrast / sd", float(found[worst]), most, worst, kept)


def errors(draws: NDArray[np.floating], level: float) -> tuple[float, float, float]:
    """Monte Carlo errors of the median and of both limits; draws with dims (chain, draw)."""
    of_median = float(array_stats.mcse(draws, chain_axis=0, draw_axis=1, method="median"))
    low, high = (
        float(array_stats.mcse(draws, chain_axis=0, draw_axis=1, method="quantile", prob=tail))
        for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    return of_median, low, high
