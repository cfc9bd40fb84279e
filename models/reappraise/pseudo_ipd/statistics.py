"""Every printed statistic of two arms' data in one pass over the sorted patients. Compiled; no allocation."""

from __future__ import annotations

from math import exp, inf, isfinite, log, sqrt
from typing import Any, Final

from reappraise.pseudo_ipd.compiled import compiled, vectorised
from reappraise.pseudo_ipd.targets import STATISTICS, TRANSFORMS, Specification

QUANTILE: Final = STATISTICS.index("quantile")
QUANTILE_LOW: Final = STATISTICS.index("quantile low")
QUANTILE_HIGH: Final = STATISTICS.index("quantile high")
SURVIVAL: Final = STATISTICS.index("survival")
SURVIVAL_LOW: Final = STATISTICS.index("survival low")
SURVIVAL_HIGH: Final = STATISTICS.index("survival high")
LOG_HAZARD_RATIO: Final = STATISTICS.index("log hazard ratio")
LOG_HAZARD_RATIO_LOW: Final = STATISTICS.index("log hazard ratio low")
LOG_HAZARD_RATIO_HIGH: Final = STATISTICS.index("log hazard ratio high")
LOG_RANK: Final = STATISTICS.index("log-rank z")
FOLLOW_UP: Final = STATISTICS.index("follow-up median")
FOLLOW_UP_REVERSE: Final = STATISTICS.index("follow-up median (reverse Kaplan-Meier)")
FOLLOW_UP_MINIMUM: Final = STATISTICS.index("follow-up minimum")
FOLLOW_UP_MAXIMUM: Final = STATISTICS.index("follow-up maximum")
AT_RISK: Final = STATISTICS.index("at risk")
EVENTS: Final = STATISTICS.index("events")
LOG_LOG: Final = TRANSFORMS.index("log-log")
LOG: Final = TRANSFORMS.index("log")

TINY: Final = 1e-12
"""What a product of fractions that equals 1/2 may miss it by."""
FARTHEST: Final = 20.0
"""Log hazard ratio that stands for an infinite one."""


@compiled
def limit(survival: float, greenwood: float, z: float, transform: int) -> float:
    """Confidence limit of a survival probability: lower for z > 0, upper for z < 0.

    Parameters
    ----------
    survival
        Kaplan-Meier estimate.
    greenwood
        Greenwood's sum of 1 / (y (y - 1)): the variance of log S.
    z
        Normal quantile, with sign.
    transform
        Scale of symmetry.
    """
    if survival <= 0.0:
        return 0.0
    if survival >= 1.0:
        return 1.0
    error = sqrt(greenwood)
    if transform == LOG_LOG:
        # S ** exp(z se), se = error / |log S|
        exponent = z * error / -log(survival)
        return float(survival ** exp(min(exponent, 50.0)))
    if transform == LOG:
        return min(1.0, survival * exp(-z * error))
    return min(1.0, max(0.0, survival - z * survival * error))


@compiled
def _crossed(
    kind: int,
    transform: int,
    z: float,
    level: float,
    logs: Any,
    survival: float,
    log_survival: float,
    greenwood: float,
    ends: bool,
) -> bool:
    """Whether a curve, or a limit of it, has come down to `level`; no exponential is taken.

    At a survival of 0 some programs give no upper limit, others 0; `ends` says that it counts as having come down.
    """
    if kind == QUANTILE:
        return survival <= level + TINY
    if kind == QUANTILE_LOW:
        if survival <= level + TINY:
            return True
    else:
        if survival > level + TINY:
            return False
        if survival <= 0.0:
            return ends
        z = -z
    error = z * sqrt(greenwood)
    if transform == LOG_LOG:
        depth = -log_survival
        return bool(error >= depth * (logs[1] - log(depth)) - TINY)
    if transform == LOG:
        return bool(log_survival - error <= logs[0] + TINY)
    return survival * (1.0 - error) <= level + TINY


