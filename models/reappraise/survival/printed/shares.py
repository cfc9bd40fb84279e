r"""What becomes of a patient: events and ended follow-up in every cell, from unconstrained variables.

.. math::
    \log \lambda_{aj} = \alpha + \sigma (A z)_j + x_a (\beta + \rho (B v)_j), \qquad x = (-1/2, +1/2)

    G(t) = \frac{1}{t_1 - t_0} \int_{t_0}^{t_1} P(t + s E < u)\,du, \quad E \sim \mathrm{Logistic}

Hazards are those of `reappraise.survival.hazard`. Follow-up ends by loss, at a constant hazard, and by the data
cutoff, after entry spread evenly: from an earliest time t0 to a latest t1, either known or with a prior, its shape
varied by a slow walk, its edges softened. Arms differ a little in losing patients. Complex numbers are taken too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any, Final

import numpy as np

from reappraise.survival.printed.cells import CENSORING_STEPS, Floats
from reappraise.survival.printed.complex_step import logistic, softplus

LOST: Final = 0.15
"""Median of the losses to follow-up by the end, in patients per patient: of a normal variable by softplus, which gives
0.03 to 0.45 (95%). By an exponential the sampler met a wall: shares at risk fall exponentially in the losses again."""
LOG_TWO: Final = log(2)
STEEPNESS: Final = 0.35
"""Standard deviation of the change in the log hazard of reaching the data cutoff from one stretch to the next."""
SLOW_WALK: Final = STEEPNESS * (
    np.triu(np.ones((CENSORING_STEPS, CENSORING_STEPS))) @ (np.eye(CENSORING_STEPS) - 1 / CENSORING_STEPS)
)
"""From steps to a walk over stretches, less its mean; dims (step, stretch)."""
APART: Final = 0.1
"""Standard deviation of half the log ratio of censoring in the two arms."""
SOFT: Final = 0.02
"""Softness of the earliest and the latest end of follow-up, as a share of the whole."""
FLOOR: Final = 1e-10
"""Least share still followed: so that nothing is divided by 0 far beyond the last patient."""
LONGEST: Final = 1.2
"""A latest end of follow-up that is not printed lies between 1 and 1 + `LONGEST` times the latest printed time."""
LATER, LATEST_SD, EARLIEST_SD = -0.8, 0.9, 1.6
"""Logit of where it lies there: normal with this mean and sd; and sd of that of the earliest end: nearly uniform."""
CENSORING: Final = 3 + CENSORING_STEPS + 1
"""Standard normal variables of censoring: losses, earliest and latest end, the walk, arms apart."""


SCALES: Final = slice(2, 4)
"""Variables that half-normal scales come from, by softplus: a half-normal variable of a normal one has a kink."""


def parameters(intervals: int) -> int:
    """Variables: level, effect, two scales, two walks, and censoring; all but the scales' standard normal."""
    return 4 + 2 * intervals + CENSORING


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What is known of the end of follow-up.

    Parameters
    ----------
    shortest
        Time before which the design ends nobody's follow-up but for loss; None where unknown.
    longest
        Longest follow-up; None where unknown.
    reach
        The latest printed time: somebody was followed so far.
    """

    shortest: float | None
    longest: float | None
    reach: float

    @property
    def end(self) -> float:
        """End of the grid: nobody is followed longer."""
        return self.longest if self.longest is not None else (1 + LONGEST) * self.reach * (1 + 2 * SOFT)

    @property
    def fixed(self) -> bool:
        """Whether everybody is followed to the same time, but for loss."""
        return self.longest is not None and self.shortest is not None and self.shortest >= 0.98 * self.longest

    @property
    def settings(self) -> tuple[float, float, float, float, float]:
        """Shortest and longest follow-up, each with whether it is known, and the latest printed time."""
        beyond = 10 * self.end  # of fixed follow-up nobody reaches a data cutoff before the end
        shortest = beyond if self.fixed else self.shortest or 0.0
        longest = 1.1 * beyond if self.fixed else (1 + SOFT) * (self.longest or 0.0)
        return shortest, float(self.shortest is not None), longest, float(self.longest is not None), self.reach


@dataclass(frozen=True, slots=True)
class Followed:
    """What becomes of the patients of both arms, cell by cell: all that a statistic is made of.

    Parameters
    ----------
    events
        Shares with the event, dims (..., arm, cell).
    hazard, ending
        Increments of the cumulative hazards of events and of ended follow-up, dims (..., arm, cell).
    risk
        Mean share at risk, dims (..., arm, cell).
    edges
        Share at risk at the edges, dims (..., arm, edge).
    """

    events: Any
    hazard: Any
    ending: Any
    risk: Any
    edges: Any

    @property
    def ended(self) -> Any:
        """Shares whose follow-up ended, dims (..., arm, cell)."""
        return self.ending * self.risk


def log_prior(latent: Floats) -> Floats:
    """Log density of the variables up to a constant, dims (...): standard normal, scales half-normal by softplus."""
    square = np.square(latent).sum(axis=-1) - np.square(latent[..., SCALES]).sum(axis=-1)
    unit = softplus(latent[..., SCALES])
    return np.asarray(-square / 2 - (np.square(unit) / 2 + softplus(-latent[..., SCALES])).sum(axis=-1))


def log_hazards(latent: Any, data: Mapping[str, Any]) -> Any:
    """Log hazards, dims (..., arm, interval), of variables (..., parameter)."""
    intervals = data["walk"].shape[0]
    level_mean, level_sd, effect_mean, effect_sd, walk_scale, departure_scale = data["prior"]
    walk_sd = walk_scale * softplus(latent[..., 2])
    departure_sd = departure_scale * softplus(latent[..., 3])
    steps = latent[..., 4 : 4 + intervals]
    effect = effect_mean + effect_sd * latent[..., 1]
    departure = latent[..., 4 + intervals : 4 + 2 * intervals] @ data["departure"].T
    base = (
        (level_mean + level_sd * latent[..., 0])[..., None]
        + data["trend"]
        + walk_sd[..., None] * (steps @ data["walk"].T)
    )
    half = (effect[..., None] + departure_sd[..., None] * departure) / 2
    return np.stack([base - half, base + half], axis=-2)


def expected(log_hazard: Any, censoring: Any, data: Mapping[str, Any]) -> Followed:
    """What is expected to become of patients.

    Parameters
    ----------
    log_hazard
        Dims (..., arm, interval).
    censoring
        Standard normal variables of censoring, dims (..., parameter).
    data
        Grid and follow-up.
    """
    edges = data["edges"]
    shortest, shortest_known, longest, longest_known, reach = data["settings"][:5]
    end, width = edges[-1], np.diff(edges)
    hazard = np.exp(log_hazard)[..., data["interval"].astype(int)] * width
    lost = LOST / end * softplus(censoring[..., 0]) / LOG_TWO
    latest = longest + 0 * censoring[..., 0]
    if not longest_known:
        latest = reach * (1 + LONGEST * logistic(LATEST_SD * censoring[..., 2] + LATER))
    earliest = shortest + 0 * latest if shortest_known else latest * logistic(EARLIEST_SD * censoring[..., 1])
    soft = SOFT * end
    later = softplus((latest[..., None] - edges) / soft) - softplus((earliest[..., None] - edges) / soft)
    still = np.log(soft * later / (latest - earliest)[..., None] + FLOOR)
    walk = np.exp(censoring[..., 3 : 3 + CENSORING_STEPS] @ SLOW_WALK)
    reached = (still[..., :-1] - still[..., 1:]) * walk[..., data["stretch"].astype(int)]
    leaving = reached + lost[..., None] * width
    apart = np.exp(APART * censoring[..., 3 + CENSORING_STEPS])[..., None]
    ending = np.stack([leaving / apart, leaving * apart], axis=-2)
    both = hazard + ending
    left = np.exp(-_running(both)) + FLOOR
    risk = (left[..., :-1] - left[..., 1:]) / both + FLOOR
    return Followed(events=hazard * risk, hazard=hazard, ending=ending, risk=risk, edges=left)


def of_shares(events: Any, ended: Any, left: Any) -> Followed:
    """The same from shares of outcomes, expected or observed: for derivatives by them.

    Parameters
    ----------
    events, ended
        Shares by cell, dims (..., arm, cell).
    left
        Shares still followed at the end, dims (..., arm).
    """
    gone = events + ended
    rest = np.cumsum(gone[..., ::-1], axis=-1)[..., ::-1]
    edges = np.concatenate([rest + left[..., None], left[..., None]], axis=-1)
    per_share = np.log1p(gone / edges[..., 1:]) / gone
    return Followed(events=events, hazard=events * per_share, ending=ended * per_share, risk=1 / per_share, edges=edges)


def _running(values: Any) -> Any:
    """Running sums that begin with 0."""
    return np.concatenate([0 * values[..., :1], np.cumsum(values, axis=-1)], axis=-1)
