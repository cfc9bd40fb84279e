"""Printed numbers: digits survive, rounding is an interval, bounds are bounds."""

from __future__ import annotations

import copy
import pickle
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reappraise.core.printed import Printed


@given(st.decimals(min_value=-1000, max_value=1000, places=6), st.integers(0, 4))
def test_what_rounds_to_the_print_is_covered_by_it(value: Decimal, places: int) -> None:
    unit = Decimal(1).scaleb(-places)
    for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN):
        assert Printed(f"{value.quantize(unit, rounding):f}").covers(float(value))


@given(st.decimals(min_value=0, max_value=1000, places=3))
def test_what_is_a_unit_away_is_not_covered(value: Decimal) -> None:
    printed = Printed(f"{value:f}")
    assert not printed.covers(float(value) + 0.00101)
    assert not printed.covers(float(value) - 0.00101)


@given(st.decimals(min_value=0, max_value=100, places=2), st.sampled_from(["", "<", ">"]))
def test_scaling_keeps_every_digit(value: Decimal, relation: str) -> None:
    printed = Printed(f"{relation}{value:f}")
    scaled = printed.scaled(-2)
    assert len(scaled.digits.as_tuple().digits) >= len(str(int(value)))
    assert scaled.scaled(2) == printed
    assert scaled.relation == printed.relation
    assert float(scaled) == pytest.approx(float(printed) / 100)


def test_bounds_and_infinity() -> None:
    assert Printed("<0.04").covers(0.039)
    assert not Printed("<0.04").covers(0.05)
    assert Printed(">89").covers(90.8)
    assert Printed("not reached") == inf
    assert str(Printed("not reached")) == "not reached"
    assert str(Printed("0.040")) == "0.040"
    assert type(Printed("0.5") * 2) is float


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1,5", "nan", "inf", "< 0.1 or so", "--1", "P 3", "p", "3 x 107", "10-7", "e-7", "1e-7e-7", "<", "1."],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Printed(text)


@pytest.mark.parametrize("text", ["P 3", "p", "3 x 107", "10-7", "e-7", "1e-7e-7", "1e", "3 x 10^"])
def test_powers_that_lost_a_part_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Printed(text)


@pytest.mark.parametrize("value", [True, None, 0.5, [1]])
def test_what_has_lost_its_digits_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a printed number"):
        Printed.parse(value)


@pytest.mark.parametrize(
    ("text", "bounds", "shown"),
    [
        ("9e-07", (8.5e-07, 9.5e-07), "9e-07"),
        ("9.0E-7", (8.95e-07, 9.05e-07), "9.0E-7"),
        ("1e3", (500, 1500), "1e3"),
        ("P = 3 x 10^-7", (2.5e-07, 3.5e-07), "3 x 10^-7"),
        ("3 \u00d7 10\u22127", (2.5e-07, 3.5e-07), "3 \u00d7 10\u22127"),
        ("3\u00d710\u207b\u2077", (2.5e-07, 3.5e-07), "3\u00d710\u207b\u2077"),
        ("3.1\u00b710-7", (3.05e-07, 3.15e-07), "3.1\u00b710-7"),
        ("-2.5 \u00d7 10^3", (-2550, -2450), "-2.5 \u00d7 10^3"),
        ("<1e-4", (-inf, 1e-4), "<1e-4"),
        ("P<.001", (-inf, 0.001), "<.001"),
        ("p value < 0.001", (-inf, 0.001), "<0.001"),
        ("p \u2264 .05", (-inf, 0.05), "\u2264.05"),
        ("P<10^-12", (-inf, 1e-12), "<10^-12"),
        ("P=0\u00b70450", (0.04495, 0.04505), "0\u00b70450"),
    ],
)
def test_powers_of_ten_keep_their_digits_and_their_form(text: str, bounds: tuple[float, float], shown: str) -> None:
    printed = Printed(text)
    assert printed.bounds == bounds
    assert str(printed) == shown
    assert Printed(shown).bounds == pickle.loads(pickle.dumps(printed)).bounds == bounds  # noqa: S301
    assert printed.scaled(0) is printed
    assert printed.scaled(-2).bounds == tuple(pytest.approx(bound / 100, rel=1e-12) for bound in bounds)
    assert printed.scaled(7).bounds == tuple(pytest.approx(bound * 1e7, rel=1e-12) for bound in bounds)


def test_small_numbers_are_covered_to_their_own_digits() -> None:
    printed = Printed("3e-10")
    assert printed.covers(2.6e-10)
    assert not printed.covers(3.6e-10)
    assert not printed.covers(0.0)


def test_copies_keep_the_text() -> None:
    printed = Printed("<0.040")
    assert pickle.loads(pickle.dumps(printed)).text == copy.deepcopy(printed).text == "<0.040"  # noqa: S301
