"""Statistics of the compiled core against lifelines and against counting."""

from __future__ import annotations

from dataclasses import replace
from math import inf, log

import numpy as np
import pytest
from lifelines import CoxPHFitter
from lifelines.statistics import logrank_test
from pandas import DataFrame

from reappraise.survival.classical.follow_up import follow_up
from reappraise.survival.classical.kaplan_meier import Scale, kaplan_meier, median, quantile, survival_at
from reappraise.survival.pseudo_ipd.statistics import FARTHEST, evaluate, scratch
from reappraise.survival.pseudo_ipd.targets import BOTH_ARMS, STATISTICS, Statistic, Target, Transform, specification

HORIZON = 24.0
SCALES: dict[Transform, Scale] = {"log-log": "log-log", "log": "log", "plain": "plain"}
EXACT = 1e-9
"""Sums of the same terms in another order."""
COX = 1e-6
"""Newton's method stops after a step below 1e-7; lifelines is asked for more digits than by default."""

type Data = tuple[np.ndarray, np.ndarray, np.ndarray]


def draw(seed: int, totals: tuple[int, int] = (30, 21), *, events: float = 0.6, unit: float = 0.0) -> Data:
    """Random data, their times tied at multiples of a unit where one is given."""
    rng = np.random.default_rng(seed)
    arm = np.repeat(np.array([0, 1], dtype=np.int8), totals)
    time = np.minimum(rng.exponential(np.where(arm == 1, 16.0, 10.0)), HORIZON)
    time = np.ceil(time / unit) * unit if unit else time
    return time, (rng.random(arm.size) < events) & (time < HORIZON), arm


def target(statistic: Statistic, arm: int = 0, **choices: object) -> Target:
    return Target(**{"low": -50.0, "high": 50.0, "scale": 1.0, "text": "", **choices}, statistic=statistic, arm=arm)  # type: ignore[arg-type]


def evaluated(data: Data, targets: tuple[Target, ...], budget: float = inf) -> tuple[float, np.ndarray, np.ndarray]:
    time, event, arm = data
    totals = np.array([(arm == 0).sum(), (arm == 1).sum()], dtype=np.int64)
    order = np.lexsort((~event, time))
    values, cox, work = np.full(len(targets), np.nan), np.zeros(2), scratch(time.size)
    spec = specification(targets, int(totals.max()), HORIZON)
    misfit = evaluate(time[order], event[order], arm[order], totals, spec, HORIZON, budget, cox, work, values)
    return misfit, values, cox


@pytest.mark.parametrize("transform", SCALES)
@pytest.mark.parametrize("seed", range(6))
def test_curves_their_medians_and_limits(transform: Transform, seed: int) -> None:
    data = draw(seed, events=(0.3, 0.6, 0.95)[seed % 3])
    at = (0.5, 3.0, 8.0, 15.0, 23.9)
    names: tuple[Statistic, ...] = ("survival", "survival low", "survival high")
    crossings: tuple[Statistic, ...] = ("quantile", "quantile low", "quantile high")
    for arm in (0, 1):
        own = data[2] == arm
        curve = kaplan_meier(data[0][own], data[1][own])
        read = tuple(target(name, arm, at=t, transform=transform) for t in at for name in names)
        crossed = tuple(target(name, arm, transform=transform) for name in crossings)
        _, values, _ = evaluated(data, (*crossed, *read))
        expected = median(curve, scale=SCALES[transform])
        assert tuple(values[:3]) == (expected.value, expected.low, expected.high)
        for t, found in zip(at, values[3:].reshape(-1, 3), strict=True):
            if t <= curve.known_until:
                landmark = survival_at(curve, t, scale=SCALES[transform])
                known = landmark.low is not None and landmark.high is not None
                limits = (landmark.low, landmark.high) if known else (landmark.value, landmark.value)
                assert found == pytest.approx([landmark.value, *limits], abs=EXACT)


