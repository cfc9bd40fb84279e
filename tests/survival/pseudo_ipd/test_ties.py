"""Numbers of data with tied times are held as far as continuous times can stand for them, and the notes say so."""

from __future__ import annotations

from dataclasses import replace
from math import inf, log

import numpy as np
import pytest
from scipy.stats import norm

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.sampling import Effort
from reappraise.published.patients import PatientData
from reappraise.survival.classical.cox import hazard_ratio
from reappraise.survival.classical.log_rank import log_rank
from reappraise.survival.hazard import HazardPrior
from reappraise.survival.pseudo_ipd.publish import PRINTED, publish
from reappraise.survival.pseudo_ipd.recompute import replicate_statistics
from reappraise.survival.pseudo_ipd.reconstruct import NotFoundError, reconstruct
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.pseudo_ipd.targets import BOTH_ARMS, Target

HORIZON = 30.0
PRIOR = HazardPrior(effect=LogRatioPrior("test", "Test", -0.2, 0.7, "For tests.", "hazard"), median=12.0)
DAY = 1 / 30.4375


def tied(seed: int, unit: float, patients: int = 60) -> PatientData:
    """Exponential times of two arms, found at the next multiple of a unit; unit 0 for times as they are."""
    rng = np.random.default_rng(seed)
    arm = np.repeat(np.array([0, 1], dtype=np.int8), (patients, patients))
    happening = rng.exponential(np.where(arm == 1, 16.0, 10.0))
    ending = np.minimum(rng.uniform(12.0, 36.0, arm.size), HORIZON)
    time = np.minimum(happening, ending)
    time = np.minimum(np.ceil(time / unit) * unit, HORIZON) if unit else time
    return PatientData.known(time, (happening < ending) & (time < HORIZON), arm, endpoint="tied")


def printed(data: PatientData) -> Summaries:
    return publish(data, landmarks=(12.0,), horizon=HORIZON, minimum_follow_up=12.0, rounded="up")


def reached_by_some_order(data: PatientData, targets: tuple[Target, ...], orders: int = 400) -> bool:
    """Whether the data with their tied events a moment apart, in some random order, keep every bound."""
    rng = np.random.default_rng(1)
    time = np.repeat(data.time, orders, axis=1)
    event = np.repeat(data.event, orders, axis=1)
    time = np.where(event, time - 1e-4 * rng.random(time.shape), time)
    values = replicate_statistics(replace(data, time=time, event=event), targets)[0]
    low, high = ([getattr(target, name) for target in targets] for name in ("low", "high"))
    return bool(((low <= values) & (values <= high)).all(axis=1).any())


def to_the_digit(data: PatientData, summaries: Summaries) -> tuple[Target, ...]:
    """The targets with comparisons of the arms to their printed digits: hazard ratios to 0.01, p to 0.001."""
    time, event = data.time[0, 0], data.event[0, 0]
    ratio = hazard_ratio(time, event, data.arm)
    p = round(float(norm.cdf(log_rank(time, event, data.arm, better="higher").z)), 3)
    bounds = {"log-rank z": (float(norm.ppf(max(p - 0.0005, 0.0))), float(norm.ppf(p + 0.0005)))}
    for part, value in (("", ratio.value), (" low", ratio.low), (" high", ratio.high)):
        bounds[f"log hazard ratio{part}"] = (log(round(value, 2) - 0.005), log(round(value, 2) + 0.005))
    return tuple(
        replace(target, low=bounds[target.statistic][0], high=bounds[target.statistic][1])
        if target.statistic in bounds
        else target
        for target in summaries.targets
    )


@pytest.mark.parametrize("unit", [DAY, 0.5, 1.0, 2.0, 3.0])
def test_data_in_the_order_of_their_ties_keep_the_bounds(unit: float) -> None:
    for seed in range(12):
        data = tied(seed, unit)
        assert reached_by_some_order(data, printed(data).targets)


def test_of_some_data_no_order_keeps_the_printed_digits() -> None:
    # of 24 such data sets none with ties at days or half months, two at months, five at two and six at three months
    for seed in (1, 14, 21, 22):
        data = tied(seed, 3.0)
        assert not reached_by_some_order(data, to_the_digit(data, printed(data)))


