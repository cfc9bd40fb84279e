"""What the likelihood needs of patients: events and person-time by group, arm and interval."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reappraise.core.arms import WHOLE
from reappraise.published.patients import PatientData
from reappraise.survival.hazard import Floats, Grid


def person_time(data: PatientData, grid: Grid, groups: tuple[str, ...] = (WHOLE,)) -> tuple[Floats, Floats]:
    """Events, and person-time in the unit of the data.

    An event at time 0 has a time of its own, that of `PatientData.exposed`.

    Parameters
    ----------
    data, grid
        Patients and intervals.
    groups
        Subgroups; by default all patients are one group.

    Returns
    -------
    tuple of ndarray
        Dims (chain, replicate, group, arm, interval).
    """
    level = np.full(data.arm.size, WHOLE) if groups == (WHOLE,) else np.array(data.subgroup)
    cells = [(level == group) & (data.arm == arm) for group in groups for arm in range(2)]
    time = data.exposed
    counted = [grid.summarise(time[..., cell], data.event[..., cell]) for cell in cells]
    shape = (data.chains, data.replicates, len(groups), 2, grid.intervals)
    events, exposure = (np.stack([one[item] for one in counted], axis=2).reshape(shape) for item in range(2))
    return events, exposure


def at_once_in_words(data: PatientData) -> str:
    """What events at time 0 were taken for where hazards are fitted; empty without any."""
    if not data.at_once:
        return ""
    events = "1 event" if data.at_once == 1 else f"{data.at_once} events"
    return f", {events} at time 0 taken at {data.exposed.min():.3g} {data.unit}, half of the shortest time above 0"


def common_follow_up(data: PatientData) -> float:
    """Longest time of the arm that was followed shorter, in every replicate."""
    longest = [data.time[..., data.arm == arm].max(axis=-1).min() for arm in range(2)]
    return float(min(longest))


def digest_of(data: PatientData) -> str:
    """SHA-256 of times, events, arms and subgroups."""
    found = hashlib.sha256()
    arrays: tuple[NDArray[Any], ...] = (data.arm, data.time, data.event)
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    found.update("\0".join(data.subgroup).encode())
    return found.hexdigest()
