"""The fine grid of time on which outcomes of patients are counted, and where printed times lie on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reappraise.survival.hazard import Grid

type Floats = NDArray[np.float64]

CELLS: Final = 96
"""Cells, the same for every trial: one compilation serves all."""
CENSORING_STEPS: Final = 6
"""Stretches of follow-up over which the shape of censoring may change."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A grid of fixed size whose edges meet every printed time.

    Parameters
    ----------
    edges
        Dims (edge,), from 0 to the end of all follow-up.
    grid
        Intervals of constant hazard; their cuts are edges.
    """

    edges: Floats
    grid: Grid

    @classmethod
    def meeting(cls, times: Iterable[float], grid: Grid, end: float) -> Cells:
        """Edges at all these times and at the cuts; the rest halve the longest cells.

        Raises
        ------
        ValueError
            If there are more times than cells.
        """
        regular = np.linspace(0.0, end, CENSORING_STEPS + 1)
        wanted = {0.0, *regular.tolist(), *grid.cuts, *(float(time) for time in times if 0 < time <= end)}
        edges = np.array(sorted(wanted))
        # times that differ by rounding alone are one
        edges = edges[np.concatenate([[True], np.diff(edges) > 1e-9 * end])]
        if edges.size > CELLS + 1:
            raise ValueError(f"expected at most {CELLS} distinct times, got {edges.size - 1}")
        while edges.size < CELLS + 1:
            place = int(np.argmax(np.diff(edges)))
            edges = np.insert(edges, place + 1, edges[place : place + 2].mean())
        return cls(edges, grid)

    @property
    def end(self) -> float:
        """End of all follow-up."""
        return float(self.edges[-1])

    @property
    def width(self) -> Floats:
        """Length of every cell."""
        return np.diff(self.edges)

    @property
    def middle(self) -> Floats:
        """Middle of every cell."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    @property
    def interval(self) -> Floats:
        """Place of every cell's interval of constant hazard."""
        return np.asarray(np.searchsorted(self.grid.starts, self.middle, side="right") - 1.0)

    @property
    def stretch(self) -> Floats:
        """Place of every cell's stretch of censoring."""
        return np.minimum(np.floor(self.middle / self.end * CENSORING_STEPS), CENSORING_STEPS - 1.0)

    def edge(self, time: float) -> int:
        """Place of the edge at a time."""
        return int(np.argmin(np.abs(self.edges - time)))
