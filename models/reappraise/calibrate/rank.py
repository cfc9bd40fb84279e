"""The rank of a truth among posterior draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def rank(draws: NDArray[np.floating[Any]], truth: float, rng: np.random.Generator) -> float:
    r"""Rank of the truth among posterior draws as a fraction, exactly uniform if the draws are independent and right.

    .. math:: (\#\{\theta < \theta_0\} + u (\#\{\theta = \theta_0\} + 1)) / (n + 1), \quad u \sim \mathrm{Uniform}(0, 1)

    Parameters
    ----------
    draws
        Nearly independent posterior draws, of any shape; n in all.
    truth
        The value that the data were simulated from.
    rng
        Draws u, which breaks ties and fills the steps between ranks.

    Raises
    ------
    ValueError
        If the truth or a draw is no number.
    """
    if np.isnan(truth) or np.isnan(draws).any():
        raise ValueError(f"expected numbers to rank, got {np.isnan(draws).sum()} draws that are none, truth {truth}")
    below, equal = np.sum(draws < truth), np.sum(draws == truth)
    return float((below + rng.uniform() * (equal + 1)) / (draws.size + 1))