@pytest.mark.parametrize("transform", SCALES)
@pytest.mark.parametrize("unit", [0.0, 0.5, 3.0])
def test_quantiles_are_those_of_the_classical_estimate(transform: Transform, unit: float) -> None:
    names: tuple[Statistic, ...] = ("quantile", "quantile low", "quantile high")
    probabilities = (0.25, 0.5, 0.8)
    targets = tuple(target(name, 0, at=p, transform=transform) for p in probabilities for name in names)
    middles = endless = 0
    for seed in range(150):
        # of four, eight or sixteen patients, all or nearly all with the event, many curves stand at 1/2 or end at 0
        time, event, arm = draw(seed, ((4, 8, 16, 15)[seed % 4], 3), events=(1.0, 0.9, 0.6)[seed % 3], unit=unit)
        curve = kaplan_meier(time[arm == 0], event[arm == 0])
        _, values, _ = evaluated((time, event, arm), targets)
        for probability, found in zip(probabilities, values.reshape(-1, 3), strict=True):
            expected = quantile(curve, probability, scale=SCALES[transform])
            assert found == pytest.approx([expected.value, expected.low, expected.high], abs=EXACT)
            middles += expected.value < inf and expected.value not in time
            endless += curve.survival[-1] == 0 and expected.high == inf
    assert min(middles, endless) > 20


@pytest.mark.parametrize("unit", [0.0, 0.5, 3.0])
def test_the_reverse_median_is_that_of_the_classical_estimate(unit: float) -> None:
    targets = (target("follow-up median (reverse Kaplan-Meier)"),)
    middles = 0
    for seed in range(150):
        time, event, arm = draw(seed, ((4, 8, 16, 15)[seed % 4], 3), events=(0.0, 0.1, 0.4)[seed % 3], unit=unit)
        expected = follow_up(time[arm == 0], event[arm == 0], scale="log-log").median.value
        assert evaluated((time, event, arm), targets)[1] == pytest.approx([expected], abs=EXACT)
        middles += expected < inf and expected not in time
    assert middles > 10


@pytest.mark.parametrize("seed", range(4))
def test_hazard_ratio_and_log_rank(seed: int) -> None:
    time, event, arm = draw(seed)
    z = 1.6448536269514722
    statistics: tuple[Statistic, ...] = (
        "log hazard ratio",
        "log hazard ratio low",
        "log hazard ratio high",
        "log-rank z",
    )
    _, values, cox = evaluated((time, event, arm), tuple(target(name, z=z) for name in statistics))
    table = DataFrame({"time": time, "event": event, "arm": arm})
    fit = CoxPHFitter(alpha=0.1).fit(table, "time", "event", fit_options={"precision": 1e-14})
    row = fit.summary.loc["arm"]
    assert cox == pytest.approx([row["coef"], row["se(coef)"]], abs=COX)
    assert values[:3] == pytest.approx([row["coef"], row["coef lower 90%"], row["coef upper 90%"]], abs=COX)
    treated = arm == 1
    chi_square = logrank_test(time[~treated], time[treated], event[~treated], event[treated]).test_statistic
    assert values[3] ** 2 == pytest.approx(chi_square, abs=EXACT)
    assert np.sign(values[3]) == np.sign(row["coef"])


@pytest.mark.parametrize("totals", [(30, 21), (7, 8), (1, 1)])
def test_follow_up_and_counts(totals: tuple[int, int]) -> None:
    time, event, arm = draw(5, totals)
    names: tuple[Statistic, ...] = (
        "follow-up median",
        "follow-up minimum",
        "follow-up maximum",
        "follow-up median (reverse Kaplan-Meier)",
        "events",
        "at risk",
    )
    for of_arm in (0, 1):
        own, happened = time[arm == of_arm], event[arm == of_arm]
        reverse = follow_up(own, happened, scale="log-log").median.value
        expected = (np.median(own), own.min(), own.max(), reverse, happened.sum(), (own > 6.0).sum())
        targets = tuple(target(name, of_arm, at=6.0 if name == "at risk" else 0.5) for name in names)
        _, values, _ = evaluated((time, event, arm), targets)
        assert values == pytest.approx(expected, abs=EXACT)


def test_the_misfit_sums_squares_of_misses_in_units_of_scale() -> None:
    data = draw(3)
    targets = (
        target("events", 0, low=100.0, high=101.0, scale=10.0),
        target("log-rank z", low=30.0, high=31.0, scale=2.0),
        target("log hazard ratio", low=-2.0, high=-1.5, scale=0.5),
        target("survival", 1, at=6.0, low=0.0, high=1.0),
    )
    misfit, values, _ = evaluated(data, targets)
    misses = [one.miss(float(value)) / one.scale for one, value in zip(targets, values, strict=True)]
    assert misses[3] == 0 < min(misses[:3])
    assert misfit == pytest.approx(sum(miss**2 for miss in misses))
    assert evaluated(data, targets, budget=misfit * 0.5)[0] > misfit * 0.5
    assert evaluated(data, targets, budget=misfit * 1.01)[0] == pytest.approx(misfit)


