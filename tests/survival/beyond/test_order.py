"""Progression-free within overall survival: exact twins, mirrored arms, conflicts in words, and a run that says so."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

import reappraise as ra
from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.fits.each import Session
from reappraise.fits.result import NotAnalysed
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.published.trial import Trial
from reappraise.survival import estimands as of
from reappraise.survival.analysis import SURVIVAL as KIND
from reappraise.survival.analysis import SurvivalResult
from reappraise.survival.beyond.order import OrderedFit, OrderError, order_survival
from reappraise.survival.beyond.pairs import in_order, paired
from reappraise.survival.fit import SurvivalFit
from reappraise.survival.hazard import Grid
from reappraise.trial import load_trial
from support.data import DATA, SURVIVAL
from support.figures import said
from support.hazard_fits import FAILED, hazard_fit, normal_draws

SESSION = Session(sampling=Sampling(seed=1))
EVENTS = {"pfs": (20.0, 14.0), "os": (16.0, 12.0)}
TIME = 300.0


def gamma_fit(endpoint: str, events: tuple[float, float], *, seed: int, flip: bool = False) -> SurvivalFit:
    """One interval, hazards of each arm Gamma(events, person-time): what an exponential model gives."""
    rate = np.random.default_rng(seed).gamma(events, size=(4, 2000, 2)) / TIME
    return hazard_fit(np.log(rate[..., ::-1] if flip else rate)[..., None], endpoint=endpoint)


def rates_of(found: OrderedFit, endpoint: str) -> np.ndarray:
    log_hazard = found.tree[endpoint]["posterior"]["log_hazard"].transpose("chain", "draw", "arm", "interval")
    return np.exp(log_hazard.to_numpy().astype(np.float64))[..., 0]


@pytest.fixture(scope="module")
def both() -> OrderedFit:
    return order_survival(gamma_fit("pfs", EVENTS["pfs"], seed=1), gamma_fit("os", EVENTS["os"], seed=2))


def test_its_probability_is_that_of_two_gamma_rates(both: OrderedFit) -> None:
    """Of rates with the same person-time, second / (first + second) ~ Beta; four binomial standard errors."""
    exact = np.prod([special.betainc(b, a, 0.5) for a, b in zip(EVENTS["pfs"], EVENTS["os"], strict=True)])
    assert 0.3 < exact < 0.7  # a number that the pairing could miss
    assert both.probability == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 8000))


def test_its_rates_are_those_of_the_quadrature(both: OrderedFit) -> None:
    """Four Monte Carlo standard errors of four means of independent draws: fails once in 4,000 runs."""
    draws = both.tree["posterior"].sizes["draw"] * 4
    grid = np.linspace(1e-5, 0.25, 3000)
    for arm in range(2):
        shapes = EVENTS["pfs"][arm], EVENTS["os"][arm]
        own = [stats.gamma.pdf(grid, shape, scale=1 / TIME) for shape in shapes]
        below = [stats.gamma.cdf(grid, shape, scale=1 / TIME) for shape in shapes]
        for endpoint, density in (("pfs", own[0] * below[1]), ("os", own[1] * (1 - below[0]))):
            weight = density / density.sum()
            mean = float(weight @ grid)
            spread = float(np.sqrt(weight @ np.square(grid - mean)))
            assert rates_of(both, endpoint)[..., arm].mean() == pytest.approx(mean, abs=4 * spread / np.sqrt(draws))
            # a negative control: without the order it would be elsewhere
            alone = shapes[0 if endpoint == "pfs" else 1] / TIME
            assert abs(mean - alone) > 6 * spread / np.sqrt(draws)


def test_no_draw_breaks_the_order_and_none_serves_twice(both: OrderedFit) -> None:
    first, second = (rates_of(both, key) for key in ("pfs", "os"))
    assert (first >= second).all()
    for rates in (first, second):
        assert len(np.unique(rates.reshape(-1, 2), axis=0)) == rates[..., 0].size
    curves = [both.tree[key]["posterior"]["survival"] for key in ("pfs", "os")]
    assert float((curves[0] - curves[1]).max()) <= 1e-6
    assert both.converged, both.diagnosis.failures


def test_what_lies_between_is_the_difference_of_both(both: OrderedFit) -> None:
    first, second = (rates_of(both, key) for key in ("pfs", "os"))
    posterior = both.tree["posterior"]
    time = -np.expm1(-24 * second) / second + np.expm1(-24 * first) / first
    assert posterior["time_between"].isel(horizon=0).to_numpy() == pytest.approx(time, abs=1e-4)
    share = -np.expm1(-12 * (first - second))
    assert posterior["share_between"].isel(landmark=0).to_numpy() == pytest.approx(share, abs=1e-5)
    estimates = {(item.endpoint, item.quantity, item.arm): item for item in both.estimates}
    between = estimates["pfs+os", "time_between", "drug"]
    assert between.value == pytest.approx(float(np.median(time[..., 1])), rel=0.05)
    difference = estimates["pfs+os", "time_between_difference", ""]
    assert (difference.numerator, difference.denominator, difference.prob_benefit) == ("drug", "placebo", None)


def test_every_number_says_what_is_given(both: OrderedFit) -> None:
    given = "given that survival of pfs never exceeds that of os"
    assert {item.endpoint for item in both.estimates} == {"pfs", "os", "pfs+os"}
    for item in both.estimates:
        assert given in item.method
        assert "ordered" in item.model
    assert given in both._repr_html_()


def test_exchanging_the_arms_mirrors_it(both: OrderedFit) -> None:
    other = order_survival(
        gamma_fit("pfs", EVENTS["pfs"], seed=1, flip=True), gamma_fit("os", EVENTS["os"], seed=2, flip=True)
    )
    assert other.probability == both.probability
    for name in ("time_between_difference", "share_between_difference"):
        assert np.array_equal(other.tree["posterior"][name].to_numpy(), -both.tree["posterior"][name].to_numpy())


def test_the_order_is_tested_where_curves_may_cross() -> None:
    """Random hazards on unlike grids against curves on a fine grid of times, which straight pieces cannot escape."""
    rng = np.random.default_rng(4)
    grids = Grid((3.0, 9.0), 20.0), Grid((5.0,), 30.0)
    first = np.log(0.06) + 0.4 * rng.normal(size=(400, 2, 3))
    second = np.log(0.05) + 0.4 * rng.normal(size=(400, 2, 2))
    times = np.unique([*np.linspace(0.01, 20.0, 997), 3.0, 5.0, 9.0])
    fine = (of.survival(first, grids[0], times) <= of.survival(second, grids[1], times)).all(axis=(-1, -2))
    found = in_order(first, second, grids, 20.0)
    assert 0.05 < found.mean() < 0.95
    assert np.array_equal(found, fine)


def test_draws_are_paired_by_turning_the_second() -> None:
    first, second = paired([(4, 100), (2, 50)], np.random.default_rng(1))
    assert first.shape == second.shape == (2, 50)
    assert np.array_equal(first[0], np.linspace(0, 99, 50).round())
    assert all(np.array_equal(np.sort(row), np.arange(50)) for row in second)
    steps = np.diff(second, axis=1) % 50
    assert (steps == 1).all()  # neighbours stay neighbours, so that effective sample sizes count them as such


def test_posteriors_that_contradict_the_order_are_refused_in_words() -> None:
    better = hazard_fit(normal_draws((np.log(0.02), np.log(0.02))), endpoint="pfs")
    worse = hazard_fit(normal_draws((np.log(0.05), np.log(0.05)), seed=3), endpoint="os")
    said_so = r"of 4,000 pairs of draws .* 0 have survival of pfs at or below .*to 24 months.*contradicts that order"
    with pytest.raises(OrderError, match=said_so):
        order_survival(better, worse)
    assert order_survival(worse, better).probability > 0.99


def test_what_is_no_pair_of_endpoints_is_refused() -> None:
    one = hazard_fit(normal_draws((np.log(0.05), np.log(0.05)), size=(2, 100)), endpoint="pfs")
    with pytest.raises(AnalysisError, match="expected two endpoints, got pfs twice"):
        order_survival(one, one)
    other = hazard_fit(normal_draws((np.log(0.03), np.log(0.03)), size=(2, 100)), endpoint="os")
    patients = replace(other.job.patients, unit="weeks")
    with pytest.raises(AnalysisError, match=r"pfs: placebo, drug, months; os: placebo, drug, weeks"):
        order_survival(one, replace(other, job=replace(other.job, patients=patients)))
    with pytest.raises(AnalysisError, match="at most 24 months, the shorter follow-up"):
        order_survival(one, other, landmarks=(30.0,))


def test_it_is_stored_and_found_and_drawn(both: OrderedFit, tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write_fit(both)
        kept = store.read_fit(both.job)
    assert kept is not None
    assert kept.estimates == both.estimates
    assert kept.probability == both.probability
    words = said(both.plot())
    assert "never exceeds the second up to 24 months" in words
    assert "taken as independent" in words


def test_it_fails_where_one_of_its_sources_did() -> None:
    first = hazard_fit(normal_draws((np.log(0.06), np.log(0.05))), endpoint="pfs", diagnosis=FAILED)
    found = order_survival(first, hazard_fit(normal_draws((np.log(0.03), np.log(0.02)), seed=3), endpoint="os"))
    assert not found.converged


def trial_with(bound: str, folder: Path, *, unit: str = "weeks") -> Trial:
    text = SURVIVAL.read_text(encoding="utf-8")
    before, after = text.split('key = "summarised"\n')
    after = after.replace('unit = "weeks"', f'unit = "{unit}"', 1)
    first = before.replace('key = "remission"\n', f'key = "remission"\nnever_exceeds = "{bound}"\n')
    (folder / "trial.toml").write_text(f'{first}key = "summarised"\n{after}')
    shutil.copy(DATA / "survival-remission.csv", folder)
    return load_trial(folder / "trial.toml")


@pytest.mark.parametrize(
    ("bound", "unit", "words"),
    [
        ("death", "weeks", "expected one of .*summarised.*, got death"),
        ("remission", "weeks", "got remission"),
        ("summarised", "months", "expected an endpoint of population treated in weeks, got summarised"),
    ],
)
def test_a_bound_that_is_none_is_named(bound: str, unit: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(TrialFileError, match=r"endpoints\[remission\]\.never_exceeds") as caught:
        trial_with(bound, tmp_path, unit=unit)
    assert caught.match(words)


def test_a_run_holds_an_endpoint_below_the_other(tmp_path: Path) -> None:
    trial = trial_with("summarised", tmp_path)
    rates = {"remission": np.log(0.06), "summarised": np.log(0.04)}
    results = {
        key: SurvivalResult(
            endpoint=trial[key], fits=(hazard_fit(normal_draws((rate, rate), seed=len(key)), endpoint=key),)
        )
        for key, rate in rates.items()
    }
    found = KIND.joined(trial, results, SESSION)
    assert list(found) == ["remission"]
    (both,) = found["remission"].orders
    assert both in found["remission"].diagnosed
    assert any(item.endpoint == "remission+summarised" for item in found["remission"].estimated())
    names = [name for name, _ in found["remission"].further_figures()]
    assert names == ["remission.within-summarised"]

    turned = {
        key: replace(results[other], endpoint=trial[key]) for key, other in zip(rates, reversed(rates), strict=True)
    }
    (refusal,) = KIND.joined(trial, turned, SESSION)["remission"].refusals
    assert refusal.contradiction
    assert "not held below summarised" in refusal.reason

    alone = {**results, "summarised": NotAnalysed(endpoint=trial["summarised"])}
    (refusal,) = KIND.joined(trial, alone, SESSION)["remission"].refusals
    assert refusal.reason == "not held below summarised: nothing is known of the hazards of summarised"
    assert not KIND.joined(trial, {"remission": results["remission"]}, SESSION)


def test_it_is_a_public_name() -> None:
    assert ra.order_survival is order_survival
    assert issubclass(ra.OrderError, ra.AnalysisError)
