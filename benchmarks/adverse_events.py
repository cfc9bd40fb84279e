"""Cost of the models of adverse events, and their agreement with the same models in Stan.

Run with ``python benchmarks/adverse_events.py [PART ...]``: ``trial`` (every fit of the shipped trial), ``terms``
(seconds for 40, 400 and 4,000 terms), ``stan`` (agreement and effective draws per second against the same models
written in Stan, in one run; needs ``pip install pystan``). Results are merged into ``benchmarks/adverse_events.json``.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from arviz_stats.base import array_stats
from scipy import special

import reappraise as ra
from reappraise.fits.nuts import compiled, draw
from reappraise.fits.sampling import Sampling, versions
from reappraise.safety.analysis import event_jobs
from reappraise.safety.counts import tables_of
from reappraise.safety.fit import SafetyJob
from reappraise.safety.model import EVENT_MODELS, EventModel
from reappraise.safety.prior import BERRY_BERRY
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.safety.table import EventTable

STORED = Path(__file__).with_suffix(".json")
TRIAL = "isatuximab-dexamethasone"
SETTINGS = Sampling(seed=20210304)
TERMS = (40, 400, 4000)

STAN = """
data {
  int T; int S; array[T] int system; array[T, 2] int events; array[T, 2] int totals;
  real location_sd; real shape; real scale; real weight_rate;
}
parameters {
  real overall_level; real overall_effect;
  real<lower=0> between_level_variance; real<lower=0> between_effect_variance;
  real<lower=0> level_variance; vector<lower=0>[S] effect_variance;
  vector[S] system_level_raw; vector[S] system_effect_raw; vector[T] level_raw; vector[T] effect_raw;
  DECLARED
}
transformed parameters {
  vector[S] system_level = overall_level + sqrt(between_level_variance) * system_level_raw;
  vector[S] system_effect = overall_effect + sqrt(between_effect_variance) * system_effect_raw;
  vector[T] level = system_level[system] + sqrt(level_variance) * level_raw;
  vector[T] effect = system_effect[system] + sqrt(effect_variance[system]) .* effect_raw;
}
model {
  overall_level ~ normal(0, location_sd); overall_effect ~ normal(0, location_sd);
  between_level_variance ~ inv_gamma(shape, scale); between_effect_variance ~ inv_gamma(shape, scale);
  level_variance ~ inv_gamma(shape, scale); effect_variance ~ inv_gamma(shape, scale);
  system_level_raw ~ std_normal(); system_effect_raw ~ std_normal();
  level_raw ~ std_normal(); effect_raw ~ std_normal();
  LIKELIHOOD
}
GENERATED
"""
PLAIN = {
    "DECLARED": "",
    "LIKELIHOOD": """
  for (t in 1:T) {
    events[t, 1] ~ binomial_logit(totals[t, 1], level[t] - effect[t] / 2);
    events[t, 2] ~ binomial_logit(totals[t, 2], level[t] + effect[t] / 2);
  }""",
    "GENERATED": "generated quantities { vector[T] log_odds_ratio = effect; }",
}
MIXED = {
    "DECLARED": "real<lower=1> a; real<lower=1> b; vector<lower=0, upper=1>[S] weight;",
    "LIKELIHOOD": """
  a ~ exponential(weight_rate); b ~ exponential(weight_rate); weight ~ beta(a, b);
  for (t in 1:T)
    target += log_mix(weight[system[t]],
      binomial_logit_lpmf(events[t, 1] | totals[t, 1], level[t]) +
      binomial_logit_lpmf(events[t, 2] | totals[t, 2], level[t]),
      binomial_logit_lpmf(events[t, 1] | totals[t, 1], level[t] - effect[t] / 2) +
      binomial_logit_lpmf(events[t, 2] | totals[t, 2], level[t] + effect[t] / 2));""",
    "GENERATED": """
