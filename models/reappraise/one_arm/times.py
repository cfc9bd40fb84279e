r"""Times of one arm against a benchmark: its median, or its survival at a time, as printed with limits.

On the scale on which such limits come nearest to symmetric, the logarithm of a median and the logarithm of the
cumulative hazard of a survival probability (R's and SAS' log-log), the likelihood is normal on either side of the
estimate, with the spread that the limit on that side says:

.. math:: L(\theta) \propto \exp\left(-\frac{(\hat\theta - \theta)^2}{2 s_\pm^2}\right), \qquad
    s_\pm = |\hat\theta_\pm - \hat\theta| / z

where a limit that is not reached says nothing about the spread on its side: there the likelihood does not fall. What is
compared with the benchmark b, a number without an error, is

.. math:: \log m - \log b, \qquad \log(-\log S(t)) - \log(-\log b),

the ratio of medians, and the ratio of hazards averaged over time up to t. Every estimate and limit that rounds to the
print is as likely as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import exp, inf, isfinite, log
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.core.located import Tabulated
from reappraise.core.printed import Printed
from reappraise.core.prior import LogRatioPrior
from reappraise.core.units import DAYS, time_in
from reappraise.one_arm.benchmark import fraction, usable
from reappraise.published.record import BENCHMARK, Published
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.spans import Span, known, logs
from reappraise.survival.published import SurvivalEndpoint

MODEL: Final = "one-arm-time"
METHOD: Final = "exact posterior of a likelihood that is normal on either side of the printed estimate"
CELLS: Final = 4001
REACH: Final = 8.0
"""Spreads on either side of the estimate, and prior standard deviations, that a posterior is tabulated over."""
_NODES: Final = 3
"""Gauss-Legendre nodes over what rounds to the print."""

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTime:
    """A median or a survival probability of the one arm, on its scale, with its benchmark.

    Parameters
    ----------
    item, published
        The endpoint, and the number as printed.
    benchmark
        What it is held against, as printed; a number.
    value, low, high
        Spans of estimate and limits less the benchmark, low below high on the scale; infinite where not reached.
    stated
        The benchmark: a time, or a fraction.
    """

    item: TrialEndpoint[SurvivalEndpoint]
    published: Published
    benchmark: Published
    value: Span
    low: Span
    high: Span
    stated: float

    @property
    def median(self) -> bool:
        """Whether it is a median, else a survival probability, whose scale runs the other way."""
        return self.published.quantity == "median"

    @property
    def quantity(self) -> str:
        """Key of the contrast with the benchmark."""
        return "median_ratio" if self.median else "time_averaged_hazard_ratio"

    @property
    def benefit(self) -> int:
        """1 where a larger number on the scale is good for patients, else -1."""
        return 1 if self.median == (self.item.published.better == "higher") else -1

    @property
    def words(self) -> str:
        """What is asked of it, such as ``"median > 4 months"``."""
        unit = "%" if self.published.unit == "percent" else f" {self.published.unit}".rstrip()
        sign = ">" if self.item.published.better == "higher" else "<"
        return f"{self.published.quantity} {sign} {float(self.benchmark.value or 0):g}{unit}"

    @property
    def spreads(self) -> tuple[float, float]:
        """Standard deviations below and above the estimate, of the middles of the print; infinite where unknown."""
        z = NormalDist().inv_cdf((1 + float(self.published.level)) / 2)
        middle = sum(self.value) / 2
        below, above = (abs(sum(end) / 2 - middle) / z if known(end) else inf for end in (self.low, self.high))
        return below, above

    def likelihood(self, effect: Floats) -> Floats:
        """Likelihood at each effect, dims (effect,), the mean over what rounds to the print."""
        z = NormalDist().inv_cdf((1 + float(self.published.level)) / 2)
        found = np.zeros_like(effect)
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        places = [_within(span, nodes) for span in (self.value, self.low, self.high)]
        for index in product(range(_NODES), repeat=3):
            value, low, high = (place[k] for place, k in zip(places, index, strict=True))
            below, above = max(value - low, 1e-9) / z, max(high - value, 1e-9) / z
            away = effect - value
            spread = np.where(away < 0, below, above)
            found += np.prod([weights[k] / 2 for k in index]) * np.exp(-0.5 * (away / spread) ** 2)
        return found

    def posterior(self, prior: LogRatioPrior) -> Tabulated:
        """The posterior of the effect under a prior on it."""
        finite = [spread for spread in self.spreads if isfinite(spread)]
        middle, reach = sum(self.value) / 2, REACH * max(finite)
        ends = [middle - reach, middle + reach]
        for side, spread in enumerate(self.spreads):
            if not isfinite(spread):  # nothing but the prior bounds it there
                far = prior.mean + (1 if side else -1) * REACH * prior.sd
                ends[side] = max(far, ends[1]) if side else min(far, ends[0])
        effect = np.linspace(ends[0], ends[1], CELLS)
        mass = self.likelihood(effect) * np.exp(-0.5 * ((effect - prior.mean) / prior.sd) ** 2)
        return Tabulated(effect, mass / mass.sum())


def _within(span: Span, nodes: Floats) -> Floats:
    low, high = span
    return np.full(nodes.size, low) if not known(span) else low + (high - low) * (nodes + 1) / 2


def one_times(item: TrialEndpoint[SurvivalEndpoint]) -> tuple[tuple[OneTime, ...], tuple[str, ...]]:
    """Numbers of the one arm that can be held against a benchmark, and why others cannot, in words."""
    found: list[OneTime] = []
    refused: list[str] = []
    for one in item.published.estimates:
        if one.arm == BENCHMARK:
            try:
                found.append(_one_time(item, one))
            except UndeterminedError as error:
                refused.append(str(error))
    if not any(one.arm == BENCHMARK for one in item.published.estimates):
        refused.append(
            f"{item.published.key}: no benchmark is stated; write what a number of the arm is held against as one of "
            'arm = "benchmark", such as { quantity = "median", arm = "benchmark", value = 4, unit = "months", source = '
            '"Methods" }'
        )
    return tuple(found), tuple(refused)


def priors_of(one: OneTime) -> tuple[LogRatioPrior, ...]:
    """Named priors on the scale of the contrast: those of a hazard ratio, turned round for a ratio of medians."""
    plan = one.item.published.plan.priors
    # benefit is a smaller hazard ratio there; here it lies where `benefit` says
    return tuple(prior if one.benefit < 0 else prior.mirrored() for prior in plan)


def time_estimates(times: tuple[OneTime, ...], *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the exact posterior under each named prior: the number, its ratio to the benchmark, P(benefit)."""
    for one in times:
        for prior in priors_of(one):
            yield from _of_prior(one, prior, level)


