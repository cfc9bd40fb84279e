"""What a record of an endpoint is given and hands back: frozen types that no reader needs to know a kind for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from reappraise.published.patient_format import PatientFormat
    from reappraise.published.record import Count, Published

type Problem = tuple[str, str]
"""Dotted key, and what was expected and came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Patients counted by arm in one place of a record.

    Parameters
    ----------
    label
        What is counted, in words.
    population
        ``"all"`` or ``"factor=level"``.
    counts
        The counts, each of another arm.
    place
        Dotted key of the counts within the record.
    whole
        Whether they count everybody in whom the endpoint was observed, and the endpoint itself: what contrasts,
        p values and the size of the population are held against.
    quantity
        Quantity that events over total estimate, where other estimates of the project can be set beside it.
    within
        Patients by arm that the totals are a part of; None for those of the population.
    """

    label: str
    population: str
    counts: tuple[Count, ...]
    place: str = "counts"
    whole: bool = False
    quantity: Literal["rate", ""] = ""
    within: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A published number other than a count in one place of a record.

    Parameters
    ----------
    label
        What it was measured of, in words.
    population
        ``"all"`` or ``"factor=level"``.
    published
        The number.
    place
        Dotted key of the number within the record.
    causal
        Whether a contrast of the arms may be read as an effect of treatment.
    """

    label: str
    population: str
    published: Published
    place: str
    causal: bool = True


@dataclass(frozen=True, slots=True)
class CurveFiles:
    """Digitised survival curves beside the trial file, and perhaps numbers at risk.

    Parameters
    ----------
    curves, numbers_at_risk
        Names of the CSV files; the second may be empty.
    """

    curves: str
    numbers_at_risk: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files."""
        return tuple(name for name in (self.curves, self.numbers_at_risk) if name)


@dataclass(frozen=True, slots=True)
class PatientFile:
    """Individual survival data beside the trial file.

    Parameters
    ----------
    name
        Name of the CSV file.
    unit
        Unit of time that is wanted.
    form
        How the file was exported; None for the usual columns and codes.
    """

    name: str
    unit: str
    form: PatientFormat | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Name of the file."""
        return (self.name,)


type FileRequest = CurveFiles | PatientFile
"""Files that belong to a record: what a loader serves, each form in its own way."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What keeps a record from using a table beside the trial file.

    Parameters
    ----------
    problem
        What was expected and came.
    line
        Line of the table; None where the record's own key is wrong.
    key
        Key of the record that is wrong, where it is not the table.
    """

    problem: str
    line: int | None = None
    key: str = ""


class TableRow(Protocol):
    """What is read from a row of counts."""

    @property
    def group(self) -> str:
        """Body system, or heading of the row."""
        ...

    @property
    def label(self) -> str:
        """The row in words."""
        ...

    @property
    def grade(self) -> str:
        """Grade as printed; empty where none is stated."""
        ...

    @property
    def arm(self) -> str:
        """Key of the arm, or of all arms together."""
        ...

    @property
    def total(self) -> int:
        """Patients counted."""
        ...

    @property
    def source(self) -> str:
        """Where it stands in the publication."""
        ...

    @property
    def known_events(self) -> int | None:
        """Patients with the event, printed or solved from the percentage; None if unknown."""
        ...


def unknown(where: str, got: Iterable[str], known: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem if something is named that there is not."""
    missing = set(got) - set(known)
    if missing:
        yield where, f"expected one of {listed(known)}, got {listed(missing)}"


def repeats(where: str, keys: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for every key that stands more than once."""
    for key, times in Counter(keys).items():
        if times > 1:
            yield where, f"expected each key once, got {key!r} {times} times"


def listed(keys: Iterable[str]) -> str:
    """Keys in one line, sorted."""
    return ", ".join(sorted(keys)) or "none"
