"""The exact posterior of a printed hazard ratio, without a sampler: conjugate, or a mixture of conjugate ones."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from reappraise.core.prior import LogRatioPrior
from reappraise.survival.effect.published import PrintedEffect
from reappraise.survival.effect.spans import Span

type Floats = NDArray[np.float64]

_HALVINGS = 60
"""Of an interval that holds a quantile: leaves the last digit of a double."""
_NODES = 48
"""Gauss-Legendre nodes over what rounds to the print, and over the standard errors that it allows."""


def conjugate(log_ratio: float, standard_error: float, prior: LogRatioPrior) -> tuple[float, float]:
    r"""Mean and standard deviation of the log hazard ratio where nothing was rounded.

    .. math::
        \beta \mid b \sim \mathrm{Normal}\left(v (m / \tau^2 + b / s^2), \sqrt v\right), \qquad
        1 / v = 1 / \tau^2 + 1 / s^2

    Parameters
    ----------
    log_ratio, standard_error
        Estimate b and its standard error s.
    prior
        Prior with mean m and standard deviation tau, as it enters.
    """
    variance = 1 / (1 / prior.sd**2 + 1 / standard_error**2)
    return variance * (prior.mean / prior.sd**2 + log_ratio / standard_error**2), sqrt(variance)


@dataclass(frozen=True, slots=True)
class NormalMixture:
    r"""The posterior of a printed effect, such as a log hazard ratio, as a mixture of normals.

    .. math::
        p(\beta \mid \mathrm{print}) \propto \int_{s_1}^{s_2} \int_l^h
            \mathrm{N}(b \mid m, \sqrt{\tau^2 + s^2}) \, p(\beta \mid b, s) \, db \, ds

    For each estimate b that rounds to the print and each standard error s that it allows the posterior is the
    conjugate one; it counts as much as the prior expected that estimate. This is the likelihood of
    `reappraise.survival.effect.model` integrated in the other order, so that neither shares a formula with the other.

    Parameters
    ----------
    weight, mean, sd
        Share, mean and standard deviation of each normal, dims (part,).
    """

    weight: Floats
    mean: Floats
    sd: Floats

    @classmethod
    def of(cls, rounded: Span, standard_error: Span, prior_mean: float, prior_sd: float) -> NormalMixture:
        """The posterior of what was printed under a normal prior.

        Parameters
        ----------
        rounded
            Least and largest estimate that rounds to the print.
        standard_error
            Least and largest standard error of it that the print allows.
        prior_mean, prior_sd
            The prior as it enters, on the same scale and in the same direction.
        """
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        place, share = (nodes + 1) / 2, weights / 2
        low, high = rounded
        least, largest = standard_error
        estimate = (low + (high - low) * place)[:, None]
        error = (least + (largest - least) * place)[None, :]
        expected = _normal(estimate, prior_mean, np.hypot(prior_sd, error))
        weight = share[:, None] * share[None, :] * expected
        variance = 1 / (1 / prior_sd**2 + 1 / error**2)
        mean = variance * (prior_mean / prior_sd**2 + estimate / error**2)
        return cls(
            (weight / weight.sum()).ravel(), mean.ravel(), np.broadcast_to(np.sqrt(variance), mean.shape).ravel()
        )

    @property
    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation."""
        mean = float(self.weight @ self.mean)
        return mean, sqrt(float(self.weight @ (self.sd**2 + (self.mean - mean) ** 2)))

    def below(self, effect: float) -> float:
        """Probability of a smaller effect."""
        return float(self.weight @ ndtr((effect - self.mean) / self.sd))

    def density(self, effect: Floats) -> Floats:
        """Density at each effect, dims (...)."""
        return np.asarray(_normal(effect[..., None], self.mean, self.sd) @ self.weight)

    def quantile(self, probability: float) -> float:
        """Effect that is larger than the true one with this probability."""
        reach = 40 * float(self.sd.max())
        low, high = float(self.mean.min()) - reach, float(self.mean.max()) + reach
        for _ in range(_HALVINGS):  # importing an optimiser would take longer than all of it
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < probability else (low, middle)
        return (low + high) / 2


def _normal(place: Floats, mean: float | Floats, sd: Floats) -> Floats:
    """Normal density."""
    return np.asarray(np.exp(-np.square((place - mean) / sd) / 2) / (sd * sqrt(2 * pi)))


def exact_effect(effect: PrintedEffect, prior: LogRatioPrior) -> NormalMixture:
    """The posterior of a log hazard ratio as printed, under a prior as it enters, experimental over control."""
    return NormalMixture.of(effect.log_ratio, effect.standard_error, prior.mean, prior.sd)
