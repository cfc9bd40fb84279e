"""Targets of a digitised curve: what the coordinates say, within the errors in height and in time, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reappraise.published.curve import Curve
from reappraise.published.curve_cleaning import cleaned
from reappraise.survival.classical.kaplan_meier import kaplan_meier
from reappraise.survival.curve_not_kept import CurveNotKeptError
from reappraise.survival.pseudo_ipd.curve_targets import curve_targets
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.pseudo_ipd.targets import Target


def targets(curve: Curve) -> list[Target]:
    return list(curve_targets(curve, (), arm=0, total=20, unit="months", name="new"))


def survival(time: np.ndarray, at: np.ndarray) -> np.ndarray:
    curve = kaplan_meier(time, np.ones(time.size, dtype=bool))
    return np.r_[1.0, curve.survival][np.searchsorted(curve.time, at, side="right")]


@given(seed=st.integers(0, 2**32 - 1), error=st.sampled_from([0.002, 0.01]), within=st.sampled_from([0.0, 0.05, 0.3]))
def test_the_curve_that_was_digitised_keeps_them_whatever_it_was(seed: int, error: float, within: float) -> None:
    random = np.random.default_rng(seed)
    time = np.sort(random.exponential(8.0, 20)).round(1) + 0.1
    read = np.sort(random.uniform(0, time.max(), 60))
    printed = survival(time, read)
    # a third of the coordinates lie on a riser, at any height of it
    risers = random.choice(np.unique(time), 20)
    read = np.r_[0.0, read, risers]
    ends = survival(time, risers - 1e-9), survival(time, risers)
    printed = np.r_[1.0, printed, ends[1] + random.uniform(0, 1, 20) * (ends[0] - ends[1])]
    off = random.uniform(-1, 1, (2, read.size))
    off[:, 0] = 0
    moved = np.maximum(read + within * off[0], 0.0)
    height = np.clip(printed + error * off[1], 0, 1)
    dirty = Curve(arm="new", time=moved, survival=height, digitisation_error=error * 1.0001, time_error=within * 1.0001)
    # without an error in time a coordinate on a riser stands at its time, where the printed curve is at its foot
    if within == 0.0:
        dirty = Curve(arm="new", time=moved[:61], survival=height[:61], digitisation_error=error * 1.0001, time_error=0)
    clean, messages = cleaned(dirty)
    flat = any("averaged" in said for said in messages)
    for target in targets(clean):
        value = float(survival(time, np.array([target.at]))[0])
        # a tail within the error is read as flat, which a fall in it may miss by as much again
        assert target.miss(value) <= (2 * error if flat else 1e-9)


def test_a_riser_bounds_the_curve_before_and_after_it() -> None:
    time, survival = np.array([0, 5, 5.02, 5.04, 10]), np.array([1, 1, 0.9, 0.8, 0.8])
    curve = Curve(arm="new", time=time, survival=survival, digitisation_error=0.01, time_error=0.1)
    found = {round(target.at, 9): (round(target.low, 9), round(target.high, 9)) for target in targets(curve)}
    assert found[4.9] == (0.99, 1.01)
    assert found[5.14] == (0.79, 0.81)
    assert found[4.92] == (0.89, 1.01)
    assert 5.0 not in found


@pytest.mark.parametrize("within", [0.0, 0.1])
def test_a_flat_stretch_is_held_at_both_ends(within: float) -> None:
    time, survival = np.array([0, 5, 6, 7, 8, 9]), np.array([1, 0.8, 0.8, 0.8, 0.8, 0.5])
    curve = Curve(arm="new", time=time, survival=survival, digitisation_error=0.01, time_error=within)
    assert [round(target.at, 9) for target in targets(curve)] == [5 + within, 8 - within, 9 - within, 9 + within][
        : 4 if within else 3
    ]


def test_without_a_stated_error_times_are_doubted_on_risers_alone() -> None:
    time = np.array([0, 3, 10, 10.3, 10.6, 10.9, 11.5, 11.8, 13, 30, 60])
    survival = np.array([1, 1, 0.9, 0.89, 0.84, 0.838, 0.837, 0.836, 0.83, 0.6, 0.5])
    curve = Curve(arm="new", time=time, survival=survival, digitisation_error=0.01)
    assert curve.within == pytest.approx([0, 0, 0.3, 0.3, 0.3, 0.3, 0.0, 0, 0, 0, 0], abs=1e-9)
    for moved in (time - curve.within, time + curve.within):
        assert (np.diff(moved) >= -1e-12).all()


def test_where_no_data_keep_a_curve_the_error_that_would_is_named() -> None:
    found = [
        Target(statistic="survival", low=0.81, high=0.82, scale=0.1, at=2.98, text="curve of a at 2.98 months"),
        Target(statistic="survival", low=0.7, high=0.72, scale=0.1, at=4, text="curve of a at 4 months"),
        Target(statistic="at risk", arm=1, low=9.6, high=10.4, scale=2, at=6, text="10 at risk of b at 6 months"),
    ]
    asked = Summaries(
        endpoint="os",
        arms=("a", "b"),
        unit="months",
        totals=(21, 21),
        events=(None, None),
        targets=tuple(found),
        horizon=24.0,
        origin="curve",
    )
    said = str(CurveNotKeptError(asked, tuple(zip(found, (0.8095, 0.7201, 11.0), strict=True))))
    assert (
        "miss 2 coordinates of a, most that of the curve of a at 2.98 months: 0.8095 in place of 0.81 to 0.82." in said
    )
    assert "larger by 0.0005 would allow for that" in said
    assert "They also miss 10 at risk of b at 6 months: nearest 11, expected 9.6 to 10.4." in said
    assert len(said) < 800
