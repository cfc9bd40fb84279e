"""The expected statistics and their derivative, compiled: what a gradient step of the sampler costs.

The same numbers as `shares.expected` and `statistics.statistics` give, and as complex steps through them; a general
graph of a few hundred array operations takes minutes to compile and ten times as long to run. Tests hold both together.
"""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from reappraise.survival.printed.cells import CENSORING_STEPS
from reappraise.survival.printed.shares import (
    APART,
    EARLIEST_SD,
    FLOOR,
    LATER,
    LATEST_SD,
    LOG_TWO,
    LONGEST,
    LOST,
    SLOW_WALK,
    SOFT,
)
from reappraise.survival.printed.statistics import FIRST, ROWS, SHARPNESS
from reappraise.survival.pseudo_ipd.compiled import forget_stale
from reappraise.survival.pseudo_ipd.compiled import vectorised as compiled

forget_stale(Path(__file__).parent)

SPREAD, EVENTS, OBSERVED, POTENTIAL, BOTH = (
    FIRST[name] for name in ("spread", "events", "observed", "potential", "both")
)


@compiled
def softplus(value: float) -> float:
    """log(1 + exp(value)), without overflow."""
    return value + log1p(exp(-value)) if value > 0 else log1p(exp(value))


@compiled
def logistic(value: float) -> float:
    """1 / (1 + exp(-value)), without overflow."""
    return 1 / (1 + exp(-value)) if value > 0 else exp(value) / (1 + exp(value))


@compiled
def _softplus_with_slope(value: float) -> tuple[float, float]:
    """`softplus` and its derivative, `logistic`."""
    small = exp(-abs(value))
    if value > 0:
        return value + log1p(small), 1 / (1 + small)
    return log1p(small), small / (1 + small)


@compiled
def _above_zero(value: float) -> float:
    return softplus(SHARPNESS * value) / SHARPNESS


@compiled
def _ends(censoring: Any, settings: Any) -> tuple[float, float, float, float]:
    """Latest and earliest end of follow-up, and the logistic functions that they come from where not known."""
    late = logistic(LATEST_SD * censoring[2] + LATER)
    early = logistic(EARLIEST_SD * censoring[1])
    latest = settings[2] if settings[3] > 0 else settings[4] * (1 + LONGEST * late)
    earliest = settings[0] if settings[1] > 0 else latest * early
    return latest, earliest, late, early


@compiled
def _follow(
    log_hazard: Any, censoring: Any, edges: Any, interval: Any, stretch: Any, settings: Any, hazard: Any, ending: Any,
    left: Any, risk: Any, still: Any, gone: Any, walk: Any,
) -> None:  # fmt: skip
    """Write what is expected to become of patients."""
    cells, end = interval.size, edges[edges.size - 1]
    latest, earliest, _, _ = _ends(censoring, settings)
    soft = SOFT * end
    for i in range(cells + 1):
        before_latest, gone[0, i] = _softplus_with_slope((latest - edges[i]) / soft)
        before_earliest, gone[1, i] = _softplus_with_slope((earliest - edges[i]) / soft)
        still[i] = log(soft * (before_latest - before_earliest) / (latest - earliest) + FLOOR)
    for s in range(CENSORING_STEPS):
        walk[s] = 0.0
        for k in range(CENSORING_STEPS):
            walk[s] += censoring[3 + k] * SLOW_WALK[k, s]
        walk[s] = exp(walk[s])
    lost = LOST / end * softplus(censoring[0]) / LOG_TWO
    apart, rate = exp(APART * censoring[3 + CENSORING_STEPS]), np.exp(log_hazard)
    for a in range(2):
        cumulative = 0.0
        left[a, 0] = 1.0 + FLOOR
        for m in range(cells):
            width = edges[m + 1] - edges[m]
            hazard[a, m] = rate[a, int(interval[m])] * width
            leaving = (still[m] - still[m + 1]) * walk[int(stretch[m])] + lost * width
            ending[a, m] = leaving * apart if a == 1 else leaving / apart
            both = hazard[a, m] + ending[a, m]
            cumulative += both
            left[a, m + 1] = exp(-cumulative) + FLOOR
            risk[a, m] = (left[a, m] - left[a, m + 1]) / both + FLOOR


