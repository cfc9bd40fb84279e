"""Counts of a binary endpoint in disjoint levels by arm: what every response model is fitted to."""

from __future__ import annotations

from dataclasses import dataclass

from reappraise.core.arms import WHOLE, Better, Timing
from reappraise.core.silence import Evidence
from reappraise.core.two_by_two import TwoByTwo


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Sufficient statistics of one binary endpoint: events of totals, disjoint levels by arm.

    The whole population is the partition with the one level ``"all"``, so nothing downstream has a
    special case for it. Levels are disjoint and together make up the arm; no patient counts twice.

    Parameters
    ----------
    endpoint
        Key of the endpoint.
    factor
        Key of the subgroup factor, or ``"all"``.
    levels, level_labels
        Keys and words of the levels.
    arms, arm_labels
        Keys and words of the arms, control first, experimental second.
    events, totals
        Patients, ``[level][arm]``; a total of 0 says that the level has no patients in that arm.
    better
        Whether a higher or a lower rate is good for the patient.
    timing
        When the factor was determined: a post-randomisation factor has no causal reading.
    margin
        Risk difference that would matter to patients (fraction); None where the publication states none.
    planned_odds_ratio
        Effect the trial was planned for, as odds of the better outcome, experimental over control; None if not stated.
    source
        Where the counts stand in the publication.
    caution
        What every contrast of the arms must say, such as that these were exposed for different times; often empty.
    """

    endpoint: str
    factor: str
    levels: tuple[str, ...]
    level_labels: tuple[str, ...]
    arms: tuple[str, str]
    arm_labels: tuple[str, str]
    events: tuple[tuple[int, int], ...]
    totals: tuple[tuple[int, int], ...]
    better: Better
    timing: Timing = "baseline"
    margin: float | None = None
    planned_odds_ratio: float | None = None
    source: str = ""
    caution: str = ""

    def __post_init__(self) -> None:
        """Refuse counts that cannot be counts."""
        if not len(self.levels) == len(self.level_labels) == len(self.events) == len(self.totals):
            raise ValueError("levels, level_labels, events and totals must have the same length")
        for level, events, totals in zip(self.levels, self.events, self.totals, strict=True):
            for arm, k, n in zip(self.arms, events, totals, strict=True):
                if not 0 <= k <= n:
                    raise ValueError(f"{self.endpoint}, {level}, {arm}: expected 0 <= events <= total, got {k} of {n}")

    @property
    def comparable(self) -> tuple[bool, ...]:
        """By level: whether both arms have patients, so that a contrast of arms exists."""
        return tuple(all(total > 0 for total in totals) for totals in self.totals)

    @property
    def causal(self) -> bool:
        """Whether a contrast of arms within levels may be read as an effect of treatment."""
        return self.timing == "baseline"

    def population(self, level: str) -> str:
        """Name of a level's population: ``"all"`` or ``"factor=level"``."""
        return WHOLE if self.factor == WHOLE else f"{self.factor}={level}"

    @property
    def tables(self) -> tuple[TwoByTwo, ...]:
        """Experimental over control arm in each level that has patients in both."""
        return tuple(
            TwoByTwo(events[1], totals[1], events[0], totals[0])
            for events, totals, both in zip(self.events, self.totals, self.comparable, strict=True)
            if both
        )

    def evidence(self, population: str, *, shared: bool = False) -> Evidence | None:
        """The counts of a population; None where an arm of it has no patients.

        Parameters
        ----------
        population
            As `population` names it.
        shared
            Whether a model lets levels learn from each other.
        """
        tables = {
            self.population(level): TwoByTwo(events[1], totals[1], events[0], totals[0])
            for level, events, totals, both in zip(self.levels, self.events, self.totals, self.comparable, strict=True)
            if both
        }
        if population not in tables:
            return None
        heard = shared and any(0 < sum(k) < sum(n) for k, n in zip(self.events, self.totals, strict=True))
        return Evidence(tables=(tables[population],), others="other levels" if heard else "")

    def swapped(self) -> Partition:
        """The same trial with the names of control and experimental arm exchanged."""
        first, second = self.arms
        first_label, second_label = self.arm_labels
        return Partition(
            endpoint=self.endpoint,
            factor=self.factor,
            levels=self.levels,
            level_labels=self.level_labels,
            arms=(second, first),
            arm_labels=(second_label, first_label),
            events=tuple((b, a) for a, b in self.events),
            totals=tuple((b, a) for a, b in self.totals),
            better=self.better,
            timing=self.timing,
            margin=self.margin,
            planned_odds_ratio=None if self.planned_odds_ratio is None else 1 / self.planned_odds_ratio,
            source=self.source,
            caution=self.caution,
        )
