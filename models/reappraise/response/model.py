"""What every response model is: one PyMC model, its data, and its densities in plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from reappraise.core.prior import Prior
from reappraise.fits.model import Data, Draws, FitModel, Floats
from reappraise.published.partition import Partition

if TYPE_CHECKING:
    pass


class ResponseModel(FitModel, Protocol):
    """A model of binary response in levels by arms.

    They are written for `width` levels; a partition with fewer is padded with levels of no patients, which
    add nothing to the likelihood. So one compiled model serves every partition, the whole population included.
    """

    @property
    def prior_kind(self) -> Literal["rate", "effect"]:
        """Scale of the named prior that the model takes."""
        ...

    @property
    def contrasts(self) -> bool:
        """Whether the model shares effects of treatment between levels, and so needs levels known at randomisation."""
        ...

    def parameters(self, levels: int) -> Mapping[str, tuple[str, ...]]:
        """Dims, from ("level", "arm"), of every parameter it reports for that many levels; the rate excluded."""
        ...

    def data(self, partition: Partition, prior: Prior, width: int) -> Data:
        """Values for the data variables of `build`, padded to `width` levels."""
        ...

    def complete(self, draws: Draws, data: Data, rng: np.random.Generator, *, posterior: bool) -> dict[str, Floats]:
        """Add ``rate``, dims (..., level, arm), and the reported parameters to draws of the sampled variables.

        What the model integrates out is drawn from its exact conditional distribution: given the counts
        (`posterior`), or before them.
        """
        ...


@dataclass(frozen=True, slots=True)
class PaddedCounts:
    """Counts of a partition padded to a fixed number of levels.

    Parameters
    ----------
    events, totals
        Patients, dims (level, arm); the levels added have total 0.
    """

    events: NDArray[np.int64]
    totals: NDArray[np.int64]

    @classmethod
    def of(cls, partition: Partition, width: int) -> PaddedCounts:
        """Pad the counts of `partition` to `width` levels."""
        missing = width - len(partition.levels)
        if missing < 0:
            raise ValueError(f"{partition.endpoint}, {partition.factor}: {len(partition.levels)} levels, width {width}")
        padding = [(0, 0)] * missing
        events = np.array([*partition.events, *padding], dtype=np.int64)
        totals = np.array([*partition.totals, *padding], dtype=np.int64)
        return cls(events=events, totals=totals)


def empty_counts(width: int) -> NDArray[np.int64]:
    """Counts to build a model on, dims (level, arm)."""
    return np.zeros((width, 2), dtype=np.int64)
