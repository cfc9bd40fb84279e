"""A comparison on the console: its main rows and how to see the others, or all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reappraise.core.names import Names
from reappraise.fits.manifest import MANIFEST, Manifest
from reappraise.terminal.comparison import comparison_tables
from reappraise.terminal.numbers import printable
from reappraise.terminal.rows import between, console
from reappraise.terminal.screen import main_rows

if TYPE_CHECKING:
    from reappraise.core.comparison import Comparison


def show(comparison: Comparison, folder: Path, *, everything: bool) -> None:
    """Print the tables of a comparison, or its main rows and how to see the others."""
    manifest = Manifest.read(folder / MANIFEST)
    names = Names.of_plain(manifest.run.facts.get("names") if manifest and manifest.run else None)
    screen = console()
    if everything:
        for table in comparison_tables(comparison, names, between=between(screen)):
            screen.print(table)
        return
    table, shown = main_rows(comparison, names, between=between(screen))
    screen.print(table)
    left_out = dict.fromkeys(names.whole(item.endpoint) for item in comparison.estimates if item.endpoint not in shown)
    if left_out:
        screen.out(printable(f"Not shown: {', '.join(left_out)}."), highlight=False)
    first = next(iter((*shown, *left_out)), "")
    one = f"reappraise compare {folder} --endpoint {first}"
    screen.out(printable(f"All priors, models and subgroups of one endpoint: {one}"), highlight=False)
    screen.out("Everything: --all. For programs: --format csv.", highlight=False)
