"""The stored calibration: of this code, passed by the models, failed by the wrong simulator."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from reappraise.bayes import MODELS

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "calibration.py"
STORED = json.loads(SCRIPT.with_suffix(".json").read_text(encoding="utf-8"))


def test_it_is_of_the_code_that_stands() -> None:
    spec = importlib.util.spec_from_file_location("calibration", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    calibration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(calibration)
    assert STORED["digest"] == calibration.digest(), "the models changed: run python benchmarks/calibration.py"
    assert STORED["datasets"] >= 300


@pytest.mark.parametrize("model", [model.name for model in MODELS])
def test_ranks_are_uniform(model: str) -> None:
    found = STORED[model]
    smallest = min(item["p_uniform"] for item in found.values())
    # Bonferroni over the quantities: a right model fails once in a thousand storings
    assert smallest > 0.001 / len(found), found
    for item in found.values():
        error = (0.9 * 0.1 / STORED["datasets"]) ** 0.5
        assert abs(item["coverage_90"] - 0.9) < 4.5 * error  # once in 150,000 for each


@pytest.mark.parametrize("model", [model.name for model in MODELS])
def test_a_wrong_simulator_is_caught(model: str) -> None:
    assert min(item["p_uniform"] for item in STORED[f"{model}, wrong simulator"].values()) < 1e-4
