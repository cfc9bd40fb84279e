"""Response models of a trial: agreement with the exact posterior, and what fits cost.

Run with ``make bench`` or ``python benchmarks/response.py``. Prints a table and writes ``benchmarks/response.json``
with the date, the versions and the digest of the trial.

* agreement: z-scores of the independent model against the exact posterior, every binary endpoint and prior;
* cost: seconds for all fits of the trial through the compiled models and the number of compilations, against the
  same fits with one ``pm.sample`` each (a sample of them, extrapolated), as a ratio in one run;
* growth: seconds of a fit as counts grow 10,000-fold.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pymc as pm
from arviz_stats.base import array_stats

from reappraise.core.prior import RATE_PRIORS, RatePrior, effect_priors
from reappraise.fits.nuts import compilations
from reappraise.fits.sampling import Sampling, versions
from reappraise.published.partition import Partition
from reappraise.published.trial import Trial
from reappraise.response.analysis import response_jobs
from reappraise.response.exact import exact_estimates
from reappraise.response.fit import ResponseFit, ResponseJob, trial_width
from reappraise.response.models import MODELS, Independent
from reappraise.response.published import ResponseEndpoint
from reappraise.trial import load_trial

SETTINGS = Sampling(seed=20210304)
SLOW_FITS = 12
"""Fits repeated with one pm.sample each, the same number of each model."""


def main(key: str) -> None:
    """Measure, print and store."""
    trial = load_trial(key)
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "trial": trial.key,
        "trial_digest": trial.digest,
        "versions": versions(),
        "cost": cost(trial),
        "agreement": agreement(trial),
        "growth": growth(),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    text = json.dumps(found, indent=1)
    (Path(__file__).parent / "response.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def agreement(trial: Trial) -> dict[str, object]:
    """z-scores of posterior means, quantile probabilities and P(benefit) against the exact posterior."""
    scores: dict[str, float] = {}
    width = trial_width(trial.of(ResponseEndpoint))
    for endpoint in trial.of(ResponseEndpoint):
        partition = endpoint.partition()
        for prior in RATE_PRIORS:
            job = ResponseJob(table=partition, model=Independent(), prior=prior, sampling=SETTINGS, width=width)
            scores |= {f"{job.name} {name}": score for name, score in _scores(job.run(), partition, prior).items()}
    values = np.array(list(scores.values()))
    return {
        "z_scores": {name: round(score, 2) for name, score in scores.items()},
        "number": len(values),
        "standard_deviation": round(float(values.std()), 3),
        "largest": round(float(np.abs(values).max()), 2),
        "expected_largest": round(float(np.sqrt(2 * np.log(2 * len(values)))), 2),
    }


def _scores(fit: ResponseFit, partition: Partition, prior: RatePrior) -> dict[str, float]:
    exact = {(item.quantity, item.arm): item for item in exact_estimates(partition, prior)}
    posterior = fit.tree["posterior"]
    scores = {}
    for (quantity, arm), item in exact.items():
        if quantity == "rate":
            draws = posterior["rate"].sel(arm=arm).values[..., 0]
        elif quantity in {"risk_difference", "risk_ratio", "odds_ratio"}:
            draws = posterior[quantity].values[..., 0]
        else:
            continue
        for name, limit, probability in (
            ("low", item.low, 0.025),
            ("median", item.value, 0.5),
            ("high", item.high, 0.975),
        ):
            scores[f"{quantity}{f' {arm}' if arm else ''} {name}"] = _z(draws < limit, probability)
    benefit = exact["probability_of_benefit", ""].value
    sign = 1 if partition.better == "higher" else -1
    scores["P(benefit)"] = _z(sign * posterior["risk_difference"].values[..., 0] > 0, benefit or 0.0)
    return scores


def _z(holds: np.ndarray, probability: float) -> float:
    indicator = holds.astype(float)
    error = float(array_stats.mcse(indicator, chain_axis=0, draw_axis=1, method="mean"))
    return float(indicator.mean() - probability) / error


def cost(trial: Trial) -> dict[str, object]:
    """All fits through compiled models, against one pm.sample a fit: pairs in turn, so that both meet the same load."""
    jobs = [
        job for endpoint in trial.of(ResponseEndpoint) for job in response_jobs(endpoint.partitions(), trial, SETTINGS)
    ]
    before = compilations()
    start = time.perf_counter()
    for model in MODELS:
        next(job for job in jobs if job.model == model).run()
    compiling = time.perf_counter() - start
    start = time.perf_counter()
    unconverged = sum(not job.run().converged for job in jobs)
    refitting = time.perf_counter() - start
    chosen = [job for model in MODELS for job in _spread([job for job in jobs if job.model == model])]
    pairs = [(_timed(job), _one_sample_each(job)) for job in chosen]
    ours, theirs = (float(np.mean(column)) for column in zip(*pairs, strict=True))
    return {
        "fits": len(jobs),
        "unconverged": unconverged,
        "compilations": compilations() - before,
        "models": len(MODELS),
        "seconds_first_fit_of_each_model": round(compiling, 1),
        "seconds_all_fits_compiled": round(refitting, 1),
        "pairs_seconds_refit_and_pm_sample": [[round(value, 2) for value in pair] for pair in pairs],
        "ratio_of_a_fit": round(theirs / ours, 1),
        "ratio_of_all_fits_with_compilation": round(theirs * len(jobs) / (compiling + ours * len(jobs)), 1),
    }


def _spread(jobs: list[ResponseJob]) -> list[ResponseJob]:
    """A few jobs from beginning to end."""
    return [jobs[round(place)] for place in np.linspace(0, len(jobs) - 1, SLOW_FITS // len(MODELS))]


def _timed(job: ResponseJob) -> float:
    """Seconds of a whole fit: sampling, all groups, diagnosis."""
    start = time.perf_counter()
    job.run()
    return time.perf_counter() - start


def _one_sample_each(job: ResponseJob) -> float:
    start = time.perf_counter()
    width = len(job.table.levels)
    model = job.model.build(width)
    with model:
        pm.set_data({name: np.asarray(value) for name, value in job.model.data(job.table, job.prior, width).items()})
        pm.sample(
            draws=job.sampling.draws,
            tune=job.sampling.tune,
            chains=job.sampling.chains,
            cores=2,
            progressbar=False,
            quiet=True,
            random_seed=1,
            nuts={"target_accept": job.sampling.target_accept},
        )
    return time.perf_counter() - start


def growth() -> dict[str, float]:
    """Seconds of one fit of each model as counts grow 10,000-fold, after a first fit."""
    found = {}
    for model in MODELS:
        prior = RATE_PRIORS[0] if model.prior_kind == "rate" else effect_priors()[0]
        for factor in (1, 100, 10_000):
            partition = Partition(
                endpoint="growth",
                factor="all",
                levels=("all",),
                level_labels=("All",),
                arms=("old", "new"),
                arm_labels=("Old", "New"),
                events=((26 * factor, 24 * factor),),
                totals=((109 * factor, 55 * factor),),
                better="higher",
            )
            job = ResponseJob(table=partition, model=model, prior=prior, sampling=SETTINGS, width=4)
            job.run()
            times = []
            for _ in range(5):
                start = time.perf_counter()
                job.run()
                times.append(time.perf_counter() - start)
            found[f"{model.name}, counts x {factor}"] = round(float(np.median(times)), 3)
    return found


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "isatuximab-dexamethasone")
