"""Changes of hazards together with the times that they govern, every patient's cumulative hazard kept. Compiled.

By turns, hazards given the data and data given the hazards only creep. Moved together, with the cumulative hazard at
each time as the fixed variable, they stride:
Papaspiliopoulos O, Roberts GO, Sköld M. A general framework for the parametrization of hierarchical models. Statistical
Science 2007;22:59-73. https://doi.org/10.1214/088342307000000014
"""

from __future__ import annotations

from math import exp, inf, log, sqrt
from typing import Any, Final

from reappraise.survival.pseudo_ipd.compiled import compiled
from reappraise.survival.pseudo_ipd.hazards import HazardSpecification, accumulate, log_hazards, tally
from reappraise.survival.pseudo_ipd.moves import settle

DECADES: Final = 1.5
"""Sizes of steps spread over so many powers of ten, the largest a draw from the prior."""


@compiled
def _step(rng: Any) -> float:
    return float(10.0 ** (-DECADES * rng.random()))


@compiled
def _depth(t: float, a: int, starts: Any, table: Any) -> float:
    """Cumulative hazard until t."""
    j = starts.size - 1
    while t <= starts[j] and j > 0:
        j -= 1
    return float(table[2 + a, j] + table[a, j] * (t - starts[j]))


@compiled
def _time(depth: float, a: int, starts: Any, table: Any) -> float:
    """Time at which the cumulative hazard reaches `depth`; the last hazard goes on for ever."""
    j = starts.size - 1
    while depth <= table[2 + a, j] and j > 0:
        j -= 1
    return float(starts[j] + (depth - table[2 + a, j]) / table[a, j])


@compiled
def propose_hazards(
    time: Any, event: Any, arm: Any, latent: Any, spec: HazardSpecification, table: Any, rng: Any, new_latent: Any,
    new_logarithm: Any, new_table: Any, count: Any, exposure: Any,
) -> float:  # fmt: skip
    """Change hazards of events and, with them, the times of all events; return the log ratio of densities.

    The hazards' step keeps their prior. The censored keep their times, and have survived them under other hazards.

    Parameters
    ----------
    time, event, arm
        Patients sorted by time; changed in place and sorted again.
    latent
        Standard normal parameters of the hazards.
    spec, table
        Prior of the hazards, and what `hazards.accumulate` wrote for `latent`.
    rng
        Generator.
    new_latent, new_logarithm, new_table
        Receive the changed parameters, log hazards and their table.
    count, exposure
        Censorings and exposure by interval of censoring, kept up to date.
    """
    step = _step(rng)
    kept = sqrt(1.0 - step * step)
    whole = rng.random() < 0.5
    for k in range(latent.size):
        chosen = whole or rng.random() < 0.5
        new_latent[k] = kept * latent[k] + step * rng.standard_normal() if chosen else latent[k]
    log_hazards(new_latent, spec, new_logarithm)
    accumulate(new_logarithm, spec, new_table)
    ratio = 0.0
    for i in range(time.size):
        depth = _depth(time[i], arm[i], spec.starts, table)
        if event[i]:
            t = _time(depth, arm[i], spec.starts, new_table)
            if not 0.0 < t < spec.horizon:
                return -inf
            time[i] = t
        else:
            ratio += depth - _depth(time[i], arm[i], spec.starts, new_table)
    settle(time, event, arm)
    tally(time, event, spec, count, exposure)
    return ratio


@compiled
def propose_censoring(
    time: Any, event: Any, arm: Any, spec: HazardSpecification, table: Any, rng: Any, hazard: Any,
    count: Any, exposure: Any,
) -> float:  # fmt: skip
    """Change hazards of censoring and, with them, the times of all censored; return the log ratio of joint densities.

    The hazards are drawn given the data, changed over a run of intervals, and forgotten: the ratio is that of hazards
    and data together, in place of the one with hazards integrated out. Who is censored at the horizon would have been
    censored later, at a cumulative hazard drawn here.

    Parameters
    ----------
    time, event, arm
        Patients sorted by time; changed in place and sorted again.
    spec, table
        Prior of the hazards, and what `hazards.accumulate` wrote for the hazards of events.
    rng
        Generator.
    hazard
        Scratch, dims (4, interval of censoring).
    count, exposure
        Censorings and exposure by interval of censoring, kept up to date.
    """
    intervals = count.size
    width = spec.horizon / intervals
    one = int(rng.random() * intervals)
    other = int(rng.random() * intervals)
    shift = _step(rng) * rng.standard_normal()
    factor = exp(shift)
    ratio = 0.0
    before = after = 0.0
    for k in range(intervals):
        shape = spec.censoring[0, k] + count[k]
        hazard[0, k] = rng.standard_gamma(shape) / (spec.censoring[1, k] + max(exposure[k], 0.0))
        hazard[1, k] = before
        hazard[2, k] = hazard[0, k]
        if min(one, other) <= k <= max(one, other):
            hazard[2, k] *= factor
            ratio += spec.censoring[0, k] * shift - spec.censoring[1, k] * (hazard[2, k] - hazard[0, k])
        hazard[3, k] = after
        before += hazard[0, k] * width
        after += hazard[2, k] * width
    for i in range(time.size):
        t = time[i]
        k = min(int(t / width), intervals - 1)
        depth = hazard[1, k] + hazard[0, k] * (t - k * width)
        if event[i]:
            ratio += depth - hazard[3, k] - hazard[2, k] * (t - k * width)
            continue
        if t >= spec.horizon:
            depth -= log(1.0 - rng.random())
        k = intervals - 1
        while depth <= hazard[3, k] and k > 0:
            k -= 1
        t = min(k * width + (depth - hazard[3, k]) / hazard[2, k], spec.horizon)
        if not t > 0.0:
            return -inf
        if t == time[i]:
            continue
        ratio += _depth(time[i], arm[i], spec.starts, table) - _depth(t, arm[i], spec.starts, table)
        time[i] = t
    settle(time, event, arm)
    tally(time, event, spec, count, exposure)
    return ratio
