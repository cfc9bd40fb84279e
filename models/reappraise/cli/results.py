"""Commands that read what a run wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reappraise.cli.app import As, Format
from reappraise.core.errors import AnalysisError


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


def report(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that a run wrote.")]) -> None:
    """Write the page of a run again, from what stands in its folder. Nothing is sampled."""
    from reappraise.fits.store import Store
    from reappraise.report.again import page_again
    from reappraise.report.page import FILE

    text, notes = page_again(folder)
    with Store.open(folder) as store:
        store.write(FILE, text.encode())
        notes = (*notes, *store.notes)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"The page is {folder / FILE}")
