"""Weighted and stratified log-rank tests: by hand, against printed output and lifelines, and laws."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.datasets import load_leukemia
from lifelines.statistics import logrank_test

from reappraise.core.errors import AnalysisError
from reappraise.survival.classical.log_rank import log_rank
from reappraise.survival.classical.weighting import (
    GEHAN_BRESLOW,
    LOG_RANK,
    PETO_PETO,
    TARONE_WARE,
    WEIGHTINGS,
    fleming_harrington,
)
from support.freireich import ARM, EVENT, TIME

LIFELINES = {
    LOG_RANK: {},
    GEHAN_BRESLOW: {"weightings": "wilcoxon"},
    TARONE_WARE: {"weightings": "tarone-ware"},
    PETO_PETO: {"weightings": "peto"},
    fleming_harrington(rho=0.5, gamma=2): {"weightings": "fleming-harrington", "p": 0.5, "q": 2},
    fleming_harrington(rho=1, gamma=0): {"weightings": "fleming-harrington", "p": 1, "q": 0},
}


@st.composite
def three_strata(draw, largest=16):
    """Few distinct times, so that ties abound, within and between arms and strata."""
    size = draw(st.integers(2, largest))
    whole = {"min_size": size, "max_size": size}
    time = np.array(draw(st.lists(st.integers(1, 6), **whole)), dtype=float)
    event = np.array(draw(st.lists(st.booleans(), **whole)), dtype=bool)
    arm = np.array(draw(st.lists(st.integers(0, 1), **whole)), dtype=np.int8)
    return time, event, arm, np.array(draw(st.lists(st.sampled_from("abc"), **whole)))


# Control: events at 1 and 3; experimental: an event at 2, censored at 4. At 1, 2 and 3 there are 4, 3 and 2 at risk;
# observed less expected is -1/2, 1/3 and -1/2, with variances 1/4, 2/9 and 1/4. S just before is 1, 3/4 and 1/2.
@pytest.mark.parametrize(
    ("weighting", "difference", "variance"),
    [
        (LOG_RANK, -2 / 3, 13 / 18),
        (GEHAN_BRESLOW, -2.0, 7.0),
        (TARONE_WARE, -1 + sqrt(3) / 3 - sqrt(2) / 2, 1 + 2 / 3 + 1 / 2),
        (PETO_PETO, -0.4, 0.28),  # weights 4/5, 3/5 and 2/5
        (fleming_harrington(rho=0, gamma=0), -2 / 3, 13 / 18),
        (fleming_harrington(rho=1, gamma=0), -0.5, 0.4375),
        (fleming_harrington(rho=0, gamma=1), -1 / 6, 1 / 72 + 1 / 16),
        (fleming_harrington(rho=2, gamma=1), 9 / 64 / 3 - 1 / 16, (9 / 64) ** 2 * 2 / 9 + 1 / 256),
    ],
)
def test_four_patients_by_hand(weighting, difference, variance):
    time, event, arm = np.array([1.0, 3, 2, 4]), np.array([True, True, True, False]), np.array([0, 0, 1, 1], np.int8)
    found = log_rank(time, event, arm, better="higher", weighting=weighting)
    assert (found.observed - found.expected, found.variance) == pytest.approx((difference, variance))
    assert (found.z, found.weighting, found.strata) == (pytest.approx(difference / sqrt(variance)), weighting.name, 1)


# Stata's sts test of the remission data, as Kleinbaum and Klein print it: Survival analysis, 2nd edition, chapter 2.
@pytest.mark.parametrize(
    ("weighting", "chi_square"),
    [
        (LOG_RANK, 16.79),
        (GEHAN_BRESLOW, 13.46),
        (TARONE_WARE, 15.12),
        (PETO_PETO, 14.08),
    ],
)
def test_freireich_is_as_stata_prints_it(weighting, chi_square):
    found = log_rank(TIME, EVENT, ARM, better="higher", weighting=weighting)
    assert found.z**2 == pytest.approx(chi_square, abs=0.005 + 1e-9)
    assert found.z < 0, "fewer events on treatment"
    assert found.one_sided == pytest.approx(found.two_sided / 2)


def test_freireich_within_strata_of_white_cells_is_as_stata_prints_it():
    # The same book: strata of log white cells up to 2.30, up to 3.00, and above.
    data = load_leukemia()
    stratum = np.digitize(data["logWBC"].to_numpy(), [2.305, 3.005])
    treated = (data["Rx"] == 0).to_numpy(np.int8)
    time, event = data["t"].to_numpy(float), data["status"].to_numpy(bool)
    found = log_rank(time, event, treated, better="higher", stratum=stratum)
    assert (found.z**2, found.strata) == (pytest.approx(10.14, abs=0.005), 3)


@pytest.mark.parametrize("weighting", [LOG_RANK, TARONE_WARE, GEHAN_BRESLOW])
def test_within_pairs_it_is_the_sign_test(weighting):
    # In each of 9 pairs the first event says who did better: 7 times the experimental one. Weights are equal in all.
    pair = np.repeat(np.arange(9), 2)
    better = np.arange(9) < 7
    time = np.column_stack([np.where(better, 1.0, 2.0), np.where(better, 2.0, 1.0)]).ravel()
    arm = np.tile([0, 1], 9).astype(np.int8)
    found = log_rank(time, np.ones(18, dtype=bool), arm, better="higher", weighting=weighting, stratum=pair)
    assert found.z == pytest.approx((2 - 7) / sqrt(9))


@settings(max_examples=60)
@given(data=three_strata(), weighting=st.sampled_from(list(LIFELINES)))
def test_a_weighted_test_is_that_of_lifelines(data, weighting):
    time, event, arm, _ = data
    try:
        found = log_rank(time, event, arm, better="higher", weighting=weighting)
    except AnalysisError:
        return  # what is refused is the subject of the next tests
    control, treated = arm == 0, arm == 1
    other = logrank_test(time[control], time[treated], event[control], event[treated], **LIFELINES[weighting])
    assert (found.z**2, found.two_sided) == pytest.approx((other.test_statistic, other.p_value), rel=1e-8)


@settings(max_examples=80)
@given(data=three_strata(), weighting=st.sampled_from(WEIGHTINGS))
def test_strata_add_up_and_the_arms_exchanged_turn_the_sign(data, weighting):
    time, event, arm, stratum = data
    parts = [_sums(time[own], event[own], arm[own], weighting) for own in (stratum == name for name in "abc")]
    difference, variance = np.sum(parts, axis=0)
    if not variance > 0:
        with pytest.raises(AnalysisError, match=r"no .* test"):
            log_rank(time, event, arm, better="higher", weighting=weighting, stratum=stratum)
        return
    found = log_rank(time, event, arm, better="higher", weighting=weighting, stratum=stratum)
    assert (found.z, found.strata) == (pytest.approx(difference / sqrt(variance), abs=1e-12), len(set(stratum)))
    turned = log_rank(time, event, (1 - arm).astype(np.int8), better="higher", weighting=weighting, stratum=stratum)
    assert (turned.z, turned.one_sided) == pytest.approx((-found.z, 1 - found.one_sided), abs=1e-9)
    assert turned.two_sided == pytest.approx(found.two_sided)
    worse = log_rank(time, event, arm, better="lower", weighting=weighting, stratum=stratum)
    assert worse.one_sided == pytest.approx(1 - found.one_sided)


def _sums(time, event, arm, weighting):
    """Difference and variance patient by patient: what is written as sums over tables there, over a loop here."""
    moments = [moment for moment in np.unique(time) if np.any(event & (time == moment))]
    at_risk = np.array([np.sum(time >= moment) for moment in moments], dtype=float)
    deaths = np.array([np.sum(event & (time == moment)) for moment in moments], dtype=float)
    if not moments:
        return 0.0, 0.0
    difference = variance = 0.0
    for moment, n, d, w in zip(moments, at_risk, deaths, weighting.weights(at_risk, deaths), strict=True):
        treated = np.sum(arm[time >= moment])
        difference += w * (np.sum(arm[event & (time == moment)]) - d * treated / n)
        variance += 0.0 if n == 1 else w**2 * d * (n - d) * treated * (n - treated) / (n**2 * (n - 1))
    return difference, variance


def test_what_weighs_late_events_only_finds_nothing_in_an_early_one():
    time, event, arm = np.array([1.0, 2, 2]), np.array([True, False, False]), np.array([0, 0, 1], np.int8)
    assert log_rank(time, event, arm, better="higher").variance > 0
    with pytest.raises(AnalysisError, match=r"weight above 0 .* no Fleming-Harrington G\(0, 1\) test"):
        log_rank(time, event, arm, better="higher", weighting=fleming_harrington(rho=0, gamma=1))


def test_strata_of_other_patients_and_exponents_below_zero_are_refused():
    with pytest.raises(ValueError, match=r"each of 42 patients, got an array of shape \(2,\)"):
        log_rank(TIME, EVENT, ARM, better="higher", stratum=np.array([0, 1]))
    for rho, gamma, name in ((-1, 0, "rho"), (0, -0.5, "gamma"), (nan, 0, "rho")):
        with pytest.raises(ValueError, match=f"finite {name} of 0 or above"):
            fleming_harrington(rho=rho, gamma=gamma)
