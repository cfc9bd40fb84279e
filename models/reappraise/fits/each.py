"""Every job found in a store or run, and whoever waits told of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from reappraise.core.side_by_side import at_once, side_by_side
from reappraise.fits.sampling import Effort, Sampling
from reappraise.fits.store import Job, Store, Stored

type Tell = Callable[[str, float], None]
"""Told what begins now, and which fraction of the endpoint's work is done."""


class Runnable[Found](Job[Found], Protocol):
    """A job that can be run, or restored from what was stored."""

    def run(self, advance: Any = None) -> Found:
        """Compute it."""
        ...


@dataclass(slots=True)
class Tally:
    """How many posteriors were found in the store, and how many were computed; threads may share it."""

    found: int = 0
    computed: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def count(self, *, found: bool) -> None:
        """One more that was found, or computed."""
        with self._counting:
            if found:
                self.found += 1
            else:
                self.computed += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What an analysis hands to every kind of endpoint.

    Parameters
    ----------
    sampling
        Settings with the root seed.
    effort
        How much to reconstruct where only summaries are printed.
    store
        Where fits are found and kept; None for nowhere.
    tell
        Told what goes on, and which fraction of the endpoint's work is done.
    tally
        Counts what was found and what was computed.
    slots
        Taken while a job runs, so that endpoints beside each other do not run more jobs than there are cores.
    """

    sampling: Sampling
    effort: Effort = field(default_factory=Effort)
    store: Store | None = None
    tell: Tell = lambda _words, _fraction: None
    tally: Tally = field(default_factory=Tally)
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(at_once()))

    def one[Found: Stored](self, job: Runnable[Found], words: str, *, start: float = 0.0, end: float = 1.0) -> Found:
        """The result of a job, from the store if it is there.

        Parameters
        ----------
        job
            The job.
        words
            What goes on, for whoever waits.
        start, end
            Fraction of the endpoint's work that is done before and after it.
        """

        def advance(done: int, of: int) -> None:
            self.tell(words, start + (end - start) * done / of)

        with self.slots:
            self.tell(words, start)
            kept = self.store.read_fit(job) if self.store else None
            if kept is not None:
                self.tally.count(found=True)
                return kept
            found = job.run(advance)
        self.tally.count(found=False)
        if self.store:
            self.store.write_fit(found)
        return found

    def each[Found: Stored](
        self,
        jobs: Sequence[Runnable[Found]],
        words: Callable[[Any], str],
        *,
        start: float = 0.0,
        end: float = 1.0,
    ) -> tuple[Found, ...]:
        """The results of jobs, in their order, computed beside each other; parameters as of `one`."""
        share = (end - start) / max(len(jobs), 1)
        return side_by_side(
            [
                partial(self.one, job, words(job), start=start + share * place, end=start + share * (place + 1))
                for place, job in enumerate(jobs)
            ]
        )
