"""Summaries of known data, rounded as a paper prints them: what reconstructions are proved on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp, isfinite, log, sqrt
from typing import Final

import numpy as np
from scipy.stats import norm

from reappraise.published.patients import PatientData
from reappraise.survival.classical.cox import hazard_ratio
from reappraise.survival.classical.log_rank import log_rank
from reappraise.survival.pseudo_ipd.recompute import replicate_statistics
from reappraise.survival.pseudo_ipd.summaries import Estimators, Rounded, Summaries
from reappraise.survival.pseudo_ipd.targets import BOTH_ARMS, CURVE_STATISTICS, Statistic, Target

PRINTED: Final[Mapping[Statistic, float]] = {
    "quantile": 0.1,
    "quantile low": 0.1,
    "quantile high": 0.1,
    "survival": 0.001,
    "survival low": 0.001,
    "survival high": 0.001,
    "log hazard ratio": 0.01,
    "log hazard ratio low": 0.01,
    "log hazard ratio high": 0.01,
    "log-rank z": 0.001,
    "follow-up median": 0.1,
}
"""A unit of the last digit of each number; of hazard ratios, not their logarithms; of z, its one-sided p."""


def publish(
    data: PatientData,
    *,
    landmarks: tuple[float, ...],
    horizon: float,
    minimum_follow_up: float = 0.0,
    estimators: Estimators | None = None,
    printed: Mapping[Statistic, float] = PRINTED,
    rounded: Rounded = "nearest",
) -> Summaries:
    """What a paper would print of known data, and no more.

    Of tied events, the hazard ratio is Efron's and the log-rank test the hypergeometric one, as R has them; times are
    then known to the unit of the ties only (`Summaries.tied`), which the notes say.

    Parameters
    ----------
    data
        One replicate of data.
    landmarks
        Times at which survival is printed.
    horizon, minimum_follow_up
        Longest and shortest follow-up by design.
    estimators
        Estimators of the intervals.
    printed
        Which statistics are printed, and a unit of the last digit of each.
    rounded
        How tied times came about, as `Summaries.tied` takes it.
    """
    used = estimators or Estimators(landmark="plain")
    questions = tuple(_questions(printed, landmarks, used))
    values = replicate_statistics(data, questions)[0, 0]
    ties = _unit_of_ties(data)
    if ties:
        answers = _of_both_arms(data)
        values = np.array([answers.get(one.statistic, value) for one, value in zip(questions, values, strict=True)])
    own = [data.event[0, 0][data.arm == arm] for arm in (0, 1)]
    summaries = Summaries(
        endpoint=data.endpoint,
        arms=data.arms,
        unit=data.unit,
        totals=data.patients,
        events=(int(own[0].sum()), int(own[1].sum())),
        targets=tuple(
            _bounded(question, float(value), printed[question.statistic], data)
            for question, value in zip(questions, values, strict=True)
        ),
        horizon=horizon,
        minimum_follow_up=minimum_follow_up,
        estimators=used,
    )
    return summaries.tied(ties, rounded=rounded) if ties else summaries


def _unit_of_ties(data: PatientData) -> float:
    """Smallest distance of distinct times of events, where some are tied; else 0."""
    happened = np.sort(data.time[0, 0][data.event[0, 0]])
    gaps = np.diff(happened)
    apart = gaps > 1e-9 * data.horizon  # as far as multiples of a unit are the same number
    if apart.all():
        return 0.0
    return float(gaps[apart].min()) if apart.any() else float(happened[0])


def _of_both_arms(data: PatientData) -> Mapping[Statistic, float]:
    """Comparisons of the arms with tied events."""
    time, event, arm = data.time[0, 0], data.event[0, 0], data.arm
    ratio = hazard_ratio(time, event, arm)
    return {
        "log hazard ratio": ratio.log_value,
        "log hazard ratio low": log(ratio.low),
        "log hazard ratio high": log(ratio.high),
        "log-rank z": log_rank(time, event, arm, better="higher").z,
    }


def _questions(printed: Mapping[Statistic, float], landmarks: tuple[float, ...], used: Estimators) -> Iterator[Target]:
    for statistic in printed:
        places = landmarks if statistic in CURVE_STATISTICS else (0.5,)
        transform = used.landmark if statistic in CURVE_STATISTICS else used.median
        for at in places:
            for arm in (0,) if statistic in BOTH_ARMS else (0, 1):
                yield Target(
                    statistic=statistic,
                    arm=arm,
                    low=-np.inf,
                    high=np.inf,
                    scale=1.0,
                    at=at,
                    transform=transform,
                    text=f"{statistic}{f' at {at:g}' if statistic in CURVE_STATISTICS else ''}, arm {arm}",
                )


def _bounded(question: Target, value: float, unit: float, data: PatientData) -> Target:
    total = data.patients[question.arm]
    events = max(int(data.event[0, 0][data.arm == question.arm].sum()), 1)
    low, high, scale = value, value, data.horizon / 6
    if question.statistic == "log-rank z":
        probabilities = np.clip(_rounded(float(norm.cdf(value)), unit), 0.0, 1.0)
        low, high = (float(norm.ppf(p)) for p in probabilities)
        scale = 1.0
    elif question.statistic in BOTH_ARMS:
        ratios = _rounded(exp(value), unit)
        low, high = log(max(ratios[0], unit / 10)), log(ratios[1])
        scale = sqrt(1 / events + 1 / max(int(data.event[0, 0].sum()) - events, 1))
    elif isfinite(value):
        low, high = _rounded(value, unit)
        if question.statistic in CURVE_STATISTICS:
            scale = sqrt(max(value * (1 - value), 0.01) / total)
        else:
            scale = max(value, data.horizon / 50) / sqrt(events)
    return Target(
        statistic=question.statistic,
        arm=question.arm,
        low=low,
        high=high,
        scale=scale,
        at=question.at,
        transform=question.transform,
        text=question.text,
    )


def _rounded(value: float, unit: float) -> tuple[float, float]:
    """What rounds to the same printed number as the value."""
    printed = round(value / unit) * unit
    return printed - unit / 2, printed + unit / 2
