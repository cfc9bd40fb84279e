"""Counts known within rounding: the exact mixture against simulation and known counts, mirrored, in an analysis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reappraise.analysis import analyse
from reappraise.core.prior import RATE_PRIORS, RatePrior
from reappraise.published.trial import TrialEndpoint
from reappraise.response.exact import exact_estimates
from reappraise.response.published import ResponseEndpoint
from reappraise.response.rounded import RoundedCounts, rounded_counts, rounded_estimates
from reappraise.trial import load_trial
from support.audit_trials import COUNTS, HEAD, RESPONSE

PRIOR = RatePrior("p", "P", 2.0, 3.0, "")

type Written = Callable[..., TrialEndpoint[ResponseEndpoint]]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A response of 472 and 478 patients, of which percentages are printed."""

    def write(control: str, experimental: str, totals: tuple[int, int] = (472, 478)) -> TrialEndpoint[ResponseEndpoint]:
        counts = COUNTS.format(0, 0)
        for percent, total, old in zip((control, experimental), totals, ("100", "50"), strict=True):
            counts = counts.replace(f"events = 0\ntotal = {old}", f'percent = "{percent}"\ntotal = {total}')
        sizes = HEAD.replace("c = 100, e = 50", f"c = {totals[0]}, e = {totals[1]}")
        path = tmp_path / "small.toml"
        path.write_text(sizes + RESPONSE + counts, encoding="utf-8")
        return load_trial(path).of(ResponseEndpoint)[0]

    return write


def test_it_is_what_simulation_that_prints_the_same_says(written: Written) -> None:
    counts = rounded_counts(written("26", "44"))
    assert counts is not None
    assert counts.events == (range(121, 126), range(208, 213))
    assert counts.words == "C 121 to 125 of 472; E 208 to 212 of 478"
    rng = np.random.default_rng(1)
    rates = rng.beta(PRIOR.alpha, PRIOR.beta, size=(2_000_000, 2))
    events = rng.binomial(counts.totals, rates)
    control, experimental = (rates[np.isin(events[:, arm], counts.events[arm]), arm] for arm in (0, 1))
    assert min(control.size, experimental.size) > 15_000
    found = {(item.quantity, item.arm): item for item in rounded_estimates(counts, PRIOR)}
    # standard error of a mean of 15,000 draws of sd 0.022: 0.0002, of a limit twice that
    for arm, draws in (("c", control), ("e", experimental)):
        rate = found["rate", arm]
        assert (rate.value, rate.low, rate.high) == pytest.approx(np.quantile(draws, (0.5, 0.025, 0.975)), abs=0.0015)
    size = min(control.size, experimental.size)
    difference = experimental[:size] - control[:size]
    item = found["risk_difference", ""]
    assert (item.value, item.low, item.high) == pytest.approx(np.quantile(difference, (0.5, 0.025, 0.975)), abs=0.002)
    assert "mixture over the counts that round to the print (C 121 to 125 of 472; E 208 to 212 of 478)" in item.method


def test_one_count_for_each_arm_is_the_exact_posterior_of_it(written: Written) -> None:
    item = written("26", "44")
    known = RoundedCounts(item, ((123,), (210,)), (472, 478))
    for mine, theirs in zip(
        rounded_estimates(known, PRIOR), exact_estimates(known.partition(123, 210), PRIOR), strict=True
    ):
        assert (mine.quantity, mine.arm, mine.at) == (theirs.quantity, theirs.arm, theirs.at)
        for number, known_one in ((mine.value, theirs.value), (mine.low, theirs.low), (mine.high, theirs.high)):
            assert number == (known_one if known_one is None else pytest.approx(known_one, rel=1e-4))


@pytest.mark.parametrize("events", [(0, 2), (2, 0), (0, 0)])
def test_without_events_it_is_the_exact_posterior_too(written: Written, events: tuple[int, int]) -> None:
    # under Jeffreys' prior the density is infinite at a rate of 0: 4% of it lay in one cell of an even table
    prior = RATE_PRIORS[1]
    known = RoundedCounts(written("26", "44"), ((events[0],), (events[1],)), (472, 478))
    pairs = zip(rounded_estimates(known, prior), exact_estimates(known.partition(*events), prior), strict=True)
    for mine, theirs in pairs:
        if theirs.quantity == "number_needed_to_treat":
            continue  # a reciprocal of what is compared
        for number, other in ((mine.value, theirs.value), (mine.low, theirs.low), (mine.high, theirs.high)):
            assert number == (other if other is None else pytest.approx(other, rel=2e-3, abs=1e-6))


def test_it_is_less_sure_than_any_count(written: Written) -> None:
    counts = rounded_counts(written("26", "44"))
    assert counts is not None
    wide = next(item for item in rounded_estimates(counts, PRIOR) if item.quantity == "risk_difference")
    sharp = next(
        item for item in exact_estimates(counts.partition(123, 210), PRIOR) if item.quantity == "risk_difference"
    )
    assert float(wide.high or 0) - float(wide.low or 0) > float(sharp.high or 0) - float(sharp.low or 0)


def test_exchanging_the_arms_mirrors_it(written: Written) -> None:
    here, there = rounded_counts(written("26", "44", (472, 472))), rounded_counts(written("44", "26", (472, 472)))
    assert here is not None
    assert there is not None
    mine = {(item.quantity, item.at): item for item in rounded_estimates(here, PRIOR) if not item.arm}
    theirs = {(item.quantity, item.at): item for item in rounded_estimates(there, PRIOR) if not item.arm}
    for quantity in ("risk_difference", "risk_ratio", "odds_ratio"):
        back = theirs[quantity, ""].reversed()
        item = mine[quantity, ""]
        assert (item.value, item.low, item.high) == pytest.approx((back.value, back.low, back.high), rel=1e-4)


def test_counts_that_are_known_or_impossible_are_none(written: Written) -> None:
    assert rounded_counts(written("26.1", "43.9", (100, 50))) is None  # one fits neither, or each one alone
    assert rounded_counts(written("25", "44", (100, 50))) is None


def test_the_classical_answers_are_those_of_the_extremes(written: Written) -> None:
    counts = rounded_counts(written("26", "44"))
    assert counts is not None
    assert [part.events for part in counts.extremes] == [((125, 208),), ((121, 212),)]


def test_an_analysis_goes_on_with_what_is_known(written: Written) -> None:
    item = written("26", "44")
    result = analyse(item.trial)["response"]
    assert "3 exact posteriors of rates, of counts known within rounding (C 121 to 125 of 472" in result.words
    found = result.comparison().estimates
    assert {row.kind for row in found} == {"published", "recomputed", "posterior"}
    assert {row.prior for row in found if row.kind == "posterior"} == {prior.name for prior in RATE_PRIORS}
    ratios = [row.value for row in found if row.kind == "recomputed" and row.quantity == "risk_ratio" and row.value]
    assert min(ratios) == pytest.approx(208 / 478 / (125 / 472))
    assert max(ratios) == pytest.approx(212 / 478 / (121 / 472))
    ((name, figure),) = result.figures()
    assert name == "response.rounded"
    assert any("favours E" in text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text")))
