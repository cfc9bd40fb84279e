r"""The printed numbers made independent: their covariance at the most probable parameters, and a map to those.

The covariance is held where the print itself puts it. Were it to move with the parameters, the likelihood would take
from the size of its residuals information that no patient gave: with held covariance, information is that of an
efficient combination of the printed numbers, never above that of the patients' data (with moving covariance the
posterior of a small trial can be surer than the printed interval).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg import solve_triangular

from reappraise.survival.printed.cells import Floats
from reappraise.survival.printed.complex_step import logistic, softplus
from reappraise.survival.printed.noise import noise
from reappraise.survival.printed.pivot import plain
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.shares import SCALES, log_prior
from reappraise.survival.printed.statistics import ROWS

ROUNDS: Final = 4
"""Rounds of covariance and mode: by the third nothing moves by a hundredth of a standard deviation."""
STEPS: Final = 40
OPEN: Final = 2
"""Levels that were not reached, one for each arm."""
RIDGE: Final = 1e-7
"""Added to every correlation matrix: numbers that repeat each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whitened:
    """A print whose residuals are independent and standard normal, reading by reading.

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
    centre
        Most probable standard normal variables, distances below levels last; dims (variable,).
    factor
        Approximate root of their posterior covariance, dims (variable, variable).
    """

    printed: Floats
    opened: Floats
    whiten: Floats
    log_weight: Floats
    centre: Floats
    factor: Floats

    def data(self) -> dict[str, Floats]:
        """Values of the data variables."""
        return {
            "printed": self.printed,
            "opened": self.opened,
            "whiten": self.whiten,
            "log_weight": self.log_weight,
            "centre": self.centre,
            "factor": self.factor,
        }


def whitened(problem: Problem) -> Whitened:
    """Find covariance and mode together."""
    with np.errstate(all="ignore"):  # on the way to the mode anything may happen, and is refused as no gain
        size = problem.parameters + OPEN
        point = np.zeros(size)
        first = _whitening(problem, point, rough=True)
        if first is None:
            raise ArithmeticError("expected finite moments of the printed numbers at the middle of the prior")
        at = first
        for step in range(ROUNDS):
            point, factor = _mode(problem, at, point)
            # where contradictory numbers have led off the map, the last covariance that there was stays
            at = _whitening(problem, point, rough=step == 0) or at
        point, factor = _mode(problem, at, point)
    return Whitened(
        printed=at.printed,
        opened=at.opened,
        whiten=at.whiten,
        log_weight=at.log_weight,
        centre=point,
        factor=factor,
    )


def rewhitened(problem: Problem, data: Mapping[str, Floats]) -> Mapping[str, Floats]:
    """The same data with the covariance of the most probable parameters, where they have one.

    Contradictory numbers have no parameters whose own covariance leads to them again: held is then one that makes far
    numbers look near.
    """
    with np.errstate(all="ignore"):
        fresh = _whitening(problem, plain(data["centre"], data), rough=False)
    if fresh is None:
        return data
    own = {"printed": fresh.printed, "opened": fresh.opened, "whiten": fresh.whiten, "log_weight": fresh.log_weight}
    return {**data, **own}


@dataclass(frozen=True, slots=True)
class _At:
    printed: Floats
    opened: Floats
    whiten: Floats
    log_weight: Floats


def _whitening(problem: Problem, point: Floats, *, rough: bool) -> _At | None:
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
    return _At(printed, opened, whiten, log_weight - log_weight.max())


def _mode(problem: Problem, at: _At, start: Floats) -> tuple[Floats, Floats]:
    """Most probable parameters by damped Gauss-Newton steps, and a root of their approximate covariance."""
    point, damping = start, 1e-2
    value, reading = _objective(problem, at, point)
    size = problem.parameters
    for _ in range(STEPS):
        residual = at.printed - at.opened @ np.exp(point[size:]) - problem.expected(point[:size])
        slope = np.vstack([-problem.slope_by_parameter(point[:size]), -(at.opened * np.exp(point[size:])).T])
        turned = at.whiten[reading] @ slope.T
        first, second = _prior(point)
        gradient = first + turned.T @ (at.whiten[reading] @ residual)
        curvature = np.diag(second) + turned.T @ turned
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
        if gain < 1e-7:
            break
    inverse = np.linalg.inv(np.linalg.cholesky(curvature))
    return point, inverse.T


def _prior(point: Floats) -> tuple[Floats, Floats]:
    """First and second derivatives of the negative log prior density, dims (variable,)."""
    first, second = point.copy(), np.ones(point.size)
    unit, slope = softplus(point[SCALES]), logistic(point[SCALES])
    first[SCALES] = unit * slope - (1 - slope)
    second[SCALES] = slope**2 + (1 + unit) * slope * (1 - slope)
    return first, second


def _objective(problem: Problem, at: _At, point: Floats) -> tuple[float, int]:
    """Negative log density up to a constant, and the reading that fits best."""
    size = problem.parameters
    with np.errstate(all="ignore"):
        residual = at.printed - at.opened @ np.exp(point[size:]) - problem.expected(point[:size])
        fit = at.log_weight - 0.5 * np.square(at.whiten @ residual).sum(axis=-1)
    fit = np.where(np.isfinite(fit), fit, -np.inf)
    best = int(np.argmax(fit))
    beside = 0.5 * point[size:] @ point[size:]
    return float(beside - log_prior(point[:size]) - fit[best]), best
