r"""Times of one arm against a benchmark: its median, or its survival at a time, as printed with limits.

The estimate is normal on the scale on which such limits are symmetric: the logarithm of a median, the logarithm of the
cumulative hazard :math:`\log(-\log S)` of a survival probability, which is R's and SAS' log-log scale. What is compared
with the benchmark b is

.. math:: \log m - \log m_b, \qquad \log(-\log S(t)) - \log(-\log S_b(t)),

the ratio of medians, and the ratio of hazards averaged over time up to t. The benchmark is a number without an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf, isfinite, log

from reappraise.core.errors import UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.core.printed import Printed
from reappraise.effect.contrast import PrintedContrast
from reappraise.effect.exact import exact_contrast
from reappraise.effect.prior import contrast_priors
from reappraise.one_arm.benchmark import HOW, benchmark_of, fraction
from reappraise.published.record import BENCHMARK, Published
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.spans import Span, error_of_limits, known, logs
from reappraise.survival.published import SurvivalEndpoint

type Read = Callable[[Printed], Span]


def time_contrasts(item: TrialEndpoint[SurvivalEndpoint]) -> tuple[PrintedContrast, ...]:
    """Medians and survival probabilities of the one arm that have limits and a benchmark, each by itself.

    Raises
    ------
    UndeterminedError
        If there is none; it says what is missing.
    """
    found = tuple(
        contrast
        for one in item.published.estimates
        if one.arm == item.trial.experimental.key and one.quantity in {"median", "survival"}
        if (contrast := _contrast(item, one)) is not None
    )
    if not found:
        raise UndeterminedError(
            f"{item.published.key}: of one arm, a median or a survival probability with its limits is held against a "
            f"benchmark of the same; {HOW.replace('rate', 'median').replace('20', '9').replace('percent', 'months')}"
        )
    return found


def time_estimates(contrasts: tuple[PrintedContrast, ...], *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the exact posterior of each contrast with the benchmark under each named prior."""
    for contrast in contrasts:
        for prior in contrast_priors(contrast):
            yield from exact_contrast(contrast, prior, level=level)


def _contrast(item: TrialEndpoint[SurvivalEndpoint], one: Published) -> PrintedContrast | None:
    benchmark = benchmark_of(item, one.quantity, one.at)
    if benchmark is None or benchmark.value is None or one.value is None:
        return None
    median = one.quantity == "median"
    if benchmark.unit != one.unit:
        raise UndeterminedError(
            f"{item.published.key}: expected the benchmark in {one.unit or 'fractions'}, as the {one.quantity} of "
            f"{one.arm} is, got {benchmark.unit or 'fractions'}"
        )
    read: Read = logs if median else _log_hazards(0.01 if one.unit == "percent" else 1.0)
    stated = float(benchmark.value) if median else fraction(benchmark)
    if not (isfinite(stated) and 0 < stated < (inf if median else 1)):
        raise UndeterminedError(
            f"{item.published.key}: a benchmark of {benchmark.value} says nothing of the {one.quantity}"
        )
    centre = log(stated) if median else log(-log(stated))
    value, low, high = read(one.value), *(None if limit is None else read(limit) for limit in (one.low, one.high))
    if low is None or high is None or not known(value) or one.spread != "confidence interval":
        return None
    # a smaller survival is a larger hazard
    error = error_of_limits(value, *((low, high) if median else (high, low)), float(one.level))
    if error is None:
        return None
    lasting = item.published.better == "higher"
    experimental = item.trial.experimental
    notes = [] if known(low) and known(high) else ["one limit is not reached: the other alone gives the standard error"]
    return PrintedContrast(
        endpoint=item.published.key,
        label=item.published.label,
        arms=(BENCHMARK, experimental.key),
        arm_labels=(item.trial.control.short, experimental.short),
        quantity="median_ratio" if median else "time_averaged_hazard_ratio",
        at="" if median else one.at,
        effect=(value[0] - centre, value[1] - centre),
        standard_error=error,
        basis="limits",
        benefit=1 if median == lasting else -1,
        printed=" ".join(filter(None, (one.quantity, one.at, f"{one.value} ({one.low} to {one.high})", one.unit)))
        + f", benchmark {benchmark.value}",
        source=one.source,
        notes=tuple(notes),
    )


def _log_hazards(factor: float) -> Read:
    """Reads survival probabilities as logarithms of cumulative hazards."""

    def read(printed: Printed) -> Span:
        if not isfinite(printed):
            return -inf, inf
        low, high = (min(max(end * factor, 0.0), 1.0) for end in printed.bounds)
        ends = tuple(inf if end <= 0 else -inf if end >= 1 else log(-log(end)) for end in (high, low))
        return ends[0], ends[1]

    return read
