"""The picture of every verdict: a dot for each fit, and a name for each that failed."""

from __future__ import annotations

import pytest

from reappraise.core.errors import AnalysisError
from reappraise.fits.overview import diagnostics_plot
from support.figures import assert_nothing_overlaps_or_is_cut, panel, said
from support.small_trial import CASES, run


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


@pytest.mark.parametrize("case", CASES)
def test_nothing_overlaps_or_is_cut(case: str) -> None:
    assert_nothing_overlaps_or_is_cut("diagnostics", diagnostics_plot(run(case).fits))


def test_nothing_to_judge_is_refused() -> None:
    with pytest.raises(AnalysisError, match="expected"):
        diagnostics_plot(())


def test_a_notebook_displays_a_figure() -> None:
    figure = diagnostics_plot(run().fits)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
