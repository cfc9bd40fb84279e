"""Classical answers from individual survival data, as estimates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import hypot
from statistics import NormalDist

from reappraise.core.arms import Better
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.published.patients import PatientData
from reappraise.survival.classical.arm_estimates import (
    AREA,
    follow_up_medians,
    medians,
    numbers,
    restricted_means,
    survival,
)
from reappraise.survival.classical.cox import TIES, hazard_ratio
from reappraise.survival.classical.log_rank import log_rank
from reappraise.survival.classical.one_arm import ArmSummary, answered, summarise_arm
from reappraise.survival.classical.restricted_mean import lost_ratio, mean_difference, mean_ratio


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
    restricted means to the horizon; medians of the follow-up of each arm, at "follow-up", by the reverse Kaplan-Meier
    method.

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
    _refuse_reconstructions(data)
    if 0 in data.patients:
        raise AnalysisError(f"{data.endpoint}: expected patients in both arms, got {data.patients}")
    control, experimental = (
        _summary(data, code, horizon=horizon, landmarks=landmarks, level=level) for code in range(2)
    )
    arms = (control, experimental)
    refused = [*control.refused, *experimental.refused]
    row = _row(data)
    estimates = (
        *(found for arm in arms for found in medians(row, arm)),
        *_landmarks(data, control, experimental, landmarks),
        *_hazards(data, level, better, refused),
        *(found for arm in arms for found in restricted_means(row, arm)),
        *_contrasts(data, control, experimental, refused),
        *(found for arm in arms for found in follow_up_medians(row, arm)),
    )
    return SurvivalAnswer(estimates, tuple(refused))


def recompute_arm(
    data: PatientData, arm: str, *, horizon: float, landmarks: tuple[float, ...] = (), level: float = 0.95
) -> SurvivalAnswer:
    """Frequentist estimates of one arm of known data; the other may be without patients.

    Medians and landmark survival with each interval, restricted mean and time lost to the horizon, median of the
    follow-up by the reverse Kaplan-Meier method: what `recompute_survival` says of each arm.

    Parameters
    ----------
    data
        Known data: one chain of one replicate.
    arm
        Key of the arm.
    horizon
        Horizon of the restricted mean, in the unit of the data.
    landmarks
        Times at which survival is wanted, in the unit of the data.
    level
        Coverage of the intervals.

    Raises
    ------
    AnalysisError
        If the data are an ensemble of reconstructions, or the arm has no patients.
    """
    _refuse_reconstructions(data)
    if arm not in data.arms:
        raise ValueError(f"{data.endpoint}: expected one of the arms {', '.join(data.arms)}, got {arm!r}")
    summary = _summary(data, data.arms.index(arm), horizon=horizon, landmarks=landmarks, level=level)
    row = _row(data)
    estimates = (
        *medians(row, summary),
        *(found for landmark in landmarks for found in survival(row, summary, landmark)),
        *restricted_means(row, summary),
        *follow_up_medians(row, summary),
    )
    return SurvivalAnswer(estimates, summary.refused)


def _refuse_reconstructions(data: PatientData) -> None:
    if (data.chains, data.replicates) != (1, 1):
        raise AnalysisError(
            f"{data.endpoint}: expected known data, got {data.chains} x {data.replicates} reconstructions of them"
        )


def _summary(data: PatientData, code: int, *, horizon: float, landmarks: tuple[float, ...], level: float) -> ArmSummary:
    own = data.arm == code
    return summarise_arm(
        data.time[0, 0, own],
        data.event[0, 0, own],
        arm=data.arms[code],
        unit=data.unit,
        horizon=horizon,
        landmarks=landmarks,
        level=level,
    )


def _row(data: PatientData) -> partial[Estimate]:
    return partial(Estimate, endpoint=data.endpoint, kind="recomputed")


def _contrast(data: PatientData) -> partial[Estimate]:
    return partial(_row(data), numerator=data.arms[1], denominator=data.arms[0])


def _landmarks(
    data: PatientData, control: ArmSummary, experimental: ArmSummary, landmarks: tuple[float, ...]
) -> Iterator[Estimate]:
    for landmark in landmarks:
        for arm in (control, experimental):
            yield from survival(_row(data), arm, landmark)
        first, second = control.at(landmark)[:1], experimental.at(landmark)[:1]
        for one, other in zip(first, second, strict=False):
            value = other.value - one.value
            width = NormalDist().inv_cdf((1 + control.level) / 2) * hypot(one.standard_error, other.standard_error)
            given = one.low is not None and other.low is not None
            yield _contrast(data)(
                quantity="survival_difference",
                at=f"{landmark:g} {data.unit}",
                method="Kaplan-Meier, Wald interval with Greenwood's variance",
                value=value,
                low=value - width if given else None,
                high=value + width if given else None,
                level=control.level if given else None,
            )


def _hazards(data: PatientData, level: float, better: Better, refused: list[str]) -> Iterator[Estimate]:
    time, event, arm = data.time[0, 0], data.event[0, 0], data.arm
    test = answered(refused, "log-rank test", partial(log_rank, time, event, arm, better=better))
    row = partial(_contrast(data), quantity="hazard_ratio")
    tested = {"p_value": test.two_sided, "sides": 2} if test else {}
    for ties in TIES:
        ask = partial(hazard_ratio, time, event, arm, ties=ties, level=level)
        found = answered(refused, f"hazard ratio, {ties} ties", ask)
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


def _contrasts(
    data: PatientData, control: ArmSummary, experimental: ArmSummary, refused: list[str]
) -> Iterator[Estimate]:
    one, other, level = control.restricted_mean, experimental.restricted_mean, control.level
    if one is None or other is None:
        return
    at = f"{one.horizon:g} {data.unit}"
    for what, contrast in (("difference", mean_difference), ("ratio", mean_ratio), ("ratio of time lost", lost_ratio)):
        ask = partial(contrast, one, other, level=level)
        answer = answered(refused, f"restricted mean to {at}, {what}", ask)
        if answer:
            said = AREA if what == "difference" else f"{AREA} on the log scale"
            yield _contrast(data)(at=at, method=said, **numbers(answer, level))
