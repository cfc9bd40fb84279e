"""One arm described alone: what each part says by itself, and what two arms say of each."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from reappraise.core.errors import AnalysisError
from reappraise.published.patients import PatientData
from reappraise.survival.classical.follow_up import follow_up
from reappraise.survival.classical.kaplan_meier import SCALES, kaplan_meier, median, survival_at
from reappraise.survival.classical.one_arm import summarise_arm
from reappraise.survival.classical.recompute import recompute_arm, recompute_survival
from reappraise.survival.classical.restricted_mean import restricted_mean
from support.freireich import ARM, EVENT, TIME, TREATED, TREATED_EVENT


def alone(time=TREATED, event=TREATED_EVENT) -> PatientData:
    """A single-arm trial: nobody in the other arm."""
    arm = np.ones(len(time), dtype=np.int8)
    return PatientData.known(
        np.array(time), np.array(event), arm, endpoint="remission", arms=("none", "6-MP"), unit="weeks"
    )


def test_a_summary_holds_what_each_part_says():
    found = summarise_arm(
        TREATED, TREATED_EVENT, arm="6-MP", unit="weeks", horizon=20, landmarks=(6, 23, 40), level=0.9
    )
    curve = kaplan_meier(TREATED, TREATED_EVENT)
    assert (found.patients, found.events, found.time_at_risk) == (21, 9, 359)
    assert found.medians == tuple(median(curve, scale=scale, level=0.9) for scale in SCALES)
    assert found.at(23) == tuple(survival_at(curve, 23, scale=scale, level=0.9) for scale in SCALES)
    assert found.at(40) == (), "nobody was followed so long"
    assert found.restricted_mean == restricted_mean(curve, horizon=20)
    assert found.follow_up == tuple(follow_up(TREATED, TREATED_EVENT, scale=scale, level=0.9) for scale in SCALES)
    assert found.refused == ("survival of 6-MP at 40 weeks: expected a time up to the last observation at 35, got 40",)


def test_what_one_arm_says_alone_is_what_two_say_of_it():
    data = PatientData.known(TIME, EVENT, ARM, endpoint="remission", arms=("placebo", "6-MP"), unit="weeks")
    both = recompute_survival(data, horizon=20, landmarks=(6, 23, 40), level=0.9)
    for arm in data.arms:
        found = recompute_arm(data, arm, horizon=20, landmarks=(6, 23, 40), level=0.9)
        assert list(found) == [row for row in both if row.arm == arm]
    assert list(found) == list(recompute_arm(alone(), "6-MP", horizon=20, landmarks=(6, 23, 40), level=0.9))
    assert found.refused == both.refused


def test_follow_up_stands_beside_a_printed_one_and_after_the_median_of_the_endpoint():
    rows = [row for row in recompute_arm(alone(), "6-MP", horizon=20) if row.quantity == "median"]
    assert [row.at for row in rows] == ["", "", "", "follow-up", "follow-up", "follow-up"]
    assert [row.value for row in rows] == [23, 23, 23, 25, 25, 25]
    for row, scale in zip(rows[3:], SCALES, strict=True):
        assert row.method == f"reverse Kaplan-Meier, Brookmeyer-Crowley interval, {scale}"
        assert (row.kind, row.endpoint, row.arm, row.level) == ("recomputed", "remission", "6-MP", 0.95)


def test_a_median_without_a_lower_limit_has_no_interval_and_one_not_reached_has():
    # The only patient: the curve steps to 0, where it has no limits; and the follow-up never ends.
    rows = [row for row in recompute_arm(alone([5.0], [True]), "6-MP", horizon=4) if row.quantity == "median"]
    assert {(row.at, row.value, row.low, row.high, row.level) for row in rows} == {
        ("", 5, None, None, None),
        ("follow-up", inf, inf, inf, 0.95),
    }


def test_what_one_arm_cannot_say_is_refused():
    found = recompute_arm(alone(), "6-MP", horizon=36)
    assert {row.quantity for row in found} == {"median"}
    assert len(found.refused) == 1
    assert found.refused[0].startswith("restricted mean of 6-MP to 36 weeks: expected a horizon up to the last")
    with pytest.raises(AnalysisError, match="at least one patient"):
        recompute_arm(alone(), "none", horizon=20)
    with pytest.raises(ValueError, match="one of the arms none, 6-MP, got 'placebo'"):
        recompute_arm(alone(), "placebo", horizon=20)
