"""How a command that takes long tells of it, and how it ends when it is interrupted."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from reappraise.cli.app import INTERRUPTED

if TYPE_CHECKING:
    from reappraise.analysis import Progress
    from reappraise.fits.store import Store


@contextmanager
def interruptible(kept: str) -> Iterator[None]:
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


def leave_whole(store: Store) -> None:
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
def progress() -> Iterator[Progress | None]:
    """A bar with the time left on a terminal; silence elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("loading the sampler", total=None)
        yield lambda text, done, total: bar.update(task, description=text, completed=done, total=total)
