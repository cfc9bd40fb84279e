"""Every printed statistic of two arms' data in one pass over the sorted patients. Compiled; no allocation."""

from __future__ import annotations

from math import exp, inf, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reappraise.survival.pseudo_ipd.compiled import compiled, vectorised
from reappraise.survival.pseudo_ipd.crossings import crossing, limit, reverse_median
from reappraise.survival.pseudo_ipd.targets import STATISTICS, Specification

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

TINY: Final = 1e-12
"""Below it an information or a step is none."""
WORK_ROWS: Final = 13
"""At each event: patients at risk by arm; at each patient: the experimental arm's at risk; by arm: times of events, at
risk there, survival, its logarithm, and Greenwood's sum."""
FARTHEST: Final = 20.0
"""Log hazard ratio that stands for an infinite one."""


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


def scratch(patients: int) -> NDArray[np.float64]:
    """Room that `evaluate` works in, for that many patients."""
    return np.empty((WORK_ROWS, patients + 1))


@compiled
def _list_events(time: Any, event: Any, arm: Any, totals: Any, work: Any) -> tuple[int, int]:
    """Write who is at risk at each event, and at each patient's time; return the numbers of events by arm.

    No branch depends on the data: who has an event, in which arm, is what a processor guesses worst.
    """
    control = float(totals[0])
    treated = float(totals[1])
    events = 0
    experimental = 0
    for i in range(time.size):
        a = int(arm[i])
        happened = int(event[i])
        now = time[i]
        work[0, events] = control
        work[1, events] = treated
        work[2, i] = treated
        work[3, events - experimental] = now
        work[4, experimental] = now
        work[5, events - experimental] = control
        work[6, experimental] = treated
        events += happened
        experimental += happened * a
        treated -= a
        control -= 1 - a
    work[2, time.size] = treated
    return events - experimental, experimental


@compiled
def _curve(a: int, events: int, steps: Any, work: Any) -> None:
    """Write an arm's Kaplan-Meier curve after each of its events, its logarithm, and Greenwood's sum."""
    survival = 1.0
    log_survival = 0.0
    greenwood = 0.0
    for j in range(events):
        y = int(work[5 + a, j])
        survival *= steps[0, y]
        log_survival += steps[1, y]
        greenwood += steps[2, y]
        work[7 + a, j] = survival
        work[9 + a, j] = log_survival
        work[11 + a, j] = greenwood


@compiled
def _at_mark(
    mark: float, kind: int, a: int, z: float, transform: int, events: int, time: Any, totals: Any, work: Any
) -> float:
    """Survival probability, a limit of it, or the number at risk after a time."""
    if kind == AT_RISK:
        left = np.searchsorted(time, mark, side="right")
        treated = work[2, left]
        return float(treated if a == 1 else totals[0] + totals[1] - left - treated)
    place = np.searchsorted(work[3 + a, :events], mark, side="right") - 1
    if place < 0:
        return 1.0
    if kind == SURVIVAL:
        return float(work[7 + a, place])
    return float(limit(work[7 + a, place], work[11 + a, place], z if kind == SURVIVAL_LOW else -z, transform))


@compiled
def _ranked(time: Any, arm: Any, a: int, rank: int) -> float:
    """Observed time of the patient of that rank in an arm, from 1."""
    seen = 0
    for i in range(time.size):
        seen += arm[i] == a
        if seen == rank:
            return float(time[i])
    return inf


@compiled
def _log_rank(control: int, experimental: int, work: Any) -> float:
    """Log-rank z, negative where the experimental arm has fewer events than expected."""
    expected = 0.0
    variance = 0.0
    for k in range(control + experimental):
        share = work[1, k] / (work[0, k] + work[1, k])
        expected += share
        variance += share * (1.0 - share)
    return float((experimental - expected) / sqrt(variance)) if variance > 0.0 else 0.0


@compiled
def _follow_up(kind: int, a: int, time: Any, event: Any, arm: Any, total: int, steps: Any) -> float:
    """Median, minimum or maximum of an arm's follow-up."""
    if kind == FOLLOW_UP:
        low = _ranked(time, arm, a, (total + 1) // 2)
        return float(low if total % 2 == 1 else 0.5 * (low + _ranked(time, arm, a, total // 2 + 1)))
    if kind == FOLLOW_UP_REVERSE:
        return float(reverse_median(time, event, arm, a, total, steps))
    if kind == FOLLOW_UP_MINIMUM:
        return float(_ranked(time, arm, a, 1))
    last = time.size - 1
    while arm[last] != a:
        last -= 1
    return float(time[last])


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
        Patients sorted by time, of equal times those with events first; dims (patient,). Of tied events the hazard
        ratio and the log-rank z are those of one order of them.
    totals
        Patients by arm.
    spec, horizon
        The targets, and the time that "not reached" lies beyond.
    budget
        Misfit at which the caller loses interest: infinity is returned as soon as it is exceeded.
    found
        Holds the log hazard ratio that Cox's estimation starts from; receives it and its standard error.
    work
        What `scratch` returned.
    values
        Receives the statistics, dims (target,).
    """
    counted = _list_events(time, event, arm, totals, work)
    _curve(0, counted[0], spec.steps, work)
    _curve(1, counted[1], spec.steps, work)
    total = 0.0
    for mark in range(spec.marks.size):
        for m in range(spec.marked_start[mark], spec.marked_start[mark + 1]):
            k = spec.marked[m]
            a = spec.arm[k]
            values[k] = _at_mark(
                spec.marks[mark], spec.statistic[k], a, spec.z[k], spec.transform[k], counted[a], time, totals, work
            )
            total += _miss(values[k], k, spec, horizon)
        if not total <= budget:
            return inf
    for c in range(spec.crossings.size):
        k = spec.crossings[c]
        a = spec.arm[k]
        values[k] = crossing(
            spec.statistic[k], spec.transform[k], spec.z[k], spec.level[k], spec.level_logs[k], work[3 + a],
            work[7 + a], work[9 + a], work[11 + a], counted[a],
        )  # fmt: skip
        total += _miss(values[k], k, spec, horizon)
        if not total <= budget:
            return inf
    for k in range(spec.statistic.size):
        a = spec.arm[k]
        kind = spec.statistic[k]
        if kind == LOG_RANK:
            values[k] = _log_rank(counted[0], counted[1], work)
        elif FOLLOW_UP <= kind <= FOLLOW_UP_MAXIMUM:
            values[k] = _follow_up(kind, a, time, event, arm, totals[a], spec.steps)
        elif kind == EVENTS:
            values[k] = counted[a]
        else:
            continue
        total += _miss(values[k], k, spec, horizon)
    if not total <= budget:
        return inf
    if not spec.cox:
        return total
    cox(work, counted[0] + counted[1], counted[1], found)
    for k in range(spec.statistic.size):
        kind = spec.statistic[k]
        if LOG_HAZARD_RATIO <= kind <= LOG_HAZARD_RATIO_HIGH:
            values[k] = found[0] + (kind == LOG_HAZARD_RATIO_HIGH) * spec.z[k] * found[1]
            values[k] -= (kind == LOG_HAZARD_RATIO_LOW) * spec.z[k] * found[1]
            total += _miss(values[k], k, spec, horizon)
    return total
