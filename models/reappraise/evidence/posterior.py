"""The posterior of one effect under any prior: likelihood times prior on a grid, integrated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan
from typing import Final

import numpy as np

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.prior import LogRatioPrior
from reappraise.effect.prior import EffectPrior
from reappraise.evidence.grid import Floats, cumulated
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.prior import AnyPrior, FlatPrior, MixturePrior

DEPTH: Final = 36.0
"""Logarithms below its largest density that a posterior is followed down to."""
FINE: Final = 40.0
"""Places in the narrowest standard deviation that shapes a posterior."""
MOST: Final = 20_001
LEAST: Final = 401
CUT: Final = 12.0
"""Logarithms below its largest density that a posterior must have fallen to where its likelihood is no longer known."""
_STEPS: Final = 4

type Opinion = AnyPrior | EffectPrior | LogRatioPrior
"""Everything that may be held beforehand of an effect."""


def entering(prior: Opinion, likelihood: EffectLikelihood) -> AnyPrior:
    """A prior as it enters: on the scale of the likelihood, experimental over (or minus) control.

    A `LogRatioPrior` is of the odds of the better outcome, or of the hazard of the worse one: where the likelihood
    counts the other it is turned round.

    Parameters
    ----------
    prior
        The prior.
    likelihood
        What it is to be multiplied by.

    Raises
    ------
    AnalysisError
        If it is of another ratio, or no prior on an effect.
    """
    if isinstance(prior, MixturePrior | FlatPrior):
        return prior
    if isinstance(prior, EffectPrior):
        return MixturePrior.of(prior)
    if not isinstance(prior, LogRatioPrior):
        raise AnalysisError(
            f"expected a prior on the {likelihood.name} (MixturePrior, FlatPrior, EffectPrior or LogRatioPrior), got "
            f"{type(prior).__name__}"
        )
    if likelihood.quantity != f"{prior.ratio}_ratio":
        raise AnalysisError(
            f"prior {prior.name} is on the {prior.ratio} ratio, the likelihood of {likelihood.endpoint} is of the "
            f"{likelihood.name}: a prior on one is none on the other"
        )
    sign = likelihood.benefit if prior.ratio == "odds" else -likelihood.benefit
    return MixturePrior.normal(prior.name, prior.label, 0.0 + sign * prior.mean, prior.sd, prior.rationale)


@dataclass(frozen=True, eq=False, repr=False)
class EffectPosterior:
    r"""The posterior of one effect.

    .. math:: p(\theta \mid \mathrm{data}) \propto L(\theta) \, p(\theta)

    Parameters
    ----------
    likelihood, prior
        What it was made of; the prior as it enters.
    effect, density
        Equally spaced places and the density there, dims (place,); ratios by their logarithms.
    log_evidence
        Logarithm of the mean of the likelihood, whose largest value is 1, over the prior; not a number under a flat
        prior, which has no mean.
    """

    likelihood: EffectLikelihood
    prior: AnyPrior
    effect: Floats
    density: Floats
    log_evidence: float

    def __repr__(self) -> str:
        low, high = self.interval()
        return (
            f"<posterior of {self.likelihood.one} of {self.likelihood.endpoint}, {self.likelihood.direction}, prior "
            f"{self.prior.name}: {self.median:.3g} ({low:.3g} to {high:.3g}), P(benefit) {self.benefit:.3g}>"
        )

    @cached_property
    def _summed(self) -> Floats:
        found = cumulated(self.effect, self.density)
        return np.asarray(np.clip(found / found[-1], 0.0, 1.0))

    def below(self, effect: Floats | float) -> Floats:
        """Probability of a smaller effect, on the scale of the likelihood, dims (...)."""
        place = np.clip(np.asarray(effect, dtype=np.float64), self.effect[0], self.effect[-1])
        step = float(self.effect[1] - self.effect[0])
        cell = np.clip(((place - self.effect[0]) / step).astype(np.int64), 0, self.effect.size - 2)
        share = (place - self.effect[cell]) / step
        return np.asarray(np.clip(self._within(cell, share), 0.0, 1.0))

    def _within(self, cell: np.ndarray, share: Floats) -> Floats:
        """Probability of less than a share of a cell: the cubic that has sums and densities of both its ends."""
        step = float(self.effect[1] - self.effect[0])
        first, last = self._summed[cell], self._summed[cell + 1]
        left, right = step * self.density[cell], step * self.density[cell + 1]
        square, cube = share**2, share**3
        return np.asarray(
            first * (2 * cube - 3 * square + 1)
            + left * (cube - 2 * square + share)
            + last * (3 * square - 2 * cube)
            + right * (cube - square)
        )

    def quantiles(self, probability: Floats) -> Floats:
        """Effects, on the scale of the likelihood, that are larger than the true one with these probabilities.

        Raises
        ------
        AnalysisError
            If a probability is not between 0 and 1.
        """
        wanted = np.atleast_1d(np.asarray(probability, dtype=np.float64))
        if not np.all((wanted > 0) & (wanted < 1)):
            raise AnalysisError(f"expected probabilities between 0 and 1, got {probability}")
        cell = np.clip(np.searchsorted(self._summed, wanted) - 1, 0, self.effect.size - 2)
        step = float(self.effect[1] - self.effect[0])
        rise = self._summed[cell + 1] - self._summed[cell]
        share = np.where(rise > 0, (wanted - self._summed[cell]) / np.where(rise > 0, rise, 1.0), 0.5)
        for _ in range(_STEPS):
            slope = step * (self.density[cell] * (1 - share) + self.density[cell + 1] * share)
            miss = self._within(cell, share) - wanted
            share = np.clip(share - np.where(slope > 0, miss / np.where(slope > 0, slope, 1.0), 0.0), 0.0, 1.0)
        return np.asarray(self.effect[cell] + step * share)

    def quantile(self, probability: float) -> float:
        """Effect as people read it that is larger than the true one with this probability."""
        return self.likelihood.natural(float(self.quantiles(np.array([probability]))[0]))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed interval of the effect as people read it.

        Parameters
        ----------
        level
            Its probability.
        """
        if not 0 < level < 1:
            raise AnalysisError(f"expected a level between 0 and 1, such as 0.95, got {level:g}")
        low, high = self.quantiles(np.array([(1 - level) / 2, (1 + level) / 2]))
        return self.likelihood.natural(float(low)), self.likelihood.natural(float(high))

    @property
    def median(self) -> float:
        """Median of the effect as people read it."""
        return self.quantile(0.5)

    @property
    def mean(self) -> float:
        """Mean on the scale of the likelihood."""
        return float(self.density @ self.effect / self.density.sum())

    @property
    def sd(self) -> float:
        """Standard deviation on the scale of the likelihood."""
        return float(np.sqrt(self.density @ np.square(self.effect - self.mean) / self.density.sum()))

    @property
    def benefit(self) -> float:
        """Probability that the effect favours the experimental arm."""
        return float(self._better(np.array(0.0)))

    @property
    def harm(self) -> float:
        """Probability that it favours the control arm."""
        return 1.0 - self.benefit

    def beyond(self, threshold: float) -> float:
        """Probability that the effect is better for the experimental arm than a threshold.

        Parameters
        ----------
        threshold
            The effect as people read it, such as a ratio of 0.9; on the side of harm: no more than that.

        Raises
        ------
        AnalysisError
            If it cannot be such an effect.
        """
        return float(self._better(np.array(self.likelihood.scaled(threshold))))

    def _better(self, effect: Floats) -> Floats:
        below = self.below(effect)
        return 1.0 - below if self.likelihood.benefit > 0 else below

    def inside(self, low: float, high: float) -> float:
        """Probability of an effect between two thresholds: a region of practical equivalence.

        Parameters
        ----------
        low, high
            Its ends, as people read them.

        Raises
        ------
        AnalysisError
            If they cannot be such effects, or the first is not below the second.
        """
        if not low < high:
            raise AnalysisError(f"expected a region from low to high, such as 0.9 to 1.11, got {low:g} to {high:g}")
        ends = self.below(np.array([self.likelihood.scaled(end) for end in (low, high)]))
        return float(ends[1] - ends[0])


