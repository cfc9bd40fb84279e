"""Reconstruction of real data from their summaries alone, against the answer from the data themselves.

Run with ``python benchmarks/real_data.py``. Individual data that come with lifelines are summarised as a paper would
print them, reconstructed, and fitted; survival, log hazard ratio and restricted mean survival difference of the
replicates are set beside those of the data. Stored in ``benchmarks/real_data.json`` with date and versions.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines import datasets

from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.sampling import Effort, versions
from reappraise.published.patients import PatientData
from reappraise.survival.hazard import HazardPrior
from reappraise.survival.pseudo_ipd.publish import publish
from reappraise.survival.pseudo_ipd.recompute import replicate_statistics
from reappraise.survival.pseudo_ipd.reconstruct import Reconstruction, reconstruct
from reappraise.survival.pseudo_ipd.targets import Target

STORED = Path(__file__).with_suffix(".json")
PLACES = (0.1, 0.25, 0.4, 0.6, 0.8)
"""Where curves are compared, as fractions of the horizon."""


@dataclass(frozen=True)
class Case:
    """A data set, its landmark and the shortest follow-up that its design allows, in months."""

    name: str
    frame: pd.DataFrame
    landmark: float
    minimum_follow_up: float = 0.0


def cases() -> Iterator[Case]:
    """Yield the data sets: time in months, event, arm 0 or 1."""
    gbsg = datasets.load_gbsg2()
    yield Case(
        "breast cancer, hormonal therapy (GBSG-2)", _frame(gbsg.time / 30.44, gbsg.cens, gbsg.horTh == "yes"), 36.0
    )
    lung = datasets.load_lung()
    yield Case("lung cancer, sex (NCCTG)", _frame(lung.time / 30.44, lung.status, lung.sex == 2), 12.0)
    leukemia = datasets.load_leukemia()
    yield Case("leukaemia remission (Freireich)", _frame(leukemia.t * 12 / 52, leukemia.status, leukemia.Rx == 0), 3.0)
    rossi = datasets.load_rossi()
    yield Case(
        "arrest after release, financial aid (Rossi)",
        _frame(rossi.week * 12 / 52, rossi.arrest, rossi.fin == 1),
        6.0,
        11.9,
    )


def _frame(time: pd.Series, event: pd.Series, arm: pd.Series) -> pd.DataFrame:
    frame = pd.DataFrame({"time": time.astype(float), "event": event.astype(bool), "arm": arm.astype(int)})
    return frame[frame.time > 0]


def curve(time: np.ndarray, event: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Kaplan-Meier survival at times."""
    order = np.lexsort((~event, time))
    time, event = time[order], event[order]
    risk = np.arange(time.size, 0, -1)
    steps = np.cumprod(np.where(event, 1 - 1 / risk, 1.0))
    return np.concatenate([[1.0], steps])[np.searchsorted(time, at, side="right")]


def restricted_mean(time: np.ndarray, event: np.ndarray, horizon: float) -> float:
    """Area under the Kaplan-Meier curve up to the horizon."""
    places = np.unique(np.concatenate([[0.0], time[time < horizon], [horizon]]))
    return float(np.sum(curve(time, event, places[:-1]) * np.diff(places)))


def prove(case: Case) -> dict[str, object]:
    """Summarise, reconstruct, compare."""
    rng = np.random.default_rng(1)
    # ties are broken at random within a day: the reconstruction has none
    moved = case.frame.time.to_numpy() + rng.uniform(-0.5, 0.5, len(case.frame)) / 30.44
    data = PatientData.known(
        np.maximum(moved, 1e-3), case.frame.event.to_numpy(), case.frame.arm.to_numpy().astype(np.int8), endpoint="real"
    )
    horizon = data.horizon * 1.001
    summaries = publish(data, landmarks=(case.landmark,), horizon=horizon, minimum_follow_up=case.minimum_follow_up)
    prior = HazardPrior(effect=hazard_ratio_priors()[0], median=horizon / 2)
    began = time.perf_counter()
    found = reconstruct(summaries, prior=prior, seed=1, effort=Effort(replicates=60, thin=60))
    took = time.perf_counter() - began
    return {
        "patients": list(data.patients),
        "events": list(summaries.events),
        "summaries": len(summaries.targets),
        "seconds": round(took, 1),
        "held": found.held,
        "effective_replicates": round(found.quality.effective_replicates),
        **_compare(found, data, horizon),
    }


def _compare(found: Reconstruction, data: PatientData, horizon: float) -> dict[str, object]:
    at = np.array(PLACES) * horizon
    limit = 0.7 * horizon
    truth, draws = {}, {}
    for arm in (0, 1):
        own = data.arm == arm
        known = curve(data.time[0, 0][own], data.event[0, 0][own], at)
        cut = found.data.arm == arm
        times = found.data.time[..., cut].reshape(-1, int(cut.sum()))
        events = found.data.event[..., cut].reshape(times.shape)
        several = np.array([curve(t, e, at) for t, e in zip(times, events, strict=True)])
        means = np.array([restricted_mean(t, e, limit) for t, e in zip(times, events, strict=True)])
        for place, moment in enumerate(at):
            truth[f"survival, arm {arm}, {moment:.1f} months"] = float(known[place])
            draws[f"survival, arm {arm}, {moment:.1f} months"] = several[:, place]
        truth[f"mean, arm {arm}"] = restricted_mean(data.time[0, 0][own], data.event[0, 0][own], limit)
        draws[f"mean, arm {arm}"] = means
    question = Target(statistic="log hazard ratio", low=-np.inf, high=np.inf, scale=1.0, text="log hazard ratio")
    truth["log hazard ratio"] = float(replicate_statistics(data, (question,))[0, 0, 0])
    draws["log hazard ratio"] = replicate_statistics(found.data, (question,)).ravel()
    name = f"restricted mean difference to {limit:.1f} months"
    truth[name] = truth.pop("mean, arm 1") - truth.pop("mean, arm 0")
    draws[name] = draws.pop("mean, arm 1") - draws.pop("mean, arm 0")
    rows = {
        key: {
            "data": round(truth[key], 4),
            "reconstruction": round(float(np.median(draws[key])), 4),
            "low": round(float(np.quantile(draws[key], 0.025)), 4),
            "high": round(float(np.quantile(draws[key], 0.975)), 4),
        }
        for key in truth
    }
    covered = [row["low"] <= row["data"] <= row["high"] for row in rows.values()]
    return {
        "covered_95": f"{sum(covered)} of {len(covered)}",
        "largest_error_of_survival": round(
            max(abs(row["data"] - row["reconstruction"]) for key, row in rows.items() if key.startswith("survival")), 4
        ),
        "rows": rows,
    }


if __name__ == "__main__":
    warnings.simplefilter("error")
    stored: dict[str, object] = {"date": datetime.now(UTC).date().isoformat(), "versions": versions()}
    for case in cases():
        stored[case.name] = prove(case)
        print(case.name, json.dumps(stored[case.name], indent=1), flush=True)
    STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