@compiled
def _sums(hazard: Any, ending: Any, left: Any, risk: Any, share: Any, sums: Any) -> None:
    """Write running sums: cumulative hazard by arm, its variance by arm, ended follow-up by arm and of both."""
    cells = hazard.shape[1]
    sums[:, 0] = 0.0
    for m in range(cells):
        above, below = 0.0, 0.0
        for a in range(2):
            sums[a, m + 1] = sums[a, m] + hazard[a, m]
            sums[2 + a, m + 1] = sums[2 + a, m] + hazard[a, m] * risk[a, m] / (left[a, m] * left[a, m + 1])
            sums[4 + a, m + 1] = sums[4 + a, m] + ending[a, m]
            above += ending[a, m] * share[a] * risk[a, m]
            below += share[a] * risk[a, m]
        sums[6, m + 1] = sums[6, m] + above / below


@compiled
def _band(u: float, v: float, zeta: float, scale: float, number: float) -> tuple[float, float, float]:
    """A band's value, and its derivatives by the cumulative hazard and by its variance."""
    shift = zeta * sqrt(v / number)
    ratio = shift / u
    by_variance = shift / (2 * v)
    if scale == 0:
        return log(u) + ratio, (1 - ratio) / u, by_variance / u
    if scale == 1:
        value = _above_zero(1 + ratio)
        slope = logistic(SHARPNESS * (1 + ratio)) / value
        return log(u) + log(value), (1 - slope * ratio) / u, slope / u * by_variance
    inner = _above_zero(1 - shift)
    outer = 1 - log(inner) / u
    value = _above_zero(outer)
    slope = logistic(SHARPNESS * outer) / value
    inside = logistic(SHARPNESS * (1 - shift)) / (inner * u)
    return log(u) + log(value), (1 + slope * log(inner) / u) / u, slope * inside * by_variance


@compiled
def _cox(hazard: Any, risk: Any, share: Any, settings: Any, found: Any) -> None:
    """Write score and information at the printed ratio, and at 1."""
    turned = exp(-settings[7])
    found[:] = 0.0
    for m in range(hazard.shape[1]):
        control, experimental = share[0] * risk[0, m], share[1] * risk[1, m]
        treated = hazard[1, m] * experimental
        every = treated + hazard[0, m] * control
        chance, even = experimental / (control * turned + experimental), experimental / (control + experimental)
        found[0] += treated - chance * every
        found[1] += chance * (1 - chance) * every
        found[2] += treated - even * every
        found[3] += even * (1 - even) * every


@compiled
def follow(log_hazard: Any, censoring: Any, edges: Any, interval: Any, stretch: Any, settings: Any) -> Any:
    """What becomes of patients, with all that statistics and their derivatives are made of."""
    cells = interval.size
    hazard, ending, risk = np.empty((2, cells)), np.empty((2, cells)), np.empty((2, cells))
    left, still, gone = np.empty((2, cells + 1)), np.empty(cells + 1), np.empty((2, cells + 1))
    walk, sums, cox = np.empty(CENSORING_STEPS), np.empty((7, cells + 1)), np.empty(4)
    _follow(log_hazard, censoring, edges, interval, stretch, settings, hazard, ending, left, risk, still, gone, walk)
    share = settings[5:7] / (settings[5] + settings[6])
    _sums(hazard, ending, left, risk, share, sums)
    _cox(hazard, risk, share, settings, cox)
    return hazard, ending, left, risk, still, gone, walk, sums, cox


