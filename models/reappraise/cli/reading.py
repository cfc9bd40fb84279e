"""Commands that read a trial file, and sample nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reappraise.cli.app import INCONSISTENT, As, Format, TrialName
from reappraise.core.errors import AnalysisError

if TYPE_CHECKING:
    from reappraise.published.trial import Trial


def trials() -> None:
    """List the trials that come with the package."""
    from reappraise.trial import shipped_trials

    for key in shipped_trials():
        typer.echo(key)


def schema() -> None:
    """Print the JSON schema of trial files."""
    from reappraise.trial.schema import trial_schema

    typer.echo(json.dumps(trial_schema().model_json_schema(), indent=1))


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
        tell_margins(loaded)
    else:
        print_rows(rows, ESTIMATE_COLUMNS, form)


def sensitivity(
    trial: TrialName,
    endpoint: Annotated[str | None, typer.Option(metavar="KEY", help="Only this endpoint.")] = None,
    effect: Annotated[str | None, typer.Option(help="Which effect, such as risk_ratio; else the first.")] = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(
            help="A prior by name, or CENTRE:SD (of a ratio: a ratio, and SD of its logarithm); may be repeated."
        ),
    ] = None,
    beyond: Annotated[list[float] | None, typer.Option(help="Benefit beyond what; may be repeated.")] = None,
    form: As = Format.table,
) -> None:
    """Print what each prior makes of each effect, and where the conclusion breaks. Nothing is sampled."""
    from reappraise.core.estimate import ESTIMATE_COLUMNS
    from reappraise.evidence.report import reports
    from reappraise.terminal.rows import between, console, print_rows
    from reappraise.trial import load_trial

    asked = reports(load_trial(trial), endpoint=endpoint, effect=effect, priors=prior, beyond=beyond)
    if form is Format.table:
        from reappraise.terminal.sensitivity import sensitivity_table

        screen = console()
        for report in asked.found:
            screen.print(sensitivity_table(report, between=between(screen)))
    else:
        rows = [estimate.as_row() for report in asked.found for estimate in report.found.estimates()]
        print_rows(rows, ESTIMATE_COLUMNS, form)
    for reason in asked.left_out:
        typer.echo(f"not analysed: {reason}", err=True)


def tell_margins(trial: Trial) -> None:
    """Say of which endpoints nothing is said beyond benefit, for no margin is stated.

    Parameters
    ----------
    trial
        The trial.
    """
    from reappraise.response.published import ResponseEndpoint

    unstated = [item.published for item in trial.of(ResponseEndpoint) if item.published.margin is None]
    if unstated:
        named = ", ".join(endpoint.key for endpoint in unstated)
        typer.echo(
            f"note: no margin is stated for {named}: nothing is said of equivalence, or of benefit beyond a margin; "
            "state the smallest difference in rates that matters to patients as margin, such as margin = 0.02",
            err=True,
        )
