"""What every kind of endpoint records, and the questions that every record answers.

Readers of a trial (its facts, what was published, the audit) ask these questions and know no kind. A new kind is a
frozen record with a `kind` of its own that answers `counted`, and whatever else it holds that its base does not know.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import ClassVar, get_args

from pydantic import Field

from reappraise.core.arms import WHOLE, Better
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import QUANTITIES
from reappraise.core.two_by_two import TwoByTwo
from reappraise.published.answers import Counted, FileRequest, Problem, RowProblem, Stated, TableRow
from reappraise.published.partition import Partition
from reappraise.published.record import Claim, Count, Key, Published, Sourced, StatedTest, Text, sound

COUNTABLE = ("odds_ratio", "risk_ratio", "risk_difference", "number_needed_to_treat")
"""Quantities that counts of two arms determine."""


class EndpointRecord(Sourced):
    """What was published about one endpoint, whatever its kind."""

    binary: ClassVar[bool] = False
    """Whether its whole counts are patients with and without the event, so that they determine its contrasts."""

    kind: str
    """Tag of this kind of endpoint."""
    key: Key
    """Key of the endpoint."""
    label: Text
    """The endpoint in words."""
    population: Key
    """Key of the population analysed."""
    better: Better
    """Whether more or less of it is good for the patient."""
    assessor: str = ""
    """Who assessed it."""
    primary: bool = False
    """Whether it is the primary endpoint."""
    test: StatedTest | None = None
    """The test stated for it."""
    printed: tuple[Published, ...] = Field(default=(), alias="estimates")
    """Published contrasts and other numbers."""
    claims: tuple[Claim, ...] = ()
    """What the paper says about a difference."""

    @classmethod
    def tag(cls) -> str:
        """The `kind` that a file writes for this type of record; empty if it has none of its own."""
        tags = get_args(cls.model_fields["kind"].annotation)
        return tags[0] if len(tags) == 1 and isinstance(tags[0], str) else ""

    @property
    def estimates(self) -> tuple[Published, ...]:
        """Published contrasts and other numbers that some patients could give: what can be analysed."""
        return sound(self.printed)

    @property
    def section(self) -> str:
        """Part of the publication's results that it belongs to."""
        return self.kind

    @abstractmethod
    def counted(self) -> Iterator[Counted]:
        """Yield everything that is counted inside the record, in the order of the file."""

    def stated(self) -> Iterator[Stated]:
        """Yield every published number other than a count, in the order of the file: first those of all patients."""
        for index, published in enumerate(self.printed):
            yield Stated(label=self.label, population=WHOLE, published=published, place=f"estimates[{index}]")

    @property
    def whole(self) -> tuple[Count, ...]:
        """Counts of the endpoint as a whole, by arm; empty where it has none."""
        return tuple(count for item in self.counted() if item.whole for count in item.counts)

    @property
    def known_events(self) -> dict[str, int | None]:
        """Patients with the event by arm, of those counted as a whole; None where print leaves it open."""
        return {count.arm: count.known_events for count in self.whole}

    def patients(self, arm: str, sizes: Mapping[str, int]) -> int | None:
        """Patients of an arm in whom it was observed: those counted, else those of its population."""
        return next((one.total for one in self.whole if one.arm == arm and not one.beyond), sizes.get(arm))

    def concerns(self, published: Published) -> bool:
        """Whether a number is about the patients that the record counts: its assessor, no further time or condition."""
        return published.assessor in {"", self.assessor} and not published.at

    def sides(self, published: Published) -> int | None:
        """Sides of a p value, as printed beside it or else as stated for the endpoint; None if not said."""
        return published.sides or (self.test.sides if self.test else None)

    def favours(self, published: Published, experimental: str) -> float:
        """1 if a larger value favours the experimental arm, -1 if a smaller one does, 0 if nothing says which.

        Parameters
        ----------
        published
            A number printed for the endpoint.
        experimental
            Key of the experimental arm.
        """
        if QUANTITIES[published.quantity].form not in {"ratio", "difference"}:
            return 0.0
        sign = 1.0 if self.better == "higher" else -1.0
        return sign if published.numerator == experimental else -sign

    def countable(self, published: Published) -> bool:
        """Whether a number is one that counts of the endpoint determine, printed or not."""
        return self.binary and published.quantity in COUNTABLE

    def two_by_two(self, published: Published) -> TwoByTwo | None:
        """Counts behind a printed contrast, in its printed direction; None where there are none."""
        if not (self.countable(published) and self.concerns(published)):
            return None
        return self.between(published.numerator or "", published.denominator or "")

    def between(self, above: str, below: str) -> TwoByTwo | None:
        """Patients with and without the event in two arms; None where a count is not known, or says no such thing.

        Parameters
        ----------
        above, below
            Keys of the arms.
        """
        totals = {count.arm: count.total for count in self.whole} if self.binary else {}
        events, reference = self.known_events.get(above), self.known_events.get(below)
        if events is None or reference is None or not totals:
            return None
        return TwoByTwo(events, totals[above], reference, totals[below])

    def events_behind(self, published: Published, population: str = WHOLE) -> dict[str, int] | None:
        """Events by arm that the width of a printed ratio of hazards depends on; None where they are not printed.

        Parameters
        ----------
        published
            The ratio.
        population
            Whom it is about: ``"all"`` or ``"factor=level"``.
        """
        del published, population
        return None

    def subgroups(self) -> Iterator[tuple[str, str]]:
        """Yield its subgroups: the name of the population, ``"factor=level"``, and its words."""
        yield from ()

    @property
    def factors_counted(self) -> tuple[str, ...]:
        """Factors that `partition` takes, the one that divides nobody first; empty if it takes none."""
        return ()

    def factor_label(self, factor: str) -> str:
        """A factor that it counts, in words."""
        return factor

    def strata(self, factor: str, above: str, below: str) -> Strata | None:
        """Both arms in each level of a factor, as a stratified analysis takes them; None where they are not known.

        Parameters
        ----------
        factor
            Key of a factor.
        above, below
            Keys of the arms above and below the line.
        """
        try:
            counts = self.partition((below, above), (below, above), factor)
        except (AnalysisError, KeyError, ValueError):  # what is printed, or is not, leaves the strata open
            return None
        tables = counts.tables
        return Strata(factor, self.factor_label(factor), tables, counts.causal) if len(tables) > 1 else None

    def partition(self, arms: tuple[str, str], labels: tuple[str, str], factor: str = WHOLE) -> Partition:
        """Counts by level of a factor and arm, for a record that has such counts.

        Parameters
        ----------
        arms, labels
            Keys and words of control and experimental arm.
        factor
            Key of a factor, or ``"all"`` for the population as a whole.

        Raises
        ------
        AnalysisError
            If the record has no such counts.
        KeyError
            If the endpoint has no such factor.
        """
        del arms, labels, factor
        raise AnalysisError(f"endpoint {self.key} is of kind {self.kind}; expected a response endpoint")

    def references(self, context: Context) -> Iterator[Problem]:
        """Yield what the record refers to and the file does not hold, by its own keys.

        Arms, totals and the population are looked after for every kind.
        """
        del context
        yield from ()

    def quantity_problems(self, labels: Set[str]) -> Iterator[Problem]:
        """Yield what it refers to and no table of quantities holds, by its own keys.

        Parameters
        ----------
        labels
            Labels of all rows of these tables.
        """
        del labels
        yield from ()

    def unnamed(self, arms: tuple[str, str]) -> Iterator[str]:
        """Yield what its counts need named that the file does not name, in words.

        Parameters
        ----------
        arms
            Keys of control and experimental arm.
        """
        del arms
        yield from ()

    def files(self) -> Iterator[FileRequest]:
        """Yield the files beside the trial file that belong to it."""
        yield from ()

    def table_problems(
        self, table: str, rows: Sequence[tuple[int, TableRow]], context: Context
    ) -> Iterator[RowProblem]:
        """Yield what keeps it from using a table of counts.

        Parameters
        ----------
        table
            Key of a table of counts.
        rows
            Line and content of each of its rows.
        context
            The rest of the file.
        """
        del table, rows, context
        yield from ()


@dataclass(frozen=True, slots=True)
class Strata:
    """Counts of two arms by level of a factor.

    Parameters
    ----------
    factor, label
        Key and words of the factor.
    tables
        The arms in each level that has patients in both.
    baseline
        Whether the factor was known at randomisation, so that an analysis may be stratified by it.
    """

    factor: str
    label: str
    tables: tuple[TwoByTwo, ...]
    baseline: bool


@dataclass(frozen=True, slots=True)
class Context:
    """The rest of the trial file, as far as a record may refer to it.

    Parameters
    ----------
    arms
        Keys of control and experimental arm; of one arm where there is only one.
    every_arm
        Keys of all arms of the trial, whichever are compared.
    sizes
        Patients by arm of the record's population.
    records
        Records of all endpoints, by key.
    tables
        Keys of the tables of counts.
    """

    arms: tuple[str, ...]
    every_arm: frozenset[str]
    sizes: Mapping[str, int]
    records: Mapping[str, EndpointRecord]
    tables: frozenset[str]

    def of[R: EndpointRecord](self, kind: type[R]) -> dict[str, R]:
        """Records of one kind, by key."""
        return {key: record for key, record in self.records.items() if isinstance(record, kind)}
