"""What is asked of one arm, alone or beside another: events, medians, landmarks, restricted mean, follow-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.core.interval import Interval
from reappraise.survival.classical.follow_up import FollowUp, follow_up
from reappraise.survival.classical.kaplan_meier import SCALES, KaplanMeier, Landmark, kaplan_meier, median, survival_at
from reappraise.survival.classical.restricted_mean import RestrictedMean, restricted_mean

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSummary:
    """Classical description of one arm.

    Parameters
    ----------
    arm
        Key of the arm.
    unit
        Unit of all times, such as "months".
    level
        Coverage of the intervals.
    patients, events
        How many patients, and how many of them had the event.
    time_at_risk
        Sum of all times, in patients times `unit`.
    medians
        Median with its interval on each of `SCALES`.
    landmarks
        For each landmark that the curve is known at, survival with its interval on each of `SCALES`.
    restricted_mean
        Restricted mean and time lost to the horizon; None where the curve is not known so far.
    follow_up
        Quartiles of the follow-up by the reverse Kaplan-Meier method, with their intervals on each of `SCALES`.
    refused
        One sentence for everything that was asked and could not be computed.
    """

    arm: str
    unit: str
    level: float
    patients: int
    events: int
    time_at_risk: float
    medians: tuple[Interval, ...]
    landmarks: tuple[tuple[Landmark, ...], ...]
    restricted_mean: RestrictedMean | None
    follow_up: tuple[FollowUp, ...]
    refused: tuple[str, ...]

    def at(self, time: float) -> tuple[Landmark, ...]:
        """Survival at a landmark, with its interval on each of `SCALES`; empty where it is not known."""
        return next((found for found in self.landmarks if found[0].time == time), ())


def summarise_arm(
    time: Floats,
    event: NDArray[np.bool_],
    *,
    arm: str,
    unit: str,
    horizon: float,
    landmarks: tuple[float, ...] = (),
    level: float = 0.95,
) -> ArmSummary:
    """Describe one arm.

    Parameters
    ----------
    time
        Time to event or end of observation, above 0, in `unit`; dims (patient,).
    event
        Whether the time is that of an event; dims (patient,).
    arm
        Key of the arm.
    unit
        Unit of time, such as "months".
    horizon
        Horizon of the restricted mean.
    landmarks
        Times at which survival is wanted.
    level
        Coverage of the intervals, two-sided.

    Raises
    ------
    AnalysisError
        If the arm has no patients.

    Examples
    --------
    >>> time, event = np.array([2.0, 3.0, 5.0, 7.0, 8.0]), np.array([True, True, True, False, False])
    >>> found = summarise_arm(time, event, arm="treated", unit="months", horizon=6, landmarks=(4, 9))
    >>> found.events, found.medians[0].value, round(found.at(4)[0].value, 3), found.refused
    (3, 5.0, 0.6, ('survival of treated at 9 months: expected a time up to the last observation at 8, got 9',))
    """
    refused: list[str] = []
    curve = kaplan_meier(time, event)
    known = (
        answered(refused, f"survival of {arm} at {landmark:g} {unit}", partial(_landmark, curve, landmark, level))
        for landmark in landmarks
    )
    return ArmSummary(
        arm=arm,
        unit=unit,
        level=level,
        patients=time.size,
        events=int(event.sum()),
        time_at_risk=float(time.sum()),
        medians=tuple(median(curve, scale=scale, level=level) for scale in SCALES),
        landmarks=tuple(found for found in known if found),
        restricted_mean=answered(
            refused,
            f"restricted mean of {arm} to {horizon:g} {unit}",
            partial(restricted_mean, curve, horizon=horizon),
        ),
        follow_up=tuple(follow_up(time, event, scale=scale, level=level) for scale in SCALES),
        refused=tuple(refused),
    )


def answered[Answer](refused: list[str], what: str, compute: Callable[[], Answer]) -> Answer | None:
    """Compute, or add the reason why not to what was refused."""
    try:
        return compute()
    except AnalysisError as error:
        refused.append(f"{what}: {error}")
        return None


def _landmark(curve: KaplanMeier, time: float, level: float) -> tuple[Landmark, ...]:
    return tuple(survival_at(curve, time, scale=scale, level=level) for scale in SCALES)
