"""Classical survival answers: against printed output of other software, formulas written out here, and laws."""

from __future__ import annotations

from math import inf, log, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lifelines.datasets import load_lung
from lifelines.statistics import logrank_test
from scipy.optimize import brentq

from reappraise.core.errors import AnalysisError
from reappraise.published.patients import PatientData
from reappraise.survival.classical.cox import TIES, hazard_ratio
from reappraise.survival.classical.kaplan_meier import SCALES, band, kaplan_meier, median, quantile, survival_at
from reappraise.survival.classical.log_rank import log_rank
from reappraise.survival.classical.recompute import recompute_survival
from reappraise.survival.classical.restricted_mean import restricted_mean
from support.freireich import ARM, EVENT, PLACEBO, TIME, TREATED, TREATED_EVENT


def freireich() -> PatientData:
    return PatientData.known(TIME, EVENT, ARM, endpoint="remission", arms=("placebo", "6-MP"), unit="weeks")


@st.composite
def two_arms(draw, largest=12, latest=8):
    """Few distinct times, so that ties abound."""
    size = draw(st.integers(2, largest))
    arm = np.array([0, 1, *(draw(st.integers(0, 1)) for _ in range(size - 2))], dtype=np.int8)
    time = np.array([draw(st.integers(1, latest)) for _ in range(size)], dtype=float)
    event = np.array([draw(st.booleans()) for _ in range(size)], dtype=bool)
    return time, event, arm


def score(beta, time, event, arm, ties):
    """Derivative of Cox's log partial likelihood, patient by patient."""
    total = 0.0
    for moment in np.unique(time[event]):
        at_risk, dying = time >= moment, (time == moment) & event
        weight = np.exp(beta * arm.astype(float))
        for k in range(dying.sum()):
            part = k / dying.sum() if ties == "Efron" else 0.0
            kept = weight * (at_risk - part * dying)
            total -= (kept * arm).sum() / kept.sum()
        total += arm[dying].sum()
    return total


# Kaplan-Meier ---------------------------------------------------------------------------------------------------------


# Stata, sts list (log-log); R, summary(survfit(...)) (log): printed to four and three decimals.
@pytest.mark.parametrize(
    ("time", "value", "error", "log_log", "logged"),
    [
        (6, 0.8571, 0.0764, (0.6197, 0.9516), (0.720, 1.000)),
        (7, 0.8067, 0.0869, (0.5631, 0.9228), (0.653, 0.996)),
        (10, 0.7529, 0.0963, (0.5032, 0.8894), (0.586, 0.968)),
        (13, 0.6902, 0.1068, (0.4316, 0.8491), (0.510, 0.935)),
        (16, 0.6275, 0.1141, (0.3675, 0.8049), (0.439, 0.896)),
        (22, 0.5378, 0.1282, (0.2678, 0.7468), (0.337, 0.858)),
        (23, 0.4482, 0.1346, (0.1881, 0.6801), (0.249, 0.807)),
    ],
)
def test_the_curve_of_6_mp_is_the_one_stata_and_r_print(time, value, error, log_log, logged):
    curve = kaplan_meier(TREATED, TREATED_EVENT)
    first, second, third = (survival_at(curve, time, scale=scale) for scale in SCALES)
    assert (first.value, first.standard_error) == pytest.approx((value, error), abs=0.00005 + 1e-9)
    assert (first.low, first.high) == pytest.approx(log_log, abs=0.00005 + 1e-9)
    assert (second.low, second.high) == pytest.approx(logged, abs=0.0005 + 1e-9)
    width = 1.959964 * first.standard_error
    assert (third.low, third.high) == pytest.approx((value - width, min(1, value + width)), abs=0.0001)


