"""The gate every fit passes or fails: convergence and precision, thresholds in one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from math import inf, isfinite, nan
from statistics import NormalDist
from typing import Literal

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray

type Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a fit must keep to be trusted.

    Parameters
    ----------
    r_hat
        Largest rank-normalised split R-hat.
    effective_draws
        Smallest bulk and tail effective sample size, over all chains.
    effective_draws_per_chain
        Smallest bulk and tail effective sample size divided by the number of chains.
    divergences
        Most divergent transitions.
    e_bfmi
        Smallest energy Bayesian fraction of missing information of any chain.
    relative_error
        Largest Monte Carlo standard error of a reported number (median, interval limits), as a fraction of the
        posterior standard deviation, as far as it is within reach; ratios on the log scale.

    References
    ----------
    Vehtari A, Gelman A, Simpson D, Carpenter B, Bürkner P-C. Rank-normalization, folding, and localization: an
    improved R-hat. Bayesian Analysis 2021;16:667-718. doi:10.1214/20-BA1221
    """

    r_hat: float = 1.01
    effective_draws: float = 400.0
    effective_draws_per_chain: float = 100.0
    divergences: int = 0
    e_bfmi: float = 0.3
    relative_error: float = 0.1


ENSEMBLE = Thresholds(r_hat=1.02, effective_draws=200.0, effective_draws_per_chain=50.0, relative_error=0.2)
"""What a fit to reconstructed data must keep. Its chains are those of the reconstruction, which moves slowly: fewer
effective draws are allowed, and fewer digits are printed for it, since digits follow the Monte Carlo error."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Draws that a verdict looks at.

    Parameters
    ----------
    draws
        Dims (chain, draw), on the scale that they are judged on: ratios as logarithms.
    reported
        Whether median and limits are printed, and so must be precise.
    beyond
        Values above it are reported as not reached, on the same scale: how far above says nothing.
    """

    draws: Floats
    reported: bool = False
    beyond: float = inf


