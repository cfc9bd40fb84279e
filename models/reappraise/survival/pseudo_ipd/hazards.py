"""Hazards given the data, and the data's density given the hazards. Compiled.

Every hazard parameter is a standard normal variable, so elliptical slice sampling updates all of them at once without
tuning: Murray I, Adams RP, MacKay DJC. Elliptical slice sampling. AISTATS 2010;9:541-548.
"""

from __future__ import annotations

from math import cos, exp, inf, lgamma, log, pi, sin
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.pseudo_ipd.compiled import compiled

LOST: Final = 0.3
"""Expected losses to follow-up by the horizon, for other reasons than the data cutoff, in events per patient."""
CENSORING_SHAPE: Final = 2.0
"""Shape of the gamma prior on each hazard of censoring: with 95% from 0.12 to 2.8 times the expected one."""


class HazardSpecification(NamedTuple):
    """Grid and prior as arrays; censoring has intervals of equal length and gamma hazards common to the arms."""

    starts: NDArray[np.float64]
    walk: NDArray[np.float64]
    departure: NDArray[np.float64]
    trend: NDArray[np.float64]
    """What the log hazard is expected to be beyond its level; dims (interval,)."""
    level: NDArray[np.float64]
    """Mean and standard deviation of the log hazard at time zero."""
    effect: NDArray[np.float64]
    """Mean and standard deviation of the log hazard ratio."""
    scales: NDArray[np.float64]
    """Half-normal scales of walk and departure."""
    censoring: NDArray[np.float64]
    """Shape and rate of the gamma distributed hazards of censoring; dims (2, interval)."""
    horizon: float


def hazard_specification(
    grid: Grid, prior: HazardPrior, *, minimum_follow_up: float = 0.0, censoring_intervals: int = 8
) -> HazardSpecification:
    """Grid and prior for the compiled core.

    Parameters
    ----------
    grid, prior
        Intervals, and prior on the hazards.
    minimum_follow_up
        Time before which the design lets nobody's observation end, but for loss: about one patient in ten.
    censoring_intervals
        Intervals of the hazard of censoring.
    """
    edges = np.linspace(0.0, grid.horizon, censoring_intervals + 1)
    width = edges[1]
    # entry spread evenly over the time of accrual: what the hazard of reaching the data cutoff then is; the last
    # interval leaves one patient in five to the horizon itself
    begun = np.maximum(edges, minimum_follow_up)
    left = np.maximum(grid.horizon - begun, 0.2 * min(width, grid.horizon - minimum_follow_up + width))
    design = np.log(left[:-1] / left[1:]) / width
    lost = LOST / grid.horizon
    return HazardSpecification(
        starts=grid.starts,
        walk=np.ascontiguousarray(grid.walk),
        departure=np.ascontiguousarray(grid.centred_walk),
        trend=grid.trend,
        level=np.array([prior.level_mean, prior.level_sd]),
        effect=np.array([prior.effect.mean, prior.effect.sd]),
        scales=np.array([prior.walk_scale, prior.departure_scale]),
        censoring=np.stack([np.full(censoring_intervals, CENSORING_SHAPE), CENSORING_SHAPE / (design + lost)]),
        horizon=grid.horizon,
    )


def parameters(spec: HazardSpecification) -> int:
    """Standard normal variables of the prior: level, effect, two scales, and two walks."""
    return 4 + 2 * spec.starts.size


@compiled
def log_hazards(latent: Any, spec: HazardSpecification, found: Any) -> None:
    """Write log hazards, dims (arm, interval), of standard normal `latent`."""
    intervals = spec.starts.size
    level = spec.level[0] + spec.level[1] * latent[0]
    effect = spec.effect[0] + spec.effect[1] * latent[1]
    walk_sd = spec.scales[0] * abs(latent[2])
    departure_sd = spec.scales[1] * abs(latent[3])
    for j in range(intervals):
        walk = 0.0
        departure = 0.0
        for k in range(intervals):
            walk += spec.walk[j, k] * latent[4 + k]
            departure += spec.departure[j, k] * latent[4 + intervals + k]
        contrast = 0.5 * (effect + departure_sd * departure)
        base = level + spec.trend[j] + walk_sd * walk
        found[0, j], found[1, j] = base - contrast, base + contrast


@compiled
def summarise(time: Any, event: Any, arm: Any, starts: Any, events: Any, exposure: Any) -> None:
    """Events and exposure by arm and interval, of patients in any order."""
    intervals = starts.size
    events[:] = 0.0
    exposure[:] = 0.0
    beyond = np.zeros((2, intervals))
    for i in range(time.size):
        j = intervals - 1
        while time[i] <= starts[j] and j > 0:
            j -= 1
        a = arm[i]
        events[a, j] += event[i]
        exposure[a, j] += time[i] - starts[j]
        beyond[a, j] += 1.0
    for a in range(2):
        later = 0.0
        for j in range(intervals - 1, 0, -1):
            later += beyond[a, j]
            exposure[a, j - 1] += later * (starts[j] - starts[j - 1])


