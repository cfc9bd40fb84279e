r"""The level that is sampled: the log of an average hazard, which print holds fast, not that at time zero.

.. math:: \alpha' = \alpha + h, \qquad h = \log \sum_j p_j \exp\{\sigma (A z)_j\}

with p the shares of events by interval at the most probable parameters. Where little is printed but the numbers of
events of thousands of patients, the walk is free and the level has to undo whatever it does to a hundredth: in
:math:`\alpha` that is a thin curved ridge which the sampler creeps along, in :math:`\alpha'` it is flat. The shift does
not depend on the level, so that volumes stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reappraise.survival.printed.cells import Floats
from reappraise.survival.printed.complex_step import logistic, softplus


def _shares(point: Floats, data: Mapping[str, Any]) -> tuple[Floats, Floats, Floats, Floats]:
    """Spread of the walk, the unit walk, the average's logarithm over the level's spread, and shares; dims (...)."""
    intervals = data["pivot"].size
    spread = np.asarray(data["prior"][4] * softplus(point[..., 2]))
    unit = point[..., 4 : 4 + intervals] @ data["walk"].T
    exponent = np.log(data["pivot"]) + spread[..., None] * unit
    largest = exponent.max(axis=-1, keepdims=True)
    weight = np.exp(exponent - largest)
    total = weight.sum(axis=-1, keepdims=True)
    return spread, unit, (largest + np.log(total))[..., 0] / data["prior"][1], weight / total


def pivoted(latent: Floats, data: Mapping[str, Any]) -> Floats:
    """Points as they are sampled, of parameters that are standard normal before the print; dims (..., variable)."""
    found = np.array(latent, dtype=np.float64)
    found[..., 0] += _shares(found, data)[2]
    return found


def plain(point: Floats, data: Mapping[str, Any]) -> Floats:
    """The inverse of `pivoted`."""
    found = np.array(point, dtype=np.float64)
    found[..., 0] -= _shares(found, data)[2]
    return found


def tangent(latent: Floats, data: Mapping[str, Any]) -> Floats:
    """Derivatives of the sampled level by every variable, dims (variable,)."""
    spread, unit, _, share = _shares(latent, data)
    intervals = data["pivot"].size
    found = np.zeros(latent.size)
    found[0] = 1.0
    found[2] = data["prior"][4] * logistic(latent[2]) * (share @ unit) / data["prior"][1]
    found[4 : 4 + intervals] = spread * (share @ data["walk"]) / data["prior"][1]
    return found
