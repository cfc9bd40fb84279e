"""Figures of a whole run: diagnostics, every family, no overlap, nothing left open."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import nan
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from reappraise.figures import (
    FIGURES,
    densities_plot,
    diagnostics_plot,
    draw_all,
    forest_plot,
    predictive_by_prior,
    ranks_plot,
    shrinkage_plot,
    subgroup_forest,
)

from figure_run import (
    CASES,
    FAILED,
    PASSED,
    panel,
    run,
    said,
)
from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError
from reappraise.drawing.diagnostics import Judged, at_most, draw_diagnostics
from reappraise.drawing.style import BLUE, KINDS, VERMILION
from reappraise.fits.diagnose import Check
from reappraise.published.estimates import published_responses
from reappraise.response.figures.ranks import _distinct

# Diagnostics


def test_overview_has_a_dot_for_each_fit_and_names_those_that_fail() -> None:
    figure = diagnostics_plot(run().fits)
    words = said(figure)
    assert "Diagnostics of 9 fits: 2 NOT CONVERGED" in words
    assert "relapse, all, logit-normal, sceptical: R-hat 1.3 (rate)" in words
    assert [axes.get_xlabel() for axes in figure.axes] == ["at most 1.01", "at least 400", "at most 0"]
    axes = panel(figure, "R-hat")
    points = [line for line in axes.lines if line.get_marker() in {"o", "s", "^", "X"}]
    assert sum(len(line.get_xdata()) for line in points) == 9
    assert sum(len(line.get_xdata()) for line in points if line.get_marker() == "X") == 2
    assert [list(line.get_xdata()) for line in axes.lines if line.get_marker() == "None"] == [[1.01, 1.01]]


def test_overview_of_good_fits_says_so() -> None:
    figure = draw_diagnostics([Judged(name="a", lane="model", checks=PASSED.checks)])
    assert "Diagnostics of 1 fit: all converged" in said(figure)


def test_overview_of_many_failures_counts_the_rest_and_survives_nan() -> None:
    bad = replace(FAILED.checks[0], value=nan)
    figure = draw_diagnostics([Judged(name=f"fit {index}", lane="model", checks=(bad,)) for index in range(25)])
    words = said(figure)
    assert "fit 19" in words
    assert "fit 20" not in words
    assert "and 5 more." in words
    assert np.isfinite(figure.axes[0].lines[-1].get_xdata()).all()


def test_side_of_a_threshold_is_told_from_verdicts() -> None:
    assert at_most([Check("x", 0, 0, "", passed=True)])
    assert at_most([Check("x", 2, 1, "", passed=False)])
    assert not at_most([Check("x", 2, 1, "", passed=True)])


def test_ranks_are_drawn_for_the_worst_quantities() -> None:
    figure = ranks_plot(run().fits[2], endpoint=run().trial["relapse"])
    words = said(figure)
    assert "Relapse within 2 years ($ & all causes): draws by chain, NOT CONVERGED" in words
    assert "Log of odds ratio" in words
    assert "Response rate (%): Drug" in words
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


# The whole run

NAMES = [
    "relapse.forest",
    "cure.forest",
    "relapse.densities",
    "cure.densities",
    "relapse.region.subgroups",
    "relapse.region.shrinkage",
    "relapse.dose.shrinkage",
    "relapse.predictive",
    "relapse.region.predictive",
    "relapse.dose.predictive",
    "cure.predictive",
    "diagnostics",
    "relapse.ranks.independent",
    "relapse.ranks.logit-normal",
]


def test_every_family_is_listed_once() -> None:
    assert len(FIGURES) == len({family.__name__ for family in FIGURES}) == 7


def test_a_run_without_fits_has_forests_alone() -> None:
    published = Comparison(tuple(published_responses(run().trial)))
    assert [name for name, _ in draw_all(run().trial, published, ())] == ["relapse.forest", "cure.forest"]


def test_figures_are_drawn_one_at_a_time() -> None:
    drawn = draw_all(run().trial, run().comparison, run().fits)
    assert next(drawn)[0] == "relapse.forest"
    drawn.close()  # type: ignore[attr-defined]


def outside(axes: Axes, place: float) -> bool:
    low, high = axes.get_xlim()
    return not low <= place <= high


def visible(figure: Figure) -> list[tuple[str, Bbox]]:
    """Text as drawn, with its box cut by a pixel on every side."""
    figure.draw_without_rendering()
    beyond = {
        tick.label1 for axes in figure.axes for tick in axes.xaxis.get_major_ticks() if outside(axes, tick.get_loc())
    }
    found = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if (
            text in beyond
            or not text.get_visible()
            or not text.get_text().strip()
            or (text.axes and not text.axes.get_visible())
        ):
            continue
        box = text.get_window_extent()
        if box.width > 2 and box.height > 2:
            found.append((text.get_text(), Bbox([[box.x0 + 1, box.y0 + 1], [box.x1 - 1, box.y1 - 1]])))
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_run_has_every_figure_and_nothing_overlaps_or_is_cut(case: str) -> None:
    held = run(case)
    names = []
    for name, figure in draw_all(held.trial, held.comparison, held.fits):
        names.append(name)
        found = visible(figure)
        width, height = figure.bbox.size
        for text, box in found:
            assert box.x0 >= -1, f"{name}: {text!r} is cut at the left"
            assert box.y0 >= -1, f"{name}: {text!r} is cut at the foot"
            assert box.x1 <= width + 1, f"{name}: {text!r} is cut at the right"
            assert box.y1 <= height + 1, f"{name}: {text!r} is cut at the top"
        for (first, one), (second, other) in combinations(found, 2):
            assert not one.overlaps(other), f"{name}: {first!r} and {second!r} overlap"
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


def test_a_notebook_displays_a_figure() -> None:
    figure = diagnostics_plot(run().fits)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


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
        lambda: diagnostics_plot(()),
    ):
        with pytest.raises(AnalysisError, match="expected"):
            call()


def test_colours_are_those_of_the_palette() -> None:
    assert {KINDS["recomputed"].colour, KINDS["posterior"].colour} == {BLUE, VERMILION}
