"""Calibrations on disk: whole files or none, and a line for every data set until all have arrived."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Self

from reappraise.calibrate.calibration import Ranks, Refused, Unit
from reappraise.calibrate.record import FORMAT, Record
from reappraise.core import files
from reappraise.core.errors import OutputError

PICTURE = "reappraise calibration"
"""Stands in the head of every picture that is written, as its software."""
_MOST_BYTES = 100_000_000
"""A picture and a record have a thousandth of it."""


@dataclass(frozen=True)
class Folder:
    """The files of one model's calibration in a folder: record, picture, and the data sets of an unfinished one.

    Parameters
    ----------
    folder
        The folder, made when something is written.
    name
        Key of the model.
    """

    folder: Path
    name: str

    @property
    def record(self) -> Path:
        """The complete record."""
        return self.folder / f"{self.name}.json"

    @property
    def picture(self) -> Path:
        """The picture of it."""
        return self.folder / f"{self.name}.png"

    @property
    def partial(self) -> Path:
        """One line for each data set that has arrived, while others are missing."""
        return self.folder / f"{self.name}.partial.jsonl"

    def check(self) -> Record | None:
        """Read what is there, so that nothing is computed that could not be stored.

        Raises
        ------
        OutputError
            If a file is in the way that this program did not write.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"{self.folder}: expected a folder, got a file. Choose another name.")
        with _guarded(self.picture):
            head = files.read(self.picture, most=_MOST_BYTES)[:1000] if files.exists(self.picture) else None
            if head is not None and PICTURE.encode() not in head:
                raise OutputError(f"{self.picture}: not a picture that reappraise wrote. Move it away.")
            if not files.exists(self.record):
                return None
            os.close(files.descriptor(self.record))
        return Record.read(self.record)

    def write(self, record: Record) -> None:
        """Write the record whole."""
        self._replace(self.record, record.as_text().encode())

    def finish(self) -> None:
        """Remove the unfinished calibration, which this process has open."""
        with _guarded(self.partial):
            os.truncate(self.partial, 0)
            with suppress(PermissionError):  # Windows keeps what is open; empty, it is as good as gone
                self.partial.unlink()

    def write_picture(self, png: bytes) -> None:
        """Write the picture whole."""
        self._replace(self.picture, png)

    @contextmanager
    def unfinished(self, identity: Mapping[str, Any]) -> Iterator[Unfinished]:
        """Open the unfinished calibration, for one process at a time; data sets of another identity are dropped.

        Raises
        ------
        OutputError
            If it is in use, damaged, not ours, or cannot be written.
        """
        busy = f"{self.partial}: another calibration is writing there. Wait for it."
        with ExitStack() as held:
            with _guarded(self.partial):
                self.folder.mkdir(parents=True, exist_ok=True)
                lock = held.enter_context(files.locked(self.partial, busy))
                for path in (self.record, self.picture):
                    files.sweep(self.folder, _prefix(path))
            opened = held.enter_context(FileIO(lock, "ab+", closefd=False))
            yield Unfinished.read(opened, self.partial, identity)

    def _replace(self, path: Path, content: bytes) -> None:
        with _guarded(path):
            written = files.make_temporary(self.folder, _prefix(path))
            try:
                written.write_bytes(content)
                written.replace(path)
            finally:
                written.unlink(missing_ok=True)


@dataclass(frozen=True)
class Unfinished:
    """Data sets that have arrived, in a file of lines: whole ones, whatever interrupts.

    Parameters
    ----------
    opened, path
        The file.
    found
        Their outcomes.
    dropped
        How many there were of other code, versions or settings.
    """

    opened: FileIO
    path: Path
    found: dict[Unit, Ranks | Refused]
    dropped: int

    @classmethod
    def read(cls, opened: FileIO, path: Path, identity: Mapping[str, Any]) -> Self:
        """Read the data sets that belong to this identity; of others only the number."""
        header = {"format": FORMAT, **identity}
        with _guarded(path):
            opened.seek(0)
            content = opened.readall()
        # an interrupted write leaves a line without an end; that data set is computed again
        *lines, rest = content.split(b"\n")
        plain = [_parsed(line, path, number) for number, line in enumerate(lines, 1)]
        if (plain and plain[0].get("format") != FORMAT) or not (plain or _line(header).startswith(rest)):
            raise _damaged(path, 1)
        same = bool(plain) and plain[0] == header
        unfinished = cls(opened, path, {}, 0 if same or not plain else len(plain) - 1)
        with _guarded(path):
            opened.truncate(len(content) - len(rest) if same else 0)
        if same:
            unfinished._take(plain[1:])
        else:
            unfinished._append(header)
        return unfinished

    def add(self, unit: Unit, outcome: Ranks | Refused) -> None:
        """Store one data set's outcome."""
        where = {"index": unit.index, "wrong": unit.wrong}
        what = {"refused": outcome.reason} if isinstance(outcome, Refused) else {"ranks": dict(outcome)}
        self._append(where | what)
        self.found[unit] = outcome

    def _take(self, lines: list[dict[str, Any]]) -> None:
        quantities: set[str] = set()
        for number, plain in enumerate(lines, 2):
            unit, outcome = _unit(plain, self.path, number)
            names = set() if isinstance(outcome, Refused) else set(outcome)
            quantities = quantities or names
            if names and names != quantities:
                raise _damaged(self.path, number)
            self.found[unit] = outcome

    def _append(self, plain: Mapping[str, Any]) -> None:
        line = _line(plain)
        with _guarded(self.path):
            if self.opened.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _prefix(path: Path) -> str:
    return f".{path.name}"


def _line(plain: Mapping[str, Any]) -> bytes:
    return json.dumps(plain).encode() + b"\n"


def _parsed(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        plain = json.loads(line)
    except ValueError:
        raise _damaged(path, number) from None
    if not isinstance(plain, dict):
        raise _damaged(path, number)
    return plain


def _unit(plain: Mapping[str, Any], path: Path, number: int) -> tuple[Unit, Ranks | Refused]:
    match plain:
        case {"index": int(index), "wrong": bool(wrong), "refused": str(reason)} if len(plain) == 3:
            return Unit(wrong, index), Refused(reason)
        case {"index": int(index), "wrong": bool(wrong), "ranks": dict(ranks)} if len(plain) == 3 and ranks:
            if all(isinstance(value, float) and 0 <= value <= 1 for value in ranks.values()):
                return Unit(wrong, index), ranks
    raise _damaged(path, number)


def _damaged(path: Path, number: int) -> OutputError:
    return OutputError(f"{path}: line {number} is not as it was written. Remove the file to begin anew.")


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be read or written: {error.strerror or error}. Choose another folder."
        ) from None
