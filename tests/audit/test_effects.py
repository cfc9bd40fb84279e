"""Effects against the events printed beside them, and differences against the middle of their limits."""

from __future__ import annotations

import pytest

from reappraise.audit import difference_symmetry, events_behind_ratio, events_beside_effect
from reappraise.audit.finding import Finding
from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.contrasts import risk_differences
from support.audit_trials import COUNTS, RESPONSE, estimate, unchecked

EFFECT = """
[[endpoints]]
kind = "effect"
key = "death"
label = "Death"
population = "treated"
better = "lower"
source = "Table 2"
"""
type Numbers = tuple[str | None, str | None, str | None, str | None]


def beside(quantity: str, numbers: Numbers, counts: str = "", more: str = "") -> Finding:
    text = EFFECT + (counts or COUNTS.format(40, 12)) + estimate(quantity, numbers, more=more)
    (found,) = events_beside_effect.check(unchecked(text))
    return found


@pytest.mark.parametrize(
    ("quantity", "numbers", "verdict", "said"),
    [
        # 12 of 50 over 40 of 100: risk ratio 0.60, odds ratio 0.47, cumulative hazards 0.54, difference -16%
        ("risk_ratio", ("0.60", "0.35", "1.04", None), "consistent", "it is the crude effect"),
        (
            "risk_ratio",
            ("0.70", "0.42", "1.17", None),
            "consistent",
            "size are those of the counts, 0.59",
        ),
        ("odds_ratio", ("0.40", "0.18", "0.90", None), "consistent", "Direction and size"),
        ("hazard_ratio", ("0.55", "0.29", "1.05", None), "consistent", "those of the counts, 0 standard errors"),
        ("rate_ratio", ("0.75", "0.40", "1.40", None), "consistent", "Direction and size"),
        ("hazard_ratio", ("1.05", "0.50", "2.20", None), "not reproduced", "points against the counts, 1.5"),
        ("hazard_ratio", ("0.95", "0.80", "1.13", None), "not reproduced", "It lies far from what the counts give"),
        ("hazard_ratio", ("1.82", "0.95", "3.45", None), "not reproduced", "What fits: exchanged arms, or the event"),
        ("risk_ratio", ("1.67", "0.96", "2.88", None), "not reproduced", "What fits: exchanged arms"),
        ("risk_ratio", ("0.10", "0.05", "0.20", None), "not reproduced", "None of the usual causes fits"),
        ("risk_ratio", ("6.00", "0.35", "1.04", None), "", ""),
        ("hazard_ratio", ("0.55", None, None, None), "consistent", "Direction and size"),
    ],
)
def test_effects_and_the_events_beside_them(quantity: str, numbers: Numbers, verdict: str, said: str) -> None:
    if not verdict:  # outside its interval: a finding of a check of its own, and no other looks at it
        text = EFFECT + COUNTS.format(40, 12) + estimate(quantity, numbers)
        assert not list(events_beside_effect.check(unchecked(text)))
        return
    found = beside(quantity, numbers)
    assert (found.verdict, said in found.message) == (verdict, True), found.message


def test_an_adjusted_effect_far_away_says_what_print_says() -> None:
    found = beside("risk_ratio", ("0.20", "0.12", "0.34", None), more='how = ["adjusted"]')
    assert (found.verdict, "print says so: adjusted" in found.message) == ("not reproduced", True)


def test_differences_are_held_against_counts_in_their_unit() -> None:
    percent = beside("risk_difference", ("-16", "-31", "-0.8", None), more='unit = "percent"')
    assert percent.verdict == "consistent"
    turned = beside("risk_difference", ("0.16", "0.01", "0.31", None))
    assert (turned.verdict, "exchanged arms" in turned.message) == ("not reproduced", True)


