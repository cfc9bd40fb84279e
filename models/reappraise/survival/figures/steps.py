"""Kaplan-Meier curves and numbers at risk of many replicates at once, as arrays to draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Events = NDArray[np.bool_]


def steps(time: Floats, event: Events) -> tuple[Floats, Floats]:
    """Corners of the Kaplan-Meier curve of each replicate, starting at (0, 1).

    A step for every patient, of height zero where the patient was censored: tied events multiply to the same product,
    and no curve of an ensemble is built one patient at a time.

    Parameters
    ----------
    time, event
        Dims (replicate, patient).

    Returns
    -------
    tuple of ndarray
        Ascending times, and survival just after each of them; dims (replicate, patient + 1).
    """
    order = np.lexsort((~event, time), axis=-1)
    ascending = np.take_along_axis(time, order, axis=-1)
    at_risk = np.arange(time.shape[-1], 0, -1)
    left = np.cumprod(1 - np.take_along_axis(event, order, axis=-1) / at_risk, axis=-1)
    start = np.zeros((*time.shape[:-1], 1))
    return np.concatenate([start, ascending], axis=-1), np.concatenate([start + 1, left], axis=-1)


def at_risk(time: Floats, ticks: tuple[float, ...]) -> NDArray[np.int64]:
    """Patients with that time or a longer one, dims (replicate, tick).

    Parameters
    ----------
    time
        Dims (replicate, patient).
    ticks
        Times asked for.
    """
    return np.stack([np.sum(time >= tick, axis=-1) for tick in ticks], axis=-1)


def evenly(many: int, few: int) -> NDArray[np.int64]:
    """Places of at most `few` of `many`, spread over all of them."""
    return np.unique(np.linspace(0, many - 1, min(many, few)).round().astype(np.int64))
