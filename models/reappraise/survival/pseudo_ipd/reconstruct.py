"""Reconstruction: replicates of the individual data that give back every printed number, from several chains."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.fits.sampling import Effort
from reappraise.published.patients import PatientData
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.pseudo_ipd.chain import Kept
from reappraise.survival.pseudo_ipd.contradictions import Contradiction, contradictions
from reappraise.survival.pseudo_ipd.hazards import hazard_specification
from reappraise.survival.pseudo_ipd.quality import Quality, judge
from reappraise.survival.pseudo_ipd.search import Chain, Progress, begin
from reappraise.survival.pseudo_ipd.summaries import Estimators, Summaries
from reappraise.survival.pseudo_ipd.targets import Target, specification

type Floats = NDArray[np.float64]

FIRST_THIN = 25
"""Sweeps between kept replicates at first: small trials, and numbers that leave much open, take no more."""
DOUBLINGS = 3
"""How often the sweeps between replicates are doubled while the chains do not agree."""
SEARCHING = 0.3
"""Share of the progress that the search is told as."""
MOST_NAMED = 4
"""Contradictions that are named; of a digitised curve there may be hundreds."""


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
    restarted
        Chains that came to no data of their own with all printed numbers, and started again from another chain's.
    """

    summaries: Summaries
    data: PatientData
    values: Floats
    latent: Floats
    quality: Quality
    seed: int
    restarted: tuple[int, ...] = ()

    @property
    def held(self) -> bool:
        """Whether every printed number holds in every replicate, recounted from the stored statistics."""
        targets = self.summaries.targets
        return all(
            target.miss(float(value)) == 0.0
            for index, target in enumerate(targets)
            for value in (self.values[..., index].min(), self.values[..., index].max())
        )


type Misses = tuple[tuple[Target, float], ...]
"""Printed numbers that data miss, and what the data have instead."""


class UnreachableError(AnalysisError):
    """Printed numbers that no data were found to satisfy together.

    Parameters
    ----------
    summaries
        What was asked.
    misses
        Target and nearest value found, for every printed number that the nearest data miss.
    words
        What is wrong, and what to do.
    """

    def __init__(self, summaries: Summaries, misses: Misses, words: str) -> None:
        self.summaries = summaries
        self.misses = misses
        super().__init__(words)


class ContradictionError(UnreachableError):
    """Printed numbers that no data have together, as was shown.

    Parameters
    ----------
    summaries
        What was asked.
    found
        The numbers that exclude each other.
    """

    def __init__(self, summaries: Summaries, found: tuple[Contradiction, ...]) -> None:
        listed = "; ".join(
            f"{_words(pair.missed, pair.nearest)}, where {pair.given.text} is {pair.given.low:.4g} to "
            f"{pair.given.high:.4g}"
            for pair in found[:MOST_NAMED]
        )
        super().__init__(
            summaries,
            tuple((pair.missed, pair.nearest) for pair in found),
            f"{summaries.endpoint}: printed numbers contradict each other, since no survival curve rises. {listed}"
            f"{f', and {len(found) - MOST_NAMED} more pairs' if len(found) > MOST_NAMED else ''}. "
            "Check these numbers in the source, or leave one of them out.",
        )


class NotFoundError(UnreachableError, UndeterminedError):
    """Printed numbers that the search found no data for: no proof that there are none.

    Parameters
    ----------
    summaries, misses
        As of `UnreachableError`.
    tried
        Other estimators that were tried, and whether data were found under them.
    """

    def __init__(self, summaries: Summaries, misses: Misses, tried: tuple[tuple[Estimators, bool], ...] = ()) -> None:
        super().__init__(
            summaries,
            misses,
            f"{summaries.endpoint}: no data of {summaries.totals[0]} and {summaries.totals[1]} patients were found "
            f"that keep all {len(summaries.targets)} printed numbers together, with {summaries.estimators.text}. The "
            f"nearest data miss {'; '.join(_words(target, value) for target, value in misses)}. "
            f"{' '.join(_advice(summaries, misses, tried))}",
        )


def _words(target: Target, value: float) -> str:
    return f"{target.text}: nearest {value:.4g}, expected {target.low:.4g} to {target.high:.4g}"


