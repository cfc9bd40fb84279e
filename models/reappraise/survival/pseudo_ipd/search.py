"""One chain of a reconstruction: its way to the printed numbers, and the replicates kept once it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf, log

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.fits.sampling import Effort
from reappraise.survival.pseudo_ipd.chain import Counters, Kept, State, refresh, run
from reappraise.survival.pseudo_ipd.descent import descend
from reappraise.survival.pseudo_ipd.hazards import HazardSpecification, parameters
from reappraise.survival.pseudo_ipd.statistics import scratch
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.pseudo_ipd.targets import Specification, Target

type Floats = NDArray[np.float64]
type Progress = Callable[[float], None]
"""Told which fraction of the work is done."""

HARD = 5e-5
"""First tolerance, in standard deviations of a statistic: in effect the printed digits themselves."""
LOOSE = 0.7
"""Last tolerance, in standard deviations: loose enough for whole patterns to change."""
STEP = 1.45
"""Ratio of neighbouring tolerances: of exchanges one in four succeeds at the loose end, one in two at the tight one."""
ROUND = 200
"""Sweeps of a round of tuning."""


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """One chain, from a start of its own.

    Parameters
    ----------
    summaries, spec, hazards
        What is asked, also as arrays for the compiled core.
    effort
        How much to sample.
    rng
        Generator of this chain alone.
    state
        What it holds; changed in place.
    """

    summaries: Summaries
    spec: Specification
    hazards: HazardSpecification
    effort: Effort
    rng: np.random.Generator
    state: State

    @property
    def reached(self) -> bool:
        """Whether the data at the tightest tolerance keep every printed number."""
        return bool(self.state.misfit[self.state.slot[0]] == 0)

    @property
    def misfit(self) -> float:
        """Squared misses of the data at the tightest tolerance, in units of each target's scale."""
        return float(self.state.misfit[self.state.slot[0]])

    @property
    def misses(self) -> tuple[tuple[Target, float], ...]:
        """Printed numbers that the data at the tightest tolerance miss, and what they have instead."""
        values = self.state.values[self.state.slot[0]]
        pairs = zip(self.summaries.targets, map(float, values), strict=True)
        return tuple((target, value) for target, value in pairs if target.miss(value) > 0)

    def search(self, tell: Progress) -> None:
        """Come down to the printed numbers from random data, as far as the patience goes."""
        totals, tolerances = self._totals, ladder(self.spec)
        work = scratch(int(totals.sum()))
        for slot in range(tolerances.size):
            refresh(self.state, slot, totals, self.spec, self.hazards.horizon, work)
        descend(self.state, tolerances, self._advance)
        used, effort = 0, self.effort
        while used < effort.rounds or (not self.reached and used < effort.rounds + effort.patience):
            self._advance(self.state, tolerances, ROUND)
            used += 1
            tell(min(1.0, used / effort.rounds))

    def follow(self, other: Chain) -> None:
        """Start again from what a chain that reached the printed numbers holds, and tune as long as any chain."""
        mine: tuple[NDArray[np.generic], ...] = self.state
        taken: tuple[NDArray[np.generic], ...] = other.state
        for own, theirs in zip(mine, taken, strict=True):
            own[:] = theirs
        for _ in range(self.effort.rounds):
            self._advance(self.state, ladder(self.spec), ROUND)

    def keep(self, thin: int, tell: Progress) -> Kept:
        """Draw the replicates that are kept.

        Parameters
        ----------
        thin
            Sweeps between them.
        tell
            Told which fraction is done.

        Raises
        ------
        AnalysisError
            If too few of those drawn keep every printed number.
        """
        effort, tolerances = self.effort, ladder(self.spec)
        blocks = ceil(effort.replicates / 10)
        parts: list[Kept] = []
        found = 0
        for _ in range(8 * blocks):
            room = self._room(effort.replicates - found)
            counters = Counters(*(np.zeros(tolerances.size) for _ in range(4)))
            arguments = (self._totals, self.spec, self.hazards, 10 * thin, thin, False)
            count = run(self.state, tolerances, self.summaries.free_events, *arguments, self.rng, room, counters)
            parts.append(
                Kept(
                    time=room.time[:count],
                    event=room.event[:count],
                    latent=room.latent[:count],
                    values=room.values[:count],
                )
            )
            found += count
            tell(found / effort.replicates)
            if found >= effort.replicates:
                return Kept(
                    time=np.concatenate([part.time for part in parts]),
                    event=np.concatenate([part.event for part in parts]),
                    latent=np.concatenate([part.latent for part in parts]),
                    values=np.concatenate([part.values for part in parts]),
                )
        raise AnalysisError(
            f"{self.summaries.endpoint}: of {80 * blocks} replicates only {found} kept every printed number, "
            f"{effort.replicates} were asked for. Raise thin, or ask for fewer."
        )

    @property
    def _totals(self) -> NDArray[np.int64]:
        return np.array(self.summaries.totals, dtype=np.int64)

    def _advance(self, part: State, steps: Floats, sweeps: int) -> None:
        counters = Counters(*(np.zeros(steps.size) for _ in range(4)))
        arguments = (self._totals, self.spec, self.hazards, sweeps, sweeps, True, self.rng, self._room(0), counters)
        run(part, steps, self.summaries.free_events, *arguments)

    def _room(self, count: int) -> Kept:
        size = sum(self.summaries.totals)
        return Kept(
            time=np.empty((count, size)),
            event=np.empty((count, size), dtype=np.bool_),
            latent=np.empty((count, parameters(self.hazards))),
            values=np.empty((count, self.spec.statistic.size)),
        )


def ladder(spec: Specification) -> Floats:
    """Tolerances from the printed digits to a fraction of the spread between trials."""
    bounded = np.isfinite(spec.low) & np.isfinite(spec.high)
    finite = (spec.high[bounded] - spec.low[bounded]) / 2 / spec.scale[bounded]
    first = float(np.clip(0.4 * finite.min(), 0.0005, 0.1)) if finite.size else 0.1
    steps = 1 + ceil(log(LOOSE / first) / log(STEP))
    return np.concatenate([[HARD], np.geomspace(first, LOOSE, max(steps, 2))])


def begin(
    summaries: Summaries,
    spec: Specification,
    hazards: HazardSpecification,
    effort: Effort,
    rng: np.random.Generator,
) -> Chain:
    """A chain of data of the right size with exponential times, or those a curve was inverted to, in every slot."""
    size, slots = sum(summaries.totals), ladder(spec).size
    time = np.empty((slots, size))
    event = np.empty((slots, size), dtype=np.bool_)
    arm = np.empty((slots, size), dtype=np.int8)
    for slot in range(slots):
        times, events = summaries.draw_start(rng)
        order = np.argsort(times, kind="stable")
        time[slot], event[slot] = times[order], events[order]
        arm[slot] = np.repeat(np.array([0, 1], dtype=np.int8), summaries.totals)[order]
    state = State(
        time=time,
        event=event,
        arm=arm,
        latent=rng.standard_normal((slots, parameters(hazards))),
        values=np.full((slots, spec.statistic.size), inf),
        misfit=np.full(slots, inf),
        cox=np.zeros((slots, 2)),
        slot=np.arange(slots),
        changes=np.ones(slots),
    )
    return Chain(summaries, spec, hazards, effort, rng, state)
