"""What a trial file asks beyond the follow-up: read, refused in words, answered and stored."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from reappraise.core.errors import TrialFileError
from reappraise.fits.each import Session, Tally
from reappraise.fits.result import NotAnalysed
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.published.trial import Trial
from reappraise.survival.analysis import SURVIVAL as KIND
from reappraise.survival.analysis import SurvivalResult
from reappraise.survival.beyond.result import extrapolated
from reappraise.survival.beyond.rule import ExternalRow
from reappraise.trial import load_trial
from support.data import DATA, SURVIVAL
from support.figures import said
from support.hazard_fits import hazard_fit, normal_draws

CONSTANT = 'rule = "constant"\nto = 104.5\nlandmarks = [52, 78]'
EXTERNAL = (
    'rule = "external"\nto = 104\nwane_by = 90\nrows = [\n'
    '  { start = 35, stop = 52, n = 200, r = 120, arm = "drug", source = "Registry, Table 2" },\n'
    '  { start = 52, stop = 104.5, n = 120, r = 60, source = "Registry, Table 2" },\n]'
)


def trial_with(table: str, folder: Path) -> Trial:
    """The small trial of survival, of whose first endpoint something is asked beyond the follow-up."""
    text = SURVIVAL.read_text(encoding="utf-8")
    key = 'source = "Freireich et al. 1963, as in Cox 1972"\n'
    assert text.count(key) == 1
    (folder / "trial.toml").write_text(text.replace(key, f"{key}\n[endpoints.extrapolation]\n{table}\n"))
    shutil.copy(DATA / "survival-remission.csv", folder)
    return load_trial(folder / "trial.toml")


def test_a_trial_file_asks_for_a_rule_with_its_times_and_rows(tmp_path: Path) -> None:
    asked = trial_with(EXTERNAL, tmp_path)["remission"].published.extrapolation
    assert asked.times == (104.0,)
    assert asked.assumed.wane_by == 90
    assert asked.assumed.rows == (
        ExternalRow(start=35, stop=52, n=200, r=120, arm="drug"),
        ExternalRow(start=52, stop=104.5, n=120, r=60),
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("landmarks = [52]", "expected the key 'rule', which is missing"),
        ('rule = "constant"', "expected landmarks, horizons or to"),
        ('rule = "waning"\nto = 52', "expected wane_by"),
        ('rule = "constant"\nto = 52\nlandmarks = [60]', "expected to at or after every landmark and horizon, got 52"),
        ('rule = "weibull"\nto = 52', "'constant', 'waning' or 'external'"),
        (EXTERNAL.replace('"drug"', '"other"'), r"extrapolation.rows\[0\].arm.*expected one of drug, placebo"),
        (EXTERNAL.replace("r = 120", "r = 220"), "expected r alive of n"),
    ],
)
def test_what_it_asks_wrongly_is_named(table: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(TrialFileError, match=r"endpoints\[remission\]\.extrapolation") as caught:
        trial_with(table, tmp_path)
    assert caught.match(words)


def test_a_run_answers_it_stores_it_and_draws_it(tmp_path: Path) -> None:
    endpoint = trial_with(CONSTANT, tmp_path)["remission"]
    log_hazard = normal_draws((np.log(0.02), np.log(0.01)), size=(4, 500))
    fit = hazard_fit(log_hazard, endpoint="remission", horizon=35.0)
    tally = Tally()
    with Store.open(tmp_path / "results") as store:
        session = Session(sampling=Sampling(seed=1), store=store, tally=tally)
        (found,), refused = extrapolated(endpoint, fit, session)
        (again,), _ = extrapolated(endpoint, fit, session)
    assert not refused
    assert (tally.computed, tally.found) == (1, 1)
    assert again.estimates == found.estimates
    result = SurvivalResult(endpoint=endpoint, fits=(fit,), extrapolations=(found,))
    assert result.diagnosed == (fit, found)
    marked = [item for item in result.estimated() if item.extrapolated]
    assert {item.at.split()[0] for item in marked if item.quantity == "survival"} == {"52", "78"}
    (name, figure), *_ = result.further_figures()
    assert name == "remission.extrapolated-constant"
    assert "Duration of remission" in said(figure)


def test_times_within_the_follow_up_are_refused_and_the_rest_stands(tmp_path: Path) -> None:
    endpoint = trial_with('rule = "constant"\nlandmarks = [20, 52]', tmp_path)["remission"]
    fit = hazard_fit(normal_draws((np.log(0.02), np.log(0.01)), size=(2, 100)), endpoint="remission", horizon=35.0)
    found, (refusal,) = extrapolated(endpoint, fit, Session(sampling=Sampling(seed=1)))
    assert not found
    assert not refusal.contradiction
    assert refusal.reason.startswith("not extrapolated: remission: expected landmarks of an extrapolation")


def test_without_being_asked_nothing_is_extrapolated() -> None:
    endpoint = load_trial(SURVIVAL)["remission"]
    fit = hazard_fit(normal_draws((np.log(0.02), np.log(0.01)), size=(2, 100)), endpoint="remission", horizon=35.0)
    assert extrapolated(endpoint, fit, Session(sampling=Sampling(seed=1))) == ((), ())


def test_an_endpoint_without_hazards_says_that_it_is_not_extrapolated(tmp_path: Path) -> None:
    endpoint = trial_with(CONSTANT, tmp_path)["remission"]
    alone = {"remission": NotAnalysed(endpoint=endpoint)}
    found = KIND.joined(endpoint.trial, alone, Session(sampling=Sampling(seed=1)))
    (refusal,) = found["remission"].refusals
    assert refusal.reason == "not extrapolated: nothing is known of its hazards"
