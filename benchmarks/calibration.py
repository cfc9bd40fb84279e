"""Simulation-based calibration of the response models: are 90% intervals right nine times in ten.

Run with ``python benchmarks/calibration.py [DATASETS]``. For each model: draw parameters from the prior, draw counts,
fit, and rank the truth among the posterior draws; over many datasets the ranks are uniform if model, sampler and
conditional draws are right. Ranks are stored in ``benchmarks/calibration.json`` with the date, the versions and a
digest of the code they depend on; a quick test reads them. A deliberately wrong simulator (rates of the two arms
exchanged) must be caught.

References
----------
Talts S, Betancourt M, Simpson D, Vehtari A, Gelman A. Validating Bayesian inference algorithms with simulation-based
calibration. 2018. arXiv:1804.06788
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy import stats

import reappraise
from reappraise.bayes import MODELS, ResponseModel
from reappraise.endpoints.partition import Partition
from reappraise.engine import sample
from reappraise.prior import EffectPrior, Prior, RatePrior
from reappraise.sampling import Sampling, versions

STORED = Path(__file__).parent / "calibration.json"
TOTALS = ((23, 12), (57, 24), (29, 19))
SETTINGS = Sampling(draws=500, tune=500, chains=4, seed=1)
WIDTH = 4
RANKS = 20
"""Bins of the ranks."""


def digest() -> str:
    """SHA-256 of the code that calibration depends on."""
    root = Path(reappraise.__file__).parent
    files = [*sorted((root / "bayes").glob("*.py")), root / "engine.py"]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def prior_of(model: ResponseModel) -> Prior:
    """An informative prior, so that simulated rates stay off the ends."""
    if model.prior_kind == "rate":
        return RatePrior("calibration", "Calibration", 2.0, 4.0, "Rates of the kind that trials have.")
    return EffectPrior("calibration", "Calibration", 0.3, 0.8, "Effects of the kind that trials have.")


def ranks(model: ResponseModel, datasets: int, *, wrong: bool = False) -> Iterator[dict[str, float]]:
    """Yield, for each simulated dataset, the fraction of posterior draws below the truth."""
    rng = np.random.default_rng(20261123)
    prior = prior_of(model)
    for index in range(datasets):
        empty = _partition(((0, 0),) * len(TOTALS))
        data = model.data(empty, prior, WIDTH)
        truth = {name: values[0] for name, values in _whole(model, model.draw_prior(data, 1, rng), data, rng).items()}
        rate = truth["rate"][: len(TOTALS)]
        drawn = rng.binomial(TOTALS, rate[:, ::-1] if wrong else rate)
        data = model.data(_partition(tuple((int(a), int(b)) for a, b in drawn)), prior, WIDTH)
        sampled = sample(model, data, SETTINGS, seed=index)
        posterior = _whole(model, sampled.draws, data, rng, posterior=True)
        found = {}
        for level in range(len(TOTALS)):
            for arm in range(2):
                found[f"rate[{level},{arm}]"] = _below(posterior["rate"][..., level, arm], rate[level, arm])
            found[f"log_odds_ratio[{level}]"] = _below(
                _log_odds(posterior["rate"][..., level, :]), _log_odds(rate[level])
            )
        for name in model.parameters(len(TOTALS)):
            for place in np.ndindex(np.shape(truth[name])):
                label = f"{name}{list(place) if place else ''}"
                found[label] = _below(posterior[name][(..., *place)], truth[name][place])
        yield found


def _partition(events: tuple[tuple[int, int], ...]) -> Partition:
    keys = tuple(f"level{index}" for index in range(len(TOTALS)))
    return Partition(
        endpoint="simulated", factor="factor", levels=keys, level_labels=keys, arms=("control", "experimental"),
        arm_labels=("Control", "Experimental"), events=events, totals=TOTALS, better="higher",
    )  # fmt: skip


def _whole(
    model: ResponseModel,
    draws: dict[str, np.ndarray],
    data: object,
    rng: np.random.Generator,
    *,
    posterior: bool = False,
) -> dict[str, np.ndarray]:
    return model.complete(draws, data, rng, posterior=posterior)  # type: ignore[arg-type]


def _log_odds(rate: np.ndarray) -> np.ndarray:
    logit = np.log(rate) - np.log1p(-rate)
    return np.asarray(logit[..., 1] - logit[..., 0])


def _below(draws: np.ndarray, truth: float) -> float:
    # every tenth draw: nearly independent, as ranks need
    thinned = draws[:, ::10].ravel()
    return float((np.sum(thinned < truth) + 0.5) / (thinned.size + 1))


def summary(found: list[dict[str, float]]) -> dict[str, dict[str, object]]:
    """Rank histogram, p value of uniformity (chi-square) and coverage of the 90% interval, by quantity."""
    result: dict[str, dict[str, object]] = {}
    for name in found[0]:
        values = np.array([item[name] for item in found])
        counts = np.histogram(values, bins=RANKS, range=(0, 1))[0]
        result[name] = {
            "ranks": counts.tolist(),
            "p_uniform": round(float(stats.chisquare(counts).pvalue), 5),
            "coverage_90": round(float(np.mean((values > 0.05) & (values < 0.95))), 3),
        }
    return result


def main(datasets: int) -> None:
    """Calibrate every model and the wrong simulator; store."""
    stored: dict[str, object] = {
        "date": datetime.now(UTC).date().isoformat(), "digest": digest(), "versions": versions(), "datasets": datasets,
    }  # fmt: skip
    for model in MODELS:
        stored[model.name] = summary(list(ranks(model, datasets)))
        stored[f"{model.name}, wrong simulator"] = summary(list(ranks(model, max(60, datasets // 4), wrong=True)))
        print(model.name, json.dumps(stored[model.name]), flush=True)
    STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
