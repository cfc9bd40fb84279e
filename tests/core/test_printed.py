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


@pytest.mark.parametrize("text", ["", "abc", "1,5", "nan", "inf", "1e3", "< 0.1 or so", "--1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Printed(text)


@pytest.mark.parametrize("value", [True, None, 0.5, [1]])
def test_what_has_lost_its_digits_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a printed number"):
        Printed.parse(value)


def test_copies_keep_the_text() -> None:
    printed = Printed("<0.040")
    assert pickle.loads(pickle.dumps(printed)).text == copy.deepcopy(printed).text == "<0.040"  # noqa: S301
