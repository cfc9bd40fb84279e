r"""The rate of one arm: exact, with counts known within rounding as a mixture, and against a benchmark.

.. math:: p \mid k, n \sim \mathrm{Beta}(\alpha + k, \beta + n - k), \qquad
    P(p - b \le d) = F_{\alpha + k,\, \beta + n - k}(b + d)

The benchmark b is a number, not an estimate: that it was itself estimated in other patients, at another time, is in
none of these probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

import numpy as np

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import RATE_PRIORS, RatePrior
from reappraise.one_arm.benchmark import rate_benchmark
from reappraise.published.record import BENCHMARK
from reappraise.published.trial import TrialEndpoint
from reappraise.response.classical.rates import rate_intervals
from reappraise.response.exact import METHOD, contrast_estimates, contrast_quantile
from reappraise.response.published import ResponseEndpoint
from reappraise.response.rounded import MOST, BetaMixture

MODEL: Final = "one-arm-rate"

type Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRate:
    """Patients with the event in the one arm.

    Parameters
    ----------
    item
        The endpoint.
    arm
        Key of the arm.
    events
        Counts that print so; one where the count is printed.
    total
        Patients.
    benchmark
        Rate that it is held against, a fraction; None where none is stated.
    """

    item: TrialEndpoint[ResponseEndpoint]
    arm: str
    events: range
    total: int
    benchmark: float | None


@dataclass(frozen=True, slots=True)
class AgainstBenchmark:
    """Distribution of the contrasts of an uncertain rate with a fixed one.

    Parameters
    ----------
    rate
        Posterior of the rate.
    benchmark
        The fixed rate.
    """

    rate: BetaMixture
    benchmark: float

    def _below(self, rate: float) -> float:
        return float(self.rate.distribution(np.array(rate)))

    def risk_difference(self, value: float) -> float:
        """P(rate - benchmark <= value)."""
        return self._below(self.benchmark + value)

    def risk_ratio(self, value: float) -> float:
        """P(rate / benchmark <= value)."""
        return self._below(self.benchmark * value)

    def odds_ratio(self, value: float) -> float:
        """P(odds / odds of the benchmark <= value)."""
        odds = value * self.benchmark / (1 - self.benchmark)
        return self._below(odds / (1 + odds))

    def quantile(self, contrast: str, probability: float) -> float:
        """Quantile of "risk_difference", "risk_ratio" or "odds_ratio"."""
        return contrast_quantile(getattr(self, contrast), contrast, probability)


def one_rate(item: TrialEndpoint[ResponseEndpoint]) -> OneRate:
    """The counts of the one arm, and its benchmark.

    Raises
    ------
    AnalysisError
        If no patients could give the count.
    UndeterminedError
        If the count is not known, not even within rounding, or the benchmark is no rate between 0 and 1.
    """
    published, arm = item.published, item.trial.experimental.key
    count = next((one for one in published.counts if one.arm == arm), None)
    if count is not None and count.impossible:
        raise AnalysisError(f"{published.key}, {arm}: {count.impossible}: as printed it cannot be analysed")
    if count is None or count.not_reported or not 0 < len(count.candidates) <= MOST:
        raise UndeterminedError(f"{published.key}, {arm}: the number of patients with the event is not known")
    benchmark = rate_benchmark(item)
    return OneRate(item=item, arm=arm, events=count.candidates, total=count.total, benchmark=benchmark)


def one_rate_estimates(one: OneRate, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the exact posterior under each named prior: the rate, and its contrasts with the benchmark."""
    for prior in RATE_PRIORS:
        yield from _of_prior(one, prior, level)


def _of_prior(one: OneRate, prior: RatePrior, level: float) -> Iterator[Estimate]:
    rate = BetaMixture.of(one.events, one.total, prior)
    published = one.item.published
    among = "" if len(one.events) == 1 else f", of {one.events[0]} to {one.events[-1]} patients, which print alike"
    make = partial(
        Estimate,
        endpoint=published.key,
        kind="posterior",
        model=MODEL,
        prior=prior.name,
        method=f"{METHOD}{among}",
    )
    value, low, high = (float(rate.quantile(tail)) for tail in (0.5, (1 - level) / 2, (1 + level) / 2))
    yield make(quantity="rate", arm=one.arm, value=value, low=low, high=high, level=level)
    if one.benchmark is None:
        return
    sign = ">" if published.better == "higher" else "<"
    margin = published.smallest_that_matters
    asked = {"probability_of_benefit": f"rate {sign} {100 * one.benchmark:g}%"}
    if margin is not None:
        beyond = one.benchmark + (margin if published.better == "higher" else -margin)
        asked["probability_above_margin"] = f"rate {sign} {100 * beyond:g}%"
    for found in contrast_estimates(
        partial(make, numerator=one.arm, denominator=BENCHMARK),
        AgainstBenchmark(rate, one.benchmark),
        better=published.better,
        margin=margin,
        level=level,
    ):
        if found.quantity != "number_needed_to_treat":  # nobody is treated with a benchmark
            yield replace(found, at=asked.get(found.quantity, found.at))


def recomputed_rate(one: OneRate, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield classical intervals of the rate, and exact binomial p values of the benchmark.

    Of a count known within rounding, those of the smallest and of the largest. The alternative of a one-sided p value
    is that the arm is better than the benchmark.
    """
    from scipy.stats import binomtest  # slow to import, and the posterior needs it not

    published = one.item.published
    better: Alternative = "greater" if published.better == "higher" else "less"
    tests: tuple[tuple[int, Alternative], ...] = ((1, better), (2, "two-sided"))
    for events in dict.fromkeys((one.events[0], one.events[-1])):
        said = "" if len(one.events) == 1 else f", of {events} patients"
        row = partial(Estimate, endpoint=published.key, kind="recomputed", source=published.source)
        for found in rate_intervals(events, one.total, level=level):
            yield row(
                quantity="rate",
                arm=one.arm,
                method=f"{found.method}{said}",
                value=found.value,
                low=found.low,
                high=found.high,
                level=level,
            )
        if one.benchmark is None:
            continue
        for sides, against in tests:
            yield row(
                quantity="risk_difference",
                numerator=one.arm,
                denominator=BENCHMARK,
                method=f"exact binomial test{said}",
                value=None,
                p_value=float(binomtest(events, one.total, one.benchmark, alternative=against).pvalue),
                sides=sides,
            )
