"""Reading a trial: the only place where trial files are opened."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, assert_never

from pydantic import ValidationError

from reappraise.core.errors import TrialFileError
from reappraise.core.printed import Written
from reappraise.published.answers import CurveFiles, FileRequest, PatientFile, Problem
from reappraise.published.cells import Dash
from reappraise.published.curve import Curve, NumbersAtRisk
from reappraise.published.file import CountRow, CountTable, QuantityRow, TrialFile
from reappraise.published.pairs import against_benchmark, between, concerns, contrasts_of
from reappraise.published.patients import PatientData
from reappraise.published.trial import Trial
from reappraise.trial.curves import read_curves, read_numbers_at_risk
from reappraise.trial.lines import DEEPEST, line_of, path_of, too_deep
from reappraise.trial.patients import read_patients
from reappraise.trial.references import context_of, problems, problems_between, row_problem
from reappraise.trial.schema import RECORDS, Records, trial_schema
from reappraise.trial.tables import parse_table
from reappraise.trial.wording import SHOWN, describe

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
        beside = _beside(path, table.file)
        text = _read(beside)
        hashed.update(b"\0" + table.file.encode() + b"\0" + text.encode())
        if isinstance(table, CountTable):
            counts[table.key] = _rows(text, CountRow, beside, sizes[table.population], arms, dash=table.dash)
        else:
            found = _rows(text, QuantityRow, beside, sizes[table.population], arms)
            quantities[table.key] = tuple(row for _, row in found)
    for name in (name for endpoint in file.endpoints for one in endpoint.files() for name in one.names):
        hashed.update(b"\0" + name.encode() + b"\0" + _read(_beside(path, name)).encode())
    source = _Source(path, content, hashed.hexdigest(), counts, quantities, frozenset(arms))
    if len(arms) == 1:
        return source.trial(against_benchmark(file))
    asked = contrasts_of(file)
    if len(arms) == 2 and len(asked) == 1:  # the plain trial
        return source.trial(between(file, asked[0]) if file.contrasts else file)
    pairs = tuple(source.trial(between(file, contrast)) for contrast in asked)
    return replace(pairs[0], file=file, digest=source.digest, pairs=pairs, **source.rows(frozenset(arms)))


@dataclass(frozen=True, slots=True)
class _Source:
    """A trial file with the tables beside it, read, and the trials of two arms that they hold.

    Parameters
    ----------
    path, content, digest
        The file, its text, and the digest of text and tables.
    counts, quantities
        Rows of the tables, by key; of counts with their lines.
    arms
        Keys of all arms.
    """

    path: Path
    content: str
    digest: str
    counts: Mapping[str, tuple[tuple[int, CountRow], ...]]
    quantities: Mapping[str, tuple[QuantityRow, ...]]
    arms: frozenset[str]

    def rows(self, arms: frozenset[str]) -> dict[str, Any]:
        """Rows of the tables that are about these arms."""
        whole = self.arms <= arms
        return {
            "counts": {
                key: tuple(row for _, row in rows if whole or concerns(row, arms)) for key, rows in self.counts.items()
            },
            "quantities": {
                key: tuple(row for row in rows if whole or concerns(row, arms)) for key, rows in self.quantities.items()
            },
        }

    def trial(self, file: TrialFile) -> Trial:
        """The trial of two arms that a file, or a contrast of it, tells of."""
        several = len(self.arms) > 2
        if several:
            _refuse(problems_between(file), self.path, self.content)
        keys = (
            next(a.key for a in file.arms if a.role == "control"),
            next(a.key for a in file.arms if a.role != "control"),
        )
        own = frozenset(keys)
        for table in file.tables:
            rows = self.counts.get(table.key, ())
            numbered = tuple((line, row) for line, row in rows if not several or concerns(row, own))
            if isinstance(table, CountTable):
                beside = _beside(self.path, table.file)
                _check_rows(file, table.key, numbered, path=self.path, content=self.content, beside=beside)
        curves: dict[str, tuple[tuple[Curve, ...], tuple[NumbersAtRisk, ...]]] = {}
        patients: dict[str, PatientData] = {}
        for endpoint in file.endpoints:
            for request in endpoint.files():
                if len(self.arms) == 1:
                    key = f"endpoints[{endpoint.key}]"
                    problem = "expected two arms where curves or patients' data are given, got one."
                    remedy = "Leave these files out: of one arm, printed medians and survival are analysed."
                    raise TrialFileError(self.path, key, problem, remedy, line=_line_of_key(self.content, key))
                self._read(request, endpoint.key, keys, curves, patients)
        whole = self.digest if not several else hashlib.sha256("\0".join((self.digest, *keys)).encode()).hexdigest()
        loaded = Trial(file=file, path=self.path, digest=whole, curves=curves, patients=patients, **self.rows(own))
        _check_counts(loaded, self.content)
        return loaded

    def _read(
        self,
        request: FileRequest,
        endpoint: str,
        keys: tuple[str, str],
        curves: dict[str, tuple[tuple[Curve, ...], tuple[NumbersAtRisk, ...]]],
        patients: dict[str, PatientData],
    ) -> None:
        """Read the files of an endpoint; rows of arms that are not compared are left aside."""
        others = self.arms - set(keys)
        match request:
            case CurveFiles():
                risk = _beside(self.path, request.numbers_at_risk)
                curves[endpoint] = (
                    read_curves(_beside(self.path, request.curves), arms=keys, others=others),
                    read_numbers_at_risk(risk, arms=keys, others=others) if request.numbers_at_risk else (),
                )
            case PatientFile():
                patients[endpoint] = read_patients(
                    _beside(self.path, request.name),
                    endpoint=endpoint,
                    arms=keys,
                    others=others,
                    unit=request.unit,
                    form=request.form,
                )
            case _:
                assert_never(request)


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
        more = [
            *(_also(line_of(content, one.path), one.key, f"{one.problem} {one.remedy}") for one in said.others),
            *([f"and {said.left} more problems"] if said.left else []),
        ]
        line = line_of(content, said.path)
        raise TrialFileError(path, said.key, said.problem, said.remedy, line=line, more=more) from None
    _refuse(problems(file), path, content)
    return file


def _refuse(problems: Iterable[Problem], path: Path, content: str) -> None:
    """Refuse a file with problems, by the first of them."""
    found = list(problems)
    if found:
        key, problem = found[0]
        more = [
            *(_also(_line_of_key(content, one), one, f"{said}.") for one, said in found[1 : 1 + SHOWN]),
            *([f"and {len(found) - 1 - SHOWN} more problems"] if len(found) > 1 + SHOWN else []),
        ]
        line, remedy = _line_of_key(content, key), "Correct it there, or where it is defined."
        raise TrialFileError(path, key, f"{problem}.", remedy, line=line, more=more)


def _also(line: int | None, key: str, said: str) -> str:
    """A further problem, in a line."""
    return f"also {f'line {line}, ' if line else ''}{key}: {said}"


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
