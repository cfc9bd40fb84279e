"""Follow-up by the reverse Kaplan-Meier method: by hand, and as Kaplan-Meier with events and censoring exchanged."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from reappraise.core.errors import AnalysisError
from reappraise.survival.classical.follow_up import follow_up, reverse_kaplan_meier
from reappraise.survival.classical.kaplan_meier import SCALES, kaplan_meier, quantile
from support.freireich import PLACEBO, TREATED, TREATED_EVENT


def test_the_follow_up_of_6_mp_by_hand():
    # Ends of observation at 6, 9, 10, 11, 17, 19, 20, 25, 32 (two), 34, 35, with 21, 16, 15, 13, 10, 9, 8, 5, 4, 2 and
    # 1 at risk. The curve is at 0.769 from 11 and 0.692 from 17, 0.538 from 20 and 0.431 from 25, 0.215 from 32.
    found = follow_up(TREATED, TREATED_EVENT, scale="log-log")
    quartiles = (found.lower_quartile, found.median, found.upper_quartile)
    assert [quartile.value for quartile in quartiles] == [17, 25, 32]
    curve = reverse_kaplan_meier(TREATED, TREATED_EVENT)
    at = [float(curve.survival[curve.time == moment][0]) for moment in (11, 17, 20, 25, 32)]
    product = [20 / 21 * 15 / 16 * 14 / 15 * 12 / 13]
    for left, at_risk in ((1, 10), (2, 9), (1, 5), (2, 4)):  # at 19 and 20 one of nine and one of eight
        product.append(product[-1] * (at_risk - left) / at_risk)
    assert at == pytest.approx(product)
    assert {quartile.method for quartile in quartiles} == {"reverse Kaplan-Meier, Brookmeyer-Crowley interval, log-log"}


@given(
    patients=st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=25),
    scale=st.sampled_from(SCALES),
    level=st.sampled_from([0.8, 0.95]),
)
def test_it_is_kaplan_meier_with_events_and_censoring_exchanged(patients, scale, level):
    time, event = np.array([t for t, _ in patients], dtype=float), np.array([e for _, e in patients])
    found = follow_up(time, event, scale=scale, level=level)
    turned = kaplan_meier(time, np.array([not happened for _, happened in patients]))
    for quartile, probability in ((found.lower_quartile, 0.25), (found.median, 0.5), (found.upper_quartile, 0.75)):
        other = quantile(turned, probability, scale=scale, level=level)
        assert (quartile.value, quartile.low, quartile.high) == (other.value, other.low, other.high)
    assert found.lower_quartile.value <= found.median.value <= found.upper_quartile.value


@pytest.mark.parametrize("seed", range(3))
def test_the_median_is_that_of_lifelines(seed):
    # an odd number of patients, and none at exactly 1/2, where lifelines gives the first time and not the middle
    rng = np.random.default_rng(seed)
    time, event = rng.exponential(10, 41), rng.random(41) < 0.4
    reverse = KaplanMeierFitter().fit(time, ~event).median_survival_time_
    assert follow_up(time, event, scale="log").median.value == reverse


def test_without_events_it_is_the_time_observed_and_without_censoring_nothing_is_reached():
    nobody = follow_up(np.arange(1.0, 11), np.zeros(10, dtype=bool), scale="log")
    assert [nobody.lower_quartile.value, nobody.median.value, nobody.upper_quartile.value] == [3, 5.5, 8]
    everybody = follow_up(PLACEBO, np.ones(21, dtype=bool), scale="log")
    assert [everybody.lower_quartile.value, everybody.median.value, everybody.median.low] == [inf, inf, inf]
    with pytest.raises(AnalysisError, match="at least one patient"):
        follow_up(np.array([]), np.array([], dtype=bool), scale="log")


def test_who_has_the_event_when_another_leaves_is_still_at_risk_of_leaving():
    curve = reverse_kaplan_meier(np.array([4.0, 4.0, 7.0]), np.array([True, False, False]))
    assert curve.survival == pytest.approx([2 / 3, 0])
