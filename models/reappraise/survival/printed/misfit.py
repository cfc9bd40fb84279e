"""Whether printed numbers can come from one trial: their distance from what any parameters give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
import xarray as xr
from scipy.stats import chi2

from reappraise.survival.printed.cells import Floats
from reappraise.survival.printed.mode import OPEN, rewhitened
from reappraise.survival.printed.pivot import plain
from reappraise.survival.printed.problem import Problem


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


def misfit_at(problem: Problem, data: Mapping[str, Floats]) -> Misfit:
    """The misfit at the most probable parameters, before anything is sampled.

    Parameters
    ----------
    problem, data
        The print, and the values of the model's data variables.
    """
    data = rewhitened(problem, data)
    centre = plain(data["centre"], data)
    residual = data["printed"] - data["opened"] @ np.exp(centre[-OPEN:]) - problem.expected(centre[:-OPEN])
    fit = data["log_weight"] - np.square(data["whiten"] @ residual).sum(axis=-1) / 2
    likeliest = int(np.argmax(fit))
    rows = [row for row in problem.rows if problem.readings[likeliest].holds(row)]
    place = problem.places.place[[problem.readings[likeliest].holds(row) for row in problem.rows]]
    whiten = data["whiten"][likeliest][np.ix_(place, place)]
    precision = whiten.T @ whiten
    z = precision @ residual[place] / np.sqrt(np.diag(precision))
    each = {row.text: erfc(abs(float(one)) / sqrt(2)) for row, one in zip(rows, z, strict=True)}
    return Misfit(float(chi2.sf(residual[place] @ precision @ residual[place], len(rows))), each)


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
