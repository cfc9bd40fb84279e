"""Diagnostics as drawn: many failures, values that are none, sides of a threshold."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import numpy as np

from reappraise.drawing.diagnostics import Judged, at_most, draw_diagnostics
from reappraise.fits.diagnose import Check
from support.figures import said
from support.small_trial import FAILED, PASSED


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