@compiled
def push(followed: Any, settings: Any, bands: Any, spreads: Any, observed: Any, potentials: Any) -> Any:
    """All statistics of what became of patients, dims (row,)."""
    hazard, _, left, risk, _, _, _, sums, cox = followed
    cells, number = hazard.shape[1], settings[5] + settings[6]
    found = np.empty(ROWS)
    for k in range(bands.shape[0]):
        a, i = int(bands[k, 0]), int(bands[k, 1])
        found[k] = _band(sums[a, i], sums[2 + a, i], bands[k, 2], bands[k, 3], bands[k, 4])[0]
    for k in range(spreads.shape[0]):
        found[SPREAD + k] = 0.5 * log(sums[2 + int(spreads[k, 0]), int(spreads[k, 1])] / spreads[k, 2])
    for a in range(2):
        found[EVENTS + a] = 0.0
        for m in range(cells):
            found[EVENTS + a] += hazard[a, m] * risk[a, m]
    for k in range(observed.shape[0]):
        i = int(observed[k, 2])
        found[OBSERVED + k] = observed[k, 0] * left[0, i] + observed[k, 1] * left[1, i]
    for k in range(potentials.shape[0]):
        found[POTENTIAL + k] = log(sums[4 + int(potentials[k, 0]), int(potentials[k, 1])])
    found[BOTH] = cox[0]
    found[BOTH + 1] = -0.5 * log(number * cox[1])
    found[BOTH + 2] = sqrt(number / cox[3]) * cox[2]
    return found


@compiled
def pull(  # noqa: PLR0915  # the derivative of every line of `push` and `follow`, in reverse
    followed: Any, censoring: Any, edges: Any, interval: Any, stretch: Any, settings: Any, intervals: int, bands: Any,
    spreads: Any, observed: Any, potentials: Any, weight: Any,
) -> Any:  # fmt: skip
    """Derivative of the statistics' weighted sum by log hazards and censoring: dims (arm, interval), (parameter,)."""
    hazard, ending, left, risk, still, gone, walk, sums, cox = followed
    cells, number = interval.size, settings[5] + settings[6]
    share = settings[5:7] / number
    by_sum, by_left, by_risk = np.zeros((7, cells + 1)), np.zeros((2, cells + 1)), np.zeros((2, cells))
    for k in range(bands.shape[0]):
        if weight[k] != 0.0:
            a, i = int(bands[k, 0]), int(bands[k, 1])
            _, by_u, by_v = _band(sums[a, i], sums[2 + a, i], bands[k, 2], bands[k, 3], bands[k, 4])
            by_sum[a, i] += weight[k] * by_u
            by_sum[2 + a, i] += weight[k] * by_v
    for k in range(spreads.shape[0]):
        a, i = int(spreads[k, 0]), int(spreads[k, 1])
        by_sum[2 + a, i] += 0.5 * weight[SPREAD + k] / sums[2 + a, i]
    for k in range(observed.shape[0]):
        i = int(observed[k, 2])
        for a in range(2):
            by_left[a, i] += weight[OBSERVED + k] * observed[k, a]
    for k in range(potentials.shape[0]):
        which, i = 4 + int(potentials[k, 0]), int(potentials[k, 1])
        by_sum[which, i] += weight[POTENTIAL + k] / sums[which, i]
    # of the score and information at the printed ratio, and at 1
    at_score, at_information = weight[BOTH], -0.5 * weight[BOTH + 1] / cox[1]
    scale = sqrt(number / cox[3])
    even_score, even_information = weight[BOTH + 2] * scale, -0.5 * weight[BOTH + 2] * scale * cox[2] / cox[3]
    turned = exp(-settings[7])
    by_hazard, by_ending = np.zeros((2, cells)), np.zeros((2, cells))
    later = np.zeros(7)
    for m in range(cells - 1, -1, -1):
        for k in range(7):
            later[k] += by_sum[k, m + 1]
        above, below = 0.0, 0.0
        for a in range(2):
            above += ending[a, m] * share[a] * risk[a, m]
            below += share[a] * risk[a, m]
        control, experimental = share[0] * risk[0, m], share[1] * risk[1, m]
        every = hazard[1, m] * experimental + hazard[0, m] * control
        chance, even = experimental / (control * turned + experimental), experimental / (control + experimental)
        by_every = (
            -chance * at_score
            + chance * (1 - chance) * at_information
            - even * even_score
            + even * (1 - even) * even_information
        )
        by_share = chance * (1 - chance) * every * (-at_score + (1 - 2 * chance) * at_information)
        by_share += even * (1 - even) * every * (-even_score + (1 - 2 * even) * even_information)
        for a in range(2):
            first, second = left[a, m], left[a, m + 1]
            sign = 1.0 if a == 1 else -1.0
            by_events = weight[EVENTS + a] + share[a] * by_every + later[2 + a] / (first * second)
            if a == 1:
                by_events += share[1] * (at_score + even_score)
            variance = later[2 + a] * hazard[a, m] * risk[a, m] / (first * second)
            by_left[a, m] -= variance / first
            by_left[a, m + 1] -= variance / second
            by_risk[a, m] = by_events * hazard[a, m] + sign * by_share / risk[a, m]
            by_risk[a, m] += later[6] * share[a] * (ending[a, m] - above / below) / below
            by_hazard[a, m] = later[a] + by_events * risk[a, m]
            by_ending[a, m] = later[4 + a] + later[6] * share[a] * risk[a, m] / below
    for a in range(2):
        following = 0.0
        for m in range(cells - 1, -1, -1):
            both = hazard[a, m] + ending[a, m]
            by_left[a, m] += by_risk[a, m] / both
            by_left[a, m + 1] -= by_risk[a, m] / both
            # edge m + 1 is complete: cells to its right have been seen
            following -= by_left[a, m + 1] * (left[a, m + 1] - FLOOR)
            by_both = following - by_risk[a, m] * (risk[a, m] - FLOOR) / both
            by_hazard[a, m] += by_both
            by_ending[a, m] += by_both
    by_log_hazard, by_censoring = np.zeros((2, intervals)), np.zeros(censoring.size)
    _pull_censoring(censoring, edges, stretch, settings, ending, still, gone, walk, by_ending, by_censoring)
    for a in range(2):
        for m in range(cells):
            by_log_hazard[a, int(interval[m])] += by_hazard[a, m] * hazard[a, m]
    return by_log_hazard, by_censoring


