"""Means, medians and spreads that no values in steps have: GRIM, GRIMMER and DEBIT on any lattice."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from reappraise.audit import steps
from reappraise.audit.finding import Finding
from reappraise.core.errors import TrialFileError
from support.audit_trials import OTHER, measured, unchecked, write

WHOLE = "step = 1\n"
BINARY = "step = 1\nlowest = 0\nhighest = 1\n"


def found(arm: str, n: int, scale: str = WHOLE) -> Finding:
    return next(iter(steps.check(unchecked(measured(arm, n, scale)))))


@pytest.mark.parametrize(
    ("n", "mean", "verdict"),
    [
        (28, "5.19", "inconsistent"),  # Brown and Heathers' example
        (28, "5.18", "consistent"),
        (20, "3.45", "consistent"),
        (20, "3.44", "inconsistent"),
        (1000, "3.44", "consistent"),
    ],
)
def test_a_mean_of_whole_numbers_is_a_sum_over_patients(n: int, mean: str, verdict: str) -> None:
    assert found(f'mean = "{mean}"', n).verdict == verdict


@pytest.mark.parametrize(
    ("n", "mean", "sd", "verdict"),
    [
        (10, "0.30", "0.48", "consistent"),  # sqrt(3 x 7 / 90) = 0.4830
        (10, "0.30", "0.46", "consistent"),  # divided by all: sqrt(0.3 x 0.7) = 0.4583
        (10, "0.30", "0.44", "inconsistent"),
        (10, "0.30", "0.50", "inconsistent"),
        (50, "0.20", "0.40", "consistent"),  # sqrt(10 x 40 / 2450) = 0.4041
        (50, "0.20", "0.41", "inconsistent"),
        (50, "0.20", "0.04", "inconsistent"),
        (200, "0.5", "0.50", "consistent"),
        (200, "0.5", "0.53", "inconsistent"),
        (20, "1.20", "0.41", "inconsistent"),  # beyond 1
        (4, "0.00", "0.00", "consistent"),
        (20, "0.35", "0.18", "inconsistent"),  # examples in the documentation of R's scrutiny
        (20, "0.36", "0.11", "inconsistent"),
    ],
)
def test_mean_and_spread_of_zeros_and_ones_are_those_of_one_number_of_patients(
    n: int, mean: str, sd: str, verdict: str
) -> None:
    one = found(f'mean = "{mean}", sd = "{sd}"', n, BINARY)
    assert one.verdict == verdict, one.message
    if verdict == "inconsistent":
        assert f"No {n} values 0 or 1 have this mean" in one.message


def test_what_the_spread_of_zeros_and_ones_would_be_is_said() -> None:
    assert found('mean = "0.30", sd = "0.44"', 10, BINARY).recomputed == "standard deviation 0.483"
    # 59 to 61 of 200 print 0.30: sqrt(59 x 141 / (200 x 199)) to sqrt(61 x 139 / (200 x 199))
    assert found('mean = "0.30", sd = "0.40"', 200, BINARY).recomputed == "standard deviation 0.4572 to 0.4616"


def test_a_spread_smaller_or_larger_than_whole_numbers_allow_is_seen() -> None:
    # 55 of 100 have 3 and 45 have 4, at least: sqrt(24.75 / 99) = 0.5
    assert found('mean = "3.45", sd = "0.50"', 100).verdict == "consistent"
    small = found('mean = "3.45", sd = "0.30"', 100)
    assert (small.verdict, small.recomputed) == ("inconsistent", "at least 0.5")
    # of 1 to 5 at most sqrt(2.45 x 1.55 x 100 / 99) = 1.958, and 61 at 5, 38 at 1 and one at 2 is next to it
    scale = "step = 1\nlowest = 1\nhighest = 5\n"
    assert found('mean = "3.45", sd = "1.95"', 100, scale).verdict == "consistent"
    assert found('mean = "3.45", sd = "2.05"', 100, scale).verdict == "inconsistent"
    assert found('mean = "3.45", sd = "2.05"', 100).verdict == "consistent"


@pytest.mark.parametrize(
    ("scale", "arm", "n", "verdict"),
    [
        ('step = "100/12"\nlowest = 0\nhighest = 100\n', 'mean = "33.33"', 7, "consistent"),  # 28 steps
        ('step = "100/12"\nlowest = 0\nhighest = 100\n', 'mean = "33.73"', 7, "inconsistent"),
        ("step = 2\nlowest = 1\n", 'mean = "3.50"', 4, "consistent"),  # 3, 3, 3 and 5
        ("step = 2\n", 'mean = "3.25"', 4, "inconsistent"),
        ("step = 2\nlowest = 1\n", "median = 4", 5, "inconsistent"),
        ("step = 2\nlowest = 1\n", "median = 4", 6, "consistent"),
        ("step = 2\nlowest = 1\n", "median = 3, extremes = [2, 9]", 6, "inconsistent"),
        ("step = 1\nlowest = -10\nhighest = 10\n", 'mean = "-2.33"', 3, "consistent"),
    ],
)
def test_steps_are_counted_from_the_least_value(scale: str, arm: str, n: int, verdict: str) -> None:
    one = found(arm, n, scale)
    assert one.verdict == verdict, one.message


def test_a_step_that_was_cut_off_is_asked_about() -> None:
    # 251 of 30 twelfths of 100 are 69.722; of 8.33 they are 69.694
    one = found('mean = "69.722"', 30, 'step = "8.33"\n')
    assert one.verdict == "cannot judge"
    assert one.message.endswith('if that is meant, write step = "25/3".')


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ("step = 8.33\nlowest = 0\nhighest = 100\n", 'of 12 steps each is "25/3"'),
        ("highest = 10\n", "expected the least value beside highest, got none"),
        ("lowest = 10\nhighest = 10\n", "expected a value above lowest, 10, got 10"),
        ('step = "1/0"\n', "expected a number above 0, or a fraction such as \"100/12\", got '1/0'"),
        ("step = -1\n", "expected a number above 0"),
        ("step = nan\n", "expected a number above 0"),
        ("step = 1e-999999\n", "expected a number above 0"),
        ("step = true\n", "expected a number above 0"),
        ("lowest = 1e99999\n", "expected"),
    ],
)
def test_a_scale_that_cannot_be_is_refused(scale: str, said: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(TrialFileError) as raised:
        write(tmp_path_factory.mktemp("scale"), measured(OTHER, 50, scale))
    assert said in str(raised.value)


SCALES = {
    "0 or 1": ("1", "0", "1"),
    "1 to 5": ("1", "1", "5"),
    "mean of seven items": ("1/7", "1", "5"),
    "twelfths of 100": ("100/12", "0", "100"),
    "fifteenths of 100": ("100/15", "0", "100"),
    "change": ("1", "-10", "10"),
    "odd numbers": ("2", "1", "21"),
    "fours from 20": ("4", "20", "80"),
}


LEAST = {
    "0 or 1": 90,
    "1 to 5": 70,
    "mean of seven items": 3,  # of fifteen patients and more, every mean to two digits is one of them
    "twelfths of 100": 85,
    "fifteenths of 100": 85,
    "change": 40,
    "odd numbers": 70,
    "fours from 20": 80,
}
"""Altered ones that are found at least, of a hundred: some less than were when this was written."""


def sample(rng: np.random.Generator, name: str, n: int) -> np.ndarray:
    """Patients on a scale, skewed or heaped at its ends as may be."""
    step, low, high = map(Fraction, SCALES[name])
    drawn = rng.binomial(int((high - low) / step), rng.beta(*rng.uniform(0.2, 4, 2), n))
    return np.array([float(low + int(number) * step) for number in drawn])


@pytest.mark.parametrize("name", SCALES)
def test_patients_that_exist_are_never_blamed_and_altered_ones_are(name: str) -> None:
    """100 samples on each scale: none blamed. Mean or spread altered in its last digit: some found, as n allows."""
    rng = np.random.default_rng(20261201)
    scale = "".join(
        f'{key} = "{text}"\n' for key, text in zip(("step", "lowest", "highest"), SCALES[name], strict=True)
    )
    caught = 0
    for index in range(100):
        patients = sample(rng, name, int(rng.integers(5, 40)))
        mean, sd = patients.mean(), patients.std(ddof=int(rng.random() < 0.8))
        n, ends = len(patients), f'extremes = ["{patients.min():.2f}", "{patients.max():.2f}"]'
        right = found(f'mean = "{mean:.2f}", sd = "{sd:.2f}", {ends}', n, scale)
        assert right.verdict == "consistent", (index, right)
        middle = found(f'median = "{np.median(patients):.2f}", {ends}', n, scale)
        assert middle.verdict == "consistent", (index, middle)
        altered = (f"{mean + 0.03:.2f}", f"{sd:.2f}") if index % 2 else (f"{mean:.2f}", f"{sd + 0.03:.2f}")
        caught += found('mean = "{}", sd = "{}"'.format(*altered), n, scale).verdict == "inconsistent"
    assert caught >= LEAST[name]
