"""Counts that prior and posterior predict beside the counts observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.drawing.scale import Scale
from reappraise.drawing.style import (
    BLACK,
    LINE,
    PURPLE,
    SMALL,
    VERMILION,
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
from reappraise.drawing.words import NO_CAUSAL_READING, NOT_CONVERGED, name
from reappraise.published.trial import TrialEndpoint
from reappraise.response.figures.words import binary, factor_label
from reappraise.response.published import ResponseEndpoint

if TYPE_CHECKING:
    from reappraise.response.fit import ResponseFit

type Integers = NDArray[np.integer]

_LABELS = 1.9
_PRIOR_HEIGHT = 0.6
"""Peak of the prior prediction, as a fraction of the posterior's: beside a narrow posterior it would not be seen."""
_PRIOR_STEPS = 28
"""Most steps of a prior prediction: it is wide, and single counts would show the noise of its draws."""
_NOTE = (
    "Heights: probability of each count, every distribution scaled to its own peak. An observed count far out in the "
    "prior prediction is a surprise to the prior; far out in the posterior prediction, a misfit of the model."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Predicted and observed patients with the event in one level of one arm.

    Parameters
    ----------
    prior, posterior
        Draws of the predicted count, any dims; may be empty.
    observed, total
        Patients with the event, and all patients.
    """

    prior: Integers
    posterior: Integers
    observed: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """One row of cells, one for each arm; None where the arm has no patients."""

    label: str
    cells: tuple[Cell | None, ...]
    failed: bool = False


def predictive_plot(fit: ResponseFit, *, endpoint: TrialEndpoint[ResponseEndpoint]) -> Figure:
    """Draw what one fit predicts for every level and arm.

    Parameters
    ----------
    fit
        A fit of the endpoint.
    endpoint
        Binary endpoint of a trial.
    """
    published, partition, job = binary(endpoint), fit.job.table, fit.job
    rows = [
        CellRow(label=label, cells=tuple(_cell(fit, level, arm) for arm in range(2)), failed=not fit.converged)
        for level, label in enumerate(partition.level_labels)
    ]
    subgroups = "" if partition.factor == WHOLE else " by subgroup"
    warning = "" if partition.causal else f", {NO_CAUSAL_READING}"
    return draw_predictive(
        rows,
        arms=partition.arm_labels,
        title=f"{published.label}: predicted and observed counts{subgroups}{warning}",
        subtitle=f"{factor_label(endpoint, partition.factor)}. {job.prior.label} prior, {job.model.name} model",
        note=_NOTE,
    )


def predictive_by_prior(fits: Sequence[ResponseFit], *, endpoint: TrialEndpoint[ResponseEndpoint]) -> Figure:
    """Draw what every model and prior predicts for the whole population.

    Parameters
    ----------
    fits
        Fits of any endpoint; those of the endpoint as a whole are drawn.
    endpoint
        Binary endpoint of a trial.

    Raises
    ------
    AnalysisError
        If there is no such fit.
    """
    published = binary(endpoint)
    mine = [fit for fit in fits if (fit.job.table.endpoint, fit.job.table.factor) == (published.key, WHOLE)]
    if not mine:
        raise AnalysisError(f"expected fits of {published.key} in all patients, got none")
    rows = [
        CellRow(
            label=f"{name(fit.job.model.name)}: {fit.job.prior.label}",
            cells=tuple(_cell(fit, 0, arm) for arm in range(2)),
            failed=not fit.converged,
        )
        for fit in mine
    ]
    return draw_predictive(
        rows,
        arms=mine[0].job.table.arm_labels,
        title=f"{published.label}: predicted and observed counts",
        subtitle="All patients, by model and prior",
        note=_NOTE,
    )


def draw_predictive(
    rows: Sequence[CellRow], *, arms: Sequence[str], title: str, subtitle: str = "", note: str = ""
) -> Figure:
    """Draw predictive distributions of counts, a row for each level or prior, a column for each arm.

    Parameters
    ----------
    rows
        From top to bottom; an arm without patients in any row has no column.
    arms
        Names of the arms, in the order of the cells.
    title, subtitle, note
        Above and below.
    """
    with styled():
        kept = [arm for arm in range(len(arms)) if any(row.cells[arm] for row in rows)]
        labels = [wrap(row.label, _LABELS, bold=row.failed) + f"\n{NOT_CONVERGED}" * row.failed for row in rows]
        widest = max(
            text_width(line, bold=row.failed)
            for row, label in zip(rows, labels, strict=True)
            for line in label.split("\n")
        )
        left = 0.12 + widest + 0.15
        numbers = max(text_width(_counts(row, arm), SMALL) for row in rows for arm in kept) + 0.25
        plot = (WIDTH - left) / len(kept) - numbers
        each = max(0.46 if len(rows) > 4 else 0.62, LINE * max(map(lines, labels)) + 0.06)
        head, foot = title_height(title, subtitle) + 0.1 + 2.2 * LINE, 0.5 + note_height(note)
        height = head + each * len(rows) + foot
        figure = blank(height)
        for index, (row, label) in enumerate(zip(rows, labels, strict=True)):
            bottom = height - head - each * (index + 1)
            figure.text(
                0.12 / WIDTH,
                (bottom + 0.4 * each) / height,
                label,
                va="center",
                linespacing=1.15,
                weight="bold" if row.failed else "normal",
            )
            for column, arm in enumerate(kept):
                x = left + column * (plot + numbers)
                axes = figure.add_axes(
                    (x / WIDTH, bottom / height, plot / WIDTH, 0.86 * each / height), label=f"{row.label}, {arms[arm]}"
                )
                _draw_cell(axes, row.cells[arm])
                last = index == len(rows) - 1
                Scale(label="Patients with the event (%)", low=0.0, high=100.0).set(axes, label=last)
                axes.tick_params(axis="x", labelbottom=last)
                figure.text((x + plot + 0.1) / WIDTH, (bottom + 0.4 * each) / height, _counts(row, arm), size=SMALL)
                if index == 0:
                    figure.text(x / WIDTH, 1 - (head - 0.04) / height, arms[arm], weight="bold")
        write_title(figure, title, subtitle)
        _write_key(figure, title_height(title, subtitle))
        write_note(figure, note)
    return figure


def _cell(fit: ResponseFit, level: int, arm: int) -> Cell | None:
    partition = fit.job.table
    total = partition.totals[level][arm]
    if not total:
        return None
    where = {"level": partition.levels[level], "arm": partition.arms[arm]}
    groups = fit.tree.children
    drawn = [
        groups[group].dataset["events"].sel(where).values if group in groups else np.array([], dtype=int)
        for group in ("prior_predictive", "posterior_predictive")
    ]
    return Cell(prior=drawn[0], posterior=drawn[1], observed=partition.events[level][arm], total=total)


def _counts(row: CellRow, arm: int) -> str:
    cell = row.cells[arm]
    return f"{cell.observed} of {cell.total}" if cell else "no patients"


def _draw_cell(axes: Axes, cell: Cell | None) -> None:
    axes.set_facecolor("none")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if cell is None:
        return
    if cell.posterior.size:
        share, edges = _shares(cell.posterior, cell.total, 1)
        axes.stairs(share, edges, color=VERMILION, fill=True, alpha=0.55, lw=0, zorder=2)
    if cell.prior.size:
        share, edges = _shares(cell.prior, cell.total, ceil((cell.total + 1) / _PRIOR_STEPS))
        axes.stairs(share * _PRIOR_HEIGHT, edges, color=PURPLE, lw=1.2, zorder=3)
    axes.set_ylim(0, 1.08)
    axes.axvline(100 * cell.observed / cell.total, color=BLACK, lw=1.4, zorder=4, clip_on=False)


def _shares(draws: Integers, total: int, width: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Share of the draws at `width` neighbouring counts, the largest being 1, and the edges in percent of patients."""
    counts = np.bincount(np.ravel(draws), minlength=total + 1)
    starts = np.arange(0, total + 1, width)
    sizes = np.diff([*starts, total + 1])
    share = np.add.reduceat(counts, starts) / sizes
    return share / share.max(), (np.array([*starts, total + 1]) - 0.5) / total * 100


def _write_key(figure: Figure, down: float) -> None:
    width, height = figure.get_size_inches()
    handles = (
        Line2D([], [], color=BLACK, lw=1.4),
        Patch(color=VERMILION, alpha=0.55, lw=0),
        Patch(edgecolor=PURPLE, facecolor="none", lw=1.2),
    )
    figure.legend(
        handles,
        ["observed", "posterior predictive", "prior predictive"],
        loc="upper left",
        bbox_to_anchor=(0.1 / width, 1 - down / height),
        ncols=3,
        borderpad=0.0,
        borderaxespad=0.0,
        handletextpad=0.5,
        columnspacing=1.5,
        handlelength=1.4,
    )
