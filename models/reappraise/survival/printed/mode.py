r"""The printed numbers made independent: their covariance at the most probable parameters, and a map to those.

The covariance is held where the print itself puts it. Were it to move with the parameters, the likelihood would take
from the size of its residuals information that no patient gave: with held covariance, information is that of an
efficient combination of the printed numbers, never above that of the patients' data (with moving covariance the
posterior of a small trial can be surer than the printed interval).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from scipy.linalg import solve_triangular

from reappraise.survival.printed.cells import Floats
from reappraise.survival.printed.complex_step import logistic, softplus
from reappraise.survival.printed.noise import noise
from reappraise.survival.printed.pivot import plain
from reappraise.survival.printed.places import LONGEST_ROWS
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.shares import SCALES, log_prior
from reappraise.survival.printed.statistics import FIRST, PLACES, ROWS

ROUNDS: Final = 6
"""Most rounds of covariance and mode."""
STILL: Final = 0.1
"""How far a round moves the mode, in posterior standard deviations over all variables, where rounds end."""
STEPS: Final = 40
ENOUGH: Final = 1e-5
"""Gain in log density at which the search ends: a few thousandths of a standard deviation."""
SETTLED: Final = 1e-2
"""The same at which a search that took all its steps has all but come to its end."""
OPEN: Final = 2
"""Levels that were not reached, one for each arm."""
RIDGE: Final = 1e-7
"""Added to every correlation matrix: numbers that repeat each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whitening:
    """What makes the residuals of a print independent and standard normal, reading by reading.

    Parameters
    ----------
    printed
        Printed numbers in their places, dims (row,).
    opened
        What a unit of distance below a level that was not reached adds; dims (row, arm).
    whiten
        From residuals to independent ones; dims (reading, row, row).
    log_weight
        Logarithm of the density's constant and the reading's weight; dims (reading,).
    """

    printed: Floats
    opened: Floats
    whiten: Floats
    log_weight: Floats

    @classmethod
    def of(cls, data: Mapping[str, Floats]) -> Self:
        """As data variables have it."""
        return cls(**{name: data[name] for name in ("printed", "opened", "whiten", "log_weight")})

    def data(self) -> dict[str, Floats]:
        """Values of the data variables."""
        return {
            "printed": self.printed,
            "opened": self.opened,
            "whiten": self.whiten,
            "log_weight": self.log_weight,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """The most probable parameters, and how the posterior falls off from them.

    Parameters
    ----------
    centre
        Standard normal variables, distances below levels last; dims (variable,).
    factor
        Approximate root of their posterior covariance, dims (variable, variable).
    log_density
        Log density there, up to a constant of the print.
    settled
        Whether the search all but came to its end.
    """

    centre: Floats
    factor: Floats
    log_density: float
    settled: bool

    @property
    def log_evidence(self) -> float:
        """Laplace's approximation of the logarithm of the density's integral, up to a constant of the print."""
        return self.log_density + float(np.linalg.slogdet(self.factor)[1])


def whitened(problem: Problem) -> tuple[Whitening, Mode]:
    """Find covariance and mode together, under the likelier way to the median follow-up where there are two."""
    with np.errstate(all="ignore"):  # on the way to the mode anything may happen, and is refused as no gain
        ways = sorted({reading.follow_up for reading in problem.readings if reading.weight > 0})
        found = [_settled(_only(problem, way)) for way in ways]
        at, mode = max(found, key=lambda one: np.nan_to_num(one[1].log_evidence, nan=-np.inf))
        if len(found) > 1:
            at = _whitening(problem, mode.centre, rough=False) or at
            mode = mode_from(problem, at, mode.centre)
        return at, mode


def _only(problem: Problem, way: str) -> Problem:
    """The problem where only one way to the median follow-up is possible."""
    kept = (replace(one, weight=one.weight * (one.follow_up == way)) for one in problem.readings)
    return replace(problem, readings=tuple(kept))


def _settled(problem: Problem) -> tuple[Whitening, Mode]:
    point = np.zeros(problem.parameters + OPEN)
    first = _whitening(problem, point, rough=True)
    if first is None:
        raise ArithmeticError("expected finite moments of the printed numbers at the middle of the prior")
    at, mode = first, mode_from(problem, first, point)
    for step in range(ROUNDS):
        # where contradictory numbers have led off the map, the last covariance that there was stays
        at = _whitening(problem, mode.centre, rough=step == 0) or at
        before, mode = mode.centre, mode_from(problem, at, mode.centre)
        if step and np.linalg.norm(np.linalg.solve(mode.factor, mode.centre - before)) < STILL:
            break
    return at, mode


def rewhitened(problem: Problem, data: Mapping[str, Floats]) -> Mapping[str, Floats]:
    """The same data with the covariance of the most probable parameters, where they have one.

    Contradictory numbers have no parameters whose own covariance leads to them again: held is then one that makes far
    numbers look near.
    """
    with np.errstate(all="ignore"):
        fresh = _whitening(problem, plain(data["centre"], data), rough=False)
    return data if fresh is None else {**data, **fresh.data()}


def _whitening(problem: Problem, point: Floats, *, rough: bool) -> Whitening | None:
    """Whitening by the covariance at a point, if there is any; a rough one takes the numbers for independent."""
    latent = point[: problem.parameters]
    covariance = problem.covariance(latent)
    added = noise(problem, latent, covariance)
    place, rows = problem.places.place, problem.rows
    own = covariance[np.ix_(place, place)] + np.diag(added.variance)
    if not (np.isfinite(own).all() and np.isfinite(added.shift).all() and np.isfinite(added.log_slope).all()):
        return None
    if rough:
        own = np.diag(np.maximum(np.diag(own), 0.05**2))
    deviation = np.sqrt(np.diag(own))
    printed = problem.places.by_row(np.array([row.observed for row in rows]) - added.shift)
    opened = np.zeros((ROWS, OPEN))
    for row, where, unit in zip(rows, place, deviation, strict=True):
        if row.open:
            opened[where, int(row.arm or 0)] = unit
    whiten = np.zeros((len(problem.readings), ROWS, ROWS))
    log_weight = np.full(len(problem.readings), -np.inf)
    for index, reading in enumerate(problem.readings):
        if reading.weight == 0:
            continue
        on = np.array([reading.holds(row) for row in rows], dtype=bool)
        units = deviation[on]
        correlation = own[np.ix_(on, on)] / units / units[:, None] + RIDGE * np.eye(int(on.sum()))
        root = np.linalg.cholesky(correlation)
        inverse = solve_triangular(root, np.diag(1 / units), lower=True)
        whiten[index][np.ix_(place[on], place[on])] = inverse
        slopes = added.log_slope[on].sum()
        log_weight[index] = np.log(reading.weight) + np.log(np.diag(inverse)).sum() + slopes
    return Whitening(printed=printed, opened=opened, whiten=whiten, log_weight=log_weight)


def mode_from(problem: Problem, at: Whitening, start: Floats) -> Mode:
    """Most probable parameters by damped Gauss-Newton steps from a point, dims (variable,)."""
    point, damping = start, 1e-2
    value, reading = _objective(problem, at, point)
    size, gain = problem.parameters, np.inf
    for _ in range(STEPS):
        residual = at.printed - at.opened @ np.exp(point[size:]) - problem.expected(point[:size])
        slope = np.vstack([-problem.slope_by_parameter(point[:size]), -(at.opened * np.exp(point[size:])).T])
        turned = at.whiten[reading] @ slope.T
        first, second = _prior(point, at)
        by_longest = slope @ _longest(problem, problem.expected(point[:size]))[1]
        gradient = first + by_longest + turned.T @ (at.whiten[reading] @ residual)
        curvature = np.diag(second) + turned.T @ turned + np.outer(by_longest, by_longest)
        for _ in range(12):
            step = -np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), gradient)
            step *= min(1.0, 3.0 / float(np.abs(step).max()))
            tried, other = _objective(problem, at, point + step)
            if tried <= value + 1e-12:
                break
            damping *= 5
        else:
            break
        gain, value, reading, point = value - tried, tried, other, point + step
        damping = max(damping / 5, 1e-8)
        if gain < ENOUGH:
            break
    inverse = np.linalg.inv(np.linalg.cholesky(curvature))
    return Mode(centre=point, factor=inverse.T, log_density=-value, settled=gain < SETTLED)


