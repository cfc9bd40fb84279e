"""Ways to the median follow-up whose posteriors lie apart: each is sampled by itself and weighed by its evidence.

Of thousands of patients a printed median follow-up holds losses and data cutoff so fast that what the two ways to it
lead to does not touch: chains would stay where they began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from arviz_stats.base import array_stats

from reappraise.fits.diagnose import SMALLER_STEPS, Check
from reappraise.fits.nuts import Compiled, Sampled, draw
from reappraise.fits.sampling import Sampling, derived_seed
from reappraise.survival.printed.cells import Floats
from reappraise.survival.printed.evidence import Evidence, evidence
from reappraise.survival.printed.mode import Mode, Whitening, mode_from
from reappraise.survival.printed.model import PrintData, PrintedSurvival
from reappraise.survival.printed.pivot import plain
from reappraise.survival.printed.problem import Problem

VALLEY: Final = 6.0
"""How far the log density falls on the way from the lower of two modes to the other where chains are not trusted to
cross: NUTS draws its energy anew with a standard deviation of sqrt(d / 2), 4.2 at 36 variables."""
NEGLIGIBLE: Final = 7.0
"""Logarithm of how much less likely a way must be, by Laplace's approximation, not to be sampled: one in a thousand."""
STOPS: Final = 41
"""Points of the line between two modes that are looked at."""
LARGEST_ERROR: Final = 0.05
"""Largest error of a mean that the error of the weights may make, in standard deviations: as of 400 draws."""
LARGEST_LOG_ERROR: Final = 0.5
"""Largest standard error of the log ratio of the weights for which the one above is right."""


def ways(model: PrintedSurvival, problem: Problem, data: PrintData) -> Mapping[str, PrintData]:
    """Values for the data variables, one for each way that is to be sampled by itself; one for all where they touch.

    Parameters
    ----------
    model, problem, data
        What is fitted, the print, and the values of the data variables for all ways together.
    """
    found = by_way(problem, data)
    if len(found) < 2:
        return {"": data}
    best = max(np.nan_to_num(mode.log_evidence, nan=-np.inf) for _, mode in found.values())
    likely = {
        name: one for name, one in found.items() if not one[1].settled or not one[1].log_evidence <= best - NEGLIGIBLE
    }
    if len(likely) > 1 and _valley(model, data, *(mode for _, mode in likely.values())) <= VALLEY:
        return {"": data}
    return {name: model.along(problem, own, mode) for name, (own, mode) in likely.items()}


def by_way(problem: Problem, data: PrintData) -> dict[str, tuple[PrintData, Mode]]:
    """The data variables where only one way to the median follow-up is possible, and the mode; for each way."""
    names = np.array([reading.follow_up for reading in problem.readings])
    start = plain(data["centre"], data)
    found: dict[str, tuple[PrintData, Mode]] = {}
    for name in sorted({str(name) for name in names[np.isfinite(data["log_weight"])]}):
        own = {**data, "log_weight": np.where(names == name, data["log_weight"], -np.inf)}
        with np.errstate(all="ignore"):  # on the way to the mode, as where covariance and mode are found together
            found[name] = (own, mode_from(problem, Whitening.of(own), start))
    return found


def sample_ways(
    model: PrintedSurvival, compiled: Compiled, found: Mapping[str, PrintData], data: PrintData, sampling: Sampling,
    seed: int,
) -> Sampled:  # fmt: skip
    """Sample every way, and mix their draws by their probabilities.

    Parameters
    ----------
    model, compiled
        What is fitted.
    found
        What `ways` returned.
    data
        Values of the data variables for all ways together, whose axes the draws are returned along.
    sampling, seed
        Settings and seed.
    """
    each = {
        name: draw(compiled, own, sampling, derived_seed(seed, name), adaptation="low_rank")
        for name, own in found.items()
    }
    if len(each) == 1:
        (name, only), *_ = each.items()
        return only if not name else _along(model, only, found[name], data)
    rng = np.random.default_rng(derived_seed(seed, "ways"))
    weighed = {
        name: evidence(one.draws["free"], partial(model.log_density, data=found[name]), rng)
        for name, one in each.items()
    }
    own = [_along(model, one, found[name], data) for name, one in each.items()]
    share = shares(list(weighed.values()))
    return replace(mixed(own, share, rng), checks=(*_checks(own, sampling), _precise(list(weighed.values()), share)))


