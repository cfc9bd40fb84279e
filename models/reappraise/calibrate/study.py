"""A whole calibration: the only module of this room that knows the order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reappraise.calibrate.calibration import Calibration, Unit, identity
from reappraise.calibrate.folder import Folder
from reappraise.calibrate.record import Record, Simulated
from reappraise.calibrate.spread import Cluster, connect, outcomes
from reappraise.calibrate.uniformity import LEAST
from reappraise.core.errors import AnalysisError

type Progress = Callable[[str, int, int], None]
"""Told what is going on, how many data sets have arrived, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A calibration and how it came about.

    Parameters
    ----------
    record
        The calibration.
    found, computed
        Data sets that were stored already, and those that were not.
    dropped
        Stored data sets of other code, versions or settings, which were not used.
    """

    record: Record
    found: int
    computed: int = 0
    dropped: int = 0


def wrong_datasets(datasets: int) -> int:
    """Data sets that the wrong simulator gets: a quarter, at least 60; 20 where few were asked for."""
    return max(60, datasets // 4) if datasets > 40 else 20


def calibrate(
    calibration: Calibration,
    *,
    datasets: int,
    folder: Path,
    cluster: Cluster | None = None,
    progress: Progress | None = None,
) -> Study:
    """Simulate, analyse, rank and judge; store every data set as it arrives, and the record at the end.

    A calibration that was interrupted goes on where it was, and a complete one is read.

    Parameters
    ----------
    calibration
        What to calibrate.
    datasets
        Data sets of the right simulator.
    folder
        Where the record is, or is written.
    cluster
        Where to compute; by default on every core here.
    progress
        Told of every data set.

    Raises
    ------
    AnalysisError
        If data sets are too few, or cannot be computed.
    OutputError
        If the folder cannot be written, or holds something else under the same name.
    """
    if datasets < LEAST:
        raise AnalysisError(f"expected at least {LEAST} data sets, got {datasets}")
    tell = progress or (lambda *_: None)
    files = Folder(folder, calibration.name)
    known = identity(calibration)
    stored = files.check()
    units = [Unit(False, index) for index in range(datasets)]
    units += [Unit(True, index) for index in range(wrong_datasets(datasets))]
    if stored is not None and stored.identity == known and stored.right.datasets == datasets:
        return Study(record=stored, found=len(units))
    with files.unfinished(known) as unfinished:
        before = len(unfinished.found.keys() & set(units))
        missing = [unit for unit in units if unit not in unfinished.found]
        if missing:
            tell("starting workers", before, len(units))
            with connect(cluster or Cluster(), most=len(missing)) as client:
                tell("compiling", before, len(units))
                for done, (unit, outcome) in enumerate(outcomes(client, calibration, missing), before + 1):
                    unfinished.add(unit, outcome)
                    tell("wrong simulator" if unit.wrong else calibration.name, done, len(units))
        right, wrong = (
            Simulated.of([unfinished.found[unit] for unit in units if unit.wrong is kind]) for kind in (False, True)
        )
        record = Record(identity=known, label=calibration.label, mistake=calibration.mistake, right=right, wrong=wrong)
        files.write(record)
        if unfinished.found.keys() <= set(units):
            files.finish()  # else it belongs to a larger calibration, which can still go on
    return Study(record=record, found=before, computed=len(missing), dropped=unfinished.dropped)
