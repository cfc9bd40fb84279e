"""Each move between patterns of data, alone, keeps the distribution that the data were drawn from.

Data drawn from the prior stay draws from it under any number of proposals, each taken with its Hastings ratio: so means
before and after agree. The same test, with the ratio of a trade left incomplete, has to fail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reappraise.core.prior import LogRatioPrior
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.pseudo_ipd.hazards import (
    accumulate,
    censoring_density,
    hazard_specification,
    log_hazards,
    tally,
)
from reappraise.survival.pseudo_ipd.moves import propose_in_region, propose_warp
from reappraise.survival.pseudo_ipd.simulate import simulate
from reappraise.survival.pseudo_ipd.targets import Target, specification
from reappraise.survival.pseudo_ipd.trades import propose_trade

pytestmark = pytest.mark.sampling

HORIZON, TOTALS = 24.0, (16, 11)
PRIOR = HazardPrior(effect=LogRatioPrior("test", "Test", -0.2, 0.7, "For tests.", "hazard"), median=10.0)
HAZARDS = hazard_specification(Grid((3.0, 8.0, 15.0), HORIZON), PRIOR, minimum_follow_up=6.0)
PLACES = tuple(
    Target(statistic="survival", arm=arm, at=at, low=-1.0, high=2.0, scale=1.0, text=f"nothing at {at}")
    for arm, at in ((0, 6.0), (1, 15.0))
)
SPECIFICATION = specification(PLACES, max(TOTALS), HORIZON)
DRAWS, PROPOSALS = 4_000, 40
FARTHEST_Z = 4.3
"""16 features of paired differences, by 3 moves: false alarms in 48 * 2 * (1 - Phi(4.3)), one of a thousand runs."""

type Propose = Callable[..., float]


def features(time: NDArray[np.float64], event: NDArray[np.bool_], arm: NDArray[np.int8]) -> list[float]:
    found = []
    for of_arm in (0, 1):
        for at in (3.0, 6.0, 11.0, 15.0):
            by = (arm == of_arm) & (time <= at)
            found += [np.sum(by & event), np.sum(by & ~event)]
    return [float(value) for value in found]


def drift(propose: Propose, places: NDArray[np.float64], extra: Callable[[float], float] = lambda ratio: ratio) -> Any:
    """Mean changes of the features in standard errors, and the share of proposals that were taken."""
    rng = np.random.default_rng(7)
    changes, taken = [], 0
    logarithm, table = np.empty((2, 4)), np.zeros((4, 4))
    for _ in range(DRAWS):
        latent, time, event, arm = simulate(HAZARDS, TOTALS, rng)
        order = np.argsort(time)
        data: list[NDArray[Any]] = [time[order], event[order], arm[order]]
        before = features(*data)
        log_hazards(latent, HAZARDS, logarithm)
        accumulate(logarithm, HAZARDS, table)
        sums = np.zeros(8), np.zeros(8)
        tally(data[0], data[1], HAZARDS, *sums)
        density = censoring_density(*sums, HAZARDS)
        for _ in range(PROPOSALS):
            other, other_sums = [array.copy() for array in data], tuple(array.copy() for array in sums)
            ratio = propose(*other, places, HAZARDS, logarithm, table, rng, *other_sums)
            if ratio == -np.inf:
                continue
            assert (np.diff(other[0]) >= 0).all()
            other_density = censoring_density(*other_sums, HAZARDS)
            if np.log(rng.random()) < extra(ratio) + other_density - density:
                data, sums, density = other, other_sums, other_density
                taken += 1
        changes.append(np.subtract(features(*data), before))
    found = np.array(changes)
    return found.mean(axis=0) / (found.std(axis=0) / np.sqrt(DRAWS)), taken / DRAWS / PROPOSALS


@pytest.mark.parametrize(
    ("propose", "places"),
    [
        (propose_trade, SPECIFICATION.stretches),
        (propose_in_region, SPECIFICATION.regions),
        (propose_warp, SPECIFICATION.regions),
    ],
)
def test_a_move_keeps_the_distribution_of_the_data(propose: Propose, places: NDArray[np.float64]) -> None:
    z, taken = drift(propose, places)
    assert taken > 0.05
    assert np.abs(z).max() < FARTHEST_Z


def test_an_incomplete_hastings_ratio_is_caught() -> None:
    z, _ = drift(propose_trade, SPECIFICATION.stretches, lambda ratio: 0.5 * ratio)
    assert np.abs(z).max() > 2 * FARTHEST_Z


def test_with_one_stretch_there_is_nothing_to_trade() -> None:
    alone = specification((Target(statistic="log-rank z", low=-9.0, high=9.0, scale=1.0, text="nothing"),), 16, HORIZON)
    assert alone.stretches.tolist() == [[0.0, HORIZON]]
    rng = np.random.default_rng(1)
    latent, time, event, arm = simulate(HAZARDS, TOTALS, rng)
    order = np.argsort(time)
    logarithm, table = np.empty((2, 4)), np.zeros((4, 4))
    log_hazards(latent, HAZARDS, logarithm)
    accumulate(logarithm, HAZARDS, table)
    data = time[order], event[order], arm[order]
    assert propose_trade(*data, alone.stretches, HAZARDS, logarithm, table, rng, np.zeros(8), np.zeros(8)) == -np.inf
