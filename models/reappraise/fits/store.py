"""Results on disk: whole files or none, never over what this program did not write, never trusted unread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self

import xarray as xr

from reappraise.core import files
from reappraise.core.errors import OutputError, ReappraiseError
from reappraise.fits.manifest import FOLDERS, MANIFEST, Entry, Manifest, Run, check_name
from reappraise.fits.netcdf import read_tree, write_tree

PARTIAL = ".partial"
"""Folder of files being written, inside the folder of results."""
LOCK = ".lock"
"""Empty file that one process at a time has locked."""


class Job[Found](Protocol):
    """What was asked for, and can be restored from what was stored."""

    @property
    def name(self) -> str:
        """Name of its file."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of everything that it depends on."""
        ...

    def restore(self, tree: xr.DataTree) -> Found:
        """The result that was stored.

        Raises
        ------
        ValueError
            If the tree belongs to other inputs.
        """
        ...


class Stored(Protocol):
    """What can be stored: a job with its numbers."""

    @property
    def job(self) -> Job[Any]:
        """What was asked for."""
        ...

    @property
    def tree(self) -> xr.DataTree:
        """Its numbers."""
        ...


@dataclass
class Store:
    """A folder of results with a manifest of every file this program wrote there.

    A file is written whole under a temporary name, entered in the manifest with its SHA-256, then renamed. A
    file that is not as the manifest says is never read as a result and never overwritten: it is set aside.
    Links inside the folder are never followed. Threads may write beside each other.

    Parameters
    ----------
    folder
        The folder.
    manifest
        What it holds, and of which run.
    replace
        Whether the results of another trial or seed may be replaced.
    notes
        What was found amiss and set aside, in words.
    """

    folder: Path
    manifest: Manifest
    replace: bool = False
    notes: list[str] = field(default_factory=list)
    _written: set[Path] = field(default_factory=set, repr=False)
    _entering: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, replace: bool = False) -> Iterator[Self]:
        """Open a new or empty folder, or one that this program wrote, for one process at a time.

        Parameters
        ----------
        folder
            The folder, made if it is missing.
        replace
            Whether an analysis may replace the results of another trial or seed.

        Raises
        ------
        OutputError
            If the folder holds something else, is in use, or cannot be written.
        """
        _claim(folder)
        with _guarded(folder, "Choose another folder."):
            folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            store = cls(folder, _claim(folder), replace)  # anew: another run may have ended in between
            with store._guard():
                (folder / PARTIAL).mkdir(exist_ok=True)
                files.sweep(folder / PARTIAL)
            try:
                yield store
            finally:
                store.abandon()

    def begin(self, run: Run) -> None:
        """Enter the run that everything from now on is of.

        Raises
        ------
        OutputError
            If the folder holds files of another trial or seed, or of more endpoints, and they may not be replaced.
        """
        held = self.manifest.run
        same = held is not None and run.covers(held)
        if self.manifest.entries and not same and not self.replace:
            number = len(self.manifest.entries)
            raise OutputError(
                f"{self.folder}: holds {number} file{'s' * (number > 1)} of {held.words if held else 'no known run'}, "
                f"and this run is of {run.words}. Choose another folder, or replace them with --replace "
                "(replace=True of Store.open)."
            )
        edited = held is not None and same and held.part == run.part and held.trial_digest != run.trial_digest
        if self.manifest.entries and edited:
            self.notes.append(
                f"the file of trial {run.trial!r} has changed since {self.folder} was written; what depends on the "
                "change is computed again, in place of what was there"
            )
        self.manifest = replace(self.manifest, run=run)
        self._save()

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Enter how the run ended."""
        if self.manifest.run is not None:
            run = replace(self.manifest.run, facts={**self.manifest.run.facts, **facts})
            self.manifest = replace(self.manifest, run=run)
        self._save()

    def write(self, name: str, content: bytes, *, inputs: str = "") -> None:
        """Write a file whole, entering it in the manifest first."""
        self._place(name, lambda partial: partial.write_bytes(content), inputs=inputs)

    def write_fit(self, fit: Stored) -> None:
        """Write the tree of a fit, or of a reconstruction, as NetCDF."""
        self._place(posterior_name(fit.job), lambda partial: write_tree(fit.tree, partial), inputs=fit.job.digest)

    def read_fit[Found](self, job: Job[Found]) -> Found | None:
        """The stored result of this very job, or None if there is none to be trusted; what is amiss is noted."""
        name = posterior_name(job)
        path = self.folder / name
        entry = self.manifest.entries.get(name)
        if entry is None or entry.inputs != job.digest or not files.is_folder(path.parent):
            return None
        if files.sha256(path) != entry.sha256:
            return None  # writing the new one sets this one aside and says so
        try:
            return job.restore(read_tree(path))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, ReappraiseError) as error:
            self.notes.append(f"{path} cannot be read ({error}); it is computed again")
            return None

    def holds(self, name: str) -> bool:
        """Whether a file stands there whole, as this program wrote it."""
        entry, path = self.manifest.entries.get(name), self.folder / name
        return entry is not None and files.is_folder(path.parent) and files.sha256(path) == entry.sha256

    def prune(self, kept: set[str]) -> None:
        """Remove files of earlier runs that this run did not write or read; what was changed since stays, noted."""
        for name in sorted(self.manifest.entries.keys() - kept):
            path = self.folder / name
            if not files.is_folder(path.parent):
                continue
            if files.sha256(path) == self.manifest.entries[name].sha256:
                with self._guard():
                    path.unlink()
            else:
                self._set_aside(name, path)
        entries = {name: entry for name, entry in self.manifest.entries.items() if name in kept}
        self.manifest = replace(self.manifest, entries=entries)
        self._save()

    def recorded_seed(self, trial: str) -> int | None:
        """Root seed of the run that this folder holds, if it was of the trial with this key."""
        run = self.manifest.run
        return run.seed if run is not None and run.trial == trial else None

    def abandon(self) -> None:
        """Remove what is half written; every file in place is whole."""
        partial = self.folder / PARTIAL
        if files.is_folder(partial):
            with suppress(OSError):  # what cannot be removed now is swept by the next run
                for path in tuple(self._written):
                    path.unlink(missing_ok=True)
                partial.rmdir()

    def _place(self, name: str, fill: Callable[[Path], object], *, inputs: str) -> None:
        try:
            target = self.folder / check_name(name)
        except ValueError as error:
            raise OutputError(f"{self.folder}: {error}.") from None
        with self._guard(), self._partial() as partial:
            if target.parent != self.folder:
                target.parent.mkdir(exist_ok=True)
                _check_folder(target.parent)
            fill(partial)
            digest = files.sha256(partial)
            if digest is None:
                raise OSError(f"{partial.name} cannot be read again")
            entry = Entry(sha256=digest, size=partial.stat().st_size, inputs=inputs)
            with self._entering:
                self._set_aside(name, target)
                self.manifest = replace(self.manifest, entries={**self.manifest.entries, name: entry})
                self._save()
                partial.replace(target)

    def _set_aside(self, name: str, target: Path) -> None:
        if not files.exists(target):
            return
        entry = self.manifest.entries.get(name)
        if entry is not None and files.sha256(target) == entry.sha256:
            return
        number = 1
        while files.exists(aside := target.with_name(f"{target.name}.set-aside-{number}")):
            number += 1
        with self._guard():
            target.rename(aside)
        self.notes.append(f"{target} is not as this program wrote it; kept as {aside.name}")

    def _save(self) -> None:
        with self._guard(), self._partial() as partial:
            partial.write_text(self.manifest.as_text(), encoding="utf-8")
            partial.replace(self.folder / MANIFEST)

    @contextmanager
    def _partial(self) -> Iterator[Path]:
        """A file to be filled and renamed; it goes if that fails, and if the process is told to end."""
        _check_folder(self.folder / PARTIAL)
        partial = files.make_temporary(self.folder / PARTIAL)
        with self._entering:
            self._written.add(partial)
        try:
            yield partial
        finally:
            partial.unlink(missing_ok=True)
            with self._entering:
                self._written.discard(partial)

    @contextmanager
    def _guard(self) -> Iterator[None]:
        with _guarded(self.folder, "What was written so far is whole; run again to go on from there."):
            yield


def posterior_name(job: Job[Any]) -> str:
    """Name of a job's file, in the folder of results."""
    return f"posteriors/{job.name}.nc"


