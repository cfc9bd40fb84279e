"""Draws from the prior of a reconstruction: hazards, censoring and the data of both arms, before anything was printed.

What a sampler of data given their summaries is checked against: with summaries that bind nothing it has to give these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reappraise.survival.pseudo_ipd.hazards import HazardSpecification, log_hazards, parameters

type Floats = NDArray[np.float64]


def simulate(
    hazards: HazardSpecification, totals: tuple[int, int], rng: np.random.Generator
) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.int8]]:
    r"""Draw hazards from their prior, then the data of both arms given the hazards.

    .. math:: T = \min(E, C, H), \quad P(E > t) = \exp\{-\Lambda_a(t)\}, \quad P(C > t) = \exp\{-\Gamma(t)\}

    with a piecewise constant hazard of events by arm, one of censoring common to the arms, and everybody still observed
    at the horizon H censored there.

    Parameters
    ----------
    hazards
        Grid, prior and horizon.
    totals
        Patients of control and experimental arm.
    rng
        Generator.

    Returns
    -------
    latent : dims (parameter,)
        Standard normal hazard parameters.
    time : dims (patient,)
        Time to event or censoring, control arm first, unsorted; in the unit of the horizon.
    event : dims (patient,)
        Whether it is an event.
    arm : dims (patient,)
        0 for control, 1 for experimental.
    """
    latent = rng.standard_normal(parameters(hazards))
    logarithm = np.empty((2, hazards.starts.size))
    log_hazards(latent, hazards, logarithm)
    arm = np.repeat(np.array([0, 1], dtype=np.int8), totals)
    happening = np.concatenate(
        [_first(np.exp(own), hazards.starts, rng.exponential(size=n)) for own, n in zip(logarithm, totals, strict=True)]
    )
    shape, rate = hazards.censoring
    starts = np.linspace(0.0, hazards.horizon, shape.size + 1)[:-1]
    ending = np.minimum(_first(rng.gamma(shape) / rate, starts, rng.exponential(size=arm.size)), hazards.horizon)
    return latent, np.minimum(happening, ending), happening < ending, arm


def _first(hazard: Floats, starts: Floats, depth: Floats) -> Floats:
    """Times at which the cumulative hazard reaches each depth; the last interval goes on for ever."""
    reached = np.concatenate([[0.0], np.cumsum(hazard[:-1] * np.diff(starts))])
    place = np.searchsorted(reached, depth, side="right") - 1
    found: Floats = starts[place] + (depth - reached[place]) / hazard[place]
    return found
