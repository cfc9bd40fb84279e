"""The stored proofs of the road from print: of the code that stands, and within what they have to keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reappraise.calibrate.calibration import digest
from reappraise.survival.calibrate_printed import PRINTED_CALIBRATIONS

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def stored(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((BENCHMARKS / f"{name}.json").read_text(encoding="utf-8"))
    assert found["digest"] == digest(PRINTED_CALIBRATIONS[0].code), f"the code changed: run benchmarks/{name}.py"
    return found


def test_on_real_data_intervals_hold_what_the_data_say_and_are_hardly_wider() -> None:
    found = stored("printed_real_data")
    assert found["data_sets"] >= 20
    assert found["survival_held"] >= 0.93
    assert found["restricted_mean_difference_held"] >= 0.93
    assert found["median_width_ratio"] <= 1.3
    # 21 of 23 do: where nearly everybody has the event, and with 1,808 patients of unequal arms, tails need longer runs
    assert found["converged"] >= 0.9 * found["data_sets"]
