"""The record of a folder of results: which files, of which run; read as input, for a folder may come from anybody."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from reappraise.core import files
from reappraise.core.errors import OutputError

MANIFEST = "manifest.json"
FOLDERS = ("figures", "posteriors")
"""The folders that a folder of results may hold."""
_FORMAT = "reappraise results 1"
_MOST_BYTES = 8_000_000
"""A hundred times the manifest of the trial that ships."""
_NAME = re.compile(
    r"(?:figures/(?!\.)[^/]+\.png|posteriors/(?!\.)[^/]+\.nc|(?!\.)[^/]+\.csv"  # leads nowhere but here
    r"|facts\.json|report\.html)"
)
_NEVER_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff\\:*?"<>|]')
_LONGEST_NAME = 240
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file of a run.

    Parameters
    ----------
    sha256, size
        Digest of its content, and how many bytes there are.
    inputs
        Digest of everything that it was computed from; empty for what is computed anew in every run.
    """

    sha256: str
    size: int
    inputs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The run that a folder holds.

    Parameters
    ----------
    trial, trial_digest
        Key of the trial, and digest of its file.
    seed
        Root seed.
    part
        Keys of the endpoints that were asked for; empty for the whole trial.
    facts
        What else a reader wants to know, as JSON has it: settings, versions, verdicts.
    """

    trial: str
    trial_digest: str
    seed: int
    part: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Which run it is, for a message."""
        part = f", only {', '.join(map(repr, self.part))}," if self.part else ""
        return f"trial {self.trial!r}{part} with seed {self.seed}"

    def covers(self, other: Run) -> bool:
        """Whether the other's results are among those of this run, for it is of the same trial and seed."""
        wider = not self.part or bool(other.part and set(other.part) <= set(self.part))
        return wider and (self.trial, self.seed) == (other.trial, other.seed)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What this program wrote in a folder.

    Parameters
    ----------
    entries
        Every file, by its name in the folder.
    run
        The run that they are of; None before there was one.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    run: Run | None = None

    def as_text(self) -> str:
        """As JSON."""
        plain: dict[str, Any] = {"format": _FORMAT, "files": {}}
        for name, entry in self.entries.items():
            described = asdict(entry)
            plain["files"][name] = {"bytes": described.pop("size"), **described}
        if self.run is not None:
            named = {"trial": self.run.trial, "trial_digest": self.run.trial_digest}
            plain |= {**self.run.facts, **named, "part": list(self.run.part)}
            plain["sampling"] = {**plain.get("sampling", {}), "seed": self.run.seed}
        return json.dumps(plain, indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read a manifest; None if there is none, or one of another program.

        Raises
        ------
        OutputError
            If it cannot be read, or says what no manifest of this program says.
        """
        if not files.exists(path):
            return None
        try:
            plain = json.loads(files.read(path, most=_MOST_BYTES).decode("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise OutputError(f"{path}: cannot be read ({reason}). Choose a new or empty folder.") from None
        if not isinstance(plain, dict) or plain.get("format") != _FORMAT:
            return None
        try:
            manifest = cls(_entries(plain.get("files")), _run(plain))
            manifest.as_text()  # what is nested so deeply that it could not be written again
        except (ValueError, RecursionError) as error:
            raise OutputError(
                f"{path}: not as reappraise writes it: {error}. Nothing was changed. Choose a new or empty folder."
            ) from None
        return manifest


def check_name(name: object) -> str:
    """A name that a file of a run can have: what is read from a manifest leads nowhere else.

    Raises
    ------
    ValueError
        If it has another form.
    """
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or _NEVER_IN_A_NAME.search(name):
        raise ValueError(f"expected the name of a file, got {_short(name)}")
    if not _NAME.fullmatch(name):
        raise ValueError(f"expected figures/*.png, posteriors/*.nc or *.csv as the name of a file, got {_short(name)}")
    return name


def _entries(plain: object) -> dict[str, Entry]:
    match plain:
        case dict():
            return {check_name(name): _entry(name, item) for name, item in plain.items()}
    raise ValueError(f"expected files by name, got {_short(plain)}")


def _entry(name: str, plain: object) -> Entry:
    match plain:
        case {"sha256": str(sha256), "bytes": int(size), "inputs": str(inputs)} if _SHA256.fullmatch(sha256):
            return Entry(sha256=sha256, size=size, inputs=inputs)
    raise ValueError(f"expected sha256, bytes and inputs of {name!r}, got {_short(plain)}")


def _run(plain: dict[str, Any]) -> Run | None:
    if not {"trial", "trial_digest", "sampling"} & plain.keys():
        return None
    ours = {"format", "files", "trial", "trial_digest", "part"}
    facts = {key: value for key, value in plain.items() if key not in ours}
    part = plain.get("part", [])
    if not isinstance(part, list) or not all(isinstance(key, str) for key in part):
        raise ValueError(f"expected the keys of endpoints as part, got {_short(part)}")
    match plain:
        case {"trial": str(trial), "trial_digest": str(digest), "sampling": {"seed": int(seed)}}:
            if 0 <= seed < 2**63 and not isinstance(seed, bool):
                return Run(trial=trial, trial_digest=digest, seed=seed, part=tuple(part), facts=facts)
    found = {key: plain.get(key) for key in ("trial", "trial_digest", "sampling")}
    raise ValueError(f"expected the key of a trial, its digest and the seed, got {_short(found)}")


def _short(found: object) -> str:
    try:
        text = repr(found)
    except RecursionError:
        return "what is nested too deeply"
    return text if len(text) <= 80 else f"{text[:77]}..."