def test_tied_events_are_printed_as_programs_have_them() -> None:
    data = tied(2, 2.0)
    time, event = data.time[0, 0], data.event[0, 0]
    summaries = printed(data)
    found = {target.statistic: target for target in summaries.targets}
    ratio = hazard_ratio(time, event, data.arm, ties="Efron")
    middle = (found["log hazard ratio"].low + found["log hazard ratio"].high) / 2
    assert middle == pytest.approx(ratio.log_value, abs=0.01)
    z = log_rank(time, event, data.arm, better="higher").z
    assert found["log-rank z"].low < z < found["log-rank z"].high
    # the median of 8 months to two months and no better, and all that in the notes
    control = next(target for target in summaries.targets if target.statistic == "quantile" and target.arm == 0)
    assert (control.low, control.high) == pytest.approx((6.0, 8.05))
    (note,) = summaries.notes
    assert "every 2 months" in note
    assert all(target.text in note for target in summaries.targets if target.statistic in BOTH_ARMS)
    assert "survival at 12" not in note


def test_untied_data_are_printed_to_the_last_digit() -> None:
    summaries = printed(tied(2, 0.0))
    assert summaries.notes == ()
    for target in summaries.targets:
        if target.statistic.startswith("quantile") and target.high < inf:
            assert target.high - target.low == pytest.approx(PRINTED[target.statistic])


def test_ties_widen_what_they_leave_open_and_nothing_else() -> None:
    made = Summaries(
        endpoint="pfs",
        arms=("old", "new"),
        unit="months",
        totals=(20, 14),
        events=(15, 7),
        targets=(
            Target(statistic="quantile", low=7.95, high=8.05, scale=2.0, text="median"),
            Target(statistic="quantile high", low=inf, high=inf, scale=2.0, text="limit"),
            Target(statistic="survival", low=0.395, high=0.405, at=12.0, scale=0.1, text="survival"),
            Target(statistic="log hazard ratio", low=-0.7, high=-0.6, scale=0.4, text="hazard ratio"),
            Target(statistic="follow-up maximum", low=20.5, high=21.5, scale=1.0, text="longest follow-up"),
        ),
        horizon=24.0,
    )
    order = (1 - 0.5 ** (1 / 8)) / 2
    for rounded, expected in (("nearest", (7.5, 8.5)), ("up", (7.0, 8.05))):
        median, limit, survival, ratio, longest = made.tied(1.0, rounded=rounded).targets  # type: ignore[arg-type]
        assert (median.low, median.high) == pytest.approx(expected)
        assert (limit, survival) == made.targets[1:3]
        assert (ratio.low, ratio.high) == pytest.approx((-0.7 - 0.4 * order, -0.6 + 0.4 * order))
        assert (longest.low, longest.high) == pytest.approx((20.5, 21.5) if rounded == "nearest" else (20.0, 21.5))
    without = replace(made, targets=made.targets[1:3])
    assert without.tied(1.0) is without
    shares = replace(made, targets=made.targets[3:4]).tied(24.0).targets[0]
    assert shares.high == pytest.approx(-0.6 + 0.4 * 0.75 / 2)
    with pytest.raises(AnalysisError, match="multiples of a time above 0, got -1"):
        made.tied(-1.0)


@pytest.mark.sampling
@pytest.mark.parametrize(("seed", "unit"), [(4, 3.0), (35, 2.0)])
def test_a_median_that_equals_its_own_limit_is_reached(seed: int, unit: float) -> None:
    effort = Effort(chains=2, replicates=10, thin=5, rounds=2, patience=20)
    data = tied(seed, unit)
    summaries = printed(data)
    by_name = {(target.statistic, target.arm): target.high for target in summaries.targets}
    assert by_name["quantile", 0] in {by_name["quantile low", 0], by_name["quantile high", 0]}
    found = reconstruct(summaries, prior=PRIOR, seed=1, effort=effort)
    assert found.held
    assert found.summaries.notes == summaries.notes


@pytest.mark.sampling
def test_comparisons_to_the_digit_are_what_stands_in_the_way_of_tied_data() -> None:
    effort = Effort(chains=2, replicates=10, thin=5, rounds=2, patience=4)
    data = tied(1, 3.0)
    summaries = printed(data)
    asked = replace(summaries, targets=to_the_digit(data, summaries), notes=())
    with pytest.raises(NotFoundError) as caught:
        reconstruct(asked, prior=PRIOR, seed=1, effort=effort)
    assert {target.statistic for target, _ in caught.value.misses} <= BOTH_ARMS
