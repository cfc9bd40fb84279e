"""How a posterior is sampled: settings that travel together, and seeds that do not depend on the order of work."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from typing import Final

from reappraise.core.errors import AnalysisError
from reappraise.fits.diagnose import DIVERGED, LONGER_HELPS, Diagnosis, Thresholds

PACKAGES = ("reappraise", "pymc", "pytensor", "nutpie", "arviz", "numpy", "xarray")
"""Packages whose versions are recorded with every posterior."""

ACCEPT: Final = (0.98, 0.995, 0.999)
"""Acceptances that the step size is tuned to, one after the other until nothing diverges."""
LONGEST_RUN: Final = 4
"""How many times longer than asked a posterior is sampled at most, until its gate is passed."""


def fresh_seed() -> int:
    """A seed that nobody chose: recorded with what it gave, so that it can be given again."""
    return secrets.randbelow(2**31)


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
        Root seed; one is generated where none is given.
    thresholds
        What the diagnostics must keep.
    """

    chains: int = 4
    draws: int = 2000
    tune: int = 1000
    target_accept: float = 0.95
    level: float = 0.95
    seed: int = field(default_factory=fresh_seed)
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
        if not 0 <= self.seed < 2**63:
            raise AnalysisError(f"expected a whole number in 0 to 2^63 - 1 as seed, got {self.seed!r}")

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return asdict(self)

    @property
    def usual(self) -> bool:
        """Whether they are the usual effort or more: then a gate that is not passed is not the user's to mend."""
        least = Sampling(seed=0)
        return self.chains >= least.chains and self.draws >= least.draws and self.tune >= least.tune

    def after(self, diagnosis: Diagnosis, asked: Sampling) -> Sampling | None:
        """What to sample with after a verdict on these settings; None where it was passed, or nothing is left to try.

        Smaller steps where something diverged; else twice as many draws, where chains do not agree or draws do not
        suffice, up to `LONGEST_RUN` times those that were asked for.

        Parameters
        ----------
        diagnosis
            The verdict.
        asked
            What was asked for.
        """
        failed = {check.name for check in diagnosis.checks if not check.passed}
        smaller = [accept for accept in ACCEPT if accept > self.target_accept]
        if failed & DIVERGED and smaller:
            return replace(self, target_accept=smaller[0])
        if failed and failed <= LONGER_HELPS and self.draws < LONGEST_RUN * asked.draws:
            return replace(self, draws=2 * self.draws, tune=2 * self.tune)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much individual data are reconstructed, where only summaries are printed.

    Parameters
    ----------
    chains
        Independent chains, from independent starts.
    replicates
        Replicates kept of each chain.
    thin
        Sweeps between kept replicates; None for few at first, and twice as many until the chains agree.
    rounds
        Rounds of tuning, before anything is kept.
    patience
        Further rounds before the printed numbers count as unreachable.
    """

    chains: int = 4
    replicates: int = 150
    thin: int | None = None
    rounds: int = 4
    patience: int = 24

    def __post_init__(self) -> None:
        """Refuse what could not be judged."""
        thin = 1 if self.thin is None else self.thin
        if self.chains < 2 or self.replicates < 10 or thin < 1 or self.rounds < 2 or self.patience < 0:
            raise AnalysisError(f"expected at least 2 chains of 10 replicates and 2 rounds, got {self}")

    @property
    def usual(self) -> bool:
        """Whether it is the usual effort or more, as of `Sampling`; sweeps that are set are meant so."""
        least = Effort()
        enough = self.chains >= least.chains and self.replicates >= least.replicates
        return enough and self.thin is None and self.rounds >= least.rounds and self.patience >= least.patience


def settings_with(sampling: Sampling | None, seed: int | None) -> Sampling:
    """The settings given, or the usual ones, with the seed given, theirs, or a generated one."""
    settings = sampling or Sampling()
    return settings if seed is None else replace(settings, seed=seed)


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
