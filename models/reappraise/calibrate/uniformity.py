"""Are ranks uniform: three tests, each sharp for another way to be wrong, and how often a right model fails them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reappraise.calibrate.calibration import Ranks

FALSE_ALARM = 0.001
"""A right model fails at most this often, over all of its quantities and tests."""
LEAST = 20
"""Fewer data sets are not judged."""
_BINS = 20
_EXPECTED = 10
"""Ranks that a bin of the histogram should hold, for the chi-square distribution to hold far into its tail."""

type Test = Literal["histogram", "distance", "spread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniformity:
    r"""How uniform the ranks of one quantity are.

    Parameters
    ----------
    counts
        Ranks in bins of equal width.
    p_histogram
        Chi-square test of the counts: any shape.
    p_distance
        Kolmogorov-Smirnov test of the ranks: sharp for a posterior that lies too low or too high.
    p_spread
        Two-sided test of :math:`\sum \Phi^{-1}(r)^2 \sim \chi^2_n`: sharp for one too narrow or too wide.
    coverage_50, coverage_90
        Fraction of truths within the equal-tailed 50% and 90% intervals.
    z_50, z_90
        Those fractions minus 0.5 and 0.9, in standard errors.

    References
    ----------
    Cook SR, Gelman A, Rubin DB. Validation of software for Bayesian models using posterior quantiles. J Comput
    Graph Stat 2006;15:675-692. doi:10.1198/106186006X136976
    Talts S, Betancourt M, Simpson D, Vehtari A, Gelman A. Validating Bayesian inference algorithms with
    simulation-based calibration. 2018. arXiv:1804.06788
    """

    counts: tuple[int, ...]
    p_histogram: float
    p_distance: float
    p_spread: float
    coverage_50: float
    coverage_90: float
    z_50: float
    z_90: float

    @classmethod
    def of(cls, ranks: NDArray[np.float64]) -> Self:
        """Judge the ranks of one quantity, fractions of 0 to 1.

        Raises
        ------
        ValueError
            If they are fewer than twenty, or not all in 0 to 1.
        """
        number = ranks.size
        if number < LEAST or not ((ranks >= 0) & (ranks <= 1)).all():
            raise ValueError(f"expected at least {LEAST} ranks, all in 0 to 1, got {number}")
        bins = min(_BINS, number // _EXPECTED)
        counts = np.histogram(ranks, bins=bins, range=(0.0, 1.0))[0]
        squares = float(np.sum(stats.norm.ppf(np.clip(ranks, 1e-12, 1 - 1e-12)) ** 2))
        tail = min(float(stats.chi2.cdf(squares, number)), float(stats.chi2.sf(squares, number)))
        inside = {level: float(np.mean(np.abs(ranks - 0.5) < level / 2)) for level in (0.5, 0.9)}
        z = {level: (found - level) / (level * (1 - level) / number) ** 0.5 for level, found in inside.items()}
        return cls(
            counts=tuple(int(count) for count in counts),
            p_histogram=_short(stats.chisquare(counts).pvalue),
            p_distance=_short(stats.kstest(ranks, "uniform").pvalue),
            p_spread=_short(min(1.0, 2 * tail)),
            coverage_50=round(inside[0.5], 4),
            coverage_90=round(inside[0.9], 4),
            z_50=round(z[0.5], 2),
            z_90=round(z[0.9], 2),
        )

    @property
    def tests(self) -> dict[Test, float]:
        """The p value of each test."""
        return {"histogram": self.p_histogram, "distance": self.p_distance, "spread": self.p_spread}

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """From what `as_dict` gave."""
        return cls(**{**plain, "counts": tuple(plain["counts"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether all quantities together are uniform.

    Parameters
    ----------
    uniform
        Whether every p value is at or above the threshold.
    smallest
        The smallest p value.
    quantity, test
        Where it was found.
    threshold
        The false-alarm rate over the number of p values (Bonferroni, which holds however they depend on each other).
    """

    uniform: bool
    smallest: float
    quantity: str
    test: Test
    threshold: float


def summarise(ranks: Sequence[Ranks]) -> dict[str, Uniformity]:
    """Judge every quantity over many data sets.

    Raises
    ------
    ValueError
        If data sets differ in their quantities, or are too few to judge.
    """
    names = list(ranks[0]) if ranks else []
    if any(set(item) != set(names) for item in ranks):
        raise ValueError("expected the same quantities from every data set")
    return {name: Uniformity.of(np.array([item[name] for item in ranks])) for name in names}


def judge(quantities: Mapping[str, Uniformity]) -> Verdict:
    """Verdict over all quantities of a model; a right model fails at most once in a thousand times."""
    smallest, quantity, test = min(
        (p, name, test) for name, item in quantities.items() for test, p in item.tests.items()
    )
    threshold = FALSE_ALARM / sum(len(item.tests) for item in quantities.values())
    return Verdict(uniform=smallest >= threshold, smallest=smallest, quantity=quantity, test=test, threshold=threshold)


def _short(p: object) -> float:
    """Three significant digits: a small p value stays one."""
    return float(f"{p:.3g}")
