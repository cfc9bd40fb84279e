"""Classical answers from individual survival data, as estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import hypot
from statistics import NormalDist
from typing import Any

from reappraise.core.arms import Better
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.published.patients import PatientData
from reappraise.survival.classical.cox import TIES, hazard_ratio
from reappraise.survival.classical.kaplan_meier import SCALES, KaplanMeier, kaplan_meier, median, survival_at
from reappraise.survival.classical.log_rank import log_rank
from reappraise.survival.classical.restricted_mean import (
    RestrictedAnswer,
    lost_ratio,
    mean_difference,
    mean_ratio,
    of_arm,
    restricted_mean,
)


@dataclass(frozen=True, slots=True)
class SurvivalAnswer:
    """What could be computed from individual data, and what could not.

    Parameters
    ----------
    estimates
        The estimates; the first row of a quantity is the default. Iterating over the answer yields them.
    refused
        One sentence for everything that was asked and could not be computed: what, of whom, and why.
    """

    estimates: tuple[Estimate, ...]
    refused: tuple[str, ...]

    def __iter__(self) -> Iterator[Estimate]:
        return iter(self.estimates)


def recompute_survival(
    data: PatientData,
    *,
    horizon: float,
    landmarks: tuple[float, ...] = (),
    level: float = 0.95,
    better: Better = "higher",
) -> SurvivalAnswer:
    """Frequentist estimates of known data; contrasts are experimental over, or minus, control.

    Medians and landmark survival of each arm with each interval; differences of landmark survival; hazard ratios by
    Cox regression, the first with the two-sided log-rank p value; one-sided log-rank p value as a row without value;
    restricted means to the horizon.

    Parameters
    ----------
    data
        Known data: one chain of one replicate.
    horizon
        Horizon of the restricted means, in the unit of the data.
    landmarks
        Times at which survival is wanted, in the unit of the data.
    level
        Coverage of the intervals.
    better
        "higher" where a longer time is better for the patient.

    Raises
    ------
    AnalysisError
        If the data are an ensemble of reconstructions, or an arm has no patients.
    """
    if (data.chains, data.replicates) != (1, 1):
        raise AnalysisError(
            f"{data.endpoint}: expected known data, got {data.chains} x {data.replicates} reconstructions of them"
        )
    if 0 in data.patients:
        raise AnalysisError(f"{data.endpoint}: expected patients in both arms, got {data.patients}")
    refused: list[str] = []
    time, event = data.time[0, 0], data.event[0, 0]
    curves = tuple(kaplan_meier(time[data.arm == code], event[data.arm == code]) for code in (0, 1))
    estimates = (
        *_medians(data, curves, level),
        *_landmarks(data, curves, landmarks, level, refused),
        *_hazards(data, level, better, refused),
        *_restricted(data, curves, horizon, level, refused),
    )
    return SurvivalAnswer(estimates, tuple(refused))


def _row(data: PatientData) -> partial[Estimate]:
    return partial(Estimate, endpoint=data.endpoint, kind="recomputed")


def _contrast(data: PatientData) -> partial[Estimate]:
    return partial(_row(data), numerator=data.arms[1], denominator=data.arms[0])


def _medians(data: PatientData, curves: tuple[KaplanMeier, ...], level: float) -> Iterator[Estimate]:
    for arm, curve in zip(data.arms, curves, strict=True):
        for scale in SCALES:
            found = median(curve, scale=scale, level=level)
            yield _row(data)(
                quantity="median",
                arm=arm,
                method=found.method,
                value=found.value,
                low=found.low,
                high=found.high,
                level=level,
            )


def _landmarks(
    data: PatientData, curves: tuple[KaplanMeier, ...], landmarks: tuple[float, ...], level: float, refused: list[str]
) -> Iterator[Estimate]:
    for landmark in landmarks:
        at = f"{landmark:g} {data.unit}"
        known = []
        for arm, curve in zip(data.arms, curves, strict=True):
            what = f"survival of {arm} at {at}"
            ask = partial(survival_at, curve, landmark, level=level)
            known.append(_answer(refused, what, partial(ask, scale=SCALES[0])))
            for scale in SCALES if known[-1] else ():
                limits = ask(scale=scale)
                yield _row(data)(
                    quantity="survival",
                    arm=arm,
                    at=at,
                    method=f"Kaplan-Meier, pointwise interval, {scale}",
                    value=limits.value,
                    low=limits.low,
                    high=limits.high,
                    level=None if limits.low is None else level,
                )
        control, experimental = known
        if not (control and experimental):
            continue
        value = experimental.value - control.value
        width = NormalDist().inv_cdf((1 + level) / 2) * hypot(control.standard_error, experimental.standard_error)
        given = control.low is not None and experimental.low is not None
        yield _contrast(data)(
            quantity="survival_difference",
            at=at,
            method="Kaplan-Meier, Wald interval with Greenwood's variance",
            value=value,
            low=value - width if given else None,
            high=value + width if given else None,
            level=level if given else None,
        )


def _hazards(data: PatientData, level: float, better: Better, refused: list[str]) -> Iterator[Estimate]:
    time, event, arm = data.time[0, 0], data.event[0, 0], data.arm
    test = _answer(refused, "log-rank test", partial(log_rank, time, event, arm, better=better))
    row = partial(_contrast(data), quantity="hazard_ratio")
    tested = {"p_value": test.two_sided, "sides": 2} if test else {}
    for ties in TIES:
        ask = partial(hazard_ratio, time, event, arm, ties=ties, level=level)
        found = _answer(refused, f"hazard ratio, {ties} ties", ask)
        if not found:
            continue
        method = f"Cox regression, {ties} ties, Wald interval"
        yield row(
            method=f"{method}; two-sided log-rank p value" if tested else method,
            value=found.value,
            low=found.low,
            high=found.high,
            level=level,
            **tested,
        )
        tested = {}
    if test and tested:
        yield row(method="Log-rank test", value=None, **tested)
    if test:
        yield row(method="Log-rank test: experimental arm better", value=None, p_value=test.one_sided, sides=1)


def _restricted(
    data: PatientData, curves: tuple[KaplanMeier, ...], horizon: float, level: float, refused: list[str]
) -> Iterator[Estimate]:
    at = f"{horizon:g} {data.unit}"
    method = "area under the Kaplan-Meier curve, Wald interval"
    means = [
        _answer(refused, f"restricted mean of {arm} to {at}", partial(restricted_mean, curve, horizon=horizon))
        for arm, curve in zip(data.arms, curves, strict=True)
    ]
    for arm, mean in zip(data.arms, means, strict=True):
        for found in of_arm(mean, level=level) if mean else ():
            yield _row(data)(arm=arm, at=at, method=method, **_numbers(found, level))
    control, experimental = means
    if not (control and experimental):
        return
    for what, contrast in (("difference", mean_difference), ("ratio", mean_ratio), ("ratio of time lost", lost_ratio)):
        ask = partial(contrast, control, experimental, level=level)
        answer = _answer(refused, f"restricted mean to {at}, {what}", ask)
        if answer:
            said = method if what == "difference" else f"{method} on the log scale"
            yield _contrast(data)(at=at, method=said, **_numbers(answer, level))


def _answer[Answer](refused: list[str], what: str, compute: Callable[[], Answer]) -> Answer | None:
    """Compute, or add the reason why not to what was refused."""
    try:
        return compute()
    except AnalysisError as error:
        refused.append(f"{what}: {error}")
        return None


def _numbers(found: RestrictedAnswer, level: float) -> dict[str, Any]:
    return {
        "quantity": found.quantity,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "level": None if found.low is None else level,
        "p_value": found.p_value,
        "sides": None if found.p_value is None else 2,
    }
