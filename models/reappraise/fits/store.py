"""Results on disk: whole files or none, never over what this program did not write, never trusted unread."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import xarray as xr

from reappraise.core.errors import OutputError

MANIFEST = "manifest.json"
_FORMAT = "reappraise results 1"
PARTIAL = ".partial"
"""Folder of files being written, inside the folder of results."""
_LOCK = ".lock"


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


class Result(Protocol):
    """What can be stored: a job with its numbers."""

    @property
    def job(self) -> Job[Any]:
        """What was asked for."""
        ...

    @property
    def tree(self) -> xr.DataTree:
        """Its numbers."""
        ...


@dataclass(frozen=True)
class Store:
    """A folder of results with a manifest of every file this program wrote there.

    A file is written whole under a temporary name, entered in the manifest with its SHA-256, then renamed. A
    file that is not as the manifest says is never read as a result and never overwritten: it is set aside.

    Parameters
    ----------
    folder
        The folder.
    manifest
        Content of the manifest; ``files`` maps names to SHA-256 and inputs.
    notes
        What was found amiss and set aside, in words.
    """

    folder: Path
    manifest: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[Self]:
        """Open a new or empty folder, or one that this program wrote, for one process at a time.

        Raises
        ------
        OutputError
            If the folder holds something else, is in use, or cannot be written.
        """
        manifest = _claim(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / PARTIAL).mkdir(exist_ok=True)
            lock = (folder / _LOCK).open("w")
        except OSError as error:
            raise OutputError(f"{folder}: cannot be written: {error.strerror}. Choose another folder.") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputError(f"{folder}: another run is writing there. Wait for it, or choose another.") from None
            try:
                _empty(folder / PARTIAL)
                yield cls(folder, manifest)
            finally:
                _empty(folder / PARTIAL)
                (folder / PARTIAL).rmdir()

    def write(self, name: str, content: bytes, *, inputs: str = "") -> None:
        """Write a file whole, entering it in the manifest first."""
        partial = self.folder / PARTIAL / name.replace("/", "__")
        self._guard(lambda: partial.write_bytes(content))
        self._place(name, partial, inputs=inputs)

    def write_fit(self, fit: Result) -> None:
        """Write the tree of a fit, or of a reconstruction, as NetCDF."""
        name = posterior_name(fit.job)
        partial = self.folder / PARTIAL / name.replace("/", "__")
        self._guard(lambda: write_tree(fit.tree, partial))
        self._place(name, partial, inputs=fit.job.digest)

    def read_fit[Found](self, job: Job[Found]) -> Found | None:
        """The stored result of this very job, or None if there is none to be trusted; what is amiss is noted."""
        name = posterior_name(job)
        path = self.folder / name
        entry = self.manifest["files"].get(name)
        if entry is None or entry["inputs"] != job.digest or not path.exists():
            return None
        if _sha256(path) != entry["sha256"]:
            return None  # writing the new one sets this one aside and says so
        try:
            return job.restore(read_tree(path))
        except (OSError, ValueError, KeyError) as error:
            self.notes.append(f"{path} cannot be read ({error}); it is computed again")
            return None

    def prune(self, kept: set[str]) -> None:
        """Remove files of earlier runs that this run did not write or read; what was changed since stays, noted."""
        for name in sorted(set(self.manifest["files"]) - kept):
            path = self.folder / name
            if path.is_file() and _sha256(path) == self.manifest["files"][name]["sha256"]:
                self._guard(path.unlink)
            else:
                self._set_aside(name, path)
            del self.manifest["files"][name]
        self._save()

    def recorded_seed(self, trial_digest: str) -> int | None:
        """Root seed of the run that this folder holds, if it was of the same trial."""
        if self.manifest.get("trial_digest") != trial_digest:
            return None
        seed = self.manifest.get("sampling", {}).get("seed")
        return seed if isinstance(seed, int) else None

    def describe(self, **facts: Any) -> None:
        """Enter facts about the run in the manifest."""
        self.manifest.update(facts)
        self._save()

    def _place(self, name: str, partial: Path, *, inputs: str) -> None:
        target = self.folder / name
        digest = _sha256(partial)
        self._set_aside(name, target)
        self.manifest["files"][name] = {"sha256": digest, "bytes": partial.stat().st_size, "inputs": inputs}
        self._save()

        def move() -> None:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(target)

        self._guard(move)

    def _set_aside(self, name: str, target: Path) -> None:
        if not (target.exists() or target.is_symlink()):
            return
        entry = self.manifest["files"].get(name)
        if entry is not None and target.is_file() and _sha256(target) == entry["sha256"]:
            return
        number = 1
        while (aside := target.with_name(f"{target.name}.set-aside-{number}")).exists():
            number += 1
        self._guard(lambda: target.rename(aside))
        self.notes.append(f"{target} is not as this program wrote it; kept as {aside.name} and computed again")

    def _save(self) -> None:
        text = json.dumps(self.manifest, indent=1, sort_keys=True) + "\n"
        partial = self.folder / PARTIAL / MANIFEST
        self._guard(lambda: partial.write_text(text, encoding="utf-8"))
        self._guard(lambda: partial.replace(self.folder / MANIFEST))

    def _guard(self, step: Any) -> None:
        try:
            step()
        except OSError as error:
            raise OutputError(
                f"{self.folder}: cannot be written: {error.strerror or error}. What was written so far is whole; "
                "run again to go on from there."
            ) from None


def posterior_name(job: Job[Any]) -> str:
    """Name of a job's file, in the folder of results."""
    return f"posteriors/{job.name}.nc"


def write_tree(tree: xr.DataTree, path: Path) -> None:
    """Write a DataTree as compressed NetCDF with checksums, readable by plain xarray."""
    encoding = {
        node.path: {
            str(name): {"zlib": True, "complevel": 1, "shuffle": True, "fletcher32": True}
            for name, variable in node.data_vars.items()
            if variable.ndim >= 2
        }
        for node in tree.subtree
    }
    tree.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def read_tree(path: Path) -> xr.DataTree:
    """Read a posterior file whole, so that a damaged part is found now.

    Raises
    ------
    OutputError
        If the file is no NetCDF file, or not one that this program wrote.
    """
    try:
        with xr.open_datatree(path, engine="h5netcdf") as stored:
            tree = stored.load()
    except FileNotFoundError:
        raise OutputError(f"{path}: no such file") from None
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise OutputError(f"{path}: not a whole NetCDF file: {error}") from None
    if tree.attrs.get("creator") != "reappraise":
        raise OutputError(f"{path}: not a posterior that reappraise wrote (no creator attribute)")
    return tree


def _claim(folder: Path) -> dict[str, Any]:
    fresh = {"format": _FORMAT, "files": {}}
    if not folder.exists():
        return fresh
    if not folder.is_dir():
        raise OutputError(f"{folder}: expected a folder, got a file. Choose another name.")
    path = folder / MANIFEST
    try:
        held = [item.name for item in folder.iterdir() if item.name not in {_LOCK, PARTIAL}]
        if not held:
            return fresh
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be read ({error}). Choose another folder.") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT or not isinstance(content.get("files"), dict):
        listed = ", ".join(sorted(held)[:3])
        raise OutputError(
            f"{folder}: holds files that reappraise did not write ({listed}{', ...' if len(held) > 3 else ''}). "
            "Choose a new or empty folder."
        )
    return content


def _empty(folder: Path) -> None:
    for leftover in folder.iterdir():
        leftover.unlink()


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