@pytest.mark.parametrize(
    ("time", "event", "scale", "expected"),
    [
        (PLACEBO, np.ones(21, dtype=bool), "log", (8, 4, 12)),  # R
        (TREATED, TREATED_EVENT, "log", (23, 16, inf)),  # R
        (PLACEBO, np.ones(21, dtype=bool), "log-log", (8, 4, 11)),  # Stata
        (TREATED, TREATED_EVENT, "log-log", (23, 13, inf)),  # Stata
        # By hand: without censoring S = k/21 and its variance is S(1 - S)/21. At week 3, 16/21 - 1.96 x 0.0929 = 0.580;
        # at week 4, 14/21 - 1.96 x 0.1029 = 0.465. At week 8, 8/21 + 1.96 x 0.1060 = 0.589; at week 11, 6/21 + 1.96 x
        # 0.0986 = 0.479.
        (PLACEBO, np.ones(21, dtype=bool), "plain", (8, 4, 11)),
        # By hand from the table above: 0.7529 - 1.96 x 0.0963 = 0.564, 0.6902 - 1.96 x 0.1068 = 0.481.
        (TREATED, TREATED_EVENT, "plain", (23, 13, inf)),
    ],
)
def test_medians_and_their_intervals(time, event, scale, expected):
    found = median(kaplan_meier(time, event), scale=scale)
    assert (found.value, found.low, found.high) == expected


def test_lung_medians_and_one_year_survival_are_those_r_prints():
    lung = load_lung()
    for sexes, expected in (({1}, (270, 212, 310)), ({2}, (426, 348, 550)), ({1, 2}, (310, 285, 363))):
        of = lung[lung["sex"].isin(sexes)]
        curve = kaplan_meier(of["time"].to_numpy(float), of["status"].to_numpy(bool))
        found = median(curve, scale="log")
        assert (found.value, found.low, found.high) == expected
    year = survival_at(curve, 365.25, scale="log")
    assert (year.value, year.standard_error) == pytest.approx((0.409, 0.0358), abs=0.0005)
    assert (year.low, year.high) == pytest.approx((0.345, 0.486), abs=0.0005 + 1e-9)


def test_the_median_is_the_middle_of_a_stretch_at_one_half_however_the_product_rounds():
    # as R: survfit(Surv(1:10) ~ 1) has a median of 5.5
    for size in range(2, 60, 2):
        curve = kaplan_meier(np.arange(1.0, size + 1), np.ones(size, dtype=bool))
        assert median(curve, scale="plain").value == (size + 1) / 2
        assert (
            median(kaplan_meier(np.arange(1.0, size), np.ones(size - 1, dtype=bool)), scale="plain").value == size / 2
        )


def test_a_stretch_at_one_half_goes_on_through_censoring_and_has_no_middle_where_nothing_comes_after():
    time, event = np.array([1.0, 2.0, 3.0, 4.0, 9.0]), np.array([False, True, True, False, True])
    assert median(kaplan_meier(time, event), scale="log").value == 6
    event[-1] = False
    assert median(kaplan_meier(time, event), scale="log").value == 3


def test_a_limit_is_the_middle_of_a_stretch_too():
    # After the first event of three patients S = 2/3 and G = 1/6; at this level the lower log limit is 1/2 exactly,
    # and stays so until the second event, at 3.
    curve = kaplan_meier(np.array([1.0, 3.0, 8.0]), np.array([True, True, False]))
    level = 2 * NormalDist().cdf(log(4 / 3) * sqrt(6)) - 1
    found = median(curve, scale="log", level=level)
    assert (found.value, found.low, found.high) == (3, 2, inf)


def test_other_quantiles_follow_the_same_rule():
    # of ten patients a tenth is a stretch, a quarter is none
    curve = kaplan_meier(np.arange(1.0, 11), np.ones(10, dtype=bool))
    assert [quantile(curve, p, scale="log").value for p in (0.25, 0.5, 0.75, 0.1, 0.9)] == [3, 5.5, 8, 1.5, 9.5]
    for wrong in (0, 1, 50):
        with pytest.raises(ValueError, match=f"between 0 and 1, got {wrong}"):
            quantile(curve, wrong, scale="log")


@pytest.mark.parametrize("scale", SCALES)
def test_a_step_to_zero_reaches_no_limit(scale):
    # R has no pointwise limits, NA, where the curve has come to 0
    for time, expected in (([5.0], 5), ([5.0, 5.0], 5), ([1.0, 2.0], 1.5)):
        found = median(kaplan_meier(np.array(time), np.ones(len(time), dtype=bool)), scale=scale)
        assert (found.value, found.high) == (expected, inf)
        assert found.low == (1 if len(set(time)) > 1 else inf)


