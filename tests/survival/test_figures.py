"""Figures of survival: what is drawn, in which unit and direction, and what extreme posteriors look like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from math import inf, log, nan
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.printed import Printed
from reappraise.drawing.directions import balanced
from reappraise.drawing.scale import Scale
from reappraise.drawing.style import BLACK, BLUE, VERMILION
from reappraise.survival.classical.kaplan_meier import kaplan_meier
from reappraise.survival.figures.curves import draw_survival_curves
from reappraise.survival.figures.directions import answers, draw_directions, regions
from reappraise.survival.figures.hazard_ratio import draw_hazard_ratio
from reappraise.survival.figures.hazards import draw_hazards
from reappraise.survival.figures.restricted_mean import draw_restricted_mean
from reappraise.survival.figures.sensitivity import SensitivityRow, draw_prior_sensitivity
from reappraise.survival.figures.steps import at_risk, evenly, steps
from reappraise.survival.figures.subject import SurvivalSubject, drawn, summary, time_ticks
from support.figures import assert_nothing_overlaps_or_is_cut, marks, panel, said

SUBJECT = SurvivalSubject(
    endpoint="Overall survival",
    arms=("Placebo", "Drug"),
    keys=("placebo", "drug"),
    unit="months",
    origin="Reference prior",
)
LONG = replace(SUBJECT, arms=("Standard of care with placebo", "Investigational product 12/3 mg b.i.d."), failed=True)
ARM = np.repeat([0, 1], [109, 55])
END = 24.0


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Draws of everything that a survival figure shows."""

    edges: np.ndarray
    log_hazard: np.ndarray
    grid: np.ndarray
    survival: np.ndarray
    median: np.ndarray
    hazard_ratio: np.ndarray
    average: np.ndarray
    restricted: np.ndarray


@cache
def posterior() -> Drawn:
    """Draws, dims (chain, draw, ...), of two Weibull-like arms on intervals of two months; the hazard of Drug rises."""
    rng = np.random.default_rng(5)
    size = (2, 200, 2, 1)
    edges = np.arange(0, END + 1, 2.0)
    middle = edges[1:] - 1
    shape = np.exp(np.array([0.0, 0.25])[:, None] + rng.normal(0, 0.12, size))
    scale = np.exp(np.array([log(26), log(35)])[:, None] + rng.normal(0, 0.2, size))
    log_hazard = np.log(shape / scale) + (shape - 1) * np.log(middle / scale)
    grid = np.linspace(0, END, 97)
    spent = np.clip(grid[:, None] - edges[:-1], 0, 2)
    survival = np.exp(-np.exp(log_hazard) @ spent.T)
    below = survival <= 0.5
    median = np.where(below.any(-1), grid[below.argmax(-1)] + rng.normal(0, 0.05, size[:3]), inf)
    contrast = log_hazard[..., 1, :] - log_hazard[..., 0, :]
    areas = np.cumsum((survival[..., 1:] + survival[..., :-1]) / 2 * np.diff(grid), axis=-1)
    return Drawn(
        edges=edges,
        log_hazard=log_hazard,
        grid=grid,
        survival=survival,
        median=median,
        hazard_ratio=np.exp(contrast),
        average=np.exp(contrast.mean(-1)),
        restricted=(areas[..., 1, :] - areas[..., 0, :])[..., 3::4],
    )


def patients(replicates: int, seed: int = 1) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    time = np.where(ARM == 0, 25.0, 30.0) * rng.weibull(np.where(ARM == 0, 1.0, 1.3), size=(1, replicates, ARM.size))
    end = np.clip(rng.uniform(1, 40, size=time.shape), 1, END)
    return np.minimum(time, end), time <= end


def printed(**more: Any) -> Estimate:
    basis: dict[str, Any] = {"endpoint": "os", "kind": "published", "method": "", "level": 0.95}
    return Estimate(**(basis | more))


MEDIANS = (
    printed(quantity="median", arm="placebo", value=Printed("18.9"), low=Printed("13.6"), high=Printed("23.1")),
    printed(quantity="median", arm="drug", value=Printed("17.3"), low=Printed("15.4"), high=inf),
)
LANDMARKS = (
    printed(quantity="survival", arm="placebo", at="12 months", value=0.635, low=0.544, high=0.727),
    printed(quantity="survival", arm="drug", at="12 months", value=0.738, low=0.62, high=0.856),
)
RATIO = printed(
    quantity="hazard_ratio", numerator="drug", denominator="placebo", value=Printed("0.799"), low=Printed("0.484"),
    high=Printed("1.321"),
)  # fmt: skip


def rows() -> list[SensitivityRow]:
    draws = posterior().average
    low, value, high = (float(number) for number in np.quantile(draws, [0.025, 0.5, 0.975]))
    found = replace(
        RATIO, kind="posterior", quantity="average_hazard_ratio", value=value, low=low, high=high, prob_benefit=0.83
    )
    return [
        SensitivityRow(estimate=RATIO),
        SensitivityRow(estimate=replace(RATIO, kind="recomputed", value=0.81, low=0.49, high=1.33)),
        SensitivityRow(estimate=replace(found, prior="reference"), hazard_ratio=draws, prior=(0.141, 7.1)),
        SensitivityRow(estimate=replace(found, prior="sceptical"), hazard_ratio=draws, prior=(0.5, 2.0)),
        SensitivityRow(estimate=replace(found, prior="wide", converged=False), hazard_ratio=draws),
    ]


def curves(subject: SurvivalSubject = SUBJECT, replicates: int = 80, **more: Any) -> Figure:
    time, event = patients(replicates)
    held = posterior()
    inputs: dict[str, Any] = {
        "time": time, "event": event, "arm": ARM, "grid": held.grid, "survival": held.survival,
        "printed": (*MEDIANS, *LANDMARKS),
    }  # fmt: skip
    return draw_survival_curves(subject, **(inputs | more))


def ratio(subject: SurvivalSubject = SUBJECT, **more: Any) -> Figure:
    held = posterior()
    inputs: dict[str, Any] = {"time": held.edges[1:], "hazard_ratio": held.hazard_ratio, "published": RATIO}
    return draw_hazard_ratio(subject, **(inputs | more))


def restricted(subject: SurvivalSubject = SUBJECT, **more: Any) -> Figure:
    inputs: dict[str, Any] = {"horizon": np.arange(1, 25.0), "difference": posterior().restricted}
    return draw_restricted_mean(subject, **(inputs | more))


def directions(subject: SurvivalSubject = SUBJECT, **more: Any) -> Figure:
    held = posterior()
    inputs: dict[str, Any] = {
        "median": held.median, "hazard_ratio": held.average, "horizon": END, "published": (*MEDIANS, RATIO)
    }  # fmt: skip
    return draw_directions(subject, **(inputs | more))


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
        "Both favour Drug", "as published", "Median favours Placebo, hazard ratio Drug",
        "Drug: median not reached by 24 months", "Difference of medians (months)", "favours Drug \u2192",
    ):  # fmt: skip
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
