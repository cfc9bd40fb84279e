"""The command that calibrates a model."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer

from reappraise.cli.app import NOT_CALIBRATED
from reappraise.cli.interrupts import interruptible, progress


def calibrate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Key of a model.")],
    datasets: Annotated[int, typer.Option(min=20, help="Simulated data sets.")] = 400,
    out: Annotated[Path, typer.Option("--out", help="Folder for the records.")] = Path("calibration"),
    workers: Annotated[int | None, typer.Option(min=1, help="Processes to start here; else one on each core.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to use instead, such as tcp://host:8786.")
    ] = None,
) -> None:
    """Calibrate a model by simulation: are its intervals right as often as they say. Resumes. Exit 1 if not."""
    from reappraise.calibrate.folder import PICTURE, Folder
    from reappraise.calibrate.spread import Cluster
    from reappraise.calibrate.study import calibrate as calibrated
    from reappraise.kinds import calibration_of

    with interruptible(f"what arrived is kept in {out}, run again to go on"), progress() as told:
        chosen, cluster = calibration_of(model), Cluster(scheduler=scheduler, workers=workers)
        study = calibrated(chosen, datasets=datasets, folder=out, cluster=cluster, progress=told)
        from reappraise.calibrate.figure import calibration_plot

        picture = io.BytesIO()
        calibration_plot(study.record).savefig(picture, format="png", dpi=150, metadata={"Software": PICTURE})
        Folder(out, chosen.name).write_picture(picture.getvalue())
    if study.dropped:
        typer.echo(f"note: {study.dropped} data sets of other code, versions or settings were not used", err=True)
    for line in study.record.lines:
        typer.echo(line)
    typer.echo(f"{study.found} data sets were found, {study.computed} computed; the record is {out / model}.json")
    if not study.record.calibrated:
        raise typer.Exit(NOT_CALIBRATED)
