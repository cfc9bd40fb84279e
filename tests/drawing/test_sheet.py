"""A sheet of rows: what lies beyond its axes."""

from __future__ import annotations

from math import inf

from reappraise.drawing.layout import Mark, Panel, Row
from reappraise.drawing.scale import contrast_scale
from reappraise.drawing.sheet import draw_sheet
from support.figures import marks, panel


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
