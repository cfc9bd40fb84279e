"""How long the patients of one arm were followed, by the reverse Kaplan-Meier method."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reappraise.core.interval import Interval
from reappraise.survival.classical.kaplan_meier import KaplanMeier, Scale, kaplan_meier, quantile

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Quartiles of the potential follow-up of one arm, each with its interval, in the unit of the data.

    Parameters
    ----------
    lower_quartile, median, upper_quartile
        Times by which a quarter, a half and three quarters of the patients would have left observation, had none had
        the event. Infinite where too few left it without the event.
    """

    lower_quartile: Interval
    median: Interval
    upper_quartile: Interval


def reverse_kaplan_meier(time: Floats, event: NDArray[np.bool_]) -> KaplanMeier:
    """Kaplan-Meier curve of the follow-up: the end of observation is what happens, and the event censors it.

    As R's survfit and most programs have it when the indicator is turned round, a patient with the event at the time
    at which another leaves is still at risk of leaving then; R's prodlim takes such a patient out before.

    Parameters
    ----------
    time
        Time to event or end of observation, above 0; dims (patient,).
    event
        Whether the time is that of an event; dims (patient,).

    Raises
    ------
    AnalysisError
        If the arm has no patients.
    """
    return kaplan_meier(time, ~event)


def follow_up(time: Floats, event: NDArray[np.bool_], *, scale: Scale, level: float = 0.95) -> FollowUp:
    """Median and quartiles of the follow-up, with Brookmeyer-Crowley intervals.

    Parameters
    ----------
    time
        Time to event or end of observation, above 0; dims (patient,).
    event
        Whether the time is that of an event; dims (patient,).
    scale
        The scale of the pointwise intervals.
    level
        Coverage, two-sided.

    Raises
    ------
    AnalysisError
        If the arm has no patients.

    References
    ----------
    Schemper M, Smith TL. A note on quantifying follow-up in studies of failure time. Control Clin Trials
    1996;17:343-346. doi:10.1016/0197-2456(96)00075-X

    Examples
    --------
    >>> time, event = np.array([2.0, 3.0, 5.0, 7.0, 8.0]), np.array([True, False, False, True, False])
    >>> follow_up(time, event, scale="log-log").median.value
    6.5
    """
    curve = reverse_kaplan_meier(time, event)
    lower, middle, upper = (
        _named(quantile(curve, probability, scale=scale, level=level)) for probability in (0.25, 0.5, 0.75)
    )
    return FollowUp(lower_quartile=lower, median=middle, upper_quartile=upper)


def _named(found: Interval) -> Interval:
    return replace(found, method=f"reverse {found.method}")
