r"""Prior on the hazards of two arms: piecewise constant, a walk in time, and an effect that may change with time.

.. math::
    \log \lambda_{aj} = \alpha - m v_j + \sigma (W_j + r u v_j) + x_a (\beta + \rho D_j), \qquad x = (-1/2, +1/2)

for arm a and interval j. W is a Brownian motion seen at the midpoints of the intervals, D another one less its mean
over the follow-up, so the prior does not depend on the grid and no arm is the baseline. v is the onset, a standard
normal u times r and a mean of m: trials admit patients who are fit to start and see progression at visits only, so that
hazards begin low, while after surgery they begin high; it fades with a twentieth of the follow-up.

References
----------
Murray TA, Hobbs BP, Sargent DJ, Carlin BP. Flexible Bayesian survival modeling with semiparametric time-dependent and
shape-restricted covariate effects. Bayesian Analysis 2016;11:381-402. doi:10.1214/15-BA954
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior, hazard_ratio_priors

type Floats = NDArray[np.float64]


EARLY: Final = 30.0
"""How much faster the walk goes at first than it would evenly: at the very start, 31 times as fast as at the end."""

ONSET: Final = 1.2
"""How much lower the log hazard is expected to begin than it goes on: to a third."""
ONSET_SPREAD: Final = 1.0
"""Standard deviation of that over the walk's: with a typical walk one in nine trials begins with a higher hazard. At
twice as much, large walks make a funnel that the sampler needs four times as many steps for."""
ONSET_SHARE: Final = 0.05
"""Share of the follow-up with which the onset fades."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Intervals of constant hazard.

    Parameters
    ----------
    cuts
        Ends of all intervals but the last, ascending, above 0.
    horizon
        Time that the walks are scaled to: the longest follow-up. The last interval goes on after it.
    """

    cuts: tuple[float, ...]
    horizon: float

    def __post_init__(self) -> None:
        """Refuse cuts that are not a grid on (0, horizon)."""
        ends = (0.0, *self.cuts, self.horizon)
        if any(not before < after for before, after in pairwise(ends)):
            raise AnalysisError(f"expected cut points ascending between 0 and {self.horizon:g}, got {self.cuts}")

    @classmethod
    def at_quantiles(cls, times: Floats, intervals: int, horizon: float) -> Self:
        """Cut at the quantiles of event times; ties give fewer intervals than asked."""
        _refuse_fewer_than_one(intervals)
        inner = np.quantile(times, np.linspace(0, 1, intervals + 1)[1:-1]) if times.size else np.empty(0)
        distinct = np.unique(inner)
        kept = distinct[(distinct > 0) & (distinct < horizon)]
        return cls(tuple(float(cut) for cut in kept), horizon)

    @classmethod
    def regular(cls, intervals: int, horizon: float) -> Self:
        """Intervals of equal length on (0, horizon)."""
        _refuse_fewer_than_one(intervals)
        return cls(tuple(float(cut) for cut in np.linspace(0, horizon, intervals + 1)[1:-1]), horizon)

    @classmethod
    def early(cls, intervals: int, horizon: float) -> Self:
        """Intervals short at first and long at the end, halfway between equal time and the walk's own."""
        _refuse_fewer_than_one(intervals)
        share = np.linspace(0.0, 1.0, 2001)
        cuts = np.interp(np.linspace(0, 1, intervals + 1)[1:-1], (share + walk_clock(share)) / 2, share)
        return cls(tuple(float(cut) * horizon for cut in cuts), horizon)

    @property
    def intervals(self) -> int:
        """Number of intervals."""
        return len(self.cuts) + 1

    @property
    def starts(self) -> Floats:
        """Start of every interval."""
        return np.array((0.0, *self.cuts))

    @property
    def lengths(self) -> Floats:
        """Length of every interval, the last up to the horizon."""
        return np.diff((0.0, *self.cuts, self.horizon))

    @property
    def onset(self) -> Floats:
        """How much of the onset is left: its mean over every interval, 1 at time zero; dims (j,)."""
        fading = ONSET_SHARE * self.horizon
        ends = np.append(self.cuts, self.horizon)
        return np.asarray(fading / self.lengths * (np.exp(-self.starts / fading) - np.exp(-ends / fading)))

    @property
    def trend(self) -> Floats:
        """What the log hazard is expected to be beyond its level; dims (j,)."""
        return -ONSET * self.onset

    @property
    def walk(self) -> Floats:
        """Matrix from standard normal steps to walk and onset, the walk of unit variance at the horizon; (j, step)."""
        plain = self._plain_walk
        return np.linalg.cholesky(plain @ plain.T + ONSET_SPREAD**2 * np.outer(self.onset, self.onset))

    @property
    def centred_walk(self) -> Floats:
        """Matrix from steps to a walk without onset, less its mean over (0, horizon); (j, step)."""
        weights = self.lengths / self.horizon
        return self._plain_walk - weights @ self._plain_walk

    @property
    def _plain_walk(self) -> Floats:
        midpoints = walk_clock((self.starts + self.lengths / 2) / self.horizon)
        steps = np.sqrt(np.diff(midpoints, prepend=0.0))
        return np.tril(np.ones((self.intervals, self.intervals))) * steps

    def summarise(self, time: Floats, event: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Events and exposure by interval: all that the likelihood needs.

        Parameters
        ----------
        time, event
            Dims (..., patient).

        Returns
        -------
        tuple of ndarray
            Events, and person-time; dims (..., interval).
        """
        starts = self.starts
        ends = np.append(starts[1:], np.inf)
        place = np.searchsorted(starts, time, side="left") - 1
        events = np.stack([np.sum(event & (place == j), axis=-1) for j in range(self.intervals)], axis=-1)
        exposure = np.stack(
            [np.sum(np.clip(time - start, 0.0, end - start), axis=-1) for start, end in zip(starts, ends, strict=True)],
            axis=-1,
        )
        return events.astype(np.float64), exposure


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardPrior:
    """Everything that is believed about the hazards before the data.

    Parameters
    ----------
    effect
        Prior on the log hazard ratio averaged over time, from 0 to the horizon of the grid: a parameter. Where the
        ratio changes, the reported one is averaged over events instead.
    median
        Median survival that is as likely too long as too short, in the unit of time.
    level_sd
        Standard deviation of the log hazard at time zero, but for the onset: wide, for a follow-up says little about
        how many have the event in it. 2.5 leaves both 1% and 99% of patients with the event likely.
    walk_scale
        Half-normal scale of the walk's standard deviation over the whole follow-up: at 1.5 the hazard changes about
        threefold from start to end for a typical standard deviation, and 5% of them are beyond 2.9.
    departure_scale
        Half-normal scale of the departure from proportional hazards over the whole follow-up; 0 is proportional.
    """

    effect: LogRatioPrior
    median: float
    level_sd: float = 2.5
    walk_scale: float = 1.5
    departure_scale: float = 0.5

    def __post_init__(self) -> None:
        """Refuse scales that are none."""
        if not (self.median > 0 and self.level_sd > 0 and self.walk_scale > 0 and self.departure_scale >= 0):
            raise AnalysisError(
                f"expected positive median, level_sd and walk_scale, and departure_scale of at least 0; got {self}"
            )

    @property
    def name(self) -> str:
        """Key of the prior on the effect, which the others are told apart by."""
        return self.effect.name

    @property
    def label(self) -> str:
        """The prior on the effect in a word or two."""
        return self.effect.label

    @property
    def rationale(self) -> str:
        """Why one would hold the prior on the effect."""
        return self.effect.rationale

    @property
    def level_mean(self) -> float:
        """Mean log hazard at time zero, but for the onset: that of an exponential with the median."""
        return log(log(2) / self.median)

    def held(self, better: Literal["higher", "lower"]) -> Self:
        """The same belief as it enters: with the effect mirrored where shorter times, and so events, are good."""
        return self if better == "higher" else replace(self, effect=self.effect.mirrored())

    @property
    def text(self) -> str:
        """The distributions in a line."""
        return (
            f"{self.effect.text}; median survival {self.median:.3g} within a factor {exp(1.96 * self.level_sd):.2g} "
            f"(95%); walk sd ~ HalfNormal({self.walk_scale:g}), departure sd ~ HalfNormal({self.departure_scale:g}) "
            f"over the follow-up; hazards begin at a factor {exp(-ONSET):.2g} of their later course, its log with sd "
            f"{ONSET_SPREAD:g} walk sd"
        )


def walk_clock(share: Floats) -> Floats:
    r"""Time by which the walk goes, from 0 to 1, at a share of the follow-up: log(1 + k s) / log(1 + k).

    Beyond the follow-up it goes on above 1.

    Hazards change most at first: next to no events before the first visit at which progression can be seen, then a
    step. A walk in plain time has a tenth of its variance by a tenth of the follow-up and takes early hazards for
    constant; by this one it has 40%.
    """
    return np.asarray(np.log1p(EARLY * share) / np.log1p(EARLY))


def _refuse_fewer_than_one(intervals: int) -> None:
    if intervals < 1:
        raise AnalysisError(f"expected 1 interval of constant hazard or more, got {intervals}")


def hazard_prior(prior: str | LogRatioPrior | HazardPrior, *, median: float) -> HazardPrior:
    """What is believed about the hazards, from a prior on the log hazard ratio or its name.

    Parameters
    ----------
    prior
        Name of a prior on the log hazard ratio, such a prior, or all that is believed.
    median
        Median survival where only the effect's prior is given.

    Raises
    ------
    AnalysisError
        If there is no such prior.
    """
    if isinstance(prior, HazardPrior):
        return prior
    known = {item.name: item for item in hazard_ratio_priors()}
    effect = known.get(prior) if isinstance(prior, str) else prior
    if effect is None or effect.ratio != "hazard":
        said = repr(prior) if effect is None else f"{effect.name!r}, which is on an odds ratio"
        raise AnalysisError(f"unknown prior {said}; expected one of {', '.join(known)}, or a prior object")
    return HazardPrior(effect=effect, median=median)