def shares(weighed: list[Evidence]) -> Floats:
    """Probabilities of the ways, dims (way,)."""
    log = np.array([one.log for one in weighed])
    weight = np.exp(log - log.max())
    return np.asarray(weight / weight.sum())


def _valley(model: PrintedSurvival, data: PrintData, one: Mode, other: Mode) -> float:
    """How far the log density falls below the lower of two modes on the straight line between them."""
    start, end = (model.free(mode.centre, data) for mode in (one, other))
    along = model.log_density(start + np.linspace(0, 1, STOPS)[:, None] * (end - start), data)
    return float(min(along[0], along[-1]) - np.nan_to_num(along, nan=-np.inf).min())


def _along(model: PrintedSurvival, sampled: Sampled, own: PrintData, data: PrintData) -> Sampled:
    """The same draws along the axes of other data."""
    return replace(sampled, draws={"free": model.free(model.points(sampled.draws, own), data)})


def mixed(each: list[Sampled], share: Floats, rng: np.random.Generator) -> Sampled:
    """Draws of all, evenly thinned to their shares and in random order, so that every chain holds all.

    Parameters
    ----------
    each
        What the sampler returned for each way, along the same axes.
    share
        Probabilities of the ways, dims (way,).
    rng
        Source of the order.
    """
    chains, length = each[0].draws["free"].shape[:2]
    ends = np.round(np.cumsum(share) * length).astype(int)
    numbers = np.diff(ends, prepend=0)
    places = [np.linspace(0, length - 1, number).round().astype(int) for number in numbers]
    which = np.repeat(np.arange(len(each)), numbers)

    def take(values: list[Floats], orders: list[Floats]) -> Floats:
        joined = [np.concatenate([one[chain, at] for one, at in zip(values, places, strict=True)])
                  for chain in range(chains)]  # fmt: skip
        return np.stack([one[order] for one, order in zip(joined, orders, strict=True)])

    orders = []
    for _ in range(chains):
        of_way = rng.permutation(which)
        order = np.empty(length, dtype=int)
        for way in range(len(each)):  # each way's draws keep their own order
            order[of_way == way] = np.flatnonzero(which == way)
        orders.append(order)
    return Sampled(
        {"free": take([one.draws["free"] for one in each], orders)},
        {name: take([one.statistics[name] for one in each], orders) for name in each[0].statistics},
    )


def _checks(each: list[Sampled], sampling: Sampling) -> list[Check]:
    """Divergences and energy of every way: mixed and thinned, they would look better.

    Whether chains agree is judged of what is reported, as everywhere; chains of an unlikely way that do not would show
    in the error of its probability.
    """
    thresholds = sampling.thresholds
    diverging, most = sum(int(one.statistics["diverging"].sum()) for one in each), thresholds.divergences
    energy = min(float(np.min(array_stats.bfmi(one.statistics["energy"], chain_axis=0, draw_axis=1))) for one in each)
    where = "each way to the median follow-up"
    return [
        Check("divergences by way", diverging, most, where, diverging <= most, SMALLER_STEPS),
        Check("E-BFMI by way", energy, thresholds.e_bfmi, where, energy >= thresholds.e_bfmi, SMALLER_STEPS),
    ]


def _precise(weighed: list[Evidence], share: Floats) -> Check:
    """How much of a standard deviation the error of the weights is worth, at most: ways that lie infinitely apart."""
    errors = float(np.linalg.norm([one.error for one in weighed]))
    error = float(np.sqrt(share.prod())) * errors if errors < LARGEST_LOG_ERROR else np.inf
    return Check(
        "error of the probability of a way / sd", error, LARGEST_ERROR, "ways to the median follow-up",
        error <= LARGEST_ERROR, "keep more draws",
    )  # fmt: skip
