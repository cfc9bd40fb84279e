"""Patients of a trial whose hazards cross: the experimental arm is worse at first and better later."""

from __future__ import annotations

import numpy as np

from reappraise.published.patients import PatientData
from reappraise.survival.hazard import Grid

GRID = Grid((1.5, 3.0, 5.0, 8.0, 12.0, 18.0, 25.0), 36.0)
RATIO = np.where(GRID.starts < 5.0, 2.0, 0.5)
CONTROL = 0.09
"""Events per month."""


def crossing(total: int = 400, seed: int = 11) -> PatientData:
    """Patients, half in each arm, who entered evenly over 30 months and were followed for 6 to 36."""
    rng = np.random.default_rng(seed)
    arm = np.tile(np.array([0, 1], dtype=np.int8), total // 2)
    hazard = CONTROL * np.where(arm[:, None] == 1, RATIO, 1.0)
    reached = np.concatenate([np.zeros((arm.size, 1)), np.cumsum(hazard * GRID.lengths, axis=1)], axis=1)[:, :-1]
    target = rng.exponential(size=arm.size)
    place = (reached <= target[:, None]).sum(axis=1) - 1
    every = np.arange(arm.size)
    time = GRID.starts[place] + (target - reached[every, place]) / hazard[every, place]
    end = rng.uniform(6.0, 36.0, size=arm.size)
    return PatientData.known(np.minimum(time, end), time <= end, arm, endpoint="crossing", unit="months")