@dataclass(frozen=True, slots=True)
class Check:
    """The worst value of one diagnostic, where it stands, and what it must keep.

    Parameters
    ----------
    name
        The diagnostic.
    value, threshold
        Its worst value, and what it must keep.
    variable
        Where the worst value stands.
    passed
        Whether the threshold is kept.
    remedy
        What to change where it is not.
    """

    name: str
    value: float
    threshold: float
    variable: str
    passed: bool
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Verdict on a fit and the checks that led to it."""

    checks: tuple[Check, ...]

    @property
    def converged(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def missed(self) -> int:
        """How many checks did not pass."""
        return sum(not check.passed for check in self.checks)

    @property
    def verdict(self) -> Literal["converged", "NOT CONVERGED"]:
        """The verdict in words, as shown beside every number of the fit."""
        return "converged" if self.converged else "NOT CONVERGED"

    @property
    def failures(self) -> str:
        """What failed, in a line; empty when nothing did."""
        return "; ".join(
            f"{check.name} {check.value:.4g} at {check.variable} (must keep {check.threshold:g})"
            for check in self.checks
            if not check.passed
        )

    @property
    def advice(self) -> tuple[str, ...]:
        """What to change, for each kind of failure once; empty when nothing failed."""
        return tuple(dict.fromkeys(check.remedy for check in self.checks if not check.passed and check.remedy))

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        return {"verdict": self.verdict, "checks": [asdict(check) for check in self.checks]}

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(check.name)}</td><td>{check.value:.4g}</td><td>{check.threshold:g}</td>"
            f"<td>{escape(check.variable)}</td><td>{'yes' if check.passed else '<b>NO</b>'}</td></tr>"
            for check in self.checks
        )
        head = "<tr><th>check</th><th>worst</th><th>threshold</th><th>where</th><th>kept</th></tr>"
        return f"<table><caption>{self.verdict}</caption>{head}{rows}</table>"


DIVERGED = frozenset({"divergences", "divergences by way"})
"""Checks that smaller steps may pass."""
LONGER_HELPS = frozenset(
    {"R-hat", "bulk effective draws", "tail effective draws", "Monte Carlo error / sd", "E-BFMI"}
    | {"Monte Carlo error of a contrast / sd", "E-BFMI by way", "error of the probability of a way / sd"}
)
"""Checks that a longer run may pass."""
MORE_DRAWS = "keep more draws (draws, --draws)"
MORE_TUNING = "tune for longer (tune, --tune)"
SMALLER_STEPS = "take smaller steps (target_accept nearer to 1, --target-accept)"


def diagnose(
    judged: Mapping[str, Judged],
    *,
    diverging: NDArray[np.bool_] | None,
    energy: Floats | None,
    thresholds: Thresholds,
    level: float,
) -> Diagnosis:
    """Judge a fit by everything that is reported from it.

    Parameters
    ----------
    judged
        Named draws. One that is nowhere reached is reported as that alone, and is left out; of one that is reached in
        some draws, a limit is judged where it is a number.
    diverging, energy
        Statistics of NUTS, dims (chain, draw); None of a sampler that has none.
    thresholds
        What must be kept.
    level
        Coverage of the reported intervals, whose limits must be precise.
    """
    chains = next(iter(judged.values())).draws.shape[0]
    needed = max(thresholds.effective_draws, thresholds.effective_draws_per_chain * chains)
    tails = ((1 - level) / 2, (1 + level) / 2)
    r_hat: dict[str, float] = {}
    bulk: dict[str, float] = {}
    tail: dict[str, float] = {}
    error: dict[str, float] = {}
    for name, one in judged.items():
        if (one.draws > one.beyond).all():
            continue
        draws = np.minimum(one.draws, one.beyond)
        if np.ptp(draws) == 0:  # never moved: nothing can be said for it
            r_hat[name] = bulk[name] = tail[name] = error[name] = nan
            continue
        r_hat[name] = float(array_stats.rhat(draws, chain_axis=0, draw_axis=1))
        bulk[name] = float(array_stats.ess(draws, chain_axis=0, draw_axis=1, method="bulk"))
        tail[name] = float(array_stats.ess(draws, chain_axis=0, draw_axis=1, method="tail", prob=tails))
        found = list(_errors(one, tails)) if one.reported else []
        if found:
            error[name] = float(np.max(found)) / _spread(one, tails)
    return Diagnosis(
        (
            _at_most("R-hat", r_hat, thresholds.r_hat, f"{MORE_TUNING}, then {MORE_DRAWS}"),
            _at_least("bulk effective draws", bulk, needed, MORE_DRAWS),
            _at_least("tail effective draws", tail, needed, MORE_DRAWS),
            # of what is not reported, nobody asks how precise it is
            *([_at_most("Monte Carlo error / sd", error, thresholds.relative_error, MORE_DRAWS)] if error else ()),
            *_of_sampler(diverging, energy, thresholds),
        )
    )


def _of_sampler(diverging: NDArray[np.bool_] | None, energy: Floats | None, thresholds: Thresholds) -> Iterator[Check]:
    """Yield what the statistics of NUTS tell."""
    if diverging is not None:
        divergences, most = int(diverging.sum()), thresholds.divergences
        yield Check("divergences", divergences, most, "sampler", divergences <= most, SMALLER_STEPS)
    if energy is not None:
        bfmi = np.atleast_1d(array_stats.bfmi(energy, chain_axis=0, draw_axis=1))
        by_chain = {f"chain {index}": float(value) for index, value in enumerate(bfmi)}
        yield _at_least("E-BFMI", by_chain, thresholds.e_bfmi, MORE_TUNING)


def _errors(one: Judged, tails: tuple[float, float]) -> Iterator[float]:
    """Yield the Monte Carlo error of the median and of each limit that is a number."""
    within = np.minimum(one.draws, one.beyond)  # as they are reported: how far beyond they lie is no error
    median, *limits = np.quantile(within, (0.5, *tails))
    if median < one.beyond:
        yield float(array_stats.mcse(within, chain_axis=0, draw_axis=1, method="median"))
    for limit, place in zip(limits, tails, strict=True):
        if limit < one.beyond:
            yield float(array_stats.mcse(within, chain_axis=0, draw_axis=1, method="quantile", prob=place))


def _spread(one: Judged, tails: tuple[float, float]) -> float:
    """Standard deviation of what is within reach: how far beyond the others lie would make any error look small.

    Where the upper limit is beyond, so much is cut off that this is no longer the width of the posterior: then it is
    that of the normal distribution with the same lower limit and as much within reach.
    """
    reached = one.draws <= one.beyond
    share, lower = float(reached.mean()), float(np.quantile(one.draws, tails[0]))
    if not tails[0] < share <= tails[1]:
        return float(np.std(one.draws[reached]))
    place = NormalDist().inv_cdf
    return (one.beyond - lower) / (place(share) - place(tails[0]))


def _at_most(name: str, found: Mapping[str, float], threshold: float, remedy: str) -> Check:
    worst = max(found, key=lambda key: found[key] if isfinite(found[key]) else np.inf)
    passed = bool(isfinite(found[worst]) and found[worst] <= threshold)
    return Check(name, found[worst], threshold, worst, passed, remedy)


def _at_least(name: str, found: Mapping[str, float], threshold: float, remedy: str) -> Check:
    worst = min(found, key=lambda key: found[key] if isfinite(found[key]) else -np.inf)
    passed = bool(isfinite(found[worst]) and found[worst] >= threshold)
    return Check(name, found[worst], threshold, worst, passed, remedy)
