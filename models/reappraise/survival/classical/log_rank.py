"""The log-rank test of two arms: unweighted or weighted, in all patients or stratified."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reappraise.core.arms import Better
from reappraise.core.errors import AnalysisError
from reappraise.survival.classical.at_risk import number_at, number_from
from reappraise.survival.classical.weighting import LOG_RANK, Weighting

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """What the log-rank test answers.

    Parameters
    ----------
    weighting
        Name of the weighting of the times of events.
    strata
        Number of strata; 1 where the test is not stratified.
    observed, expected
        Events of the experimental arm, as observed and as expected were the hazards equal; sums of weights where the
        test is weighted.
    variance
        Variance of observed minus expected.
    z
        Their difference over its standard deviation; below 0 where the experimental arm has fewer events than expected.
    one_sided
        p value with the alternative that the experimental arm is better.
    two_sided
        p value with the alternative that the arms differ.
    """

    weighting: str
    strata: int
    observed: float
    expected: float
    variance: float
    z: float
    one_sided: float
    two_sided: float


def log_rank(
    time: Floats,
    event: NDArray[np.bool_],
    arm: NDArray[np.int8],
    *,
    better: Better,
    weighting: Weighting = LOG_RANK,
    stratum: NDArray[Any] | None = None,
) -> LogRank:
    r"""Log-rank test with the hypergeometric variance.

    .. math::
        O = \sum_{si} w_{si} d_{1si}, \quad E = \sum_{si} w_{si} d_{si} n_{1si} / n_{si}, \quad
        V = \sum_{si} w_{si}^2 d_{si} \frac{n_{1si}}{n_{si}} \frac{n_{0si}}{n_{si}} \frac{n_{si} - d_{si}}{n_{si} - 1},
        \quad z = (O - E) / \sqrt{V}

    over the distinct times i of events of each stratum s. Patients are compared within their stratum only, and the
    weights too come from their stratum alone.

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
    weighting
        How the times of events are weighed; equally by default.
    stratum
        Each patient's stratum, any labels that can be sorted; dims (patient,). None for an unstratified test.

    Raises
    ------
    AnalysisError
        If no event with a weight above 0 happened while both arms were at risk and somebody survived it.

    References
    ----------
    Mantel N. Evaluation of survival data and two new rank order statistics arising in its consideration.
    Cancer Chemother Rep 1966;50:163-170.
    Peto R, Peto J. Asymptotically efficient rank invariant test procedures. J R Stat Soc A 1972;135:185-207.
    doi:10.2307/2344317
    Klein JP, Moeschberger ML. Survival analysis, 2nd edition, sections 7.3 and 7.5. Springer 2003.
    doi:10.1007/b97377

    Examples
    --------
    >>> time, event = np.array([1.0, 3.0, 2.0, 4.0]), np.array([True, True, True, False])
    >>> found = log_rank(time, event, np.array([0, 0, 1, 1], dtype=np.int8), better="higher")
    >>> round(found.observed, 4), round(found.expected, 4), round(found.variance, 4)
    (1.0, 1.6667, 0.7222)
    """
    if stratum is not None and stratum.shape != time.shape:
        raise ValueError(f"expected a stratum for each of {time.size} patients, got an array of shape {stratum.shape}")
    labels = np.zeros(time.size) if stratum is None else stratum
    groups = [labels == label for label in np.unique(labels)]
    observed, expected, variance = np.sum(
        [_of_stratum(time[own], event[own], arm[own] == 1, weighting) for own in groups] or np.zeros((1, 3)), axis=0
    ).tolist()
    if not variance > 0:
        raise AnalysisError(
            "expected an event while both arms are at risk that somebody survives, got none: no log-rank test"
            if weighting is LOG_RANK and stratum is None
            else f"expected an event of weight above 0 while both arms of a stratum are at risk, and that somebody "
            f"survives, got none: no {weighting.name} test"
        )
    z = (observed - expected) / sqrt(variance)
    return LogRank(
        weighting=weighting.name,
        strata=len(groups),
        observed=observed,
        expected=expected,
        variance=variance,
        z=z,
        one_sided=NormalDist().cdf(z if better == "higher" else -z),
        two_sided=2 * NormalDist().cdf(-abs(z)),
    )


def _of_stratum(
    time: Floats, event: NDArray[np.bool_], experimental: NDArray[np.bool_], weighting: Weighting
) -> tuple[float, float, float]:
    """Weighted events observed and expected on the experimental arm, and the variance, of one stratum."""
    times = np.unique(time[event])
    if times.size == 0:
        return 0.0, 0.0, 0.0
    deaths = number_at(times, time[event])
    deaths_experimental = number_at(times, time[event & experimental])
    at_risk = number_from(times, time)
    share = number_from(times, time[experimental]) / at_risk
    weights = weighting.weights(at_risk, deaths)
    survivors = (at_risk - deaths) / np.maximum(at_risk - 1, 1)
    return (
        float((weights * deaths_experimental).sum()),
        float((weights * deaths * share).sum()),
        float((weights**2 * deaths * share * (1 - share) * survivors).sum()),
    )
