"""Machine code that is loaded does what it did when it was compiled, in this process and in the next."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pymc as pm
import pytest

from reappraise.core.prior import RATE_PRIORS
from reappraise.fits import machine_code, nuts
from reappraise.fits.nuts import Compiled, draw
from reappraise.fits.sampling import Sampling
from reappraise.published.partition import Partition
from reappraise.response.models.beta_binomial import BetaBinomial

pytestmark = pytest.mark.sampling

MODEL, SHAPE = BetaBinomial(), (4,)
SAMPLING = Sampling(chains=2, draws=100, tune=100, seed=1)
NEXT_PROCESS = """
import sys
import numpy as np
from pathlib import Path
from reappraise.fits import machine_code, nuts
machine_code._folder = lambda: Path(sys.argv[1])
nuts.compile_model = None  # nothing is compiled here
sys.path.insert(0, sys.argv[2])
from fits.test_machine_code import MODEL, SHAPE, drawn
np.save(sys.argv[3], drawn(machine_code.compiled(MODEL, SHAPE)))
"""
TESTS = Path(__file__).parents[1]


def drawn(compiled: Compiled) -> np.ndarray:
    """Draws of the mean rates, given a table."""
    partition = Partition(
        endpoint="orr", factor="sex", levels=("f", "m"), level_labels=("f", "m"), arms=("a", "b"),
        arm_labels=("A", "B"), events=((5, 9), (7, 12)), totals=((20, 21), (30, 29)), better="higher",
        timing="baseline", margin=0.1, planned_odds_ratio=None, source="Table 1",
    )  # fmt: skip
    data = MODEL.data(partition, RATE_PRIORS[0], SHAPE[0])
    return draw(compiled, data, SAMPLING, 7).draws["mean_rate"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for machine code."""
    monkeypatch.setattr(machine_code, "_folder", lambda: tmp_path / "kept")
    return tmp_path / "kept"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Nothing is remembered before or after a test."""
    machine_code.forget()
    yield
    machine_code.forget()


def _no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(nuts, "compiled", refuse)


def test_what_is_loaded_draws_the_same_in_this_process_and_in_the_next(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = drawn(machine_code.compiled(MODEL, SHAPE))
    assert len(list(folder.iterdir())) == 1
    machine_code.forget()
    _no_compiler(monkeypatch)
    assert np.array_equal(drawn(machine_code.compiled(MODEL, SHAPE)), first)
    there = tmp_path / "draws.npy"
    words = [sys.executable, "-c", NEXT_PROCESS, str(folder), str(TESTS), str(there)]
    found = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ})
    assert found.returncode == 0, found.stderr
    assert np.array_equal(np.load(there), first)


def test_a_damaged_file_is_compiled_anew(folder: Path) -> None:
    first = drawn(machine_code.compiled(MODEL, SHAPE))
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"not a pickle", b"cos\nnothing\n."):
        path.write_bytes(damaged)
        machine_code.forget()
        assert np.array_equal(drawn(machine_code.compiled(MODEL, SHAPE)), first)
        assert len(path.read_bytes()) == len(whole)


def test_other_code_or_another_shape_is_another_file_and_the_oldest_go(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in range(machine_code.KEPT + 2):
        monkeypatch.setattr(machine_code, "source", lambda version=version: str(version))
        machine_code.forget()
        machine_code.compiled(MODEL, SHAPE)
        newest = max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, ns=(version, version))
    assert len(list(folder.iterdir())) == machine_code.KEPT
    machine_code.compiled(MODEL, (3,))
    assert len(list(folder.iterdir())) == machine_code.KEPT + 1


def test_a_folder_that_cannot_be_written_costs_time_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(machine_code, "_folder", lambda: tmp_path / "file" / "kept")
    assert drawn(machine_code.compiled(MODEL, SHAPE)).shape[:2] == (2, 100)


def test_starts_are_those_of_pymc(folder: Path) -> None:
    del folder
    theirs = nuts.compiled(MODEL, SHAPE).sampler.initial_point_func
    ours = machine_code.compiled(MODEL, SHAPE).sampler.initial_point_func
    many = [np.array([start(seed) for seed in range(400)]) for start in (theirs, ours)]
    for found in many:  # uniform with width 2: its mean lies within 5 standard errors of the middle, and all within it
        assert np.abs(found.mean(axis=0) - ours.around).max() < 5 / (3 * 400) ** 0.5
        assert np.abs(found - ours.around).max() <= 1


def test_what_the_density_refuses_is_refused_by_loaded_code_as_well(folder: Path) -> None:
    messages = []
    for _ in range(2):
        compiled = machine_code.compiled(MODEL, SHAPE)
        data = {name: np.full(shape, np.nan) for name, shape in compiled.packing.shapes.items()}
        with pytest.raises(RuntimeError) as refused:
            draw(compiled, data, SAMPLING, 7)
        messages.append(str(refused.value).partition("Stack")[0])
        machine_code.forget()
    assert len(list(folder.iterdir())) == 1
    assert messages[0] == messages[1]


@dataclass(frozen=True)
class Foreign:
    """A model of another package, whose code may change without a sign."""

    name: str = "foreign"

    def build(self) -> pm.Model:
        """A standard normal."""
        with pm.Model() as model:
            pm.Data("held", 0.0)
            pm.Normal("x")
        return model


def test_a_model_of_another_package_is_not_kept(folder: Path) -> None:
    machine_code.compiled(Foreign(), ())  # type: ignore[arg-type]  # has what is asked of it here
    assert not folder.exists()
