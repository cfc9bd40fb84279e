"""Cumulative incidences: by hand, against lifelines, and what they must agree with."""

from __future__ import annotations

from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter

from reappraise.core.errors import AnalysisError
from reappraise.survival.classical.competing_risks import competing_risks, incidence_at, incidence_band
from reappraise.survival.classical.kaplan_meier import kaplan_meier
from support.freireich import TREATED, TREATED_EVENT


@st.composite
def one_arm(draw, causes=3, largest=20, latest=8):
    """Few distinct times, so that causes are tied with each other and with ends of observation."""
    size = draw(st.integers(1, largest))
    time = np.array(draw(st.lists(st.integers(1, latest), min_size=size, max_size=size)), dtype=float)
    return time, np.array(draw(st.lists(st.integers(0, causes), min_size=size, max_size=size)))


def delta_method(time, cause, which, until):
    """Variance by the definition: derivatives by the hazards of every cause, taken by differences, and multinomials."""
    times = np.unique(time[(cause > 0) & (time <= until)])
    number = int(cause.max())
    at_risk = np.array([np.sum(time >= moment) for moment in times])
    hazards = np.array(
        [[np.mean(cause[time >= moment] * (time[time >= moment] == moment) == k) for k in range(1, number + 1)]
         for moment in times]
    )  # fmt: skip

    def incidence(of):
        free = np.concatenate([[1.0], np.cumprod(1 - of.sum(axis=1))[:-1]])
        return float((free * of[:, which - 1]).sum())

    variance = 0.0
    for place, n in enumerate(at_risk):
        slope = np.zeros(number)
        for k in range(number):
            up, down = hazards.copy(), hazards.copy()
            up[place, k], down[place, k] = up[place, k] + 1e-5, down[place, k] - 1e-5
            slope[k] = (incidence(up) - incidence(down)) / 2e-5
        own = hazards[place]
        variance += slope @ (np.diag(own) - np.outer(own, own)) @ slope / n
    return variance


def test_four_patients_by_hand():
    # Causes 1 and 2 at 1 and 2 of four, observation ends at 3, cause 1 at 4: S before is 1, 3/4, 1/2, 1/2.
    risks = competing_risks(np.array([1.0, 2, 3, 4]), np.array([1, 2, 0, 1]))
    assert risks.incidence == pytest.approx(np.array([[0.25, 0.25, 0.25, 0.75], [0, 0.25, 0.25, 0.25]]))
    # The first cause at 4, F - F(t_i) being 1/2, 1/2, 1/2 and 0: Greenwood's terms (1/12 + 1/6) / 4, its own terms 3/64
    # and 0, and twice 1/2 x 1/16. The last patient leaves nothing to chance.
    assert risks.variance[0, -1] == pytest.approx(1 / 16 + 3 / 64 - 1 / 16)
    assert risks.known_until == inf
    found = incidence_at(risks, 99, cause=1)
    width = 1.959963985 * found.standard_error / (0.75 * -log(0.75))
    assert (found.low, found.high) == pytest.approx((0.75 ** exp(width), 0.75 ** exp(-width)))


@pytest.mark.parametrize("seed", range(4))
def test_incidences_variances_and_intervals_are_those_of_lifelines(seed):
    # lifelines moves tied times apart: none are tied here. Where the last patient has an event its variance is not a
    # number, 0 times infinity; that place is left to the delta method below.
    rng = np.random.default_rng(seed)
    time, cause = rng.exponential(10, 60), rng.integers(0, 3, 60)
    risks = competing_risks(time, cause)
    for which in (1, 2):
        other = AalenJohansenFitter(alpha=0.1).fit(time, cause, event_of_interest=which)
        assert risks.incidence[which - 1] == pytest.approx(other.cumulative_density_.to_numpy()[1:, 0], abs=1e-12)
        told = np.isfinite(other.variance_.to_numpy()[1:])
        assert told[:-1].all()
        assert risks.variance[which - 1, told] == pytest.approx(other.variance_.to_numpy()[1:][told], abs=1e-12)
        low, high = incidence_band(risks, which, level=0.9)
        limits = np.sort(other.confidence_interval_.to_numpy()[1:], axis=1)[told]
        assert np.column_stack([low, high])[told] == pytest.approx(limits, abs=1e-9, nan_ok=True)


