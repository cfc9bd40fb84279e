"""Ways to the median follow-up whose posteriors lie apart: each is sampled by itself and weighed by its evidence.

Of thousands of patients a printed median follow-up holds losses and data cutoff so fast that what the two ways to it
lead to does not touch: chains would stay where they began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import ceil, exp
from typing import Final

import numpy as np
from arviz_stats.base import array_stats

from reappraise.fits.diagnose import SMALLER_STEPS, Check
from reappraise.fits.nuts import Compiled, Sampled, draw
from reappraise.fits.sampling import ACCEPT, Sampling, derived_seed
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
UNSETTLED: Final = 3
"""Times as much less likely where the search for the mode did not come to its end."""
SEARCHES: Final = 4
"""Searches that go on where one did not come to its end: along the ridges of large trials steps are short."""
STOPS: Final = 41
"""Points of the line between two modes that are looked at."""
FEWEST: Final = 500
"""Draws of each chain that an unlikely way is sampled with at least: its probability is known from them."""
LARGEST_ERROR: Final = 0.05
"""Largest error of a mean that the error of the weights may make, in standard deviations: as of 400 draws."""
LARGEST_LOG_ERROR: Final = 0.5
"""Largest standard error of the log ratio of the weights for which the one above is right."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way that is sampled by itself.

    Parameters
    ----------
    data
        Values of the data variables where only this way is possible.
    share
        Its probability by Laplace's approximation.
    """

    data: PrintData
    share: float = 1.0

    def settings(self, sampling: Sampling) -> Sampling:
        """With fewer draws of what is unlikely: twice as many as will be taken of it, if Laplace is right."""
        return replace(sampling, draws=min(sampling.draws, max(FEWEST, ceil(2 * self.share * sampling.draws))))


def ways(model: PrintedSurvival, problem: Problem, data: PrintData) -> Mapping[str, Way]:
    """Each way that is to be sampled by itself, by name; one without a name for all where they touch.

    Parameters
    ----------
    model, problem, data
        What is fitted, the print, and the values of the data variables for all ways together.
    """
    found = by_way(problem, data)
    if len(found) < 2:
        return {"": Way(data)}
    best = max(np.nan_to_num(mode.log_evidence, nan=-np.inf) for _, mode in found.values())
    likely = {name: one for name, one in found.items() if not one[1].log_evidence <= best - _less(one[1])}
    if len(likely) > 1 and _valley(model, data, *(mode for _, mode in likely.values())) <= VALLEY:
        return {"": Way(data)}
    weight = {name: exp(np.nan_to_num(mode.log_evidence, nan=best) - best) for name, (_, mode) in likely.items()}
    return {
        name: Way(model.along(problem, own, mode), weight[name] / sum(weight.values()))
        for name, (own, mode) in likely.items()
    }


def _less(mode: Mode) -> float:
    """How much less likely a way must be not to be sampled: a search that did not end may be off by some."""
    return NEGLIGIBLE if mode.settled else UNSETTLED * NEGLIGIBLE


def by_way(problem: Problem, data: PrintData) -> dict[str, tuple[PrintData, Mode]]:
    """The data variables where only one way to the median follow-up is possible, and the mode; for each way."""
    names = np.array([reading.follow_up for reading in problem.readings])
    start = plain(data["centre"], data)
    found: dict[str, tuple[PrintData, Mode]] = {}
    for name in sorted({str(name) for name in names[np.isfinite(data["log_weight"])]}):
        own = {**data, "log_weight": np.where(names == name, data["log_weight"], -np.inf)}
        with np.errstate(all="ignore"):  # on the way to the mode, as where covariance and mode are found together
            mode = mode_from(problem, Whitening.of(own), start)
            for _ in range(SEARCHES):
                if mode.settled:
                    break
                mode = mode_from(problem, Whitening.of(own), mode.centre)
            found[name] = (own, mode)
    return found


def sample_ways(
    model: PrintedSurvival, compiled: Compiled, found: Mapping[str, Way], data: PrintData, sampling: Sampling,
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
    if len(found) == 1:
        (name, way), *_ = found.items()
        only = draw(compiled, way.data, sampling, derived_seed(seed, name), adaptation="low_rank")
        return only if not name else _along(model, only, way.data, data)
    rng = np.random.default_rng(derived_seed(seed, "ways"))
    draws, weighed = {}, {}
    for name, way in found.items():
        draws[name] = _sampled(compiled, way.data, way.settings(sampling), derived_seed(seed, name))
        weighed[name] = _weighed(model, draws[name], way.data, rng)
    for name, share in zip(found, shares(list(weighed.values())), strict=True):
        if draws[name].draws["free"].shape[1] < share * sampling.draws:  # likelier than Laplace had it
            draws[name] = _sampled(compiled, found[name].data, sampling, derived_seed(seed, name))
            weighed[name] = _weighed(model, draws[name], found[name].data, rng)
    own = [_along(model, draws[name], way.data, data) for name, way in found.items()]
    share = shares(list(weighed.values()))
    together = mixed(own, share, sampling.draws, rng)
    return replace(together, checks=(*_checks(own, sampling), _precise(list(weighed.values()), share)))


def _sampled(compiled: Compiled, data: PrintData, sampling: Sampling, seed: int) -> Sampled:
    """Draws of one way, with smaller steps where something diverged: the other need not be sampled anew for it."""
    smaller = (accept for accept in ACCEPT if accept > sampling.target_accept)
    for accept in (sampling.target_accept, *smaller):
        one = draw(compiled, data, replace(sampling, target_accept=accept), seed, adaptation="low_rank")
        if int(one.statistics["diverging"].sum()) <= sampling.thresholds.divergences:
            break
    return one


def _weighed(model: PrintedSurvival, one: Sampled, data: PrintData, rng: np.random.Generator) -> Evidence:
    return evidence(one.draws["free"], partial(model.log_density, data=data), rng)


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


def mixed(each: list[Sampled], share: Floats, length: int, rng: np.random.Generator) -> Sampled:
    """Draws of all, evenly thinned to their shares and in random order, so that every chain holds all.

    Parameters
    ----------
    each
        What the sampler returned for each way, along the same axes.
    share
        Probabilities of the ways, dims (way,).
    length
        Draws of each chain.
    rng
        Source of the order.
    """
    chains = each[0].draws["free"].shape[0]
    ends = np.round(np.cumsum(share) * length).astype(int)
    numbers = np.diff(ends, prepend=0)
    places = [
        np.linspace(0, one.draws["free"].shape[1] - 1, number).round().astype(int)
        for one, number in zip(each, numbers, strict=True)
    ]
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