# Maintenance chemotherapy in acute myelogenous leukaemia, weeks of remission: aml in R's package survival. What R says:
# summary(survfit(Surv(time, status) ~ x, aml))$table, the restricted means to the middle of the longest times, 103.
@pytest.mark.parametrize(
    ("time", "censored", "expected", "mean", "error"),
    [
        ((9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161), (2, 5, 8, 10), (31, 18, inf), 41.96818, 11.257627),
        # this curve ends at 0, which is no upper limit: NA in R
        ((5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45), (5,), (23, 8, inf), 22.70833, 4.180942),
    ],
)
def test_the_summary_of_leukaemia_is_the_one_r_prints(time, censored, expected, mean, error):
    curve = kaplan_meier(np.array(time, dtype=float), ~np.isin(np.arange(len(time)), censored))
    found = median(curve, scale="log")
    assert (found.value, found.low, found.high) == expected
    restricted = restricted_mean(curve, horizon=103)
    assert restricted.value == pytest.approx(mean, abs=5e-6 + 1e-9)
    assert sqrt(restricted.variance) == pytest.approx(error, abs=5e-7 + 1e-9)


def test_a_curve_at_one_or_zero_has_no_interval():
    curve = kaplan_meier(np.array([5.0]), np.array([True]))
    before, after = survival_at(curve, 4.9, scale="log"), survival_at(curve, 99, scale="log")
    assert (before.value, before.low, before.high) == (1, None, None)
    assert (after.value, after.low, after.high) == (0, None, None)


def test_without_events_nothing_is_reached():
    curve = kaplan_meier(np.array([1.0, 2.0]), np.array([False, False]))
    for scale in SCALES:
        found = median(curve, scale=scale)
        assert (found.value, found.low, found.high) == (inf, inf, inf)


def test_the_curve_is_not_known_beyond_a_censored_end_nor_without_patients():
    curve = kaplan_meier(TREATED, TREATED_EVENT)
    with pytest.raises(AnalysisError, match="up to the last observation at 35, got 36"):
        survival_at(curve, 36, scale="log")
    with pytest.raises(ValueError, match="0 or later"):
        survival_at(curve, -1, scale="log")
    with pytest.raises(AnalysisError, match="at least one patient"):
        kaplan_meier(np.array([]), np.array([], dtype=bool))


@settings(max_examples=40)
@given(arms=two_arms(), scale=st.sampled_from(SCALES), level=st.sampled_from([0.8, 0.95]))
def test_a_curve_falls_from_one_to_zero_inside_its_band_and_its_median_inside_its_interval(arms, scale, level):
    time, event, _ = arms
    curve = kaplan_meier(time, event)
    product = [
        np.prod([1 - np.sum(event & (time == t)) / np.sum(time >= t) for t in np.unique(time) if t <= moment])
        for moment in curve.time
    ]
    assert curve.survival == pytest.approx(product, abs=1e-12)
    assert np.all(np.diff(curve.survival, prepend=1) <= 1e-15)
    low, high = band(curve, scale=scale, level=level)
    given_limits = ~np.isnan(low)
    assert np.all((low >= 0) & (low <= curve.survival) & (curve.survival <= high) & (high <= 1), where=given_limits)
    found = median(curve, scale=scale, level=level)
    assert found.value <= found.high
    assert found.low <= found.value or found.low == found.high == inf, "no interval without a lower limit"


# Log-rank and Cox -----------------------------------------------------------------------------------------------------


def test_log_rank_of_freireich_is_the_printed_one():
    test = log_rank(TIME, EVENT, ARM, better="higher")
    assert test.z**2 == pytest.approx(16.79, abs=0.005)
    assert (test.observed, test.expected, test.variance) == pytest.approx((9, 19.25, 6.2570), abs=0.005)
    assert test.z < 0, "fewer events than expected on treatment"
    assert test.one_sided == pytest.approx(test.two_sided / 2)
    assert log_rank(TIME, EVENT, ARM, better="lower").one_sided == pytest.approx(1 - test.two_sided / 2)


def test_hazard_ratio_of_freireich_is_the_printed_one():
    # coxph in R: log hazard ratio of placebo 1.5721 (0.4124) with Efron's, 1.5092 (0.4096) with Breslow's ties.
    for ties, log_value, error in (("Efron", -1.5721, 0.4124), ("Breslow", -1.5092, 0.4096)):
        found = hazard_ratio(TIME, EVENT, ARM, ties=ties)
        assert (found.log_value, found.standard_error) == pytest.approx((log_value, error), abs=0.00005 + 1e-9)
        assert found.value == pytest.approx(sqrt(found.low * found.high))


