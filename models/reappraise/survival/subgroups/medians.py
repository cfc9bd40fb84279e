"""What printed medians say of the hazard ratio of a level of which no ratio is printed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Final

import numpy as np

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.estimands import event_weighted_hazard_ratio
from reappraise.survival.hazard import hazard_prior
from reappraise.survival.printed.mode import OPEN, whitened
from reappraise.survival.printed.published import print_of
from reappraise.survival.printed.shares import log_hazards
from reappraise.survival.pseudo_ipd.published import FOLLOW_UP
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.published import SurvivalLevel

FLAT: Final = LogRatioPrior(
    name="flat",
    label="Flat",
    mean=0.0,
    sd=3.0,
    rationale="Hardly an opinion, and taken out of the result again.",
    ratio="hazard",
)
STEP: Final = 1e-3
"""Step of the derivatives along the posterior's axes, in standard deviations."""


@dataclass(frozen=True, slots=True)
class RatioOfMedians:
    """Log hazard ratio, experimental over control, that printed medians lead to.

    Parameters
    ----------
    log_ratio, error
        The ratio and its standard error.
    printed
        The medians as they stand in print.
    """

    log_ratio: float
    error: float
    printed: str

    def noise(self, error: float) -> float:
        """How far it lies, in standard deviations, from what Cox's regression of the same patients would have given.

        Parameters
        ----------
        error
            Standard error of that estimate. As it is efficient, what another estimate of the same patients has in
            addition is independent of it.
        """
        return sqrt(max(self.error**2 - error**2, 0.0))


def ratio_of_medians(item: TrialEndpoint[SurvivalEndpoint], level: SurvivalLevel) -> RatioOfMedians | None:
    r"""The hazard ratio that the medians of a level lead to, by the likelihood of printed numbers.

    Medians, patients and events of the level have the likelihood of `reappraise.survival.printed.model`, which is
    normal about its most probable parameters x with covariance F F^T; the log hazard ratio averaged over events has
    there the variance

    .. math:: v = \lVert F^T \nabla \log \mathrm{HR}(x) \rVert^2

    and its own prior, of variance 9, is taken out: 1 / s^2 = 1 / v - 1 / 9. Patients of the level are taken to be
    followed as all patients were, whose follow-up is what is printed.

    Parameters
    ----------
    item
        The endpoint that the level belongs to.
    level
        The level.

    Returns
    -------
    RatioOfMedians or None
        None where medians, patients and events of both arms are not printed.

    Raises
    ------
    AnalysisError
        If the medians cannot be, such as beyond the follow-up.
    """
    endpoint = item.published
    arms = item.trial.control.key, item.trial.experimental.key
    counts = {count.arm: count for count in level.counts}
    medians = {one.arm: one for one in level.estimates if one.quantity == "median" and one.value is not None}
    if any(arm not in medians or arm not in counts or counts[arm].known_events is None for arm in arms):
        return None
    own = endpoint.model_copy(
        update={
            "key": f"{endpoint.key}-{level.key}",  # no curve of all patients is one of these
            "counts": level.counts,
            "printed": (*medians.values(), *(one for one in endpoint.estimates if one.at == FOLLOW_UP)),
            "factors": (),
        }
    )
    printed = print_of(replace(item, published=own))
    problem = printed.problem(hazard_prior(FLAT, median=printed.grid.horizon / 2))
    try:
        _, mode = whitened(problem)
    except (ArithmeticError, np.linalg.LinAlgError):
        raise AnalysisError(f"{own.key}: its medians and events cannot come from one trial") from None

    def log_ratio(points: np.ndarray) -> np.ndarray:
        latent = points[:, :-OPEN]
        return np.log(event_weighted_hazard_ratio(log_hazards(latent, problem.data), problem.person_time(latent)))

    away = STEP * mode.factor.T
    slope = (log_ratio(mode.centre + away) - log_ratio(mode.centre - away)) / (2 * STEP)
    variance = float(np.square(slope).sum())
    without = 1 / (1 / variance - 1 / FLAT.sd**2)
    words = " and ".join(f"{arm} {medians[arm].value}" for arm in arms)
    return RatioOfMedians(
        log_ratio=float(log_ratio(mode.centre[None])[0]) * without / variance,
        error=sqrt(without),
        printed=f"medians {words} {endpoint.unit}",
    )
