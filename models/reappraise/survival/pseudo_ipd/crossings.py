"""Limits of Kaplan-Meier curves, and where curves and limits cross a level, as R's survfit has it. Compiled."""

from __future__ import annotations

from math import exp, inf, log, sqrt
from typing import Any, Final

import numpy as np

from reappraise.survival.pseudo_ipd.compiled import compiled
from reappraise.survival.pseudo_ipd.targets import STATISTICS, TRANSFORMS

QUANTILE: Final = STATISTICS.index("quantile")
QUANTILE_LOW: Final = STATISTICS.index("quantile low")
LOG_LOG: Final = TRANSFORMS.index("log-log")
LOG: Final = TRANSFORMS.index("log")

ROUNDING: Final = float(np.sqrt(np.finfo(np.float64).eps))
"""What a product of fractions that equals 1/2 may miss it by, as in R and in `classical.kaplan_meier`."""
NEARER: Final = 1.0 - log(0.65)
NEARER_SLOPE: Final = 1.0 / 0.65
FARTHER: Final = 1.0 - log(1.4)
FARTHER_SLOPE: Final = 1.0 / 1.4
"""Tangents of the logarithm where limits usually cross: at so many times the depth of the level."""


@compiled
def limit(survival: float, greenwood: float, z: float, transform: int) -> float:
    """Confidence limit of a survival probability: lower for z > 0, upper for z < 0.

    Parameters
    ----------
    survival
        Kaplan-Meier estimate.
    greenwood
        Greenwood's sum of 1 / (y (y - 1)): the variance of log S.
    z
        Normal quantile, with sign.
    transform
        Scale of symmetry.
    """
    if survival <= 0.0:
        return 0.0
    if survival >= 1.0:
        return 1.0
    error = sqrt(greenwood)
    if transform == LOG_LOG:
        # S ** exp(z se), se = error / |log S|
        exponent = z * error / -log(survival)
        return float(survival ** exp(min(exponent, 50.0)))
    if transform == LOG:
        return min(1.0, survival * exp(-z * error))
    return min(1.0, max(0.0, survival - z * survival * error))


@compiled
def _above(
    transform: int, shift: float, level: float, logs: Any, survival: float, log_survival: float, greenwood: float
) -> float:
    """How far a limit of a curve, or with a shift of 0 the curve, is above a level, on the scale of its symmetry."""
    if transform == LOG_LOG:
        return float(-log_survival * (logs[1] - log(-log_survival)) - shift * sqrt(greenwood))
    if transform == LOG:
        return float(log_survival - shift * sqrt(greenwood) - logs[0])
    return survival * (1.0 - shift * sqrt(greenwood)) - level


@compiled
def crossing(
    kind: int, transform: int, z: float, level: float, logs: Any, time: Any, survival: Any, log_survival: Any,
    greenwood: Any, events: int,
) -> float:  # fmt: skip
    """Time at which a curve, or a limit of it, comes down to `level`, as R has it; infinite if it never does.

    The middle of a stretch that it spends there; a limit is not defined, and reaches nothing, at a survival of 0. Of
    events at the same time the last says where the curve is.
    """
    first = 0
    while first < events and survival[first] > level + ROUNDING:
        first += 1
    while first + 1 < events and time[first + 1] == time[first]:
        first += 1
    if kind == QUANTILE:
        if first < events - 1 and survival[first] >= level - ROUNDING:
            return 0.5 * float(time[first] + time[first + 1])
        return float(time[first]) if first < events else inf
    # a lower limit comes down no later than its curve, an upper one no earlier
    low, high, shift = (0, min(first + 1, events), z) if kind == QUANTILE_LOW else (first, events, -z)
    depth_of_level = -logs[0]
    for j in range(low, high):
        if survival[j] <= 0.0:
            return inf
        if transform == LOG_LOG:
            # most places are far from a crossing: a tangent bounds the logarithm, and spares it and the square root
            depth = -log_survival[j]
            if shift > 0.0:
                gap = NEARER * depth_of_level - NEARER_SLOPE * depth
                if gap > 0.0 and z * z * greenwood[j] * depth_of_level * depth_of_level < 0.999 * (depth * gap) ** 2:
                    continue
            else:
                gap = FARTHER_SLOPE * depth - FARTHER * depth_of_level
                if z * z * greenwood[j] * depth_of_level * depth_of_level > 1.001 * (depth * gap) ** 2:
                    continue
        above = _above(transform, shift, level, logs, survival[j], log_survival[j], greenwood[j])
        if above > ROUNDING or (j + 1 < events and time[j + 1] == time[j]):
            continue
        if above >= -ROUNDING:
            for k in range(j + 1, events):
                if survival[k] <= 0.0:
                    break
                beyond = _above(transform, shift, level, logs, survival[k], log_survival[k], greenwood[k])
                if beyond < -ROUNDING and not (k + 1 < events and time[k + 1] == time[k]):
                    return 0.5 * float(time[j] + time[k])
        return float(time[j])
    return inf


@compiled
def reverse_median(time: Any, event: Any, arm: Any, a: int, total: int, steps: Any) -> float:
    """Median of the reverse Kaplan-Meier curve of an arm: events censor, censorings happen; as R has it.

    Who has the event at the time at which another leaves is still at risk of leaving then.
    """
    at_risk = total
    passed = 0
    now = 0.0
    curve = 1.0
    reached = inf
    for i in range(time.size):
        if arm[i] != a:
            continue
        if time[i] > now:
            now = time[i]
            passed = 0
            if curve < 0.5 - ROUNDING:
                return reached
        if event[i]:
            passed += 1
        else:
            if reached < inf and now > reached:
                # half were left from then to now: the middle
                return 0.5 * (reached + float(now))
            curve *= steps[0, at_risk + passed]
            if curve <= 0.5 + ROUNDING and reached == inf:
                reached = float(now)
        at_risk -= 1
    return reached
