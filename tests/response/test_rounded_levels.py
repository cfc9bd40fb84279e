"""Subgroups of which only percentages are printed: the counts that print and arm allow, each level by itself."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

import reappraise as ra
from reappraise.core.prior import RATE_PRIORS
from reappraise.fits.sampling import Sampling
from reappraise.published.trial import TrialEndpoint
from reappraise.response.analysis import ResponseResult, RoundedResult
from reappraise.response.exact import exact_estimates
from reappraise.response.published import ResponseEndpoint
from reappraise.response.rounded import RoundedCounts, rounded_estimates
from reappraise.response.rounded_levels import rounded_levels
from support.percentages import HEAD, KNOWN, ROUNDED

LEVELS = """
[[endpoints.factors]]
key = "sex"
label = "Sex"
timing = "{timing}"
source = "Figure 3"
[[endpoints.factors.levels]]
key = "women"
label = "Women"
counts = [
  {{ arm = "placebo", percent = 28, total = 200, source = "Figure 3" }},
  {{ arm = "drug", percent = 34, total = 210, source = "Figure 3" }},
]
[[endpoints.factors.levels]]
key = "men"
label = "Men"
counts = [
  {{ arm = "placebo", percent = 25, total = 272, source = "Figure 3" }},
  {{ arm = "drug", percent = 29, total = 258, source = "Figure 3" }},
]
"""


def endpoint(tmp_path: Path, counts: str = KNOWN, timing: str = "baseline") -> TrialEndpoint[ResponseEndpoint]:
    path = tmp_path / "trial.toml"
    path.write_text(HEAD + counts + LEVELS.format(timing=timing), encoding="utf-8")
    return ra.load_trial(path).of(ResponseEndpoint)[0]


def prints(percent: int, total: int) -> list[int]:
    """Counts whose percentage rounds so, halves either way."""
    return [k for k in range(total + 1) if abs(100 * k / total - percent) <= 0.5]


def test_levels_that_make_up_a_known_arm_allow_each_other(tmp_path: Path) -> None:
    women, men = rounded_levels(endpoint(tmp_path), "sex")
    for arm, events, percents in ((0, 123, (28, 25)), (1, 146, (34, 29))):
        pairs = [
            pair
            for pair in product(prints(percents[0], women.totals[arm]), prints(percents[1], men.totals[arm]))
            if sum(pair) == events
        ]
        assert list(women.events[arm]) == sorted({first for first, _ in pairs})
        assert list(men.events[arm]) == sorted({second for _, second in pairs})
    assert women.part.population == "sex=women"


def test_of_an_arm_that_is_not_known_every_count_that_prints_so_is_allowed(tmp_path: Path) -> None:
    women, men = rounded_levels(endpoint(tmp_path, ROUNDED), "sex")
    assert list(women.events[0]) == prints(28, 200)
    assert list(men.events[1]) == prints(29, 258)


def test_known_counts_of_a_level_give_its_exact_posterior(tmp_path: Path) -> None:
    women, _ = rounded_levels(endpoint(tmp_path), "sex")
    one = RoundedCounts(women.item, ((56,), (71,)), women.totals, women.part)
    pairs = zip(
        rounded_estimates(one, RATE_PRIORS[0]), exact_estimates(one.partition(56, 71), RATE_PRIORS[0]), strict=True
    )
    for mine, known in pairs:
        assert (mine.population, mine.quantity, mine.at) == (known.population, known.quantity, known.at)
        assert mine.value == pytest.approx(known.value, rel=2e-4, abs=1e-6)  # the table of rates is that fine


def test_a_factor_known_only_afterwards_has_rates_and_no_contrast(tmp_path: Path) -> None:
    for counts in rounded_levels(endpoint(tmp_path, timing="post_randomisation"), "sex"):
        found = list(rounded_estimates(counts, RATE_PRIORS[0]))
        assert {item.quantity for item in found} == {"rate"}
        assert not any(item.causal for item in found)


@pytest.mark.sampling
def test_a_run_has_the_whole_sampled_and_the_levels_exact(tmp_path: Path) -> None:
    item = endpoint(tmp_path)
    result = ra.analyse(item.trial, sampling=Sampling(draws=200, tune=200, seed=1))["cure"]
    assert isinstance(result, ResponseResult)
    assert len(result.exact) == 6
    assert not result.refusals
    levels = [one for one in result.comparison().estimates if one.population == "sex=men" and one.kind == "posterior"]
    assert {one.prior for one in levels} == {prior.name for prior in RATE_PRIORS}
    assert "6 exact ones of levels" in result.words


def test_a_run_of_percentages_alone_is_exact_throughout(tmp_path: Path) -> None:
    item = endpoint(tmp_path, ROUNDED)
    result = ra.analyse(item.trial, sampling=Sampling(seed=1))["cure"]
    assert isinstance(result, RoundedResult)
    assert len(result.fits) == 9
    found = {one.population for one in result.comparison().estimates if one.kind == "posterior"}
    assert found == {"all", "sex=women", "sex=men"}
    (name, _), *rest = result.figures()
    assert (name, rest) == ("cure.rounded", [])
