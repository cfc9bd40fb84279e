"""Densities as drawn: their area, and what there is none of."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from reappraise.drawing.density_panels import Curve, CurvePanel, _density, _grid, draw_densities
from reappraise.drawing.scale import Scale
from support.figures import marks


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
