"""One arm's classical description as estimates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from reappraise.core.estimate import Estimate
from reappraise.core.interval import Interval
from reappraise.survival.classical.kaplan_meier import SCALES
from reappraise.survival.classical.one_arm import ArmSummary
from reappraise.survival.classical.restricted_mean import RestrictedAnswer, of_arm

AREA = "area under the Kaplan-Meier curve, Wald interval"
"""Method of restricted means."""


def medians(row: partial[Estimate], arm: ArmSummary) -> Iterator[Estimate]:
    """Yield the median with each interval."""
    for found in arm.medians:
        yield row(quantity="median", arm=arm.arm, **_crossing(found, arm.level))


def follow_up_medians(row: partial[Estimate], arm: ArmSummary) -> Iterator[Estimate]:
    """Yield the median of the follow-up with each interval."""
    for found in arm.follow_up:
        yield row(quantity="median", arm=arm.arm, at="follow-up", **_crossing(found.median, arm.level))


def _crossing(found: Interval, level: float) -> dict[str, Any]:
    """A quantile of a curve; without an interval where the lower limit is never reached, but the quantile is."""
    none = found.value is not None and found.low > found.value
    return {
        "method": found.method,
        "value": found.value,
        "low": None if none else found.low,
        "high": None if none else found.high,
        "level": None if none else level,
    }


def survival(row: partial[Estimate], arm: ArmSummary, landmark: float) -> Iterator[Estimate]:
    """Yield survival at a landmark with each interval; nothing where it is not known."""
    for scale, limits in zip(SCALES, arm.at(landmark), strict=False):
        yield row(
            quantity="survival",
            arm=arm.arm,
            at=f"{landmark:g} {arm.unit}",
            method=f"Kaplan-Meier, pointwise interval, {scale}",
            value=limits.value,
            low=limits.low,
            high=limits.high,
            level=None if limits.low is None else arm.level,
        )


def restricted_means(row: partial[Estimate], arm: ArmSummary) -> Iterator[Estimate]:
    """Yield restricted mean and time lost; nothing where the curve is not known to the horizon."""
    if arm.restricted_mean is None:
        return
    at = f"{arm.restricted_mean.horizon:g} {arm.unit}"
    for found in of_arm(arm.restricted_mean, level=arm.level):
        yield row(arm=arm.arm, at=at, method=AREA, **numbers(found, arm.level))


def numbers(found: RestrictedAnswer, level: float) -> dict[str, Any]:
    """What a restricted mean, or a contrast of two, says in an estimate."""
    return {
        "quantity": found.quantity,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "level": None if found.low is None else level,
        "p_value": found.p_value,
        "sides": None if found.p_value is None else 2,
    }
