"""Checks of printed estimates: each verdict of each check, on trials made to earn it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reappraise.audit import (
    beyond_counts,
    claims,
    contrasts_from_counts,
    events_behind_ratio,
    landmarks,
    log_symmetry,
    median_direction,
    p_from_counts,
    p_from_interval,
    ranges,
    ratio_directions,
    repeated_numbers,
)
from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.contrasts import odds_ratios, risk_differences, risk_ratios
from support.audit_trials import COUNTS, RESPONSE, SURVIVAL, estimate, unchecked, write

FISHER = 'test = { name = "fisher_exact", sides = 1, significance_level = "0.025", source = "Methods" }\n'
LOG_RANK = FISHER.replace("fisher_exact", "log_rank")
HAZARD = ("0.70", "0.436", "1.124", None)  # 60 and 24 events: log(0.70) -+ 1.96 sqrt(1/60 + 1/24)
REACHED = ("0.70", "0.50", "0.98", None)


def only(check, trial):
    (found,) = check(trial)
    return found


def response(*parts, control=20, experimental=20, test=""):
    return unchecked(RESPONSE + test + COUNTS.format(control, experimental) + "".join(parts))


def survival(*parts, test="", counts=True):
    return unchecked(SURVIVAL + test + (COUNTS.format(60, 24) if counts else "") + "".join(parts))


def with_p(numbers, p):
    return (*numbers[:3], p)


WOOLF = ("2.67", "1.26", "5.64", None)  # 20 of 50 over 20 of 100: log(8/3) -+ 1.96 sqrt(1/20 + 1/30 + 1/20 + 1/80)


@pytest.mark.parametrize(
    ("numbers", "more", "verdict", "said"),
    [
        (WOOLF, "", "consistent", "interval is that of: sample odds ratio, Woolf log"),
        (("2.67", None, None, None), "", "consistent", "value is that of: sample odds ratio"),
        (("2.67", "1.36", "5.64", None), "", "not reproduced", "None of 9 standard methods gives the interval"),
        (("2.97", "1.26", "5.64", None), "", "not reproduced", "None of 9 standard methods gives the value"),
        (("2.76", "1.26", "5.64", None), "", "not reproduced", "The value is that of: Peto one-step odds ratio"),
        (("2.65", "1.26", "5.64", None), "", "consistent", "The value is that of: conditional odds ratio"),
        (WOOLF, 'assessor = "Investigator"', "cannot judge", "for this assessor"),
        (WOOLF, 'at = "12 months"', "cannot judge", "time or condition"),
    ],
)
def test_contrasts_from_counts(numbers, more, verdict, said):
    found = only(contrasts_from_counts.check, response(estimate("odds_ratio", numbers, more=more)))
    assert found.verdict == verdict
    assert said in found.message


def test_contrasts_are_recomputed_in_their_printed_direction():
    turned = ("0.375", "0.177", "0.793", None)
    assert (
        only(contrasts_from_counts.check, response(estimate("odds_ratio", turned, over="c over e"))).verdict
        == "consistent"
    )
    assert only(contrasts_from_counts.check, response(estimate("odds_ratio", turned))).verdict == "not reproduced"


@pytest.mark.parametrize(
    ("quantity", "numbers", "unit", "verdict"),
    [
        ("risk_difference", ("20", "4.3", "35.7", None), 'unit = "percent"', "consistent"),
        ("risk_difference", ("0.20", "0.043", "0.357", None), "", "consistent"),
        ("risk_ratio", ("2.00", "1.19", "3.36", None), "", "consistent"),
        ("number_needed_to_treat", ("5", "2.8", "23", None), "", "consistent"),
        ("number_needed_to_treat", ("7", None, None, None), "", "not reproduced"),
    ],
)
def test_other_contrasts_from_counts(quantity, numbers, unit, verdict):
    found = only(contrasts_from_counts.check, response(estimate(quantity, numbers, more=unit)))
    assert found.verdict == verdict, found.recomputed


METHODS = {"odds_ratio": odds_ratios, "risk_ratio": risk_ratios, "risk_difference": risk_differences}


@settings(max_examples=40)
@given(st.integers(1, 99), st.integers(1, 49), st.sampled_from(sorted(METHODS)), st.integers(0, 10))
def test_what_a_method_prints_is_traced_back_to_it(control, experimental, quantity, index):
    found = METHODS[quantity](TwoByTwo(experimental, 50, control, 100))
    method = found[index % len(found)]
    printed = [f"{number:.4f}" for number in (method.value, method.low, method.high)]
    if float(printed[0]) <= 0 and quantity != "risk_difference":
        return
    trial = response(estimate(quantity, (*printed, None)), control=control, experimental=experimental)
    verdict = only(contrasts_from_counts.check, trial)
    assert verdict.verdict == "consistent"
    assert method.method in verdict.message


@pytest.mark.parametrize(
    ("p", "test", "more", "verdict", "said"),
    [
        ("0.008", FISHER, "", "consistent", "The stated test gives the printed p value: Fisher exact, one-sided"),
        ("0.0083", FISHER, "", "consistent", "Fisher exact, one-sided"),
        ("0.012", FISHER, "", "inconsistent", "it is that of: Fisher exact, two-sided (sum of probabilities)"),
        ("0.3", FISHER, "", "inconsistent", "nor does any other"),
        ("<0.01", FISHER, "", "consistent", "makes the printed bound true"),
        ("<0.005", FISHER, "", "inconsistent", "does not make it true; it is true of: Pearson"),
        ("0.012", "", "sides = 2", "consistent", "Fisher exact, two-sided (sum of probabilities)"),
        ("0.008", "", "sides = 2", "not reproduced", "With the stated sides no test"),
        ("0.3", "", "", "not reproduced", "None of the standard tests"),
    ],
)
def test_p_values_from_counts(p, test, more, verdict, said):
    printed = estimate("odds_ratio", ("2.47", "1.24", "4.93", p), more=more)
    trial = unchecked(RESPONSE + test + COUNTS.format(26, 24).replace("100", "109").replace("50", "55") + printed)
    found = only(p_from_counts.check, trial)
    assert found.verdict == verdict, found.recomputed
    assert said in found.message


@pytest.mark.parametrize(
    ("p", "test", "message", "recomputed"),
    [
        ("<0.5", "", "these would do: all 18 that were tried.", 1),
        ("<0.01", "", "12 of 18 that were tried, such as Barnard exact, two-sided.", 2),
        ("<0.01", FISHER, "makes the printed bound true: Fisher exact, one-sided.", 1),
    ],
)
def test_a_bound_is_held_against_the_tests_that_decide_it(p, test, message, recomputed):
    printed = estimate("odds_ratio", ("2.47", "1.24", "4.93", p))
    trial = unchecked(RESPONSE + test + COUNTS.format(26, 24).replace("100", "109").replace("50", "55") + printed)
    found = only(p_from_counts.check, trial)
    assert message in found.message, found
    assert len(found.recomputed.split("; ")) == recomputed, found


@pytest.mark.parametrize(
    ("numbers", "p", "more", "verdict", "said"),
    [
        (REACHED, "0.038", "sides = 2", "consistent", "as stated, two-sided; one-sided it does not fit"),
        (REACHED, "0.019", "sides = 1", "consistent", "as stated, one-sided"),
        (REACHED, "0.019", "sides = 2", "inconsistent", "is the one-sided one"),
        (REACHED, "0.038", "", "consistent", "if it is two-sided"),
        (REACHED, "0.5", "", "inconsistent", "neither the one-sided nor the two-sided"),
        (REACHED, "<0.05", "sides = 2", "consistent", "as stated, two-sided; one-sided it fits too"),
        (REACHED, "<0.03", "sides = 2", "cannot judge", "Within the tolerance only"),
        (REACHED, "<0.02", "sides = 2", "inconsistent", "is the one-sided one"),
        (("0.70", "0.50", "not reached", None), "0.038", "", "cannot judge", "gives no standard error"),
        (("1.43", "1.02", "2.00", None), "0.98", "sides = 1", "consistent", "as stated, one-sided"),
        (("0.30", "0.25", "0.36", None), "2e-38", "", "consistent", "fits the interval if it is"),
        (("0.30", "0.25", "0.36", None), "3 x 10^-10", "", "inconsistent", "neither the one-sided nor the two-sided"),
    ],
)
def test_p_values_from_intervals(numbers, p, more, verdict, said):
    found = only(p_from_interval.check, survival(estimate("hazard_ratio", with_p(numbers, p), more=more)))
    assert found.verdict == verdict, found.recomputed
    assert said in found.message


def test_one_sided_p_values_follow_the_direction_of_benefit():
    turned = estimate("hazard_ratio", ("1.43", "1.02", "2.00", "0.019"), over="c over e", more="sides = 1")
    assert only(p_from_interval.check, survival(turned)).verdict == "consistent"
    worse = estimate("hazard_ratio", ("1.43", "1.02", "2.00", "0.019"), more="sides = 1")
    assert only(p_from_interval.check, survival(worse)).verdict == "inconsistent"


@pytest.mark.parametrize(
    ("numbers", "verdict", "said"),
    [
        (REACHED, "consistent", "geometric middle"),
        (("0.70", "0.50", "0.90", None), "not reproduced", "not symmetric on the log scale"),
        (("0.70", "0.00", "0.98", None), "cannot judge", "two finite limits"),
        (("0.70", "0.50", "not reached", None), "cannot judge", "two finite limits"),
    ],
)
def test_symmetry_on_the_log_scale(numbers, verdict, said):
    found = only(log_symmetry.check, survival(estimate("hazard_ratio", numbers)))
    assert found.verdict == verdict
    assert said in found.message


def test_an_exact_interval_need_not_be_symmetric():
    exact = next(item for item in odds_ratios(TwoByTwo(3, 50, 1, 100)) if "exact" in item.method)
    printed = (f"{3 / 47 * 99:.3f}", f"{exact.low:.3f}", f"{exact.high:.3f}", None)
    found = only(log_symmetry.check, response(estimate("odds_ratio", printed), control=1, experimental=3))
    assert found.verdict == "consistent"
    assert "need not be" in found.message


@pytest.mark.parametrize(
    ("numbers", "counts", "verdict", "said"),
    [
        (HAZARD, True, "consistent", "what this many events make it"),
        (("0.70", "0.456", "1.074", None), True, "inconsistent", "narrower"),  # 2 / sqrt(84), which is for equal arms
        (("0.70", "0.400", "1.224", None), True, "cannot judge", "adjusted is not printed"),
        (("0.70", "0.361", "1.358", None), True, "inconsistent", "far wider"),
        (HAZARD, False, "cannot judge", "events of both arms are not known"),
        (("0.70", "0.00", "1.124", None), True, "cannot judge", "A limit is infinite, or 0"),
    ],
)
def test_events_behind_a_hazard_ratio(numbers, counts, verdict, said):
    found = only(events_behind_ratio.check, survival(estimate("hazard_ratio", numbers), counts=counts))
    assert found.verdict == verdict, found.recomputed
    assert said in found.message
    stated = estimate("hazard_ratio", numbers, more='how = ["adjusted"]')
    adjusted = only(events_behind_ratio.check, survival(stated, counts=counts))
    assert adjusted.verdict == ("not reproduced" if "far wider" in said else verdict), adjusted.message


@pytest.mark.parametrize(
    ("numbers", "verdict", "said"),
    [
        (("70.0", "61.0", "79.0", None), "consistent", "plain (Greenwood)"),  # 1.96 sqrt(0.7 x 0.3 / 100) = 0.0898
        (("70.0", "60.0", "78.0", None), "consistent", "log-log"),
        (("70.0", "65.0", "75.0", None), "inconsistent", "narrower than 100 patients allow"),
        (("70.0", "69.0", "79.0", None), "not reproduced", "none of the scales"),
        (("70.0", "50.0", "90.0", None), "cannot judge", "numbers at risk are missing"),
        (("70.0", "40.0", "100", None), "cannot judge", "cut off"),
    ],
)
def test_landmarks(numbers, verdict, said):
    more = 'at = "12 months"\nunit = "percent"'
    found = only(landmarks.check, survival(estimate("survival", numbers, arm="c", more=more)))
    assert found.verdict == verdict, found.recomputed
    assert said in found.message


def median(arm, value, low=None, high=None, more=""):
    return estimate("median", (value, low, high, None), arm=arm, more=f'unit = "months"\n{more}')


@pytest.mark.parametrize(
    ("medians", "ratio", "verdict"),
    [
        (("10.0", "12.0"), ("0.80", "e over c"), "consistent"),
        (("12.0", "10.0"), ("0.80", "e over c"), "inconsistent"),
        (("12.0", "10.0"), ("0.80", "c over e"), "consistent"),
        (("12.0", "not reached"), ("0.80", "e over c"), "consistent"),
        (("12", "12.3"), ("0.80", "e over c"), "cannot judge"),
        (("10.0", "12.0"), ("1.00", "e over c"), "cannot judge"),
        (("not reached", "not reached"), ("0.80", "e over c"), "cannot judge"),
        (("10.0", "12.0"), None, "cannot judge"),
        ((), ("0.80", "e over c"), "cannot judge"),
    ],
)
def test_medians_and_hazard_ratio(medians, ratio, verdict):
    parts = [median(arm, value) for arm, value in zip(("c", "e"), medians, strict=False)]
    parts += [median("c", "99", more='at = "follow-up"')]  # a median of something else
    if ratio:
        parts.append(estimate("hazard_ratio", (ratio[0], None, None, None), over=ratio[1]))
    found = only(median_direction.check, survival(*parts))
    assert found.verdict == verdict
    assert found.message


RANGE = 'spread = "range"'


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([median("c", "9.0", "1", "24", RANGE)], ["consistent"]),
        ([median("c", "9.0", "5.6", "not reached", RANGE)], ["inconsistent"]),
        (
            [median("c", "9.0", "5.6", "not reached", RANGE), median("e", "14.1", "11.3", "19.2", RANGE)],
            ["inconsistent", "cannot judge"],
        ),
        # the limits of the median's interval were observed, and must lie inside
        ([median("c", "9.0", "7", "11", RANGE), median("c", "9.0", "6.0", "12.0")], ["inconsistent"]),
        ([median("c", "9.0", "1", "24", RANGE), median("c", "9.0", "6.0", "12.0")], ["consistent"]),
        # at 6 months some had the event, so that no range can begin at 7
        (
            [
                median("c", "9.0", "7", "24", RANGE),
                estimate("survival", ("80", None, None, None), arm="c", more='at = "6 months"\nunit = "percent"'),
            ],
            ["inconsistent"],
        ),
        # follow-up is another quantity than survival
        ([median("c", "9.0", "7", "9.9", RANGE + '\nat = "follow-up"'), median("c", "9.0", "6", "12")], ["consistent"]),
    ],
)
def test_ranges(parts, expected):
    assert [item.verdict for item in ranges.check(survival(*parts))] == expected


@pytest.mark.parametrize(
    ("directions", "verdict"),
    [
        (["e over c", "e over c"], "consistent"),
        (["e over c", "c over e"], "inconsistent"),
        (["e over c"], "cannot judge"),
        ([], "cannot judge"),
    ],
)
def test_directions_of_ratios(directions, verdict):
    parts = [estimate("hazard_ratio", ("0.80", None, None, None), over=over) for over in directions]
    assert only(ratio_directions.check, survival(*parts)).verdict == verdict


@pytest.mark.parametrize(("again", "verdict"), [("0.0083", "consistent"), ("0.0089", "inconsistent")])
def test_numbers_printed_twice(again, verdict):
    parts = [estimate("odds_ratio", with_p(WOOLF, p)) for p in ("0.008", again)]
    assert only(repeated_numbers.check, response(*parts)).verdict == verdict


def claim(asserts):
    return f'[[endpoints.claims]]\ntext = "So it is."\nasserts = "{asserts}"\nsource = "Discussion"\n'


@pytest.mark.parametrize(
    ("p", "asserts", "verdict"),
    [
        ("0.010", "significant difference", "consistent"),
        ("0.030", "significant difference", "inconsistent"),
        ("0.030", "difference", "inconsistent"),
        ("<0.02", "difference", "consistent"),
        ("0.010", "no significant difference", "inconsistent"),
        ("0.30", "no significant difference", "consistent"),
        ("0.010", "no difference", "inconsistent"),
        ("0.30", "no difference", "cannot judge"),
        ("0.02", "difference", "consistent"),
        ("<0.04", "difference", "inconsistent"),  # the bound decides nothing, the interval does
        (None, "difference", "inconsistent"),
    ],
)
def test_claims_against_the_prespecified_level(p, asserts, verdict):
    printed = estimate("hazard_ratio", with_p(("0.70", "0.436", "1.124", None), p))
    found = only(claims.check, survival(printed, claim(asserts), test=LOG_RANK))
    assert found.verdict == verdict, found.recomputed


def test_claims_that_cannot_be_judged():
    no_test = only(claims.check, survival(claim("difference")))
    assert (no_test.verdict, "prespecified" in no_test.message) == ("cannot judge", True)
    no_number = only(claims.check, survival(claim("difference"), test=LOG_RANK))
    assert (no_number.verdict, "Neither" in no_number.message) == ("cannot judge", True)
    near = estimate("hazard_ratio", ("0.70", "0.49", "1.00", None))
    assert only(claims.check, survival(near, claim("difference"), test=LOG_RANK)).verdict == "cannot judge"


def test_counts_decide_a_claim_before_a_printed_p_value_does():
    printed = estimate("odds_ratio", with_p(WOOLF, "0.40"))
    found = only(claims.check, response(printed, claim("difference"), test=FISHER))
    assert (found.verdict, "Fisher exact, one-sided" in found.recomputed) == ("consistent", True)
    untested = only(claims.check, response(claim("difference")))
    assert (untested.verdict, "Fisher exact" in untested.recomputed) == ("cannot judge", True)


def test_what_only_individual_data_could_reproduce_is_named(tmp_path):
    trial = survival(median("c", "9.0", "6.0", "12.0"), estimate("hazard_ratio", with_p(REACHED, "0.019")))
    found = only(beyond_counts.check, trial)
    assert (found.verdict, "interval" in found.message) == ("cannot judge", True)
    rows = "label,quantity,arm,unit,value,p,source\nClonality,median,c,percent,24.4,<0.0001,Results\n"
    in_table = only(beyond_counts.check, write(tmp_path, "", rows, kind="quantities"))
    assert (in_table.endpoint, "p value" in in_table.message) == ("table", True)
