"""From draws of hazards to reported numbers: each answer with its draws, its direction and its estimate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import inf, log
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from reappraise.core.arms import Better
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.fits.diagnose import Judged
from reappraise.fits.summary import Floats, Make, estimated, probability
from reappraise.survival import estimands as of
from reappraise.survival.hazard import Grid
from reappraise.survival.plan import UNPLANNED, Plan, beyond

type Good = Literal["more", "less"]
"""Whether more of a contrast, experimental over control, means a longer or a shorter time to the event."""

EVENT_WEIGHTED: Final = "averaged over the events expected within the follow-up, weighted as by Cox's regression"
"""What a hazard ratio without a time is, where it changes with time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What is asked of the hazards of two arms.

    Parameters
    ----------
    grid, unit
        Intervals, and the unit of time.
    arms
        Keys of control and experimental arm.
    better
        Whether a longer or a shorter time to the event is good.
    landmarks
        Times of survival probabilities.
    horizons
        Times that restricted means go to.
    proportional
        Whether the hazard ratio is the same at all times, so that asking for it by time, or its average, is idle.
    plan
        What the trial was planned for: sizes of benefit that are asked for.
    """

    grid: Grid
    unit: str
    arms: tuple[str, str]
    better: Better
    landmarks: tuple[float, ...]
    horizons: tuple[float, ...]
    proportional: bool
    plan: Plan = UNPLANNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Draws of one reported quantity.

    Parameters
    ----------
    quantity, arm, at
        As of `Estimate`.
    draws
        Dims (chain, draw).
    logarithmic
        Whether its precision is judged on the log scale: positive, skewed, read as a multiple.
    longer
        For contrasts, draw by draw: whether the time to the event is longer in the experimental arm.
    beyond
        Values above it were not reached.
    meaning
        What the quantity is, where its name leaves that open.
    horizon
        Time that a restricted mean goes to; 0 of anything else.
    """

    quantity: str
    draws: Floats
    arm: str = ""
    at: str = ""
    logarithmic: bool = False
    longer: NDArray[np.bool_] | None = None
    beyond: float = inf
    meaning: str = ""
    horizon: float = 0.0

    @property
    def name(self) -> str:
        """Key of the answer within its population."""
        labels = ", ".join(label for label in (self.arm, self.at) if label)
        return f"{self.quantity}[{labels}]" if labels else self.quantity

    @property
    def judged(self) -> Judged:
        """The draws on the scale that they are judged on."""
        if self.logarithmic:
            return Judged(np.log(self.draws), reported=True, beyond=log(self.beyond))
        return Judged(self.draws, reported=True, beyond=self.beyond)


def answers(log_hazard: Floats, asked: Questions, *, hazard_ratio: Floats, effect: Floats) -> Iterator[Answer]:
    """Yield the reported quantities, arms first, then contrasts of experimental over (or minus) control.

    The hazard ratio without a time is the event-weighted one, which stands beside a printed one from Cox's regression.
    Where it changes with time, the unweighted average over time has a name of its own: late times weigh in it as much
    as early ones, however few are followed then.

    Parameters
    ----------
    log_hazard
        Dims (chain, draw, arm, interval).
    asked
        What is asked.
    hazard_ratio
        `estimands.event_weighted_hazard_ratio`; dims (chain, draw).
    effect
        Log hazard ratio averaged over time, from 0 to the horizon of the grid; dims (chain, draw).
    """
    grid, times = asked.grid, partial(_time, unit=asked.unit)
    for arm, name in enumerate(asked.arms):
        own = log_hazard[..., arm, :]
        yield Answer(quantity="median", arm=name, draws=of.quantile(own, grid), logarithmic=True, beyond=grid.horizon)
        for landmark in asked.landmarks:
            yield Answer(
                quantity="survival", arm=name, at=times(landmark), draws=of.survival(own, grid, landmark)[..., 0]
            )
        for given, landmark in zip(asked.landmarks, asked.landmarks[1:], strict=False):
            yield Answer(
                quantity="conditional_survival",
                arm=name,
                at=f"{times(landmark)} given {times(given)}",
                draws=of.conditional_survival(own, grid, landmark, given=given)[..., 0],
            )
        for horizon in asked.horizons:
            mean = of.restricted_mean(own, grid, horizon)[..., 0]
            yield Answer(quantity="restricted_mean", arm=name, at=times(horizon), draws=mean)
            yield Answer(quantity="time_lost", arm=name, at=times(horizon), draws=horizon - mean)
    if asked.proportional:
        yield _contrast("hazard_ratio", hazard_ratio, "less")
    else:
        over_time = f"averaged over time, 0 to {times(grid.horizon)}, all times alike"
        yield replace(_contrast("hazard_ratio", hazard_ratio, "less"), meaning=EVENT_WEIGHTED)
        yield replace(_contrast("time_averaged_hazard_ratio", np.exp(effect), "less"), meaning=over_time)
        for landmark in asked.landmarks:
            yield _contrast(
                "hazard_ratio", of.hazard_ratio(log_hazard, grid, landmark)[..., 0], "less", times(landmark)
            )
    for landmark in asked.landmarks:
        by_arm = of.survival(log_hazard, grid, landmark)[..., 0]
        yield _contrast("survival_difference", by_arm[..., 1] - by_arm[..., 0], "more", times(landmark))
    for horizon in asked.horizons:
        means = of.restricted_mean(log_hazard, grid, horizon)[..., 0]
        control, experimental = means[..., 0], means[..., 1]
        difference = _contrast("restricted_mean_difference", experimental - control, "more", times(horizon))
        yield replace(difference, horizon=horizon)
        yield _contrast("restricted_mean_ratio", experimental / control, "more", times(horizon))
        yield _contrast("time_lost_ratio", (horizon - experimental) / (horizon - control), "less", times(horizon))


