r"""The mean log hazard after the follow-up given external survival: the joint posterior, by importance sampling.

.. math::
    p(\theta, e \mid D, R) \propto p(\theta \mid D)\; \mathrm{Normal}(e; 0, I)\; \prod_i
        \mathrm{Binomial}\!\left(r_i;\, n_i,\, e^{-H_i(\theta, e)}\right), \qquad
    m_k = m_{k-1} + \sigma \sqrt{\Delta_k}\, e_k

with theta the hazards and scales given the trial D, m_k the mean log hazard of further interval k, sigma the standard
deviation of the walk within the follow-up, Delta_k the walk's own time between midpoints, H_i the cumulative hazard
between start and stop of row i. Rows speak to the further hazards, to the last interval, and to sigma, all at once.

To each stored draw of theta one e is drawn from a Student approximation of its conditional posterior; the weight of
the pair is the joint density over that of the proposal. So the result is exact but for Monte Carlo error, whatever
model the draws come from, and the weights say how large that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from reappraise.fits.diagnose import Check
from reappraise.survival.beyond.hazards import Floats, Walk, longer
from reappraise.survival.beyond.rule import ExternalRow, Extrapolation
from reappraise.survival.hazard import Grid, walk_clock

BLOCK: Final = 1000
"""Draws that are treated at a time, for memory."""
ROUNDS: Final = 40
HALVINGS: Final = 12
FREEDOM: Final = 8.0
"""Degrees of freedom of the proposal: tails that are heavier than those of what it stands for."""
LEAST: Final = 1e-12
"""Cumulative hazard that stands in for none."""
LARGEST_PARETO_K: Final = 0.7
"""Above it the weights are too uneven to be trusted (Vehtari et al. 2024, Pareto smoothed importance sampling)."""
DISAGREE: Final = (
    "keep more draws (draws, --draws); hazards in the follow-up and in the external rows lie far apart: check their "
    "unit of time, their time zero, and whether they are of like patients"
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A walk for each draw, and how much each counts.

    Parameters
    ----------
    walk
        How the mean log hazard goes on, draw by draw.
    log_weight
        Dims (chain, draw).
    """

    walk: Walk
    log_weight: Floats


def clock(times: Floats, after: float) -> Floats:
    """Time by which the walk of the hazards goes, 1 at the end of the follow-up, and on beyond it.

    Parameters
    ----------
    times, after
        Times, and the end of the follow-up.
    """
    return walk_clock(times / after)


def propose(
    log_hazard: Floats,
    walk_sd: Floats,
    grid: Grid,
    rule: Extrapolation,
    arms: tuple[str, str],
    rng: np.random.Generator,
) -> Proposed:
    """Draw how hazards go on, and weigh every draw by the external rows.

    Parameters
    ----------
    log_hazard, walk_sd
        Draws of the hazards within the follow-up, dims (chain, draw, arm, interval), and of the standard deviation of
        their walk over it, dims (chain, draw).
    grid, rule, arms
        Intervals of the follow-up, the rule with its rows, and keys of control and experimental arm.
    rng
        Source of the draws.
    """
    chains, draws = walk_sd.shape
    after = grid.horizon
    edges = {edge for row in rule.rows for edge in (row.start, row.stop) if edge > after}
    starts = np.array([after, *sorted(edges - {rule.last})])
    middles = (starts + np.append(starts[1:], rule.last)) / 2
    reached = clock(np.array([grid.starts[-1] + grid.lengths[-1] / 2, *middles]), after)
    steps = np.tril(np.ones((starts.size, starts.size))) * np.sqrt(np.diff(reached))
    flat = log_hazard.reshape(1, chains * draws, *log_hazard.shape[2:])
    scale = walk_sd.reshape(-1)
    levels, weights = [], []
    for begin in range(0, scale.size, BLOCK):
        own = slice(begin, begin + BLOCK)
        fixed, by_piece = _parts(flat[:, own], grid, rule, arms, starts)
        found = _Conditional(fixed[0], by_piece[0], scale[own, None, None] * steps, rule.rows)
        unit, log_weight = found.draw(rng)
        levels.append(scale[own, None] * (unit @ steps.T))
        weights.append(log_weight)
    level = np.concatenate(levels).reshape(chains, draws, starts.size)
    return Proposed(Walk(starts, level), np.concatenate(weights).reshape(chains, draws))


def _parts(
    log_hazard: Floats, grid: Grid, rule: Extrapolation, arms: tuple[str, str], starts: Floats
) -> tuple[Floats, Floats]:
    """Cumulative hazard of each row within the follow-up, and after it by further interval were there no walk.

    Returns
    -------
    tuple of ndarray
        Dims (chain, draw, row), and (chain, draw, row, interval).
    """
    times = [edge for row in rule.rows for edge in (row.start, row.stop)]
    whole = longer(log_hazard, grid, to=rule.last, times=(*times, *starts), wane_by=rule.wane_by)
    ends = np.append(whole.grid.starts[1:], whole.grid.horizon)
    hazards = np.exp(np.concatenate([whole.log_hazard, whole.middle[..., None, :]], axis=-2))
    which = np.array([arms.index(row.arm) if row.arm else 2 for row in rule.rows])
    spent = np.array(
        [np.clip(np.minimum(ends, row.stop) - np.maximum(whole.grid.starts, row.start), 0, None) for row in rule.rows]
    )
    cumulative = hazards[..., which, :] * spent
    place = np.searchsorted(starts, whole.grid.starts, side="right") - 1
    fixed = cumulative[..., place < 0].sum(axis=-1)
    by_piece = np.stack([cumulative[..., place == k].sum(axis=-1) for k in range(starts.size)], axis=-1)
    return fixed, by_piece


