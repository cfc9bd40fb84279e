"""Counts that print leaves open within rounding: the exact posterior, a mixture over the counts that print so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, betaln, gammaln, softmax

from reappraise.core.arms import WHOLE, Timing
from reappraise.core.estimate import Estimate
from reappraise.core.prior import RatePrior
from reappraise.published.partition import Partition
from reappraise.published.record import Count
from reappraise.published.trial import TrialEndpoint
from reappraise.response.exact import METHOD, contrast_estimates, contrast_quantile, quadrature
from reappraise.response.published import ResponseEndpoint

MOST: Final = 500
"""Counts of an arm that a mixture is made of at most: beyond, print says next to nothing of it."""
PLACES: Final = 20_001
"""Rates that a distribution is tabulated at, crowded at both ends: with no events it rises without limit there."""
OUTSIDE: Final = 1e-13
"""Probability that is left out at either end."""


@dataclass(frozen=True, slots=True)
class Part:
    """All patients, or those of one level of a factor: keys, words, and when the factor was determined."""

    factor: str
    level: str
    label: str
    timing: Timing = "baseline"

    @property
    def population(self) -> str:
        """Name of the population."""
        return WHOLE if self.factor == WHOLE else f"{self.factor}={self.level}"


EVERYBODY: Final = Part(WHOLE, WHOLE, "All patients")


@dataclass(frozen=True, slots=True)
class RoundedCounts:
    r"""Patients with the event in both arms, known within rounding.

    .. math:: p(\theta \mid \mathrm{print}) = \sum_k w_k \, \mathrm{Beta}(\alpha + k, \beta + n - k), \qquad
        w_k \propto \binom{n}{k} B(\alpha + k, \beta + n - k)

    over the k that round to the printed percentage of n: each count weighs as much as the prior expected it.

    Parameters
    ----------
    item
        The endpoint.
    events
        Counts that round to the print, ``[arm]``, control first.
    totals
        Patients of each arm.
    part
        Of whom the counts are: of all patients by default.
    """

    item: TrialEndpoint[ResponseEndpoint]
    events: tuple[Sequence[int], Sequence[int]]
    totals: tuple[int, int]
    part: Part = EVERYBODY

    @property
    def words(self) -> str:
        """The counts in words."""
        arms = self.item.trial.arms
        return "; ".join(
            f"{arm.short} {found[0]}{f' to {found[-1]}' if len(found) > 1 else ''} of {total}"
            for arm, found, total in zip(arms, self.events, self.totals, strict=True)
        )

    def partition(self, control: int, experimental: int) -> Partition:
        """The counts as if these had been printed: one level, of all patients or of those of the part."""
        published, arms = self.item.published, self.item.trial.arms
        planned = published.planned_odds_ratio
        return Partition(
            endpoint=published.key,
            factor=self.part.factor,
            levels=(self.part.level,),
            level_labels=(self.part.label,),
            arms=(arms[0].key, arms[1].key),
            arm_labels=(arms[0].short, arms[1].short),
            events=((control, experimental),),
            totals=(self.totals,),
            better=published.better,
            timing=self.part.timing,
            margin=published.smallest_that_matters,
            planned_odds_ratio=None if planned is None else float(planned),
            source=published.source,
        )

    @property
    def extremes(self) -> tuple[Partition, Partition]:
        """The counts that make the contrast, experimental over control, smallest and largest."""
        control, experimental = self.events
        return self.partition(control[-1], experimental[0]), self.partition(control[0], experimental[-1])


def rounded_counts(item: TrialEndpoint[ResponseEndpoint]) -> RoundedCounts | None:
    """Counts of an endpoint that are known within rounding; None where they are known, or none fits the print."""
    counts: dict[str, Count] = {count.arm: count for count in item.published.counts}
    control, experimental = (counts[arm.key] for arm in item.trial.arms)
    events = control.candidates, experimental.candidates
    if control.not_reported or experimental.not_reported:
        return None
    if not all(events) or not 1 < max(map(len, events)) <= MOST:
        return None
    return RoundedCounts(item, events, (control.total, experimental.total))


@dataclass(frozen=True, slots=True)
class BetaMixture:
    """A rate whose distribution is a mixture of Beta distributions, tabulated.

    Parameters
    ----------
    rate, below
        Rates, ascending, and the probability of a smaller one, dims (place,); between two of the `PLACES`, a line.
    """

    rate: NDArray[np.float64]
    below: NDArray[np.float64]

    @classmethod
    def of(cls, events: Sequence[int], total: int, prior: RatePrior) -> BetaMixture:
        """The posterior where one of these counts was seen: each weighs as much as the prior expected it."""
        k = np.array(events, dtype=np.float64)
        alpha, beta = prior.alpha + k, prior.beta + total - k
        binomial = gammaln(total + 1) - gammaln(k + 1) - gammaln(total - k + 1)
        weights = softmax(binomial + betaln(alpha, beta))
        ends = float(betaincinv(alpha[0], beta[0], OUTSIDE)), float(1 - betaincinv(beta[-1], alpha[-1], OUTSIDE))
        place = np.linspace(0.0, 1.0, PLACES)
        rate = ends[0] + (ends[1] - ends[0]) * place**3 * (10 - 15 * place + 6 * place**2)
        below = sum(weight * betainc(a, b, rate) for weight, a, b in zip(weights, alpha, beta, strict=True))
        return cls(rate, np.asarray(below))

    def quantile(self, probability: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Rates that these probabilities lie below, dims of the probability."""
        return np.asarray(np.interp(probability, self.below, self.rate))

    def distribution(self, rate: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of a smaller rate, dims of the rate."""
        return np.interp(rate, self.rate, self.below, left=0.0, right=1.0)


@dataclass(frozen=True)
class MixedPair:
    """Two independent rates, each a mixture of Beta distributions, and the distribution of their contrasts.

    Parameters
    ----------
    control, experimental
        The rates.
    """

    control: BetaMixture
    experimental: BetaMixture

    @cached_property
    def _control(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rates of the control arm at the nodes, and the weights."""
        probability, weights = quadrature()
        return self.control.quantile(probability), weights

    def risk_difference(self, value: float) -> float:
        """P(experimental - control <= value)."""
        rate, weight = self._control
        return float(weight @ self.experimental.distribution(rate + value))

    def risk_ratio(self, value: float) -> float:
        """P(experimental / control <= value)."""
        rate, weight = self._control
        return float(weight @ self.experimental.distribution(rate * value))

    def odds_ratio(self, value: float) -> float:
        """P(odds of experimental / odds of control <= value)."""
        rate, weight = self._control
        odds = value * rate / (1 - rate)
        return float(weight @ self.experimental.distribution(odds / (1 + odds)))

    def quantile(self, contrast: str, probability: float) -> float:
        """Quantile of "risk_difference", "risk_ratio" or "odds_ratio"."""
        return contrast_quantile(getattr(self, contrast), contrast, probability)


def rounded_estimates(counts: RoundedCounts, prior: RatePrior, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the exact posterior of counts that are known within rounding: rates, contrasts, probabilities.

    Parameters
    ----------
    counts
        The counts.
    prior
        Beta prior of both rates.
    level
        Coverage of the equal-tailed intervals.
    """
    published, arms = counts.item.published, counts.item.trial.arms
    make = partial(
        Estimate,
        endpoint=published.key,
        population=counts.part.population,
        causal=counts.part.timing == "baseline",
        kind="posterior",
        model="independent",
        prior=prior.name,
        method=f"{METHOD}, mixture over the counts that round to the print ({counts.words})",
        source=published.source,
    )
    control, experimental = (
        BetaMixture.of(events, total, prior) for events, total in zip(counts.events, counts.totals, strict=True)
    )
    for arm, rate in zip(arms, (control, experimental), strict=True):
        value, low, high = (float(rate.quantile(tail)) for tail in (0.5, (1 - level) / 2, (1 + level) / 2))
        yield make(quantity="rate", arm=arm.key, value=value, low=low, high=high, level=level)
    if counts.part.timing != "baseline":
        return
    pair = MixedPair(control, experimental)
    make = partial(make, numerator=arms[1].key, denominator=arms[0].key)
    yield from contrast_estimates(
        make, pair, better=published.better, margin=published.smallest_that_matters, level=level
    )
