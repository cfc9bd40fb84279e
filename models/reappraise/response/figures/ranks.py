"""Do the chains of a fit agree: densities and ranks of their draws, chain by chain, by ArviZ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reappraise.core.estimate import QUANTITIES
from reappraise.drawing.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILION,
    blank,
    note_height,
    styled,
    title_height,
    wrap,
    write_note,
    write_title,
)
from reappraise.drawing.words import NOT_CONVERGED
from reappraise.published.trial import TrialEndpoint
from reappraise.response.figures.words import binary, factor_label
from reappraise.response.published import ResponseEndpoint

if TYPE_CHECKING:
    from reappraise.response.fit import ResponseFit

type Floats = NDArray[np.floating]

_MOST = 6
"""Quantities drawn."""
_ROW, _LEFT, _BETWEEN = 0.95, 1.7, 0.4
"""Inches: height of a row, left end of the plots, and from one plot to the next."""
_IMPLIED = {"risk_difference", "risk_ratio"}
"""Quantities that say nothing about the chains beyond what the rates and the odds ratio say."""
_NOTE = (
    "Left: density of the draws of each chain. Right: empirical distribution of the ranks of each chain's draws among "
    "the draws of all chains, minus that of equal chains: lines that hug zero agree. p: test that the ranks are "
    "uniform; black dots: where they are not."
)


def ranks_plot(fit: ResponseFit, *, endpoint: TrialEndpoint[ResponseEndpoint]) -> Figure:
    """Draw densities and ranks by chain of the quantities of a fit with the largest R-hat.

    Parameters
    ----------
    fit
        A fit of the endpoint.
    endpoint
        Binary endpoint of a trial.
    """
    draws = _distinct(_quantities(fit))
    worst = sorted(draws, key=lambda name: -float(array_stats.rhat(draws[name], chain_axis=0, draw_axis=1)))[:_MOST]
    # the test of uniform ranks takes draws to be independent
    fewest = min(float(array_stats.ess(draws[name], chain_axis=0, draw_axis=1)) for name in worst)
    every = max(1, min(ceil(draws[worst[0]].size / max(fewest, 1.0)), draws[worst[0]].shape[1] // 50))
    job = fit.job
    parts = (
        factor_label(endpoint, job.table.factor),
        f"{job.prior.label} prior, {job.model.name} model",
        f"{len(worst)} of {len(draws)} quantities, those with the largest R-hat" if len(worst) < len(draws) else "",
        f"One draw in {every}" if every > 1 else "",
    )
    return draw_ranks(
        {name: draws[name][:, ::every] for name in worst},
        title=f"{binary(endpoint).label}: draws by chain" + ("" if fit.converged else f", {NOT_CONVERGED}"),
        subtitle=". ".join(part for part in parts if part),
        note=_NOTE,
    )


def draw_ranks(draws: Mapping[str, Floats], *, title: str, subtitle: str = "", note: str = "") -> Figure:
    """Draw densities and ranks by chain, a row for each quantity.

    Parameters
    ----------
    draws
        Draws by name, dims (chain, draw).
    title, subtitle, note
        Above and below.
    """
    import arviz as az  # slow to import, and no other figure needs it

    keys = [f"quantity_{index}" for index in range(len(draws))]
    data = xr.Dataset({key: (("chain", "draw"), values) for key, values in zip(keys, draws.values(), strict=True)})
    data = data.assign_coords({dim: np.arange(size) for dim, size in data.sizes.items()})
    with styled():
        head, foot = title_height(title, subtitle) + 0.12, 0.36 + note_height(note)
        height = head + _ROW * len(draws) + foot
        figure = blank(height)
        places = {
            key: _axes(figure, name, height - head - _ROW * (row + 1))
            for row, (key, name) in enumerate(zip(keys, draws, strict=True))
        }
        # axes made here instead of by ArviZ, which would ask pyplot for a figure of its own
        plots = xr.Dataset(
            {key: ("column", np.array(pair, dtype=object)) for key, pair in places.items()},
            coords={"column": ["dist", "rank"]},
        )
        collection = az.PlotCollection(
            data.expand_dims(column=2).assign_coords(column=["dist", "rank"]),
            xr.DataTree.from_dict({"/": xr.Dataset({"figure": ((), np.array(figure, dtype=object))}), "/plot": plots}),
            aes={"color": ["chain"], "overlay": ["chain"]},
            color=[BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY],
            backend="matplotlib",
        )
        az.plot_rank_dist(
            xr.DataTree.from_dict({"posterior": data}),
            compact=False,
            kind="kde",
            plot_collection=collection,
            visuals={"label": False, "xlabel_rank": False, "ticklabels": False, "remove_axis": False},
        )
        for row, pair in enumerate(places.values()):
            last = row == len(places) - 1
            labels = (("Value", "Density"), ("Rank, as a fraction", "Difference"))
            for axes, (label, unit) in zip(pair, labels, strict=True):
                axes.set_yticks([])
                axes.set_ylabel(unit, size=SMALL, color=GREY)
                axes.set_xlabel(label if last else "")
                for text in axes.texts:
                    text.set_text(text.get_text().replace("(", " ("))
                    text.set(size=SMALL, color=GREY, transform=axes.transAxes, x=1.0, y=1.0, ha="right", va="bottom")
                for line in axes.lines:
                    line.set_linewidth(0.9)
        write_title(figure, title, subtitle)
        write_note(figure, note)
    return figure


def _axes(figure: Figure, name: str, bottom: float) -> tuple[Axes, Axes]:
    """Write the name of a row and make its axes for the density and the ranks."""
    width, height = figure.get_size_inches()
    plot = (width - _LEFT - _BETWEEN - 0.2) / 2
    figure.text(
        0.12 / width,
        (bottom + 0.58) / height,
        wrap(name, _LEFT - 0.4, bold=True),
        va="center",
        weight="bold",
        linespacing=1.15,
    )
    first, second = (
        figure.add_axes(
            (left / width, (bottom + 0.3) / height, plot / width, (_ROW - 0.38) / height), label=f"{name}, {kind}"
        )
        for left, kind in ((_LEFT, "density"), (_LEFT + plot + _BETWEEN, "ranks"))
    )
    return first, second


def _distinct(quantities: Iterable[tuple[str, Floats]]) -> dict[str, Floats]:
    """The quantities without those that repeat the draws of one before, under another name."""
    found: dict[str, Floats] = {}
    for name, values in quantities:
        if not any(np.allclose(values, other, rtol=1e-3, atol=1e-3) for other in found.values()):
            found[name] = values
    return found


def _quantities(fit: ResponseFit) -> Iterator[tuple[str, Floats]]:
    """Yield every estimand and parameter by name; positive and skewed ones as logarithms."""
    partition = fit.job.table
    levels = partition.level_labels if len(partition.levels) > 1 else ("",)
    words = dict(zip((*partition.levels, *partition.arms), (*levels, *partition.arm_labels), strict=True))
    for name, variable in fit.tree["posterior"].data_vars.items():
        if name in _IMPLIED:
            continue
        stacked = variable.transpose("chain", "draw", ...)
        known = QUANTITIES.get(str(name))
        logarithmic = (known is not None and known.form == "ratio") or name == "concentration"
        label = known.label if known else str(name).replace("_", " ").capitalize()
        unit = 100.0 if str(name) in {"rate", "mean_rate"} else 1.0
        label += " (%)" if unit != 1.0 else ""
        for index in np.ndindex(stacked.shape[2:]):
            places = [str(stacked[dim].values[at]) for dim, at in zip(stacked.dims[2:], index, strict=True)]
            values = np.asarray(stacked.values[(slice(None), slice(None), *index)], dtype=float)
            if np.isnan(values).any():
                continue
            said = ", ".join(part for part in (words.get(place, place) for place in places) if part)
            full = f"Log of {label.lower()}" if logarithmic else label
            yield f"{full}: {said}" if said else full, np.log(values) if logarithmic else values * unit
