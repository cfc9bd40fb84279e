"""Figures, one kind at a time: what is drawn, what is said, and who is favoured."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Annotation
from reappraise.figures import (
    densities_plot,
    forest_plot,
    predictive_by_prior,
    predictive_plot,
    shrinkage_plot,
    subgroup_forest,
)

from figure_run import (
    CONTROL,
    TREATED,
    estimate,
    marks,
    panel,
    run,
    said,
    trial,
)
from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError
from reappraise.core.printed import Printed
from reappraise.drawing.density_panels import Curve, CurvePanel, _density, _grid, draw_densities
from reappraise.drawing.layout import Mark, Panel, Row
from reappraise.drawing.scale import Scale, contrast_scale, in_words, rate_scale
from reappraise.drawing.sheet import draw_sheet
from reappraise.drawing.style import BLUE, GREY, KINDS, number, probability, text_width, wrap
from reappraise.drawing.words import favours, percent_level
from reappraise.published.estimates import published_responses
from reappraise.response.figures.predictive import Cell, CellRow, draw_predictive

# Words, numbers, scales


def test_direction_of_benefit() -> None:
    assert favours("Drug", "Placebo", "higher") == ("\u2190 favours Placebo", "favours Drug \u2192")
    assert favours("Drug", "Placebo", "lower") == ("\u2190 favours Drug", "favours Placebo \u2192")
    assert favours("Placebo", "Drug", "lower") == ("\u2190 favours Placebo", "favours Drug \u2192")


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.4714, "2.47"), (5.0, "5.0"), (23.0, "23"), (inf, "∞"), (1e9, ">9999"), (1e-9, "<0.001"), (0.0, "0")],
)
def test_ratios_have_at_most_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_probabilities_do_not_reach_their_ends() -> None:
    assert [probability(p) for p in (1.0, 0.0, 0.996, 0.9)] == [">99.9%", "<0.1%", "99.6%", "90%"]


def test_numbers_keep_the_digits_they_have() -> None:
    posterior = estimate(value=0.242, low=0.16, high=0.3)
    assert in_words(posterior) == "24.2 (16 to 30)"
    assert in_words(replace(posterior, kind="recomputed")) == "24.2 (16.0 to 30.0)"
    printed = estimate(kind="published", value=Printed("0.239"), low=Printed("0.16"), high=Printed("0.330"), level=0.9)
    assert in_words(printed) == "23.9 (16 to 33.0)"
    assert in_words(printed, level=True) == "23.9 (16 to 33.0; 90%)"
    difference = estimate(quantity="risk_difference", arm="", numerator="drug", denominator="placebo", value=-0.055)
    assert in_words(difference) == "\u22125.5"
    ratio = replace(difference, quantity="odds_ratio", value=Printed("0.80"), kind="published")
    assert in_words(ratio) == "0.80"
    assert in_words(replace(ratio, value=None)) == ""


def test_interval_level_is_stated() -> None:
    assert percent_level([0.95, None, 0.95]) == "95% interval"
    assert percent_level([0.95, 0.9]) == "interval; level"
    assert percent_level([None]) == "interval"


def test_ratio_axis_holds_null_and_points_and_nothing_infinite() -> None:
    scale = contrast_scale("odds_ratio", [(2.0, 0.001, inf), (inf, 0.0, inf), (None, None, None)])
    assert scale.logarithmic
    assert scale.null == 1.0
    assert 0.1 < scale.low < 1
    assert 2 < scale.high < 20
    far = contrast_scale("odds_ratio", [(8.0, 4.0, 12.0)])
    assert far.low < 1
    assert far.high > 12


def test_difference_axis_stays_possible() -> None:
    scale = contrast_scale("risk_difference", [(90.0, 40.0, 100.0)])
    assert not scale.logarithmic
    assert scale.null == 0.0
    assert scale.low < 0
    assert 100 <= scale.high <= 102


@pytest.mark.parametrize(("top", "end"), [(7.0, 10.0), (43.0, 50.0), (79.0, 100.0), (100.0, 100.0), (0.0, 10.0)])
def test_rate_axis_starts_at_zero(top: float, end: float) -> None:
    scale = rate_scale([(0.0, None, top)])
    assert (scale.low, scale.high) == (0.0, end)


@pytest.mark.parametrize("low", [0.9, 0.3, 0.01, 1e-5])
@pytest.mark.parametrize("high", [1.1, 4.0, 120.0, 1e6])
def test_log_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = Scale(label="", low=low, high=high, logarithmic=True).ticks
    assert 1 <= len(ticks) <= 6
    assert all(low <= tick <= high for tick in ticks)


def test_text_is_wrapped_to_its_width() -> None:
    long = "A level with quite a long name and Donaudampfschifffahrtsgesellschaftskapitänswitwe in it"
    lines = wrap(long, 1.0).split("\n")
    assert all(text_width(line) <= 1.0 for line in lines)
    assert "".join(lines).replace(" ", "") == long.replace(" ", "")
    assert wrap("", 1.0) == ""


# Forest


def test_forest_tells_kinds_apart_by_colour_and_marker() -> None:
    assert len({look.colour for look in KINDS.values()}) == len({look.marker for look in KINDS.values()}) == 3
    figure = forest_plot(run().comparison, endpoint=run().trial["relapse"])
    rates, ratios = panel(figure, "Rate by arm"), panel(figure, "Odds ratio")
    for axes, expected in ((rates, {"s": 2, "D": 2, "o": 6}), (ratios, {"s": 2, "D": 1, "o": 3})):
        for marker, found in expected.items():
            drawn = marks(axes, marker)
            assert len(drawn) == found
        assert {to_hex(line.get_markeredgecolor()) for line in marks(axes, "D")} == {BLUE}
    failing = [line for line in marks(ratios, "o") if to_hex(line.get_markeredgecolor()) == GREY]
    assert len(failing) == 1
    open_markers = [line for line in marks(rates, "o") if line.get_markerfacecolor() == "white"]
    assert len(open_markers) == 3


def test_forest_says_what_it_shows() -> None:
    figure = forest_plot(run().comparison, endpoint=run().trial["relapse"])
    words = said(figure)
    for expected in (
        "Relapse within 2 years ($ & all causes): published, recomputed and posterior",
        f"Placebo (n = {CONTROL[1]})",
        f"Drug (n = {TREATED[1]})",
        "Odds ratio, Drug over Placebo",
        "(95% interval)",
        "\u2190 favours Drug",
        "favours Placebo \u2192",
        "Published",
        "Published, Table 3",
        "Posterior: independent",
        "Jeffreys",
        "Sceptical NOT CONVERGED",
        "0.80 (0.40 to 1.60)",
        "Clopper-Pearson",
    ):
        assert expected in words
    assert "Table 2" not in words  # the same odds ratio again
    rates, ratios = panel(figure, "Rate by arm"), panel(figure, "Odds ratio")
    assert (rates.get_xlabel(), ratios.get_xlabel()) == ("Rate (%)", "Odds ratio (log scale)")
    assert (rates.get_xscale(), ratios.get_xscale()) == ("linear", "log")
    null = [line for line in ratios.lines if list(line.get_xdata()) == [1.0, 1.0]]
    assert len(null) == 1


def test_forest_of_differences_is_linear() -> None:
    figure = forest_plot(run().comparison, endpoint=run().trial["relapse"], quantity="risk_difference")
    axes = panel(figure, "Risk difference")
    assert axes.get_xscale() == "linear"
    assert axes.get_xlabel() == "Risk difference (percentage points)"
    assert "Drug minus Placebo" in said(figure)


def test_swapping_the_arms_mirrors_the_forest() -> None:
    of = trial(swapped=True)
    words = said(forest_plot(Comparison(tuple(published_responses(of))), endpoint=of["relapse"]))
    assert "\u2190 favours Placebo" in words
    assert "favours Drug \u2192" in words
    assert "Odds ratio, Placebo over Drug" in words
    assert "1.25 (0.625 to 2.5)" in words
    assert "converted to this direction" in words


def test_better_decides_who_is_favoured() -> None:
    higher = trial(better="higher")
    words = said(forest_plot(Comparison(tuple(published_responses(higher))), endpoint=higher["relapse"]))
    assert "\u2190 favours Placebo" in words
    assert "favours Drug \u2192" in words


def test_levels_are_printed_where_they_differ() -> None:
    mine = [
        replace(item, level=0.9) if item.kind == "published" and item.level else item
        for item in run().comparison.select(endpoint="relapse", population="all").estimates
    ]
    words = said(forest_plot(Comparison(tuple(mine)), endpoint=run().trial["relapse"]))
    assert "0.80 (0.40 to 1.60; 90%)" in words
    assert "(interval; level)" in words


def test_rates_alone_are_a_forest_of_one_panel() -> None:
    rates = run().comparison.select(endpoint="relapse", quantity="rate")
    figure = forest_plot(rates, endpoint=run().trial["relapse"])
    assert len(figure.axes) == 2  # the ground with labels and numbers, and one panel
    assert "favours" not in said(figure)


def test_limits_beyond_the_axis_become_arrows() -> None:
    mark = Mark(kind="recomputed", value=inf, low=0.0, high=inf, text="∞ (0 to ∞)")
    scale = contrast_scale("odds_ratio", [(mark.value, mark.low, mark.high)])
    figure = draw_sheet(
        [Row(label="Level", cells=((mark,),))],
        [Panel(heading="Odds ratio", scale=scale, numbers="ratio")],
        title="Title",
    )
    axes = panel(figure, "Odds ratio")
    assert len(marks(axes, "<")) == len(marks(axes, ">")) == 1
    assert not marks(axes, "D")


# Subgroups


def test_subgroup_forest_draws_raw_and_shrunken() -> None:
    figure = subgroup_forest(run().comparison, endpoint=run().trial["relapse"], factor="region")
    words = said(figure)
    axes = panel(figure, "Odds ratio")
    assert axes.get_xscale() == "log"
    assert len(marks(axes, "o")) == 8  # ten levels, two of them in one arm only
    assert "Far away no patients in Drug" in words
    assert "Near by no patients in Placebo" in words
    assert "shrunken: Reference prior, logit-normal model" in words
    assert "\u2190 favours Drug" in words
    assert "All patients" in words


def test_no_effect_by_what_happened_after_randomisation() -> None:
    with pytest.raises(AnalysisError, match="determined after randomisation: no causal reading"):
        subgroup_forest(run().comparison, endpoint=run().trial["relapse"], factor="dose")


def test_shrinkage_goes_from_raw_to_shrunken() -> None:
    figure = shrinkage_plot(run().comparison, endpoint=run().trial["relapse"], factor="region")
    words = said(figure)
    assert "no causal reading" not in words
    for arm, others in (("Placebo", 9), ("Drug", 9)):
        axes = panel(figure, arm)
        assert axes.get_xlabel() == "Rate (%)"
        assert len(marks(axes, "D")) == len(marks(axes, "o")) == others
        assert len([text for text in axes.texts if isinstance(text, Annotation)]) == others
    assert "7/9, 77.8 (40.0 to 97.2)" in words
    assert "no patients" in words


def test_shrinkage_warns_in_words_and_draws_the_one_arm() -> None:
    figure = shrinkage_plot(run().comparison, endpoint=run().trial["relapse"], factor="dose")
    assert "determined after randomisation: no causal reading" in said(figure)
    assert [axes.get_label() for axes in figure.axes] == ["ground", "Drug"]


# Densities


def test_densities_show_posterior_prior_and_benefit() -> None:
    figure = densities_plot(run().fits, endpoint=run().trial["relapse"])
    assert [axes.get_label() for axes in figure.axes] == ["Independent rates", "Treatment effect (logit-normal)"]
    first, last = figure.axes
    dashed = [line for line in first.lines if line.get_linestyle() == "--" or line.is_dashed()]
    assert len(dashed) == 2
    assert first.get_ylabel() == "Density"
    assert last.get_xscale() == "log"
    assert last.get_xlabel() == "Odds ratio (log scale)"
    words = said(figure)
    assert "P(benefit)" in words
    assert "Drug over Placebo" in words
    assert "\u2190 favours Drug" in words
    assert "Sceptical NOT CONVERGED" in words


def test_density_has_area_one_and_counts_what_lies_outside() -> None:
    scale = Scale(label="", low=0.01, high=100.0, logarithmic=True, null=1.0)
    draws = np.exp(np.random.default_rng(1).normal(0, 0.7, size=(4, 2000)))
    grid = _grid(scale)
    assert np.trapezoid(_density(draws, scale), grid) == pytest.approx(1, abs=0.01)
    half = np.concatenate([draws.ravel(), np.full(draws.size, 1e30)])
    assert np.trapezoid(_density(half, scale), grid) == pytest.approx(0.5, abs=0.01)
    assert not _density(np.full(100, nan), scale).any()
    assert not _density(np.array([]), scale).any()


def test_densities_without_prior_or_interval_on_the_axis() -> None:
    scale = Scale(label="Ratio (log scale)", low=0.5, high=2.0, logarithmic=True, null=1.0)
    draws = np.exp(np.random.default_rng(1).normal(size=500))
    curve = Curve(
        label="Any", posterior=draws, prior=np.array([]), value=1.0, low=0.1, high=10.0, text="1", benefit="50%"
    )
    figure = draw_densities(
        [CurvePanel(heading="Model", curves=(curve,))],
        scale=scale,
        favours=("left", "right"),
        level="95% interval",
        title="Title",
    )
    (axes,) = figure.axes
    assert not [line for line in axes.lines if line.is_dashed()]
    assert len(marks(axes, "<")) == len(marks(axes, ">")) == 1


# Predictions


def test_predictions_stand_beside_what_was_observed() -> None:
    figure = predictive_plot(run().fits[-3], endpoint=run().trial["relapse"])
    assert len(figure.axes) == 20
    words = said(figure)
    assert "3 of 10" in words
    assert words.count("no patients") == 2
    assert "Patients with the event (%)" in words
    assert "prior predictive" in words
    axes = panel(figure, "South, Placebo")
    assert list(axes.lines[0].get_xdata()) == [30.0, 30.0]
    assert len(axes.patches) == 2


def test_predictions_by_prior_have_a_row_each() -> None:
    figure = predictive_by_prior(run().fits, endpoint=run().trial["relapse"])
    words = said(figure)
    assert len(figure.axes) == 6
    assert "Independent: Jeffreys" in words
    assert "Logit-normal: Sceptical NOT CONVERGED" in words


def test_predictions_of_one_arm_have_one_column_and_the_warning() -> None:
    figure = predictive_plot(run().fits[-1], endpoint=run().trial["relapse"])
    assert len(figure.axes) == 1
    assert "by subgroup, determined after randomisation: no causal reading" in said(figure)


def test_predictions_need_no_prior_draws() -> None:
    cell = Cell(prior=np.array([], dtype=int), posterior=np.array([0, 1, 1]), observed=1, total=1)
    figure = draw_predictive([CellRow(label="One", cells=(cell, None))], arms=("A", "B"), title="Title")
    assert len(figure.axes) == 1
    assert len(figure.axes[0].patches) == 1
