"""How a posterior is sampled: settings that travel together, and seeds that do not depend on the order of work."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from typing import Self

from reappraise.diagnose import Thresholds
from reappraise.errors import AnalysisError

PACKAGES = ("reappraise", "pymc", "pytensor", "nutpie", "arviz", "numpy", "xarray")
"""Packages whose versions are recorded with every posterior."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Settings of the sampler and of what is reported.

    Parameters
    ----------
    chains, draws, tune
        Independent chains, kept draws and discarded tuning draws of each.
    target_accept
        Acceptance rate that the step size is tuned to.
    level
        Coverage of reported intervals.
    seed
        Root seed; None has one generated, and recorded.
    thresholds
        What the diagnostics must keep.
    """

    chains: int = 4
    draws: int = 2000
    tune: int = 1000
    target_accept: float = 0.95
    level: float = 0.95
    seed: int | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)

    def __post_init__(self) -> None:
        """Refuse settings that cannot be sampled or judged."""
        for name, least in (("chains", 2), ("draws", 100), ("tune", 100)):
            if getattr(self, name) < least:
                raise AnalysisError(f"expected {name} of at least {least}, got {getattr(self, name)}")
        if not 0.5 <= self.target_accept < 1 or not 0 < self.level < 1:
            raise AnalysisError(
                f"expected target_accept in 0.5 to 1 and level in 0 to 1, got {self.target_accept} and {self.level}"
            )
        _check_seed(self.seed)

    def seeded(self) -> Self:
        """The same settings with a seed, generated if there was none."""
        return self if self.seed is not None else replace(self, seed=secrets.randbelow(2**31))

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return asdict(self)


def _check_seed(seed: object) -> None:
    if seed is not None and not (isinstance(seed, int) and 0 <= seed < 2**63):
        raise AnalysisError(f"expected a whole number in 0 to 2^63 - 1 as seed, got {seed!r}")


def derived_seed(root: int, *names: str) -> int:
    """Seed of one piece of work, from the root seed and the names of the work alone."""
    text = "\0".join((str(root), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def versions() -> dict[str, str]:
    """Versions of the packages that shape a posterior."""
    return dict(_versions())


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in PACKAGES)
