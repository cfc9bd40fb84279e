"""The errors a user can cause, each able to say what was expected, what came, where, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class ReappraiseError(Exception):
    """Base of every error that a user can cause and mend; the command line prints it and exits 2."""


class TrialFileError(ReappraiseError):
    """A trial file, or a table beside it, that cannot be read or does not hold what it must.

    Parameters
    ----------
    path
        The file that is wrong.
    key
        The dotted key, or ``row N, column`` of a table, that is wrong; empty for the whole file.
    problem
        What was expected and what came.
    remedy
        What to do about it.
    line
        Line of the key in the file, where it is known.
    more
        Further problems of the file, each on a line of its own.
    """

    def __init__(
        self,
        path: Path | str,
        key: str,
        problem: str,
        remedy: str,
        *,
        line: int | None = None,
        more: Sequence[str] = (),
    ) -> None:
        self.path = str(path)
        self.key = key
        self.problem = problem
        self.remedy = remedy
        self.line = line
        placed = ", ".join(([f"line {line}"] if line else []) + ([key] if key else []))
        where = f"{self.path}: {placed}" if placed else self.path
        super().__init__("\n  ".join((f"{where}: {problem} {remedy}".rstrip(), *more)))


class OutputError(ReappraiseError):
    """A folder or file that this program may not write to, or must not trust."""


class AnalysisError(ReappraiseError):
    """A request that the data cannot answer, such as an unknown endpoint, factor or prior."""


class UndeterminedError(AnalysisError):
    """What is printed leaves open what an analysis needs; nothing printed contradicts anything else."""
