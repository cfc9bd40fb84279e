"""A trial file as frozen types; its JSON schema is generated from these, never written twice."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SerializeAsAny

from reappraise.core.grades import read_grade
from reappraise.published.cells import Dash
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.record import Count, Key, Positive, Published, Record, Sourced, Text

type Role = Literal["control", "experimental"]
type FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.csv$", max_length=100)]


class Arm(Sourced):
    """A treatment arm."""

    key: Key
    """Key of the arm, used wherever a number belongs to it."""
    label: Text
    """The treatment in words."""
    short: Text
    """The short name used in tables and figures."""
    role: Role
    """"control" or "experimental"; benefit always means that the experimental arm is better."""


class Contrast(Sourced):
    """Two arms that are compared."""

    experimental: Key
    """Key of the arm above the line, which benefit is about."""
    control: Key
    """Key of the arm that it is compared with."""


class Population(Sourced):
    """A set of patients by arm, such as all treated patients."""

    key: Key
    """Key of the population."""
    label: Text
    """The population in words."""
    sizes: dict[Key, Positive]
    """Patients by arm key."""


class StatedMethod(Sourced):
    """A sentence about the statistical methods."""

    topic: Text
    """What the method is for."""
    text: Text
    """The method as stated."""


class CountTable(Sourced):
    """A long table of counts, in a CSV file beside the trial file."""

    kind: Literal["counts"]
    """Tag of this kind of table."""
    key: Key
    """Key of the table."""
    section: Key
    """Part of the publication's results that it belongs to."""
    label: Text
    """The table in words."""
    population: Key
    """Key of the population counted."""
    file: FileName
    """Name of the CSV file, in the folder of the trial file."""
    dash: Dash | None = None
    """What "-" means in its cells of events and percent: "none" where nobody had it, as footnotes of tables of adverse
    events say, or "not reported"; without it a "-" is refused."""


class QuantityTable(Sourced):
    """A long table of published numbers that are not counts, in a CSV file beside the trial file."""

    kind: Literal["quantities"]
    """Tag of this kind of table."""
    key: Key
    """Key of the table."""
    section: Key
    """Part of the publication's results that it belongs to."""
    label: Text
    """The table in words."""
    population: Key
    """Key of the population described."""
    file: FileName
    """Name of the CSV file, in the folder of the trial file."""


class CountRow(Count):
    """One row of a table of counts."""

    group: str = ""
    """Heading that the row stands under, such as a body system."""
    label: Text
    """The row in words; the heading's own total repeats the heading."""
    grade: Annotated[str, AfterValidator(read_grade)] = ""
    """Grade of an adverse event as printed: "all", "3+", "1-2", "3-4", "5", "serious", ...; empty where not stated."""
    part_of: str = ""
    """Label of the row that this one is a part of, or "all" for the patients of its total; the parts of one whole, in
    one group, arm and grade, are disjoint and together make it up."""


class QuantityRow(Published):
    """One row of a table of published quantities."""

    group: str = ""
    """Heading that the row stands under."""
    label: Text
    """The row in words."""


class External(Count):
    """A result of another study, with counts, that the publication quotes; its arm names the treatment there."""

    key: Key
    """Key of the external result."""
    study: Text
    """The study in words."""
    label: Text
    """The endpoint in words."""


class TrialFile(Record):
    """A published trial: everything that was printed about it, and where."""

    schema_version: Literal[1]
    """Version of this schema."""
    key: Key
    """Key of the trial."""
    title: Text
    """Title in words."""
    citation: Text
    """Citation of the publication."""
    doi: str = ""
    """DOI of the publication."""
    registration: str = ""
    """Registry and number."""
    design: str = ""
    """Design in a sentence."""
    data_cutoff: str = ""
    """Data cutoff in words."""
    notes: tuple[str, ...] = ()
    """What holds for the file as a whole, such as how garbled print was read."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=1, max_length=12)]
    """One control arm and the experimental ones, or one arm alone."""
    contrasts: tuple[Contrast, ...] = ()
    """Which of more than two arms are compared; without it each experimental arm with the control arm."""
    populations: Annotated[tuple[Population, ...], Field(min_length=1)]
    """Populations, such as randomised and treated."""
    methods: tuple[StatedMethod, ...] = ()
    """Statistical methods as stated."""
    endpoints: Annotated[tuple[SerializeAsAny[EndpointRecord], ...], Field(min_length=1)]
    """Endpoints of every kind."""
    tables: tuple[Annotated[CountTable | QuantityTable, Field(discriminator="kind")], ...] = ()
    """Long tables in files beside this one."""
    external: tuple[External, ...] = ()
    """Results of other studies quoted with counts."""
