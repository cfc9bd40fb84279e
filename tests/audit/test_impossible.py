"""Printed numbers that no patients could give: found with what would mend them, left out of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from reappraise.analysis import analyse
from reappraise.audit import audit, impossible, mean_spreads
from reappraise.audit.finding import Finding
from reappraise.published.estimates import published_estimates
from support.audit_trials import COUNTS, MEANS, RESPONSE, SURVIVAL, estimate, measured, unchecked, write

PERCENT = COUNTS.format(44, 20).replace("total = 100", 'total = 100\npercent = "44"')


def found(text: str) -> list[Finding]:
    return list(impossible.check(unchecked(text)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            RESPONSE + PERCENT.replace("44\n", "144\n"),
            "144 patients of 100 are more than all; 44, one digit away,",
        ),
        (RESPONSE + PERCENT.replace('"44"', '"144"'), "144% is not between 0% and 100%"),
        (
            RESPONSE + COUNTS.format(44, 20).replace("total = 100", 'total = 100\nlow = "0.45"\nhigh = "0.55"'),
            "The interval 0.45 to 0.55 does not hold 0.44",
        ),
        (SURVIVAL + estimate("hazard_ratio", ("0.70", "1.04", "0.47", "0.07")), "exchanged, they hold the value"),
        (
            SURVIVAL + estimate("hazard_ratio", ("1.76", "0.55", "1.04", None)),
            "0.76, one digit away, is the middle",
        ),
        (SURVIVAL + estimate("hazard_ratio", ("5.30", "0.55", "1.04", None)), "does not hold the value, 5.30. Nothing"),
        (SURVIVAL + estimate("hazard_ratio", ("0.76", None, None, "1.09")), "a p value lies between 0 and 1"),
        (SURVIVAL + estimate("hazard_ratio", ("-0.76", None, None, None)), "a ratio is not below 0, and -0.76 is"),
    ],
)
def test_what_no_patients_could_give_is_found(text: str, said: str) -> None:
    (one,) = found(text)
    assert one.verdict == "inconsistent"
    assert said.lower() in one.message.lower()
    assert one.source == "Results"


def test_possible_numbers_are_not() -> None:
    assert not found(RESPONSE + PERCENT + estimate("odds_ratio", ("2.67", "1.26", "5.64", "0.01")))


def test_no_other_check_looks_at_them_and_the_rest_is_looked_at() -> None:
    wrong = estimate("hazard_ratio", ("1.76", "0.55", "1.04", "1.09"))
    right = estimate("hazard_ratio", ("0.76", "0.55", "1.04", "0.09"), more="sides = 2")
    findings = audit(unchecked(SURVIVAL + COUNTS.format(60, 24) + wrong + right))
    assert [item.check for item in findings if "1.76" in item.printed] == ["possible at all"] * 2
    assert "consistent" in {item.verdict for item in findings if item.check == "p value and interval"}


def test_a_ratio_stays_where_only_its_p_value_is_impossible() -> None:
    trial = unchecked(SURVIVAL + estimate("hazard_ratio", ("0.76", "0.55", "1.04", "1.09")))
    (kept,) = trial["survival"].published.estimates
    assert (str(kept.value), str(kept.low), kept.p) == ("0.76", "0.55", None)


def test_the_printed_value_is_compared_without_its_impossible_interval() -> None:
    trial = unchecked(SURVIVAL + estimate("hazard_ratio", ("1.76", "0.55", "1.04", None)))
    (one,) = published_estimates(trial["survival"])
    assert (one.value, one.low, one.high, one.level) == (1.76, None, None, None)
    assert "printed interval 0.55 to 1.04 left out" in one.method


def test_an_analysis_says_what_it_leaves_out_and_goes_on(tmp_path: Path) -> None:
    broken = RESPONSE + COUNTS.format(144, 20)
    trial = write(tmp_path, broken + SURVIVAL + estimate("hazard_ratio", ("0.76", "1.04", "0.55", None)))
    analysis = analyse(trial)
    reasons = [refusal.reason for refusal in analysis.refused if refusal.contradiction]
    assert any("144 patients of 100 are more than all: as printed it cannot be analysed" in one for one in reasons)
    assert any("lower limit, 1.04, is above the upper one, 0.55. Nothing was taken from it" in one for one in reasons)
    assert set(analysis.results) == {"response", "survival"}
    assert "possible at all" in {item.check for item in analysis.findings}


def test_a_ratio_of_nobody_is_possible() -> None:
    text = RESPONSE + COUNTS.format(20, 0) + estimate("risk_ratio", ("0.00", "0.00", "0.75", None))
    assert not list(impossible.check(unchecked(text)))
    assert [one.verdict for one in audit(unchecked(text)) if one.check == "contrast from counts"] != ["inconsistent"]


BEYOND = COUNTS.format(44, 20).replace("total = 50", 'total = 60\npercent = "40.0"')
"""60 patients of an arm of 50, of whom 20 are 40.0%."""


def test_more_patients_than_the_population_has_are_a_finding_and_the_rest_goes_on(tmp_path: Path) -> None:
    """The endpoint that they are of is not analysed, which is said; another one is."""
    other = RESPONSE.replace('"response"\nkey = "response"', '"effect"\nkey = "other"')
    other += estimate("odds_ratio", ("0.76", "0.55", "1.04", None))
    trial = write(tmp_path, RESPONSE + BEYOND + other)
    (one,) = impossible.check(trial)
    assert (one.endpoint, one.verdict, one.source) == ("response", "inconsistent", "Results")
    assert one.message == (
        "60 patients are more than the 50 that they are part of; 50, all of them, is one digit away. "
        "Nothing is analysed from it."
    )
    assert [item.check for item in audit(trial) if "of 60" in item.printed] == [impossible.NAME]
    analysis = analyse(trial)
    assert (analysis.results["response"].fits, analysis.results["other"].refusals) == ((), ())
    (reason, *_) = [item.reason for item in analysis.refused if item.endpoint == "response"]
    assert "60 patients are more than the 50 that they are part of: as printed it cannot be analysed" in reason


def test_patients_of_a_level_and_of_a_table_are_part_of_their_arm(tmp_path: Path) -> None:
    level = """
