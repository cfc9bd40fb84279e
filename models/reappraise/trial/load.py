"""Reading a trial: the only place where trial files are opened."""

from __future__ import annotations

import hashlib
import os
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reappraise.core.errors import TrialFileError
from reappraise.core.printed import Written
from reappraise.published.cells import Dash
from reappraise.published.file import CountRow, CountTable, QuantityRow, TrialFile
from reappraise.published.pairs import against_benchmark, between, contrasts_of
from reappraise.published.trial import Trial
from reappraise.trial.lines import DEEPEST, line_of, too_deep
from reappraise.trial.populations import told, told_row
from reappraise.trial.references import problems, row_problem
from reappraise.trial.schema import RECORDS, Records, trial_schema
from reappraise.trial.source import Source, also, beside, refuse
from reappraise.trial.tables import parse_table
from reappraise.trial.wording import describe

LARGEST_FILE = 5_000_000
"""Bytes; the longest trial published would fill a fiftieth of it."""


_TOML_REMEDY = "Look at that line: quotes and brackets must be closed. The language is described at https://toml.io."


def shipped_trials() -> tuple[str, ...]:
    """Keys of the trials that come with the package."""
    return tuple(sorted(path.stem for path in _shipped_folder().glob("*.toml")))


def load_trial(trial: str | Path, *, records: Records = RECORDS) -> Trial:
    """Read a trial file and the tables beside it.

    Parameters
    ----------
    trial
        Key of a shipped trial, such as ``"isatuximab-dexamethasone"``, or path of a TOML file.
    records
        Kinds of endpoint that the file may hold; a caller may add its own to `RECORDS`.

    Raises
    ------
    AnalysisError
        If two of `records` have the same `kind`, or one does not answer what every record is asked.
    TrialFileError
        If the file cannot be read, or does not hold what a trial file must; it names file and key.

    Examples
    --------
    >>> import reappraise as ra
    >>> trial = ra.load_trial("isatuximab-dexamethasone")
    >>> trial["orr"].partition().events
    ((26, 24),)
    """
    schema = trial_schema(records)
    path = _find(trial)
    content = _read(path)
    file = _parse(content, path, schema)
    hashed = hashlib.sha256(content.encode())
    arms = {arm.key for arm in file.arms}
    sizes = {population.key: population.sizes for population in file.populations}
    counts: dict[str, tuple[tuple[int, CountRow], ...]] = {}
    quantities: dict[str, tuple[QuantityRow, ...]] = {}
    for table in file.tables:
        named = beside(path, table.file)
        text = _read(named)
        hashed.update(b"\0" + table.file.encode() + b"\0" + text.encode())
        if isinstance(table, CountTable):
            rows = _rows(text, CountRow, named, arms, dash=table.dash)
            counts[table.key] = tuple((line, told_row(row, sizes[table.population])) for line, row in rows)
        else:
            quantities[table.key] = tuple(row for _, row in _rows(text, QuantityRow, named, arms))
    for name in (name for endpoint in file.endpoints for one in endpoint.files() for name in one.names):
        hashed.update(b"\0" + name.encode() + b"\0" + _read(beside(path, name)).encode())
    source = Source(path, content, hashed.hexdigest(), counts, quantities, frozenset(arms))
    if len(arms) == 1:
        return source.trial(against_benchmark(file))
    asked = contrasts_of(file)
    if len(arms) == 2 and len(asked) == 1:  # the plain trial
        return source.trial(between(file, asked[0]) if file.contrasts else file)
    return source.trial_of_pairs(file, asked)


def _shipped_folder() -> Path:
    return Path(str(resources.files("reappraise"))) / "trials"


def _find(trial: str | Path) -> Path:
    name = str(trial)
    if name in shipped_trials():
        return _shipped_folder() / f"{name}.toml"
    path = Path(trial)
    if os.path.islink(path) and not os.path.exists(path):  # noqa: PTH110, PTH114  # pathlib raises on odd names
        raise TrialFileError(name, "", "a link that leads nowhere.", "Name the file itself.")
    if not os.path.exists(path):  # noqa: PTH110  # pathlib raises on a name too long to exist
        listed = ", ".join(shipped_trials())
        raise TrialFileError(name, "", "no such file, and no shipped trial of that name.", f"Shipped trials: {listed}.")
    return path


def _read(path: Path) -> str:
    try:
        if path.is_dir():
            raise TrialFileError(path, "", "expected a file, got a folder.", "Name the TOML file in it.")
        if path.exists() and not path.is_file():
            raise TrialFileError(path, "", "expected a file, got a pipe or a device.", "Name a TOML file.")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise TrialFileError(
                path, "", f"expected at most {LARGEST_FILE:,} bytes, got {size:,}.", "Is it really a trial file?"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrialFileError(
            path, f"byte {error.start}", "expected text in UTF-8, got binary data.", "Save it as UTF-8 text."
        ) from None
    except FileNotFoundError:
        raise TrialFileError(
            path, "", "expected this file, which does not exist.", "Add it, or correct its name."
        ) from None
    except OSError as error:
        raise TrialFileError(path, "", f"cannot be read: {error.strerror}.", "Check that you may read it.") from None
    if not text.strip():
        raise TrialFileError(path, "", "expected a trial, got an empty file.", "Start from a shipped trial file.")
    return text


def _parse(content: str, path: Path, schema: type[TrialFile]) -> TrialFile:
    deep = too_deep(content)
    if deep is not None:
        problem = f"expected keys of a few parts, got one of more than {DEEPEST} joined by dots."
        raise TrialFileError(path, "", problem, "Correct that line.", line=deep)
    try:
        raw: dict[str, Any] = tomllib.loads(content, parse_float=Written)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        twice = "Cannot overwrite" in str(error) or "Cannot declare" in str(error)
        remedy = "A key may stand only once, and records of a list are headed [[like this]]." if twice else _TOML_REMEDY
        raise TrialFileError(path, "", f"expected TOML, got: {error}.", remedy) from None
    try:
        file = schema.model_validate(raw)
    except ValidationError as error:
        said = describe(error, raw, schema)
        more = [
            *(also(line_of(content, one.path), one.key, f"{one.problem} {one.remedy}") for one in said.others),
            *([f"and {said.left} more problems"] if said.left else []),
        ]
        line = line_of(content, said.path)
        raise TrialFileError(path, said.key, said.problem, said.remedy, line=line, more=more) from None
    refuse(problems(file), path, content)
    return told(file)


def _rows[Row: (CountRow, QuantityRow)](
    text: str, row_type: type[Row], path: Path, arms: set[str], *, dash: Dash | None = None
) -> tuple[tuple[int, Row], ...]:
    """Line and content of each row."""
    rows = []
    for line, row in parse_table(text, row_type, path, dash=dash):
        problem = row_problem(row, arms)
        if problem:
            raise TrialFileError(path, f"row {line}", f"{problem}.", "Correct the row.")
        rows.append((line, row))
    return tuple(rows)
