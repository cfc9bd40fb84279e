"""An event at time 0 counts wherever patients enter: curve, tests, restricted mean, and the likelihood of hazards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.sampling import Sampling
from reappraise.published.patients import PatientData
from reappraise.survival.classical.kaplan_meier import kaplan_meier, survival_at
from reappraise.survival.classical.recompute import recompute_survival
from reappraise.survival.counts import person_time
from reappraise.survival.figures.steps import steps
from reappraise.survival.fit import SurvivalJob
from reappraise.survival.hazard import Grid, HazardPrior

ICU = ((0, 1), (3, 1), (5, 1), (8, 0), (14, 1), (28, 0), (28, 0), (28, 0))
NEW = ((2, 1), (9, 1), (20, 1), (28, 0), (28, 0), (28, 0), (28, 0), (28, 0))
ROWS = np.array([*ICU, *NEW], dtype=float)
ARM = np.repeat([0, 1], 8).astype(np.int8)
DATA = PatientData.known(ROWS[:, 0], ROWS[:, 1] == 1, ARM, endpoint="os", arms=("icu", "new"), unit="days")


def test_the_curve_starts_below_1() -> None:
    curve = kaplan_meier(ROWS[:8, 0], ROWS[:8, 1] == 1)
    assert survival_at(curve, 0.0, scale="log-log").value == 7 / 8
    (corners,), (left,) = steps(ROWS[None, :8, 0], ROWS[None, :8, 1] == 1)
    assert (corners[:2].tolist(), left[:2].tolist()) == ([0, 0], [1, 7 / 8])


def test_classical_answers_are_those_of_an_event_just_after_the_start() -> None:
    soon = replace(DATA, time=np.where(DATA.time == 0, 1e-6, DATA.time))
    for one, other in zip(
        recompute_survival(DATA, horizon=28.0, landmarks=(1.0, 28.0)),
        recompute_survival(soon, horizon=28.0, landmarks=(1.0, 28.0)),
        strict=True,
    ):
        assert (one.quantity, one.method) == (other.quantity, other.method)
        for name in ("value", "low", "high", "p_value"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-5)


def test_a_hazard_meets_it_after_half_of_the_shortest_time() -> None:
    assert DATA.exposed[0, 0, :2].tolist() == [1.0, 3.0]
    events, exposure = person_time(DATA, Grid((2.0, 10.0), 28.0))
    assert events[0, 0, 0].tolist() == [[1, 2, 1], [1, 1, 1]]
    assert exposure.sum() == ROWS[:, 0].sum() + 1
    later = DATA.exposed / DATA.horizon
    assert np.array_equal(replace(DATA, time=DATA.time / DATA.horizon).exposed, later), "whatever the unit"
    plain = replace(DATA, time=DATA.time + 1)
    assert plain.exposed is plain.time


@pytest.mark.parametrize(("zeros", "said"), [(1, "1 event at time 0 taken"), (0, "")])
def test_the_method_says_so(zeros: int, said: str) -> None:
    data = DATA if zeros else replace(DATA, time=DATA.time + 1)
    job = SurvivalJob(
        patients=data,
        grid=Grid((2.0, 10.0), 28.0),
        prior=HazardPrior(effect=hazard_ratio_priors()[0], median=14.0),
        horizons=(28.0,),
        sampling=Sampling(seed=1),
    )
    assert said in job.how
    assert ("half of the shortest time" in job.how) == bool(zeros)


def test_the_end_of_observation_at_time_0_is_no_datum() -> None:
    with pytest.raises(AnalysisError, match="they tell nothing: leave them out"):
        replace(DATA, event=np.zeros_like(DATA.event))
    with pytest.raises(AnalysisError, match="a time above 0 days, got none"):
        replace(DATA, time=np.zeros_like(DATA.time), event=np.ones_like(DATA.event))


def test_ties_alone_are_compared_by_the_log_rank_test_and_not_by_cox_regression() -> None:
    data = replace(DATA, time=np.full_like(DATA.time, 28.0))
    answer = recompute_survival(data, horizon=28.0)
    assert [one.p_value is not None for one in answer if one.quantity == "hazard_ratio"] == [True, True]
    assert sum("all times equal: no hazard ratio" in said for said in answer.refused) == 2
