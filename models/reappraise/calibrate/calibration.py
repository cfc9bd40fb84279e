"""What can be calibrated by simulation: anything that simulates a data set, analyses it and ranks the truth."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from reappraise.fits.sampling import versions

ROOT_SEED = 20261123
"""Of all data sets; each has its own, derived from this, the model and its index."""

type Ranks = Mapping[str, float]
"""For each quantity the rank of the truth among the posterior draws, as a fraction: uniform on 0 to 1."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A data set that allows no analysis, such as one without any event.

    It is counted and left out. What remains is still calibrated, as long as the refusal looks at the data alone:
    given the data, the rank of the truth is uniform.

    Parameters
    ----------
    reason
        Why, in a few words that are the same for every data set refused for it.
    """

    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """One data set to simulate and analyse.

    Parameters
    ----------
    wrong
        Whether by the deliberately wrong simulator.
    index
        Its number, which its seed is derived from.
    """

    wrong: bool
    index: int

    @property
    def words(self) -> str:
        """The unit in words."""
        return f"data set {self.index} of the {'wrong' if self.wrong else 'right'} simulator"


class Calibration(Hashable, Protocol):
    """One model or analysis, with what simulates data for it. Sent to workers by pickling."""

    @property
    def name(self) -> str:
        """Key, which is also the name of its files."""
        ...

    @property
    def label(self) -> str:
        """What is calibrated, in words."""
        ...

    @property
    def mistake(self) -> str:
        """What the deliberately wrong simulator does, in words."""
        ...

    @property
    def code(self) -> tuple[Path, ...]:
        """Source files that the ranks depend on."""
        ...

    @property
    def settings(self) -> Mapping[str, object]:
        """Everything else that the ranks depend on, as JSON has it: priors, sizes, settings of the sampler."""
        ...

    def prepare(self) -> None:
        """Compile what is compiled. Called once in each process, before its first data set."""
        ...

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        """Draw a truth from the prior and data from it, analyse them, and rank the truth.

        The result depends on nothing but the index and `wrong`, whichever process computes it and in whatever order;
        `wrong` has the deliberately wrong simulator draw the data.
        """
        ...


def digest(code: tuple[Path, ...]) -> str:
    """SHA-256 of what source files compute: their syntax trees without imports, docstrings and comments.

    A file that moves, or is explained better, computes what it did before.
    """
    dumped = sorted({ast.dump(_bare(ast.parse(path.read_text(encoding="utf-8")))) for path in code})
    return hashlib.sha256("\0".join(dumped).encode()).hexdigest()


def _bare(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [item for item in body if not _says_nothing(item)]  # type: ignore[attr-defined]  # has one
    return tree


def _says_nothing(node: ast.AST) -> bool:
    """Whether a statement is an import or a string that stands by itself."""
    lone = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return lone or isinstance(node, (ast.Import, ast.ImportFrom))


def identity(calibration: Calibration) -> dict[str, Any]:
    """What has to be equal for ranks to belong together: model, code, versions and settings, as JSON has them."""
    found: dict[str, Any] = json.loads(
        json.dumps(
            {
                "model": calibration.name,
                "digest": digest(calibration.code),
                "versions": versions(),
                "settings": dict(calibration.settings),
            }
        )
    )
    return found
