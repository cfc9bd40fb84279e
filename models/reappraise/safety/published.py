"""Adverse events as published: a table of terms within body systems, by arm and grade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Annotated, Literal

from pydantic import Field

from reappraise.published.answers import Counted, Problem, RowProblem, TableRow, unknown
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.record import Key, Text
from reappraise.safety.rows import Groups, row_problems


class AdverseEventsEndpoint(EndpointRecord):
    """Patients with each adverse event; the rows stand in a CSV table beside the trial file."""

    kind: Literal["adverse_events"]
    """Tag of this kind of endpoint."""
    label: Text
    """The table in words."""
    better: Literal["lower"] = "lower"
    """Fewer patients with an event are better."""
    table: Key
    """Key of the count table that holds the rows: group is the body system, label the term."""
    reporting_threshold_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    """Terms are printed only if at least this percentage of all patients had them."""
    laboratory_groups: tuple[Text, ...] = ()
    """Groups of the table that are laboratory values, measured in everybody, and not reported events."""
    any_event_groups: tuple[Text, ...] = ()
    """Groups of the table that are no body system: they count patients with any event at all."""
    single_tables: tuple[Key, ...] = ()
    """Keys of further count tables whose rows stand for themselves, such as serious, fatal or drug-related events."""

    exposure: Text | None = None
    """Label of the rows, in a table of quantities, that say by arm for how long patients were treated."""

    @property
    def groups(self) -> Groups:
        """Headings of its table that are no body systems."""
        return Groups(self.laboratory_groups, self.any_event_groups)

    @property
    def section(self) -> str:
        """Part of the publication's results that it belongs to."""
        return "adverse-events"

    def counted(self) -> Iterator[Counted]:
        """Yield nothing: its rows stand in a table, which is read for itself."""
        yield from ()

    def references(self, context: Context) -> Iterator[Problem]:
        """Yield its table if there is no such table of counts."""
        yield from unknown("table", {self.table}, context.tables)

    def quantity_problems(self, labels: Set[str]) -> Iterator[Problem]:
        """Yield its rows of exposure if no table of quantities has any."""
        if self.exposure is not None:
            yield from unknown("exposure", {self.exposure}, labels)

    def table_problems(
        self, table: str, rows: Sequence[tuple[int, TableRow]], context: Context
    ) -> Iterator[RowProblem]:
        """Yield rows that adverse events cannot be analysed from, and groups and tables that are not there."""
        named: dict[str, tuple[set[str], set[str]]] = {"single_tables": (set(self.single_tables), set(context.tables))}
        if table == self.table:
            groups = {row.group for _, row in rows}
            named["laboratory_groups"] = (set(self.laboratory_groups), groups)
            named["any_event_groups"] = (set(self.any_event_groups), groups)
        for key, (got, known) in named.items():
            if not got <= known:
                expected = f"expected some of {', '.join(sorted(known))}; got {', '.join(sorted(got - known))}"
                yield RowProblem(expected, key=key)
        if table == self.table or table in self.single_tables:
            for line, problem in row_problems(self.groups, rows, context.arms, single=table != self.table):
                yield RowProblem(problem, line=line)