def report(
    found: tuple[Answer, ...], asked: Questions, make: Make, *, population: str, level: float
) -> Iterator[Estimate]:
    """Yield the posterior estimates, digits cut to what the Monte Carlo error supports.

    Parameters
    ----------
    found, asked
        Answers of one population, and the questions.
    make
        Makes an estimate that names endpoint, model, prior and method.
    population
        The population.
    level
        Coverage of the equal-tailed intervals.
    """
    make = partial(make, population=population)
    contrast = partial(make, numerator=asked.arms[1], denominator=asked.arms[0])
    medians = {}
    for answer in found:
        named = {"quantity": answer.quantity, "at": answer.at}
        own = partial(make, arm=answer.arm, **named) if answer.longer is None else partial(contrast, **named)
        estimate = estimated(
            own,
            answer.draws,
            level,
            logarithmic=answer.logarithmic,
            beyond=answer.beyond,
            prob_benefit=None if answer.longer is None else probability(_good(answer.longer, asked)),
        )
        yield replace(estimate, method=f"{estimate.method}; {answer.meaning}") if answer.meaning else estimate
        if answer.quantity == "median":
            medians[answer.arm] = answer.draws
            missed = probability(answer.draws > answer.beyond)
            yield make(quantity="not_reached", arm=answer.arm, at=_time(answer.beyond, asked.unit), value=missed)
    word = "longer" if asked.better == "higher" else "shorter"
    longer = medians[asked.arms[1]] > medians[asked.arms[0]]
    yield contrast(quantity="probability_of_benefit", at=f"median {word}", value=probability(_good(longer, asked)))
    for answer in found:
        if answer.longer is not None and (
            answer.quantity == "restricted_mean_difference" or answer.name == "hazard_ratio"
        ):
            said = QUANTITIES[answer.quantity].label.lower() + (f" at {answer.at}" if answer.at else "")
            value = probability(_good(answer.longer, asked))
            yield contrast(quantity="probability_of_benefit", at=f"{said} in favour", value=value)
            for at, enough in _sizes(answer, said, asked):
                yield contrast(quantity="probability_above_margin", at=at, value=probability(enough))


def _sizes(answer: Answer, said: str, asked: Questions) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield sizes of benefit in words, and in which draws it is larger."""
    favourable = asked.better == "higher"
    if answer.logarithmic:
        for margin in asked.plan.margins:
            yield beyond(margin, asked.better), answer.draws < margin if favourable else answer.draws > 1 / margin
        return
    gain = asked.plan.gain(answer.horizon)
    enough = answer.draws > gain if favourable else answer.draws < -gain
    whose = ", a margin of this program" if asked.plan.restricted_mean is None else ", the stated margin"
    yield f"{said} in favour by more than {gain:.3g} {asked.unit}{whose}", enough


def _good(longer: NDArray[np.bool_], asked: Questions) -> NDArray[np.bool_]:
    return longer if asked.better == "higher" else ~longer


def _contrast(quantity: str, draws: Floats, good: Good, at: str = "") -> Answer:
    ratio = QUANTITIES[quantity].form == "ratio"
    null = 1.0 if ratio else 0.0
    longer = draws > null if good == "more" else draws < null
    return Answer(quantity=quantity, draws=draws, at=at, logarithmic=ratio, longer=longer)


def _time(time: float, unit: str) -> str:
    return f"{time:g} {unit}"