@compiled
def poisson(latent: Any, spec: HazardSpecification, events: Any, exposure: Any, work: Any) -> float:
    """Log likelihood of events given exposure, up to a constant."""
    log_hazards(latent, spec, work)
    total = 0.0
    for a in range(2):
        for j in range(spec.starts.size):
            total += events[a, j] * work[a, j] - exposure[a, j] * exp(work[a, j])
    return total


@compiled
def update_hazards(
    latent: Any, spec: HazardSpecification, events: Any, exposure: Any, updates: int, rng: Any, work: Any
) -> None:
    """Elliptical slice updates of `latent` in place: of all of it, and of random halves."""
    size = latent.size
    proposal = np.empty(size)
    ellipse = np.empty(size)
    current = poisson(latent, spec, events, exposure, work)
    for update in range(updates):
        for k in range(size):
            chosen = update % 2 == 0 or rng.random() < 0.5
            ellipse[k] = rng.standard_normal() if chosen else inf
        threshold = current + log(rng.random())
        angle = 2.0 * pi * rng.random()
        low = angle - 2.0 * pi
        high = angle
        while True:
            for k in range(size):
                fixed = ellipse[k] == inf
                proposal[k] = latent[k] if fixed else latent[k] * cos(angle) + ellipse[k] * sin(angle)
            found = poisson(proposal, spec, events, exposure, work)
            if found > threshold:
                latent[:] = proposal
                current = found
                break
            if high - low < 1e-12:
                break
            if angle < 0.0:
                low = angle
            else:
                high = angle
            angle = low + (high - low) * rng.random()


@compiled
def observe(t: float, happened: bool, sign: float, spec: HazardSpecification, count: Any, exposure: Any) -> None:
    """Add (sign 1) or remove (-1) one patient's censoring and exposure; at the horizon all are censored by design."""
    intervals = count.size
    width = spec.horizon / intervals
    k = min(int(t / width), intervals - 1)
    for earlier in range(k):
        exposure[earlier] += sign * width
    exposure[k] += sign * (t - k * width)
    if not happened and t < spec.horizon:
        count[k] += sign


@compiled
def tally(time: Any, event: Any, spec: HazardSpecification, count: Any, exposure: Any) -> None:
    """Censorings and exposure by interval of censoring, of all patients: what `observe` keeps up to date."""
    intervals = count.size
    width = spec.horizon / intervals
    count[:] = 0.0
    exposure[:] = 0.0
    beyond = np.zeros(intervals)
    for i in range(time.size):
        k = min(int(time[i] / width), intervals - 1)
        exposure[k] += time[i] - k * width
        if k > 0:
            beyond[k - 1] += 1.0
        if not event[i] and time[i] < spec.horizon:
            count[k] += 1.0
    later = 0.0
    for k in range(intervals - 1, -1, -1):
        later += beyond[k]
        exposure[k] += later * width


@compiled
def censoring_density(count: Any, exposure: Any, spec: HazardSpecification) -> float:
    """Log density of all censorings, their exponentially distributed hazards integrated out.

    With hazards kept, the censorings could hardly leave the pattern that they themselves had drawn.
    """
    total = 0.0
    for k in range(count.size):
        total += lgamma(spec.censoring[0, k] + count[k])
        total -= (spec.censoring[0, k] + count[k]) * log(spec.censoring[1, k] + max(exposure[k], 0.0))
    return total


@compiled
def accumulate(logarithm: Any, spec: HazardSpecification, table: Any) -> None:
    """Hazards of events by arm (rows 0 and 1), and cumulative hazards at the starts of intervals (2 and 3)."""
    for a in range(2):
        cumulative = 0.0
        for j in range(spec.starts.size):
            table[a, j] = exp(logarithm[a, j])
            if j > 0:
                cumulative += table[a, j - 1] * (spec.starts[j] - spec.starts[j - 1])
            table[2 + a, j] = cumulative


@compiled
def log_density(t: float, happened: bool, a: int, spec: HazardSpecification, logarithm: Any, table: Any) -> float:
    """Log density of one patient's events: observed until t, where the event happened or did not."""
    j = spec.starts.size - 1
    while t <= spec.starts[j] and j > 0:
        j -= 1
    total = -table[2 + a, j] - table[a, j] * (t - spec.starts[j])
    if happened:
        return float(total + logarithm[a, j]) if t < spec.horizon else -inf
    return float(total)
