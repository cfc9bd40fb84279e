"""Trades between stretches of time: events of an arm one way, censored patients of it the other. Compiled.

An event less before a place on a Kaplan-Meier curve, and a few censored patients more, leave the curve there nearly as
it was: so data pass from one pattern that gives a printed number to the next, which single patients cannot.
"""

from __future__ import annotations

from math import inf, log
from typing import Any, Final

import numpy as np

from reappraise.survival.pseudo_ipd.compiled import compiled
from reappraise.survival.pseudo_ipd.hazards import HazardSpecification, log_density, observe

NEIGHBOURS: Final = 0.6
"""Share of trades between stretches that touch; the others are between any two."""
EVENTS: Final = 3
"""Possible numbers of events in a trade: 0, 1 and 2, evenly."""
CENSORED: Final = 2.0
"""Mean of the exponential variable whose whole part is the number of censored patients in a trade."""
MOST_CENSORED: Final = 8


@compiled
def _place(p: int, t: float, time: Any, event: Any, arm: Any) -> None:
    """Give a patient another time, and keep the patients sorted."""
    happened, of_arm = event[p], arm[p]
    j = p
    while j + 1 < time.size and time[j + 1] < t:
        time[j], event[j], arm[j] = time[j + 1], event[j + 1], arm[j + 1]
        j += 1
    while j > 0 and time[j - 1] > t:
        time[j], event[j], arm[j] = time[j - 1], event[j - 1], arm[j - 1]
        j -= 1
    time[j], event[j], arm[j] = t, happened, of_arm


@compiled
def _count(time: Any, event: Any, arm: Any, low: float, high: float, of_arm: int, happened: bool) -> int:
    """Patients of a kind in a stretch of time, ends excluded."""
    count = 0
    for i in range(np.searchsorted(time, low, side="right"), np.searchsorted(time, high, side="left")):
        count += arm[i] == of_arm and event[i] == happened
    return count


@compiled
def _nth(time: Any, event: Any, arm: Any, low: float, of_arm: int, happened: bool, wanted: int) -> int:
    """Place of the patient of a kind that follows so many others of it after a time."""
    i = np.searchsorted(time, low, side="right")
    while True:
        if arm[i] == of_arm and event[i] == happened:
            if wanted == 0:
                return int(i)
            wanted -= 1
        i += 1


@compiled
def propose_trade(
    time: Any, event: Any, arm: Any, stretches: Any, spec: HazardSpecification, logarithm: Any, table: Any, rng: Any,
    count: Any, exposure: Any,
) -> float:  # fmt: skip
    """Trade events of an arm for censored patients of it between two stretches of time; return the log Hastings ratio.

    Which of the two gives the events is as likely one way as the other, patients are chosen evenly among those of their
    kind, and get times evenly spread over the other stretch.

    Parameters
    ----------
    time, event, arm
        Patients sorted by time; changed in place and sorted again.
    stretches
        Stretches of time one after the other; dims (stretch, 2).
    spec, logarithm, table
        Hazards as `hazards.log_density` takes them.
    rng
        Generator.
    count, exposure
        Censorings and exposure by interval of censoring, kept up to date.
    """
    stretch_count = stretches.shape[0]
    if stretch_count < 2:
        return -inf
    if rng.random() < NEIGHBOURS:
        one = int(rng.random() * (stretch_count - 1))
        other = one + 1
        if rng.random() < 0.5:
            one, other = other, one
    else:
        one = int(rng.random() * stretch_count)
        other = int(rng.random() * stretch_count)
    events = int(rng.random() * EVENTS)
    censored = min(int(-CENSORED * log(rng.random())), MOST_CENSORED)
    if one == other or events + censored == 0:
        return -inf
    of_arm = int(rng.random() * 2.0)
    ratio = 0.0
    for step in range(events + censored):
        happened = step < events
        source, target = (one, other) if happened else (other, one)
        low, high = stretches[source, 0], stretches[source, 1]
        new_low, new_high = stretches[target, 0], stretches[target, 1]
        here = _count(time, event, arm, low, high, of_arm, happened)
        if here == 0:
            return -inf
        there = _count(time, event, arm, new_low, new_high, of_arm, happened)
        p = _nth(time, event, arm, low, of_arm, happened, int(rng.random() * here))
        t = new_low + (new_high - new_low) * rng.random()
        if t <= new_low:
            return -inf
        ratio += log(here / (there + 1.0) * (new_high - new_low) / (high - low))
        ratio -= log_density(time[p], happened, of_arm, spec, logarithm, table)
        ratio += log_density(t, happened, of_arm, spec, logarithm, table)
        observe(time[p], happened, -1.0, spec, count, exposure)
        observe(t, happened, 1.0, spec, count, exposure)
        _place(p, t, time, event, arm)
    return ratio