@compiled
def _pull_censoring(
    censoring: Any, edges: Any, stretch: Any, settings: Any, ending: Any, still: Any, gone: Any, walk: Any,
    by_ending: Any, by_censoring: Any,
) -> None:  # fmt: skip
    """Write the derivative by censoring, given that by ended follow-up in every cell."""
    cells, end = stretch.size, edges[edges.size - 1]
    latest, earliest, late, early = _ends(censoring, settings)
    between = latest - earliest
    by_lost = LOST / end * logistic(censoring[0]) / LOG_TWO
    apart = exp(APART * censoring[3 + CENSORING_STEPS])
    by_still, by_step = np.zeros(cells + 1), np.zeros(CENSORING_STEPS)
    for m in range(cells):
        by_leaving = by_ending[0, m] / apart + by_ending[1, m] * apart
        by_censoring[0] += by_leaving * by_lost * (edges[m + 1] - edges[m])
        s = int(stretch[m])
        by_still[m] += by_leaving * walk[s]
        by_still[m + 1] -= by_leaving * walk[s]
        by_step[s] += by_leaving * (still[m] - still[m + 1]) * walk[s]
        by_censoring[3 + CENSORING_STEPS] += APART * (by_ending[1, m] * ending[1, m] - by_ending[0, m] * ending[0, m])
    for k in range(CENSORING_STEPS):
        for s in range(CENSORING_STEPS):
            by_censoring[3 + k] += SLOW_WALK[k, s] * by_step[s]
    by_latest, by_earliest = 0.0, 0.0
    for i in range(cells + 1):
        held = exp(still[i])
        by_held = by_still[i] / held
        by_latest += by_held * (gone[0, i] - (held - FLOOR)) / between
        by_earliest += by_held * ((held - FLOOR) - gone[1, i]) / between
    if settings[1] == 0:
        by_latest += by_earliest * early
        by_censoring[1] = by_earliest * latest * EARLIEST_SD * early * (1 - early)
    if settings[3] == 0:
        by_censoring[2] = by_latest * settings[4] * LONGEST * LATEST_SD * late * (1 - late)
