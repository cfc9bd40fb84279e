"""Restricted means and contrasts of them: by hand, by formulas written out here, and at the end of what is known."""

from __future__ import annotations

from math import inf, log, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reappraise.core.errors import AnalysisError
from reappraise.survival.classical.kaplan_meier import kaplan_meier
from reappraise.survival.classical.restricted_mean import (
    common_horizon,
    lost_ratio,
    mean_difference,
    mean_ratio,
    of_arm,
    restricted_mean,
)
from support.freireich import ARM, EVENT, PLACEBO, TIME, TREATED, TREATED_EVENT


@settings(max_examples=40)
@given(times=st.lists(st.floats(0.1, 50), min_size=2, max_size=30), horizon=st.floats(1, 80))
def test_without_censoring_the_restricted_mean_is_a_sample_mean(times, horizon):
    # and Greenwood's variance of it is the sample variance with n below the line, over n
    cut = np.minimum(times, horizon)
    mean = restricted_mean(kaplan_meier(np.array(times), np.ones(len(times), dtype=bool)), horizon=horizon)
    assert (mean.value, mean.lost) == pytest.approx((cut.mean(), horizon - cut.mean()), rel=1e-9, abs=1e-9)
    assert mean.variance == pytest.approx(cut.var() / len(times), rel=1e-6, abs=1e-9)


def test_a_restricted_mean_by_hand():
    # Events at 1 and 3 of four, one censored at 2: S = 1, 3/4, 3/8 from 0, 1, 3. Area to 4: 1 + 3/2 + 3/8 = 2.875.
    # Variance: (1.875)^2 / (4 x 3) + (0.375)^2 / (2 x 1).
    curve = kaplan_meier(np.array([1.0, 2.0, 3.0, 5.0]), np.array([True, False, True, False]))
    mean = restricted_mean(curve, horizon=4)
    assert (mean.value, mean.lost) == pytest.approx((2.875, 1.125))
    assert mean.variance == pytest.approx(1.875**2 / 12 + 0.375**2 / 2)
    survived, lost = of_arm(mean)
    assert survived.high - survived.low == pytest.approx(2 * 1.959964 * sqrt(mean.variance), rel=1e-6)
    assert lost.high - lost.value == pytest.approx(survived.value - survived.low)


def test_contrasts_of_restricted_means_are_wald_and_turn_with_the_arms():
    control, treated = (restricted_mean(kaplan_meier(TIME[a == ARM], EVENT[a == ARM]), horizon=20) for a in (0, 1))
    difference = mean_difference(control, treated)
    error = sqrt(control.variance + treated.variance)
    assert (difference.high - difference.low) / 2 == pytest.approx(1.959964 * error, rel=1e-6)
    for function, first, second in (
        (mean_ratio, treated.value, control.value),
        (lost_ratio, treated.lost, control.lost),
    ):
        found, mirrored = function(control, treated), function(treated, control)
        assert found.value == pytest.approx(first / second)
        error = sqrt(treated.variance / first**2 + control.variance / second**2)
        assert log(found.high / found.value) == pytest.approx(1.959964 * error, rel=1e-6)
        assert (mirrored.low, mirrored.high) == pytest.approx((1 / found.high, 1 / found.low))
        assert mirrored.p_value == pytest.approx(found.p_value)


def test_the_horizon_ends_where_a_curve_is_no_longer_known():
    placebo, treated = kaplan_meier(PLACEBO, np.ones(21, dtype=bool)), kaplan_meier(TREATED, TREATED_EVENT)
    assert common_horizon(placebo, treated) == 35
    assert restricted_mean(placebo, horizon=35).value == pytest.approx(PLACEBO.mean())
    for horizon, reason in ((35.1, "last observation at 35"), (0, "above 0"), (inf, "finite"), (float("nan"), "nan")):
        with pytest.raises(AnalysisError, match=reason):
            restricted_mean(treated, horizon=horizon)


def test_an_arm_that_loses_no_time_has_no_interval_and_no_ratio():
    early = restricted_mean(kaplan_meier(TREATED, TREATED_EVENT), horizon=5.9)
    assert (early.value, early.lost, early.variance) == (pytest.approx(5.9), 0, 0)
    assert [(answer.low, answer.high) for answer in of_arm(early)] == [(None, None), (None, None)]
    control = restricted_mean(kaplan_meier(PLACEBO, np.ones(21, dtype=bool)), horizon=5.9)
    with pytest.raises(AnalysisError, match=r"event before 5\.9 in both arms, got none in the experimental arm"):
        lost_ratio(control, early)


def test_a_single_arm_is_tested_against_a_reference():
    mean = restricted_mean(kaplan_meier(TREATED, TREATED_EVENT), horizon=20)
    z = NormalDist().inv_cdf(0.975)
    survived, lost = of_arm(mean, reference=mean.value - z * sqrt(mean.variance))
    assert (survived.p_value, lost.p_value) == pytest.approx((0.05, 0.05))
    assert (survived.low, survived.high) == (of_arm(mean)[0].low, of_arm(mean)[0].high)
    assert of_arm(mean, reference=mean.value)[0].p_value == pytest.approx(1)
    assert [answer.p_value for answer in of_arm(mean)] == [None, None]
    for reference in (-1, 20.5, float("nan")):
        with pytest.raises(ValueError, match="reference from 0 to the horizon 20"):
            of_arm(mean, reference=reference)


@pytest.mark.parametrize("contrast", [mean_difference, mean_ratio, lost_ratio])
def test_means_to_different_horizons_are_not_compared(contrast):
    one, other = (restricted_mean(kaplan_meier(TREATED, TREATED_EVENT), horizon=horizon) for horizon in (10, 20))
    with pytest.raises(ValueError, match="got 10 of the control and 20 of the experimental arm"):
        contrast(one, other)