def test_lung_is_as_r_prints_it():
    lung = load_lung()
    time, event = lung["time"].to_numpy(float), lung["status"].to_numpy(bool)
    women = (lung["sex"] == 2).to_numpy(np.int8)
    test = log_rank(time, event, women, better="higher")
    assert (test.observed, test.expected, test.z**2) == pytest.approx((53, 73.4, 10.3), abs=0.05)
    found = hazard_ratio(time, event, women)
    assert (found.log_value, found.standard_error) == pytest.approx((-0.5310, 0.1672), abs=0.00005 + 1e-9)
    assert (found.value, found.low, found.high) == pytest.approx((0.5880, 0.4237, 0.8160), abs=0.00005 + 1e-9)
    assert found.p_value == pytest.approx(0.00149, abs=0.000005)


@settings(max_examples=40)
@given(arms=two_arms())
def test_log_rank_is_that_of_lifelines_and_turns_with_the_arms(arms):
    time, event, arm = arms
    control, experimental = arm == 0, arm == 1
    try:
        test = log_rank(time, event, arm, better="higher")
    except AnalysisError:
        for moment in np.unique(time[event]):  # only what no variance comes from
            at_risk, deaths = time >= moment, np.sum(event & (time == moment))
            assert deaths == at_risk.sum() or len(set(arm[at_risk])) == 1
        return
    other = logrank_test(time[control], time[experimental], event[control], event[experimental])
    assert (test.z**2, test.two_sided) == pytest.approx((other.test_statistic, other.p_value), rel=1e-9)
    mirrored = log_rank(time, event, (1 - arm).astype(np.int8), better="higher")
    assert (mirrored.z, mirrored.one_sided) == pytest.approx((-test.z, 1 - test.one_sided), abs=1e-12)


@settings(max_examples=25)
@given(arms=two_arms(), ties=st.sampled_from(TIES))
def test_the_hazard_ratio_solves_the_score_equation_and_is_refused_where_nothing_does(arms, ties):
    time, event, arm = arms
    assume(np.ptp(time) > 0)
    try:
        found = hazard_ratio(time, event, arm, ties=ties)
    except AnalysisError:
        low, high = (score(beta, time, event, arm, ties) for beta in (-25, 25))
        assert low * high >= -1e-9, "the likelihood has no maximum between"
        return
    root = brentq(lambda beta: score(beta, time, event, arm, ties), -25, 25, xtol=1e-12)
    # Newton goes on until a step is lost in rounding; the root of the score written out here is known to 1e-12
    assert found.log_value == pytest.approx(root, abs=1e-9)
    information = -(score(root + 1e-4, time, event, arm, ties) - score(root - 1e-4, time, event, arm, ties)) / 2e-4
    assert found.standard_error == pytest.approx(1 / sqrt(information), rel=1e-4)


@settings(max_examples=15)
@given(factor=st.floats(0.001, 1000), ties=st.sampled_from(TIES), rounded=st.integers(1, 6))
def test_the_unit_of_time_and_the_names_of_the_arms_change_no_conclusion(factor, ties, rounded):
    time = np.ceil(TIME / rounded)
    found = hazard_ratio(time, EVENT, ARM, ties=ties)
    scaled = hazard_ratio(time * factor, EVENT, ARM, ties=ties)
    assert scaled.log_value == pytest.approx(found.log_value, abs=1e-9)
    tests = [log_rank(t, EVENT, ARM, better="higher").two_sided for t in (time, time * factor)]
    assert tests[0] == pytest.approx(tests[1], rel=1e-9)
    mirrored = hazard_ratio(time, EVENT, 1 - ARM, ties=ties)
    assert (mirrored.low, mirrored.high) == pytest.approx((1 / found.high, 1 / found.low), rel=1e-6)
    assert mirrored.p_value == pytest.approx(found.p_value, rel=1e-5)


