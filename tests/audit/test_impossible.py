"""Printed numbers that no patients could give: found with what would mend them, left out of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from reappraise.analysis import analyse
from reappraise.audit import audit, impossible
from reappraise.audit.finding import Finding
from reappraise.published.estimates import published_estimates
from support.audit_trials import COUNTS, RESPONSE, SURVIVAL, estimate, unchecked, write

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