def _longest(problem: Problem, expected: Floats) -> tuple[float, Floats]:
    """Log probability of the printed longest follow-ups, and its derivatives by the expected statistics."""
    value, slope = 0.0, np.zeros(expected.size)
    for arm, (bounds, number) in enumerate(zip(problem.longest, problem.totals, strict=True)):
        if bounds is not None:
            place = FIRST["observed"] + PLACES["observed"] - LONGEST_ROWS + 2 * arm
            before, after = number * expected[place], number * expected[place + 1]
            between = max(before - after, 1e-12)
            value += -after + np.log(-np.expm1(-between))
            by_between = np.exp(-between) / -np.expm1(-between)
            slope[place], slope[place + 1] = number * by_between, -number * (1 + by_between)
    return float(value), slope


def _reached(at: Whitening) -> Floats:
    """Whether a level is open in each arm, dims (arm,): then its distance has a flat prior, else it has none."""
    return np.asarray((at.opened > 0).any(axis=0), dtype=np.float64)


def _prior(point: Floats, at: Whitening) -> tuple[Floats, Floats]:
    """First and second derivatives of the negative log prior density, dims (variable,)."""
    first, second = point.copy(), np.ones(point.size)
    opened = _reached(at)
    first[-OPEN:] = np.where(opened, -1.0, first[-OPEN:])
    unit, slope = softplus(point[SCALES]), logistic(point[SCALES])
    first[SCALES] = unit * slope - (1 - slope)
    second[SCALES] = slope**2 + (1 + unit) * slope * (1 - slope)
    return first, second


def _objective(problem: Problem, at: Whitening, point: Floats) -> tuple[float, int]:
    """Negative log density up to a constant, and the reading that fits best."""
    size = problem.parameters
    with np.errstate(all="ignore"):
        expected = problem.expected(point[:size])
        residual = at.printed - at.opened @ np.exp(point[size:]) - expected
        fit = at.log_weight - 0.5 * np.square(at.whiten @ residual).sum(axis=-1) + _longest(problem, expected)[0]
    fit = np.where(np.isfinite(fit), fit, -np.inf)
    best = int(np.argmax(fit))
    beside = np.where(_reached(at), -point[size:], 0.5 * np.square(point[size:])).sum()
    return float(beside - log_prior(point[:size]) - fit[best]), best
