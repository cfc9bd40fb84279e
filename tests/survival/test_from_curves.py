"""Digitised curves and numbers at risk through the same sampler: read, cleaned, inverted, reconstructed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.sampling import Effort
from reappraise.survival.hazard import HazardPrior
from reappraise.survival.pseudo_ipd.published import summaries_of
from reappraise.survival.pseudo_ipd.reconstruct import reconstruct
from reappraise.trial import load_trial
from reappraise.trial.patients import read_patients
from support.data import DATA

pytestmark = pytest.mark.sampling

ERROR = 0.005
"""Half width of the digitisation error, the reader's default."""

ENDPOINT = """[[endpoints]]
kind = "survival"
key = "curve"
label = "Duration of remission"
population = "treated"
better = "higher"
unit = "weeks"
curves = "coordinates.csv"
numbers_at_risk = "at-risk.csv"
source = "Figure"
counts = [
  { arm = "placebo", events = 21, total = 21, source = "Results" },
  { arm = "drug", events = 9, total = 21, source = "Results" },
]
"""


def survival(time: np.ndarray, event: np.ndarray, at: float) -> float:
    found = 1.0
    for moment in np.unique(time[event & (time <= at)]):
        found *= 1 - np.sum((time == moment) & event) / np.sum(time >= moment)
    return found


def test_replicates_follow_curve_and_numbers_at_risk(tmp_path: Path) -> None:
    known = read_patients(DATA / "survival-remission.csv", endpoint="r", arms=("placebo", "drug"), unit="weeks")
    coordinates, at_risk = ["arm,time,survival"], ["arm,time,number"]
    points: list[tuple[int, float, float]] = []
    counted: list[tuple[int, float, int]] = []
    for arm, name in enumerate(known.arms):
        own = known.arm == arm
        time, event = known.time[0, 0][own], known.event[0, 0][own]
        # between whole weeks, where a reader's eye is not on a step
        for at in [0.0, *np.arange(0.5, time.max(), 1.0)]:
            value = survival(time, event, at)
            coordinates.append(f"{name},{at},{value:.4f}")
            points.append((arm, at, value))
        for at in (0, 5, 10, 15, 20):
            number = int(np.sum(time >= at))
            at_risk.append(f"{name},{at},{number}")
            counted.append((arm, at, number))
    (tmp_path / "coordinates.csv").write_text("\n".join(coordinates) + "\n", encoding="utf-8")
    (tmp_path / "at-risk.csv").write_text("\n".join(at_risk) + "\n", encoding="utf-8")
    whole = (DATA / "survival.toml").read_text(encoding="utf-8")
    (tmp_path / "trial.toml").write_text(whole[: whole.index("[[endpoints]]")] + ENDPOINT, encoding="utf-8")
    summaries = summaries_of(load_trial(tmp_path / "trial.toml")["curve"])
    assert summaries.origin == "curve"
    prior = HazardPrior(effect=hazard_ratio_priors()[0], median=summaries.horizon / 2)
    found = reconstruct(summaries, prior=prior, seed=2, effort=Effort(chains=2, replicates=10, thin=3))
    assert found.held
    assert found.data.origin == "curve"
    for place in np.ndindex(found.data.time.shape[:2]):
        for arm, at, number in counted[1:]:
            own = found.data.arm == arm
            # patients exactly at a printed time are at risk there; replicates have none
            if at > 0:
                assert np.sum(found.data.time[place][own] > at) == number
        for arm, at, value in points:
            own = found.data.arm == arm
            drawn = survival(found.data.time[place][own], found.data.event[place][own], at)
            # coordinates that fall by less than the error are left out, so there it may be missed twice
            assert abs(drawn - value) <= 2 * ERROR + 1e-9
    # the spread of the replicates is not nothing: exact times are not on a curve read by the week
    assert np.std(found.data.time, axis=(0, 1)).max() > 0.05
