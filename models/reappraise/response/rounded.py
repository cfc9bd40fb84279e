"""Counts that print leaves open within rounding: the exact posterior, a mixture over the counts that print so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, betaln, gammaln, softmax

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import Estimate
from reappraise.core.prior import RatePrior
from reappraise.published.partition import Partition
from reappraise.published.record import Count
from reappraise.published.trial import TrialEndpoint
from reappraise.response.exact import METHOD, BetaPair, bisect, contrast_estimates, contrast_quantile
from reappraise.response.published import ResponseEndpoint


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
    """

    item: TrialEndpoint[ResponseEndpoint]
    events: tuple[tuple[int, ...], tuple[int, ...]]
    totals: tuple[int, int]

    @property
    def words(self) -> str:
        """The counts in words."""
        arms = self.item.trial.arms
        return "; ".join(
            f"{arm.short} {found[0]}{f' to {found[-1]}' if len(found) > 1 else ''} of {total}"
            for arm, found, total in zip(arms, self.events, self.totals, strict=True)
        )

    def partition(self, control: int, experimental: int) -> Partition:
        """The endpoint as if these had been printed."""
        known = {arm.key: events for arm, events in zip(self.item.trial.arms, (control, experimental), strict=True)}
        counts = tuple(
            count.model_copy(update={"events": known[count.arm]}) if count.arm in known else count
            for count in self.item.published.counts
        )
        return replace(self.item, published=self.item.published.model_copy(update={"counts": counts})).partition()

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
    if not all(events) or max(map(len, events)) == 1:
        return None
    return RoundedCounts(item, events, (control.total, experimental.total))


@dataclass(frozen=True)
class MixedPair:
    """Two independent rates, each a mixture of Beta distributions, and the distribution of their contrasts.

    Parameters
    ----------
    parts
        Weight, and the pair, of each combination of counts.
    """

    parts: tuple[tuple[float, BetaPair], ...]

    def risk_difference(self, value: float) -> float:
        """P(experimental - control <= value)."""
        return sum(weight * pair.risk_difference(value) for weight, pair in self.parts)

    def risk_ratio(self, value: float) -> float:
        """P(experimental / control <= value)."""
        return sum(weight * pair.risk_ratio(value) for weight, pair in self.parts)

    def odds_ratio(self, value: float) -> float:
        """P(odds of experimental / odds of control <= value)."""
        return sum(weight * pair.odds_ratio(value) for weight, pair in self.parts)

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
        population=WHOLE,
        kind="posterior",
        model="independent",
        prior=prior.name,
        method=f"{METHOD}, mixture over the counts that round to the print ({counts.words})",
        source=published.source,
    )
    weighed = [_weighed(events, total, prior) for events, total in zip(counts.events, counts.totals, strict=True)]
    for arm, (weights, shapes) in zip(arms, weighed, strict=True):
        value, low, high = (_quantile(weights, shapes, tail) for tail in (0.5, (1 - level) / 2, (1 + level) / 2))
        yield make(quantity="rate", arm=arm.key, value=value, low=low, high=high, level=level)
    pair = MixedPair(
        tuple(
            (float(first * second), BetaPair(control=control, experimental=experimental))
            for (first, control), (second, experimental) in product(*(zip(*one, strict=True) for one in weighed))
        )
    )
    make = partial(make, numerator=arms[1].key, denominator=arms[0].key)
    yield from contrast_estimates(make, pair, better=published.better, margin=float(published.margin), level=level)


type _Shapes = list[tuple[float, float]]


def _weighed(events: tuple[int, ...], total: int, prior: RatePrior) -> tuple[NDArray[np.float64], _Shapes]:
    """Posterior probability of each count, and the shapes of the rate given it."""
    k = np.array(events, dtype=np.float64)
    binomial = gammaln(total + 1) - gammaln(k + 1) - gammaln(total - k + 1)
    weights = softmax(binomial + betaln(prior.alpha + k, prior.beta + total - k))
    return weights, [(prior.alpha + one, prior.beta + total - one) for one in events]


def _quantile(weights: NDArray[np.float64], shapes: _Shapes, probability: float) -> float:
    ends = [float(betaincinv(*shape, probability)) for shape in shapes]
    alpha, beta = np.array(shapes).T
    return bisect(lambda rate: float(weights @ betainc(alpha, beta, rate)), probability, min(ends), max(ends))
