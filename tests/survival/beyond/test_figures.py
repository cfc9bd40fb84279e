"""Pictures of what goes beyond the data: legible with long names, in any direction, and with little room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from reappraise.core.errors import AnalysisError
from reappraise.survival.beyond.figure import draw_beyond
from reappraise.survival.beyond.order_figure import draw_ordered_curves
from reappraise.survival.beyond.rule import ExternalRow
from reappraise.survival.figures.subject import SurvivalSubject
from support.figures import assert_nothing_overlaps_or_is_cut, said
from support.survival_figures import LONG, SUBJECT

TIME = np.linspace(0.0, 60.0, 121)
RATES = np.exp(np.log([[0.03], [0.02]]) + 0.2 * np.random.default_rng(1).normal(size=(300, 2, 1)))
SURVIVAL = np.exp(-RATES * TIME)
ROWS = (ExternalRow(start=24, stop=48, n=100, r=60, arm="drug"),)


def beyond(subject: SurvivalSubject, after: float = 24.0) -> Figure:
    words = f"hazards after {after:g} months from 1 external row up to 48 months, hazard ratio going to 1 by 55 months"
    return draw_beyond(subject, time=TIME, survival=SURVIVAL, after=after, words=words, rows=ROWS)


def ordered(subject: SurvivalSubject) -> Figure:
    labels = "Progression-free survival by an independent committee", "Overall survival"
    curves = (TIME, SURVIVAL**2), (TIME, SURVIVAL)
    return draw_ordered_curves(subject, labels, curves, end=60.0, share=0.42)


@pytest.mark.parametrize("subject", [SUBJECT, LONG, replace(LONG, endpoint="Time to a first response " * 3)])
def test_nothing_overlaps_or_is_cut(subject: SurvivalSubject) -> None:
    assert_nothing_overlaps_or_is_cut("beyond", beyond(subject))
    assert_nothing_overlaps_or_is_cut("narrow", beyond(subject, after=56.0))
    assert_nothing_overlaps_or_is_cut("ordered", ordered(subject))


def test_they_say_what_they_rest_on() -> None:
    assert "on the shaded ground on the rule and the external rows" in said(beyond(SUBJECT))
    assert "keep this order with probability 42%" in said(ordered(SUBJECT))
    assert "NOT CONVERGED" in said(beyond(LONG))


def test_without_times_on_both_sides_there_is_nothing_to_draw() -> None:
    with pytest.raises(AnalysisError, match="expected times before and after 60 months"):
        beyond(SUBJECT, after=60.0)
