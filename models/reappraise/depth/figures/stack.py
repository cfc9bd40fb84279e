"""Depth of response by arm: counts as stacked bars, and posterior rates of the categories beside them."""

from __future__ import annotations

from dataclasses import replace

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from reappraise.core.estimate import Estimate
from reappraise.depth.figures.words import depth_note, depth_subtitle, depth_title
from reappraise.depth.fit import DepthFit
from reappraise.depth.table import OrdinalTable
from reappraise.drawing.layout import GAP
from reappraise.drawing.scale import in_words, rate_scale, shown
from reappraise.drawing.sheet import draw_interval
from reappraise.drawing.style import (
    BLACK,
    GREY,
    KINDS,
    LINE,
    PALE,
    SMALL,
    WIDTH,
    blank,
    lines,
    note_height,
    styled,
    text_width,
    title_height,
    wrap,
    write_note,
    write_title,
)

_LEFT, _BARS = 0.62, 1.75
"""Inches: left end and width of the panel of bars."""
_ROW = 0.6
"""Inches of a category."""
_LABEL, _LEAST = 1.15, 1.4
"""Inches: widest label of a category, and narrowest panel of rates."""
_APART = 0.155
"""Inches between the two arms of a category."""
_SHALLOW = 0.13
"""Inches: a segment less high than this cannot hold its count."""


def draw_depth_stack(fit: DepthFit) -> Figure:
    """Draw patients by category and arm as stacked bars, best on top, with posterior rates of every category beside.

    Parameters
    ----------
    fit
        A fit of an ordinal endpoint.
    """
    table, level = fit.job.table, fit.job.sampling.level
    rates = {(item.item, item.arm): item for item in fit.estimates if item.quantity == "category_rate"}
    observed = {
        (category, arm): 100 * count / total
        for category, row in zip(table.categories, table.counts, strict=True)
        for arm, count, total in zip(table.arms, row, table.totals, strict=True)
    }
    spans = [(shown("rate", i.value), shown("rate", i.low), shown("rate", i.high)) for i in rates.values()]
    scale = rate_scale([*spans, *((value, None, None) for value in observed.values())], "Rate of the category (%)")
    title = depth_title(table, [fit], "counts and posterior rates by category")
    note = f"Black line: observed rate. Numbers: counts, posterior median (interval) in %. {depth_note(table, [fit])}"
    subtitle = depth_subtitle(table, [fit])
    with styled():
        labels = [wrap(label, _LABEL) for label in table.category_labels]
        heads = [
            wrap(label, _BARS / 2 - 0.06, SMALL) + f"\nn = {total}"
            for label, total in zip(table.arm_labels, table.totals, strict=True)
        ]
        texts = {key: _numbers(table, key, item) for key, item in rates.items()}
        heading = f"of patients, %\n({100 * level:g}% interval)"
        numbers = max(text_width(text, SMALL) for text in (*texts.values(), *heading.split("\n"))) + GAP
        start = _LEFT + _BARS + 0.3 + 0.22 + max(text_width(t) for label in labels for t in label.split("\n")) + GAP
        inner = max(WIDTH - start - numbers - GAP, _LEAST)
        width = start + inner + GAP + numbers
        row = max(_ROW, *(LINE * lines(label) + 0.06 for label in labels))
        body = max(row * len(labels), 2.2)
        top = title_height(title, subtitle, width) + LINE
        above = 0.1 + 0.128 * max(lines(heading), 1) + LINE
        foot = max(0.48, 0.16 + 0.13 * max(map(lines, heads))) + note_height(note, width)
        height = foot + body + above + top
        figure = blank(height, width)
        colours = [to_hex(colormaps["Blues"](0.95 - 0.8 * place / (len(labels) - 1))) for place in range(len(labels))]
        bars = figure.add_axes((_LEFT / width, foot / height, _BARS / width, body / height), label="counts")
        _draw_bars(bars, table, colours, heads, body)
        axes = figure.add_axes((start / width, foot / height, inner / width, body / height), label="rates")
        _prepare(axes, body)
        scale.set(axes)
        ground = figure.add_axes((0.0, foot / height, 1.0, body / height), label="ground", zorder=-1)
        _prepare(ground, body)
        ground.set_xlim(0, width)
        ground.set_axis_off()
        for place, (category, label) in enumerate(zip(table.categories, labels, strict=True)):
            middle = body * (place + 0.5) / len(labels)
            left = _LEFT + _BARS + 0.3
            ground.add_patch(Rectangle((left, middle - 0.07), 0.14, 0.14, fc=colours[place], ec=GREY, lw=0.6))
            ground.text(left + 0.22, middle, label, va="center", linespacing=1.15)
            for arm, key in enumerate(table.arms):
                y = middle + _APART * (arm - 0.5)
                known = observed[category, key]
                axes.plot([known] * 2, [y - 0.055, y + 0.055], color=BLACK, lw=1.6, zorder=6, clip_on=False)
                _draw_rate(axes, rates[category, key], y, filled=arm == 1, failed=not fit.converged)
                ground.text(start + inner + GAP, y, texts[category, key], va="center", size=SMALL)
        ground.text(start + inner + GAP, -0.05, heading, va="bottom", size=SMALL, color=GREY, linespacing=1.15)
        ground.text(start, -0.05, "Posterior rates", va="bottom", weight="bold")
        ground.text(_LEFT, -0.05, "Observed, best on top", va="bottom", weight="bold")
        write_title(figure, title, subtitle)
        _write_key(figure, table, top - LINE, failed=not fit.converged)
        write_note(figure, note)
    return figure


