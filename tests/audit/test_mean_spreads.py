"""Spreads that contradict each other, and means and medians that cannot be."""

from __future__ import annotations

import pytest

from reappraise.audit import mean_spreads
from reappraise.audit.finding import Finding
from support.audit_trials import measured, unchecked


def spreads(arm: str) -> Finding:
    return next(iter(mean_spreads.check(unchecked(measured(arm)))))


def test_spreads_of_one_mean_agree_or_one_is_another() -> None:
    assert spreads('mean = 50, sd = "20.1", se = "2.01"').verdict == "consistent"
    assert spreads('mean = 50, sd = "20.1", low = "46.0", high = "54.0"').verdict == "consistent"
    found = spreads('mean = 50, sd = "2.01", low = "46.0", high = "54.0"')
    assert (found.verdict, "is the standard error" in found.message) == ("inconsistent", True)
    assert spreads('mean = 50, sd = "20.1", se = "2.11"').verdict == "not reproduced"  # it may be pooled


def test_a_mean_whose_rounding_reaches_its_interval_is_possible() -> None:
    assert not list(mean_spreads.check(unchecked(measured('mean = 12, low = "12.1", high = "12.9"', 50))))


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ('mean = 50, sd = "-20.1"', "A standard deviation is not below 0, and -20.1 is."),
        ('mean = 50, extremes = ["51.0", "90"]', "The mean, 50, is not between the extremes, 51.0 and 90."),
        ("median = 5, quartiles = ['6.0', 9]", "The median, 5, is not between the quartiles, 6.0 and 9."),
        ("median = 7, quartiles = [9, 6]", "The quartiles, 9 and 6, are the wrong way round."),
        (
            "median = 7, quartiles = [4, 9], extremes = ['5.0', 20]",
            "The quartile, 4, is not between the extremes, 5.0 and 20.",
        ),
    ],
)
def test_what_cannot_be_is_a_finding(arm: str, said: str) -> None:
    found = spreads(arm)
    assert (found.check, found.verdict) == ("possible at all", "inconsistent")
    assert found.message == f"{said} Nothing is analysed from it."


@pytest.mark.parametrize("arm", ['mean = "50.4", extremes = ["50.5", 90]', "median = 5, quartiles = [5, 5]"])
def test_rounding_and_equal_numbers_are_possible(arm: str) -> None:
    assert not list(mean_spreads.check(unchecked(measured(arm))))