@settings(max_examples=60)
@given(arm=one_arm())
def test_all_causes_together_are_what_kaplan_meier_leaves(arm):
    time, cause = arm
    curve, risks = kaplan_meier(time, cause > 0), competing_risks(time, cause, causes=3)
    assert risks.survival == pytest.approx(curve.survival, abs=1e-12)
    assert risks.incidence.sum(axis=0) == pytest.approx(1 - curve.survival, abs=1e-12)
    assert risks.known_until == curve.known_until
    assert np.all(np.diff(risks.incidence, axis=1) >= 0)
    for which in (1, 2, 3):
        low, high = incidence_band(risks, which)
        given_limits = ~np.isnan(low)
        value = risks.incidence[which - 1]
        assert np.all((low >= 0) & (low <= value) & (value <= high) & (high <= 1), where=given_limits)
        assert np.all((value == 0) | np.isclose(value, 1), where=~given_limits)


@settings(max_examples=30)
@given(arm=one_arm())
def test_the_variance_is_that_of_the_delta_method_ties_included(arm):
    time, cause = arm
    if not cause.any():
        return
    risks = competing_risks(time, cause)
    for which in range(1, risks.causes + 1):
        for step in (risks.time.size // 2, -1):
            expected = delta_method(time, cause, which, risks.time[step])
            assert risks.variance[which - 1, step] == pytest.approx(expected, abs=1e-8)


@settings(max_examples=30)
@given(arm=one_arm(causes=1))
def test_of_a_single_cause_the_variance_is_greenwoods(arm):
    time, cause = arm
    curve, risks = kaplan_meier(time, cause == 1), competing_risks(time, cause)
    known = np.isfinite(curve.greenwood)
    expected = curve.survival[known] ** 2 * curve.greenwood[known]
    assert risks.variance[0, known] == pytest.approx(expected, abs=1e-12)
    assert risks.variance[0, ~known] == pytest.approx(0, abs=1e-12)


@settings(max_examples=30)
@given(arm=one_arm())
def test_without_censoring_it_is_a_share_with_the_variance_of_a_binomial(arm):
    time, cause = arm
    cause = np.where(cause == 0, 3, cause)
    risks = competing_risks(time, cause)
    for which in range(1, risks.causes + 1):
        share = np.array([np.mean((cause == which) & (time <= moment)) for moment in risks.time])
        assert risks.incidence[which - 1] == pytest.approx(share, abs=1e-12)
        assert risks.variance[which - 1] == pytest.approx(share * (1 - share) / time.size, abs=1e-12)


@settings(max_examples=20)
@given(arm=one_arm())
def test_the_names_of_the_causes_change_nothing(arm):
    time, cause = arm
    risks = competing_risks(time, cause, causes=3)
    turned = competing_risks(time, np.array([0, 3, 1, 2])[cause], causes=3)
    assert turned.incidence[[2, 0, 1]] == pytest.approx(risks.incidence)
    assert turned.variance[[2, 0, 1]] == pytest.approx(risks.variance)


def test_beyond_what_is_known_and_other_input_is_refused():
    risks = competing_risks(TREATED, TREATED_EVENT.astype(int), causes=2)
    before, never = incidence_at(risks, 5.9, cause=1), incidence_at(risks, 35, cause=2)
    for found in (before, never):
        assert (found.value, found.standard_error, found.low, found.high) == (0, 0, None, None)
    with pytest.raises(AnalysisError, match="up to the last observation at 35, got 36"):
        incidence_at(risks, 36, cause=1)
    with pytest.raises(ValueError, match="0 or later"):
        incidence_at(risks, -1, cause=1)
    for wrong in (0, 3):
        with pytest.raises(ValueError, match=f"cause from 1 to 2, got {wrong}"):
            incidence_at(risks, 5, cause=wrong)
    with pytest.raises(AnalysisError, match="at least one patient"):
        competing_risks(np.array([]), np.array([], dtype=int))
    for cause in ([0, -1], [0, 3], [1]):
        with pytest.raises(ValueError, match=r"cause from 0 \(none\) to 2 for each of 2 patients"):
            competing_risks(np.array([1.0, 2.0]), np.array(cause), causes=2)
