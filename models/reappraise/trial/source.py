"""A trial file with the tables beside it, read: the trials of two arms that it holds, each endpoint looked after."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, assert_never

from reappraise.core.errors import TrialFileError
from reappraise.published.answers import CurveFiles, FileRequest, PatientFile, Problem
from reappraise.published.curve import Curve, NumbersAtRisk
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.file import Contrast, CountRow, CountTable, QuantityRow, TrialFile
from reappraise.published.pairs import between, concerns, suffix_of, with_endpoints
from reappraise.published.patients import PatientData
from reappraise.published.trial import Trial
from reappraise.trial.curves import read_curves, read_numbers_at_risk
from reappraise.trial.lines import line_of, path_of
from reappraise.trial.patients import read_patients
from reappraise.trial.references import context_of, problems_of
from reappraise.trial.wording import SHOWN


@dataclass(slots=True)
class Found:
    """What is read from files beside the trial file, by endpoint."""

    curves: dict[str, tuple[tuple[Curve, ...], tuple[NumbersAtRisk, ...]]] = field(default_factory=dict)
    patients: dict[str, PatientData] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A trial file with the tables beside it, read.

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

    def trial(self, file: TrialFile) -> Trial:
        """The trial of two arms, or of one against a benchmark, that the file tells of.

        Raises
        ------
        TrialFileError
            If an endpoint refers to what is not there, or a file beside it cannot be read.
        """
        found = Found()
        for endpoint in file.endpoints:
            self._verify(file, endpoint, found)
        return self._made(file, found)

    def trial_of_pairs(self, file: TrialFile, contrasts: Iterable[Contrast]) -> Trial:
        """The trial of several arms, as its contrasts.

        An endpoint that gives too little for one contrast is left out of it, and that is noted.

        Raises
        ------
        TrialFileError
            If an endpoint cannot be read for any contrast, or two would have the same key.
        """
        pairs: list[Trial] = []
        failures: dict[str, TrialFileError] = {}
        for contrast in contrasts:
            pair, failed = self._pair(file, contrast)
            failures = {**failed, **failures}
            pairs.append(pair)
        kept = {endpoint.key for pair in pairs for endpoint in pair.file.endpoints}
        for key, error in failures.items():
            if key not in kept:
                raise error
        keys = Counter(
            f"{endpoint.key}-{suffix_of(file, pair.file.contrasts[0])}"
            for pair in pairs
            for endpoint in pair.file.endpoints
        )
        same = [key for key, times in keys.items() if times > 1]
        if same:
            problem = f"expected another key of an endpoint or an arm: two contrasts would be called {same[0]}."
            raise TrialFileError(self.path, "endpoints", problem, "Rename one.")
        alone = tuple(
            (endpoint.key, f"{endpoint.key}: nothing is printed of two arms that are compared")
            for endpoint in file.endpoints
            if endpoint.key not in kept
        )
        return replace(
            pairs[0], file=file, digest=self.digest, pairs=tuple(pairs), left_out=alone, **self._rows(self.arms)
        )

    def _pair(self, file: TrialFile, contrast: Contrast) -> tuple[Trial, dict[str, TrialFileError]]:
        """A contrast, and what keeps endpoints out of it."""
        pair, every = between(file, contrast), {endpoint.key for endpoint in file.endpoints}
        failures: dict[str, TrialFileError] = {}
        while True:
            found, before = Found(), len(failures)
            for endpoint in pair.endpoints:
                try:
                    self._verify(pair, endpoint, found)
                except TrialFileError as error:
                    failures[endpoint.key] = error
            if len(failures) == before:
                break
            pair = with_endpoints(pair, (item for item in pair.endpoints if item.key not in failures), every)
        named = f"{contrast.experimental} with {contrast.control}"
        notes = tuple((key, f"{key}, {named}: {error.problem.rstrip('.')}") for key, error in failures.items())
        return replace(self._made(pair, found), left_out=notes), failures

    def _made(self, file: TrialFile, found: Found) -> Trial:
        keys = _keys(file)
        several = len(self.arms) > len(keys)
        digest = hashlib.sha256("\0".join((self.digest, *keys)).encode()).hexdigest() if several else self.digest
        rows = self._rows(frozenset(keys))
        return Trial(file=file, path=self.path, digest=digest, curves=found.curves, patients=found.patients, **rows)

    def _rows(self, arms: frozenset[str]) -> dict[str, Any]:
        """Rows of the tables that are about these arms."""
        return {
            "counts": {
                key: tuple(row for _, row in rows if self._about(row, arms)) for key, rows in self.counts.items()
            },
            "quantities": {
                key: tuple(row for row in rows if self._about(row, arms)) for key, rows in self.quantities.items()
            },
        }

    def _about(self, row: CountRow | QuantityRow, arms: frozenset[str]) -> bool:
        return self.arms <= arms or concerns(row, arms)

    def _verify(self, file: TrialFile, endpoint: EndpointRecord, found: Found) -> None:
        """Refuse an endpoint that cannot be read for the arms of a file, and read what stands beside it."""
        keys, where = _keys(file), f"endpoints[{endpoint.key}]"
        own = frozenset(keys)
        if len(self.arms) > len(keys):
            refuse(problems_of(file, endpoint, every_arm=self.arms), self.path, self.content)
        for table in file.tables:
            if isinstance(table, CountTable):
                rows = [(line, row) for line, row in self.counts.get(table.key, ()) if self._about(row, own)]
                self._check_rows(file, endpoint, table, rows)
        labels = {row.label for rows in self.quantities.values() for row in rows if self._about(row, own)}
        for key, problem in endpoint.quantity_problems(labels):
            raise self._wrong(f"{where}.{key}", problem, "Correct it there, or in the table.")
        for problem in endpoint.unnamed(keys):
            raise self._wrong(where, problem, "Add it there.")
        for request in endpoint.files():
            if len(self.arms) == 1:
                problem = "expected two arms where curves or patients' data are given, got one"
                remedy = "Leave these files out: of one arm, printed medians and survival are analysed."
                raise self._wrong(where, problem, remedy)
            self._read(request, endpoint.key, keys, found)

    def _check_rows(
        self, file: TrialFile, endpoint: EndpointRecord, table: CountTable, rows: list[tuple[int, CountRow]]
    ) -> None:
        """Refuse rows that an endpoint cannot be analysed from, and groups and tables that are not there."""
        for one in endpoint.table_problems(table.key, rows, context_of(file, endpoint)):
            if one.line is None:
                remedy = "Correct it there, or in the table."
                raise self._wrong(f"endpoints[{endpoint.key}].{one.key}", one.problem, remedy)
            path = beside(self.path, table.file)
            raise TrialFileError(path, f"row {one.line}", f"{one.problem}.", "Correct the table to what was printed.")

    def _read(self, request: FileRequest, endpoint: str, keys: tuple[str, str], found: Found) -> None:
        """Read the files of an endpoint; rows of arms that are not compared are left aside."""
        others = self.arms - set(keys)
        match request:
            case CurveFiles():
                risk = beside(self.path, request.numbers_at_risk)
                found.curves[endpoint] = (
                    read_curves(beside(self.path, request.curves), arms=keys, others=others),
                    read_numbers_at_risk(risk, arms=keys, others=others) if request.numbers_at_risk else (),
                )
            case PatientFile():
                found.patients[endpoint] = read_patients(
                    beside(self.path, request.name),
                    endpoint=endpoint,
                    arms=keys,
                    others=others,
                    unit=request.unit,
                    form=request.form,
                )
            case _:
                assert_never(request)

    def _wrong(self, key: str, problem: str, remedy: str) -> TrialFileError:
        return TrialFileError(self.path, key, f"{problem}.", remedy, line=line_of_key(self.content, key))


def refuse(problems: Iterable[Problem], path: Path, content: str) -> None:
    """Refuse a file with problems: the first, the next few with their lines, and how many more there are."""
    found = list(problems)
    if found:
        key, problem = found[0]
        more = [
            *(also(line_of_key(content, one), one, f"{said}.") for one, said in found[1 : 1 + SHOWN]),
            *([f"and {len(found) - 1 - SHOWN} more problems"] if len(found) > 1 + SHOWN else []),
        ]
        line, remedy = line_of_key(content, key), "Correct it there, or where it is defined."
        raise TrialFileError(path, key, f"{problem}.", remedy, line=line, more=more)


def also(line: int | None, key: str, said: str) -> str:
    """A further problem, in a line."""
    return f"also {f'line {line}, ' if line else ''}{key}: {said}"


def line_of_key(content: str, key: str) -> int | None:
    """Line of a dotted key; None where it is not known."""
    return line_of(content, path_of(key, tomllib.loads(content)))


def beside(path: Path, name: str) -> Path:
    """A file that a trial file names: in its folder, or a folder below; nothing else is read for it."""
    problem = f"expected a file in the folder of the trial file, got {name[:60]!r}."
    if "\0" in name:
        raise TrialFileError(path, "", problem, "Correct its name.")
    found = path.parent / name
    if not found.resolve().is_relative_to(path.parent.resolve()):
        raise TrialFileError(path, "", problem, "Put it beside the trial file, and name it without its folder.")
    return found


def _keys(file: TrialFile) -> tuple[str, str]:
    """Keys of control and experimental arm."""
    return (
        next(arm.key for arm in file.arms if arm.role == "control"),
        next(arm.key for arm in file.arms if arm.role != "control"),
    )