def test_what_counts_cannot_say() -> None:
    none = beside("hazard_ratio", ("0.50", "0.20", "1.25", None), COUNTS.format(10, 0))
    assert (none.verdict, "Without events in an arm" in none.message) == ("cannot judge", True)
    open_counts = COUNTS.format(10, 5).replace("events = 10", 'percent = "<20%"')
    assert beside("hazard_ratio", ("0.50", "0.20", "1.25", None), open_counts).verdict == "cannot judge"
    means = EFFECT + COUNTS.format(10, 5) + estimate("mean_difference", ("-2.0", "-3.0", "-1.0", None))
    assert not list(events_beside_effect.check(unchecked(means)))
    bare = EFFECT + estimate("hazard_ratio", ("0.50", "0.20", "1.25", None))
    assert not list(events_beside_effect.check(unchecked(bare)))


def symmetric(quantity: str, numbers: Numbers, *, more: str = "", counts: str = "") -> Finding:
    text = (RESPONSE + counts if counts else EFFECT) + estimate(quantity, numbers, more=more)
    (found,) = difference_symmetry.check(unchecked(text))
    return found


@pytest.mark.parametrize(
    ("numbers", "verdict", "said"),
    [
        (("0.55", "0.29", "1.05", None), "consistent", "what this many events make it"),  # sqrt(1 / 12 + 1 / 40) = 0.33
        (("0.55", "0.40", "0.75", None), "inconsistent", "narrower than this many events allow"),
    ],
)
def test_the_width_of_an_effect_is_held_against_the_events_beside_it(numbers: Numbers, verdict: str, said: str) -> None:
    text = EFFECT + COUNTS.format(40, 12) + estimate("hazard_ratio", numbers)
    (found,) = events_behind_ratio.check(unchecked(text))
    assert (found.verdict, said in found.message) == (verdict, True), found
    # of two times it is not said which the counts are of
    later = estimate("hazard_ratio", ("0.60", "0.35", "1.03", None), more='at = "day 90"')
    assert {one.verdict for one in events_behind_ratio.check(unchecked(text + later))} == {"cannot judge"}


@pytest.mark.parametrize(
    ("quantity", "numbers", "verdict", "said"),
    [
        ("mean_difference", ("-2.0", "-3.1", "-0.9", None), "consistent", "the middle of its limits"),
        ("mean_difference", ("-2.0", "-3.1", "-0.8", None), "consistent", "the middle of its limits"),  # rounding
        ("mean_difference", ("-2.0", "-3.1", "-0.6", None), "not reproduced", "a wrong digit would show like this"),
        ("mean_difference", ("2.0", "1.1", "3.9", None), "not reproduced", "upper limit 2.9, 3.0, 3.1)"),
        ("mean_difference", ("2.0", "<1.1", "2.9", None), "cannot judge", "only a bound"),
        ("risk_difference", ("0.20", "0.05", "0.35", None), "consistent", "the middle"),
    ],
)
def test_symmetry_of_differences(quantity: str, numbers: Numbers, verdict: str, said: str) -> None:
    found = symmetric(quantity, numbers)
    assert (found.verdict, said in found.message) == (verdict, True), found.message


def test_score_intervals_of_differences_need_not_be_symmetric() -> None:
    newcombe = risk_differences(TwoByTwo(12, 50, 5, 100))[0]
    numbers = (f"{newcombe.value:.4f}", f"{newcombe.low:.4f}", f"{newcombe.high:.4f}", None)
    found = symmetric("risk_difference", numbers, counts=COUNTS.format(5, 12))
    assert (found.verdict, "Newcombe hybrid score" in found.message) == ("consistent", True)
    assert symmetric("risk_difference", numbers).verdict == "not reproduced"


def test_numbers_needed_to_treat_and_ratios_are_left_alone() -> None:
    needed = EFFECT + estimate("number_needed_to_treat", ("7", "4", "50", None))
    ratio = EFFECT + estimate("risk_ratio", ("0.50", "0.20", "1.25", None))
    assert not list(difference_symmetry.check(unchecked(needed)))
    assert not list(difference_symmetry.check(unchecked(ratio)))
