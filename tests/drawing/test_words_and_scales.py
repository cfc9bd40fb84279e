"""Words, numbers and axes of figures: digits kept, directions named, ends of axes."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from reappraise.core.printed import Printed
from reappraise.drawing.scale import Scale, contrast_scale, in_words, rate_scale
from reappraise.drawing.style import number, probability, text_width, wrap
from reappraise.drawing.words import favours, percent_level
from support.figures import estimate


def test_direction_of_benefit() -> None:
    assert favours("Drug", "Placebo", "higher") == ("\u2190 favours Placebo", "favours Drug \u2192")
    assert favours("Drug", "Placebo", "lower") == ("\u2190 favours Drug", "favours Placebo \u2192")
    assert favours("Placebo", "Drug", "lower") == ("\u2190 favours Placebo", "favours Drug \u2192")


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.4714, "2.47"), (5.0, "5.0"), (23.0, "23"), (inf, "∞"), (1e9, ">9999"), (1e-9, "<0.001"), (0.0, "0")],
)
def test_ratios_have_at_most_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_probabilities_do_not_reach_their_ends() -> None:
    assert [probability(p) for p in (1.0, 0.0, 0.996, 0.9)] == [">99.9%", "<0.1%", "99.6%", "90%"]


def test_numbers_keep_the_digits_they_have() -> None:
    posterior = estimate(value=0.242, low=0.16, high=0.3)
    assert in_words(posterior) == "24.2 (16 to 30)"
    assert in_words(replace(posterior, kind="recomputed")) == "24.2 (16.0 to 30.0)"
    printed = estimate(kind="published", value=Printed("0.239"), low=Printed("0.16"), high=Printed("0.330"), level=0.9)
    assert in_words(printed) == "23.9 (16 to 33.0)"
    assert in_words(printed, level=True) == "23.9 (16 to 33.0; 90%)"
    difference = estimate(quantity="risk_difference", arm="", numerator="drug", denominator="placebo", value=-0.055)
    assert in_words(difference) == "\u22125.5"
    ratio = replace(difference, quantity="odds_ratio", value=Printed("0.80"), kind="published")
    assert in_words(ratio) == "0.80"
    assert in_words(replace(ratio, value=None)) == ""


def test_interval_level_is_stated() -> None:
    assert percent_level([0.95, None, 0.95]) == "95% interval"
    assert percent_level([0.95, 0.9]) == "interval; level"
    assert percent_level([None]) == "interval"


def test_ratio_axis_holds_null_and_points_and_nothing_infinite() -> None:
    scale = contrast_scale("odds_ratio", [(2.0, 0.001, inf), (inf, 0.0, inf), (None, None, None)])
    assert scale.logarithmic
    assert scale.null == 1.0
    assert 0.1 < scale.low < 1
    assert 2 < scale.high < 20
    far = contrast_scale("odds_ratio", [(8.0, 4.0, 12.0)])
    assert far.low < 1
    assert far.high > 12


def test_difference_axis_stays_possible() -> None:
    scale = contrast_scale("risk_difference", [(90.0, 40.0, 100.0)])
    assert not scale.logarithmic
    assert scale.null == 0.0
    assert scale.low < 0
    assert 100 <= scale.high <= 102


@pytest.mark.parametrize(("top", "end"), [(7.0, 10.0), (43.0, 50.0), (79.0, 100.0), (100.0, 100.0), (0.0, 10.0)])
def test_rate_axis_starts_at_zero(top: float, end: float) -> None:
    scale = rate_scale([(0.0, None, top)])
    assert (scale.low, scale.high) == (0.0, end)


@pytest.mark.parametrize("low", [0.9, 0.3, 0.01, 1e-5])
@pytest.mark.parametrize("high", [1.1, 4.0, 120.0, 1e6])
def test_log_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = Scale(label="", low=low, high=high, logarithmic=True).ticks
    assert 1 <= len(ticks) <= 6
    assert all(low <= tick <= high for tick in ticks)


def test_text_is_wrapped_to_its_width() -> None:
    long = "A level with quite a long name and Donaudampfschifffahrtsgesellschaftskapitänswitwe in it"
    lines = wrap(long, 1.0).split("\n")
    assert all(text_width(line) <= 1.0 for line in lines)
    assert "".join(lines).replace(" ", "") == long.replace(" ", "")
    assert wrap("", 1.0) == ""
