"""Priors on one effect as values: a mixture of normal distributions, or no opinion at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, isfinite
from typing import Final, Self

import numpy as np
from scipy.special import ndtr, ndtri

from reappraise.core.errors import AnalysisError
from reappraise.effect.prior import EffectPrior
from reappraise.evidence.grid import Floats

SUM: Final = 1e-6
"""By how much weights may miss 1."""
_HALVINGS: Final = 80
_SDS: Final = 9.0
"""Standard deviations of a part that hold all of it that counts."""
_SHAPE: Final = np.linspace(-_SDS, _SDS, 145)
"""Where a part is looked at: sixteen places in its standard deviation."""


@dataclass(frozen=True, slots=True)
class MixturePrior:
    r"""A mixture of normal distributions on an effect, experimental over (or minus) control.

    .. math:: \theta \sim \sum_k w_k \, \mathrm{Normal}(m_k, \tau_k)

    Ratios are held by their logarithms. A single normal distribution is a mixture of one.

    Parameters
    ----------
    name, label
        Key and words.
    weights, means, sds
        Share, mean and standard deviation of each part.
    rationale
        Why one would hold it.
    """

    name: str
    label: str
    weights: tuple[float, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]
    rationale: str

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        if not len(self.weights) == len(self.means) == len(self.sds) > 0:
            raise AnalysisError(
                f"prior {self.name}: expected as many weights as means and standard deviations, got "
                f"{len(self.weights)}, {len(self.means)} and {len(self.sds)}"
            )
        if not all(isfinite(mean) for mean in self.means):
            raise AnalysisError(f"prior {self.name}: expected finite means, got {_listed(self.means)}")
        if not all(isfinite(sd) and sd > 0 for sd in self.sds):
            raise AnalysisError(
                f"prior {self.name}: expected standard deviations above 0 and finite, got {_listed(self.sds)}; a point "
                "is no prior, and no opinion is FlatPrior()"
            )
        if not all(0 < weight <= 1 for weight in self.weights) or abs(sum(self.weights) - 1) > SUM:
            raise AnalysisError(
                f"prior {self.name}: expected weights between 0 and 1 that add up to 1, got {_listed(self.weights)}"
            )

    @classmethod
    def normal(cls, name: str, label: str, mean: float, sd: float, rationale: str) -> Self:
        """A normal prior.

        Parameters
        ----------
        name, label
            Key and words.
        mean, sd
            Location and standard deviation, on the scale of the effect: of ratios their logarithm.
        rationale
            Why one would hold it.
        """
        return cls(name, label, (1.0,), (mean,), (sd,), rationale)

    @classmethod
    def of(cls, prior: EffectPrior) -> Self:
        """A normal prior of a printed contrast as a mixture of one."""
        return cls.normal(prior.name, prior.label, prior.mean, prior.sd, prior.rationale)

    @property
    def mean(self) -> float:
        """Its mean."""
        return float(np.dot(self.weights, self.means))

    @property
    def sd(self) -> float:
        """Its standard deviation."""
        weights, means, sds = self._arrays
        return float(np.sqrt(weights @ (sds**2 + (means - self.mean) ** 2)))

    @property
    def places(self) -> Floats:
        """Effects at which its shape shows, ascending, dims (place,)."""
        _, means, sds = self._arrays
        return np.unique(means[:, None] + sds[:, None] * _SHAPE)

    @property
    def narrowest(self) -> float:
        """The smallest of the standard deviations."""
        return min(self.sds)

    @property
    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        return np.array(self.weights), np.array(self.means), np.array(self.sds)

    def log_density(self, effect: Floats) -> Floats:
        """Log density at each effect, dims (...)."""
        weights, means, sds = self._arrays
        part = np.log(weights / sds) - np.square((effect[..., None] - means) / sds) / 2
        top = part.max(axis=-1)
        return np.asarray(top + np.log(np.exp(part - top[..., None]).sum(axis=-1)) - 0.5 * np.log(2 * np.pi))

    def density(self, effect: Floats) -> Floats:
        """Density at each effect, dims (...)."""
        return np.exp(self.log_density(np.asarray(effect, dtype=np.float64)))

    def below(self, effect: float) -> float:
        """Probability of a smaller effect."""
        weights, means, sds = self._arrays
        return float(weights @ ndtr((effect - means) / sds))

    def quantile(self, probability: float) -> float:
        """Effect that is larger than the true one with this probability.

        Raises
        ------
        AnalysisError
            If the probability is not between 0 and 1.
        """
        if not 0 < probability < 1:
            raise AnalysisError(f"prior {self.name}: expected a probability between 0 and 1, got {probability:g}")
        if len(self.sds) == 1:
            return self.means[0] + self.sds[0] * float(ndtri(probability))
        reach = 40 * max(self.sds)
        low, high = min(self.means) - reach, max(self.means) + reach
        for _ in range(_HALVINGS):  # importing an optimiser would take longer than all of it
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < probability else (low, middle)
        return (low + high) / 2

    def swapped(self) -> Self:
        """The same opinion with the arms exchanged."""
        return replace(self, means=tuple(0.0 - mean for mean in self.means))

    def text(self, *, ratio: bool) -> str:
        """The distribution in a line, with what it holds plausible.

        Parameters
        ----------
        ratio
            Whether the effect is a ratio.
        """
        ends = [self.quantile(place) for place in (0.025, 0.975)]
        low, high = (exp(end) for end in ends) if ratio else ends
        parts = " + ".join(
            f"{'' if len(self.weights) == 1 else f'{weight:.3g} '}Normal({mean:.3g}, {sd:.3g})"
            for weight, mean, sd in zip(self.weights, self.means, self.sds, strict=True)
        )
        return f"{'log ratio' if ratio else 'effect'} ~ {parts}: {low:.3g} to {high:.3g} with 95%"


@dataclass(frozen=True, slots=True)
class FlatPrior:
    """No opinion: every effect on the scale of the likelihood, the logarithm of ratios, counts the same.

    It is no distribution, and the posterior is one only where the likelihood falls away on both sides.

    Parameters
    ----------
    name, label, rationale
        Key, words, and why one would hold it.
    """

    name: str = "flat"
    label: str = "Flat"
    rationale: str = (
        "No opinion, what a confidence interval is often read as: an effect of a thousandfold is held as plausible "
        "beforehand as one of a tenth."
    )

    def log_density(self, effect: Floats) -> Floats:
        """Zero everywhere, dims (...): it has no density."""
        return np.zeros(np.shape(effect))

    def swapped(self) -> Self:
        """The same."""
        return self

    def text(self, *, ratio: bool) -> str:
        """The prior in a line."""
        return f"flat on the {'logarithm of the ratio' if ratio else 'difference'}"


type AnyPrior = MixturePrior | FlatPrior
"""A prior on one effect, as it enters."""


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
