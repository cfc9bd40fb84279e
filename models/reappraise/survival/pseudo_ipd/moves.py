"""Changes of the patients' data, each with the logarithm of its Hastings ratio of densities. Compiled.

A proposal makes several small changes at once: patients move in time, exchange times with others, or turn from event to
censored. Exchanges near in rank change the order of events by little, and so the hazard ratio; moves in time that keep
the order change nothing but the times that are printed.
"""

from __future__ import annotations

from math import inf, log
from typing import Any, Final

import numpy as np

from reappraise.survival.pseudo_ipd.compiled import compiled
from reappraise.survival.pseudo_ipd.hazards import HazardSpecification, log_density, observe, tally

NEAR_EXCHANGE: Final = 0.35
FAR_EXCHANGE: Final = 0.45
SMALL_SHIFT: Final = 0.60
LARGE_SHIFT: Final = 0.75
ANYWHERE: Final = 0.90
"""Cumulative shares of the kinds of change; what is left turns events or visits the horizon."""
EXCHANGE_KINDS: Final = 0.3
ONE_IN_REGION: Final = 0.5
"""Cumulative shares of the kinds of change within a stretch of time; what is left moves two patients."""
WINDOW: Final = 10
"""Farthest rank of a near exchange."""
SMALL: Final = 0.01
LARGE: Final = 0.1
"""Half widths of shifts in time, as fractions of the horizon."""


@compiled
def _reflect(t: float, horizon: float) -> float:
    t = abs(t)
    if t > horizon:
        t = 2.0 * horizon - t
    return t


@compiled
def settle(time: Any, event: Any, arm: Any) -> None:
    """Sort the patients again: by insertion, as most changes leave them nearly sorted, or anew where they do not."""
    size = time.size
    shifts = 8 * size
    for i in range(1, size):
        if time[i] < time[i - 1]:
            t, e, a = time[i], event[i], arm[i]
            j = i
            while j > 0 and time[j - 1] > t:
                time[j], event[j], arm[j] = time[j - 1], event[j - 1], arm[j - 1]
                j -= 1
            time[j], event[j], arm[j] = t, e, a
            shifts -= i - j
            if shifts < 0:
                break
    if shifts < 0:
        order = np.argsort(time)
        time[:], event[:], arm[:] = time[order], event[order], arm[order]


@compiled
def _pick(time: Any, event: Any, arm: Any, low: float, high: float, of_arm: int, happened: bool, rng: Any) -> int:
    """Place of a random patient of a kind in a stretch of time, ends excluded; -1 if there is none."""
    first = np.searchsorted(time, low, side="right")
    last = np.searchsorted(time, high, side="left")
    count = 0
    for i in range(first, last):
        count += arm[i] == of_arm and event[i] == happened
    if count == 0:
        return -1
    wanted = int(rng.random() * count)
    for i in range(first, last):
        if arm[i] == of_arm and event[i] == happened:
            if wanted == 0:
                return i
            wanted -= 1
    return -1


@compiled
def propose_in_region(
    time: Any, event: Any, arm: Any, regions: Any, spec: HazardSpecification, logarithm: Any, table: Any, rng: Any,
    count: Any, exposure: Any,
) -> float:  # fmt: skip
    """Change one or two patients of chosen kinds within a stretch of time; as `propose`.

    Few patients are censored early, and where they stand decides a printed interval: chosen by kind, they are found.
    Nobody enters or leaves the stretch, so choosing back is as likely as choosing.
    """
    region = int(rng.random() * regions.shape[0])
    low, high = regions[region, 0], regions[region, 1]
    of_arm = int(rng.random() * 2.0)
    happened = rng.random() < 0.5
    i = _pick(time, event, arm, low, high, of_arm, happened, rng)
    kind = rng.random()
    if i < 0:
        return -inf
    if kind < EXCHANGE_KINDS:
        j = _pick(time, event, arm, low, high, of_arm, not happened, rng)
        if j < 0:
            return -inf
        ratio = -log_density(time[i], event[i], of_arm, spec, logarithm, table)
        ratio -= log_density(time[j], event[j], of_arm, spec, logarithm, table)
        for p in (i, j):
            observe(time[p], event[p], -1.0, spec, count, exposure)
        event[i], event[j] = event[j], event[i]
        for p in (i, j):
            observe(time[p], event[p], 1.0, spec, count, exposure)
        ratio += log_density(time[i], event[i], of_arm, spec, logarithm, table)
        return ratio + log_density(time[j], event[j], of_arm, spec, logarithm, table)
    if kind < ONE_IN_REGION:
        t = low + (high - low) * rng.random()
        ratio = log_density(t, happened, of_arm, spec, logarithm, table)
        ratio -= log_density(time[i], happened, of_arm, spec, logarithm, table)
        observe(time[i], happened, -1.0, spec, count, exposure)
        observe(t, happened, 1.0, spec, count, exposure)
        time[i] = t
        settle(time, event, arm)
        return ratio
    j = _pick(time, event, arm, low, high, int(rng.random() * 2.0), rng.random() < 0.5, rng)
    if j < 0 or j == i:
        return -inf
    shift = (high - low) * rng.standard_normal() * 0.5 * 10.0 ** (-2.0 * rng.random())
    one = time[i] + shift
    other = time[j] - shift if rng.random() < 0.5 else time[j] + shift
    if min(one, other) <= low or max(one, other) >= high:
        return -inf
    ratio = -log_density(time[i], event[i], arm[i], spec, logarithm, table)
    ratio -= log_density(time[j], event[j], arm[j], spec, logarithm, table)
    ratio += log_density(one, event[i], arm[i], spec, logarithm, table)
    ratio += log_density(other, event[j], arm[j], spec, logarithm, table)
    observe(time[i], event[i], -1.0, spec, count, exposure)
    observe(time[j], event[j], -1.0, spec, count, exposure)
    observe(one, event[i], 1.0, spec, count, exposure)
    observe(other, event[j], 1.0, spec, count, exposure)
    time[i] = one
    time[j] = other
    settle(time, event, arm)
    return ratio