generated quantities {
  vector[T] log_odds_ratio; vector[T] no_effect;
  for (t in 1:T) {
    real same = log(weight[system[t]]) + binomial_logit_lpmf(events[t, 1] | totals[t, 1], level[t])
      + binomial_logit_lpmf(events[t, 2] | totals[t, 2], level[t]);
    real some = log1m(weight[system[t]])
      + binomial_logit_lpmf(events[t, 1] | totals[t, 1], level[t] - effect[t] / 2)
      + binomial_logit_lpmf(events[t, 2] | totals[t, 2], level[t] + effect[t] / 2);
    no_effect[t] = inv_logit(same - some);
    log_odds_ratio[t] = bernoulli_rng(no_effect[t]) ? 0 : effect[t];
  }
}""",
}


def of_trial() -> dict[str, object]:
    """Every fit of the shipped trial with default settings: seconds, after compilation, and verdict."""
    found: dict[str, object] = {}
    for endpoint in ra.load_trial(TRIAL).of(AdverseEventsEndpoint):
        for job in event_jobs(endpoint, SETTINGS):
            began = time.perf_counter()
            compiled(job.model, job.shape)
            compiling = time.perf_counter() - began
            began = time.perf_counter()
            fit = job.run()
            row = {
                "seconds": round(time.perf_counter() - began, 1),
                "seconds_compiling": round(compiling, 1),
                "verdict": fit.diagnosis.verdict,
                "failures": fit.diagnosis.failures,
            }
            found[job.name] = row
            print(job.name, row, flush=True)
    return found


def simulated(terms: int, *, totals: tuple[int, int] = (300, 150)) -> EventTable:
    """A table of so many terms in systems of ten, a tenth of them with an effect."""
    rng = np.random.default_rng(terms)
    systems = max(1, terms // 10)
    index = np.arange(terms) % systems
    level = rng.normal(-2.5, 0.7, size=systems)[index] + rng.normal(0, 0.6, size=terms)
    effect = np.where(rng.uniform(size=terms) < 0.1, rng.normal(0.8, 0.5, size=terms), 0.0)
    rate = special.expit(level[:, None] + effect[:, None] * np.array([-0.5, 0.5]))
    events = rng.binomial(totals, rate)
    return EventTable(
        endpoint="simulated",
        kind="terms",
        grade="any",
        arms=("control", "experimental"),
        arm_labels=("Control", "Experimental"),
        terms=tuple(f"term {number}" for number in range(terms)),
        systems=tuple(f"system {number}" for number in index),
        events=tuple((int(control), int(treated)) for control, treated in events),
        totals=(totals,) * terms,
    )


def of_terms(sizes: tuple[int, ...] = TERMS, settings: Sampling = SETTINGS) -> dict[str, object]:
    """Seconds of a fit of both models for tables of growing size, all groups and the diagnosis included."""
    found: dict[str, object] = {}
    for terms in sizes:
        table = simulated(terms)
        for model in EVENT_MODELS:
            job = SafetyJob(table=table, model=model, sampling=settings)
            began = time.perf_counter()
            compiled(model, job.shape)
            compiling = time.perf_counter() - began
            began = time.perf_counter()
            fit = job.run()
            row = {
                "seconds": round(time.perf_counter() - began, 1),
                "seconds_compiling": round(compiling, 1),
                "steps_of_a_draw": round(float(fit.tree["sample_stats"]["n_steps"].mean()), 1),
                "verdict": fit.diagnosis.verdict,
                "failures": fit.diagnosis.failures,
                "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
            }
            found[f"{model.name}, {terms} terms"] = row
            print(model.name, terms, row, flush=True)
    return found


def of_stan(settings: Sampling = SETTINGS) -> dict[str, object]:
    """Sample the trial's terms, any grade, with both programs: agreement, and effective draws per second."""
    table = next(table for table in tables_of(ra.load_trial(TRIAL)["teae"]) if table.kind == "terms")
    found = {}
    for model in EVENT_MODELS:
        found[model.name] = _against_stan(model, table, settings)
        print(model.name, found[model.name], flush=True)
    return found


