"""Contradictions are shown of numbers that exclude each other, and never of numbers that data have."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from reappraise.core.errors import UndeterminedError
from reappraise.core.prior import LogRatioPrior
from reappraise.published.patients import PatientData
from reappraise.survival.hazard import HazardPrior
from reappraise.survival.pseudo_ipd.contradictions import contradictions
from reappraise.survival.pseudo_ipd.publish import publish
from reappraise.survival.pseudo_ipd.reconstruct import ContradictionError, UnreachableError, reconstruct
from reappraise.survival.pseudo_ipd.summaries import Estimators, Summaries
from reappraise.survival.pseudo_ipd.targets import TRANSFORMS, Statistic, Target

PRIOR = HazardPrior(effect=LogRatioPrior("test", "Test", -0.2, 0.7, "For tests.", "hazard"), median=10.0)
HORIZON = 30.0


def target(statistic: Statistic, low: float, high: float, *, at: float = 0.5, arm: int = 0) -> Target:
    return Target(statistic=statistic, low=low, high=high, at=at, arm=arm, scale=1.0, text=f"{statistic} at {at:g}")


MEDIAN = target("quantile", 3.95, 4.05)


@pytest.mark.parametrize(
    ("second", "nearest"),
    [
        (target("survival", 0.895, 0.905, at=12.0), 0.5),
        (target("survival", 0.3, 0.4, at=3.0), 0.5),
        (target("quantile", 3.0, 3.5, at=0.75), 3.5),
        (target("quantile", 9.0, 9.5, at=0.25), 4.05),
        (target("quantile", inf, inf, at=0.25), 4.05),
        (target("quantile low", 4.15, 4.25), 4.05),
        (target("quantile high", 3.75, 3.85), 3.95),
    ],
)
def test_numbers_that_exclude_each_other(second: Target, nearest: float) -> None:
    (found,) = contradictions((MEDIAN, second))
    assert {found.given, found.missed} == {MEDIAN, second}
    assert found.nearest == pytest.approx(nearest, rel=0.05)
    assert not list(contradictions((MEDIAN, replace(second, arm=1))))


@pytest.mark.parametrize(
    "second",
    [
        target("survival", 0.5, 0.51, at=12.0),
        target("survival", 0.49, 0.5, at=3.0),
        target("survival", 0.895, 0.905, at=3.9),
        target("quantile", 4.0, 4.1, at=0.25),
        target("quantile low", 3.9, 4.0),
        target("quantile high", inf, inf),
        target("log hazard ratio", 5.0, 6.0),
    ],
)
def test_numbers_that_touch_or_say_nothing_of_each_other(second: Target) -> None:
    assert not list(contradictions((MEDIAN, second)))


@pytest.mark.parametrize("unit", [0.0, 0.5, 3.0])
def test_numbers_of_data_never_contradict_each_other(unit: float) -> None:
    rng = np.random.default_rng(4)
    arm = np.repeat(np.array([0, 1], dtype=np.int8), (24, 16))
    for index in range(200):
        time = np.minimum(rng.exponential(10.0, arm.size), HORIZON)
        time = np.minimum(np.ceil(time / unit) * unit, HORIZON) if unit else time
        event = (rng.random(arm.size) < (0.6, 1.0)[index % 2]) & (time < HORIZON)
        data = PatientData.known(time, event, arm, endpoint="known")
        scale = TRANSFORMS[index % 3]
        printed = publish(
            data, landmarks=(3.0, 12.0, 20.0), horizon=HORIZON, estimators=Estimators(median=scale, landmark=scale)
        )
        assert not list(contradictions(printed.targets))


def test_a_contradiction_is_told_before_anything_is_sampled() -> None:
    survival = target("survival", 0.895, 0.905, at=12.0)
    asked = Summaries(
        endpoint="os",
        arms=("old", "new"),
        unit="months",
        totals=(20_000, 14_000),
        events=(None, None),
        targets=(MEDIAN, survival),
        horizon=HORIZON,
    )
    with pytest.raises(ContradictionError, match="contradict each other") as caught:
        reconstruct(asked, prior=PRIOR, seed=1)
    assert caught.value.misses == ((survival, 0.5),)
    assert "survival at 12: nearest 0.5, expected 0.895 to 0.905, where quantile at 0.5 is 3.95 to 4.05" in str(
        caught.value
    )
    assert isinstance(caught.value, UnreachableError)
    assert not isinstance(caught.value, UndeterminedError)
