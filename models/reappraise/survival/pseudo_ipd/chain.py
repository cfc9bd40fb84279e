"""One chain of the alternating sampler, tempered between tolerances of the printed numbers. Compiled."""

from __future__ import annotations

from math import inf, log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reappraise.survival.pseudo_ipd.compiled import compiled
from reappraise.survival.pseudo_ipd.hazards import (
    HazardSpecification,
    accumulate,
    censoring_density,
    log_hazards,
    summarise,
    tally,
    update_hazards,
)
from reappraise.survival.pseudo_ipd.joint_moves import propose_censoring, propose_hazards
from reappraise.survival.pseudo_ipd.moves import propose, propose_in_region, propose_warp
from reappraise.survival.pseudo_ipd.statistics import WORK_ROWS, evaluate
from reappraise.survival.pseudo_ipd.targets import Specification
from reappraise.survival.pseudo_ipd.trades import propose_trade

FEWEST_PROPOSALS = 20
MOST_PROPOSALS = 100
"""Of a sweep: each costs a pass over all patients, so that more of them would make large trials quadratic."""
HAZARDS = 0.07
CENSORING = 0.2
WARPS = 0.4
IN_REGION = 0.65
TRADES = 0.85
"""Cumulative shares of the kinds of proposals that are no bundle of small changes."""
HAZARD_UPDATES = 3
"""Slice updates of the hazards in a sweep: far cheaper than the moves of patients."""


class State(NamedTuple):
    """What a chain holds, one slot for each tolerance; `slot` says which slot is at which tolerance."""

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    arm: NDArray[np.int8]
    latent: NDArray[np.float64]
    values: NDArray[np.float64]
    misfit: NDArray[np.float64]
    cox: NDArray[np.float64]
    slot: NDArray[np.int64]
    changes: NDArray[np.float64]
    """Small changes in one proposal, tuned, by tolerance."""


class Kept(NamedTuple):
    """Replicates that keep every bound, dims (replicate, ...)."""

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    latent: NDArray[np.float64]
    values: NDArray[np.float64]


class Counters(NamedTuple):
    """What happened, by tolerance."""

    proposed: NDArray[np.float64]
    accepted: NDArray[np.float64]
    exchanges: NDArray[np.float64]
    exchanged: NDArray[np.float64]


@compiled
def refresh(state: State, slot: int, totals: Any, spec: Specification, horizon: float, work: Any) -> None:
    """Evaluate one slot anew."""
    state.misfit[slot] = evaluate(
        state.time[slot], state.event[slot], state.arm[slot], totals, spec, horizon, inf, state.cox[slot], work,
        state.values[slot],
    )  # fmt: skip


@compiled
def _copy(time: Any, event: Any, arm: Any, new_time: Any, new_event: Any, new_arm: Any) -> None:
    for i in range(time.size):
        new_time[i] = time[i]
    for i in range(time.size):
        new_event[i] = event[i]
    for i in range(time.size):
        new_arm[i] = arm[i]


@compiled
def _sweep(
    state: State, level: int, tolerance: float, free_events: bool, totals: Any, spec: Specification,
    hazards: HazardSpecification, rng: Any, counters: Counters, work: Any, hazard: Any, table: Any,
    events: Any, exposure: Any, scratch: Any, values: Any, new_time: Any, new_event: Any, new_arm: Any, new_cox: Any,
    censoring: Any, new_latent: Any, new_hazard: Any, new_table: Any,
) -> None:  # fmt: skip
    """Update hazards given data, then data given hazards, and now and then both together."""
    slot = state.slot[level]
    time, event, arm = state.time[slot], state.event[slot], state.arm[slot]
    size = time.size
    summarise(time, event, arm, hazards.starts, events, exposure)
    update_hazards(state.latent[slot], hazards, events, exposure, HAZARD_UPDATES, rng, scratch)
    log_hazards(state.latent[slot], hazards, hazard)
    accumulate(hazard, hazards, table)
    count, exposed = censoring[0], censoring[1]
    new_count, new_exposed = censoring[2], censoring[3]
    tally(time, event, hazards, count, exposed)
    density = censoring_density(count, exposed, hazards)
    sharpness = 0.5 / (tolerance * tolerance)
    mean_changes = state.changes[level]
    for proposal in range(min(max(FEWEST_PROPOSALS, int(size / mean_changes / 3.0)), MOST_PROPOSALS)):
        several = proposal % 3 == 0
        changes = min(1 + int(-mean_changes * log(rng.random())), size) if several else 1
        _copy(time, event, arm, new_time, new_event, new_arm)
        new_count[:] = count
        new_exposed[:] = exposed
        threshold = log(rng.random())
        kind = rng.random()
        with_hazards = not several and kind < HAZARDS
        with_censoring = not several and HAZARDS <= kind < CENSORING
        if with_hazards:
            ratio = propose_hazards(
                new_time, new_event, new_arm, state.latent[slot], hazards, table, rng, new_latent, new_hazard,
                new_table, new_count, new_exposed,
            )  # fmt: skip
        elif with_censoring:
            ratio = propose_censoring(
                new_time, new_event, new_arm, hazards, table, rng, censoring[4:], new_count, new_exposed
            )
        elif not several and kind < WARPS:
            ratio = propose_warp(
                new_time, new_event, new_arm, spec.regions, hazards, hazard, table, rng, new_count, new_exposed,
            )  # fmt: skip
        elif not several and kind < IN_REGION:
            ratio = propose_in_region(
                new_time, new_event, new_arm, spec.regions, hazards, hazard, table, rng, new_count, new_exposed,
            )  # fmt: skip
        elif not several and kind < TRADES:
            ratio = propose_trade(
                new_time, new_event, new_arm, spec.stretches, hazards, hazard, table, rng, new_count, new_exposed,
            )  # fmt: skip
        else:
            ratio = propose(
                new_time, new_event, new_arm, changes, free_events, hazards, hazard, table, rng, new_count, new_exposed,
            )  # fmt: skip
        counters.proposed[level] += several
        if ratio == -inf:
            continue
        new_density = censoring_density(new_count, new_exposed, hazards)
        if not with_censoring:
            ratio += new_density - density
        if ratio + state.misfit[slot] * sharpness < threshold:
            continue
        budget = state.misfit[slot] + (ratio - threshold) / sharpness
        new_cox[:] = state.cox[slot]
        found = evaluate(new_time, new_event, new_arm, totals, spec, hazards.horizon, budget, new_cox, work, values)
        if found <= budget:
            _copy(new_time, new_event, new_arm, time, event, arm)
            count[:] = new_count
            exposed[:] = new_exposed
            density = new_density
            if with_hazards:
                state.latent[slot] = new_latent
                hazard[:] = new_hazard
                table[:] = new_table
            state.values[slot] = values
            state.misfit[slot] = found
            state.cox[slot] = new_cox
            counters.accepted[level] += several


