"""Figures of a binary endpoint, one at a time: what is drawn, what is said, and who is favoured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Annotation

from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError
from reappraise.drawing.style import BLUE, GREY, KINDS
from reappraise.response.figures.densities import densities_plot
from reappraise.response.figures.forest import forest_plot
from reappraise.response.figures.predictive import Cell, CellRow, draw_predictive, predictive_by_prior, predictive_plot
from reappraise.response.figures.shrinkage import shrinkage_plot
from reappraise.response.figures.subgroups import subgroup_forest
from support.figures import marks, panel, said
from support.small_trial import CONTROL, TREATED, published, run, trial

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
    words = said(forest_plot(Comparison(tuple(published(of))), endpoint=of["relapse"]))
    assert "\u2190 favours Placebo" in words
    assert "favours Drug \u2192" in words
    assert "Odds ratio, Placebo over Drug" in words
    assert "1.25 (0.625 to 2.5)" in words
    assert "converted to this direction" in words


def test_better_decides_who_is_favoured() -> None:
    higher = trial(better="higher")
    words = said(forest_plot(Comparison(tuple(published(higher))), endpoint=higher["relapse"]))
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