def _against_stan(model: EventModel, table: EventTable, settings: Sampling) -> dict[str, object]:
    import stan  # an optional dependency of this benchmark alone

    data = model.data(table, BERRY_BERRY)
    began = time.perf_counter()
    kept = compiled(model, (len(table.terms), len(table.body_systems)))
    compiling = time.perf_counter() - began
    draw(kept, data, Sampling(draws=100, tune=100), 0)
    began = time.perf_counter()
    ours = draw(kept, data, settings, 1)
    seconds = time.perf_counter() - began
    whole = model.complete(ours.draws, data, np.random.default_rng(1), posterior=True)
    text = STAN
    for place, part in (MIXED if model.point_mass else PLAIN).items():
        text = text.replace(place, part)
    given = {
        "T": len(table.terms),
        "S": len(table.body_systems),
        "system": [place + 1 for place in table.index],
        "events": [list(pair) for pair in table.events],
        "totals": [list(pair) for pair in table.totals],
        "location_sd": BERRY_BERRY.location_variance**0.5,
        "shape": BERRY_BERRY.variance_shape,
        "scale": BERRY_BERRY.variance_scale,
        "weight_rate": BERRY_BERRY.weight_rate,
    }
    began = time.perf_counter()
    program = stan.build(text, data=given, random_seed=1)
    compiling_theirs = time.perf_counter() - began
    began = time.perf_counter()
    theirs = program.sample(
        num_chains=settings.chains, num_samples=settings.draws, num_warmup=settings.tune, delta=settings.target_accept
    )
    seconds_theirs = time.perf_counter() - began

    def of(name: str) -> np.ndarray:
        values = np.asarray(theirs[name])
        return np.moveaxis(values.reshape(*values.shape[:-1], settings.draws, settings.chains), (-1, -2), (0, 1))

    pairs = {"log_odds_ratio": (whole["effect"], of("log_odds_ratio"))}
    pairs["increase"] = (whole["effect"] > 0, pairs["log_odds_ratio"][1] > 0)
    for name in ("level", "system_effect", "overall_level", "overall_effect"):
        pairs[name] = (whole[name], of(name))
    for name in ("level", "between_level", "between_effect"):
        pairs[f"{name}_sd"] = (whole[f"{name}_sd"], np.sqrt(of(f"{name}_variance")))
    pairs["effect_sd"] = (whole["effect_sd"], np.sqrt(of("effect_variance")))
    if model.point_mass:
        pairs["no_effect"] = (whole["no_effect"], of("no_effect"))
        pairs["null_weight"] = (whole["null_weight"], of("weight"))
    scores = np.array([score for pair in pairs.values() for score in _scores(*pair)])
    judged = [name for name in pairs if name != "increase"]
    return {
        "quantities_compared": len(scores),
        "standard_deviation_of_z": round(float(scores.std()), 2),
        "largest_z": round(float(np.abs(scores).max()), 2),
        "largest_z_expected": round(float(np.sqrt(2 * np.log(2 * len(scores)))), 2),
        "nutpie": _rates([pairs[name][0] for name in judged], seconds, compiling),
        "stan": _rates([pairs[name][1] for name in judged], seconds_theirs, compiling_theirs),
    }


def _scalars(draws: np.ndarray) -> list[np.ndarray]:
    values = draws.astype(float)
    return [values] if values.ndim == 2 else [values[..., place] for place in range(values.shape[-1])]


def _scores(ours: np.ndarray, theirs: np.ndarray) -> list[float]:
    """Differences of means, in standard errors."""
    found = []
    for one, other in zip(_scalars(ours), _scalars(theirs), strict=True):
        errors = [float(array_stats.mcse(x, chain_axis=0, draw_axis=1, method="mean")) for x in (one, other)]
        found.append(float(one.mean() - other.mean()) / float(np.hypot(*errors)))
    return found


def _rates(quantities: list[np.ndarray], seconds: float, compiling: float) -> dict[str, float]:
    effective = [
        float(array_stats.ess(one, chain_axis=0, draw_axis=1, method="bulk"))
        for draws in quantities
        for one in _scalars(draws)
    ]
    return {
        "seconds": round(seconds, 2),
        "seconds_compiling": round(compiling, 1),
        "worst_effective_draws": round(min(effective)),
        "worst_effective_draws_per_second": round(min(effective) / seconds),
        "median_effective_draws_per_second": round(float(np.median(effective)) / seconds),
    }


PARTS: dict[str, Callable[[], dict[str, object]]] = {"trial": of_trial, "terms": of_terms, "stan": of_stan}


def main(parts: list[str]) -> None:
    """Run the parts asked for, and merge them into the stored results."""
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    for part in parts:
        stored[part] = {
            "date": datetime.now(UTC).date().isoformat(),
            "trial_digest": ra.load_trial(TRIAL).digest,
            "versions": versions(),
            **PARTS[part](),
        }
        STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or [part for part in PARTS if part != "stan"])
