"""Moments, agreement and cost of the likelihood of printed survival numbers.

Run with ``python benchmarks/printed_survival.py``. Stored in ``benchmarks/printed_survival.json`` with date, versions
and the digest of the code:

* moments: mean, standard deviation and correlation of what is printed, as the likelihood has them, against simulated
  trials, at four sizes, two allocations, and hazards that are proportional or cross;
* agreement: how far answers move, in posterior standard deviations, when time is counted in days, when intervals of
  constant hazard are halved, and against the exact sampler of individual data;
* seconds from print to posterior by number of patients, and effective draws a second.

How often intervals hold the truth is calibrated elsewhere: ``reappraise calibrate printed-survival-160``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from arviz_stats.base import array_stats

from reappraise.calibrate.calibration import digest
from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.nuts import compiled
from reappraise.fits.sampling import Effort, Sampling, versions
from reappraise.published.patients import PatientData
from reappraise.survival import estimands as of
from reappraise.survival.calibrate_printed import PRINTED_CALIBRATIONS, simulate
from reappraise.survival.classical.kaplan_meier import kaplan_meier, survival_at
from reappraise.survival.fit import fit_survival
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.printed.job import PrintedFit, PrintedJob
from reappraise.survival.printed.model import PRINTED as MODEL
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.published import print_of
from reappraise.survival.printed.rows import Row
from reappraise.survival.printed.shares import FollowUp
from reappraise.survival.pseudo_ipd.publish import PRINTED, publish
from reappraise.survival.pseudo_ipd.recompute import replicate_statistics
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.pseudo_ipd.targets import Target
from reappraise.survival.reconstruction import reconstruct

STORED = Path(__file__).with_suffix(".json")
HORIZON, LANDMARKS = 24.0, (3.0, 6.0, 12.0)
SIZES = (60, 160, 250, 600)
PATIENTS = (100, 1_000, 10_000)
"""At 100,000 four minutes do not suffice: tails are heavy, and the error of a limit is 0.104 of the 0.1 sd allowed."""
PLACES = (3.0, 6.0, 12.0, 18.0)
DAYS = 30.4375
Z = 1.959963984540054
PRIOR = HazardPrior(effect=hazard_ratio_priors()[0], median=HORIZON / 2)
TIMES = frozenset({"quantile", "quantile low", "quantile high", "follow-up median"})


def world(totals: tuple[int, int], rows: tuple[Row, ...] = ()) -> Problem:
    """A trial of that size."""
    return Problem(
        rows=rows,
        readings=(),
        totals=totals,
        follow_up=FollowUp(shortest=None, longest=HORIZON, reach=HORIZON),
        longest=(None, None),
        grid=Grid.early(10, HORIZON),
        prior=PRIOR,
    )


def point(asked: Problem, *, crossing: bool) -> np.ndarray:
    """Parameters with a hazard ratio of 2/3, or with hazards that cross."""
    latent = np.zeros(asked.parameters)
    latent[1], latent[2:4] = -0.4, -3.0
    if crossing:
        latent[3], latent[14:24] = 0.5, np.linspace(-2, 2, 10)
    return latent


def observed(data: PatientData) -> np.ndarray:
    """What trials print, on the scales of the likelihood."""
    found = []
    for arm in (0, 1):
        own = data.arm == arm
        curve = kaplan_meier(data.time[0, 0][own], data.event[0, 0][own])
        for at in LANDMARKS:
            here = survival_at(curve, at, scale="log-log")
            with np.errstate(divide="ignore", invalid="ignore"):
                found.append(np.log(-np.log(here.value)))
                found.append(found[-1] + Z * here.standard_error / here.value / -np.log(here.value))
    found += [float(data.event[0, 0][data.arm == arm].mean()) for arm in (0, 1)]
    asked = [
        Target(statistic=name, low=-np.inf, high=np.inf, scale=1.0, text=name)  # type: ignore[arg-type]  # both are
        for name in ("log hazard ratio", "log-rank z")
    ]
    return np.array([*found, *replicate_statistics(data, tuple(asked))[0, 0]])


def moments(total: int, experimental: float, trials: int, *, crossing: bool) -> dict[str, object]:
    """Moments of the likelihood against those of simulated trials."""
    totals = (total - round(experimental * total), round(experimental * total))
    rows = (
        *(
            Row(kind="band", arm=arm, time=at, observed=0.0, zeta=zeta, scale="log-log" if zeta else None, text="")
            for arm in (0, 1)
            for at in LANDMARKS
            for zeta in (0.0, Z)
        ),
        *(Row(kind="events", arm=arm, observed=0.0, text="") for arm in (0, 1)),
        Row(kind="both", place=0, observed=0.0, text=""),
        Row(kind="both", place=2, observed=0.0, text=""),
    )
    latent = point(world(totals), crossing=crossing)
    large = simulate(world((200_000, 200_000)), latent, np.random.default_rng(0))
    at = float(observed(large)[-2])  # what Cox's regression tends to
    rows = (*rows[:-2], replace(rows[-2], log_ratio=at), rows[-1])
    error = world(totals, (Row(kind="both", place=1, observed=0.0, log_ratio=at, text=""),))
    information = np.exp(-2 * error.expected(latent)[error.places.place[0]]) / total
    asked = world(totals, rows)
    place = asked.places.place
    unit = np.ones(len(rows))
    unit[-2] = 1 / information  # the row is Cox's score at the printed ratio, the estimate lies so much beyond it
    mean = unit * asked.expected(latent)[place] + np.eye(len(rows))[-2] * at
    covariance = asked.covariance(latent)[np.ix_(place, place)] * np.outer(unit, unit)
    sd = np.sqrt(np.diag(covariance))
    rng = np.random.default_rng(total)
    values = np.array([observed(simulate(asked, latent, rng)) for _ in range(trials)])
    kept = values[np.isfinite(values).all(axis=1)]
    seen = np.corrcoef(kept.T)
    bias, ratio = (kept.mean(axis=0) - mean) / sd, kept.std(axis=0) / sd
    early = np.arange(len(rows)) % 6 < 2
    early[12:] = False
    return {
        "patients": list(totals),
        "crossing": crossing,
        "without_an_event_by_the_first_landmark": trials - len(kept),
        "largest_bias_in_sds": round(float(np.abs(bias[~early]).max()), 3),
        "sd_ratios": [round(float(x), 3) for x in (ratio[~early].min(), ratio[~early].max())],
        "largest_bias_in_sds_early": round(float(np.abs(bias[early]).max()), 3),
        "sd_ratios_early": [round(float(x), 3) for x in (ratio[early].min(), ratio[early].max())],
        "largest_difference_of_correlations": round(
            float(np.abs(seen - covariance / np.outer(sd, sd)).max()), 3
        ),
    }  # fmt: skip


def printed_trial(total: int, seed: int) -> tuple[PatientData, Summaries]:
    """A simulated trial with a hazard ratio of 2/3, and its print."""
    asked = world((total // 2, total // 2))
    data = simulate(asked, point(asked, crossing=False), np.random.default_rng(seed))
    return data, publish(data, landmarks=(12.0,), horizon=HORIZON)


def fitted(summaries: Summaries, *, intervals: int = 10, scale: float = 1.0) -> PrintedFit:
    """The posterior given a print, times counted in a unit so many times smaller than months."""
    grid = Grid.early(intervals, HORIZON * scale)
    return PrintedJob(
        printed=print_of(summaries),
        grid=grid,
        prior=replace(PRIOR, median=scale * PRIOR.median),
        sampling=Sampling(seed=1),
        horizons=(18.0 * scale,),
    ).run()


def answers(log_hazard: np.ndarray, hazard_ratio: np.ndarray, grid: Grid, scale: float = 1.0) -> np.ndarray:
    """Survival at four times by arm, difference of restricted means, log hazard ratio; dims (draw, answer)."""
    by_arm = of.survival(log_hazard, grid, scale * np.array(PLACES))
    means = of.restricted_mean(log_hazard, grid, np.array([18.0 * scale])) / scale
    parts = [by_arm[..., 0, :], by_arm[..., 1, :], means[..., 1, :] - means[..., 0, :], np.log(hazard_ratio)[..., None]]
    found = np.concatenate(parts, axis=-1)
    return found.reshape(-1, found.shape[-1])


def drawn(fit: object, scale: float = 1.0) -> np.ndarray:
    """Answers of a fit."""
    posterior = fit.tree["posterior"].to_dataset().astype(np.float64)  # type: ignore[attr-defined]  # every fit has one
    if "group" in posterior.dims:
        posterior = posterior.isel(group=0)
    log_hazard = posterior["log_hazard"].transpose("chain", "draw", "arm", "interval").to_numpy()
    return answers(log_hazard, posterior["hazard_ratio"].to_numpy(), fit.job.grid, scale)  # type: ignore[attr-defined]


def apart(one: np.ndarray, other: np.ndarray) -> Mapping[str, object]:
    """Differences of means in standard deviations of the first, and ratios of the standard deviations, by answer."""
    return {
        "differences_in_sds": [round(float(x), 3) for x in (other.mean(0) - one.mean(0)) / one.std(0)],
        "sd_ratios": [round(float(x), 3) for x in other.std(0) / one.std(0)],
    }


def in_days(summaries: Summaries) -> Summaries:
    """The same print with times in days."""
    return replace(
        summaries,
        unit="days",
        horizon=DAYS * summaries.horizon,
        targets=tuple(
            replace(
                target,
                at=target.at if target.statistic in TIMES else DAYS * target.at,
                **(
                    {name: DAYS * getattr(target, name) for name in ("low", "high", "scale")}
                    if target.statistic in TIMES
                    else {}
                ),
            )
            for target in summaries.targets
        ),
    )


def agreement() -> dict[str, object]:
    """How far answers move when what should not matter changes."""
    _, summaries = printed_trial(150, 4)
    usual = drawn(fitted(summaries))
    found: dict[str, object] = {"again": apart(usual, drawn(fitted(replace(summaries, endpoint="again"))))}
    found["days"] = apart(usual, drawn(fitted(in_days(summaries), scale=DAYS), DAYS))
    found["halved"] = apart(usual, drawn(fitted(summaries, intervals=20)))
    exact = {}
    for total in (120, 160, 240):
        _, own = printed_trial(total, total)
        replicates = reconstruct(own, prior=PRIOR, seed=1, effort=Effort())
        there = fit_survival(replicates.data, prior=PRIOR, seed=1)
        exact[str(total)] = {
            "converged": bool(replicates.converged),
            "checks": {check.name: round(float(check.value), 3) for check in replicates.diagnosis.checks},
            **apart(drawn(there), drawn(fitted(own))),
        }  # fmt: skip
    found["exact"] = exact
    return found


def costs() -> dict[str, object]:
    """Seconds from print to posterior at default settings, and effective draws a second, by number of patients."""
    found = {}
    for total in PATIENTS:
        _, summaries = printed_trial(total, 1)
        began = time.perf_counter()
        fit = fitted(summaries)
        seconds = time.perf_counter() - began
        shape = [fit.tree["posterior"].sizes[name] for name in ("chain", "draw")]
        every = drawn(fit).reshape(*shape, -1)
        fewest = min(float(array_stats.ess(every[..., k], chain_axis=0, draw_axis=1)) for k in range(every.shape[-1]))
        found[str(total)] = {"seconds": round(seconds, 1), "effective_draws_a_second": round(fewest / seconds)}
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--unstored", action="store_true", help="print, store nothing")
    parser.add_argument("--trials", type=int, default=500, help="simulated trials for each row of moments")
    given = parser.parse_args()
    began = time.perf_counter()
    compiled(MODEL, (10,))
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "digest": digest(PRINTED_CALIBRATIONS[0].code),
        "versions": versions(),
        "printed": dict(PRINTED),
        "compilation_seconds": round(time.perf_counter() - began, 1),
        "by_patients": costs(),
        "moments": [
            moments(total, experimental, given.trials, crossing=crossing)
            for total in SIZES
            for experimental in (1 / 2, 1 / 3)
            for crossing in (False, True)
        ],
        "agreement": agreement(),
    }
    print(json.dumps(result, indent=1))
    if not given.unstored:
        STORED.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
