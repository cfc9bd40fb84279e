"""The page of a run, made again from its folder: the same, or what is amiss is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import reappraise as ra
from reappraise.analysis import Analysis
from reappraise.cli import app
from reappraise.core.errors import OutputError
from reappraise.evidence.posterior import effect_posterior
from reappraise.fits.result import Drawn
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.report.again import page_again
from reappraise.report.facts import FILE, Facts
from reappraise.report.numbers import probability_text
from reappraise.report.page import FILE as PAGE
from reappraise.report.weighed import as_script, weighed_effects

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    with Store.open(out) as store:
        ra.analyse(ra.load_trial(DATA / "means.toml"), sampling=Sampling(seed=2), store=store)
    return out


def test_a_run_writes_its_page_and_it_comes_again_the_same(folder: Path) -> None:
    facts = Facts.read(folder)
    assert facts.pending == ()
    assert len(facts.judged) == len(list((folder / "posteriors").iterdir()))
    assert {one.prior for one in facts.believed} >= {"reference", "sceptical"}
    text, notes = page_again(folder)
    assert notes == ()
    assert text == (folder / PAGE).read_text(encoding="utf-8")
    assert "Not finished" not in text


def test_what_was_changed_since_is_said(folder: Path, tmp_path: Path) -> None:
    for name in ("manifest.json", FILE, "comparison.csv", "audit.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    audit = (tmp_path / "audit.csv").read_text(encoding="utf-8")
    (tmp_path / "audit.csv").write_text(audit + audit.splitlines()[1] + "\n", encoding="utf-8")
    _, notes = page_again(tmp_path)
    assert len(notes) == 1
    assert "audit.csv is not as this program wrote it" in notes[0]
    (tmp_path / "audit.csv").write_text(audit.replace(",consistent,", ",fine,", 1), encoding="utf-8")
    with pytest.raises(OutputError, match="row 2: expected a verdict"):
        page_again(tmp_path)
    (tmp_path / "audit.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(OutputError, match="expected the columns check"):
        page_again(tmp_path)
    (tmp_path / "audit.csv").unlink()
    with pytest.raises(OutputError, match="run the trial again"):
        page_again(tmp_path)


def test_a_run_that_did_not_end_has_a_page_that_says_so(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    unfinished = replace(Facts.read(folder), pending=("Blood pressure",))
    (tmp_path / FILE).write_text(unfinished.as_json(), encoding="utf-8")
    assert "Still being computed: Blood pressure" in page_again(tmp_path)[0]


def test_the_command_writes_it_and_refuses_what_is_no_run(folder: Path, tmp_path: Path) -> None:
    before = (folder / PAGE).read_bytes()
    found = CliRunner().invoke(app, ["report", str(folder)])
    assert found.exit_code == 0
    assert f"The page is {folder / PAGE}" in found.output
    assert (folder / PAGE).read_bytes() == before
    refused = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert isinstance(refused.exception, OutputError)
    assert "expected the folder of a run" in str(refused.exception)


def test_every_prior_of_the_page_is_that_of_the_exact_posterior() -> None:
    trial = ra.load_trial("eolia")
    for one in weighed_effects(trial):
        likelihood = ra.effect_likelihoods(trial, every=False).of(one.endpoint)
        rows = {row[0]: row for row in one.rows}
        for prior in likelihood.named:
            benefit = effect_posterior(likelihood, prior).benefit
            assert rows[prior.label][3] == probability_text(benefit)
            assert rows[prior.label][4] == probability_text(1 - benefit)
        assert one.explorer["key"].startswith(one.endpoint)
    assert weighed_effects(ra.load_trial(DATA / "one-arm.toml")) == ()


def test_likelihoods_cannot_end_their_element() -> None:
    hostile = [{"label": "</script><script>alert(1)</script>&", "effect": [0.1]}]
    text = as_script(hostile)
    assert "<" not in text
    assert "&" not in text
    assert json.loads(text) == hostile


def test_figures_of_the_same_are_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    figures = Analysis.figures

    def counted(self: Analysis) -> Drawn:
        for name, figure in figures(self):
            drawn.append(name)
            yield name, figure

    def run() -> set[str]:
        drawn.clear()
        with Store.open(out, replace=True) as store:
            ra.analyse(trial, sampling=Sampling(seed=2), store=store)
        return {path.name for path in (out / "figures").iterdir()}

    monkeypatch.setattr(Analysis, "figures", counted)
    trial, out = ra.load_trial(DATA / "event-rates.toml").only("relapses"), tmp_path / "out"
    every = run()
    assert len(drawn) == len(every)
    assert run() == every
    assert drawn == []
    (out / "figures" / "diagnostics.png").unlink()
    assert run() == every
    assert len(drawn) == len(every)
    (out / "figures" / "diagnostics.png").write_bytes(b"changed")
    assert run() > every  # what somebody changed is set aside, not lost
    assert len(drawn) == len(every)
