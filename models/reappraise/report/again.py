"""The page of a run, made again from the files of its folder, which may come from anybody."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from reappraise.audit.finding import FINDING_COLUMNS, Finding
from reappraise.core import files
from reappraise.core.comparison import Comparison
from reappraise.core.errors import OutputError
from reappraise.fits.manifest import MANIFEST, Manifest
from reappraise.report.facts import FILE, Facts
from reappraise.report.page import render

COMPARISON, AUDIT = "comparison.csv", "audit.csv"
_VERDICTS = frozenset({"consistent", "inconsistent", "not reproduced", "cannot judge"})


def page_again(folder: Path) -> tuple[str, tuple[str, ...]]:
    """The page as HTML text, and what is amiss in the folder, in words.

    Parameters
    ----------
    folder
        Folder that a run wrote, finished or not: of one that is not, the page says so.

    Raises
    ------
    OutputError
        If the folder is none of a run, or what a page is made of is missing or of another version.
    """
    manifest = Manifest.read(folder / MANIFEST)
    if manifest is None:
        raise OutputError(f"{folder}: expected the folder of a run, found no {MANIFEST} in it")
    facts = Facts.read(folder)
    finished = (folder / COMPARISON).exists() or not facts.pending
    estimates = Comparison.from_csv(folder / COMPARISON).estimates if finished else ()
    findings = _findings(folder / AUDIT) if finished else ()
    notes = tuple(
        f"{folder / name} is not as this program wrote it; the page shows what it says now"
        for name in (FILE, COMPARISON, AUDIT)
        if name in manifest.entries and files.sha256(folder / name) != manifest.entries[name].sha256
    )
    figures = sorted(name for name in manifest.entries if name.startswith("figures/"))
    return render(facts, estimates, findings, pictures=figures), notes


def _findings(path: Path) -> tuple[Finding, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OutputError(f"{path}: no such file; run the trial again") from None
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path}: cannot be read as an audit: {error}") from None
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != FINDING_COLUMNS:
        raise OutputError(f"{path}: expected the columns {', '.join(FINDING_COLUMNS)}")
    found = []
    for row in reader:
        verdict = row["verdict"]
        if verdict not in _VERDICTS or None in row.values():
            raise OutputError(f"{path}: row {reader.line_num}: expected a verdict and all columns, got {verdict!r}")
        found.append(Finding(**row))  # type: ignore[arg-type]  # columns and verdict were looked at
    return tuple(found)
