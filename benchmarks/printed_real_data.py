"""Real trials from their printed numbers alone, against the answer from the patients' data themselves.

Run with ``python benchmarks/printed_real_data.py``. Individual data that come with lifelines, split in two by a
characteristic, are summarised as a paper prints them (medians with limits, one landmark, events, hazard ratio with
limits, log-rank p) and fitted twice: from the print, and from the data. Kaplan-Meier survival and the difference of
restricted means of the data should lie inside the intervals of the print's posterior, which should not be much wider
than those of the data's. Stored in ``benchmarks/printed_real_data.json`` with date and versions.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines import datasets

from reappraise.calibrate.calibration import digest
from reappraise.core.errors import AnalysisError
from reappraise.fits.sampling import Sampling, versions
from reappraise.published.patients import PatientData
from reappraise.survival import estimands as of
from reappraise.survival.calibrate_printed import PRINTED_CALIBRATIONS
from reappraise.survival.fit import fit_survival
from reappraise.survival.hazard import Grid
from reappraise.survival.printed.job import fit_printed_survival
from reappraise.survival.pseudo_ipd.publish import publish
from reappraise.survival.pseudo_ipd.summaries import Estimators

STORED = Path(__file__).with_suffix(".json")
PLACES = (0.1, 0.2, 0.4, 0.6, 0.8)
"""Where curves are compared, as shares of the longest follow-up."""
HORIZONS = (0.35, 0.7)
"""Horizons of restricted means, as shares of the longest follow-up."""
LANDMARK = 0.35
FOLLOW_UP = 50.0
"""Longest follow-up that every time is scaled to, as if in months, so that a tenth is the last printed digit."""
SAMPLING = Sampling(seed=1)


@dataclass(frozen=True)
class Case:
    """A data set and what splits it."""

    name: str
    time: np.ndarray
    event: np.ndarray
    arm: np.ndarray

    def data(self) -> PatientData:
        """Patients with a time, all times scaled."""
        kept = np.isfinite(self.time) & (self.time > 0)
        time = self.time[kept] * (FOLLOW_UP / self.time[kept].max())
        return PatientData.known(time, self.event[kept], self.arm[kept].astype(np.int8), endpoint=self.name)


def cases() -> Iterator[Case]:
    """Yield the data sets."""
    for name, frame, times, events, splits in _sources():
        for split, arm in splits.items():
            yield Case(
                f"{name}: {split}",
                frame[times].to_numpy(dtype=float),
                frame[events].to_numpy().astype(bool),
                np.asarray(arm).astype(bool),
            )


def _sources() -> Iterator[tuple[str, pd.DataFrame, str, str, dict[str, pd.Series]]]:
    breast = datasets.load_gbsg2()
    yield (
        "breast cancer (GBSG-2)", breast, "time", "cens",
        {"hormones": breast.horTh == "yes", "premenopausal": breast.menostat == "Pre", "over 55": breast.age > 55,
         "grade III": breast.tgrade == "III", "over 3 nodes": breast.pnodes > 3},
    )  # fmt: skip
    lung = datasets.load_lung()
    yield (
        "lung cancer", lung, "time", "status",
        {"women": lung.sex == 2, "over 63": lung.age > 63, "symptoms": lung["ph.ecog"] > 0,
         "Karnofsky over 80": lung["ph.karno"] > 80},
    )  # fmt: skip
    rossi = datasets.load_rossi()
    yield (
        "arrest (Rossi)", rossi, "week", "arrest",
        {"aid": rossi.fin == 1, "over 23": rossi.age > 23, "work": rossi.wexp == 1, "married": rossi.mar == 1,
         "priors": rossi.prio > 2},
    )  # fmt: skip
    larynx = datasets.load_larynx()
    yield "larynx", larynx, "time", "death", {"stage III or IV": (larynx.Stage_III + larynx.Stage_IV) > 0}
    kidney = datasets.load_kidney_transplant()
    yield (
        "kidney transplant", kidney, "time", "death",
        {"over 45": kidney.age > 45, "black": (kidney.black_male + kidney.black_female) > 0},
    )  # fmt: skip
    regimes = datasets.load_dd()
    yield "regimes", regimes, "duration", "observed", {"democracy": regimes.democracy == "Democracy"}
    flies = datasets.load_waltons()
    yield "fruit flies (Walton)", flies, "T", "E", {"miR-137": flies.group == "miR-137"}
    regression = datasets.load_regression_dataset()
    yield "simulated regression", regression, "T", "E", {"var2": regression.var2 > regression.var2.median()}
    nodes = datasets.load_lymph_node()
    yield "recurrence", nodes, "rectime", "censrec", {"hormones": nodes.hormone == 1, "grade 3": nodes.grade == 3}
    lymphoma = datasets.load_lymphoma()
    yield "lymphoma", lymphoma, "Time", "Censor", {"stage": lymphoma.Stage_group == 2}


def curve(data: PatientData, arm: int, at: np.ndarray) -> np.ndarray:
    """Kaplan-Meier survival of an arm at times."""
    own = data.arm == arm
    time, event = data.time[0, 0][own], data.event[0, 0][own]
    order = np.lexsort((~event, time))
    time, event = time[order], event[order]
    steps = np.cumprod(np.where(event, 1 - 1 / np.arange(time.size, 0, -1), 1.0))
    return np.concatenate([[1.0], steps])[np.searchsorted(time, at, side="right")]


def restricted_mean(data: PatientData, arm: int, horizon: float) -> float:
    """Area under the Kaplan-Meier curve up to the horizon."""
    time = data.time[0, 0][data.arm == arm]
    places = np.unique(np.concatenate([[0.0], time[time < horizon], [horizon]]))
    return float(np.sum(curve(data, arm, places[:-1]) * np.diff(places)))


def answers(log_hazard: np.ndarray, grid: Grid) -> np.ndarray:
    """Survival by arm and place, differences of restricted means; dims (chain, draw, answer)."""
    by_arm = of.survival(log_hazard, grid, np.array(PLACES) * FOLLOW_UP)
    means = of.restricted_mean(log_hazard, grid, np.array(HORIZONS) * FOLLOW_UP)
    return np.concatenate([by_arm[..., 0, :], by_arm[..., 1, :], means[..., 1, :] - means[..., 0, :]], axis=-1)


def prove(case: Case, *, known: bool) -> dict[str, object]:
    """Summarise, fit from print and from data, compare."""
    data = case.data()
    summaries = replace(
        publish(data, landmarks=(LANDMARK * FOLLOW_UP,), horizon=FOLLOW_UP, estimators=Estimators(landmark="log-log")),
        horizon_known=known,
    )
    if not known:  # as from a trial file that does not say: a little beyond the latest printed time
        from reappraise.survival.printed.rows import latest

        summaries = replace(summaries, horizon=1.3 * latest(summaries))
    began = time.perf_counter()
    fit = fit_printed_survival(summaries, sampling=SAMPLING)
    took = time.perf_counter() - began
    own = fit_survival(data, sampling=Sampling(seed=1, draws=500, tune=500, chains=4))
    found, direct = (
        answers(
            one.tree["posterior"]["log_hazard"].transpose("chain", "draw", "arm", "interval").to_numpy(), one.job.grid
        )
        for one in (fit, own)
    )
    at = np.array(PLACES) * FOLLOW_UP
    differences = [
        restricted_mean(data, 1, share * FOLLOW_UP) - restricted_mean(data, 0, share * FOLLOW_UP) for share in HORIZONS
    ]
    truth = np.concatenate([curve(data, 0, at), curve(data, 1, at), differences])
    low, high = np.quantile(found, [0.025, 0.975], axis=(0, 1))
    return {
        "patients": list(data.patients),
        "events": list(summaries.events),
        "seconds": round(took, 1),
        "converged": bool(fit.diagnosis.converged),
        "failed": [check.name for check in fit.diagnosis.checks if not check.passed],
        "data": [round(float(x), 4) for x in truth],
        "low": [round(float(x), 4) for x in low],
        "high": [round(float(x), 4) for x in high],
        "held": [bool(x) for x in (low - 5e-4 <= truth) & (truth <= high + 5e-4)],
        "width_ratio": [round(float(x), 3) for x in found.std(axis=(0, 1)) / direct.std(axis=(0, 1))],
        "difference_in_sds": [
            round(float(x), 2) for x in (found.mean(axis=(0, 1)) - direct.mean(axis=(0, 1))) / direct.std(axis=(0, 1))
        ],
        "direct_held": [
            bool(x) for x in (np.quantile(direct, 0.025, axis=(0, 1)) - 5e-4 <= truth)
            & (truth <= np.quantile(direct, 0.975, axis=(0, 1)) + 5e-4)
        ],
    }  # fmt: skip


def summary(proved: list[dict[str, object]]) -> dict[str, object]:
    """What the data sets say together."""
    held, direct, widths = (np.array([one[key] for one in proved]) for key in ("held", "direct_held", "width_ratio"))
    count = len(PLACES)
    return {
        "data_sets": len(proved),
        "survival_held": round(float(held[:, : 2 * count].mean()), 3),
        "survival_held_by_place": {
            str(place): round(float(held[:, [k, count + k]].mean()), 3) for k, place in enumerate(PLACES)
        },
        "survival_held_by_data_posterior": round(float(direct[:, : 2 * count].mean()), 3),
        "restricted_mean_difference_held": round(float(held[:, 2 * count :].mean()), 3),
        "median_width_ratio": round(float(np.median(widths)), 3),
        "median_seconds": round(float(np.median([one["seconds"] for one in proved])), 1),
        "largest_seconds": max(one["seconds"] for one in proved),
        "converged": sum(bool(one["converged"]) for one in proved),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="data sets whose names contain this")
    parser.add_argument("--unstored", action="store_true", help="print, store nothing")
    parser.add_argument("--unknown", action="store_true", help="follow-up is not printed")
    asked = parser.parse_args()
    proved: dict[str, dict[str, object]] = {}
    for case in cases():
        if asked.only not in case.name:
            continue
        try:
            proved[case.name] = prove(case, known=not asked.unknown)
        except AnalysisError as error:
            print(case.name, "REFUSED", error, flush=True)
            continue
        print(case.name, json.dumps(proved[case.name]), flush=True)
    whole = {
        "date": datetime.now(UTC).date().isoformat(),
        "digest": digest(PRINTED_CALIBRATIONS[0].code),
        "versions": versions(),
        **summary(list(proved.values())),
    }
    print(json.dumps(whole, indent=1))
    if not asked.unstored:
        STORED.write_text(json.dumps(whole | {"cases": proved}, indent=1) + "\n", encoding="utf-8")
