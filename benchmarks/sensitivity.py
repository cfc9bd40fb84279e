"""Sensitivity to the prior: what a table of 12 priors and 20 thresholds costs, and an answer at the shell.

Run with ``make bench`` or ``python benchmarks/sensitivity.py``. Prints and writes ``benchmarks/sensitivity.json`` with
the date, the versions and the digests of the trials.

* likelihood: milliseconds to integrate everything but the effect out, by endpoint and effect;
* table: milliseconds for 12 priors x 20 thresholds from one likelihood, the bound being 50;
* breaking points: milliseconds for the analysis of credibility, and for Bayes factors over 61 widths;
* shell: seconds of ``reappraise sensitivity TRIAL``, imports included, the bound being 2.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from reappraise.evidence.bayes_factor import bayes_factors
from reappraise.evidence.credibility import credibility
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.prior import MixturePrior
from reappraise.evidence.sensitivity import default_priors, sensitivity
from reappraise.evidence.sources import effect_likelihoods, endpoint_likelihoods
from reappraise.trial import load_trial

TRIALS = ("eolia", "andromeda-shock", "recovery-dexamethasone", "isatuximab-dexamethasone")
REPEATS = 21
PRIORS, THRESHOLDS = 12, 20


def main() -> None:
    """Measure, print and store."""
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: version(name) for name in ("numpy", "scipy")} | {"python": sys.version.split()[0]},
        "trials": {key: measured(key) for key in TRIALS},
    }
    text = json.dumps(found, indent=1)
    (Path(__file__).parent / "sensitivity.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def measured(key: str) -> dict[str, object]:
    """Everything about one trial."""
    trial = load_trial(key)
    likelihoods = effect_likelihoods(trial)
    first = {one.endpoint: one for one in reversed(list(likelihoods))}
    return {
        "digest": trial.digest,
        "likelihoods_ms": {
            endpoint: milliseconds(lambda endpoint=endpoint: endpoint_likelihoods(trial[endpoint]))
            for endpoint in first
        },
        "table_ms": {one.endpoint: table(one) for one in first.values()},
        "credibility_ms": {one.endpoint: milliseconds(lambda one=one: credibility(one)) for one in first.values()},
        "bayes_factors_ms": {one.endpoint: milliseconds(lambda one=one: bayes_factors(one)) for one in first.values()},
        "shell_s": shell(key),
    }


def table(likelihood: EffectLikelihood) -> float:
    """Milliseconds of 12 priors x 20 thresholds: of the default priors, the Cochrane mixture among them."""
    known = [prior for prior in default_priors(likelihood) if isinstance(prior, MixturePrior)]
    error = likelihood.standard_error
    more = (MixturePrior.normal(f"n{index}", "", 0.0, error * (1 + index), "") for index in range(PRIORS))
    chosen = [*known[-PRIORS:], *more][:PRIORS]
    beyond = [likelihood.natural(float(effect)) for effect in np.linspace(-2 * error, 2 * error, THRESHOLDS)]
    return milliseconds(lambda: sensitivity(likelihood, chosen, beyond=beyond))


def milliseconds(call: Callable[[], object]) -> float:
    """Median time of a call."""
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return round(1e3 * statistics.median(taken), 1)


def shell(key: str) -> dict[str, float]:
    """Seconds of the command, the best of three: by the clock, and of the processor, however busy it is."""
    clock, processor = [], []
    for _ in range(3):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-m", "reappraise", "sensitivity", key], check=True, capture_output=True)
        clock.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"clock": round(min(clock), 2), "processor": round(min(processor), 2)}


if __name__ == "__main__":
    main()
