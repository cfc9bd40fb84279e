"""The exact posterior of the independent model: conjugate Beta rates, contrasts by quadrature. No sampler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, partial
from math import exp, inf, log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, expit, logit

from reappraise.core.arms import Better
from reappraise.core.estimate import Estimate
from reappraise.core.prior import RatePrior
from reappraise.core.silence import with_silence
from reappraise.published.partition import Partition
from reappraise.response.asked import questions
from reappraise.response.needed_to_treat import needed_to_treat

type Make = Callable[..., Estimate]
"""`Estimate` with the names that several numbers share."""

METHOD = "exact conjugate posterior"

_NODES = 512
"""Gauss-Legendre nodes: probabilities are right to 1e-5; to 1e-3 where all or none of an arm had events."""

_HALVINGS = 44
"""Of an interval 120 wide: leaves 7e-12."""


@cache
def quadrature() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights on (0, 1), crowded at both ends: there the quantiles of a Beta can bend without limit."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    place = (nodes + 1) / 2
    return place**3 * (10 - 15 * place + 6 * place**2), weights * 15 * place**2 * (1 - place) ** 2


class Pair(Protocol):
    """Distribution of the contrasts of two rates."""

    def risk_difference(self, value: float) -> float:
        """P(experimental - control <= value)."""
        ...

    def quantile(self, contrast: str, probability: float) -> float:
        """Quantile of "risk_difference", "risk_ratio" or "odds_ratio"."""
        ...


@dataclass(frozen=True)
class BetaPair:
    r"""Two independent Beta rates and the distribution of their contrasts.

    .. math:: P(g(p_1, p_0) \le t) = \int_0^1 F_1\bigl(g^{-1}(t, F_0^{-1}(u))\bigr)\, du

    Parameters
    ----------
    control, experimental
        Shapes (alpha, beta) of the posterior rate of each arm.
    """

    control: tuple[float, float]
    experimental: tuple[float, float]

    @cached_property
    def _control(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rates of the control arm at the nodes, and the weights."""
        probability, weights = quadrature()
        return betaincinv(*self.control, probability), weights

    def risk_difference(self, value: float) -> float:
        """P(experimental - control <= value)."""
        rate, weight = self._control
        return float(weight @ betainc(*self.experimental, np.clip(rate + value, 0.0, 1.0)))

    def risk_ratio(self, value: float) -> float:
        """P(experimental / control <= value)."""
        rate, weight = self._control
        return float(weight @ betainc(*self.experimental, np.clip(rate * value, 0.0, 1.0)))

    def odds_ratio(self, value: float) -> float:
        """P(odds of experimental / odds of control <= value)."""
        rate, weight = self._control
        with np.errstate(divide="ignore"):
            shifted = expit(logit(rate) + (log(value) if value > 0 else -inf))
        return float(weight @ betainc(*self.experimental, shifted))

    def quantile(self, contrast: str, probability: float) -> float:
        """Quantile of "risk_difference", "risk_ratio" or "odds_ratio"."""
        return contrast_quantile(getattr(self, contrast), contrast, probability)


def contrast_quantile(below: Callable[[float], float], contrast: str, probability: float) -> float:
    """Quantile of a contrast of rates, from its distribution function."""
    if contrast == "risk_difference":
        return bisect(below, probability, -1.0, 1.0)
    return exp(bisect(lambda value: below(exp(value)), probability, -60.0, 60.0))


def bisect(below: Callable[[float], float], probability: float, low: float, high: float) -> float:
    """Quantile of a distribution function by bisection: importing an optimiser would take longer than all of it."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < probability else (low, middle)
    return (low + high) / 2


def exact_estimates(partition: Partition, prior: RatePrior, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the exact posterior of every level: rates, contrasts, probabilities, and where these are the prior's.

    Parameters
    ----------
    partition
        Counts.
    prior
        Beta prior of every rate.
    level
        Coverage of the equal-tailed intervals.
    """
    for item in _estimates(partition, prior, level):
        yield with_silence(item, partition.evidence(item.population)).cautioned(partition.caution)


def _estimates(partition: Partition, prior: RatePrior, level: float) -> Iterator[Estimate]:
    tails = (0.5, (1 - level) / 2, (1 + level) / 2)
    for index, key in enumerate(partition.levels):
        shapes = [
            (prior.alpha + k, prior.beta + n - k)
            for k, n in zip(partition.events[index], partition.totals[index], strict=True)
        ]
        make = partial(
            Estimate,
            endpoint=partition.endpoint,
            population=partition.population(key),
            kind="posterior",
            model="independent",
            prior=prior.name,
            method=METHOD,
        )
        for arm, (name, shape) in enumerate(zip(partition.arms, shapes, strict=True)):
            if partition.totals[index][arm]:
                value, low, high = (float(betaincinv(*shape, tail)) for tail in tails)
                yield make(quantity="rate", arm=name, value=value, low=low, high=high, level=level)
        if not (partition.comparable[index] and partition.causal):
            continue
        pair = BetaPair(control=shapes[0], experimental=shapes[1])
        make = partial(make, numerator=partition.arms[1], denominator=partition.arms[0])
        yield from contrast_estimates(make, pair, better=partition.better, margin=partition.margin, level=level)


def contrast_estimates(
    make: Make, pair: Pair, *, better: Better, margin: float | None, level: float
) -> Iterator[Estimate]:
    """Yield the contrasts of two rates, and how probable benefit, more of it than the margin, and equivalence are.

    Parameters
    ----------
    make
        Makes an estimate that names arms, model, prior and method.
    pair
        Distribution of the contrasts.
    better, margin
        Whether a higher rate is good, and the difference that matters; None where none is stated.
    level
        Coverage of the equal-tailed intervals.
    """

    def benefit(size: float) -> float:
        """P(difference in favour of the experimental arm > size)."""
        return 1.0 - pair.risk_difference(size) if better == "higher" else pair.risk_difference(-size)

    for quantity in ("risk_difference", "risk_ratio", "odds_ratio"):
        value, low, high = (pair.quantile(quantity, tail) for tail in (0.5, (1 - level) / 2, (1 + level) / 2))
        estimate = make(quantity=quantity, value=value, low=low, high=high, level=level, prob_benefit=benefit(0.0))
        yield estimate
        if quantity == "risk_difference":
            yield needed_to_treat(estimate, better=better)
    for asked in questions(better, margin):
        beyond = benefit(asked.high) if asked.high < inf else 0.0
        yield make(quantity=asked.quantity, at=asked.at, value=benefit(asked.low) - beyond)
