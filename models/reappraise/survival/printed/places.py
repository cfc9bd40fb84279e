"""Rows put in their places: where every statistic is read, in arrays of the same size for every trial."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.survival.printed.cells import CELLS, Cells, Floats
from reappraise.survival.printed.rows import Kind, Row
from reappraise.survival.printed.statistics import FIRST, PLACES, ROWS
from reappraise.survival.pseudo_ipd.targets import TRANSFORMS

LONGEST_ROWS = 4
"""Last places of shares still observed: just before, and after, the longest follow-up of each arm."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where each printed number stands in the vector of statistics.

    Parameters
    ----------
    rows
        The printed numbers.
    totals
        Patients by arm.
    longest
        Bounds of the longest follow-up by arm, where printed.
    cells
        The grid.
    """

    rows: tuple[Row, ...]
    totals: tuple[int, int]
    longest: tuple[tuple[float, float] | None, tuple[float, float] | None]
    cells: Cells

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """Place of every row.

        Raises
        ------
        AnalysisError
            If more numbers of a kind are printed than there are places.
        """
        room = {**PLACES, "observed": PLACES["observed"] - LONGEST_ROWS}
        used: dict[Kind, int] = {}
        found = []
        for row in self.rows:
            if row.kind == "events":
                own = int(row.arm or 0)
            elif row.kind == "both":
                own = row.place
            else:
                own = used.get(row.kind, 0)
                used[row.kind] = own + 1
            if own >= room[row.kind]:
                raise AnalysisError(f"expected at most {room[row.kind]} printed numbers such as {row.text}")
            found.append(FIRST[row.kind] + own)
        return np.array(found, dtype=np.int64)

    @cached_property
    def edge(self) -> NDArray[np.int64]:
        """Edge that every row is read at."""
        return np.array([self.cells.edge(row.time) for row in self.rows], dtype=np.int64)

    @property
    def log_ratio(self) -> float:
        """The printed log hazard ratio; 0 where none is."""
        return next((row.log_ratio for row in self.rows if row.kind == "both" and row.place < 2), 0.0)

    def by_row(self, values: Floats) -> Floats:
        """Values of the printed numbers in their places; dims (row,)."""
        found = np.zeros(ROWS)
        found[self.place] = values
        return found

    def data(self, shift: int = 0) -> dict[str, Floats]:
        """Values of the data variables of `statistics`.

        Parameters
        ----------
        shift
            Edges by which curves are read later.
        """
        middle, number = CELLS // 2, np.array(self.totals, dtype=np.float64)
        bands = np.tile([0.0, middle, 0.0, 0.0, number[0]], (PLACES["band"], 1))
        spreads = np.tile([0.0, middle, number[0]], (PLACES["spread"], 1))
        observed = np.tile([1.0, 0.0, middle], (PLACES["observed"], 1))
        potentials = np.tile([0.0, middle], (PLACES["potential"], 1))
        for row, at, place in zip(self.rows, self.edge, self.place, strict=True):
            own, arm = int(place) - FIRST[row.kind], int(row.arm or 0)
            edge = int(np.clip(at + shift, 1, CELLS - 1))
            if row.kind == "band":
                scale = 0 if row.scale is None else TRANSFORMS.index(row.scale)
                bands[own] = [arm, edge, row.zeta, scale, number[arm]]
            elif row.kind == "spread":
                spreads[own] = [arm, edge, number[arm]]
            elif row.kind == "observed":
                weights = number / number.sum() if row.arm is None else np.eye(2)[row.arm]
                observed[own] = [*weights, edge]
            elif row.kind == "potential":
                potentials[own] = [2 if row.arm is None else row.arm, edge]
        for arm, bounds in enumerate(self.longest):
            for side in range(2):
                place = PLACES["observed"] - LONGEST_ROWS + 2 * arm + side
                at_edge = CELLS if bounds is None else self.cells.edge(bounds[side])
                # nobody is followed beyond the end of the grid
                weight = np.eye(2)[arm] * (side == 0 or at_edge < CELLS)
                observed[place] = [*weight, at_edge]
        return {"bands": bands, "spreads": spreads, "observed_at": observed, "potentials": potentials}
