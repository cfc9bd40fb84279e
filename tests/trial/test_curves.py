"""Digitised curves: mended or refused in words, and inverted to data that give the curve back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.datasets import load_gbsg2, load_leukemia, load_lung, load_rossi

from reappraise.core.errors import AnalysisError
from reappraise.published.curve import Curve, NumbersAtRisk
from reappraise.published.curve_cleaning import check_numbers_at_risk, cleaned
from reappraise.survival.pseudo_ipd.inversion import invert

ROUNDING = 0.0005
"""Half a unit of the third digit, to which the coordinates of the round trips are rounded."""


def data_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    frame, time, event, chosen = {
        "gbsg2": (load_gbsg2, "time", "cens", ("horTh", "no")),
        "gbsg2 treated": (load_gbsg2, "time", "cens", ("horTh", "yes")),
        "lung men": (load_lung, "time", "status", ("sex", 1)),
        "lung women": (load_lung, "time", "status", ("sex", 2)),
        "rossi": (load_rossi, "week", "arrest", ("fin", 0)),
        "leukemia": (load_leukemia, "t", "status", ("Rx", 0)),
        "leukemia, to the last event": (load_leukemia, "t", "status", ("Rx", 1)),
    }[name]
    table = frame()
    table = table[table[chosen[0]] == chosen[1]]
    return table[time].to_numpy(dtype=float), table[event].to_numpy(dtype=bool)


DATA = ("gbsg2", "gbsg2 treated", "lung men", "lung women", "rossi", "leukemia", "leukemia, to the last event")


def kaplan_meier(time: np.ndarray, event: np.ndarray, at: np.ndarray) -> np.ndarray:
    return KaplanMeierFitter().fit(time, event).survival_function_at_times(at).to_numpy()


def read_off(time: np.ndarray, event: np.ndarray, points: int = 100) -> Curve:
    grid = np.linspace(0, time.max(), points)
    survival = kaplan_meier(time, event, grid).round(3)
    return cleaned(Curve(arm="a", time=grid, survival=survival, digitisation_error=ROUNDING))[0]


def risk_table(time: np.ndarray, columns: int = 7) -> NumbersAtRisk:
    times = np.linspace(0, time.max(), columns + 1)[:-1]
    return NumbersAtRisk(arm="a", time=times, number=np.array([(time >= start).sum() for start in times]))


def at_risk(time: np.ndarray, at: np.ndarray) -> np.ndarray:
    return (time >= at[:, None]).sum(axis=1)


def steps_off(time: np.ndarray, event: np.ndarray, curve: Curve) -> float:
    """Largest distance from the coordinates beyond rounding, in steps of one patient (S / n before the coordinate)."""
    got = kaplan_meier(time, event, curve.time)
    one = np.r_[1.0, got[:-1]] / np.maximum(at_risk(time, curve.time), 1)
    return float(((np.abs(got - curve.survival) - ROUNDING) / np.maximum(one, 1e-9)).max())


@pytest.mark.parametrize("events_known", [False, True])
@pytest.mark.parametrize("table", [False, True])
@pytest.mark.parametrize("points", [40, 300])
@pytest.mark.parametrize("name", DATA)
def test_round_trip(name: str, points: int, *, table: bool, events_known: bool) -> None:
    time, event = data_of(name)
    curve = read_off(time, event, points)
    numbers = risk_table(time) if table else None
    known = int(event.sum()) if events_known else None
    new_time, new_event = invert(curve, numbers, total=time.size, events=known)
    assert new_time.shape == new_event.shape == time.shape
    assert (np.diff(new_time) >= 0).all()
    assert new_time[0] > 0
    # half a step is rounding to whole patients; the rest is the step at which single events were exchanged
    assert steps_off(new_time, new_event, curve) <= 1.0
    if numbers is not None:
        assert at_risk(new_time, numbers.time).tolist() == numbers.number.tolist()
        # Guyot et al. found the number of events within a few per cent; coarse coordinates are one patient in ten
        assert new_event.sum() == pytest.approx(event.sum(), rel=0.1, abs=1)
    if known is not None:
        assert new_event.sum() == known


def test_hazard_ratio_survives_the_round_trip() -> None:
    columns: list[np.ndarray] = []
    for arm, name in enumerate(("gbsg2", "gbsg2 treated")):
        time, event = data_of(name)
        known = int(event.sum())
        new_time, new_event = invert(read_off(time, event), risk_table(time), total=time.size, events=known)
        columns.append(np.array([time, event, new_time, new_event, np.full(time.size, arm)]))
    table = np.concatenate(columns, axis=1)

    def log_hazard_ratio(rows: tuple[int, int, int]) -> float:
        frame = load_gbsg2()[["time", "cens"]].iloc[: table.shape[1]].astype(float)
        frame["time"], frame["cens"], frame["arm"] = table[list(rows)]
        return float(CoxPHFitter().fit(frame, "time", "cens").params_["arm"])

    # standard error of the original: 0.125; Guyot et al. report log hazard ratios within 0.02 with numbers at risk
    assert log_hazard_ratio((2, 3, 4)) == pytest.approx(log_hazard_ratio((0, 1, 4)), abs=0.02)


def test_without_numbers_at_risk_nobody_is_censored_before_the_end() -> None:
    time, event = data_of("lung men")
    curve = read_off(time, event)
    new_time, new_event = invert(curve, total=time.size)
    assert set(new_time[~new_event]) <= {curve.time[-1]}


def curve_of(*points: tuple[float, float], error: float = 0.005, time_error: float | None = None) -> Curve:
    time, survival = np.array(points, dtype=float).T
    return Curve(arm="new", time=time, survival=survival, digitisation_error=error, time_error=time_error)


def numbers_of(*rows: tuple[float, int]) -> NumbersAtRisk:
    return NumbersAtRisk(
        arm="new", time=np.array([row[0] for row in rows], dtype=float), number=np.array([row[1] for row in rows])
    )


@pytest.mark.parametrize("table", [None, ((0, 100), (6, 60), (12, 40), (18, 20), (24, 5))])
def test_a_flat_tail_has_no_events(table: tuple[tuple[float, int], ...] | None) -> None:
    noise = [0.402, 0.4, 0.404, 0.401, 0.405, 0.4, 0.403, 0.399]
    dirty = curve_of((0, 1), (3, 0.8), (6, 0.6), (9, 0.41), *zip(range(10, 26, 2), noise, strict=True))
    curve, messages = cleaned(dirty)
    assert len(set(curve.survival[4:])) == 1
    assert "averaged" in messages[0]
    time, event = invert(curve, None if table is None else numbers_of(*table), total=100)
    assert event[time > 10].sum() == 0
    assert event.sum() > 30


MENDED: dict[str, tuple[Curve, list[tuple[float, float]], str]] = {
    "first time below zero": (
        curve_of((-0.1, 1), (10, 0.8), (20, 0.5)),
        [(0, 1), (10, 0.8), (20, 0.5)],
        "1 time slightly below 0 set to 0",
    ),
    "small rise": (
        curve_of((0, 1), (5, 0.8), (6, 0.804), (9, 0.5)),
        [(0, 1), (5, 0.802), (6, 0.802), (9, 0.5)],
        "1 rise within the digitisation error averaged, at time 6",
    ),
    "ringing": (
        curve_of((0, 1), (5, 0.802), (6, 0.797), (7, 0.804), (8, 0.8), (20, 0.4), (21, 0.3)),
        [(0, 1), (5, 0.802), (6, 0.8005), (7, 0.8005), (8, 0.8), (20, 0.4), (21, 0.3)],
        "1 rise within the digitisation error averaged, at time 7",
    ),
    "points on a riser": (
        curve_of((0, 1), (5, 0.9), (5.01, 0.62), (5.02, 0.7), (5.03, 0.6), (9, 0.5)),
        [(0, 1), (5, 0.9), (5.01, 0.66), (5.02, 0.66), (5.03, 0.6), (9, 0.5)],
        "1 rise within the digitisation error averaged, at time 5.02",
    ),
    "both ends of a step": (
        curve_of((0, 1), (5, 1), (5, 0.8), (9, 0.8)),
        [(0, 1), (5, 0.8), (9, 0.8)],
        "the lowest survival was kept, at time 5",
    ),
    "out of order": (curve_of((0, 1), (9, 0.5), (5, 0.8)), [(0, 1), (5, 0.8), (9, 0.5)], "out of order"),
    "no start": (curve_of((1, 0.98), (9, 0.5)), [(0, 1), (1, 0.98), (9, 0.5)], "the start, survival 1 at time 0"),
    "start below 1": (curve_of((0, 0.98), (5, 0.97), (9, 0.5)), [(0, 1), (5, 0.97), (9, 0.5)], "from 0.98 to 1"),
    "slightly outside": (curve_of((0, 1.003), (9, -0.002)), [(0, 1), (9, 0)], "outside 0 to 1 by no more than 0.005"),
}


@pytest.mark.parametrize("name", MENDED)
def test_what_can_be_mended_is_and_says_so(name: str) -> None:
    dirty, expected, message = MENDED[name]
    curve, messages = cleaned(dirty)
    assert len(messages) == 1
    assert message in messages[0]
    assert messages[0].startswith("new: ")
    assert np.column_stack([curve.time, curve.survival]) == pytest.approx(np.array(expected), abs=1e-12)
    assert cleaned(curve)[1] == ()


def test_a_clean_curve_stays_as_it_is() -> None:
    curve = curve_of((0, 1), (5, 0.8), (6, 0.8), (9, 0.5))
    clean, messages = cleaned(curve, at_risk=numbers_of((0, 40), (6, 30)), total=40, longest_follow_up=9.05)
    assert messages == ()
    assert clean.survival.tolist() == curve.survival.tolist()


FALL = ((0, 1), (5, 0.8), (6, 0.8), (10, 0.5), (20, 0.5))
REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "percent": (lambda: cleaned(curve_of((0, 100), (9, 50))), "up to 100: percent? Divide it by 100"),
    "clearly negative time": (lambda: cleaned(curve_of((-1, 1), (9, 0.5))), "got -1 on an axis up to 9"),
    "no time above 0": (lambda: cleaned(curve_of((0, 1), (0, 0.9))), "times above 0"),
    "rise": (
        lambda: cleaned(curve_of((0, 1), (5, 0.5), (6, 0.6), (9, 0.4))),
        "from 0.5 at time 5 to 0.6 at time 6. Correct those coordinates, or state a digitisation error of 0.05, which",
    ),
    "slow rise": (
        lambda: cleaned(curve_of((0, 1), (5, 0.5), (6, 0.507), (7, 0.514))),
        "from 0.5 at time 5 to 0.514 at time 7. Correct those coordinates, or state a digitisation error of 0.007",
    ),
    "several rises": (
        lambda: cleaned(curve_of((0, 1), (5, 0.5), (6, 0.8), (7, 0.6), (8, 0.9))),
        "from 0.5 at time 5 to 0.9 at time 8, and rises so at 2 more. Correct those coordinates; of a cumulative",
    ),
    "rise beyond the error in time": (
        lambda: cleaned(curve_of((0, 1), (5, 0.5), (5.1, 0.6), (9, 0.4))),
        "from 0.5 at time 5 to 0.6 at time 5.1",
    ),
    "error in time": (lambda: curve_of((0, 1), (9, 0.5), time_error=2), "from 0 to 0.9, a tenth of the time axis"),
    "out of order and rising": (lambda: cleaned(curve_of((0, 1), (9, 0.8), (5, 0.5))), "even after sorting"),
    "incidence": (lambda: cleaned(curve_of((0, 0), (5, 0.2), (9, 0.5))), "starts at 1"),
    "late and low start": (lambda: cleaned(curve_of((3, 0.7), (9, 0.5))), "first coordinate of 0.7 at time 3"),
    "above 1": (lambda: cleaned(curve_of((0, 1.02), (9, 0.5))), "from 0 to 1 within 0.005, got 1.02 at time 0"),
    "below 0": (lambda: cleaned(curve_of((0, 1), (9, -0.02))), "got -0.02 at time 9"),
    "start alone": (lambda: cleaned(curve_of((-0.001, 1), (0.5, 1), (-0.2, 1))), "got -0.2"),
    "not finite": (lambda: curve_of((0, 1), (9, np.nan)), "finite"),
    "error in percent": (lambda: curve_of((0, 1), (9, 0.5), error=0.5), "a fraction, not percent"),
    "stops early": (lambda: cleaned(curve_of(*FALL), longest_follow_up=30), "If it is flat from there on, add (30, 0"),
    "rising numbers": (lambda: numbers_of((0, 40), (5, 41)), "got 40 at time 0 and 41 at 5"),
    "negative number": (lambda: numbers_of((0, 40), (5, -1)), "from 0 on, got -1"),
    "times out of order": (lambda: numbers_of((0, 40), (5, 30), (5, 29)), "got 5 after 5"),
    "other total": (lambda: cleaned(curve_of(*FALL), at_risk=numbers_of((0, 40)), total=41), "expected 41 patients"),
    "more than the total": (lambda: cleaned(curve_of(*FALL), at_risk=numbers_of((1, 50)), total=41), "expected 41"),
    "more than the curve leaves": (
        lambda: cleaned(curve_of(*FALL), at_risk=numbers_of((0, 100), (5.5, 80), (15, 60))),
        "of 100 patients at risk at time 0 the curve leaves at most 50 at time 15, but 60 are at risk: 10 too many",
    ),
    "fewer events than the fall needs": (
        lambda: cleaned(curve_of(*FALL), at_risk=numbers_of((0, 100), (5.5, 50), (15, 45))),
        "14 too many",
    ),
    "fall with nobody at risk": (
        lambda: cleaned(curve_of(*FALL), at_risk=numbers_of((0, 9), (6, 0))),
        "nobody is at risk at time 6",
    ),
    "not cleaned": (lambda: invert(curve_of((1, 0.9), (9, 0.5)), total=10), "cleaned curve"),
    "nobody": (lambda: invert(curve_of(*FALL), total=0), "at least one patient"),
    "more events than patients": (lambda: invert(curve_of(*FALL), total=10, events=11), "0 to 10 events"),
    "more events than the curve has": (lambda: invert(curve_of(*FALL), total=100, events=60), "about 50 events"),
    "no events in a fall": (lambda: invert(curve_of(*FALL), total=100, events=0), "got 0 of 100"),
    "events of a flat curve": (lambda: invert(curve_of((0, 1), (9, 1)), total=100, events=2), "about 0 events"),
    "events against numbers at risk": (
        lambda: invert(curve_of(*FALL), numbers_of((0, 100), (5.5, 80), (15, 49)), total=100, events=20),
        "and the numbers at risk, got 20",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_mended_is_refused_with_its_place(name: str) -> None:
    attempt, reason = REFUSED[name]
    with pytest.raises(AnalysisError) as caught:
        attempt()
    assert reason in str(caught.value)
    assert str(caught.value).startswith("new: ")


def test_a_curve_that_stops_a_little_early_is_taken_as_flat() -> None:
    _, messages = cleaned(curve_of(*FALL), at_risk=numbers_of((0, 100), (22, 5), (30, 0)))
    assert len(messages) == 1
    assert "stops at time 20, but patients are followed up to 22; it is taken as flat" in messages[0]


@pytest.mark.parametrize("table", [((6, 60), (12, 30)), ((12, 40),)])
def test_risk_tables_may_start_late(table: tuple[tuple[float, int], ...]) -> None:
    curve, _ = cleaned(curve_of(*FALL), at_risk=numbers_of(*table), total=100)
    time, event = invert(curve, numbers_of(*table), total=100)
    assert time.size == 100
    assert at_risk(time, numbers_of(*table).time).tolist() == [number for _, number in table]
    assert event.sum() > 20
    with pytest.raises(AnalysisError, match="too many"):
        cleaned(curve_of(*FALL), at_risk=numbers_of((15, 90)), total=100)


@st.composite
def observed(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    size = draw(st.integers(3, 150))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    end = draw(st.sampled_from([5.0, 20.0, 60.0]))
    survival, censoring = random.weibull(draw(st.sampled_from([0.6, 1.0, 2.0])), (2, size)) * [[12.0], [40.0]]
    time = np.maximum(np.minimum(np.minimum(survival, censoring), end), 0.01)
    if draw(st.booleans()):
        time = np.ceil(time)
    return time, (survival <= censoring) & (survival <= end)


@settings(max_examples=100)
@given(
    data=observed(),
    points=st.integers(40, 120),
    columns=st.integers(2, 9),
    events_known=st.booleans(),
    noise=st.sampled_from([0.0, 0.002, 0.008]),
)
def test_any_data_come_back(
    data: tuple[np.ndarray, np.ndarray], points: int, columns: int, *, events_known: bool, noise: float
) -> None:
    time, event = data
    grid = np.linspace(0, time.max(), points)
    exact = kaplan_meier(time, event, grid)
    survival = np.clip(exact + np.random.default_rng(points).uniform(-noise, noise, points), 0, 1)
    numbers = risk_table(time, columns)
    dirty = Curve(arm="a", time=grid, survival=survival, digitisation_error=noise)
    curve, _ = cleaned(dirty, at_risk=numbers, total=time.size)
    assert (np.diff(curve.survival) <= 0).all()
    assert np.abs(curve.survival - exact).max() <= 2 * noise + 1e-9
    known = int(event.sum()) if events_known else None
    for table in (numbers, None):
        new_time, new_event = invert(curve, table, total=time.size, events=known)
        assert new_time.size == time.size
        assert new_time.min() > 0
        gaps = np.searchsorted(curve.time, new_time[new_event])
        assert (curve.survival[gaps] < curve.survival[gaps - 1]).all()
        if table is not None:
            assert at_risk(new_time, table.time).tolist() == table.number.tolist()
        if known is not None:
            assert new_event.sum() == known


def test_numbers_at_risk_of_another_arm_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="of one arm"):
        check_numbers_at_risk(numbers_of((0, 40)), read_off(*data_of("leukemia")))
