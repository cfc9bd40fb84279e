"""What lies between a statistic and its print: rounding, the steps of a curve, few patients at risk, slack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from reappraise.survival.printed.cells import CELLS, Floats
from reappraise.survival.printed.complex_step import STEP
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.statistics import FIRST, PLACES, band_statistic

FEW_AT_RISK: Final = 8.0
"""Patients at risk at which a curve's variance is taken as twice what the expansion gives: below, it is no guide."""
LEAST: Final = 1e-3
"""Least standard deviation of a row: that of the arithmetic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What is added to a statistic until it is the printed number; dims (printed number,).

    Parameters
    ----------
    shift
        What the observed value is less, such as half a step of a curve that crosses a level.
    variance
        Added variance.
    log_slope
        Logarithm of the statistic's slope in time where the time was observed, else 0: the density of the time is
        that of the statistic times the slope.
    """

    shift: Floats
    variance: Floats
    log_slope: Floats


def noise(problem: Problem, latent: Floats, covariance: Floats) -> Noise:
    """The noise of every printed number, at these parameters.

    Parameters
    ----------
    problem
        What was printed.
    latent
        Standard normal variables, dims (parameter,).
    covariance
        Of the statistics there.
    """
    rows, places, cells = problem.rows, problem.places, problem.cells
    risk = problem.followed(latent).edges
    part = np.array(problem.totals) / sum(problem.totals)
    risk = np.vstack([risk, part @ risk])  # by arm, and of both together
    number = np.array([*problem.totals, sum(problem.totals)])
    arm = np.array([2 if row.arm is None else row.arm for row in rows], dtype=np.int64)
    at_risk = number[arm] * risk[arm, places.edge]
    expected = problem.expected(latent)
    steps = _by_cumulative(problem, latent, expected)[places.place]
    earlier, later = (problem.expected(latent, places.data(shift))[places.place] for shift in (-1, 1))
    first, last = (np.clip(places.edge + shift, 1, CELLS - 1) for shift in (-1, 1))
    slope = np.abs(later - earlier) / np.maximum(cells.edges[last] - cells.edges[first], 1e-9)
    slope = np.maximum(slope, 1e-6 / cells.end)
    kinds = np.array([row.kind for row in rows], dtype=str)
    quantile = np.array([row.quantile for row in rows], dtype=bool)
    width = np.array([row.width for row in rows])
    loose = np.array([row.loose for row in rows])
    jump = np.where(np.isin(kinds, ("band", "potential")), steps / at_risk, 0.0)
    jump = np.where(kinds == "observed", 1 / number[arm], jump)
    # of a hazard ratio too it is the place that was printed: where the score is 0
    score = np.array([row.kind == "both" and row.place == 0 for row in rows], dtype=bool)
    information = np.exp(-2 * expected[FIRST["both"] + 1]) / sum(problem.totals)
    unit = np.where(quantile, slope, np.where(score, information, 1.0))
    rounding = ((unit * width) ** 2 + np.where(quantile, jump, 0.0) ** 2) / 12
    own = np.diag(covariance)[places.place]
    few = np.where(np.isin(kinds, ("band", "spread", "potential")), (FEW_AT_RISK / at_risk) ** 2 * own, 0.0)
    least = np.where(np.isin(kinds, ("events", "observed")), 0.3 / number[arm], LEAST * unit)
    return Noise(
        shift=np.where(quantile & np.isin(kinds, ("band", "potential")), jump / 2, 0.0),
        variance=rounding + few + (unit * loose) ** 2 + least**2,
        log_slope=np.where(quantile, np.log(slope), 0.0),
    )


def _by_cumulative(problem: Problem, latent: Floats, expected: Floats) -> Floats:
    """Derivative of every curve by its own cumulative hazard, dims (row,); 0 for what is none."""
    seen, bands = problem.followed(latent), problem.data["bands"]
    arm, cells = bands[:, 0].astype(int), np.arange(CELLS) < bands[:, 1:2]
    cumulative = (seen.hazard[arm] * cells).sum(axis=1)
    variance = ((seen.events / (seen.edges[:, :-1] * seen.edges[:, 1:]))[arm] * cells).sum(axis=1)
    slopes = np.zeros(expected.size)
    slopes[: PLACES["band"]] = band_statistic(cumulative + 1j * STEP, variance, bands).imag / STEP
    potentials = slice(FIRST["potential"], FIRST["potential"] + PLACES["potential"])
    slopes[potentials] = np.exp(-expected[potentials])
    return slopes
