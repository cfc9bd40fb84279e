"""The hinge type: directions are explicit and reversing is exact."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reappraise.core.comparison import Comparison
from reappraise.core.estimate import Estimate
from reappraise.core.printed import Printed


def contrast(quantity: str, value: float | None, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(
        endpoint="e",
        quantity=quantity,
        numerator="a",
        denominator="b",
        kind="published",
        method="as printed",
        value=value,
        low=low,
        high=high,
        p_value=0.01,
        sides=1,
        prob_benefit=0.9,
    )


@given(st.floats(1e-3, 1e3), st.floats(1, 10), st.sampled_from(["odds_ratio", "risk_ratio", "hazard_ratio"]))
def test_reversing_a_ratio_twice_gives_it_back(value: float, width: float, quantity: str) -> None:
    there = contrast(quantity, value, value / width, value * width).reversed()
    assert (there.numerator, there.denominator) == ("b", "a")
    assert there.low is not None
    assert there.high is not None
    assert there.low <= there.value <= there.high  # type: ignore[operator]
    back = there.reversed()
    assert (back.value, back.low, back.high) == pytest.approx((value, value / width, value * width))
    assert (back.p_value, back.sides, back.prob_benefit) == (0.01, 1, 0.9)


def test_reversing_says_what_was_printed() -> None:
    turned = contrast("odds_ratio", Printed("0.405"), Printed("0.192"), Printed("0.859")).reversed()
    assert "converted from a / b, printed as 0.405 (0.192 to 0.859)" in turned.method
    assert turned.value == pytest.approx(1 / 0.405)
    assert contrast("risk_difference", 0.2, 0.1, 0.3).reversed().low == -0.3
    assert contrast("odds_ratio", 0.0).reversed().value == inf


def test_a_number_without_its_arm_direction_or_name_is_refused() -> None:
    with pytest.raises(ValueError, match="numerator and a denominator"):
        Estimate(endpoint="e", quantity="odds_ratio", kind="published", method="", value=1.0)
    with pytest.raises(ValueError, match="needs its arm"):
        Estimate(endpoint="e", quantity="rate", kind="published", method="", value=0.1)
    with pytest.raises(ValueError, match="unknown quantity"):
        Estimate(endpoint="e", quantity="ods_ratio", kind="published", method="", value=0.1)
    with pytest.raises(ValueError, match="not a number"):
        contrast("odds_ratio", float("nan"))
    with pytest.raises(ValueError, match="no direction"):
        Estimate(endpoint="e", quantity="rate", arm="a", kind="published", method="", value=0.1).reversed()


def test_a_comparison_has_one_direction() -> None:
    forth = contrast("odds_ratio", 2.0)
    with pytest.raises(ValueError, match="one direction"):
        Comparison((forth, forth.reversed()))
    assert Comparison((forth, forth.reversed().reversed())).direction == "a over (or minus) b"


def test_printed_digits_go_through_a_file_and_back(tmp_path: Path) -> None:
    printed = contrast("hazard_ratio", Printed("0.90"), Printed("0.80"), Printed("1.00"))
    difference = contrast("risk_difference", Printed("-0.10"), Printed("-0.20"), Printed("0.00")).reversed()
    exact = replace(printed, endpoint="f", value=1 / 3, low=None, high=None)
    turned = replace(printed, endpoint="g", value=1.25, low=1.0, high=None, turned=True)
    there = Comparison((printed, replace(difference, endpoint="d"), exact, turned))
    path = tmp_path / "comparison.csv"
    path.write_text(there.to_csv(), encoding="utf-8")
    back = Comparison.from_csv(path)
    assert back == there
    first, second, third, fourth = back.estimates
    assert [str(number) for number in (first.value, first.low, first.high)] == ["0.90", "0.80", "1.00"]
    assert [str(number) for number in (second.value, second.low, second.high)] == ["0.10", "0.00", "0.20"]
    assert not isinstance(third.value, Printed)  # a fraction that print does not have
    assert not isinstance(fourth.value, Printed)  # no digits are claimed for the reciprocal of a printed number
    assert back.to_csv() == there.to_csv()
