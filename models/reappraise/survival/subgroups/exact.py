"""The exact posterior of printed subgroups, without a sampler: normal given spread and errors, the rest quadrature."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reappraise.core.prior import LogRatioPrior
from reappraise.survival.subgroups.classical import discrepancy
from reappraise.survival.subgroups.model import PRINTED_SUBGROUPS
from reappraise.survival.subgroups.table import SubgroupTable

type Floats = NDArray[np.float64]

_SPREADS = 80
"""Gauss-Legendre nodes over the spread of effects, 0 to 7 times the scale of its prior."""
_REACH = 7.0


@dataclass(frozen=True, slots=True)
class ExactSubgroups:
    r"""The posterior of the effects of levels as a mixture of normals over spread tau and standard errors s.

    .. math::
        (\theta, b) \mid \tau, s \sim \mathrm{Normal}, \qquad
        p(\tau, s \mid b) \propto p(\tau) \, p(s) \, \mathrm{N}(b \mid m A 1, A C A' + R)

        C = \sigma^2 1 1' + \tau^2 I + \mathrm{diag}(s^2), \qquad R = \mathrm{diag}(\rho_k, \sigma_\epsilon^2 + \rho_0)

    A has a row of the identity for each printed level, and the weights for the whole. This is the model of
    `reappraise.survival.subgroups.model` with dense matrices, the mean of the effects integrated out as well, so that
    the two share no formula but the definition.

    Parameters
    ----------
    weight
        Share of each node, dims (node,).
    mean, covariance
        Of the effects at each node, dims (node, level) and (node, level, level).
    average
        Weights of the levels in the whole at each node, dims (node, level).
    evidence
        Density of the print.
    """

    weight: Floats
    mean: Floats
    covariance: Floats
    average: Floats
    evidence: float

    @classmethod
    def of(cls, table: SubgroupTable, prior: LogRatioPrior, *, errors: int = 1) -> ExactSubgroups:
        """The posterior of what was printed under a prior as it enters, experimental over control.

        Parameters
        ----------
        table
            The subgroups.
        prior
            Prior on the mean log hazard ratio of the levels.
        errors
            Gauss-Legendre nodes over the span of each standard error; the nodes of all levels multiply.
        """
        scale = PRINTED_SUBGROUPS.interaction
        at, share = np.polynomial.legendre.leggauss(_SPREADS)
        spreads = (at + 1) / 2 * _REACH * scale
        chance = share * stats.halfnorm.pdf(spreads, scale=scale) * _REACH * scale / 2
        at, share = np.polynomial.legendre.leggauss(errors)
        spans = [level.standard_error for level in table.levels]
        nodes = list(product(range(errors), repeat=len(spans)))
        places = (np.array(nodes) * 0.0 if errors == 1 else at[np.array(nodes)]) / 2 + 0.5
        least, largest = np.array(spans).T
        error = least + (largest - least) * places
        of_errors = np.prod(share[np.array(nodes)] / 2, axis=1)
        found = [_given(table, prior, spread, own) for spread in spreads for own in error]
        evidence = np.array([each[0] for each in found])
        chances = np.repeat(chance, len(error)) * np.tile(of_errors, len(spreads)) * evidence
        return cls(
            chances / chances.sum(),
            np.array([each[1] for each in found]),
            np.array([each[2] for each in found]),
            np.array([each[3] for each in found]),
            float(chances.sum()),
        )

    def moments(self, level: int | None = None) -> tuple[float, float]:
        """Mean and standard deviation of the log hazard ratio of a level, or where None of the average."""
        mean, variance = self._of(level)
        middle = float(self.weight @ mean)
        return middle, sqrt(float(self.weight @ (variance + (mean - middle) ** 2)))

    def below(self, log_ratio: float, level: int | None = None) -> float:
        """Probability of a smaller log hazard ratio of a level, or where None of the average."""
        mean, variance = self._of(level)
        return float(self.weight @ stats.norm.cdf(log_ratio, mean, np.sqrt(variance)))

    def all_below(self, log_ratio: float) -> float:
        """Probability that the log hazard ratios of all levels are smaller."""
        most = np.full(self.mean.shape[1], log_ratio)
        kept = self.weight > 1e-6 * self.weight.max()
        each = [
            stats.multivariate_normal.cdf(most, mean, covariance, abseps=1e-4, rng=1)
            for mean, covariance in zip(self.mean[kept], self.covariance[kept], strict=True)
        ]
        return float(self.weight[kept] @ np.array(each))

    def _of(self, level: int | None) -> tuple[Floats, Floats]:
        if level is not None:
            return self.mean[:, level], self.covariance[:, level, level]
        mean = np.sum(self.average * self.mean, axis=1)
        return mean, np.einsum("ni,nij,nj->n", self.average, self.covariance, self.average)


def _given(
    table: SubgroupTable, prior: LogRatioPrior, spread: float, error: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """Density of the print, and mean and covariance of the effects given it, at one spread and one set of errors."""
    number = len(table.levels)
    average = error**-2 / np.sum(error**-2)
    before = prior.sd**2 * np.ones((number, number)) + spread**2 * np.eye(number)
    rows = [np.eye(number)[place] for place, shown in enumerate(table.shown) if shown]
    printed = [level.log_ratio for level in table.levels if level.log_ratio]
    noise = [(high - low) ** 2 / 12 for low, high in printed]
    if table.whole is not None and table.whole_error is not None:
        rows.append(average)
        printed.append(table.whole)
        own = discrepancy(sum(table.whole) / 2, sum(table.whole_error) / 2)
        noise.append(own**2 + (table.whole[1] - table.whole[0]) ** 2 / 12)
    design = np.array(rows)
    covariance = design @ (before + np.diag(error**2)) @ design.T + np.diag(noise)
    away = np.array([sum(span) / 2 for span in printed]) - prior.mean * design.sum(axis=1)
    gain = np.linalg.solve(covariance, design @ before).T
    density = float(stats.multivariate_normal.pdf(away, cov=covariance))
    return density, prior.mean + gain @ away, before - gain @ design @ before, average
