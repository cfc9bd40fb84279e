"""Reading of a forest plot, and what it says without a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, log, sqrt
from typing import Any

import pytest
from scipy import stats

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.survival.subgroups.classical import (
    addition,
    discrepancy,
    heterogeneity,
    recompute_subgroups,
    statistic_span,
)
from reappraise.survival.subgroups.reading import subgroups_of
from reappraise.survival.subgroups.table import SubgroupTable
from support.subgroups import ASIA, ASIA_EVENTS

type Altered = Callable[..., Any]

Z = float(stats.norm.isf(0.025))


def test_levels_are_read_with_their_rounding(table: SubgroupTable) -> None:
    europe = table.levels[0]
    assert europe.log_ratio == pytest.approx((log(0.805), log(0.815)))
    assert europe.standard_error == pytest.approx((log(1.215 / 0.545) / (2 * Z), log(1.225 / 0.535) / (2 * Z)))
    assert (europe.events, europe.totals, europe.basis) == ((54, 40), (79, 68), "limits")
    assert europe.printed == "drug / placebo 0.81 (95% interval 0.54 to 1.22)"
    assert table.whole == pytest.approx((log(0.705), log(0.715)))
    assert table.shown == (True, True, True)
    assert not table.notes


def test_a_ratio_the_other_way_round_is_turned(altered: Altered, table: SubgroupTable) -> None:
    old = 'numerator = "drug", denominator = "placebo", value = "0.98", low = "0.55", high = "1.72"'
    new = 'numerator = "placebo", denominator = "drug", value = "1.02", low = "0.58", high = "1.82"'
    asia = subgroups_of(altered((old, new)), "region").levels[2]
    assert asia.centre == pytest.approx(table.levels[2].centre, abs=0.002)
    assert asia.error == pytest.approx(table.levels[2].error, rel=0.01)


def test_exchanging_the_arms_twice_changes_nothing(table: SubgroupTable) -> None:
    turned = table.swapped()
    assert turned.levels[1].centre == -table.levels[1].centre
    assert turned.swapped() == table


def test_a_level_without_a_ratio_weighs_by_its_events(altered: Altered) -> None:
    found = subgroups_of(altered((ASIA, ASIA_EVENTS)), "region")
    asia = found.levels[2]
    assert (asia.log_ratio, asia.basis) == (None, "events")
    assert asia.standard_error[0] == pytest.approx(sqrt(1 / 25 + 1 / 24))
    assert found.notes == ("no ratio of Asia is printed: it weighs by its events",)


def test_patients_in_no_level_weigh_by_the_events_left_over(altered: Altered) -> None:
    found = subgroups_of(altered((ASIA, "")), "region")
    rest = found.levels[2]
    assert (rest.key, rest.label, rest.basis) == ("rest", "Patients in no printed level", "events")
    assert (rest.events, rest.totals) == ((25, 24), (35, 34))
    named = subgroups_of(
        altered((ASIA, ""), ('label = "Region"\n', 'label = "Region"\nremainder = "Asia"\n')), "region"
    )
    assert named.levels[2].label == "Asia"


def test_where_no_events_are_printed_it_weighs_by_what_the_others_leave(altered: Altered) -> None:
    words = ('label = "Region"\n', 'label = "Region"\nremainder = "Asia"\nremainder_key = "asia"\n')
    unknown = [
        (f'{{ arm = "{arm}", events = {events}, total = {total}, source = "Figure 3" }},', "")
        for arm, events, total in (("placebo", 54, 79), ("drug", 40, 68), ("placebo", 38, 46), ("drug", 33, 58))
    ]
    found = subgroups_of(altered((ASIA, ""), words, *unknown), "region")
    asia, whole = found.levels[2], sum(found.whole_error or ()) / 2
    assert asia.basis == "what the others leave"
    left = whole**-2 - sum(level.error**-2 for level in found.levels[:2])
    assert asia.error == pytest.approx(left**-0.5)
    assert asia.error == pytest.approx(0.29, abs=0.02)  # as printed of Asia in the unaltered file


def test_what_nothing_is_printed_of_is_left_out_and_named(altered: Altered) -> None:
    old = '{ quantity = "hazard_ratio", numerator = "drug", denominator = "placebo", value = "0.71"'
    none = "estimates = [\n  " + old + ', low = "0.55", high = "0.94", source = "Results" },\n]\n'
    words = ('label = "Sex"\n', 'label = "Sex"\nremainder = "Sex unknown"\n')
    count = '{ arm = "placebo", events = 57, total = 90, source = "Figure 3" },'
    found = subgroups_of(altered((none, ""), words, (count, "")), "sex")
    assert found.keys == ("male", "female")
    assert found.whole is None
    assert found.notes == ("nothing printed says how much Sex unknown weighs: left out",)
    assert addition(found) is None


def test_limits_that_are_missing_or_not_symmetric_are_said(altered: Altered) -> None:
    bare = subgroups_of(altered(('value = "0.98", low = "0.55", high = "1.72"', 'value = "0.98"')), "region")
    assert bare.levels[2].basis == "events"
    assert bare.notes[0] == "the ratio of Asia has no limits that say how sure it is"
    skewed = subgroups_of(altered(('value = "0.98", low = "0.55"', 'value = "0.98", low = "0.75"')), "region")
    assert skewed.notes == ("the limits of Asia are not symmetric about the ratio on the log scale",)


def test_what_cannot_be_read_is_refused(os: Any, altered: Altered, table: SubgroupTable) -> None:
    with pytest.raises(AnalysisError, match="endpoint os has no factor 'stage'; it has sex, age, region"):
        subgroups_of(os, "stage")
    bare = [
        (f'value = "{value}", low = "{low}", high = "{high}"', f'value = "{value}"')
        for value, low, high in (("0.88", "0.61", "1.27"), ("0.53", "0.36", "0.79"))
    ]
    with pytest.raises(UndeterminedError, match="os, sex: fewer than two levels"):
        subgroups_of(altered(*bare), "sex")
    with pytest.raises(AnalysisError, match="os, region: expected two levels or more"):
        replace(table, levels=table.levels[:1])
    with pytest.raises(AnalysisError, match="os, region=europe: expected finite spans"):
        replace(table, levels=(replace(table.levels[0], standard_error=(0.0, 0.1)), *table.levels[1:]))


def test_cochrans_q_of_two_levels_is_the_square_of_walds_z(os: Any) -> None:
    sex = subgroups_of(os, "sex")
    male, female = sex.levels
    found = heterogeneity(sex)
    assert found is not None
    z = (male.centre - female.centre) / sqrt(male.error**2 + female.error**2)
    assert found.statistic == pytest.approx(z**2)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert found.share == pytest.approx(1 - 1 / z**2)
    assert found.ratio == pytest.approx(0.88 / 0.53, rel=1e-3)
    low, high = statistic_span(sex) or (0.0, 0.0)
    assert low < found.statistic < high < 1.1 * found.statistic


def test_cochrans_q_is_that_of_the_shortcut_formula(table: SubgroupTable) -> None:
    """Sum of w b^2 less the square of the sum of w b over the sum of w, as textbooks have it for three levels."""
    numbers = [(0.1, 0.2), (0.5, 0.3), (-0.2, 0.25)]
    levels = tuple(
        replace(level, log_ratio=(ratio - 1e-9, ratio + 1e-9), standard_error=(error, error))
        for level, (ratio, error) in zip(table.levels, numbers, strict=True)
    )
    found = heterogeneity(replace(table, levels=levels))
    assert found is not None
    weights = [error**-2 for _, error in numbers]
    mean = sum(w * b for w, (b, _) in zip(weights, numbers, strict=True)) / sum(weights)
    short = sum(w * b * b for w, (b, _) in zip(weights, numbers, strict=True)) - sum(weights) * mean**2
    assert found.statistic == pytest.approx(short)
    assert found.average == pytest.approx(mean)


def test_levels_that_add_up_and_levels_that_do_not(table: SubgroupTable) -> None:
    found = addition(table)
    assert found is not None
    assert found.holds
    assert found.information == pytest.approx(1.0, abs=0.05)
    assert found.p > 0.5
    far = addition(replace(table, whole=(log(1.295), log(1.305))))
    assert far is not None
    assert not far.holds
    whole, error = log(1.3), sum(table.whole_error or ()) / 2
    assert far.score == pytest.approx((whole - found.average) / discrepancy(whole, error), rel=0.01)
    assert far.p < 1e-4


def test_recomputed_estimates_have_the_printed_limits(table: SubgroupTable) -> None:
    found = {(item.population, item.quantity): item for item in recompute_subgroups(table, level=0.95)}
    asia = found["region=asia", "hazard_ratio"]
    assert [asia.value, asia.low, asia.high] == pytest.approx([0.98, 0.55, 1.72], abs=0.015)
    average = found["all", "hazard_ratio"]
    assert average.at == "average over levels of Region"
    assert average.value == pytest.approx(exp(heterogeneity(table).average))  # type: ignore[union-attr]
    apart = found["all", "ratio_of_hazard_ratios"]
    assert apart.p_value == pytest.approx(0.075, abs=0.001)
    assert "Cochran's Q 5.19 on 2 degrees of freedom" in apart.method
