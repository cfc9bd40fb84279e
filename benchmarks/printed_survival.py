"""Coverage, cost and agreement of the likelihood of printed survival numbers.

Run with ``python benchmarks/printed_survival.py``. Trials are simulated from the prior, printed with rounding, and
fitted from the print alone: how often do intervals hold the truth, at which size. Then the time that an endpoint takes
from print to posterior at 100 to 100,000 patients. Stored in ``benchmarks/printed_survival.json`` with date and
versions.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.nuts import compiled
from reappraise.fits.sampling import Sampling, versions
from reappraise.published.patients import PatientData
from reappraise.survival import estimands as of
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.printed.job import fit_printed_survival
from reappraise.survival.printed.model import PRINTED
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.shares import FollowUp, log_hazards
from reappraise.survival.pseudo_ipd.publish import publish
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.road import FEWEST_EVENTS

STORED = Path(__file__).with_suffix(".json")
HORIZON = 24.0
SIZES = (80, 160, 500)
PATIENTS = (100, 1_000, 10_000, 100_000)
PLACES = (6.0, 12.0, 18.0)
SAMPLING = Sampling(draws=400, tune=400, chains=4, seed=1)


def world(totals: tuple[int, int]) -> Problem:
    """A trial of that size of which nothing is printed yet."""
    return Problem(
        rows=(),
        readings=(),
        totals=totals,
        follow_up=FollowUp(shortest=None, longest=HORIZON, reach=HORIZON),
        longest=(None, None),
        grid=Grid.early(10, HORIZON),
        prior=HazardPrior(effect=hazard_ratio_priors()[0], median=HORIZON / 2, level_sd=1.0),
    )


def simulate(asked: Problem, latent: np.ndarray, rng: np.random.Generator) -> PatientData:
    """Patients whose expected outcomes are those of a point, evenly spread within cells."""
    seen = asked.followed(latent)
    cells = asked.cells
    times, events = [], []
    for arm, number in enumerate(asked.totals):
        share = np.concatenate([seen.events[arm], seen.ended[arm], seen.edges[arm, -1:]])
        outcome = rng.choice(share.size, number, p=share / share.sum())
        cell = np.minimum(outcome % cells.width.size, cells.width.size - 1)
        inside = cells.edges[cell] + rng.random(number) * cells.width[cell]
        times.append(np.where(outcome == 2 * cells.width.size, cells.end, inside))
        events.append(outcome < cells.width.size)
    arm = np.repeat(np.array([0, 1], dtype=np.int8), asked.totals)
    return PatientData.known(np.concatenate(times), np.concatenate(events), arm, endpoint="simulated")


def answers(log_hazard: np.ndarray, hazard_ratio: np.ndarray, grid: Grid) -> np.ndarray:
    """Survival at three times by arm, difference of restricted means, log hazard ratio; dims (..., answer)."""
    by_arm = of.survival(log_hazard, grid, PLACES)
    means = of.restricted_mean(log_hazard, grid, 18.0)
    parts = [by_arm[..., 0, :], by_arm[..., 1, :], means[..., 1, :] - means[..., 0, :], np.log(hazard_ratio)[..., None]]
    return np.concatenate(parts, axis=-1)


def covers(total: int, trials: int) -> dict[str, object]:
    """How often intervals hold the truth, over trials with enough events to take this road."""
    asked, rng = world((total // 2, total // 2)), np.random.default_rng(total)
    ranks, passed, seconds, surprising = [], 0, [], 0
    while len(ranks) < trials:
        latent = rng.normal(size=asked.parameters)
        units = np.abs(rng.normal(size=2))
        latent[2:4] = np.log(np.expm1(units))
        data = simulate(asked, latent, rng)
        if min(int(data.event[0, 0][data.arm == arm].sum()) for arm in (0, 1)) < FEWEST_EVENTS:
            continue
        try:
            summaries: Summaries = publish(data, landmarks=(12.0,), horizon=HORIZON)
            began = time.perf_counter()
            fit = fit_printed_survival(
                replace(summaries, horizon_known=bool(len(ranks) % 2)), prior=asked.prior, sampling=SAMPLING
            )
        except AnalysisError:
            continue
        seconds.append(time.perf_counter() - began)
        posterior = fit.tree["posterior"].to_dataset().astype(np.float64).transpose("chain", "draw", ...)
        log_hazard = posterior["log_hazard"].transpose(..., "arm", "interval").to_numpy()
        found = answers(log_hazard, posterior["hazard_ratio"].to_numpy(), fit.job.grid)
        real = log_hazards(latent, asked.data)[None, None]
        truth = answers(real, of.event_weighted_hazard_ratio(real, asked.person_time(latent)), asked.grid)
        ranks.append((found < truth).mean(axis=(0, 1)))
        passed += all(check.passed for check in fit.diagnosis.checks if check.name in {"R-hat", "divergences"})
        surprising += fit.misfit.joint < 1e-4
    held = np.array(ranks)
    return {
        "trials": trials,
        "cover_90": [round(float(x), 3) for x in ((held > 0.05) & (held < 0.95)).mean(axis=0)],
        "cover_90_all": round(float(((held > 0.05) & (held < 0.95)).mean()), 3),
        "cover_50_all": round(float(((held > 0.25) & (held < 0.75)).mean()), 3),
        "passed_r_hat_and_divergences": passed,
        "called_contradictory": surprising,
        "median_seconds": round(float(np.median(seconds)), 2),
    }


def costs() -> dict[str, float]:
    """Seconds from print to posterior at default settings, by number of patients."""
    found = {}
    for total in PATIENTS:
        asked = world((total // 2, total // 2))
        latent = np.zeros(asked.parameters)
        latent[1], latent[2:4] = -0.3, -3.0
        summaries = publish(simulate(asked, latent, np.random.default_rng(1)), landmarks=(12.0,), horizon=HORIZON)
        began = time.perf_counter()
        fit_printed_survival(summaries, prior=asked.prior, sampling=Sampling(seed=1))
        found[str(total)] = round(time.perf_counter() - began, 2)
    return found


if __name__ == "__main__":
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    began = time.perf_counter()
    compiled(PRINTED, (10,))
    compilation = round(time.perf_counter() - began, 1)
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(),
        "compilation_seconds": compilation,
        "seconds_by_patients": costs(),
        "coverage_by_patients": {str(total): covers(total, trials) for total in SIZES},
    }
    STORED.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