def _advice(summaries: Summaries, misses: Misses, tried: tuple[tuple[Estimators, bool], ...]) -> list[str]:
    """What to do, what was seen to work before what may."""
    working = [estimators.text for estimators, reached in tried if reached]
    if working:
        stated = "median_interval and landmark_interval of the endpoint in a trial file; Summaries.assuming"
        return [
            f"Data were found with other estimators, so say that those were used: {' or '.join(working)} ({stated})."
        ]
    said = []
    if tried:
        said.append(f"Nor were any found with {'; '.join(estimators.text for estimators, _ in tried)}.")
    elif summaries.alternatives:
        said.append(f"Not tried: {'; '.join(estimators.text for estimators in summaries.alternatives)}.")
    if all(target.miss(value) < target.high - target.low for target, value in misses):
        said.append(
            "Each is missed by less than a unit of its last digit: search for longer (patience of Effort), or, if "
            "times are tied at whole days, weeks or months, allow for it (Summaries.tied)."
        )
    else:
        said.append("Search for longer (patience of Effort), check these numbers in the source, or leave one out.")
    return said


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

    A chain that finds nothing within its patience starts again from what a chain that did holds. Where the effort does
    not say how far apart kept replicates are, the chains go on until they agree (`Quality.settled`): every other
    replicate of what there is and of as many more is kept, so that each time they lie twice as far apart.

    Raises
    ------
    ContradictionError
        If two printed numbers exclude each other.
    NotFoundError
        If no chain found data that keep all printed numbers. Both are an `UnreachableError`.
    """
    shown = tuple(contradictions(summaries.targets))
    if shown:
        raise ContradictionError(summaries, shown)
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

    def search(index: int) -> Chain:
        rng = np.random.default_rng(np.random.SeedSequence([seed, index]))
        chain = begin(summaries, spec, hazards, asked, rng)
        chain.search(lambda fraction: tell(index, SEARCHING * fraction))
        return chain

    def keep(index: int, thin: int, start: float, end: float) -> Kept:
        return chains[index].keep(
            thin, lambda fraction: tell(index, SEARCHING + (1 - SEARCHING) * (start + (end - start) * fraction))
        )

    with ThreadPoolExecutor(min(asked.chains, os.cpu_count() or 1)) as pool:
        chains = list(pool.map(search, range(asked.chains)))
        reached = [chain for chain in chains if chain.reached]
        if not reached:
            raise NotFoundError(summaries, min(chains, key=lambda chain: chain.misfit).misses)
        restarted = tuple(index for index, chain in enumerate(chains) if not chain.reached)
        # all of them before any chain goes on, since what they take would change
        followed = [reached[place % len(reached)] for place in range(len(restarted))]
        list(pool.map(lambda index, other: chains[index].follow(other), restarted, followed))
        thin, more = (FIRST_THIN, DOUBLINGS) if asked.thin is None else (asked.thin, 0)
        places = range(asked.chains)
        kept = list(pool.map(keep, places, repeat(thin), repeat(0.0), repeat(0.5 if more else 1.0)))
        data = _patients(summaries, kept)
        quality = judge(data, restarted)
        for doubling in range(more):
            if quality.settled:
                break
            start, end = (1 - 0.5 ** (doubling + place) for place in (1, 2))
            further = list(pool.map(keep, places, repeat(thin), repeat(start), repeat(end)))
            kept = [_joined(*pair) for pair in zip(kept, further, strict=True)]
            thin *= 2
            data = _patients(summaries, kept)
            quality = judge(data, restarted)
    if progress:
        progress(1.0)
    return Reconstruction(
        summaries=summaries,
        data=data,
        values=np.stack([one.values for one in kept]),
        latent=np.stack([one.latent for one in kept]),
        quality=quality,
        seed=seed,
        restarted=restarted,
    )


def _joined(first: Kept, second: Kept) -> Kept:
    """Every other replicate of two series that follow each other."""
    pairs: Iterator[tuple[NDArray[Any], NDArray[Any]]] = zip(first, second, strict=True)
    return Kept(*(np.concatenate(pair)[1::2] for pair in pairs))


def _patients(summaries: Summaries, kept: list[Kept]) -> PatientData:
    return PatientData(
        endpoint=summaries.endpoint,
        arms=summaries.arms,
        arm=np.repeat(np.array([0, 1], dtype=np.int8), summaries.totals),
        time=np.stack([one.time for one in kept]),
        event=np.stack([one.event for one in kept]),
        unit=summaries.unit,
        origin=summaries.origin,
    )


def reaches(summaries: Summaries, *, prior: HazardPrior, seed: int, rounds: int = 12) -> Misses:
    """What the nearest data of a short search miss: target and value; empty if every printed number was reached."""
    effort = Effort(chains=2, replicates=10, rounds=2, patience=rounds, thin=1)
    try:
        reconstruct(summaries, prior=prior, seed=seed, effort=effort)
    except UnreachableError as error:
        return error.misses
    return ()
