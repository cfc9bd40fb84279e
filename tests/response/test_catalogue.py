"""Figures of a binary endpoint: every family, no overlap, nothing left open, missing numbers named."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError
from reappraise.drawing.style import BLUE, KINDS, VERMILION
from reappraise.response.figures.catalogue import draw_response
from reappraise.response.figures.densities import densities_plot
from reappraise.response.figures.forest import forest_plot
from reappraise.response.figures.predictive import predictive_by_prior
from reappraise.response.figures.ranks import _distinct, ranks_plot
from reappraise.response.figures.shrinkage import shrinkage_plot
from reappraise.response.figures.subgroups import subgroup_forest
from support.figures import assert_nothing_overlaps_or_is_cut, panel, said
from support.small_trial import CASES, published, run


def test_ranks_are_drawn_for_the_worst_quantities() -> None:
    figure = ranks_plot(run().fits[2], endpoint=run().trial["relapse"])
    words = said(figure)
    assert "Relapse within 2 years ($ & all causes): draws by chain, NOT CONVERGED" in words
    assert "Log of odds ratio" in words
    assert "Rate (%): Drug" in words
    assert len(figure.axes) % 2 == 0
    assert figure.axes[-1].get_xlabel() == "Rank, as a fraction"
    many = ranks_plot(run().fits[-3], endpoint=run().trial["relapse"])
    assert len(many.axes) == 12
    assert "those with the largest R-hat" in said(many)


def test_a_quantity_under_two_names_is_drawn_once() -> None:
    draws = np.random.default_rng(1).normal(size=(4, 50))
    assert list(_distinct([("effect", draws), ("log odds ratio", draws + 1e-6), ("other", -draws)])) == [
        "effect",
        "other",
    ]


# The whole endpoint

NAMES = [
    "relapse.forest",
    "relapse.densities",
    "relapse.region.subgroups",
    "relapse.region.shrinkage",
    "relapse.dose.shrinkage",
    "relapse.predictive",
    "relapse.region.predictive",
    "relapse.dose.predictive",
    "relapse.ranks.independent",
    "relapse.ranks.logit-normal",
    "cure.forest",
    "cure.densities",
    "cure.predictive",
]


def test_an_endpoint_without_fits_has_a_forest_alone() -> None:
    for key in ("relapse", "cure"):
        endpoint = run().trial[key]
        comparison = Comparison(tuple(published(run().trial)))
        assert [name for name, _ in draw_response(endpoint, comparison, ())] == [f"{key}.forest"]


def test_figures_are_drawn_one_at_a_time() -> None:
    held = run()
    drawn = draw_response(held.trial["relapse"], held.comparison, held.of("relapse"))
    assert next(drawn)[0] == "relapse.forest"
    drawn.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", CASES)
def test_an_endpoint_has_every_figure_and_nothing_overlaps_or_is_cut(case: str) -> None:
    names = []
    for name, figure in run(case).drawn():
        names.append(name)
        assert_nothing_overlaps_or_is_cut(name, figure)
        for axes in figure.axes:
            assert axes.get_label() == "ground" or axes.xaxis.get_ticklocs().size
    assert names == NAMES


def test_nothing_stays_open() -> None:
    before = dict(mpl.rcParams)
    figure = ranks_plot(run().fits[0], endpoint=run().trial["relapse"])
    from matplotlib import pyplot as plt

    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
    assert not hasattr(figure, "number")


def test_the_style_outlives_its_context() -> None:
    figure = forest_plot(run().comparison, endpoint=run().trial["relapse"])
    with mpl.rc_context({"xtick.labelsize": 30, "font.size": 30}):
        figure.draw_without_rendering()
    labels = panel(figure, "Rate by arm").get_xticklabels()
    assert {label.get_fontsize() for label in labels} == {7.0}


@pytest.mark.parametrize("draw", [forest_plot, subgroup_forest, shrinkage_plot])
def test_other_endpoints_are_refused(draw: Any) -> None:
    more = {} if draw is forest_plot else {"factor": "region"}
    with pytest.raises(AnalysisError, match="expected a response endpoint to draw, got survival"):
        draw(run().comparison, endpoint=run().trial["survival"], **more)


def test_missing_numbers_are_named() -> None:
    relapse = run().trial["relapse"]
    nothing = Comparison(())
    for call in (
        lambda: forest_plot(nothing, endpoint=relapse),
        lambda: subgroup_forest(nothing, endpoint=relapse, factor="region"),
        lambda: shrinkage_plot(nothing, endpoint=relapse, factor="region"),
        lambda: densities_plot((), endpoint=relapse),
        lambda: predictive_by_prior((), endpoint=relapse),
    ):
        with pytest.raises(AnalysisError, match="expected"):
            call()


def test_colours_are_those_of_the_palette() -> None:
    assert {KINDS["recomputed"].colour, KINDS["posterior"].colour} == {BLUE, VERMILION}
