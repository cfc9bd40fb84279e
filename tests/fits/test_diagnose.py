"""The gate: good draws pass, every kind of bad draws fails and is named."""

from __future__ import annotations

import numpy as np
import pytest

from reappraise.fits.diagnose import Diagnosis, Judged, Thresholds, diagnose

RNG = np.random.default_rng(20)
GOOD = RNG.normal(size=(4, 1000))
QUIET = np.zeros((4, 1000), dtype=bool)


def judge(draws: np.ndarray, diverging: np.ndarray = QUIET, energy: np.ndarray = GOOD) -> Diagnosis:
    return diagnose(
        {"x": Judged(draws, reported=True)},
        diverging=diverging,
        energy=energy,
        thresholds=Thresholds(),
        level=0.95,
    )


def failed(diagnosis: Diagnosis) -> set[str]:
    return {check.name for check in diagnosis.checks if not check.passed}


def test_good_draws_pass() -> None:
    found = judge(GOOD)
    assert found.converged
    assert found.verdict == "converged"
    assert found.failures == ""


def walk() -> np.ndarray:
    return np.cumsum(RNG.normal(size=(4, 1000)), axis=1)


def spiked() -> np.ndarray:
    diverging = QUIET.copy()
    diverging[2, 5] = True
    return diverging


@pytest.mark.parametrize(
    ("diagnosis", "names"),
    [
        (judge(GOOD + np.arange(4)[:, None]), {"R-hat"}),
        (judge(walk()), {"R-hat", "bulk effective draws", "tail effective draws"}),
        (judge(GOOD, diverging=spiked()), {"divergences"}),
        (judge(GOOD, energy=walk()), {"E-BFMI"}),
        (judge(GOOD[:, :60], diverging=QUIET[:, :60], energy=GOOD[:, :60]), {"bulk effective draws"}),
        (judge(np.zeros((4, 1000))), {"Monte Carlo error / sd"}),
    ],
    ids=["chains apart", "random walk", "divergence", "energy", "too few draws", "constant"],
)
def test_bad_draws_are_named(diagnosis: Diagnosis, names: set[str]) -> None:
    assert not diagnosis.converged
    assert diagnosis.verdict == "NOT CONVERGED"
    assert names <= failed(diagnosis)
    assert "must keep" in diagnosis.failures
    assert "<b>NO</b>" in diagnosis._repr_html_()


def test_rules_follow_the_number_of_chains() -> None:
    eight = RNG.normal(size=(8, 90))
    found = diagnose(
        {"x": Judged(eight, reported=True)},
        diverging=np.zeros((8, 90), dtype=bool),
        energy=eight,
        thresholds=Thresholds(),
        level=0.95,
    )
    bulk = next(check for check in found.checks if check.name == "bulk effective draws")
    assert bulk.threshold == 800
    assert not bulk.passed
