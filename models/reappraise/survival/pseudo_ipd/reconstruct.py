"""Reconstruction: replicates of the individual data that give back every printed number, from several chains."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import ceil, inf, log
from typing import Self

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.fits.sampling import Effort
from reappraise.published.patients import PatientData
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.pseudo_ipd.chain import Counters, Kept, State, refresh, run
from reappraise.survival.pseudo_ipd.descent import descend
from reappraise.survival.pseudo_ipd.hazards import HazardSpecification, hazard_specification, parameters
from reappraise.survival.pseudo_ipd.quality import Quality, judge
from reappraise.survival.pseudo_ipd.statistics import scratch
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.pseudo_ipd.targets import Specification, Target, specification

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reconstruction:
    """Replicates of the data that keep every printed number, and what they are worth.

    Parameters
    ----------
    summaries
        What they keep.
    data
        The replicates.
    values
        Every target's statistic in every replicate; dims (chain, replicate, target).
    latent
        Hazard parameters drawn with each replicate; dims (chain, replicate, parameter).
    quality
        Whether chains agree, and how many independent replicates there are in effect.
    seed
        Root seed.
    """

    summaries: Summaries
    data: PatientData
    values: Floats
    latent: Floats
    quality: Quality
    seed: int

    @property
    def held(self) -> bool:
        """Whether every printed number holds in every replicate, recounted from the stored statistics."""
        targets = self.summaries.targets
        return all(
            target.miss(float(value)) == 0.0
            for index, target in enumerate(targets)
            for value in (self.values[..., index].min(), self.values[..., index].max())
        )


class UnreachableError(AnalysisError):
    """Printed numbers that no data were found to satisfy together.

    Parameters
    ----------
    misses
        Target and nearest value found, for every printed number that the nearest data miss.
    summaries
        What was asked.
    """

    def __init__(self, summaries: Summaries, misses: tuple[tuple[Target, float], ...]) -> None:
        self.summaries = summaries
        self.misses = misses
        listed = "; ".join(
            f"{target.text}: nearest {value:.4g}, expected {target.low:.4g} to {target.high:.4g}"
            for target, value in misses
        )
        super().__init__(
            f"{summaries.endpoint}: no data of {summaries.totals[0]} and {summaries.totals[1]} patients were found "
            f"that keep all {len(summaries.targets)} printed numbers together. The nearest data miss {listed}. "
            "Check these numbers in the source, or leave one of them out."
        )


def reconstruct(
    summaries: Summaries,
    *,
    prior: HazardPrior,
    grid: Grid | None = None,
    seed: int,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Reconstruction:
    r"""Draw individual data from p(data | printed numbers), hazards and censoring uncertain.

    .. math:: p(\theta, D \mid S) \propto p(\theta) p(D \mid \theta) 1[\text{summaries of } D \text{ round to } S]

    Parameters
    ----------
    summaries
        What was printed.
    prior
        Prior on the hazards; the posterior of a fit with another prior needs another reconstruction.
    grid
        Intervals of constant hazard; ten of equal length by default, since event times are not known.
    seed
        Root seed; chains get seeds of their own, so the result does not depend on the number of cores.
    effort
        How much to sample.
    progress
        Told the fraction done.

    Raises
    ------
    UnreachableError
        If no data were found that keep all printed numbers.
    """
    asked = effort or Effort()
    spec = specification(summaries.targets, max(summaries.totals), summaries.horizon)
    hazards = hazard_specification(
        grid or Grid.regular(10, summaries.horizon), prior, minimum_follow_up=summaries.minimum_follow_up
    )
    done = [0.0] * asked.chains

    def tell(chain: int, fraction: float) -> None:
        done[chain] = fraction
        if progress:
            progress(sum(done) / asked.chains)

    def one(chain: int) -> _Chain:
        rng = np.random.default_rng(np.random.SeedSequence([seed, chain]))
        return _Chain.tuned(summaries, spec, hazards, asked, rng, lambda fraction: tell(chain, fraction))

    with ThreadPoolExecutor(min(asked.chains, os.cpu_count() or 1)) as pool:
        chains = list(pool.map(one, range(asked.chains)))
    if any(chain.nearest for chain in chains):
        # a chain that found nothing is not left out silently: the others may sit in a corner
        nearest = min((chain for chain in chains if chain.nearest), key=lambda chain: chain.misfit)
        raise UnreachableError(summaries, nearest.nearest)
    control, experimental = summaries.totals
    data = PatientData(
        endpoint=summaries.endpoint,
        arms=summaries.arms,
        arm=np.repeat(np.array([0, 1], dtype=np.int8), (control, experimental)),
        time=np.stack([chain.kept.time for chain in chains]),
        event=np.stack([chain.kept.event for chain in chains]),
        unit=summaries.unit,
        origin=summaries.origin,
    )
    return Reconstruction(
        summaries=summaries,
        data=data,
        values=np.stack([chain.kept.values for chain in chains]),
        latent=np.stack([chain.kept.latent for chain in chains]),
        quality=judge(data),
        seed=seed,
    )


@dataclass(frozen=True, slots=True)
class _Chain:
    """One chain's replicates, or the nearest that it came."""

    kept: Kept
    nearest: tuple[tuple[Target, float], ...]
    misfit: float

    @classmethod
    def tuned(
        cls,
        summaries: Summaries,
        spec: Specification,
        hazards: HazardSpecification,
        effort: Effort,
        rng: np.random.Generator,
        tell: Progress,
    ) -> Self:
        tolerances = _ladder(spec)
        totals = np.array(summaries.totals, dtype=np.int64)
        state = _start(summaries, spec, hazards, tolerances.size, rng)
        work = scratch(int(totals.sum()))
        for slot in range(tolerances.size):
            refresh(state, slot, totals, spec, hazards.horizon, work)
        blocks = ceil(effort.replicates / 10)
        nothing = _room(0, summaries, spec, hazards)

        def advance(part: State, steps: Floats, sweeps: int) -> None:
            counters = Counters(*(np.zeros(steps.size) for _ in range(4)))
            run(part, steps, summaries.free_events, totals, spec, hazards, sweeps, sweeps, True, rng, nothing, counters)

        descend(state, tolerances, advance)
        used = 0
        while used < effort.rounds or (state.misfit[state.slot[0]] > 0 and used < effort.rounds + effort.patience):
            advance(state, tolerances, ROUND)
            used += 1
            tell(0.3 * min(1.0, used / effort.rounds))
        slot = state.slot[0]
        if state.misfit[slot] > 0:
            values = state.values[slot]
            misses = tuple(
                (target, float(value))
                for target, value in zip(summaries.targets, values, strict=True)
                if target.miss(float(value)) > 0
            )
            return cls(nothing, misses, float(state.misfit[slot]))
        parts: list[Kept] = []
        found = 0
        for _ in range(8 * blocks):
            room = _room(effort.replicates - found, summaries, spec, hazards)
            counters = Counters(*(np.zeros(tolerances.size) for _ in range(4)))
            arguments = (totals, spec, hazards, 10 * effort.thin, effort.thin, False, rng, room, counters)
            count = run(state, tolerances, summaries.free_events, *arguments)
            parts.append(
                Kept(
                    time=room.time[:count],
                    event=room.event[:count],
                    latent=room.latent[:count],
                    values=room.values[:count],
                )
            )
            found += count
            tell(0.3 + 0.7 * found / effort.replicates)
            if found >= effort.replicates:
                break
        if found < effort.replicates:
            raise AnalysisError(
                f"{summaries.endpoint}: of {80 * blocks} replicates only {found} kept every printed number, "
                f"{effort.replicates} were asked for. Raise thin, or ask for fewer."
            )
        kept = Kept(
            time=np.concatenate([part.time for part in parts]),
            event=np.concatenate([part.event for part in parts]),
            latent=np.concatenate([part.latent for part in parts]),
            values=np.concatenate([part.values for part in parts]),
        )
        return cls(kept, (), 0.0)


