"""Printed differences that means do not give, or give in another way than is printed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reappraise.audit import mean_differences
from reappraise.audit.digits import texts
from reappraise.audit.finding import Finding
from support.audit_trials import MEANS, estimate, measured, unchecked


def difference(numbers: tuple[str | None, ...], *, more: str = "", arms: tuple[str, str] | None = None) -> Finding:
    control, experimental = arms or ('mean = "52.31", sd = "20.17"', 'mean = "44.62", sd = "23.45"')
    text = MEANS.format("", 100, control, 50, experimental) + estimate("mean_difference", numbers, more=more)
    (found,) = mean_differences.check(unchecked(text))
    return found


@pytest.mark.parametrize(
    ("numbers", "more", "verdict", "why"),
    [
        (("-7.69", "-15.41", "0.03", "0.051"), "", "consistent", "Welch's t"),
        (("-7.69", "-14.99", "-0.39", "0.039"), "", "consistent", "Student's t"),
        (("-7.69", "-15.30", "-0.08", "0.048"), "", "consistent", "interval is that of z"),
        (("-6.10", "-12.00", "-0.20", "0.043"), "", "not reproduced", "adjustment, such as"),
        (("-6.10", "-12.00", "-0.20", "0.043"), 'how = ["adjusted"]', "not reproduced", "as print says"),
        (("-6.10", "-12.00", "-0.20", "0.043"), 'how = ["crude"]', "inconsistent", "Print says that it is crude"),
        (("7.69", "-0.03", "15.41", "0.051"), "", "not reproduced", "exchanged"),
    ],
)
def test_a_difference_is_held_against_the_means(
    numbers: tuple[str | None, ...], more: str, verdict: str, why: str
) -> None:
    found = difference(numbers, more=more)
    assert (found.verdict, why in found.message) == (verdict, True), found.message


def test_a_wrong_digit_of_a_mean_or_spread_is_named() -> None:
    right = ("-7.69", "-15.41", "0.03", None)
    control, experimental = 'mean = "52.31", sd = "20.17"', 'mean = "44.62", sd = "23.45"'
    spread = difference(right, arms=(control, experimental.replace("23.45", "32.45")))
    assert "What fits: a wrong digit: sd 32.45 with E, where 23.45 would fit." in spread.message
    mean = difference(right, arms=(control.replace("52.31", "55.31"), experimental))
    assert "a wrong digit: mean 55.31 with C, where 52.31 would fit;" in mean.message
    assert "a wrong digit: mean 44.62 with E, where 47.62 would fit." in mean.message  # as well
    assert "wrong digit" not in difference(("-6.10", "-12.00", "-0.20", None)).message


def test_adjustment_is_no_cause_of_an_interval_half_as_wide() -> None:
    found = difference(("-7.69", "-10.19", "-5.19", None))
    assert "adjustment" not in found.message, found.message


def test_standard_errors_taken_for_deviations_are_seen() -> None:
    arms = ('mean = "52.31", sd = "2.02"', 'mean = "44.62", sd = "3.32"')
    found = difference(("-7.69", "-15.42", "0.04", None), arms=arms)
    assert (found.verdict, "are standard errors" in found.message) == ("not reproduced", True), found.message


def test_standard_errors_are_seen_where_the_interval_is_adjusted() -> None:
    arms = ('mean = "52.31", sd = "2.02"', 'mean = "44.62", sd = "3.32"')
    found = difference(("-7.10", "-13.90", "-0.30", None), more='how = ["adjusted"]', arms=arms)
    assert "may be standard errors: the interval is about as wide" in found.message


def test_exchanged_arms_are_told_even_where_print_says_adjusted() -> None:
    found = difference(("7.69", "-0.03", "15.41", None), more='how = ["adjusted"]')
    assert "the arms are exchanged." in found.message


def test_simulated_papers_are_not_blamed_and_typing_errors_found() -> None:
    """200 crude papers, every number rounded: none blamed; one digit of the value mistyped: most found."""
    rng, found = np.random.default_rng(8), 0
    for index in range(200):
        control, experimental = rng.normal(50, 10, 100), rng.normal(47, 12, 50)
        test = stats.ttest_ind(experimental, control, equal_var=index % 2 == 0)
        interval = test.confidence_interval()
        arms = tuple(f'mean = "{x.mean():.1f}", sd = "{x.std(ddof=1):.1f}"' for x in (control, experimental))
        value = f"{experimental.mean() - control.mean():.1f}"
        rest = f"{interval.low:.1f}", f"{interval.high:.1f}", f"{test.pvalue:.3f}"
        crude = 'how = ["crude"]'
        assert difference((value, *rest), more=crude, arms=(arms[0], arms[1])).verdict == "consistent", index
        low, middle, high = interval.low, float(value), interval.high
        wrong = [text for text in texts(value) if abs(float(text) - middle) >= 0.3 and low < float(text) < high]
        typed = str(rng.choice(wrong))
        found += difference((typed, *rest), more=crude, arms=(arms[0], arms[1])).verdict == "inconsistent"
    assert found >= 180  # of those within their interval: the others are impossible as printed, another finding


@pytest.mark.parametrize(
    "arm", ['mean = "<1", sd = 1', 'mean = 1, sd = ">5"', 'mean = "1.0", sd = "0.0", se = "0.004"']
)
def test_bounds_and_zeros_are_no_crash(arm: str) -> None:
    text = measured(arm, 50, "step = 1\n") + estimate("mean_difference", ("1", "0", "2", None))
    assert list(mean_differences.check(unchecked(text)))


LARGE = ('mean = "52.31", sd = "20.17"', 'mean = "44.62", sd = "23.45"')


@pytest.mark.parametrize(
    ("p", "sides", "verdict"),
    [
        ("0.026", 1, "consistent"),
        ("0.974", 1, "not reproduced"),
        ("0.051", 1, "not reproduced"),
        ("0.051", 2, "consistent"),
        ("0.026", 2, "not reproduced"),
    ],
)
def test_a_one_sided_p_value_is_towards_benefit(p: str, sides: int, verdict: str) -> None:
    """The experimental mean is the lower one; where more is better, the one-sided p value is the rest to 1."""
    text, more = MEANS.format("", 100, LARGE[0], 50, LARGE[1]), f"sides = {sides}"
    other = f"{1 - float(p):.3f}" if sides == 1 else p
    for direction, printed in (("lower", p), ("higher", other)):
        for over, value in (("e over c", "-7.69"), ("c over e", "7.69")):
            numbers = (value, None, None, printed)
            made = text.replace('"lower"', f'"{direction}"') + estimate(
                "mean_difference", numbers, over=over, more=more
            )
            (found,) = mean_differences.check(unchecked(made))
            assert found.verdict == verdict, (direction, over, found)


def test_degrees_of_freedom_are_those_that_rounding_leaves() -> None:
    """Standard deviations of 1, as printed, of 4 and 5 patients: every pair that prints so has its interval."""
    arms = ('mean = "10.00", sd = "1"', 'mean = "8.00", sd = "1"')
    text = MEANS.format("", 4, arms[0], 5, arms[1])
    spreads = np.linspace(0.51, 1.49, 15)
    for first in spreads:
        for second in spreads:
            test = stats.ttest_ind_from_stats(8.0, second, 5, 10.0, first, 4, equal_var=False)
            parts = first**2 / 4, second**2 / 5
            degrees = sum(parts) ** 2 / (parts[0] ** 2 / 3 + parts[1] ** 2 / 4)
            half = float(stats.t.ppf(0.975, degrees)) * np.sqrt(sum(parts))
            numbers = ("-2.00", f"{-2 - half:.2f}", f"{-2 + half:.2f}", f"{test.pvalue:.4f}")
            (found,) = mean_differences.check(unchecked(text + estimate("mean_difference", numbers)))
            assert found.verdict == "consistent", (first, second)
            assert found.message.count("Welch's t") == 2, (first, second)
