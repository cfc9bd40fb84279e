r"""Log posterior density of the parameters given the print, and its gradient, compiled.

.. math::
    \log p(x \mid S) = \log p(x) + \log \sum_r w_r \exp(-|W_r (s - d\,e^{v} - \mu(x))|^2 / 2) + \sum_a v_a
        + \sum_a \log(e^{-n_a y_a(t_a + u)} - e^{-n_a y_a(t_a)})

r: readings, with weights w that hold the constants; W: whitening by the held covariance; s: printed numbers; v: log
distance below a level that was not reached, in the row's standard deviations d; last: the longest follow-up of n
patients lies between t and t + u.
"""

from __future__ import annotations

from math import exp, expm1, inf, log
from typing import Any, Final

import numpy as np

from reappraise.survival.printed.kernel import OBSERVED, follow, logistic, pull, push, softplus
from reappraise.survival.printed.shares import CENSORING
from reappraise.survival.printed.statistics import PLACES, ROWS
from reappraise.survival.pseudo_ipd.compiled import vectorised as compiled

FIRST_LONGEST: Final = OBSERVED + PLACES["observed"] - 4
DATA: Final = (
    "edges", "interval", "stretch", "settings", "bands", "spreads", "observed_at", "potentials",
    "walk", "departure", "trend", "pivot", "prior", "printed", "opened", "whiten", "log_weight", "longest",
)  # fmt: skip
"""Data variables in the order of the arguments."""
TINY: Final = 1e-12


@compiled
def density(  # noqa: PLR0912, PLR0915  # one pass, so that nothing is computed twice
    point: Any, edges: Any, interval: Any, stretch: Any, settings: Any, bands: Any, spreads: Any, observed: Any,
    potentials: Any, walk: Any, departure: Any, trend: Any, pivot: Any, prior: Any, printed: Any, opened: Any,
    whiten: Any, log_weight: Any, longest: Any,
) -> Any:  # fmt: skip
    """Log density up to a constant, and its gradient, dims (variable,): parameters, then log distances by arm."""
    intervals = walk.shape[0]
    size = point.size - 2
    gradient = np.zeros(point.size)
    total = 0.0
    for k in range(1, size):
        if k in (2, 3):
            unit, slope = softplus(point[k]), logistic(point[k])
            total -= unit * unit / 2 + softplus(-point[k])
            gradient[k] -= unit * slope - (1 - slope)
        else:
            total -= point[k] * point[k] / 2
            gradient[k] -= point[k]
    walk_sd, departure_sd = prior[4] * softplus(point[2]), prior[5] * softplus(point[3])
    walked = np.zeros(intervals)
    largest = -inf
    for j in range(intervals):
        for k in range(intervals):
            walked[j] += walk[j, k] * point[4 + k]
        largest = max(largest, walk_sd * walked[j])
    # the level of an average hazard is sampled: see `pivot`
    share = np.empty(intervals)
    summed = 0.0
    for j in range(intervals):
        share[j] = pivot[j] * exp(walk_sd * walked[j] - largest)
        summed += share[j]
    offset = point[0] - (largest + log(summed)) / prior[1]
    total -= offset * offset / 2
    level = prior[0] + prior[1] * offset
    log_hazard = np.empty((2, intervals))
    departed = np.zeros(intervals)
    for j in range(intervals):
        for k in range(intervals):
            departed[j] += departure[j, k] * point[4 + intervals + k]
        base = level + trend[j] + walk_sd * walked[j]
        half = (prior[2] + prior[3] * point[1] + departure_sd * departed[j]) / 2
        log_hazard[0, j], log_hazard[1, j] = base - half, base + half
    censoring = point[size - CENSORING : size].copy()
    followed = follow(log_hazard, censoring, edges, interval, stretch, settings)
    expected = push(followed, settings, bands, spreads, observed, potentials)
    residual = np.empty(ROWS)
    for k in range(ROWS):
        residual[k] = printed[k] - expected[k]
        for a in range(2):
            if opened[k, a] > 0:
                residual[k] -= opened[k, a] * exp(point[size + a])
    weight = _weigh(residual, whiten, log_weight)
    total += weight[ROWS]
    for a in range(2):
        reached = False
        for k in range(ROWS):
            if opened[k, a] > 0:
                reached = True
                gradient[size + a] += weight[k] * opened[k, a] * exp(point[size + a])
        if reached:
            total += point[size + a]
            gradient[size + a] += 1.0
        else:
            total -= point[size + a] ** 2 / 2
            gradient[size + a] -= point[size + a]
        if longest[a] > 0:
            k, number = FIRST_LONGEST + 2 * a, settings[5 + a]
            before, after = number * expected[k], number * expected[k + 1]
            between = max(before - after, TINY)
            total += -after + log(-expm1(-between))
            by_between = exp(-between) / -expm1(-between)
            weight[k] += number * by_between
            weight[k + 1] -= number * (1 + by_between)
    by_log_hazard, by_censoring = pull(
        followed, censoring, edges, interval, stretch, settings, intervals, bands, spreads, observed, potentials,
        weight[:ROWS],
    )  # fmt: skip
    for k in range(CENSORING):
        gradient[size - CENSORING + k] += by_censoring[k]
    by_offset, by_walk_sd = -offset, 0.0
    for j in range(intervals):
        by_offset += prior[1] * (by_log_hazard[0, j] + by_log_hazard[1, j])
    gradient[0] = by_offset
    for j in range(intervals):
        base, half = by_log_hazard[0, j] + by_log_hazard[1, j], (by_log_hazard[1, j] - by_log_hazard[0, j]) / 2
        by_walked = base - by_offset / prior[1] * share[j] / summed
        by_walk_sd += by_walked * walked[j]
        gradient[1] += prior[3] * half
        gradient[3] += prior[5] * logistic(point[3]) * departed[j] * half
        for k in range(intervals):
            gradient[4 + k] += by_walked * walk_sd * walk[j, k]
            gradient[4 + intervals + k] += departure_sd * departure[j, k] * half
    gradient[2] += prior[4] * logistic(point[2]) * by_walk_sd
    return total, gradient


@compiled
def _weigh(residual: Any, whiten: Any, log_weight: Any) -> Any:
    """Derivative of the log likelihood by the expected statistics, dims (row,), and last the log likelihood."""
    number = log_weight.size
    fit, found = np.full(number, -inf), np.zeros(ROWS + 1)
    pulled = np.zeros((number, ROWS))
    used = np.empty(ROWS, dtype=np.int64)
    for r in range(number):
        if log_weight[r] > -1e300:
            count = 0
            for k in range(ROWS):
                if whiten[r, k, k] != 0:
                    used[count] = k
                    count += 1
            fit[r] = log_weight[r]
            for i in range(count):
                turned = 0.0
                for j in range(count):
                    turned += whiten[r, used[i], used[j]] * residual[used[j]]
                fit[r] -= turned * turned / 2
                for j in range(count):
                    pulled[r, used[j]] += turned * whiten[r, used[i], used[j]]
    best = fit.max()
    summed = 0.0
    for r in range(number):
        summed += exp(fit[r] - best)
    found[ROWS] = best + log(summed)
    for r in range(number):
        share = exp(fit[r] - best) / summed
        if share > 0:
            for k in range(ROWS):
                found[k] += share * pulled[r, k]
    return found
