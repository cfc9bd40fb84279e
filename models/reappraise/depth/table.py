"""Counts of an ordinal endpoint by category and arm: what every model of depth of response is fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from reappraise.core.arms import Arms
from reappraise.core.errors import AnalysisError
from reappraise.core.silence import Evidence
from reappraise.core.two_by_two import TwoByTwo


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalTable:
    """Sufficient statistics of one ordinal endpoint: patients by category, best first, and arm.

    Parameters
    ----------
    endpoint, label
        Key and words of the endpoint.
    assessor
        Who assessed it; empty where that is not said.
    population
        Key of the population analysed.
    arms, arm_labels
        Keys and words of the arms, control first, experimental second.
    categories, category_labels
        Keys and words of the categories, best first.
    or_better
        By category, the key of the binary endpoint that counts it and all better ones; empty where there is none.
    counts
        Patients, ``[category][arm]``.
    origins
        Where each count comes from, in words, ``[category][arm]``; empty for counts of no trial file.
    subtracted
        Whether each count was found by subtraction, ``[category][arm]``; empty for counts of no trial file.
    planned_odds_ratio
        Effect the trial was planned for, as odds of a better category, experimental over control; None if not stated.
    source
        Where the counts stand in the publication.

    Raises
    ------
    AnalysisError
        If these are no counts of two arms in at least two categories.
    """

    endpoint: str
    label: str
    assessor: str = ""
    population: str = ""
    arms: Arms
    arm_labels: Arms
    categories: tuple[str, ...]
    category_labels: tuple[str, ...]
    or_better: tuple[str, ...] = ()
    counts: tuple[tuple[int, int], ...]
    origins: tuple[tuple[str, str], ...] = ()
    subtracted: tuple[tuple[bool, bool], ...] = ()
    planned_odds_ratio: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse counts that cannot be counts."""
        number = len(self.categories)
        if number < 2:
            raise AnalysisError(f"{self.endpoint}: expected at least 2 categories, got {number}")
        if len(set(self.categories)) < number or len(set(self.arms)) < 2:
            raise AnalysisError(
                f"{self.endpoint}: expected categories and arms with keys of their own, got {self.categories} and "
                f"{self.arms}"
            )
        required, optional = ("category_labels", "counts"), ("or_better", "origins", "subtracted")
        for name in (*required, *optional):
            held = len(getattr(self, name))
            if held != number and (name in required or held):
                raise AnalysisError(f"{self.endpoint}: expected {name} for {number} categories, got {held}")
        for category, row in zip(self.categories, self.counts, strict=True):
            for arm, count in zip(self.arms, row, strict=True):
                if count < 0:
                    raise AnalysisError(
                        f"{self.endpoint}, {category}, {arm}: expected a count of patients, got {count}"
                    )
        for arm, total in zip(self.arms, self.totals, strict=True):
            if not total:
                raise AnalysisError(f"{self.endpoint}, {arm}: expected patients in both arms, got none")

    @property
    def totals(self) -> tuple[int, int]:
        """Patients by arm."""
        return sum(row[0] for row in self.counts), sum(row[1] for row in self.counts)

    @property
    def cuts(self) -> tuple[str, ...]:
        """Keys of the categories below which the scale can be cut: all but the worst."""
        return self.categories[:-1]

    @property
    def cut_labels(self) -> tuple[str, ...]:
        """The cuts in words."""
        return (self.category_labels[0], *(f"{label} or better" for label in self.category_labels[1:-1]))

    @property
    def or_better_counts(self) -> tuple[tuple[int, int], ...]:
        """Patients in each category but the worst, or a better one, ``[cut][arm]``."""
        by_arm = [tuple(accumulate(row[arm] for row in self.counts[:-1])) for arm in range(2)]
        return tuple(zip(*by_arm, strict=True))

    def evidence(self, cut: str) -> Evidence:
        """The counts of a cut, or with an empty key those of all: every model lets cuts learn from each other."""
        tables = dict(
            zip(
                self.cuts,
                (TwoByTwo(k[1], self.totals[1], k[0], self.totals[0]) for k in self.or_better_counts),
                strict=True,
            )
        )
        if cut not in tables:
            return Evidence(tables=tuple(tables.values()))
        heard = not all(table.uninformative for table in tables.values())
        return Evidence(tables=(tables[cut],), others="other cut points" if heard else "")

    def swapped(self) -> OrdinalTable:
        """The same trial with the names of control and experimental arm exchanged."""
        return OrdinalTable(
            endpoint=self.endpoint,
            label=self.label,
            assessor=self.assessor,
            population=self.population,
            arms=(self.arms[1], self.arms[0]),
            arm_labels=(self.arm_labels[1], self.arm_labels[0]),
            categories=self.categories,
            category_labels=self.category_labels,
            or_better=self.or_better,
            counts=tuple((b, a) for a, b in self.counts),
            origins=tuple((b, a) for a, b in self.origins),
            subtracted=tuple((b, a) for a, b in self.subtracted),
            planned_odds_ratio=None if self.planned_odds_ratio is None else 1 / self.planned_odds_ratio,
            source=self.source,
        )
