"""Counts of adverse events by term and arm: what the models of adverse events are fitted to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

from reappraise.core.arms import WHOLE
from reappraise.core.grades import GRADES, Grade
from reappraise.core.silence import Evidence
from reappraise.core.two_by_two import TwoByTwo
from reappraise.published.partition import Partition

type EventKind = Literal["terms", "systems", "laboratory"]
type Pair = tuple[str, str]

KINDS: tuple[EventKind, ...] = ("terms", "systems", "laboratory")
MARGIN = 0.05
"""Difference in the rate of an adverse event that would matter: one patient in twenty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTable:
    """Patients with each adverse event, by arm, of one grade and one kind.

    Parameters
    ----------
    endpoint
        Key of the endpoint.
    kind
        ``"terms"`` within body systems; ``"systems"``: totals of body systems, which count patients and not terms, so
        that they never stand in one table with the terms; ``"laboratory"``: values that were measured in everybody,
        not events that somebody reported.
    grade
        One of `reappraise.core.grades.GRADES`.
    arms, arm_labels
        Keys and words of the arms, control first, experimental second.
    terms
        The events in words, each once.
    systems
        Body system of each term.
    events, totals
        Patients, ``[term][arm]``. Each term has its own totals.
    population
        Key of the population counted.
    reporting_threshold_percent
        Terms are printed only if at least this percentage of all patients had them; None if not stated.
    source
        Where the counts stand in the publication.
    exposure
        That the arms were exposed for different times, in words; empty where that is not printed.
    """

    endpoint: str
    kind: EventKind
    grade: Grade
    arms: Pair
    arm_labels: Pair
    terms: tuple[str, ...]
    systems: tuple[str, ...]
    events: tuple[tuple[int, int], ...]
    totals: tuple[tuple[int, int], ...]
    population: str = WHOLE
    reporting_threshold_percent: int | None = None
    source: str = ""
    exposure: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be a table of counts."""
        if self.kind not in KINDS or self.grade not in GRADES:
            raise ValueError(f"{self.endpoint}: expected kind of {KINDS} and grade of {GRADES}, got {self.key}")
        if not len(self.terms) == len(self.systems) == len(self.events) == len(self.totals) > 0:
            raise ValueError(f"{self.key}: terms, systems, events and totals must have the same length, above 0")
        repeated = [term for term, times in Counter(self.terms).items() if times > 1]
        if repeated:
            listed = ", ".join(repeated)
            raise ValueError(f"{self.key}: expected each term once, in one body system; got {listed} again")
        for term, events, totals in zip(self.terms, self.events, self.totals, strict=True):
            for arm, k, n in zip(self.arms, events, totals, strict=True):
                if not (0 <= k <= n and n > 0):
                    raise ValueError(f"{self.key}, {term}, {arm}: expected 0 <= events <= total, got {k} of {n}")

    @property
    def key(self) -> str:
        """Key of the table, and endpoint of its estimates: terms and totals of systems are not rows of one table."""
        return f"{self.endpoint}-{self.kind}"

    @property
    def body_systems(self) -> tuple[str, ...]:
        """Each body system once, as first met."""
        return tuple(dict.fromkeys(self.systems))

    @property
    def index(self) -> tuple[int, ...]:
        """For each term the place of its body system in `body_systems`."""
        places = {system: place for place, system in enumerate(self.body_systems)}
        return tuple(places[system] for system in self.systems)

    def evidence(self, term: str) -> Evidence:
        """The counts of a term; every model lets terms learn from each other."""
        tables = [
            TwoByTwo(events[1], totals[1], events[0], totals[0])
            for events, totals in zip(self.events, self.totals, strict=True)
        ]
        heard = not all(table.uninformative for table in tables)
        return Evidence(tables=(tables[self.terms.index(term)],), others="other terms" if heard else "")

    def swapped(self) -> EventTable:
        """The same trial with the names of control and experimental arm exchanged."""
        return replace(
            self,
            arms=self.arms[::-1],
            arm_labels=self.arm_labels[::-1],
            events=tuple(pair[::-1] for pair in self.events),
            totals=tuple(pair[::-1] for pair in self.totals),
        )


@dataclass(frozen=True, slots=True)
class SingleEvent:
    """A row that stands for itself, such as patients with any event, or who died of one.

    Parameters
    ----------
    label
        The row in words.
    grade
        Its grade.
    partition
        Its counts, as every response model takes them; fewer are better.
    """

    label: str
    grade: Grade
    partition: Partition
