"""Figures of survival: what is drawn, in which unit and direction, and what extreme posteriors look like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf, log, nan

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from reappraise.core.errors import AnalysisError
from reappraise.drawing.directions import balanced
from reappraise.drawing.scale import Scale
from reappraise.drawing.style import BLACK, BLUE, VERMILION
from reappraise.survival.classical.kaplan_meier import kaplan_meier
from reappraise.survival.figures.directions import answers, regions
from reappraise.survival.figures.hazards import draw_hazards
from reappraise.survival.figures.sensitivity import draw_prior_sensitivity
from reappraise.survival.figures.steps import at_risk, evenly, steps
from reappraise.survival.figures.subject import SurvivalSubject, drawn, summary, time_ticks
from support.figures import assert_nothing_overlaps_or_is_cut, marks, panel, said
from support.survival_figures import (
    ARM,
    END,
    LANDMARKS,
    LONG,
    MEDIANS,
    RATIO,
    SUBJECT,
    curves,
    directions,
    patients,
    posterior,
    ratio,
    restricted,
    rows,
)


def every(subject: SurvivalSubject) -> Iterator[tuple[str, Figure]]:
    held = posterior()
    yield "curves", curves(subject)
    yield "known", curves(subject, replicates=1)
    yield "hazards", draw_hazards(subject, edges=held.edges, log_hazard=held.log_hazard)
    yield "hazard ratio", ratio(subject, evidence="Bayes factor 1.2 for a level line; and so on. " * 3)
    yield "restricted mean", restricted(subject)
    yield "sensitivity", draw_prior_sensitivity(subject, rows())
    yield "directions", directions(subject)


@pytest.mark.parametrize("subject", [SUBJECT, LONG, replace(LONG, better="lower", unit="days")])
def test_nothing_overlaps_or_is_cut(subject: SurvivalSubject) -> None:
    for name, figure in every(subject):
        assert_nothing_overlaps_or_is_cut(name, figure)
        assert ("NOT CONVERGED" in said(figure)) == (subject.failed or name == "sensitivity")
        assert subject.unit in said(figure) or name == "sensitivity"


# Arrays


def test_steps_are_kaplan_meier_curves_with_ties() -> None:
    time = np.array([[1.0, 2.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0]])
    event = np.array([[True, True, False, True, False, True, True, False]])
    at, left = steps(time, event)
    reference = kaplan_meier(time[0], event[0])
    last = np.searchsorted(at[0], reference.time, side="right") - 1
    # both are the same product of at most eight fractions
    assert left[0][last] == pytest.approx(reference.survival, abs=1e-14)
    assert (at[0, 0], left[0, 0]) == (0.0, 1.0)
    assert at_risk(time, (0.0, 2.0, 2.5, 6.0)).tolist() == [[8, 7, 4, 0]]


def test_a_sample_is_spread_over_all() -> None:
    assert evenly(1, 60).tolist() == [0]
    assert evenly(3, 60).tolist() == [0, 1, 2]
    assert (evenly(1000, 60)[0], evenly(1000, 60)[-1], evenly(1000, 60).size) == (0, 999, 60)


@pytest.mark.parametrize("unit", ["months", "weeks", "days", "years"])
@pytest.mark.parametrize("horizon", [0.07, 0.9, 5.0, 24.0, 131.0, 4000.0])
def test_time_has_few_round_ticks(horizon: float, unit: str) -> None:
    ticks = time_ticks(horizon, unit)
    assert 2 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert horizon / 3 < ticks[-1] <= horizon * (1 + 1e-6)
    assert time_ticks(24.0, "months") == (0, 6, 12, 18, 24)


def test_infinite_draws_are_summarised_and_missing_ones_refused() -> None:
    low, middle, high = summary(np.array([1.0, 2.0, 3.0, inf, inf]), 0.5)
    assert (low, middle, high) == (2.0, 3.0, inf)
    with pytest.raises(AnalysisError, match="expected draws"):
        drawn(np.array([1.0, nan]), 0)
    with pytest.raises(AnalysisError, match="expected draws"):
        drawn(np.empty((4, 0, 2)), 1)


def test_both_sides_of_no_difference_have_room() -> None:
    scale = balanced(Scale(label="", low=0.01, high=1.02, logarithmic=True, null=1.0))
    assert log(scale.high) / log(scale.high / scale.low) == pytest.approx(0.38)
    assert scale.low == pytest.approx(0.01)
    linear = balanced(Scale(label="", low=-1.0, high=9.0, null=0.0))
    assert -linear.low / (linear.high - linear.low) == pytest.approx(0.38)


# What each figure says


def test_curves_show_data_posterior_and_print() -> None:
    figure = curves()
    words = said(figure)
    for expected in ("60 of 80 replicates drawn", "at risk, median", "as printed", "Placebo (n = 109)", "95% band"):
        assert expected in words
    control, drug = panel(figure, "Placebo"), panel(figure, "Drug")
    assert control.get_xlabel() == "Time (months)"
    assert control.get_ylabel() == "Overall survival (%)"
    ensemble = next(item for item in control.collections if isinstance(item, LineCollection))
    assert len(ensemble.get_segments()) == 60
    assert len(marks(control, "s")) == len(marks(drug, "s")) == 2
    assert (len(marks(control, ">")), len(marks(drug, ">"))) == (0, 1)  # the upper limit was not reached
    assert {to_hex(line.get_color()) for line in marks(drug, "s")} == {BLACK}
    assert VERMILION in {to_hex(line.get_color()) for line in drug.lines}


def test_known_data_are_one_curve_with_censor_marks() -> None:
    _, event = patients(1)
    figure = curves(replicates=1, printed=())
    axes = panel(figure, "Placebo")
    (ticks,) = marks(axes, "|")
    assert len(ticks.get_xdata()) == np.sum(~event[0, 0][ARM == 0])
    assert to_hex(ticks.get_color()) == BLUE
    assert "as printed" not in said(figure)
    assert "median" not in said(figure).split("Posterior:")[0]
    assert "Individual data" in said(figure)


def test_hazards_are_per_month_and_say_what_is_better() -> None:
    held = posterior()
    figure = draw_hazards(SUBJECT, edges=held.edges, log_hazard=held.log_hazard)
    axes = panel(figure, "hazard")
    assert axes.get_yscale() == "log"
    assert "month (log scale)" in " ".join(axes.get_ylabel().split())
    assert "\u2190 better" in said(figure)
    worse = draw_hazards(replace(SUBJECT, better="lower"), edges=held.edges, log_hazard=held.log_hazard)
    assert "\u2190 worse" in said(worse)
    with pytest.raises(AnalysisError, match="2 arms in 11 intervals"):
        draw_hazards(SUBJECT, edges=held.edges[1:], log_hazard=held.log_hazard)


def test_direction_follows_arms_and_what_is_better() -> None:
    turned = replace(SUBJECT, better="lower")
    swapped = replace(SUBJECT, arms=SUBJECT.arms[::-1], keys=SUBJECT.keys[::-1])
    left, right = "\u2190 favours Drug", "favours Placebo \u2192"
    for draw in (ratio, lambda of: draw_prior_sensitivity(of, rows())):
        assert left in said(draw(SUBJECT))
        assert right in said(draw(SUBJECT))
        for other in (turned, swapped):
            assert "\u2190 favours Placebo" in said(draw(other))
            assert "favours Drug \u2192" in said(draw(other))
    assert "favours Drug \u2192" in said(restricted())
    assert left in said(restricted(turned))
    assert left in said(restricted(swapped))


def test_a_published_ratio_of_the_other_direction_is_converted() -> None:
    swapped = replace(SUBJECT, arms=SUBJECT.arms[::-1], keys=SUBJECT.keys[::-1])
    assert "published: 0.799 (0.484 to 1.321; 95%)" in said(ratio())
    assert "published: 1.25 (0.757 to 2.07; 95%)" in said(ratio(swapped))
    assert "converted" in said(draw_prior_sensitivity(swapped, rows()))
    assert "converted" not in said(draw_prior_sensitivity(SUBJECT, rows()))
    with pytest.raises(AnalysisError, match="expected a ratio of placebo and drug"):
        ratio(published=replace(RATIO, numerator="other"))


def test_restricted_mean_names_gain_and_probability() -> None:
    difference = posterior().restricted
    words = said(restricted())
    share = f"{100 * np.mean(difference[..., -1] > 0):.3g}%"
    assert f"P(benefit) {share}" in words
    assert "Difference (months)" in words
    line = panel(restricted(replace(SUBJECT, better="lower")), "benefit").lines[-1]
    assert line.get_ydata()[-1] == pytest.approx(100 * np.mean(difference[..., -1] < 0))


def test_sensitivity_has_a_row_for_each_prior() -> None:
    figure = draw_prior_sensitivity(SUBJECT, rows())
    words = said(figure)
    for expected in ("Published", "Recomputed", "Reference prior 0.14 to 7.1", "Wide NOT CONVERGED", "83%", "0.799"):
        assert expected in words
    axes = panel(figure, "Hazard ratio")
    bars = [line for line in axes.lines if line.get_linewidth() == 3.6]
    low, high = np.quantile(posterior().average, [0.25, 0.75])
    assert len(bars) == 3
    assert list(bars[0].get_xdata()) == pytest.approx([low, high])
    with pytest.raises(AnalysisError, match="expected hazard ratios"):
        draw_prior_sensitivity(SUBJECT, [])


# Opposite directions


def test_answers_share_out_every_draw() -> None:
    median = np.array([[18.0, 20.0], [18.0, 16.0], [18.0, 30.0], [inf, 12.0], [inf, 25.0], [18.0, 16.0]])
    ratios = np.array([0.8, 0.8, 0.9, 1.2, 0.7, 1.1])
    found = regions(SUBJECT, median, END)
    told = {
        (item.region, item.longer, item.lower): item.probability for item in answers(found, median[:, 1] - 18, ratios)
    }
    assert sum(told.values()) == pytest.approx(1)
    for key in [
        ("both", 1, 1),
        ("both", 0, 1),
        ("both", 0, 0),
        ("experimental", 1, 1),
        ("control", 0, 0),
        ("neither", None, 1),
    ]:
        assert told[key] == pytest.approx(1 / 6)


def test_quadrants_are_named_in_words() -> None:
    figure = directions()
    words = said(figure)
    for expected in (
        "Both favour Drug",
        "as published",
        "Median favours Placebo, hazard ratio Drug",
        "Drug: median not reached by 24 months",
        "Difference of medians (months)",
        "favours Drug \u2192",
    ):
        assert expected in words
    (point,) = marks(panel(figure, "both"), "s")
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (pytest.approx(-1.6), pytest.approx(0.799))
    turned = said(directions(replace(SUBJECT, better="lower")))
    assert "Median favours Drug, hazard ratio Placebo" in turned
    assert "\u2190 favours Drug" in turned


# Extremes


def test_medians_that_are_never_reached() -> None:
    median = np.full((2, 200, 2), inf)
    words = said(directions(median=median, horizon=inf, published=None))
    assert "Neither median reached" in words
    assert "Both favour Drug" in words  # its probability is bounded, not hidden
    median[..., 0] = 10.0
    figure = directions(median=median, published=(MEDIANS[0], replace(MEDIANS[1], value=inf), RATIO))
    assert [axes.get_label() for axes in figure.axes] == ["both", "experimental"]
    assert not marks(panel(figure, "both"), "s")


def test_nobody_has_an_event() -> None:
    time, _ = patients(1)
    survival = np.ones_like(posterior().survival)
    unreached = [replace(item, value=inf, low=inf, high=inf) for item in MEDIANS]
    figure = curves(time=time, event=np.zeros(time.shape, dtype=bool), survival=survival, printed=unreached)
    assert len(marks(panel(figure, "Drug"), ">")) == 1
    figure.draw_without_rendering()
    same = restricted(difference=np.zeros((2, 50, 24)))
    assert "0 (0 to 0) months, P(benefit) <0.1%" in said(same)
    same.draw_without_rendering()


def test_one_horizon_one_time_one_draw() -> None:
    for figure in (
        restricted(horizon=np.array([12.0]), difference=posterior().restricted[..., :1]),
        restricted(horizon=np.array([12.0]), difference=np.array([[0.4]])),
        ratio(time=np.array([12.0]), hazard_ratio=posterior().hazard_ratio[..., :1], published=None),
        ratio(hazard_ratio=posterior().hazard_ratio[:1, :1]),
        directions(median=np.array([[10.0, 12.0]]), hazard_ratio=np.array([0.8])),
        draw_hazards(SUBJECT, edges=np.array([0.0, 24.0]), log_hazard=posterior().log_hazard[..., :1]),
    ):
        figure.draw_without_rendering()
        assert any(len(marks(axes, "o")) for axes in figure.axes) or figure.axes[0].lines


def test_what_does_not_fit_together_is_refused() -> None:
    for call in (
        lambda: curves(arm=np.zeros(ARM.size, dtype=int)),
        lambda: curves(printed=[replace(LANDMARKS[0], at="later")]),
        lambda: curves(printed=[replace(MEDIANS[0], arm="third")]),
        lambda: restricted(horizon=np.array([1.0, 2.0])),
        lambda: directions(hazard_ratio=np.array([1.0])),
    ):
        with pytest.raises(AnalysisError, match="expected"):
            call()
