"""The command line: parse, call, print. Nothing is computed here, and slow imports wait until they are needed."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reappraise.core.errors import AnalysisError, ReappraiseError

if TYPE_CHECKING:
    from reappraise.analysis import Progress
    from reappraise.fits.store import Store
    from reappraise.published.trial import Trial

app = typer.Typer(
    help="Bayesian reanalysis of published clinical trials.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

INCONSISTENT = UNCONVERGED = NOT_CALIBRATED = 1
BAD_INPUT = 2
INTERRUPTED = 128
"""Plus the number of the signal, as shells have it."""


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


TrialName = Annotated[str, typer.Argument(metavar="TRIAL", help="Key of a shipped trial, or path of a trial file.")]
As = Annotated[Format, typer.Option("--format", help="How to print.")]


def main() -> None:
    """Run the command line; bad input is one message and exit code 2, never a traceback."""
    try:
        app()
    except ReappraiseError as error:
        typer.echo(f"reappraise: {error}", err=True)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@app.command()
def trials() -> None:
    """List the trials that come with the package."""
    from reappraise.trial import shipped_trials

    for key in shipped_trials():
        typer.echo(key)


@app.command()
def schema() -> None:
    """Print the JSON schema of trial files."""
    from reappraise.trial.schema import trial_schema

    typer.echo(json.dumps(trial_schema().model_json_schema(), indent=1))


@app.command()
def facts(
    trial: TrialName,
    estimates: Annotated[bool, typer.Option("--estimates", help="Published estimates instead of counts.")] = False,
    form: As = Format.csv,
) -> None:
    """Print what was published: one row per count, or per estimate."""
    from reappraise.published.facts import COUNT_COLUMNS, ESTIMATE_COLUMNS, count_facts, estimate_facts
    from reappraise.terminal.rows import between, console, print_rows
    from reappraise.trial import load_trial

    loaded = load_trial(trial)
    columns = ESTIMATE_COLUMNS if estimates else COUNT_COLUMNS
    rows = list(estimate_facts(loaded) if estimates else count_facts(loaded))
    if form is Format.table:
        from reappraise.published.names import names_of
        from reappraise.terminal.facts import counts_table, estimates_table

        screen = console()
        shown = estimates_table if estimates else counts_table
        screen.print(shown(rows, names_of(loaded), between=between(screen)))
    else:
        print_rows(rows, columns, form)


@app.command()
def audit(
    trial: TrialName,
    form: As = Format.table,
    everything: Annotated[
        bool, typer.Option("--all", help="A row for every finding, also of a check that holds.")
    ] = False,
) -> None:
    """Check the published numbers against each other.

    Exit code 0: nothing is inconsistent, though something may not be reproduced.

    Exit code 1: something is inconsistent: no analysis of these patients could give it.

    Exit code 2: bad input.
    """
    from reappraise.audit import audit as audited
    from reappraise.terminal.rows import console, print_rows
    from reappraise.trial import load_trial

    loaded = load_trial(trial)
    findings = audited(loaded)
    if form is Format.table:
        from reappraise.terminal.audit import audit_table

        told = ("inconsistent", "not reproduced", "cannot judge")
        counts = {verdict: sum(f.verdict == verdict for f in findings) for verdict in told}
        title = f"{loaded.file.title}: {len(findings)} checks, " + ", ".join(f"{n} {v}" for v, n in counts.items())
        console().print(audit_table(findings, title, everything=everything))
    else:
        rows = [finding.as_row() for finding in findings]
        print_rows(rows, tuple(rows[0]) if rows else (), form)
    if any(finding.verdict == "inconsistent" for finding in findings):
        raise typer.Exit(INCONSISTENT)


@app.command()
def exact(trial: TrialName, form: As = Format.table) -> None:
    """Print the exact posteriors: of binary endpoints (independent rates), means, event rates, printed effects."""
    from reappraise.core.estimate import ESTIMATE_COLUMNS
    from reappraise.exact_answers import exact_answers
    from reappraise.terminal.rows import between, console, print_rows
    from reappraise.trial import load_trial

    loaded = load_trial(trial)
    rows: list[dict[str, Any]] = []
    refused: list[AnalysisError] = []
    answers = exact_answers(loaded)
    for endpoint, estimates in answers.endpoints:
        try:
            found = list(estimates)
        except AnalysisError as error:
            refused.append(error)
            continue
        rows += [estimate.as_row() for estimate in found]
        if form is Format.table:
            from reappraise.published.names import names_of
            from reappraise.terminal.exact import exact_table

            screen = console()
            table = exact_table(endpoint.published.key, found, names_of(loaded), between=between(screen))
            screen.print(table)
    if refused and not rows:
        raise refused[0]
    for reason in (*answers.left_out, *refused):
        typer.echo(f"not analysed: {reason}", err=True)
    if form is Format.table:
        if answers.sampled:
            typer.echo(f"note: {', '.join(answers.sampled)}: sampled, not exact; see reappraise run", err=True)
        _tell_margins(loaded)
    else:
        print_rows(rows, ESTIMATE_COLUMNS, form)


@app.command()
def run(
    trial: TrialName,
    out: Annotated[Path, typer.Option("--out", help="Folder for the results: new, empty, or of an earlier run.")],
    seed: Annotated[int | None, typer.Option(min=0, help="Root seed; else that of the folder, or a new one.")] = None,
    chains: Annotated[int, typer.Option(min=2, help="Independent chains of each fit.")] = 4,
    draws: Annotated[int, typer.Option(min=100, help="Draws kept of each chain.")] = 2000,
    tune: Annotated[int, typer.Option(min=100, help="Tuning draws of each chain, not kept.")] = 1000,
    target_accept: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Acceptance that step sizes are tuned to: nearer to 1, smaller.")
    ] = 0.95,
    replicates: Annotated[int, typer.Option(min=10, help="Reconstructions kept of each chain.")] = 150,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the results of another trial or seed in the folder.")
    ] = False,
    allow_unconverged: Annotated[
        bool, typer.Option("--allow-unconverged", help="Exit 0 even if a fit fails its diagnostics.")
    ] = False,
) -> None:
    """Analyse a trial: audit, recompute, fit, compare; write tables, figures and posteriors. Resumes.

    Exit code 0: done, also where the audit finds something inconsistent; the last line says so, and reappraise audit
    exits 1 then.

    Exit code 1: a fit fails its diagnostics, or print contradicts itself so that nothing could be taken from it.

    Exit code 2: bad input.
    """
    from reappraise.trial import load_trial

    loaded = load_trial(trial)

    from reappraise.analysis import analyse
    from reappraise.fits.sampling import Effort, Sampling, settings_with
    from reappraise.fits.store import Store

    with Store.open(out, replace=replace) as store, _progress() as progress:
        _leave_whole(store)
        recorded = store.recorded_seed(loaded.key)
        asked = Sampling(chains=chains, draws=draws, tune=tune, target_accept=target_accept)
        settled = settings_with(asked, recorded if seed is None else seed)
        effort = Effort(chains=chains, replicates=replicates)
        analysis = analyse(loaded, sampling=settled, effort=effort, store=store, progress=progress)
        notes = list(store.notes)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    inconsistent = sum(finding.verdict == "inconsistent" for finding in analysis.findings)
    for refusal in analysis.refused:
        typer.echo(f"{'CONTRADICTORY' if refusal.contradiction else 'not analysed'}: {refusal.reason}", err=True)
    tally = analysis.tally
    if tally.computed or tally.found:
        said = f"{tally.computed} posteriors and reconstructions computed, {tally.found} found"
        typer.echo(f"{said}, seed {settled.seed}.")
    for result in analysis.results.values():
        if result.analysed:
            typer.echo(result.words)
    if loaded.pairs:
        typer.echo(f"The {len(loaded.pairs)} contrasts share patients: each stands alone, never add or average them.")
    _tell_margins(loaded)
    typer.echo(f"Results are in {out}; read them with: reappraise compare {out}")
    why = ", which no analysis of these patients could give" if inconsistent else ""
    found = f"Audit: {len(analysis.findings)} checks, {inconsistent} inconsistent{why}"
    typer.echo(f"{found}; see them with: reappraise audit {trial}")
    for fit in analysis.unconverged:
        typer.echo(f"NOT CONVERGED: {fit.job.name}: {fit.diagnosis.failures}", err=True)
    contradictory = any(refusal.contradiction for refusal in analysis.refused)
    if (analysis.unconverged or contradictory) and not allow_unconverged:
        for advice in dict.fromkeys(advice for fit in analysis.unconverged for advice in fit.diagnosis.advice):
            typer.echo(f"To mend it, {advice}.", err=True)
        typer.echo("Or accept it with --allow-unconverged.", err=True)
        raise typer.Exit(UNCONVERGED)


@app.command()
def compare(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that a run wrote.")],
    endpoint: Annotated[str | None, typer.Option(help="Everything of this endpoint.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything of every endpoint: every prior and model, subgroups, events.")
    ] = False,
    form: As = Format.table,
) -> None:
    """Show published, recomputed and posterior numbers of a run side by side: the main ones, or all of them."""
    from reappraise.core.comparison import Comparison
    from reappraise.core.estimate import ESTIMATE_COLUMNS
    from reappraise.terminal.rows import print_rows

    comparison = Comparison.from_csv(folder / "comparison.csv")
    if endpoint is not None:
        known = ", ".join(dict.fromkeys(item.endpoint for item in comparison.estimates))
        every, comparison = comparison, comparison.select(endpoint=endpoint)
        if not comparison.estimates:  # of several arms, each contrast has the endpoint's key and its own
            comparison = Comparison(tuple(e for e in every.estimates if e.endpoint.startswith(f"{endpoint}-")))
        if not comparison.estimates:
            raise AnalysisError(f"{folder} has no endpoint {endpoint!r}; it has {known}")
    if form is Format.table:
        from reappraise.terminal.show import show

        show(comparison, folder, everything=everything or endpoint is not None)
    else:
        print_rows([item.as_row() for item in comparison.estimates], ESTIMATE_COLUMNS, form)


@app.command()
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

    with _interruptible(f"what arrived is kept in {out}, run again to go on"), _progress() as progress:
        chosen, cluster = calibration_of(model), Cluster(scheduler=scheduler, workers=workers)
        study = calibrated(chosen, datasets=datasets, folder=out, cluster=cluster, progress=progress)
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


def _tell_margins(trial: Trial) -> None:
    """Say of which endpoints nothing is said beyond benefit, for no margin is stated."""
    from reappraise.response.published import ResponseEndpoint

    unstated = [item.published for item in trial.of(ResponseEndpoint) if item.published.margin is None]
    if unstated:
        named = ", ".join(endpoint.key for endpoint in unstated)
        typer.echo(
            f"note: no margin is stated for {named}: nothing is said of equivalence, or of benefit beyond a margin; "
            "state the smallest difference in rates that matters to patients as margin, such as margin = 0.02",
            err=True,
        )


@contextmanager
def _interruptible(kept: str) -> Iterator[None]:
    """End tidily on a first interrupt, which stops the workers; at once on a second."""
    received: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        if received:
            os._exit(INTERRUPTED + number)
        received.append(number)
        raise KeyboardInterrupt

    former = {kind: signal.signal(kind, interrupt) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"reappraise: interrupted; {kept}.", err=True)
        raise typer.Exit(INTERRUPTED + (received or [signal.SIGINT])[0]) from None
    finally:
        for kind, handler in former.items():
            signal.signal(kind, handler)


def _leave_whole(store: Store) -> None:
    """On an interrupt, leave at once: every file in place is whole, and a partial one is removed.

    Raising instead would not do: compilers run callbacks in which Python drops exceptions.
    """

    def leave(number: int, _frame: object) -> None:
        store.abandon()
        restore_cursor = "\x1b[?25h\n" if sys.stderr.isatty() else ""
        typer.echo(
            f"{restore_cursor}reappraise: interrupted; what is in {store.folder} is whole, run again to go on.",
            err=True,
        )
        os._exit(INTERRUPTED + number)

    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, leave)


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A bar with the time left on a terminal; silence elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("loading the sampler", total=None)
        yield lambda text, done, total: bar.update(task, description=text, completed=done, total=total)
