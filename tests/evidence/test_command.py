"""The command: what each prior makes of each effect of a trial file, as a table, as rows, and refused."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from reappraise.cli import app
from reappraise.core.errors import AnalysisError
from reappraise.evidence.binary import BINARY, partition_likelihood
from reappraise.evidence.counts import BinaryEffect
from reappraise.evidence.report import report_on, reports
from reappraise.evidence.sensitivity import sensitivity
from reappraise.evidence.sources import effect_likelihoods
from reappraise.trial import load_trial, shipped_trials
from support.tables import whole

DATA = Path(__file__).resolve().parents[1] / "data"


def run(*arguments: str) -> str:
    found = CliRunner().invoke(app, ["sensitivity", *arguments], env={"COLUMNS": "180"}, catch_exceptions=False)
    assert found.exit_code == 0
    return found.output


def test_the_table_names_prior_effect_direction_and_origin() -> None:
    shown = run(
        "andromeda-shock", "--endpoint", "survival28", "--prior", "1:0.392", "--prior", "flat", "--beyond", "1.1"
    )
    assert "hazard ratio, Perfusion over Lactate" in shown
    for part in ("1:0.392", "flat", "0.781 (0.586 to 1.04)", "P(hazard ratio < 1.1)", "worth, events", "26"):
        assert part in shown
    words = " ".join(shown.split())
    assert "Likelihood: printed: hazard ratio perfusion / lactate 0.75 (95% interval 0.55 to 1.02)" in words
    assert "usually overstate it by a factor of 1.7, and 91% of them have the right sign" in words
    assert "odds ratio" not in shown


def test_the_rows_are_estimates() -> None:
    rows = list(csv.DictReader(io.StringIO(run("eolia", "--endpoint", "death60", "--format", "csv"))))
    assert len(rows) == 14 * 4
    first = rows[0]
    assert (first["quantity"], first["prior"], first["numerator"], first["denominator"]) == (
        "odds_ratio", "flat", "ecmo", "conventional",
    )  # fmt: skip
    asked = sensitivity(effect_likelihoods(load_trial("eolia")).of("death60"))
    assert float(first["prob_benefit"]) == pytest.approx(float(asked.benefit[0]))
    ratios = json.loads(run("eolia", "--effect", "risk_ratio", "--prior", "flat", "--format", "json"))
    assert {row["endpoint"] for row in ratios} == {"death60", "death60-as-estimated"}


@pytest.mark.parametrize("trial", [*shipped_trials(), str(DATA / "means.toml"), str(DATA / "event-rates.toml")])
def test_every_trial_has_its_tables(trial: str) -> None:
    found = reports(load_trial(trial))
    assert found.found
    for report in found.found:
        assert report.notes
        assert len(report.worth) == len(report.conflict) == len(report.plausible) == len(report.found.priors)


@pytest.mark.parametrize("quantity", BINARY)
@pytest.mark.parametrize(
    ("events", "totals"),
    [
        ((49_087, 22_847), (109_171, 22_847)),  # no effect is 240 standard errors away
        ((0, 7_490), (29_402, 11_540)),  # and the likelihood far from normal on its way there
        ((206, 0), (206, 1)),  # all and none: ratios without end, a difference at the end of its scale
        ((0, 0), (500_000, 3)),
        ((1, 7_914), (3, 7_914)),
    ],
)
def test_extreme_counts_are_reported_too(
    events: tuple[int, int], totals: tuple[int, int], quantity: BinaryEffect
) -> None:
    likelihood = partition_likelihood(whole(events=(events,), totals=(totals,)), quantity)
    found = sensitivity(likelihood)
    assert np.all((found.low < found.median) & (found.median < found.high))
    assert np.all((found.benefit >= 0) & (found.benefit <= 1))
    separated = events == (206, 0)
    assert ("flat" in [prior.name for prior in found.priors]) == (not separated or quantity == "risk_difference")
    notes = " ".join(report_on(found).notes)
    assert ("does not fall on one side" if separated else "have the right sign") in notes


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"endpoint": "death"}, "trial eolia has no endpoint 'death'; it has death60"),
        (
            {"endpoint": "death60", "effect": "hazard_ratio"},
            "endpoint death60 has no hazard_ratio; it has odds",
        ),
        ({"effect": "median"}, "trial eolia has no median; it has odds_ratio, risk_ratio"),
        ({"priors": ["hopeful"]}, "unknown prior 'hopeful' of death60"),
        ({"beyond": [-1.0]}, "expected a ratio above 0"),
    ],
)
def test_what_cannot_be_answered_is_said(asked: dict[str, object], said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        reports(load_trial("eolia"), **asked)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_answer_comes_without_a_sampler_and_soon() -> None:
    """Two seconds on an idle machine; a busy one is allowed four times as long."""
    asked = "import sys; from reappraise.cli import app; app(['sensitivity', 'eolia'], standalone_mode=False)"
    check = f"{asked}; raise SystemExit(len({{'pymc', 'arviz', 'pandas', 'matplotlib'}} & sys.modules.keys()))"
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", check], check=True, capture_output=True)
    assert time.perf_counter() - started < 8