def effect_posterior(likelihood: EffectLikelihood, prior: Opinion) -> EffectPosterior:
    """The posterior of an effect.

    Parameters
    ----------
    likelihood
        What the data say of it.
    prior
        What is held beforehand.

    Raises
    ------
    AnalysisError
        If the prior is of another effect, or reaches where the likelihood is not known.
    UndeterminedError
        If the prior is flat and the likelihood does not fall away on both sides.
    """
    entered = entering(prior, likelihood)
    flat = isinstance(entered, FlatPrior)
    if flat and not all(likelihood.ends):
        raise UndeterminedError(
            f"{likelihood.endpoint}: the likelihood of the {likelihood.name} does not fall away on "
            f"{'either side' if not any(likelihood.ends) else 'one side'}, so that a flat prior leaves no posterior: "
            "take a prior that is a distribution"
        )
    first, last = float(likelihood.effect[0]), float(likelihood.effect[-1])
    scanned = likelihood.effect
    if isinstance(entered, MixturePrior):
        near = entered.places
        scanned = np.union1d(scanned, near[(near > first) & (near < last)])
    height = likelihood.at_effect(scanned) + entered.log_density(scanned)
    _reached(likelihood, entered, height)
    kept = np.flatnonzero(height > height.max() - DEPTH)
    low, high = float(scanned[max(kept[0] - 1, 0)]), float(scanned[min(kept[-1] + 1, scanned.size - 1)])
    narrow = likelihood.narrowest if flat or likelihood.falls else np.inf
    if isinstance(entered, MixturePrior):
        narrow = (1 / narrow**2 + 1 / entered.narrowest**2) ** -0.5
    number = int(np.clip(np.ceil((high - low) / narrow * FINE), LEAST, MOST))
    effect = np.linspace(low, high, number)
    height = likelihood.at_effect(effect) + entered.log_density(effect)
    top = float(height.max())
    density = np.exp(height - top)
    total = float(cumulated(effect, density)[-1])
    evidence = nan if flat else top + float(np.log(total)) - _log_inside(entered, likelihood)
    return EffectPosterior(likelihood, entered, effect, density / total, evidence)


def _reached(likelihood: EffectLikelihood, prior: AnyPrior, height: Floats) -> None:
    """Refuse a prior that reaches where the likelihood is not tabulated, unless there is nothing."""
    for end, bound in ((0, likelihood.bounds[0]), (-1, likelihood.bounds[1])):
        if not isfinite(bound) and height[end] > height.max() - CUT:
            raise AnalysisError(
                f"{likelihood.endpoint}: prior {prior.name} reaches to {likelihood.one} of "
                f"{likelihood.natural(float(likelihood.effect[end])):.3g} and beyond, where the likelihood is not "
                "known: take a narrower one, or one nearer to the data"
            )


def _log_inside(prior: AnyPrior, likelihood: EffectLikelihood) -> float:
    """Logarithm of the probability that a prior gives to effects that there can be."""
    if isinstance(prior, FlatPrior) or not any(isfinite(bound) for bound in likelihood.bounds):
        return 0.0
    return float(np.log(prior.below(likelihood.bounds[1]) - prior.below(likelihood.bounds[0])))
