"""The main job end to end, on a small trial: files, resuming, verdicts, and what a reader of them can rely on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import xarray as xr

from reappraise.analysis import Analysis, analyse
from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError, OutputError
from reappraise.core.estimate import ESTIMATE_COLUMNS
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.testing import assert_converged, assert_posterior
from reappraise.trial import load_trial
from support.analyses import MINI_SETTINGS, Kept
from support.data import MINI

pytestmark = pytest.mark.sampling


@pytest.fixture(scope="module")
def folder(mini_run: Kept) -> Path:
    return mini_run.folder


@pytest.fixture(scope="module")
def analysis(mini_run: Kept) -> Analysis:
    return mini_run.analysis


def test_everything_promised_is_written(analysis: Analysis, folder: Path) -> None:
    assert not analysis.unconverged
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["complete"] is True
    assert manifest["sampling"]["seed"] == 5
    assert manifest["trial_digest"] == load_trial(MINI).digest
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert written == {*manifest["files"], "manifest.json", ".lock"}
    # whole population and stage: 3 + 3 + 3 fits each; exposure, after randomisation: no effects, 3 + 3
    assert len(list((folder / "posteriors").glob("*.nc"))) == 24
    assert len(list((folder / "figures").glob("*.png"))) >= 4


def test_the_comparison_is_tidy_and_has_one_direction(analysis: Analysis, folder: Path) -> None:
    with (folder / "comparison.csv").open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert tuple(rows[0]) == ESTIMATE_COLUMNS
    assert {row["kind"] for row in rows} == {"published", "recomputed", "posterior"}
    assert {(row["numerator"], row["denominator"]) for row in rows} == {("", ""), ("new", "old")}
    published = next(row for row in rows if row["kind"] == "published" and row["quantity"] == "odds_ratio")
    assert float(published["value"]) == pytest.approx(1 / 0.407)
    assert "converted from old / new, printed as 0.407" in published["method"]
    assert published["sides"] == "1"
    exposure = [row for row in rows if row["population"].startswith("exposure=")]
    assert {row["quantity"] for row in exposure} == {"rate"}
    assert {row["prob_benefit"] for row in exposure} == {""}
    read = Comparison.from_csv(folder / "comparison.csv")
    assert read == analysis.comparison
    assert ",0.450,," in (folder / "comparison.csv").read_text(encoding="utf-8")


def test_running_again_resumes_and_changes_nothing(analysis: Analysis, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (folder / "posteriors").iterdir()}
    first = (folder / "comparison.csv").read_bytes()
    gone = folder / "posteriors" / "response.stage.beta-binomial.jeffreys.nc"
    gone.unlink()
    with Store.open(folder) as store:
        assert store.recorded_seed("mini") == 5
        again = analyse(load_trial(MINI), sampling=MINI_SETTINGS, store=store)
        assert store.notes == []
    assert {path for path, time in before.items() if path.stat().st_mtime_ns != time} == {gone}
    assert (folder / "comparison.csv").read_bytes() == first
    assert again.comparison == analysis.comparison


def test_another_seed_is_refused_before_anything_is_sampled(analysis: Analysis, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with Store.open(folder) as store, pytest.raises(OutputError, match=r"with seed 5, and this run .* seed 6"):
        analyse(load_trial(MINI), sampling=Sampling(seed=6), store=store)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_failing_fit_is_marked_wherever_it_is_shown(tmp_path: Path) -> None:
    few = Sampling(seed=5, draws=100, tune=100, chains=2)
    with Store.open(tmp_path / "out") as store:
        found = analyse(load_trial(MINI), sampling=few, store=store)
    assert found.unconverged
    name = found.unconverged[0].job.name
    marked = [item for item in found.comparison.estimates if item.failed]
    assert marked
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["verdicts"][name] == "NOT CONVERGED"
    path = tmp_path / "out" / "posteriors" / f"{name}.nc"
    with pytest.raises(AssertionError, match="not converged: "):
        assert_converged(path)
    with xr.open_datatree(path) as tree:
        assert tree.attrs["verdict"] == "NOT CONVERGED"


def test_assertions_for_test_suites(analysis: Analysis, folder: Path) -> None:
    path = folder / "posteriors" / "response.stage.logit-normal.reference.nc"
    assert_converged(path)
    assert_posterior(path, "odds_ratio", between=(0.1, 100), at={"level": "early"})
    with pytest.raises(AssertionError, match="posterior median"):
        assert_posterior(path, "odds_ratio", between=(0.1, 0.2))
    with pytest.raises(AnalysisError, match="no variable 'hazard_ratio'"):
        assert_posterior(path, "hazard_ratio", between=(0, 1))
    with pytest.raises(AnalysisError, match="no label"):
        assert_posterior(path, "odds_ratio", between=(0, 1), at={"level": "middle"})
    assert_converged(analysis.fits[0].tree)
