"""A small case by quadrature: constant hazards, fixed follow-up, expected numbers in closed form."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from reappraise.fits.sampling import Sampling
from reappraise.survival import estimands as of
from reappraise.survival.printed.job import PrintedJob
from reappraise.survival.printed.mode import whitened
from reappraise.survival.printed.model import PRINTED_PROPORTIONAL
from reappraise.survival.printed.published import Print
from reappraise.survival.printed.rows import Row
from reappraise.survival.printed.shares import APART, LOST
from support.prints import HORIZON, PRIOR, trial

pytestmark = pytest.mark.sampling
TOTALS = (80, 60)
LANDMARK = 12.0


def _job() -> PrintedJob:
    summaries = replace(trial(TOTALS, 1)[1].summaries, minimum_follow_up=0.99 * HORIZON, totals=TOTALS)
    rows = (
        *(Row(kind="band", arm=arm, time=LANDMARK, observed=log(0.62 - 0.2 * arm), text=f"S {arm}") for arm in (0, 1)),
        Row(kind="events", arm=0, observed=0.66, text="events 0"),
        Row(kind="events", arm=1, observed=0.52, text="events 1"),
        Row(kind="both", place=0, observed=0.0, log_ratio=-0.35, text="hazard ratio"),
    )
    return PrintedJob(
        printed=Print(summaries=summaries, rows=rows),
        grid=Print(summaries=summaries, rows=rows).grid,
        model=PRINTED_PROPORTIONAL,
        # next to no walk: hazards follow the mean of the onset
        prior=replace(PRIOR, walk_scale=1e-6, departure_scale=0.0),
        sampling=Sampling(seed=2),
        horizons=(HORIZON,),
        landmarks=(LANDMARK,),
    )


def test_it_is_that_of_quadrature() -> None:
    job = _job()
    problem = job.printed.problem(job.entered, job.grid)
    assert problem.follow_up.fixed
    place = problem.places.place
    held, _ = whitened(problem)
    whiten = held.whiten[0][np.ix_(range(held.whiten[0].shape[0]), place)]
    precision = whiten.T @ whiten
    box = [(-0.6, 0.6, 51), (-1.9, 1.3, 51), (-4.5, 4.5, 15), (-4.5, 4.5, 9)]
    level, effect, lost, apart = (
        axis.ravel() for axis in np.meshgrid(*(np.linspace(*side) for side in box), indexing="ij")
    )
    log_level = job.entered.level_mean + job.entered.level_sd * level
    log_ratio = job.entered.effect.mean + job.entered.effect.sd * effect
    # hazards by interval: the trend of the onset; competing exponential times within each interval
    lengths, trend = job.grid.lengths, job.grid.trend
    shares, landmarks, scores = [], [], 0.0
    rate = LOST / HORIZON * np.log1p(np.exp(lost)) / log(2)
    at_risk = {}
    for arm, sign in enumerate((-0.5, 0.5)):
        own = np.exp(log_level[:, None] + trend + sign * log_ratio[:, None])
        losing = (rate * np.exp((2 * arm - 1) * APART * apart))[:, None]
        both = (own + losing) * lengths
        before = np.exp(-np.concatenate([0 * both[:, :1], np.cumsum(both, axis=1)[:, :-1]], axis=1))
        shares.append((own / (own + losing) * before * -np.expm1(-both)).sum(axis=1))
        spent = np.clip(LANDMARK - job.grid.starts, 0, lengths)
        landmarks.append(np.log((own * spent).sum(axis=1)))
        at_risk[arm] = (own, losing, before)
    # Cox's score at the printed ratio, by Gauss-Legendre within intervals
    nodes, weights = np.polynomial.legendre.leggauss(8)
    n = np.array(TOTALS) / sum(TOTALS)
    for j, length in enumerate(lengths):
        for node, weight in zip(nodes, weights, strict=True):
            since = (node + 1) / 2 * length
            risk = [at_risk[a][2][:, j] * np.exp(-(at_risk[a][0][:, j] + at_risk[a][1][:, 0]) * since) for a in (0, 1)]
            chance = n[1] * risk[1] / (n[0] * risk[0] * np.exp(0.35) + n[1] * risk[1])
            rates = [n[a] * risk[a] * at_risk[a][0][:, j] for a in (0, 1)]
            scores = scores + weight / 2 * length * (rates[1] - chance * (rates[0] + rates[1]))
    expected = np.stack([*landmarks, *shares, scores], axis=1)
    seen = np.array([row.observed for row in job.printed.rows])
    density = multivariate_normal.logpdf(seen - expected, cov=np.linalg.inv(precision))
    density += norm.logpdf([level, effect, lost, apart]).sum(axis=0)
    weight = np.exp(density - density.max())
    weight /= weight.sum()
    # the box holds the posterior: nothing is left at its faces
    assert weight[(np.abs(level) > 0.58) | (effect < -1.85) | (effect > 1.25)].sum() < 1e-6

    tree = job.run().tree["posterior"].to_dataset().astype(np.float64)
    log_hazard = tree["log_hazard"].transpose("chain", "draw", "arm", "interval").to_numpy()
    survival = of.survival(log_hazard, job.grid, (LANDMARK,))[..., 0]
    sampled = {
        "effect": tree["effect"].to_numpy().ravel(),
        "control": np.log(-np.log(survival[..., 0])).ravel(),
        "experimental": np.log(-np.log(survival[..., 1])).ravel(),
    }
    for name, values in (("effect", log_ratio), ("control", landmarks[0]), ("experimental", landmarks[1])):
        mean = float(weight @ values)
        sd = float(np.sqrt(weight @ (values - mean) ** 2))
        # four Monte Carlo errors at 1,000 effective draws, and the fine grid of the likelihood, which is off by less
        # than a hundredth: a right model fails once in 5,000 times
        assert abs(sampled[name].mean() - mean) < (4 / np.sqrt(1000) + 0.01) * sd, name
        assert abs(sampled[name].std() / sd - 1) < 4 / np.sqrt(2 * 1000) + 0.01, name
