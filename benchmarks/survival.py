"""Cost of reconstruction and of the piecewise-exponential model.

Run with ``python benchmarks/survival.py [PART ...]``: ``trial`` (effective replicates of the shipped trial),
``patients`` and ``summaries`` (cost against their number), ``stan`` (effective draws per second against the same model
in Stan, in one run; needs ``pip install pystan``). Results are merged into ``benchmarks/survival.json``.
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

import reappraise as ra
from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.nuts import compiled, draw
from reappraise.fits.sampling import Effort, Sampling, versions
from reappraise.published.patients import PatientData
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import VARYING
from reappraise.survival.pseudo_ipd.chain import Counters, Kept, State, refresh, run
from reappraise.survival.pseudo_ipd.hazards import hazard_specification, parameters
from reappraise.survival.pseudo_ipd.publish import publish
from reappraise.survival.pseudo_ipd.published import summaries_of
from reappraise.survival.pseudo_ipd.reconstruct import UnreachableError, reconstruct
from reappraise.survival.pseudo_ipd.search import HARD, LOOSE
from reappraise.survival.pseudo_ipd.simulate import simulate
from reappraise.survival.pseudo_ipd.statistics import scratch
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.pseudo_ipd.targets import specification

STORED = Path(__file__).with_suffix(".json")
TRIAL = "isatuximab-dexamethasone"

STAN = """
data {
  int J; array[2, J] int events; array[2] vector[J] exposure; matrix[J, J] walk; matrix[J, J] departure;
  real level_mean; real level_sd; real effect_mean; real effect_sd; real walk_scale; real departure_scale;
}
parameters {
  real level_offset; real effect_offset; vector[J] walk_steps; vector[J] departure_steps;
  real<lower=0> walk_unit; real<lower=0> departure_unit;
}
transformed parameters {
  vector[J] middle = level_mean + level_sd * level_offset + walk_scale * walk_unit * (walk * walk_steps);
  vector[J] contrast = effect_mean + effect_sd * effect_offset
                       + departure_scale * departure_unit * (departure * departure_steps);
  real effect = effect_mean + effect_sd * effect_offset;
}
model {
  level_offset ~ std_normal(); effect_offset ~ std_normal(); walk_steps ~ std_normal(); departure_steps ~ std_normal();
  walk_unit ~ std_normal(); departure_unit ~ std_normal();
  events[1] ~ poisson_log(log(exposure[1]) + middle - contrast / 2);
  events[2] ~ poisson_log(log(exposure[2]) + middle + contrast / 2);
}
"""


def _prior(horizon: float) -> HazardPrior:
    return HazardPrior(effect=hazard_ratio_priors()[0], median=horizon / 2)


def _timed(summaries: Summaries, effort: Effort) -> dict[str, object]:
    began = time.perf_counter()
    found = reconstruct(summaries, prior=_prior(summaries.horizon), seed=1, effort=effort)
    took = time.perf_counter() - began
    return {
        "patients": sum(summaries.totals),
        "summaries": len(summaries.targets),
        "seconds": round(took, 1),
        "replicates": found.data.chains * found.data.replicates,
        "held": found.held,
        "effective_replicates_worst": round(found.quality.effective_replicates),
        "effective_replicates_typical": round(found.quality.typical_replicates),
        "r_hat_worst": round(found.quality.worst_r_hat, 3),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }


def _warm() -> None:
    """Compile, so that nothing below pays for it."""
    trial = ra.load_trial(TRIAL)
    summaries = summaries_of(trial["pfs"])
    reconstruct(summaries, prior=_prior(summaries.horizon), seed=1, effort=Effort(replicates=10, thin=2))


def of_trial() -> dict[str, object]:
    """Reconstruct every endpoint of the shipped trial with the default effort, then fit it."""
    trial = ra.load_trial(TRIAL)
    found: dict[str, object] = {}
    for key in ("pfs", "os", "time-to-next-treatment", "duration-of-response"):
        summaries = summaries_of(trial[key])
        row = _timed(summaries, Effort())
        found[key] = row
        print(key, row, flush=True)
    return found


def of_patients() -> dict[str, object]:
    """Reconstruct simulated trials of 100 and 1,000 patients; up to 100,000, the cost of a sweep and its memory."""
    found: dict[str, object] = {}
    for total in (100, 1_000, 10_000, 100_000):
        data = _simulated(total)
        summaries = publish(data, landmarks=(12.0,), horizon=30.0, minimum_follow_up=6.0)
        row = _sweeps(summaries, data, 400 if total <= 1_000 else 40 if total <= 10_000 else 6)
        if total <= 1_000:
            row |= {"reconstruction": _timed(summaries, Effort(chains=2, replicates=20, thin=10))}
        found[str(total)] = row
        print(total, row, flush=True)
    return found


def _sweeps(summaries: Summaries, data: PatientData, sweeps: int) -> dict[str, object]:
    """Time sweeps over the whole ladder from data that keep the printed numbers, the sizes of moves tuned before."""
    spec = specification(summaries.targets, max(summaries.totals), summaries.horizon)
    hazards = hazard_specification(Grid.regular(10, summaries.horizon), _prior(summaries.horizon))
    tolerances = np.concatenate([[HARD], np.geomspace(0.001, LOOSE, 20)])  # as many as a trial of few hundreds needs
    order = np.argsort(data.time[0, 0])
    rng = np.random.default_rng(1)
    levels, size = tolerances.size, order.size
    state = State(
        time=np.tile(data.time[0, 0][order], (levels, 1)),
        event=np.tile(data.event[0, 0][order], (levels, 1)),
        arm=np.tile(data.arm[order].astype(np.int8), (levels, 1)),
        latent=0.1 * rng.standard_normal((levels, parameters(hazards))),
        values=np.empty((levels, len(summaries.targets))),
        misfit=np.empty(levels),
        cox=np.zeros((levels, 2)),
        slot=np.arange(levels),
        changes=np.ones(levels),
    )
    totals = np.array(summaries.totals, dtype=np.int64)
    for level in range(levels):
        refresh(state, level, totals, spec, summaries.horizon, scratch(size))
    room = Kept(
        time=np.empty((1, size)),
        event=np.empty((1, size), dtype=np.bool_),
        latent=np.empty((1, parameters(hazards))),
        values=np.empty((1, len(summaries.targets))),
    )
    took = 0.0
    for tune in (True, False):
        counters = Counters(*(np.zeros(levels) for _ in range(4)))
        began = time.perf_counter()
        run(state, tolerances, summaries.free_events, totals, spec, hazards, sweeps, sweeps, tune, rng, room, counters)
        took = time.perf_counter() - began
    return {
        "patients": size,
        "summaries": len(summaries.targets),
        "tolerances": levels,
        "sweeps": sweeps,
        "milliseconds_per_sweep_of_all_tolerances": round(1000 * took / sweeps, 2),
        "microseconds_per_sweep_tolerance_and_patient": round(1e6 * took / sweeps / levels / size, 4),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }


def of_summaries() -> dict[str, object]:
    """Reconstruct one simulated trial of 200 patients from more and more landmarks."""
    data = _simulated(200)
    found: dict[str, object] = {}
    for landmarks in (1, 4, 16, 64):
        times = tuple(float(t) for t in np.linspace(2.0, 24.0, landmarks))
        printed = {"survival": 0.01, "log hazard ratio": 0.01, "quantile": 0.1}
        summaries = publish(data, landmarks=times, horizon=30.0, printed=printed)  # type: ignore[arg-type]
        began = time.perf_counter()
        try:
            row = _timed(summaries, Effort(chains=2, replicates=20, thin=10))
        except UnreachableError as error:
            row = {
                "patients": 200,
                "summaries": len(summaries.targets),
                "seconds": round(time.perf_counter() - began, 1),
                "held": False,
                "missed_by_the_nearest_data": len(error.misses),
            }
        found[str(row["summaries"])] = row
        print(landmarks, row, flush=True)
    return found


def _simulated(total: int) -> PatientData:
    rng = np.random.default_rng(total)
    prior = HazardPrior(effect=hazard_ratio_priors()[0], median=12.0, level_sd=0.1)
    spec = hazard_specification(Grid.regular(10, 30.0), prior, minimum_follow_up=6.0)
    _, times, event, arm = simulate(spec, (total // 2, total - total // 2), rng)
    return PatientData.known(times, event, arm, endpoint="simulated")


def of_stan() -> dict[str, object]:
    """Sample one data set with nutpie and with Stan; effective draws per second of the worst quantity."""
    import stan  # an optional dependency of this benchmark alone

    data = _simulated(164)
    grid = Grid.regular(10, 30.0)
    arms = [grid.summarise(data.time[0, 0][data.arm == arm], data.event[0, 0][data.arm == arm]) for arm in (0, 1)]
    events, exposure = (np.stack([arm[item] for arm in arms])[None] for item in (0, 1))
    values = VARYING.data(events, exposure, grid, _prior(30.0))
    settings = Sampling(draws=2000, tune=1000)
    began = time.perf_counter()
    kept = compiled(VARYING, (1, 10))
    compile_ours = time.perf_counter() - began
    draw(kept, values, settings, 0)
    began = time.perf_counter()
    ours = draw(kept, values, settings, 1)
    seconds_ours = time.perf_counter() - began
    whole = VARYING.complete(ours.draws, values)
    began = time.perf_counter()
    given = {
        name: np.asarray(value).tolist() for name, value in values.items() if name not in {"events", "exposure", "pull"}
    }
    given |= {"J": 10, "events": events[0].astype(int).tolist(), "exposure": values["exposure"][0].tolist()}
    program = stan.build(STAN, data=given, random_seed=1)
    compile_stan = time.perf_counter() - began
    began = time.perf_counter()
    theirs = program.sample(num_chains=4, num_samples=2000, num_warmup=1000, delta=0.95)
    seconds_stan = time.perf_counter() - began
    effect = theirs["effect"].reshape(2000, 4).T
    middle = theirs["middle"].reshape(10, 2000, 4).transpose(2, 1, 0)
    mine = whole["log_hazard"][..., 0, :, :].mean(axis=-2)
    return {
        "nutpie": _rates(whole["effect"][..., 0], mine, seconds_ours, compile_ours),
        "stan": _rates(effect, middle, seconds_stan, compile_stan),
        "difference_of_mean_effect_in_mcse": round(
            float(
                abs(whole["effect"].mean() - effect.mean()) / np.hypot(_mcse(whole["effect"][..., 0]), _mcse(effect))
            ),
            2,
        ),
    }


def _mcse(draws: np.ndarray) -> float:
    return float(array_stats.mcse(draws, chain_axis=0, draw_axis=1, method="mean"))


def _rates(effect: np.ndarray, middle: np.ndarray, seconds: float, compiling: float) -> dict[str, float]:
    def effective(draws: np.ndarray) -> float:
        return float(array_stats.ess(draws, chain_axis=0, draw_axis=1, method="bulk"))

    worst = min([effective(effect), *(effective(middle[..., j]) for j in range(middle.shape[-1]))])
    return {
        "seconds": round(seconds, 2),
        "seconds_compiling": round(compiling, 1),
        "mean_effect": round(float(effect.mean()), 4),
        "worst_effective_draws": round(worst),
        "worst_effective_draws_per_second": round(worst / seconds),
    }


PARTS: dict[str, Callable[[], dict[str, object]]] = {
    "trial": of_trial,
    "patients": of_patients,
    "summaries": of_summaries,
    "stan": of_stan,
}


def main(parts: list[str]) -> None:
    """Run the parts asked for, and merge them into the stored results."""
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    if set(parts) != {"stan"}:
        _warm()
    for part in parts:
        stored[part] = {"date": datetime.now(UTC).date().isoformat(), "versions": versions(), **PARTS[part]()}
        print(part, json.dumps(stored[part], indent=1), flush=True)
        STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or [part for part in PARTS if part != "stan"])
