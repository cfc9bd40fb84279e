"""The command that analyses a trial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reappraise.cli.app import UNCONVERGED, TrialName
from reappraise.cli.interrupts import leave_whole, progress
from reappraise.cli.reading import tell_margins


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

    with Store.open(out, replace=replace) as store, progress() as told:
        leave_whole(store)
        recorded = store.recorded_seed(loaded.key)
        asked = Sampling(chains=chains, draws=draws, tune=tune, target_accept=target_accept)
        settled = settings_with(asked, recorded if seed is None else seed)
        effort = Effort(chains=chains, replicates=replicates)
        analysis = analyse(loaded, sampling=settled, effort=effort, store=store, progress=told)
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
    tell_margins(loaded)
    typer.echo(f"Results are in {out}; read them with: reappraise compare {out}")
    typer.echo(f"The page that answers: {out / 'report.html'}")
    found = f"Audit: {len(analysis.findings)} checks, {inconsistent} inconsistent"
    typer.echo(f"{found}; see them with: reappraise audit {trial}")
    for fit in analysis.unconverged:
        typer.echo(f"NOT CONVERGED: {fit.job.name}: {fit.diagnosis.failures}", err=True)
    contradictory = any(refusal.contradiction for refusal in analysis.refused)
    if (analysis.unconverged or contradictory) and not allow_unconverged:
        for advice in dict.fromkeys(advice for fit in analysis.unconverged for advice in fit.diagnosis.advice):
            typer.echo(f"To mend it, {advice}.", err=True)
        typer.echo("Or accept it with --allow-unconverged.", err=True)
        raise typer.Exit(UNCONVERGED)