@vectorised
def cox(work: Any, events: int, experimental: float, found: Any) -> None:
    """Maximise Cox's partial likelihood of one binary covariate by Newton's method.

    Parameters
    ----------
    work
        At each event, patients at risk in control and experimental arm; dims (2, event).
    events, experimental
        Events, and how many of them in the experimental arm.
    found
        Holds the log hazard ratio to start from; receives it and its standard error.
    """
    control = work[0]
    treated = work[1]
    contested = False
    for k in range(events):
        if control[k] > 0.0 and treated[k] > 0.0:
            contested = True
            break
    if experimental == 0.0 or experimental == events or not contested:  # noqa: PLR1714  # a set would be built each time
        found[0] = -FARTHEST if experimental == 0.0 else FARTHEST
        found[1] = FARTHEST
        return
    beta = min(max(found[0], -5.0), 5.0)
    information = 0.0
    for _ in range(25):
        weight = exp(beta)
        expected = 0.0
        information = 0.0
        for k in range(events):
            share = treated[k] * weight
            share /= control[k] + share
            expected += share
            information += share * (1.0 - share)
        if information < TINY:
            break
        step = min(max((experimental - expected) / information, -1.0), 1.0)
        beta += step
        if abs(step) < 1e-7 or abs(beta) > FARTHEST:
            break
    found[0] = min(max(beta, -FARTHEST), FARTHEST)
    found[1] = 1.0 / sqrt(max(information, TINY))


@compiled
def _miss(value: float, k: int, spec: Specification, horizon: float) -> float:
    """Squared miss of one target in units of its scale."""
    low = spec.low[k]
    if low == inf:
        # printed as not reached: crossing just before the end misses by one unit, earlier by more
        miss = 0.0 if value == inf else 1.0 + max(0.0, horizon - value) / spec.scale[k]
    else:
        if value == inf:
            value = horizon + spec.scale[k]
        miss = max(0.0, low - value, value - spec.high[k]) / spec.scale[k]
    return miss * miss


