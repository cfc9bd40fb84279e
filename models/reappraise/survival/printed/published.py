"""From an endpoint, or its summaries, to the rows and settings of the likelihood of its print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log

from reappraise.core.errors import AnalysisError
from reappraise.published.record import EVERYBODY
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.rows import Row, latest, readings, rows_of
from reappraise.survival.printed.shares import FollowUp
from reappraise.survival.pseudo_ipd.published import FOLLOW_UP, summaries_of
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.published import SurvivalEndpoint

INTERVALS = 10
"""Intervals of constant hazard, the same for every trial: one compilation serves all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """What was printed about an endpoint, as the likelihood takes it.

    Parameters
    ----------
    summaries
        Numbers of patients and events, bounds, units.
    rows
        One row for each printed number that says something of its own.
    """

    summaries: Summaries
    rows: tuple[Row, ...]

    @property
    def reach(self) -> float:
        """The latest printed time."""
        return max(latest(self.summaries), max((row.time for row in self.rows), default=0.0))

    @property
    def grid(self) -> Grid:
        """Intervals of constant hazard, short at first; the horizon is the follow-up, or a little beyond the print."""
        return Grid.early(INTERVALS, self.summaries.horizon)

    @property
    def longest(self) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
        """Bounds of the longest follow-up by arm, where printed."""
        found = [
            next(
                (
                    (t.low, t.high)
                    for t in self.summaries.targets
                    if t.statistic == "follow-up maximum" and t.arm == arm
                ),
                None,
            )
            for arm in (0, 1)
        ]
        return found[0], found[1]

    @property
    def follow_up(self) -> FollowUp:
        """What is known of the end of follow-up."""
        known = self.summaries.horizon_known
        return FollowUp(
            shortest=self.summaries.minimum_follow_up or None,
            longest=self.summaries.horizon if known else None,
            reach=self.reach,
        )

    def problem(self, prior: HazardPrior, grid: Grid | None = None) -> Problem:
        """The print with a prior, as it enters."""
        summaries = self.summaries
        return Problem(
            rows=self.rows,
            readings=readings(
                self.rows,
                scale=summaries.estimators.median if "median" in summaries.stated else None,
                follow_up=summaries.estimators.follow_up if "follow-up" in summaries.stated else None,
            ),
            totals=summaries.totals,
            follow_up=self.follow_up,
            longest=self.longest,
            grid=grid or self.grid,
            prior=prior,
        )


def print_of(item: TrialEndpoint[SurvivalEndpoint] | Summaries) -> Print:
    """What was printed about an endpoint.

    Parameters
    ----------
    item
        The endpoint, or its summaries.

    Raises
    ------
    AnalysisError
        If too little is printed, or numbers that cannot be: a time beyond the follow-up.
    """
    summaries = item if isinstance(item, Summaries) else summaries_of(item)
    rows = list(rows_of(summaries, stratified=summaries.conditioned))
    if not isinstance(item, Summaries):
        rows += _of_everybody(item.published)
    if summaries.horizon_known:
        _refuse_beyond(rows, summaries)
        rows = [replace(row, time=min(row.time, summaries.horizon)) for row in rows]
    found = Print(summaries=summaries, rows=tuple(rows))
    if found.reach <= 0:
        raise AnalysisError(f"{summaries.endpoint}: no time is printed, so nothing can be said of survival")
    return found


def _refuse_beyond(rows: list[Row], summaries: Summaries) -> None:
    for row in rows:
        rounded = row.width if row.quantile else 0.0  # 24.0 may be a follow-up of 23.98
        if row.time - rounded > summaries.horizon * (1 + 1e-9):
            raise AnalysisError(
                f"{summaries.endpoint}: expected times up to the longest follow-up of {summaries.horizon:g} "
                f"{summaries.unit}, got {row.text} at {row.time:g}; correct it or longest_follow_up"
            )


def swapped(found: Print) -> Print:
    """The same print with the arms exchanged."""
    summaries = found.summaries.mirrored()
    own = tuple(row for row in found.rows if row.arm is None and row.kind in {"observed", "potential"})
    rows = rows_of(summaries, stratified=summaries.conditioned)
    return replace(found, summaries=summaries, rows=(*rows, *own))


def _of_everybody(endpoint: SurvivalEndpoint) -> Iterator[Row]:
    """Yield follow-up that is printed for all patients together."""
    for published in endpoint.estimates:
        if published.at != FOLLOW_UP or published.arm != EVERYBODY or published.value is None:
            continue
        low, high = published.value.bounds
        text = "median follow-up of all patients"
        for kind, reading, level in (
            ("observed", "observed time", 0.5),
            ("potential", "reverse Kaplan-Meier", log(log(2))),
        ):
            yield Row(
                kind=kind,  # type: ignore[arg-type]  # both are kinds of rows
                time=(low + high) / 2,
                observed=level,
                width=high - low,
                reading=reading,  # type: ignore[arg-type]  # both are readings
                quantile=True,
                text=text,
            )
