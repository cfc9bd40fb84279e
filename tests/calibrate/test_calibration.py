"""The stored calibrations: of the code that stands, passed by every model, failed by every wrong simulator."""

from __future__ import annotations

import pytest
from scipy import stats

from reappraise.calibrate.calibration import Calibration, identity
from reappraise.calibrate.record import Record
from reappraise.calibrate.uniformity import FALSE_ALARM
from reappraise.kinds import calibrations
from support.calibrations import STORED

CALIBRATIONS = calibrations()
FEWEST = {"reconstruction": 60, **{f"printed-survival-{patients}": 200 for patients in (80, 160, 500)}}
"""Data sets asked for, where they are fewer than 300: each takes seconds, not a quarter of one."""

every = pytest.mark.parametrize("calibration", CALIBRATIONS, ids=lambda calibration: calibration.name)


def stored(calibration: Calibration) -> Record:
    record = Record.read(STORED / f"{calibration.name}.json")
    assert record is not None, f"run: reappraise calibrate {calibration.name} --out benchmarks/calibration"
    return record


@every
def test_it_is_of_the_code_that_stands(calibration: Calibration) -> None:
    record, known = stored(calibration), identity(calibration)
    for name in ("model", "digest", "settings"):
        assert record.identity[name] == known[name], (
            f"{name} changed: run reappraise calibrate {calibration.name} --out benchmarks/calibration"
        )
    assert record.right.datasets >= FEWEST.get(calibration.name, 300)
    assert sum(record.right.refused.values()) <= 0.2 * record.right.datasets


@every
def test_ranks_are_uniform(calibration: Calibration) -> None:
    right = stored(calibration).right
    # a right model fails once in a thousand storings
    assert FALSE_ALARM == 0.001
    assert right.verdict.uniform, right.verdict
    for item in right.quantities.values():
        assert sum(item.counts) == right.datasets - sum(right.refused.values())
        assert item.p_histogram == pytest.approx(float(stats.chisquare(item.counts).pvalue), rel=0.01)
        assert max(abs(item.z_50), abs(item.z_90)) < 4.5  # once in 150,000 for each


@every
def test_a_wrong_simulator_is_caught(calibration: Calibration) -> None:
    record = stored(calibration)
    assert record.wrong.datasets >= (60 if record.right.datasets > 40 else 20)
    assert not record.wrong.verdict.uniform
    assert record.calibrated


def test_nothing_else_is_stored() -> None:
    assert {path.stem for path in STORED.iterdir() if not path.name.startswith(".")} == {
        calibration.name for calibration in CALIBRATIONS
    }