def _ladder(spec: Specification) -> Floats:
    """Tolerances from the printed digits to a fraction of the spread between trials."""
    bounded = np.isfinite(spec.low) & np.isfinite(spec.high)
    finite = (spec.high[bounded] - spec.low[bounded]) / 2 / spec.scale[bounded]
    first = float(np.clip(0.4 * finite.min(), 0.0005, 0.1)) if finite.size else 0.1
    steps = 1 + ceil(log(LOOSE / first) / log(STEP))
    return np.concatenate([[HARD], np.geomspace(first, LOOSE, max(steps, 2))])


def _start(
    summaries: Summaries, spec: Specification, hazards: HazardSpecification, slots: int, rng: np.random.Generator
) -> State:
    """Data of the right size with exponential times, or those a curve was inverted to, in every slot."""
    size = sum(summaries.totals)
    time = np.empty((slots, size))
    event = np.empty((slots, size), dtype=np.bool_)
    arm = np.empty((slots, size), dtype=np.int8)
    for slot in range(slots):
        times, events = summaries.draw_start(rng)
        order = np.argsort(times, kind="stable")
        time[slot], event[slot] = times[order], events[order]
        arm[slot] = np.repeat(np.array([0, 1], dtype=np.int8), summaries.totals)[order]
    return State(
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


def _room(count: int, summaries: Summaries, spec: Specification, hazards: HazardSpecification) -> Kept:
    size = sum(summaries.totals)
    return Kept(
        time=np.empty((count, size)),
        event=np.empty((count, size), dtype=np.bool_),
        latent=np.empty((count, parameters(hazards))),
        values=np.empty((count, spec.statistic.size)),
    )


def reaches(
    summaries: Summaries, *, prior: HazardPrior, seed: int, rounds: int = 12
) -> tuple[tuple[Target, float], ...]:
    """What the nearest data of a short search miss: target and value; empty if every printed number was reached."""
    effort = Effort(chains=2, replicates=10, rounds=2, patience=rounds, thin=1)
    try:
        reconstruct(summaries, prior=prior, seed=seed, effort=replace(effort))
    except UnreachableError as error:
        return error.misses
    return ()