@compiled
def evaluate(
    time: Any,
    event: Any,
    arm: Any,
    totals: Any,
    spec: Specification,
    horizon: float,
    budget: float,
    found: Any,
    work: Any,
    values: Any,
) -> float:
    """Compute every statistic of `spec` and return the misfit: squared misses in units of each target's scale, summed.

    Parameters
    ----------
    time, event, arm
        Patients sorted by time, no two events tied; dims (patient,).
    totals
        Patients by arm.
    spec, horizon
        The targets, and the time that "not reached" lies beyond.
    budget
        Misfit at which the caller loses interest: infinity is returned as soon as it is exceeded.
    found
        Holds the log hazard ratio that Cox's estimation starts from; receives it and its standard error.
    work
        Scratch, dims (2, patient + 12).
    values
        Receives the statistics, dims (target,).
    """
    size = time.size
    at_risk = work[:, size]
    survival = work[:, size + 1]
    log_survival = work[:, size + 2]
    greenwood = work[:, size + 3]
    reverse = work[:, size + 4]
    reverse_median = work[:, size + 5]
    first = work[:, size + 6]
    last = work[:, size + 7]
    seen = work[:, size + 8]
    middle = work[:, size + 9]
    counted = work[:, size + 10]
    crossing = work[:, size + 11]
    for a in range(2):
        at_risk[a] = totals[a]
        survival[a] = reverse[a] = 1.0
        log_survival[a] = greenwood[a] = last[a] = seen[a] = middle[a] = counted[a] = 0.0
        reverse_median[a] = first[a] = inf
        crossing[a] = spec.crossing_start[a + 1] - spec.crossing_start[a]
    for i in range(spec.crossings.size):
        values[spec.crossings[i]] = inf
    events = 0
    observed_minus_expected = 0.0
    variance = 0.0
    mark = 0
    marks = spec.marks.size
    total = 0.0
    for i in range(size + 1):
        now = time[i] if i < size else inf
        while mark < marks and spec.marks[mark] < now:
            for m in range(spec.marked_start[mark], spec.marked_start[mark + 1]):
                k = spec.marked[m]
                a = spec.arm[k]
                kind = spec.statistic[k]
                if kind == SURVIVAL:
                    values[k] = survival[a]
                elif kind == AT_RISK:
                    values[k] = at_risk[a]
                else:
                    z = spec.z[k] if kind == SURVIVAL_LOW else -spec.z[k]
                    values[k] = limit(survival[a], greenwood[a], z, spec.transform[k])
                total += _miss(values[k], k, spec, horizon)
            mark += 1
            if not total <= budget:
                return inf
        if i == size:
            break
        a = arm[i]
        risk = at_risk[a]
        if event[i]:
            control = at_risk[0]
            treated = at_risk[1]
            work[0, events] = control
            work[1, events] = treated
            events += 1
            counted[a] += 1.0
            share = treated / (control + treated)
            observed_minus_expected += a - share
            variance += share * (1.0 - share)
            y = int(risk)
            survival[a] *= spec.steps[0, y]
            log_survival[a] += spec.steps[1, y]
            greenwood[a] += spec.steps[2, y]
            if crossing[a] > 0.0:
                for c in range(spec.crossing_start[a], spec.crossing_start[a + 1]):
                    k = spec.crossings[c]
                    if values[k] == inf and _crossed(
                        spec.statistic[k], spec.transform[k], spec.z[k], spec.level[k], spec.level_logs[k],
                        survival[a], log_survival[a], greenwood[a], isfinite(spec.low[k]),
                    ):  # fmt: skip
                        # a finite printed limit is kept under either habit at a survival of 0
                        values[k] = now
                        crossing[a] -= 1.0
                        total += _miss(now, k, spec, horizon)
                        if not total <= budget:
                            return inf
        else:
            reverse[a] *= spec.steps[0, int(risk)]
            if reverse[a] <= 0.5 + TINY and reverse_median[a] == inf:
                reverse_median[a] = now
        at_risk[a] = risk - 1.0
        if seen[a] == 0.0:
            first[a] = now
        last[a] = now
        seen[a] += 1.0
        if seen[a] == (totals[a] + 1) // 2:
            middle[a] += 0.5 * now
        if seen[a] == totals[a] // 2 + 1:
            middle[a] += 0.5 * now
    for k in range(spec.statistic.size):
        a = spec.arm[k]
        kind = spec.statistic[k]
        if kind == LOG_RANK:
            values[k] = observed_minus_expected / sqrt(variance) if variance > 0.0 else 0.0
        elif kind == FOLLOW_UP:
            values[k] = middle[a]
        elif kind == FOLLOW_UP_REVERSE:
            values[k] = reverse_median[a]
        elif kind == FOLLOW_UP_MINIMUM:
            values[k] = first[a]
        elif kind == FOLLOW_UP_MAXIMUM:
            values[k] = last[a]
        elif kind == EVENTS:
            values[k] = counted[a]
        seen_before = (
            SURVIVAL <= kind <= SURVIVAL_HIGH or kind == AT_RISK or (kind <= QUANTILE_HIGH and values[k] < inf)
        )
        if not seen_before and (kind < LOG_HAZARD_RATIO or kind > LOG_HAZARD_RATIO_HIGH):
            total += _miss(values[k], k, spec, horizon)
    if not total <= budget:
        return inf
    if not spec.cox:
        return total
    cox(work, events, counted[1], found)
    for k in range(spec.statistic.size):
        kind = spec.statistic[k]
        if LOG_HAZARD_RATIO <= kind <= LOG_HAZARD_RATIO_HIGH:
            values[k] = found[0] + (kind == LOG_HAZARD_RATIO_HIGH) * spec.z[k] * found[1]
            values[k] -= (kind == LOG_HAZARD_RATIO_LOW) * spec.z[k] * found[1]
            total += _miss(values[k], k, spec, horizon)
    return total