[[endpoints.factors]]
key = "stage"
label = "Stage"
remainder = "Unknown"
source = "Table 3"
[[endpoints.factors.levels]]
key = "early"
label = "Early"
counts = [
  { arm = "c", events = 10, total = 99, source = "Table 3" },
  { arm = "e", events = 10, total = 51, source = "Table 3" },
]
"""
    rows = (",Nausea,any,c,10,101,,T", ",Nausea,any,all,10,150,,T")
    table = "\n".join(("group,label,grade,arm,events,total,percent,source", *rows, ""))
    found = list(impossible.check(write(tmp_path, RESPONSE + COUNTS.format(44, 20) + level, table)))
    assert [(one.endpoint, one.message[:38]) for one in found] == [
        ("response", "51 patients are more than the 50 that "),
        ("table", "101 patients are more than the 100 tha"),
    ]


def test_means_of_more_patients_than_there_are_are_a_finding(tmp_path: Path) -> None:
    arm, difference = 'mean = "5.0", sd = "2.0"', estimate("mean_difference", ("0.0", "-0.7", "0.7", None))
    trial = write(tmp_path, MEANS.format("", 101, arm, 50, arm) + difference)
    found = {one.check: one for one in audit(trial)}
    assert found[impossible.NAME].message.startswith(
        "101 patients are more than the 100 that they are part of; 100, all of them,"
    )
    assert "as printed it cannot be analysed" in found["difference of means"].message
    assert trial["pain"].published.patients("c", {"c": 100}) == 100


def test_survival_of_more_patients_than_there_are_is_not_analysed(tmp_path: Path) -> None:
    ratio = estimate("hazard_ratio", ("0.76", "0.55", "1.04", None))
    medians = "".join(
        estimate("median", (value, None, None, None), arm=arm, more='unit = "months"')
        for arm, value in (("c", "12.1"), ("e", "17.1"))
    )
    analysis = analyse(write(tmp_path, SURVIVAL + BEYOND + ratio + medians))
    assert not analysis.results["survival"].fits
    assert any("survival, e: 60 patients are more than the 50" in item.reason for item in analysis.refused)


def test_the_middle_of_an_interval_that_does_not_hold_its_mean_is_named() -> None:
    (found,) = mean_spreads.check(unchecked(measured('mean = "25.0", low = "48.0", high = "56.0"')))
    assert "does not hold the mean, 25.0; 52.0, one digit away, is the middle of it." in found.message
