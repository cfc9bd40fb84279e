"""Prints of survival endpoints: of every kind of row, and of simulated trials."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reappraise.core.prior import hazard_ratio_priors
from reappraise.published.patients import PatientData
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.printed.cells import CELLS
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.published import Print, print_of
from reappraise.survival.printed.rows import Row, readings
from reappraise.survival.printed.shares import FollowUp
from reappraise.survival.pseudo_ipd.publish import publish
from reappraise.survival.pseudo_ipd.targets import TRANSFORMS

HORIZON = 24.0
Z = 1.959963984540054
PRIOR = HazardPrior(effect=hazard_ratio_priors()[0], median=HORIZON / 2)


def every_kind_of_row() -> tuple[Row, ...]:
    rows = []
    for arm in (0, 1):
        rows += [Row(kind="band", arm=arm, time=time, observed=-0.5, text=f"{time}, {arm}") for time in (8.0, 12.0)]
        for time, zeta in ((6.0, Z), (11.0, -Z)):
            rows += [
                Row(kind="band", arm=arm, time=time, observed=-0.4, zeta=zeta, scale=scale, quantile=True, text="limit")
                for scale in TRANSFORMS
            ]
        rows.append(Row(kind="spread", arm=arm, time=12.0, observed=-2.0, text="limits"))
        rows.append(Row(kind="events", arm=arm, observed=0.6, text="events"))
    for arm in (0, 1, None):
        rows.append(Row(kind="observed", arm=arm, time=9.0, observed=0.5, text="observed"))
        rows.append(Row(kind="potential", arm=arm, time=13.0, observed=-0.4, text="potential"))
    rows += [Row(kind="both", place=place, observed=0.0, log_ratio=-0.3, text=f"both {place}") for place in range(3)]
    return tuple(rows)


def problem(
    rows: tuple[Row, ...] | None = None, totals: tuple[int, int] = (80, 80), *, longest: bool = True
) -> Problem:
    own = every_kind_of_row() if rows is None else rows
    return Problem(
        rows=own,
        readings=readings(own),
        totals=totals,
        follow_up=FollowUp(shortest=None, longest=HORIZON if longest else None, reach=18.0),
        longest=((22.5, 23.5), (23.5, HORIZON)) if longest else (None, None),
        grid=Grid.early(10, HORIZON),
        prior=PRIOR,
    )


def simulate(
    found: Problem, latent: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int8]]:
    """Times, events and arms of patients whose expected outcomes are those of a point, evenly spread within cells."""
    seen = found.followed(latent)
    times, events = [], []
    for arm, number in enumerate(found.totals):
        share = np.concatenate([seen.events[arm], seen.ended[arm], seen.edges[arm, -1:]])
        outcome = rng.choice(share.size, number, p=share / share.sum())
        cell = np.minimum(outcome % CELLS, CELLS - 1)
        inside = found.cells.edges[cell] + rng.random(number) * found.cells.width[cell]
        times.append(np.where(outcome == 2 * CELLS, found.cells.end, inside))
        events.append(outcome < CELLS)
    return np.concatenate(times), np.concatenate(events), np.repeat(np.array([0, 1], dtype=np.int8), found.totals)


def trial(totals: tuple[int, int], seed: int, effect: float = -0.4) -> tuple[PatientData, Print]:
    """A simulated trial with proportional hazards, and its print."""
    latent = np.zeros(problem(totals=totals).parameters)
    latent[1] = effect / PRIOR.effect.sd
    latent[2:4] = -4.0
    asked = replace(problem(totals=totals), longest=(None, None))
    time, event, arm = simulate(asked, latent, np.random.default_rng(seed))
    data = PatientData.known(time, event, arm, endpoint="simulated")
    return data, print_of(publish(data, landmarks=(12.0,), horizon=HORIZON))