REFUSED = {
    "one arm": ([1, 2], [1, 1], [0, 0], "none in the experimental arm"),
    "one patient": ([1], [1], [1], "none in the control arm"),
    "all censored": ([1, 2, 3, 4], [0, 0, 0, 0], [0, 1, 0, 1], "expected events, got none"),
    "all tied": ([3, 3, 3, 3], [1, 0, 1, 1], [0, 1, 0, 1], "all times equal"),
    "no event on treatment": ([1, 2, 3, 4], [1, 0, 1, 0], [0, 1, 0, 1], "hazard ratio tends to 0"),
    "no event on control": ([1, 2, 3, 4], [0, 1, 0, 1], [0, 1, 0, 1], "hazard ratio tends to infinity"),
    "never both at risk": ([1, 2, 3, 4], [0, 0, 1, 1], [0, 0, 1, 1], "both arms are at risk, got none"),
    "one arm after the other": ([1, 2, 3, 4], [1, 1, 1, 1], [0, 0, 1, 1], "hazard ratio tends to 0"),
}


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", REFUSED)
def test_a_hazard_ratio_that_does_not_exist_is_refused(name, ties):
    time, event, arm, reason = REFUSED[name]
    with pytest.raises(AnalysisError, match=reason):
        hazard_ratio(np.array(time, float), np.array(event, bool), np.array(arm, np.int8), ties=ties)


# Restricted means -----------------------------------------------------------------------------------------------------


def test_all_answers_come_as_estimates_with_direction_time_and_method():
    answer = recompute_survival(freireich(), horizon=20, landmarks=(6, 23, 40))
    assert {(row.endpoint, row.kind) for row in answer} == {("remission", "recomputed")}
    assert {(row.numerator, row.denominator) for row in answer if not row.arm} == {("6-MP", "placebo")}
    first = {}
    for row in answer:
        first.setdefault((row.quantity, row.arm, row.at), row)
    assert (first["median", "6-MP", ""].value, first["median", "6-MP", ""].high) == (23, inf)
    assert "log-log" in first["median", "6-MP", ""].method
    assert first["survival", "6-MP", "6 weeks"].value == pytest.approx(6 / 7)
    assert first["survival_difference", "", "6 weeks"].value == pytest.approx(6 / 7 - 12 / 21)
    assert first["restricted_mean", "placebo", "20 weeks"].value == pytest.approx(np.minimum(PLACEBO, 20).mean())
    cox = first["hazard_ratio", "", ""]
    assert (log(cox.value), cox.p_value, cox.sides) == (
        pytest.approx(-1.5721, abs=0.00005),
        pytest.approx(4.17e-5, abs=5e-8),
        2,
    )
    assert "Efron" in cox.method
    assert "log-rank" in cox.method
    methods = [row.method for row in answer]
    assert len({(row.quantity, row.arm, row.at, row.method) for row in answer}) == len(methods)
    assert all((row.level is None) == (row.low is None) == (row.high is None) for row in answer)
    assert answer.refused == ("survival of 6-MP at 40 weeks: expected a time up to the last observation at 35, got 40",)


def test_the_one_sided_p_value_turns_with_what_is_better():
    for better, p in (("higher", 2.085e-5), ("lower", 1 - 2.085e-5)):
        rows = recompute_survival(freireich(), horizon=20, better=better)
        assert [row.p_value for row in rows if row.sides == 1] == [pytest.approx(p, abs=1e-8)]


def test_what_cannot_be_computed_is_left_out_and_said():
    data = PatientData.known(
        np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False]), np.array([0, 1, 0, 1]), endpoint="os"
    )
    answer = recompute_survival(data, horizon=5)
    found = [row for row in answer if row.quantity == "hazard_ratio"]
    assert [(row.value, row.sides) for row in found] == [(None, 2), (None, 1)], "the test stands, the ratio does not"
    assert {row.quantity for row in answer} == {"median", "hazard_ratio", "restricted_mean", "time_lost"}
    for what in ("hazard ratio, Efron ties", "hazard ratio, Breslow ties", "restricted mean of experimental"):
        assert [reason for reason in answer.refused if reason.startswith(what)], what
    assert len(answer.refused) == 3


def test_reconstructions_and_empty_arms_are_not_known_data():
    with pytest.raises(AnalysisError, match="patients in both arms"):
        recompute_survival(freireich_arm(), horizon=5)
    ensemble = PatientData(
        endpoint="os",
        arms=("a", "b"),
        arm=np.array([0, 1], dtype=np.int8),
        time=np.ones((1, 3, 2)),
        event=np.ones((1, 3, 2), dtype=bool),
        unit="months",
        origin="summaries",
    )
    with pytest.raises(AnalysisError, match="1 x 3 reconstructions"):
        recompute_survival(ensemble, horizon=1)


def freireich_arm() -> PatientData:
    return PatientData.known(TREATED, TREATED_EVENT, np.ones(21, dtype=np.int8), endpoint="remission")
