"""All that was printed of an endpoint, on its grid, with the prior: from parameters to expected statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.printed.cells import CELLS, Cells, Floats
from reappraise.survival.printed.complex_step import derivative
from reappraise.survival.printed.places import Places
from reappraise.survival.printed.rows import Reading, Row
from reappraise.survival.printed.shares import (
    CENSORING,
    FLOOR,
    Followed,
    FollowUp,
    expected,
    log_hazards,
    of_shares,
    parameters,
)
from reappraise.survival.printed.statistics import statistics


@dataclass(frozen=True, eq=False)
class Problem:
    """Printed numbers, their readings, what is known of follow-up, intervals and prior.

    Parameters
    ----------
    rows, readings
        Printed numbers, and what the publication may have done.
    totals
        Patients of control and experimental arm.
    follow_up
        What is known of the end of follow-up.
    longest
        Bounds of the longest follow-up by arm, where printed.
    grid, prior
        Intervals of constant hazard, and the prior as it enters.
    """

    rows: tuple[Row, ...]
    readings: tuple[Reading, ...]
    totals: tuple[int, int]
    follow_up: FollowUp
    longest: tuple[tuple[float, float] | None, tuple[float, float] | None]
    grid: Grid
    prior: HazardPrior

    @cached_property
    def cells(self) -> Cells:
        """The fine grid, which meets every printed time."""
        times = [row.time for row in self.rows]
        times += [time for bounds in self.longest if bounds is not None for time in bounds]
        return Cells.meeting(times, self.grid, self.follow_up.end)

    @cached_property
    def places(self) -> Places:
        """Where every printed number stands."""
        return Places(self.rows, self.totals, self.longest, self.cells)

    @cached_property
    def data(self) -> dict[str, Floats]:
        """Values of the data variables that lead from parameters to expected statistics."""
        prior, cells = self.prior, self.cells
        return {
            "edges": cells.edges,
            "interval": cells.interval,
            "stretch": cells.stretch,
            "settings": np.array([*self.follow_up.settings, *self.totals, self.places.log_ratio]),
            **self.places.data(),
            "walk": cells.grid.walk,
            "departure": cells.grid.centred_walk,
            "trend": cells.grid.trend,
            "prior": np.array(
                [
                    prior.level_mean,
                    prior.level_sd,
                    prior.effect.mean,
                    prior.effect.sd,
                    prior.walk_scale,
                    prior.departure_scale,
                ]
            ),
        }

    @property
    def parameters(self) -> int:
        """Variables that are sampled, but for distances below levels that were not reached."""
        return parameters(self.grid.intervals)

    def followed(self, latent: Any) -> Followed:
        """What is expected to become of the patients."""
        return expected(log_hazards(latent, self.data), latent[..., -CENSORING:], self.data)

    def person_time(self, latent: Floats) -> Floats:
        """Person-time that is expected within the follow-up, in its unit, dims (..., arm, interval)."""
        by_cell = self.followed(latent).risk * self.cells.width * np.array(self.totals)[:, None]
        inside = self.cells.interval[:, None] == np.arange(self.grid.intervals)
        return np.asarray(np.maximum(by_cell @ inside, FLOOR * self.cells.end))

    def expected(self, latent: Any, moved: Mapping[str, Floats] | None = None) -> Any:
        """What every statistic tends to, dims (..., row); perhaps with other places to be read at."""
        return statistics(self.followed(latent), {**self.data, **(moved or {})})

    def slope_by_parameter(self, latent: Floats) -> Floats:
        """Derivatives of the expected statistics, dims (parameter, row)."""
        return derivative(self.expected, latent)

    def covariance(self, latent: Floats) -> Floats:
        r"""Covariance of the statistics between trials of this size, dims (row, row).

        .. math:: \Sigma = \sum_a n_a^{-1} G_a (\mathrm{diag}(p_a) - p_a p_a^T) G_a^T

        with p the shares of outcomes of an arm, and G the derivatives of the statistics by them.
        """
        seen = self.followed(latent)
        size = 2 * CELLS + 1
        flat = np.concatenate([seen.events, seen.ended, seen.edges[:, -1:]], axis=-1)

        def read(shares: Any) -> Any:
            arms = shares.reshape(*shares.shape[:-1], 2, size)
            happened = of_shares(arms[..., :CELLS], arms[..., CELLS : 2 * CELLS], arms[..., -1])
            return statistics(happened, self.data)

        slopes = derivative(read, flat.ravel()).reshape(2, size, -1)
        found = np.zeros((slopes.shape[-1],) * 2)
        for share, slope, number in zip(flat, slopes, self.totals, strict=True):
            centred = slope - share @ slope
            found += (centred * share[:, None]).T @ centred / number
        return found
