"""Spreads larger or smaller than the bounds of a scale, or the patients' extremes, allow."""

from __future__ import annotations

import numpy as np
import pytest

from reappraise.audit import spread_bounds
from reappraise.audit.finding import Finding
from support.audit_trials import OTHER, measured, unchecked

HUNDRED = "lowest = 0\nhighest = 100\n"


def found(arm: str, n: int = 100, scale: str = "") -> Finding:
    return next(iter(spread_bounds.check(unchecked(measured(arm, n, scale)))))


@pytest.mark.parametrize(
    ("arm", "verdict", "said"),
    [
        # sqrt(10.5 x 89.5 x 100 / 99) = 30.8 at most, of a mean of 10
        ('mean = 10, sd = "30.8"', "consistent", "within their bounds"),
        ('mean = 10, sd = "31.0"', "inconsistent", "larger than values on this scale with this mean allow."),
        ('mean = 10, se = "3.2"', "not reproduced", "standard error is larger"),  # 31.5 at least, but may be pooled
        ('mean = 10, se = "20"', "not reproduced", "a standard deviation printed as standard error would show"),
        ("mean = 110, sd = 1", "inconsistent", "The mean, 110, lies above the greatest value that there is, 100."),
        ("median = 5, quartiles = [-3, 9]", "inconsistent", "The quartile, -3, lies below"),
        ("median = 5, extremes = [0, 101]", "inconsistent", "The extreme, 101, lies above"),
    ],
)
def test_numbers_are_held_against_the_scale(arm: str, verdict: str, said: str) -> None:
    one = found(arm, scale=HUNDRED)
    assert (one.verdict, said in one.message) == (verdict, True), one


@pytest.mark.parametrize(
    ("arm", "n", "verdict", "said"),
    [
        # one has 20, one 60, and 8 have 40: sqrt(800 / 9) = 9.43, or divided by 10, 8.94
        ('mean = "40.0", sd = "9.4", extremes = ["20.0", "60.0"]', 10, "consistent", "within"),
        ('mean = "40.0", sd = "8.9", extremes = ["20.0", "60.0"]', 10, "consistent", "within"),
        ('mean = "40.0", sd = "8.5", extremes = ["20.0", "60.0"]', 10, "inconsistent", "smaller than values from the"),
        ('mean = "40.0", sd = "3.0", extremes = ["20.0", "60.0"]', 10, "inconsistent", "printed as standard deviation"),
        # half have 20 and half 60: sqrt(4000 / 9) = 21.1
        ('mean = "40.0", sd = "21.1", extremes = ["20.0", "60.0"]', 10, "consistent", "within"),
        ('mean = "40.0", sd = "21.5", extremes = ["20.0", "60.0"]', 10, "inconsistent", "larger than values from the"),
        # nine have 20 and one 60: 24
        ('mean = "24.0", sd = "12.6", extremes = ["20.0", "60.0"]', 10, "consistent", "within"),
        ('mean = "23.0", sd = "12.0", extremes = ["20.0", "60.0"]', 10, "inconsistent", "nearer to an extreme"),
        ('mean = "57.0", sd = "12.0", extremes = ["20.0", "60.0"]', 10, "inconsistent", "nearer to an extreme"),
        ('mean = "40.0", sd = "28.3", extremes = ["20.0", "60.0"]', 2, "consistent", "within"),
        ('mean = "<40", sd = "28.3", extremes = ["20.0", "60.0"]', 2, "cannot judge", "only a bound"),
    ],
)
def test_numbers_are_held_against_the_extremes(arm: str, n: int, verdict: str, said: str) -> None:
    one = found(arm, n)
    assert (one.verdict, said in one.message) == (verdict, True), one


def test_geometric_means_are_held_against_extremes_in_logarithms() -> None:
    scale = 'scale = "logarithmic"\n'
    # logarithms from 0 to 4.605, all at the ends: sqrt(2.303^2 x 10 / 9) = 2.43
    assert found('mean = "10.0", sd = "2.42", extremes = ["1.00", "100"]', 10, scale).verdict == "consistent"
    assert found('mean = "10.0", sd = "2.60", extremes = ["1.00", "100"]', 10, scale).verdict == "inconsistent"
    low = found('mean = "1.20", sd = "1.00", extremes = ["1.00", "100"]', 10, scale)
    assert (low.verdict, low.recomputed.startswith("mean 1.5")) == ("inconsistent", True), low


def test_patients_that_exist_are_never_blamed_and_errors_for_deviations_are() -> None:
    """300 samples with their extremes, skewed and not: none blamed; standard errors for deviations: all found."""
    rng = np.random.default_rng(20261202)
    for index in range(300):
        shape, n = rng.uniform(0.2, 4, 2), int(rng.integers(3, 200))
        patients = 100 * rng.beta(*shape, n)
        digits = int(rng.integers(0, 3))
        said, sd = f'mean = "{patients.mean():.{digits}f}"', patients.std(ddof=int(rng.random() < 0.8))
        extremes = f'extremes = ["{patients.min():.{digits}f}", "{patients.max():.{digits}f}"]'
        right = found(f'{said}, sd = "{sd:.{digits}f}", {extremes}', n)
        assert right.verdict == "consistent", (index, right)
        assert found(f'{said}, sd = "{sd:.{digits}f}"', n, HUNDRED).verdict == "consistent", index
        if n > 30:
            assert found(f'{said}, sd = "{sd / np.sqrt(n):.2f}", {extremes}', n).verdict == "inconsistent", index


def test_without_bounds_there_is_nothing_to_say() -> None:
    assert not list(spread_bounds.check(unchecked(measured(OTHER))))
