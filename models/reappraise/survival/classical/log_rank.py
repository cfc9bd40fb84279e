"""The log-rank test of two arms."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from reappraise.core.arms import Better
from reappraise.core.errors import AnalysisError
from reappraise.survival.classical.at_risk import number_at, number_from

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """What the log-rank test answers.

    Parameters
    ----------
    observed, expected
        Events of the experimental arm, as observed and as expected were the hazards equal.
    variance
        Variance of observed minus expected.
    z
        Their difference over its standard deviation; below 0 where the experimental arm has fewer events than expected.
    one_sided
        p value with the alternative that the experimental arm is better.
    two_sided
        p value with the alternative that the arms differ.
    """

    observed: float
    expected: float
    variance: float
    z: float
    one_sided: float
    two_sided: float


def log_rank(time: Floats, event: NDArray[np.bool_], arm: NDArray[np.int8], *, better: Better) -> LogRank:
    r"""Log-rank test, unstratified and unweighted, with the hypergeometric variance.

    .. math::
        E = \sum_i d_i n_{1i} / n_i, \quad
        V = \sum_i d_i \frac{n_{1i}}{n_i} \frac{n_{0i}}{n_i} \frac{n_i - d_i}{n_i - 1}, \quad z = (O - E) / \sqrt{V}

    over the distinct times of events.

    Parameters
    ----------
    time
        Time to event or end of observation; dims (patient,).
    event
        Whether the time is that of an event; dims (patient,).
    arm
        0 for control, 1 for experimental; dims (patient,).
    better
        "higher" where a longer time is better for the patient, "lower" where a shorter one is.

    Raises
    ------
    AnalysisError
        If no event happened while both arms were at risk and somebody survived it.

    References
    ----------
    Mantel N. Evaluation of survival data and two new rank order statistics arising in its consideration.
    Cancer Chemother Rep 1966;50:163-170.
    Peto R, Peto J. Asymptotically efficient rank invariant test procedures. J R Stat Soc A 1972;135:185-207.
    doi:10.2307/2344317
    """
    experimental = arm == 1
    times = np.unique(time[event])
    deaths = number_at(times, time[event])
    deaths_experimental = number_at(times, time[event & experimental])
    at_risk = number_from(times, time)
    share = number_from(times, time[experimental]) / at_risk
    observed, expected = float(deaths_experimental.sum()), float((deaths * share).sum())
    survivors = (at_risk - deaths) / np.maximum(at_risk - 1, 1)
    variance = float((deaths * share * (1 - share) * survivors).sum())
    if variance <= 0:
        raise AnalysisError(
            "expected an event while both arms are at risk that somebody survives, got none: no log-rank test"
        )
    z = (observed - expected) / sqrt(variance)
    return LogRank(
        observed=observed,
        expected=expected,
        variance=variance,
        z=z,
        one_sided=NormalDist().cdf(z if better == "higher" else -z),
        two_sided=2 * NormalDist().cdf(-abs(z)),
    )
