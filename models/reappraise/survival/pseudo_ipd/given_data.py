"""Hazards drawn given the data of every replicate of an ensemble, by elliptical slices. Compiled.

All variables are standard normal before the data, scales by their absolute value, so an elliptical slice updates any
block of them without tuning; the others stay. The log hazard where the events are, which the data know well, is a
variable of its own, by the rotation of `reappraise.survival.model`: else it would hold all others in small steps.

References
----------
Murray I, Adams RP, MacKay DJC. Elliptical slice sampling. AISTATS 2010;9:541-548.
"""

from __future__ import annotations

from math import cos, log, pi, sin, sqrt
from typing import Any, Final

import numpy as np

from reappraise.survival.pseudo_ipd.compiled import compiled
from reappraise.survival.pseudo_ipd.hazards import HazardSpecification, poisson

BLOCKS: Final = 5
"""Updates of a round: levels and effects, everything, scales, scales and walks, and a random half."""
SMALLEST: Final = 1e-12
"""Width of a bracket of angles in which there is nothing but where one is."""


@compiled
def unturned(latent: Any, spec: HazardSpecification, pull: Any, plain: Any) -> None:
    """Variables that `hazards.log_hazards` takes, from rotated ones; dims (parameter,)."""
    intervals = spec.starts.size
    size = 0.0
    along = 0.0
    for k in range(intervals):
        size += pull[k] * pull[k]
        along += pull[k] * latent[4 + k]
    size = sqrt(size)
    along /= size
    tangent = spec.scales[0] * abs(latent[2]) / spec.level[1] * size
    cosine = 1.0 / sqrt(1.0 + tangent * tangent)
    sine = tangent * cosine
    plain[:] = latent
    plain[0] = cosine * latent[0] - sine * along
    change = (sine * latent[0] + cosine * along - along) / size
    for k in range(intervals):
        plain[4 + k] += change * pull[k]


@compiled
def log_likelihood(
    latent: Any, spec: HazardSpecification, pull: Any, events: Any, exposure: Any, plain: Any, work: Any
) -> float:
    """Log likelihood of the events of all groups up to a constant, of rotated variables.

    Parameters
    ----------
    latent
        Dims (group, parameter): level, effect, the two scales, which are those of the first group, and two walks.
    spec
        Grid and prior, common to the groups.
    pull
        Weight of each step of the walk in the log hazard where the events are, dims (step,).
    events, exposure
        Dims (group, arm, interval).
    plain, work
        Scratch, dims (parameter,) and (arm, interval).
    """
    total = 0.0
    for g in range(latent.shape[0]):
        unturned(latent[g], spec, pull, plain)
        total += poisson(plain, spec, events[g], exposure[g], work)
    return total


@compiled
def _chosen(block: int, k: int, rng: Any) -> bool:
    """Whether a variable belongs to the block of an update."""
    if block == 0:
        return k < 2
    if block == 1:
        return True
    if block == 2:
        return 2 <= k < 4
    if block == 3:
        return k >= 2
    return bool(rng.random() < 0.5)


@compiled
def _round(
    latent: Any, spec: HazardSpecification, pull: Any, events: Any, exposure: Any, rng: Any, current: float,
    ellipse: Any, proposal: Any, moved: Any, plain: Any, work: Any,
) -> float:  # fmt: skip
    """Update each block once, in place; return the log likelihood."""
    groups, size = latent.shape
    for block in range(BLOCKS):
        for k in range(size):
            moved[k] = _chosen(block, k, rng)
            for g in range(groups):
                ellipse[g, k] = rng.standard_normal()
        for k in range(2, 4):
            for g in range(1, groups):
                ellipse[g, k] = ellipse[0, k]
        threshold = current + log(1.0 - rng.random())
        angle = 2.0 * pi * rng.random()
        low = angle - 2.0 * pi
        high = angle
        while True:
            c, s = cos(angle), sin(angle)
            for g in range(groups):
                for k in range(size):
                    proposal[g, k] = latent[g, k] * c + ellipse[g, k] * s if moved[k] else latent[g, k]
            found = log_likelihood(proposal, spec, pull, events, exposure, plain, work)
            if found > threshold:
                latent[:] = proposal
                current = found
                break
            if high - low < SMALLEST:
                break
            if angle < 0.0:
                low = angle
            else:
                high = angle
            angle = low + (high - low) * rng.random()
    return current


@compiled
def draw_given_data(
    latent: Any, spec: HazardSpecification, pull: Any, events: Any, exposure: Any, counts: Any, first: int, settle: int,
    thin: int, rng: Any, kept: Any, density: Any,
) -> None:  # fmt: skip
    """Draw hazards given each replicate of one chain, each from where the one before ended.

    Parameters
    ----------
    latent
        Where to start, dims (group, parameter), scales equal in all groups; changed in place.
    spec, pull
        As of `log_likelihood`.
    events, exposure
        Dims (replicate, group, arm, interval).
    counts
        Draws to be kept of each replicate, dims (replicate,); a replicate without any is passed over.
    first, settle, thin
        Rounds before the first draw of all, before the first of each replicate, and for each draw.
    rng
        Generator.
    kept, density
        Receive rotated variables, dims (draw, group, parameter), and log densities up to a constant, dims (draw,).
    """
    groups, size = latent.shape
    ellipse = np.empty((groups, size))
    proposal = np.empty((groups, size))
    moved = np.empty(size, dtype=np.bool_)
    plain = np.empty(size)
    work = np.empty((2, spec.starts.size))
    place = 0
    for replicate in range(counts.size):
        if counts[replicate] == 0:
            continue
        own, time = events[replicate], exposure[replicate]
        current = log_likelihood(latent, spec, pull, own, time, plain, work)
        for _ in range(settle if place > 0 else first):
            current = _round(
                latent, spec, pull, own, time, rng, current, ellipse, proposal, moved, plain, work
            )  # fmt: skip
        for _ in range(counts[replicate]):
            for _ in range(thin):
                current = _round(
                    latent, spec, pull, own, time, rng, current, ellipse, proposal, moved, plain, work
                )  # fmt: skip
            kept[place] = latent
            square = 0.0
            for g in range(groups):
                for k in range(size):
                    if g == 0 or not 2 <= k < 4:
                        square += latent[g, k] * latent[g, k]
            density[place] = current - 0.5 * square
            place += 1
