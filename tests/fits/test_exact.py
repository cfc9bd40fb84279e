"""Exact posteriors as files: their draws say what the closed form says, and every tool for fits reads them.

Draws are independent: probabilities are compared within 5 standard errors, a false alarm once in 1.7 million.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from math import exp
from pathlib import Path

import arviz as az
import numpy as np
import pytest
import xarray as xr

import reappraise as ra
from reappraise.analysis import Analysis
from reappraise.core.errors import AnalysisError
from reappraise.fits.exact import CHAINS, KEPT, ExactFit
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.testing import assert_converged, assert_posterior
from support.percentages import HEAD, ROUNDED

DATA = Path(__file__).parents[1] / "data"
ERRORS = 5.0
OF_SHARE = ERRORS * 0.5 / np.sqrt(CHAINS * KEPT)


@cache
def kept(name: str) -> Analysis:
    """The analysis of a file of the tests' data, made once."""
    return analysed(DATA / f"{name}.toml")


def analysed(path: Path, store: Store | None = None) -> Analysis:
    return ra.analyse(ra.load_trial(path), sampling=Sampling(seed=4), store=store)


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("trials")
    (folder / "rounded.toml").write_text(HEAD + ROUNDED, encoding="utf-8")
    effect = next(path for path in DATA.glob("*.toml") if path.stem == "three-arms")
    return {
        **{name: DATA / f"{name}.toml" for name in ("means", "event-rates", "one-arm")},
        "rounded": folder / "rounded.toml",
        "effect": effect,
    }


def exact_of(found: Analysis) -> list[ExactFit]:
    return [fit for fit in found.fits if isinstance(fit, ExactFit)]


@pytest.mark.parametrize("name", ["means", "event-rates", "one-arm", "rounded"])
def test_draws_say_what_the_closed_form_says(trials: dict[str, Path], name: str) -> None:
    fits = exact_of(analysed(trials[name]) if name == "rounded" else kept(name))
    compared = 0
    for fit in fits:
        assert fit.converged, fit.diagnosis.failures
        posterior = fit.tree["posterior"].to_dataset()
        for item in fit.estimates:
            if item.quantity not in posterior or item.level is None:
                continue
            draws = posterior[item.quantity]
            values = draws.sel(arm=item.arm).values if "arm" in draws.dims else draws.values
            for number, place in ((item.value, 0.5), (item.low, 0.025), (item.high, 0.975)):
                assert number is not None
                assert np.mean(values < number) == pytest.approx(place, abs=OF_SHARE * 2 * np.sqrt(place * (1 - place)))
                compared += 1
    assert compared >= 3 * len(fits)


def test_a_printed_contrast_has_its_draws(trials: dict[str, Path]) -> None:
    (contrast,) = ra.printed_contrasts(ra.load_trial(trials["effect"])["bleeding-low"])
    found = exact_of(analysed_only(trials["effect"], "bleeding"))
    assert [fit.job.posterior.prior.name for fit in found] == [prior.name for prior in ra.contrast_priors(contrast)]
    for fit in found:
        ratio = fit.tree["posterior"].to_dataset()["risk_ratio"].values
        (item,) = (one for one in fit.estimates if one.quantity == "risk_ratio")
        assert item.low is not None
        assert np.mean(ratio < item.low) == pytest.approx(0.025, abs=ERRORS * np.sqrt(0.025 * 0.975 / ratio.size))
        before = fit.tree["prior"].to_dataset()["risk_ratio"].values
        prior = fit.job.posterior.prior
        assert np.mean(before < exp(prior.mean)) == pytest.approx(0.5, abs=ERRORS * 0.5 / np.sqrt(before.size))  # type: ignore[attr-defined]


def analysed_only(path: Path, key: str) -> Analysis:
    return ra.analyse(ra.load_trial(path).only(key), sampling=Sampling(seed=4))


def test_files_are_read_by_every_tool_and_found_again(tmp_path: Path) -> None:
    with Store.open(tmp_path / "out") as store:
        first = analysed(DATA / "event-rates.toml", store)
    assert first.tally.computed == len(exact_of(first)) > 0
    path = tmp_path / "out" / "posteriors" / "infections.rate-ratio.poisson.reference.nc"
    assert_converged(path)
    assert_posterior(path, "rate_ratio", between=(0.01, 10), mass=0.99)
    with pytest.raises(AnalysisError, match="no variable 'odds_ratio'; it has rate_ratio"):
        assert_posterior(path, "odds_ratio", between=(0, 1))
    with xr.open_datatree(path) as tree:
        assert tree.attrs["prior_rationale"]
        assert "experimental over control" in tree["posterior"]["rate_ratio"].attrs["description"]
        assert tree["observed_data"]["control_events"].size == 1
        summary = az.summary(tree.load(), round_to="none")
    assert float(summary["r_hat"].iloc[0]) < 1.01
    with Store.open(tmp_path / "out") as store:
        again = analysed(DATA / "event-rates.toml", store)
    assert (again.tally.found, again.tally.computed) == (first.tally.computed, 0)
    assert again.comparison.to_csv() == first.comparison.to_csv()


def test_another_print_is_another_file(tmp_path: Path) -> None:
    shutil.copy(DATA / "event-rates.toml", tmp_path / "event-rates.toml")
    text = (tmp_path / "event-rates.toml").read_text(encoding="utf-8")
    before = {fit.job.name: fit.job.digest for fit in exact_of(kept("event-rates"))}
    assert "events = " in text
    number = text.split("events = ")[1].split(",")[0].split(" ")[0]
    changed = text.replace(f"events = {number}", f"events = {int(number) + 1}", 1)
    (tmp_path / "event-rates.toml").write_text(changed, encoding="utf-8")
    after = {fit.job.name: fit.job.digest for fit in exact_of(analysed(tmp_path / "event-rates.toml"))}
    assert before.keys() == after.keys()
    assert any(before[name] != after[name] for name in before)


def test_the_same_seed_gives_the_same_draws() -> None:
    one, two = exact_of(kept("means"))[0].tree, exact_of(analysed(DATA / "means.toml"))[0].tree
    assert one["posterior"].to_dataset().identical(two["posterior"].to_dataset())


def test_another_unit_or_a_prior_that_differs_in_the_fourth_digit_is_another_file(tmp_path: Path) -> None:
    text = (DATA / "one-arm.toml").read_text(encoding="utf-8")
    assert 'unit = "months"' in text
    jobs = []
    for unit in ("months", "weeks"):
        (tmp_path / "one.toml").write_text(text.replace("months", unit), encoding="utf-8")
        jobs.append({fit.job.name: fit.job for fit in exact_of(analysed(tmp_path / "one.toml"))})
    times = [name for name in jobs[0] if ".one-arm-median." in name]
    assert times
    assert all(jobs[0][name].digest != jobs[1][name].digest for name in times)
    told = jobs[0][times[0]].posterior.prior
    assert "log ratio of medians ~ Normal" in told.text
    assert "inverse of a ratio of hazards" in told.rationale
    prior = jobs[0][times[0]].posterior.prior
    nearly = replace(jobs[0][times[0]].posterior, prior=replace(prior, sd=prior.sd + 1e-6))  # type: ignore[type-var]
    assert replace(jobs[0][times[0]], posterior=nearly).digest != jobs[0][times[0]].digest