def _claim(folder: Path) -> Manifest:
    """What a folder holds; refuses what is not ours before anything is changed."""
    with _guarded(folder, "Choose another folder."):
        if not folder.exists():
            return Manifest()
        if not folder.is_dir():
            raise OutputError(f"{folder}: expected a folder, got a file. Choose another name.")
        with os.scandir(folder) as items:
            held = [item.name for item in items if not _passing(item)]
    if not held:
        return Manifest()
    manifest = Manifest.read(folder / MANIFEST)
    if manifest is None:
        listed = ", ".join(sorted(held)[:3])
        raise OutputError(
            f"{folder}: holds files that reappraise did not write ({listed}{', ...' if len(held) > 3 else ''}). "
            "Choose a new or empty folder."
        )
    for name in (*FOLDERS, PARTIAL):
        if files.exists(folder / name):
            _check_folder(folder / name)
    return manifest


def _passing(item: os.DirEntry[str]) -> bool:
    """Whether it is what a run that was killed at once leaves: a lock, and a folder of nothing but half files."""
    if item.name == LOCK:
        return item.is_file(follow_symlinks=False) and item.stat(follow_symlinks=False).st_size == 0
    if item.name == PARTIAL and files.is_folder(Path(item)):
        with os.scandir(item) as items:
            return all(files.is_temporary(inner) for inner in items)
    return False


def _check_folder(path: Path) -> None:
    if not files.is_folder(path):
        raise OutputError(
            f"{path}: expected a folder, got a link or a file, which is not followed or replaced. "
            "Move it away, or choose another folder of results."
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    path = folder / LOCK
    busy = f"{folder}: another run is writing there. Wait for it, or choose another."
    with ExitStack() as held:
        with _guarded(path, "Move it away, or choose another folder."):
            lock = held.enter_context(files.locked(path, busy))
            if os.fstat(lock).st_size:
                raise OutputError(f"{path}: not the lock of a run, for it has content. Move it away.")
        yield


@contextmanager
def _guarded(path: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be read or written: {error.strerror or error}. {remedy}") from None