@compiled
def run(
    state: State, tolerances: Any, free_events: bool, totals: Any, spec: Specification, hazards: HazardSpecification,
    sweeps: int, thin: int, tune: bool, rng: Any, kept: Kept, counters: Counters,
) -> int:  # fmt: skip
    """Run sweeps over all tolerances; return how many replicates were kept.

    Parameters
    ----------
    state
        Changed in place.
    tolerances
        Ascending, in units of each target's scale; the first is so small that a replicate at it keeps every bound
        once any does.
    free_events
        Whether the numbers of events may change.
    totals
        Patients by arm.
    spec, hazards
        Targets, and prior of the hazards.
    sweeps, thin
        How many, and every how many the replicate at the first tolerance is kept if it keeps every bound.
    tune
        Whether the number of changes in a proposal is tuned: not while draws are kept.
    rng
        Generator.
    kept, counters
        Receive replicates and counts; no more replicates are kept than there is room for.
    """
    levels = tolerances.size
    size = state.time.shape[1]
    intervals = hazards.starts.size
    work = np.empty((WORK_ROWS, size + 1))
    hazard = np.empty((2, intervals))
    scratch = np.empty((2, intervals))
    table = np.zeros((4, intervals))
    new_latent = np.empty(state.latent.shape[1])
    new_hazard = np.empty((2, intervals))
    new_table = np.zeros((4, intervals))
    censoring = np.empty((8, hazards.censoring.shape[1]))
    events = np.empty((2, intervals))
    exposure = np.empty((2, intervals))
    values = np.empty(spec.statistic.size)
    new_cox = np.empty(2)
    new_time = np.empty(size)
    new_event = np.empty(size, dtype=np.bool_)
    new_arm = np.empty(size, dtype=np.int8)
    most_changes = max(8.0, size / 3.0)
    stored = 0
    for sweep in range(sweeps):
        for level in range(levels):
            before_proposed, before_accepted = counters.proposed[level], counters.accepted[level]
            _sweep(
                state, level, tolerances[level], free_events, totals, spec, hazards, rng, counters, work,
                hazard, table, events, exposure, scratch, values, new_time, new_event, new_arm, new_cox, censoring,
                new_latent, new_hazard, new_table,
            )  # fmt: skip
            if tune:
                rate = (counters.accepted[level] - before_accepted) / (counters.proposed[level] - before_proposed)
                if rate > 0.3:
                    state.changes[level] = min(state.changes[level] * 1.05, most_changes)
                elif rate < 0.2:
                    state.changes[level] = max(state.changes[level] / 1.05, 0.5)
        for level in range(sweep % 2, levels - 1, 2):
            one, other = state.slot[level], state.slot[level + 1]
            gain = 0.5 / tolerances[level] ** 2 - 0.5 / tolerances[level + 1] ** 2
            counters.exchanges[level] += 1.0
            if log(rng.random()) < (state.misfit[one] - state.misfit[other]) * gain:
                state.slot[level], state.slot[level + 1] = other, one
                counters.exchanged[level] += 1.0
        slot = state.slot[0]
        if (sweep + 1) % thin == 0 and state.misfit[slot] == 0.0 and stored < kept.time.shape[0]:
            places = np.zeros(2, dtype=np.int64)
            places[1] = totals[0]
            for i in range(size):
                place = places[state.arm[slot, i]]
                kept.time[stored, place] = state.time[slot, i]
                kept.event[stored, place] = state.event[slot, i]
                places[state.arm[slot, i]] += 1
            kept.latent[stored] = state.latent[slot]
            kept.values[stored] = state.values[slot]
            stored += 1
    return stored