@compiled
def propose_warp(
    time: Any, event: Any, arm: Any, regions: Any, spec: HazardSpecification, logarithm: Any, table: Any, rng: Any,
    count: Any, exposure: Any,
) -> float:  # fmt: skip
    """Stretch one side of a stretch of time and shrink the other, for patients of some kinds; as `propose`.

    A whole pattern of censoring moves at once; with everybody moved, the order and so the hazard ratio stay.
    """
    region = int(rng.random() * regions.shape[0])
    low, high = regions[region, 0], regions[region, 1]
    knot = low + (high - low) * rng.random()
    target = knot + (high - low) * rng.standard_normal() * 0.5 * 10.0 ** (-2.0 * rng.random())
    if not low < target < high:
        return -inf
    kind = int(rng.random() * 6.0)
    before = (target - low) / (knot - low)
    after = (high - target) / (high - knot)
    ratio = 0.0
    moved = 0
    first = np.searchsorted(time, low, side="right")
    last = np.searchsorted(time, high, side="left")
    for i in range(first, last):
        if kind == 1 and event[i]:
            continue
        if kind >= 2 and (arm[i] != kind % 2 or event[i] != (kind >= 4)):
            continue
        t = low + (time[i] - low) * before if time[i] < knot else high - (high - time[i]) * after
        ratio += log(before if time[i] < knot else after)
        ratio += log_density(t, event[i], arm[i], spec, logarithm, table)
        ratio -= log_density(time[i], event[i], arm[i], spec, logarithm, table)
        time[i] = t
        moved += 1
    if moved == 0:
        return -inf
    if kind > 0:
        settle(time, event, arm)
    tally(time, event, spec, count, exposure)
    return ratio


@compiled
def propose(
    time: Any,
    event: Any,
    arm: Any,
    changes: int,
    free_events: bool,
    spec: HazardSpecification,
    logarithm: Any,
    table: Any,
    rng: Any,
    count: Any,
    exposure: Any,
) -> float:
    """Change patients in place; return the log ratio of the densities of events, and of proposing; -inf if impossible.

    Parameters
    ----------
    time, event, arm
        Patients sorted by time; changed in place and sorted again.
    changes
        How many small changes.
    free_events
        Whether the number of events may change.
    spec, logarithm, table
        Hazards as `hazards.log_density` takes them.
    rng
        Generator.
    count, exposure
        Censorings and exposure by interval of censoring, kept up to date.
    """
    size = time.size
    kind = rng.random()
    ratio = 0.0
    if kind < FAR_EXCHANGE:
        for _ in range(changes):
            p = int(rng.random() * size)
            if kind < NEAR_EXCHANGE:
                q = p + 1 + int(rng.random() * WINDOW)
                # patients at the horizon have no order among themselves, so ranks there would mean nothing
                if q >= size or time[q] >= spec.horizon:
                    continue
            else:
                q = int(rng.random() * size)
            if (event[p] == event[q] and arm[p] == arm[q]) or time[p] == time[q]:
                continue
            ratio -= log_density(time[p], event[p], arm[p], spec, logarithm, table)
            ratio -= log_density(time[q], event[q], arm[q], spec, logarithm, table)
            if event[p] != event[q]:
                observe(time[p], event[p], -1.0, spec, count, exposure)
                observe(time[q], event[q], -1.0, spec, count, exposure)
                observe(time[p], event[q], 1.0, spec, count, exposure)
                observe(time[q], event[p], 1.0, spec, count, exposure)
            event[p], event[q] = event[q], event[p]
            arm[p], arm[q] = arm[q], arm[p]
            ratio += log_density(time[p], event[p], arm[p], spec, logarithm, table)
            ratio += log_density(time[q], event[q], arm[q], spec, logarithm, table)
            if ratio == -inf:
                return ratio
        return ratio
    moved = 0
    for _ in range(changes if kind < ANYWHERE else 1):
        p = int(rng.random() * size)
        t = time[p]
        happened = event[p]
        before = log_density(t, event[p], arm[p], spec, logarithm, table)
        if kind < ANYWHERE:
            if t >= spec.horizon:
                continue
            if kind < SMALL_SHIFT:
                t = _reflect(t + SMALL * spec.horizon * (2.0 * rng.random() - 1.0), spec.horizon)
            elif kind < LARGE_SHIFT:
                t = _reflect(t + LARGE * spec.horizon * (2.0 * rng.random() - 1.0), spec.horizon)
            else:
                t = spec.horizon * rng.random()
        elif free_events and rng.random() < 0.5:
            if t >= spec.horizon:
                continue
            event[p] = not event[p]
        elif event[p]:
            continue
        elif t >= spec.horizon:
            t = spec.horizon * (1.0 - LARGE * rng.random())
            ratio += log(LARGE * spec.horizon)
        elif t > spec.horizon * (1.0 - LARGE):
            t = spec.horizon
            ratio -= log(LARGE * spec.horizon)
        else:
            continue
        if t <= 0.0:
            return -inf
        observe(time[p], happened, -1.0, spec, count, exposure)
        observe(t, event[p], 1.0, spec, count, exposure)
        if t != time[p]:
            time[p] = t
            moved += 1
        ratio += log_density(t, event[p], arm[p], spec, logarithm, table) - before
        if ratio == -inf:
            return ratio
    if moved > 0:
        settle(time, event, arm)
    return ratio
