"""Reading a trial: the only place where trial files are opened."""

from __future__ import annotations

import hashlib
import os
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, assert_never

from pydantic import ValidationError

from reappraise.core.errors import TrialFileError
from reappraise.core.printed import Written
from reappraise.published.answers import CurveFiles, PatientFile
from reappraise.published.cells import Dash
from reappraise.published.curve import Curve, NumbersAtRisk
from reappraise.published.file import CountRow, CountTable, QuantityRow, TrialFile
from reappraise.published.patients import PatientData
from reappraise.published.trial import Trial
from reappraise.trial.curves import read_curves, read_numbers_at_risk
from reappraise.trial.lines import DEEPEST, line_of, path_of, too_deep
from reappraise.trial.patients import read_patients
from reappraise.trial.references import context_of, problems, row_problem
from reappraise.trial.schema import RECORDS, Records, trial_schema
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
    keys = next(a.key for a in file.arms if a.role == "control"), next(a.key for a in file.arms if a.role != "control")
    counts: dict[str, tuple[CountRow, ...]] = {}
    quantities: dict[str, tuple[QuantityRow, ...]] = {}
    arms = {arm.key for arm in file.arms}
    sizes = {population.key: population.sizes for population in file.populations}
    for table in file.tables:
        beside = _beside(path, table.file)
        text = _read(beside)
        hashed.update(b"\0" + table.file.encode() + b"\0" + text.encode())
        if isinstance(table, CountTable):
            numbered = _rows(text, CountRow, beside, sizes[table.population], arms, dash=table.dash)
            _check_rows(file, table.key, numbered, path=path, content=content, beside=beside)
            counts[table.key] = tuple(row for _, row in numbered)
        else:
            found = _rows(text, QuantityRow, beside, sizes[table.population], arms)
            quantities[table.key] = tuple(row for _, row in found)
    curves: dict[str, tuple[tuple[Curve, ...], tuple[NumbersAtRisk, ...]]] = {}
    patients: dict[str, PatientData] = {}
    for endpoint in file.endpoints:
        requests = tuple(endpoint.files())
        for name in (name for request in requests for name in request.names):
            hashed.update(b"\0" + name.encode() + b"\0" + _read(_beside(path, name)).encode())
        for request in requests:
            match request:
                case CurveFiles():
                    risk = _beside(path, request.numbers_at_risk)
                    curves[endpoint.key] = (
                        read_curves(_beside(path, request.curves), arms=keys),
                        read_numbers_at_risk(risk, arms=keys) if request.numbers_at_risk else (),
                    )
                case PatientFile():
                    patients[endpoint.key] = read_patients(
                        _beside(path, request.name),
                        endpoint=endpoint.key,
                        arms=keys,
                        unit=request.unit,
                        form=request.form,
                    )
                case _:
                    assert_never(request)
    loaded = Trial(
        file=file,
        path=path,
        digest=hashed.hexdigest(),
        counts=counts,
        quantities=quantities,
        curves=curves,
        patients=patients,
    )
    _check_counts(loaded, content)
    return loaded


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


def _beside(path: Path, name: str) -> Path:
    """A file that a trial file names: in its folder, or a folder below; nothing else is read for it."""
    problem = f"expected a file in the folder of the trial file, got {name[:60]!r}."
    if "\0" in name:
        raise TrialFileError(path, "", problem, "Correct its name.")
    found = path.parent / name
    if not found.resolve().is_relative_to(path.parent.resolve()):
        raise TrialFileError(path, "", problem, "Put it beside the trial file, and name it without its folder.")
    return found


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
        line = line_of(content, said.path)
        raise TrialFileError(path, said.key, said.problem, said.remedy, line=line) from None
    found = list(problems(file))
    if found:
        key, problem = found[0]
        more = f" ({len(found) - 1} more such problem{'s' if len(found) > 2 else ''})" if len(found) > 1 else ""
        line = line_of(content, path_of(key, raw))
        raise TrialFileError(path, key, f"{problem}.", f"Correct it there, or where it is defined.{more}", line=line)
    return file


def _rows[Row: (CountRow, QuantityRow)](
    text: str, row_type: type[Row], path: Path, sizes: dict[str, int], arms: set[str], *, dash: Dash | None = None
) -> tuple[tuple[int, Row], ...]:
    """Line and content of each row."""
    rows = []
    for line, row in parse_table(text, row_type, path, dash=dash):
        problem = row_problem(row, sizes, arms)
        if problem:
            raise TrialFileError(path, f"row {line}", f"{problem}.", "Correct the row.")
        rows.append((line, row))
    return tuple(rows)


def _check_rows(
    file: TrialFile, table: str, rows: tuple[tuple[int, CountRow], ...], *, path: Path, content: str, beside: Path
) -> None:
    """Refuse rows that an endpoint cannot be analysed from, and groups and tables that are not there."""
    for endpoint in file.endpoints:
        for found in endpoint.table_problems(table, rows, context_of(file, endpoint)):
            problem = f"{found.problem}."
            if found.line is None:
                key = f"endpoints[{endpoint.key}].{found.key}"
                line = _line_of_key(content, key)
                raise TrialFileError(path, key, problem, "Correct it there, or in the table.", line=line)
            raise TrialFileError(beside, f"row {found.line}", problem, "Correct the table to what was printed.")


def _check_counts(trial: Trial, content: str) -> None:
    arms = trial.control.key, trial.experimental.key
    labels = {row.label for rows in trial.quantities.values() for row in rows}
    for endpoint in trial.file.endpoints:
        for key, problem in endpoint.quantity_problems(labels):
            where = f"endpoints[{endpoint.key}].{key}"
            line = _line_of_key(content, where)
            raise TrialFileError(trial.path, where, f"{problem}.", "Correct it there, or in the table.", line=line)
        for problem in endpoint.unnamed(arms):
            where = f"endpoints[{endpoint.key}]"
            line = _line_of_key(content, where)
            raise TrialFileError(trial.path, where, f"{problem}.", "Add it there.", line=line)


def _line_of_key(content: str, key: str) -> int | None:
    return line_of(content, path_of(key, tomllib.loads(content)))
