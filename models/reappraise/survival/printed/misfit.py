"""Whether printed numbers can come from one trial: their distance from what any parameters give."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
import xarray as xr
from scipy.stats import chi2


@dataclass(frozen=True, slots=True)
class Misfit:
    """How surprising the printed numbers are, together and one by one.

    Parameters
    ----------
    joint
        Posterior predictive probability that numbers of a new trial lie as far from their expectation.
    each
        Two-sided probability of each printed number given the parameters and all other printed numbers, by its text.
    """

    joint: float
    each: dict[str, float]

    @property
    def worst(self) -> str:
        """The number that fits the others worst."""
        return min(self.each, key=lambda text: self.each[text]) if self.each else ""

    @property
    def words(self) -> str:
        """The worst number, and how rare it is."""
        if not self.each:
            return "nothing is printed"
        return f"{self.worst}: 1 in {1 / max(self.each[self.worst], 1e-12):,.0f} given the others"


def misfit_of(tree: xr.DataTree) -> Misfit:
    """Read the misfit from the draws.

    Parameters
    ----------
    tree
        What `build_print_tree` made.
    """
    posterior = tree["agreement"]
    numbers = posterior.sizes["printed_number"]
    joint = float(chi2.sf(posterior["misfit"].to_numpy(), numbers).mean())
    z = posterior["conditional_z"].transpose("chain", "draw", "printed_number").to_numpy()
    rarity = np.vectorize(lambda value: erfc(abs(float(value)) / sqrt(2)))(z.reshape(-1, numbers)[::8]).mean(axis=0)
    texts = [str(text) for text in posterior["printed_number"].to_numpy()]
    return Misfit(joint, dict(zip(texts, rarity.tolist(), strict=True)))