def recomputed_times(times: tuple[OneTime, ...], *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the ratio to the benchmark that estimate and limits make."""
    for one in times:
        ends = [exp(sum(span) / 2) if known(span) else exp(span[0]) for span in (one.low, one.high)]
        same = abs(float(one.published.level) - level) < 1e-9  # limits of another level say nothing at this one
        yield Estimate(
            endpoint=one.item.published.key,
            quantity=one.quantity,
            at="" if one.median else one.published.at,
            numerator=one.item.trial.experimental.key,
            denominator=BENCHMARK,
            kind="recomputed",
            method="printed estimate and limits over the benchmark",
            value=exp(sum(one.value) / 2),
            low=ends[0] if same else None,
            high=ends[1] if same else None,
            level=level if same else None,
            source=one.published.source,
        )


def _of_prior(one: OneTime, prior: LogRatioPrior, level: float) -> Iterator[Estimate]:
    found, arm = one.posterior(prior), one.item.trial.experimental.key
    places = (0.5, (1 - level) / 2, (1 + level) / 2)
    make = partial(
        Estimate,
        endpoint=one.item.published.key,
        kind="posterior",
        model=MODEL,
        prior=prior.name,
        method=METHOD,
        source=one.published.source,
    )
    effects = [found.quantile(place) for place in places]
    own = [one.stated * exp(effect) if one.median else exp(log(one.stated) * exp(effect)) for effect in effects]
    value, low, high = own if one.median else (own[0], own[2], own[1])
    at = "" if one.median else one.published.at
    yield make(quantity=one.published.quantity, arm=arm, at=at, value=value, low=low, high=high, level=level)
    better = 1 - found.below(0.0) if one.benefit > 0 else found.below(0.0)
    contrast = partial(make, numerator=arm, denominator=BENCHMARK)
    value, low, high = (exp(effect) for effect in effects)
    yield contrast(quantity=one.quantity, at=at, value=value, low=low, high=high, level=level, prob_benefit=better)
    yield contrast(quantity="probability_of_benefit", at=f"{one.words}{f', {at}' if at else ''}", value=better)


def _one_time(item: TrialEndpoint[SurvivalEndpoint], benchmark: Published) -> OneTime:
    """A benchmark with the number that it is for.

    Raises
    ------
    UndeterminedError
        If there is none, or one of the two is none of the kind.
    """
    where = f"{item.published.key}: benchmark {benchmark.quantity} {benchmark.value}"
    if benchmark.quantity not in {"median", "survival"}:
        raise UndeterminedError(f"{where}: of one arm, medians and survival probabilities are held against benchmarks")
    usable(benchmark, where)
    arm, unit = item.trial.experimental.key, item.published.unit
    alike = [
        one
        for one in item.published.estimates
        if one.arm == arm and one.quantity == benchmark.quantity and _same_time(one.at, benchmark.at, unit)
    ]
    broken = [
        one.impossible
        for one in item.published.printed
        if one.arm == arm and one.quantity == benchmark.quantity and one.impossible
    ]
    if not alike and broken:
        raise UndeterminedError(f"{where}: of the {benchmark.quantity} of {arm}, {broken[0]}")
    if len(alike) != 1:
        what = f"{benchmark.quantity}{f' at {benchmark.at}' if benchmark.at else ''}"
        raise UndeterminedError(f"{where}: expected one {what} of {arm}, got {len(alike)}")
    (one,) = alike
    median = one.quantity == "median"
    stated = _stated(benchmark, one, item) if median else fraction(benchmark)
    if not (isfinite(stated) and 0 < stated < (inf if median else 1)):
        raise UndeterminedError(f"{where}: says nothing of the {one.quantity}")
    if one.value is None or one.low is None or one.high is None or one.spread != "confidence interval":
        missing = f"the limits of the {one.quantity} of {arm} are missing, which say how sure it is"
        raise UndeterminedError(f"{where}: {missing}")
    read = logs if median else _log_hazards(0.01 if one.unit == "percent" else 1.0)
    base = log(stated) if median else log(-log(stated))
    value, low, high = ((span[0] - base, span[1] - base) for span in map(read, (one.value, one.low, one.high)))
    if not median:
        low, high = high, low  # a smaller survival is a larger hazard
    if not known(value) or not (known(low) or known(high)):
        raise UndeterminedError(f"{where}: the {one.quantity} of {arm} is not reached, or neither of its limits is")
    low = low if known(low) else (-inf, -inf)
    high = high if known(high) else (inf, inf)
    return OneTime(item=item, published=one, benchmark=benchmark, value=value, low=low, high=high, stated=stated)


def _stated(benchmark: Published, one: Published, item: TrialEndpoint[SurvivalEndpoint]) -> float:
    """The benchmark of a median in the unit of the median; without a unit of its own, in that of the endpoint."""
    own, wanted = (published.unit or item.published.unit for published in (benchmark, one))
    value = float(benchmark.value or 0.0)
    if own == wanted:
        return value
    if own not in DAYS or wanted not in DAYS:
        raise UndeterminedError(f"{item.published.key}: expected the benchmark in {wanted}, got {own}")
    return value * DAYS[own] / DAYS[wanted]


def _same_time(first: str, second: str, unit: str) -> bool:
    """Whether two printed times are the same, in any spelling."""
    times = time_in(first, unit), time_in(second, unit)
    return first == second or (None not in times and abs((times[0] or 0) - (times[1] or 0)) < 1e-6)


def _log_hazards(factor: float) -> Callable[[Printed], Span]:
    """Reads printed survival probabilities as logarithms of cumulative hazards."""

    def read(printed: Printed) -> Span:
        if not isfinite(printed):
            return -inf, inf
        low, high = (min(max(end * factor, 0.0), 1.0) for end in printed.bounds)
        ends = [inf if end <= 0 else -inf if end >= 1 else log(-log(end)) for end in (high, low)]
        return ends[0], ends[1]

    return read