def test_not_reached_is_missed_by_more_the_earlier_the_crossing() -> None:
    arm = np.array([0, 0, 0, 0, 1], dtype=np.int8)
    never = (target("quantile", 0, low=inf, high=inf, scale=2.0),)
    misfits = []
    for last in (10.0, 20.0):
        data = (np.array([1.0, last, 22.0, 23.0, 5.0]), np.array([True, True, False, False, False]), arm)
        misfits.append(evaluated(data, never)[0])
    assert misfits == pytest.approx([(1 + 14 / 2) ** 2, (1 + 4 / 2) ** 2])
    data = (np.array([1.0, 10.0, 22.0, 23.0, 5.0]), np.array([True, False, False, False, False]), arm)
    assert evaluated(data, never)[0] == 0
    assert evaluated(data, (target("quantile", 0, low=9.0, high=11.0, scale=2.0),))[0] == ((24 + 2 - 11) / 2) ** 2


@pytest.mark.parametrize("totals", [(6, 5), (1, 1)])
@pytest.mark.parametrize("happened", [(False, False), (True, False), (False, True), (True, True)])
def test_arms_without_events_and_of_one_patient(totals: tuple[int, int], happened: tuple[bool, bool]) -> None:
    time, _, arm = draw(2, totals)
    data = (time, np.array(happened)[arm], arm)
    targets = tuple(target(name, a, at=0.5) for name in STATISTICS for a in ((0,) if name in BOTH_ARMS else (0, 1)))
    misfit, values, _ = evaluated(data, targets)
    assert misfit >= 0
    assert not np.isnan(values).any()
    by_name = {(one.statistic, one.arm): value for one, value in zip(targets, values, strict=True)}
    for a in (0, 1):
        assert by_name["events", a] == totals[a] * happened[a]
        assert (by_name["quantile", a] < inf) == happened[a]
    if happened == (False, False):
        assert by_name["log-rank z", 0] == 0
    if happened != (True, True):
        assert abs(by_name["log hazard ratio", 0]) == FARTHEST


def test_a_limit_is_not_reached_where_the_curve_falls_to_zero() -> None:
    arm = np.array([0, 0, 0, 0, 1], dtype=np.int8)
    data = (np.array([1.0, 2.0, 3.0, 5.0, 4.0]), np.array([True, True, True, True, False]), arm)
    for transform in SCALES:
        asked = target("quantile high", 0, transform=transform)
        # whichever way the limit was printed: a printed 5 asks for other data, and "not reached" is kept
        misfit, values, _ = evaluated(data, (replace(asked, low=inf, high=inf), replace(asked, low=4.95, high=5.05)))
        assert values.tolist() == [inf, inf]
        assert misfit > 1
        assert evaluated(data, (replace(asked, low=inf, high=inf),))[0] == 0
    lone = (np.array([3.0, 4.0]), np.array([True, False]), np.array([0, 1], dtype=np.int8))
    assert evaluated(lone, (target("quantile low", 0), target("quantile", 0)))[1].tolist() == [inf, 3.0]


def test_the_estimate_does_not_depend_on_where_it_starts() -> None:
    time, event, arm = draw(8)
    order = np.argsort(time)
    targets = (target("log hazard ratio"),)
    spec = specification(targets, 30, HORIZON)
    found = []
    for start in (0.0, 4.0, -4.0, 20.0, -20.0):
        values, cox, work = np.empty(1), np.array([start, 1.0]), scratch(time.size)
        totals = np.array([30, 21])
        evaluate(time[order], event[order], arm[order], totals, spec, HORIZON, inf, cox, work, values)
        found.append(values[0])
    assert found == pytest.approx([found[0]] * 5, abs=COX)


def test_a_mirrored_target_is_met_by_mirrored_data() -> None:
    time, event, arm = draw(4)
    targets = (
        target("log hazard ratio low", low=log(0.3), high=log(0.4)),
        target("log-rank z", low=-3.0, high=-2.5),
        target("quantile", 1, low=3.0, high=4.0),
        target("events", 0, low=1.0, high=2.0),
    )
    swapped = (time, event, (1 - arm).astype(np.int8))
    mirrored = tuple(one.mirrored() for one in targets)
    assert evaluated(swapped, mirrored)[0] == pytest.approx(evaluated((time, event, arm), targets)[0], abs=COX)