def _draw_bars(axes: Axes, table: OrdinalTable, colours: list[str], heads: list[str], body: float) -> None:
    axes.set(xlim=(-0.5, 1.5), ylim=(0, 100))
    axes.set_xticks([0, 1], heads)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("Patients (%), better response \u2192")
    for arm, total in enumerate(table.totals):
        top, beside = 100.0, 200.0
        for colour, row in zip(colours, table.counts, strict=True):
            share = 100 * row[arm] / total
            axes.bar(arm, share, 0.62, top - share, color=colour, edgecolor="white", lw=0.8)
            middle, top = top - share / 2, top - share
            if not row[arm]:
                continue
            if share / 100 * body >= _SHALLOW:
                light = colours.index(colour) < len(colours) / 2
                axes.text(
                    arm, middle, str(row[arm]), ha="center", va="center", color="white" if light else BLACK, size=SMALL
                )
            else:
                beside = min(middle, beside - 100 * _SHALLOW / body)
                axes.text(arm + 0.35, beside, str(row[arm]), va="center", size=SMALL)


def _prepare(axes: Axes, body: float) -> None:
    axes.set_ylim(body, 0)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", left=False, labelleft=False)
    axes.grid(axis="x", color=PALE, lw=0.4, alpha=0.6)


def _draw_rate(axes: Axes, item: Estimate, y: float, *, filled: bool, failed: bool) -> None:
    value, low, high = (shown("rate", number) for number in (item.value, item.low, item.high))
    if value is None or low is None or high is None:
        return
    look = KINDS["posterior"]
    colour = GREY if failed else look.colour
    scale = rate_scale([(100.0, None, None)])
    draw_interval(axes, low, high, y, scale, colour=colour)
    axes.plot(
        value, y, look.marker, ms=4.8, mfc=colour if filled else "white", mec=colour, mew=1.1, zorder=5, clip_on=False
    )


def _numbers(table: OrdinalTable, key: tuple[str, str], item: Estimate) -> str:
    arm = table.arms.index(key[1])
    count, total = table.counts[table.categories.index(key[0])][arm], table.totals[arm]
    return f"{count}/{total}, {in_words(replace(item, quantity='rate'))}"


def _write_key(figure: Figure, table: OrdinalTable, top: float, *, failed: bool) -> None:
    width, height = figure.get_size_inches()
    look = KINDS["posterior"]
    colour = GREY if failed else look.colour
    handles = [
        Line2D([], [], color=colour, lw=1.4, marker=look.marker, ms=4.8, mfc=colour if filled else "white")
        for filled in (False, True)
    ]
    handles.append(Line2D([], [], ls="", marker="|", ms=7, mew=1.6, color=BLACK))
    words = [*(f"posterior, {label}" for label in table.arm_labels), "observed"]
    figure.legend(
        handles,
        words,
        loc="upper left",
        bbox_to_anchor=(0.12 / width, 1 - (top + 0.02) / height),
        ncols=3,
        borderpad=0.0,
        borderaxespad=0.0,
        handletextpad=0.4,
        handlelength=1.4,
        columnspacing=1.2,
    )
