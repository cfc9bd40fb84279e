"""Survival in the main job: known data, summaries, contradictions, too little; stored, resumed, drawn, compared."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from reappraise.analysis import Analysis
from reappraise.fits.result import NotAnalysed
from reappraise.fits.store import Store
from reappraise.survival.analysis import SurvivalResult
from reappraise.terminal.comparison import comparison_tables
from support.analyses import Kept, analyse_survival_trial

pytestmark = pytest.mark.sampling


@pytest.fixture(scope="module")
def folder(survival_run: Kept) -> Path:
    return survival_run.folder


@pytest.fixture(scope="module")
def analysis(survival_run: Kept) -> Analysis:
    return survival_run.analysis


def analysed(analysis: Analysis) -> tuple[SurvivalResult, SurvivalResult]:
    """Known data, and summaries."""
    return analysis["remission"], analysis["summarised"]  # type: ignore[return-value]


def test_what_can_be_analysed_is_and_the_rest_is_named(analysis: Analysis) -> None:
    assert [key for key, result in analysis.results.items() if result.fits] == ["remission", "summarised"]
    assert {key: type(result) for key, result in analysis.results.items()} == {
        "remission": SurvivalResult,
        "summarised": SurvivalResult,
        "contradictory": NotAnalysed,
        "too-little": NotAnalysed,
    }
    reasons = {item.endpoint: item for item in analysis.refused}
    assert reasons["contradictory"].contradiction
    assert "survival of placebo at 12 weeks" in reasons["contradictory"].reason
    assert "nearest" in reasons["contradictory"].reason
    assert not reasons["too-little"].contradiction
    assert "neither numbers of events nor an interval" in reasons["too-little"].reason


def test_every_printed_number_holds_in_every_replicate(analysis: Analysis) -> None:
    replicates = analysed(analysis)[1].replicates
    assert replicates is not None
    printed = replicates.diagnosis.checks[0]
    assert printed.name == "printed numbers missed"
    assert printed.value == 0
    assert {tried.estimators.split(",")[0] for tried in replicates.tried} == {
        "median interval log-log",
        "median interval log",
        "median interval plain",
    }


def test_summaries_carry_most_of_what_the_data_say(analysis: Analysis) -> None:
    known, summarised = (item.fits[0] for item in analysed(analysis))
    effects = [np.asarray(fit.tree["posterior"]["effect"]).ravel() for fit in (known, summarised)]
    # hazard ratio, interval and p are printed: the posterior is that of the data but for rounding, other grids (the
    # event times are not known), and the spread of the reconstruction; half a posterior sd is far beyond these
    assert abs(effects[0].mean() - effects[1].mean()) < 0.5 * effects[0].std()
    assert 0.75 < effects[1].std() / effects[0].std() < 1.33


def test_priors_pull_in_their_order(analysis: Analysis) -> None:
    for result in analysed(analysis):
        fits = {fit.job.prior.effect.name: fit for fit in result.fits if not fit.job.model.proportional}
        means = {name: float(fit.tree["posterior"]["effect"].mean()) for name, fit in fits.items()}
        # the data favour the drug strongly: doubt pulls towards no effect
        assert means["wide"] < means["reference"] < means["sceptical"] < 0


def test_proportional_hazards_are_judged_of_known_and_of_reconstructed_data(analysis: Analysis) -> None:
    known, summarised = (item.proportionality for item in analysed(analysis))
    assert known is not None
    assert summarised is not None
    assert known.left_out is not None
    assert (known.reconstructions, summarised.reconstructions) == (0, 80)
    for found in (known, summarised):
        assert found.prior == "reference"
        assert found.log_bayes_factor_error < 0.1
        # the hazards of these 42 patients are as good as proportional, and so few cannot prove it
        assert 0 < found.log_bayes_factor < 1.5
        assert found.small_prior < found.small < 0.5


def test_the_comparison_sets_survival_side_by_side(analysis: Analysis) -> None:
    mine = analysis.comparison.select(endpoint="summarised", quantity="hazard_ratio")
    kinds = {item.kind for item in mine.estimates}
    assert kinds == {"published", "recomputed", "posterior"}
    published = next(item for item in mine.estimates if item.kind == "published")
    assert published.numerator == "drug"
    assert published.value == pytest.approx(1 / 4.8)
    recomputed = next(item for item in mine.estimates if item.kind == "recomputed")
    assert recomputed.value == pytest.approx(1 / 4.8, rel=0.02)


def test_the_table_for_the_terminal_shows_survival(analysis: Analysis) -> None:
    shown = StringIO()
    console = Console(width=160, file=shown)
    for table in comparison_tables(analysis.comparison.select(endpoint="summarised")):
        console.print(table)
    said = shown.getvalue()
    row = next(line for line in said.splitlines() if line.startswith(" Hazard ratio  "))
    assert len(re.split(r"\s{2,}", row.strip())) == 5  # its name, and all four numbers
    assert "Risk difference" not in said


def test_files_are_written_and_resumed(analysis: Analysis, folder: Path) -> None:
    written = {path.name for path in (folder / "posteriors").glob("*.nc")}
    assert "summarised.reconstruction.wide.nc" in written
    for endpoint, prior in (("remission", "reference"), ("remission", "wide"), ("summarised", "sceptical")):
        assert f"{endpoint}.all.piecewise-exponential.{prior}.nc" in written
    stored = xr.open_datatree(folder / "posteriors" / "summarised.reconstruction.wide.nc")
    assert stored["reconstruction"]["time"].dims == ("chain", "replicate", "patient")
    assert stored.attrs["trial"] == "survival"
    stored.close()
    assert (
        (folder / "estimators.csv")
        .read_text(encoding="utf-8")
        .startswith("endpoint,estimators,reached,missed,probability\n")
    )
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["refused"]) == {"contradictory", "too-little"}
    figures = {path.stem for path in (folder / "figures").glob("*.png")}
    for kind in ("survival", "hazards", "hazard-ratio", "restricted-mean", "priors", "directions"):
        assert f"summarised.{kind}" in figures
    before = {path.name: path.stat().st_mtime_ns for path in (folder / "posteriors").glob("*.nc")}
    with Store.open(folder) as store:
        again = analyse_survival_trial(store)
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "posteriors").glob("*.nc")} == before
    assert again.comparison.to_csv() == analysis.comparison.to_csv()
