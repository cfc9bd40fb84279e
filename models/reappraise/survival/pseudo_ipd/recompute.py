"""Classical answers on every replicate: they give back what was printed, and what could have been."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from reappraise.core.estimate import Estimate
from reappraise.published.patients import PatientData
from reappraise.survival.pseudo_ipd.statistics import evaluate, scratch
from reappraise.survival.pseudo_ipd.summaries import Estimators
from reappraise.survival.pseudo_ipd.targets import Statistic, Target, specification

type Floats = NDArray[np.float64]


def replicate_statistics(data: PatientData, targets: tuple[Target, ...]) -> Floats:
    """Every target's statistic in every replicate; dims (chain, replicate, target)."""
    totals = np.array(data.patients, dtype=np.int64)
    spec = specification(targets, int(totals.max()), data.horizon)
    work = scratch(data.arm.size)
    found = np.empty((*data.time.shape[:2], len(targets)))
    for place in np.ndindex(data.time.shape[:2]):
        # at equal times events come first, as in every Kaplan-Meier estimate
        order = np.lexsort((~data.event[place], data.time[place]))
        values = np.empty(len(targets))
        evaluate(
            data.time[place][order],
            data.event[place][order],
            data.arm[order],
            totals,
            spec,
            data.horizon,
            inf,
            np.zeros(2),
            work,
            values,
        )
        found[place] = values
    return found


def recompute_replicates(
    data: PatientData, *, estimators: Estimators, landmarks: tuple[float, ...], level: float, better: str
) -> Iterator[Estimate]:
    """Yield medians, survival at landmarks and the hazard ratio with the log-rank p, each the median over replicates.

    Parameters
    ----------
    data
        Replicates.
    estimators
        Estimators of the intervals.
    landmarks
        Times of the survival probabilities.
    level
        Coverage of the classical intervals.
    better
        "higher" if a longer time is good; the one-sided p is that of the experimental arm being better.
    """
    z = float(norm.ppf((1 + level) / 2))
    targets = tuple(_questions(landmarks, estimators, z))
    values = replicate_statistics(data, targets).reshape(-1, len(targets))
    table = {(t.statistic, t.arm, t.at): values[:, k] for k, t in enumerate(targets)}
    number = values.shape[0]
    make = partial(Estimate, endpoint=data.endpoint, kind="recomputed", level=level)
    for arm, name in enumerate(data.arms):
        first, low, high = (table[statistic, arm, 0.5] for statistic in _QUANTILES)
        yield make(
            quantity="median",
            arm=name,
            value=_median(first),
            low=_median(low),
            high=_median(high),
            method=f"Kaplan-Meier, {estimators.median} interval; {_over(first, number)}",
        )
        for landmark in landmarks:
            first, low, high = (table[statistic, arm, landmark] for statistic in _SURVIVALS)
            yield make(
                quantity="survival",
                arm=name,
                at=f"{landmark:g} {data.unit}",
                value=_median(first),
                low=_median(low),
                high=_median(high),
                method=f"Kaplan-Meier, {estimators.landmark} interval; {_over(first, number)}",
            )
    ratio, low, high = (np.exp(table[statistic, 0, 0.5]) for statistic in _HAZARD_RATIOS)
    score = float(np.median(table["log-rank z", 0, 0.5]))
    yield make(
        quantity="hazard_ratio",
        numerator=data.arms[1],
        denominator=data.arms[0],
        value=_median(ratio),
        low=_median(low),
        high=_median(high),
        p_value=float(norm.cdf(score if better == "higher" else -score)),
        sides=1,
        method=f"Cox with Wald interval, log-rank p; {_over(ratio, number)}",
    )


_QUANTILES: tuple[Statistic, ...] = ("quantile", "quantile low", "quantile high")
_SURVIVALS: tuple[Statistic, ...] = ("survival", "survival low", "survival high")
_HAZARD_RATIOS: tuple[Statistic, ...] = ("log hazard ratio", "log hazard ratio low", "log hazard ratio high")


def _questions(landmarks: tuple[float, ...], estimators: Estimators, z: float) -> Iterator[Target]:
    def ask(statistic: Statistic, arm: int, at: float = 0.5) -> Target:
        transform = estimators.landmark if statistic in _SURVIVALS else estimators.median
        return Target(
            statistic=statistic, arm=arm, low=-inf, high=inf, scale=1.0, at=at, z=z, transform=transform, text=statistic
        )

    for arm in (0, 1):
        for statistic in _QUANTILES:
            yield ask(statistic, arm)
        for landmark in landmarks:
            for statistic in _SURVIVALS:
                yield ask(statistic, arm, landmark)
    for statistic in (*_HAZARD_RATIOS, "log-rank z"):
        yield ask(statistic, 0)


def _median(values: Floats) -> float:
    """Median that never averages a number with infinity."""
    return float(np.quantile(values, 0.5, method="inverted_cdf"))


def _over(values: Floats, number: int) -> str:
    if number == 1:
        return "individual data"
    low, high = float(values.min()), float(values.max())
    spread = f"{low:.4g} to {high:.4g}" if isfinite(high) else f"{low:.4g} to not reached"
    return f"median of {number} reconstructions, {spread}"
