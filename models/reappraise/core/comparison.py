"""Published, recomputed and posterior numbers side by side, every contrast in one direction."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from reappraise.core.errors import OutputError
from reappraise.core.estimate import ESTIMATE_COLUMNS, QUANTITIES, Estimate, Kind
from reappraise.core.printed import Printed

if TYPE_CHECKING:
    import pandas as pd

_TEXT = {
    "endpoint",
    "population",
    "item",
    "grade",
    "quantity",
    "arm",
    "numerator",
    "denominator",
    "at",
    "kind",
    "model",
    "prior",
    "method",
    "extrapolated",
    "source",
}


_OF_PRINT = ("value", "low", "high", "p_value")
MOST_PRINTED = 9
"""Digits that a printed number has at most."""
_FLAGS = {"converged", "causal", "turned"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Estimates of a trial, whoever computed them.

    Parameters
    ----------
    estimates
        Published, recomputed and posterior estimates; contrasts of two arms for an endpoint in one direction.
    """

    estimates: tuple[Estimate, ...]

    def __post_init__(self) -> None:
        """Refuse rows that would compare two directions of the same arms silently."""
        found: dict[str, set[tuple[str, str]]] = {}
        for item in self.estimates:
            if item.numerator:
                found.setdefault(item.endpoint, set()).add((item.numerator, item.denominator))
        for pairs in found.values():
            both_ways = sorted(pair for pair in pairs if pair[::-1] in pairs and pair[0] != pair[1])
            if both_ways:
                listed = "; ".join(f"{above} / {below}" for above, below in both_ways)
                raise ValueError(f"a comparison has one direction, got {listed}; use Estimate.reversed()")

    @property
    def direction(self) -> str:
        """Numerator and denominator of every contrast, in words; empty when there is none."""
        for item in self.estimates:
            if item.numerator:
                return f"{item.numerator} over (or minus) {item.denominator}"
        return ""

    def select(
        self,
        *,
        endpoint: str | None = None,
        population: str | None = None,
        item: str | None = None,
        grade: str | None = None,
        quantity: str | None = None,
        kind: Kind | None = None,
        model: str | None = None,
        prior: str | None = None,
    ) -> Comparison:
        """The estimates that match every word given."""
        wanted = {
            "endpoint": endpoint,
            "population": population,
            "item": item,
            "grade": grade,
            "quantity": quantity,
            "kind": kind,
            "model": model,
            "prior": prior,
        }
        asked = {name: value for name, value in wanted.items() if value is not None}
        kept = tuple(
            item for item in self.estimates if all(getattr(item, name) == value for name, value in asked.items())
        )
        return Comparison(kept)

    def frame(self) -> pd.DataFrame:
        """The estimates as a tidy data frame, one row each."""
        import pandas as pd  # slow to import, and the command line seldom needs it

        rows = [item.as_row() for item in self.estimates]
        frame = pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))
        numbers = [name for name in ESTIMATE_COLUMNS if name not in _TEXT | _FLAGS]
        return frame.astype(dict.fromkeys(numbers, "float64")).astype(dict.fromkeys(sorted(_FLAGS), "boolean"))

    def to_csv(self) -> str:
        """The tidy table as CSV text.

        Absent numbers are empty, infinite ones ``inf``; printed ones keep their digits; of a printed bound the
        number stands in the column and the bound in `method`.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(ESTIMATE_COLUMNS)
        for item in self.estimates:
            writer.writerow([_cell(value) for value in item.as_row().values()])
        return out.getvalue()

    @classmethod
    def from_csv(cls, path: Path) -> Comparison:
        """Read what `to_csv` wrote.

        Raises
        ------
        OutputError
            If the file does not exist or is no such table.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise OutputError(f"{path}: no such file; make it with: reappraise run TRIAL --out {path.parent}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise OutputError(f"{path}: cannot be read as a comparison: {error}") from None
        reader = csv.DictReader(io.StringIO(text))
        if tuple(reader.fieldnames or ()) != ESTIMATE_COLUMNS:
            raise OutputError(f"{path}: expected the columns {', '.join(ESTIMATE_COLUMNS)}")
        try:
            return cls(tuple(_parsed(reader)))
        except (ValueError, TypeError) as error:
            raise OutputError(f"{path}: row {reader.line_num}: {error}") from None

    def _repr_html_(self) -> str:
        return self.frame().to_html(max_rows=60, na_rep="")


def order(estimates: Iterable[Estimate]) -> tuple[Estimate, ...]:
    """Sort by endpoint, population and item as first met, then quantity, arm, and kind; stable within."""
    found = list(estimates)
    subjects = dict.fromkeys((e.endpoint, e.population, e.grade, e.item) for e in found)
    places = {key: place for place, key in enumerate(subjects)}
    quantities = {name: place for place, name in enumerate(QUANTITIES)}
    kinds = {"published": 0, "recomputed": 1, "posterior": 2}
    return tuple(
        sorted(
            found,
            key=lambda e: (
                places[e.endpoint, e.population, e.grade, e.item],
                quantities[e.quantity],
                e.arm,
                kinds[e.kind],
            ),
        )
    )


def _parsed(reader: csv.DictReader[str]) -> Iterator[Estimate]:
    for row in reader:
        texts = {name: row[name] for name in _TEXT}
        numbers = {name: _number(row[name]) for name in ESTIMATE_COLUMNS if name not in _TEXT | _FLAGS | {"sides"}}
        if _was_printed(row):
            numbers |= {name: _as_printed(row[name]) for name in _OF_PRINT}
        flags = {name: _flag(row[name]) for name in _FLAGS}
        yield Estimate(**texts, **numbers, **flags, sides=int(row["sides"]) if row["sides"] else None)  # type: ignore[arg-type]  # by name


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Printed):
        return str(inf) if value == inf else str(value.digits)
    return str(value)


def _flag(text: str) -> bool | None:
    if text not in {"True", "False", ""}:
        raise ValueError(f"expected True, False or nothing, got {text!r}")
    return text == "True" if text else None


def _was_printed(row: dict[str, str]) -> bool:
    """Whether the numbers of a row stand as they were printed: not where a ratio was turned."""
    return row["kind"] == "published" and not (row["turned"] == "True" and QUANTITIES[row["quantity"]].form == "ratio")


def _as_printed(text: str) -> float | None:
    """A printed number with its digits; a fraction of counts, which print does not have, has more than any print."""
    if not text or text == str(inf):
        return _number(text)
    number = Printed(text)
    return number if len(number.digits.as_tuple().digits) <= MOST_PRINTED else float(number)


def _number(text: str) -> float | None:
    return float(text) if text else None