def resampled(log_weight: Floats, rng: np.random.Generator) -> tuple[NDArray[np.int64], tuple[Check, ...]]:
    """Places of draws, chain by chain and in their order, each as often as its weight says; and whether that is good.

    Repeated draws stand side by side, so that effective sample sizes count them once.
    """
    finite = np.maximum(log_weight - log_weight.max(), -700.0)
    smoothed, tail = array_stats.psislw(-finite.ravel())
    chains, number = log_weight.shape
    weight = np.exp(np.asarray(smoothed, dtype=np.float64)).reshape(chains, number)
    weight /= weight.sum(axis=1, keepdims=True)
    chosen = np.stack(
        [
            np.searchsorted(np.cumsum(own), (np.arange(number) + rng.random()) / number).clip(max=number - 1)
            for own in weight
        ]
    )
    pareto_k = float(np.asarray(tail))
    check = Check(
        "Pareto k of the external weights",
        pareto_k,
        LARGEST_PARETO_K,
        "external rows",
        pareto_k <= LARGEST_PARETO_K,
        DISAGREE,
    )
    return chosen, (check,)


@dataclass(frozen=True, slots=True)
class _Conditional:
    """Standard normal steps given one draw of everything else, for many draws at once.

    `fixed` has dims (draw, row), `by_piece` (draw, row, interval), `steps` (draw, interval, step).
    """

    fixed: Floats
    by_piece: Floats
    steps: Floats
    rows: Sequence[ExternalRow]

    def density(self, unit: Floats) -> tuple[Floats, Floats, Floats]:
        """Log density (draw,), its gradient (draw, step), and its expected curvature (draw, step, step)."""
        number = np.array([row.n for row in self.rows], dtype=np.float64)
        alive = np.array([row.r for row in self.rows], dtype=np.float64)
        walked = np.exp(np.einsum("dkj,dj->dk", self.steps, unit))
        pieces = self.by_piece * walked[:, None, :]
        hazard = np.maximum(self.fixed + pieces.sum(axis=-1), LEAST)
        dead = np.log(-np.expm1(-hazard))
        total = -np.square(unit).sum(axis=-1) / 2 + (-alive * hazard + (number - alive) * dead).sum(axis=-1)
        odds = 1 / np.expm1(np.minimum(hazard, 500.0))
        score = -alive + (number - alive) * odds
        slope = np.einsum("drk,dkj->drj", pieces, self.steps)
        gradient = -unit + np.einsum("dr,drj->dj", score, slope)
        curvature = np.eye(unit.shape[-1]) + np.einsum("dr,dri,drj->dij", number * odds, slope, slope)
        return total, gradient, curvature

    def mode(self) -> tuple[Floats, Floats]:
        """Most probable steps by Fisher scoring, and their curvature: any will do as a proposal, these do well."""
        unit = np.zeros((self.fixed.shape[0], self.steps.shape[-1]))
        total, gradient, curvature = self.density(unit)
        for _ in range(ROUNDS):
            move = np.linalg.solve(curvature, gradient[..., None])[..., 0]
            length = np.ones(unit.shape[0])
            for _ in range(HALVINGS):
                with np.errstate(over="ignore", invalid="ignore"):
                    better = self.density(unit + length[:, None] * move)[0] >= total
                if better.all():
                    break
                length = np.where(better, length, length / 2)
            moved = np.where(better, length, 0.0)[:, None] * move
            unit = unit + moved
            total, gradient, curvature = self.density(unit)
            if np.abs(moved).max() < 1e-7:
                break
        return unit, curvature

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """One point for each draw, and log of joint density over that of the proposal."""
        centre, curvature = self.mode()
        root = np.linalg.cholesky(curvature)
        size = centre.shape[-1]
        normal = rng.normal(size=centre.shape) * np.sqrt(FREEDOM / rng.chisquare(FREEDOM, size=len(centre)))[:, None]
        unit = centre + np.linalg.solve(np.swapaxes(root, -1, -2), normal[..., None])[..., 0]
        with np.errstate(over="ignore", invalid="ignore"):
            total = self.density(unit)[0]
        diagonal: NDArray[Any] = np.diagonal(root, axis1=-2, axis2=-1)
        proposed = np.log(diagonal).sum(axis=-1) - (FREEDOM + size) / 2 * np.log1p(
            np.square(normal).sum(axis=-1) / FREEDOM
        )
        return unit, np.where(np.isfinite(total), total - proposed, -np.inf)
