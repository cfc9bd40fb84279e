"""From print to rows: what enters, what follows from other numbers and does not, and which road is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reappraise.audit import audit
from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.published.estimates import published_estimates
from reappraise.survival.printed.published import print_of, swapped
from reappraise.survival.printed.rows import readings, rows_of
from reappraise.survival.pseudo_ipd.targets import TRANSFORMS
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.road import road_of, stuck
from support.audit_trials import COUNTS, SURVIVAL, estimate, write
from support.prints import trial


def test_limits_of_a_ratio_enter_only_where_its_events_are_not_printed() -> None:
    summaries = trial((100, 100), 1)[1].summaries
    places = {row.place for row in rows_of(summaries) if row.kind == "both"}
    assert places == {0}
    unknown = replace(summaries, events=(None, None))
    assert {row.place for row in rows_of(unknown) if row.kind == "both"} == {0, 1}


def test_limits_of_a_median_are_read_on_every_scale_and_the_median_on_none() -> None:
    rows = [row for row in trial((100, 100), 1)[1].rows if row.quantile and row.kind == "band" and row.arm == 0]
    assert {row.scale for row in rows if row.zeta} == set(TRANSFORMS)
    assert {row.scale for row in rows if not row.zeta} == {None}


def test_readings_have_weights_of_one_and_a_stated_scale_is_the_only_one() -> None:
    rows = trial((100, 100), 1)[1].rows
    assert sum(one.weight for one in readings(rows)) == pytest.approx(1.0)
    stated = [one for one in readings(rows, scale="log") if one.weight > 0]
    assert {one.scale for one in stated} == {"log"}


def test_of_levels_that_were_not_reached_only_the_strongest_is_a_row() -> None:
    summaries = trial((100, 100), 1)[1].summaries
    opened = tuple(
        replace(target, low=np.inf, high=np.inf)
        if target.arm == 1 and target.statistic in {"quantile low", "quantile", "quantile high"}
        else target
        for target in summaries.targets
    )
    rows = [row for row in rows_of(replace(summaries, targets=opened)) if row.open]
    assert {row.zeta > 0 for row in rows} == {True}
    assert len(rows) == len(TRANSFORMS)


def test_follow_up_printed_for_all_patients_together_is_entered_and_read_in_both_ways(tmp_path: Path) -> None:
    endpoint = (
        SURVIVAL
        + COUNTS.format(60, 25)
        + estimate("median", ("6.5", "4.5", "8.3", None), arm="c", more='unit = "months"')
        + estimate("median", ("11.5", "8.9", "13.9", None), arm="e", more='unit = "months"')
        + estimate("median", ("11.6", None, None, None), arm="all", more='unit = "months"\nat = "follow-up"')
    )
    loaded = write(tmp_path, endpoint)
    (survival,) = loaded.of(SurvivalEndpoint)
    own = [row for row in print_of(survival).rows if row.arm is None and row.quantile]
    assert {(round(row.time, 6), row.reading) for row in own} == {
        (11.6, "observed time"),
        (11.6, "reverse Kaplan-Meier"),
    }
    assert all(row.width == pytest.approx(0.1) for row in own)
    assert audit(loaded)  # which reads it too
    assert ("median", "all") in {(one.quantity, one.arm) for one in published_estimates(survival)}
    with pytest.raises(TrialFileError, match="expected one of c, e, got all"):
        write(
            tmp_path,
            SURVIVAL + COUNTS.format(60, 25) + estimate("hazard_ratio", ("0.7", "0.5", "0.9", None), over="all over c"),
        )


def test_a_stratified_ratio_has_slack() -> None:
    summaries = trial((100, 100), 1)[1].summaries
    crude, loose = (
        next(row for row in rows_of(summaries, stratified=said) if row.kind == "both") for said in (False, True)
    )
    assert crude.loose == 0
    assert 0.02 < loose.loose < 0.1


def test_a_time_beyond_the_follow_up_is_refused_with_its_name() -> None:
    summaries = trial((100, 100), 1)[1].summaries
    with pytest.raises(AnalysisError, match="expected times up to the longest follow-up of 5"):
        print_of(replace(summaries, horizon=5.0))


def test_exchanging_the_arms_exchanges_the_rows() -> None:
    printed = trial((100, 60), 1)[1]
    back = swapped(swapped(printed))
    assert sorted(map(str, back.rows)) == sorted(map(str, printed.rows))


@pytest.mark.parametrize(("totals", "reconstructs"), [((30, 30), True), ((100, 20), True), ((40, 40), False)])
def test_small_trials_are_reconstructed_and_the_reason_is_said(totals: tuple[int, int], *, reconstructs: bool) -> None:
    road = road_of(trial(totals, 1)[1])
    assert road.reconstructs is reconstructs
    assert ("few" in road.why) is reconstructs


def test_where_chains_of_a_reconstruction_do_not_agree_the_print_is_fitted_and_the_reason_is_said() -> None:
    small = road_of(trial((30, 30), 1)[1])
    found = stuck(small)
    assert not found.reconstructs
    assert small.why in found.why
    assert "do not agree" in found.why
