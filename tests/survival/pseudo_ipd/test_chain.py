"""The sampler of a reconstruction gives the distribution it is derived from, and the whole of it holds what it must.

Without binding summaries it has to give the prior; with some, what rejection from the prior gives. Geweke J. Getting it
right: joint distribution tests of posterior simulators. J Am Stat Assoc 2004;99:799-804.
doi:10.1198/016214504000001132
"""

from __future__ import annotations

import os
from math import exp, inf, log
from typing import Any

import numpy as np
import pytest
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.sampling import Effort
from reappraise.survival.classical.cox import hazard_ratio
from reappraise.survival.classical.kaplan_meier import kaplan_meier, median, survival_at
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.pseudo_ipd.chain import Counters, Kept, State, refresh, run
from reappraise.survival.pseudo_ipd.hazards import hazard_specification, parameters
from reappraise.survival.pseudo_ipd.reconstruct import Reconstruction, UnreachableError, reaches, reconstruct
from reappraise.survival.pseudo_ipd.simulate import simulate
from reappraise.survival.pseudo_ipd.statistics import evaluate, scratch
from reappraise.survival.pseudo_ipd.summaries import Summaries, log_rank_target
from reappraise.survival.pseudo_ipd.targets import Target, specification

HORIZON, TOTALS = 24.0, (7, 5)
SIZE = sum(TOTALS)
ARM = np.repeat(np.array([0, 1], dtype=np.int8), TOTALS)
PRIOR = HazardPrior(
    effect=LogRatioPrior("test", "Test", -0.2, 0.7, "For tests.", "hazard"), median=10.0, level_sd=1.0, walk_scale=1.0
)
HAZARDS = hazard_specification(Grid((3.0, 8.0, 15.0), HORIZON), PRIOR, minimum_follow_up=6.0)
FARTHEST_Z = 4.3
"""At most 80 features: false alarms in 80 * 2 * (1 - Phi(4.3)), one of seven hundred runs."""
QUICK = Effort(chains=2, replicates=10, thin=3, rounds=2, patience=30)
NOTHING = (
    Target(statistic="log-rank z", low=-1000.0, high=1000.0, scale=1.0, text="nothing"),
    Target(statistic="survival", arm=0, at=6.0, low=-1.0, high=2.0, scale=1.0, text="nothing at 6"),
    Target(statistic="survival", arm=1, at=15.0, low=-1.0, high=2.0, scale=1.0, text="nothing at 15"),
)
"""Bind nothing, but give the moves between places on curves something to move between."""
SOME = (
    Target(statistic="quantile", arm=0, low=6.0, high=9.0, scale=3.0, text="median"),
    Target(statistic="log hazard ratio", low=log(0.4), high=log(0.9), scale=0.5, text="hazard ratio"),
)

type Draws = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]


@pytest.fixture(scope="module")
def prior_draws() -> Draws:
    rng = np.random.default_rng(20)
    drawn = [simulate(HAZARDS, TOTALS, rng)[:3] for _ in range(25_000)]
    latent, time, event = (np.array(parts) for parts in zip(*drawn, strict=True))
    return latent, time, event


def sampled(
    targets: tuple[Target, ...], tolerances: tuple[float, ...], start: Draws, *, free: bool, draws: int
) -> Draws:
    rng, levels = np.random.default_rng(21), len(tolerances)
    spec, totals = specification(targets, max(TOTALS), HORIZON), np.array(TOTALS, dtype=np.int64)
    latent, time, event = (array[:levels].copy() for array in start)
    order = np.argsort(time, axis=1)
    state = State(
        time=np.take_along_axis(time, order, 1),
        event=np.take_along_axis(event, order, 1),
        arm=ARM[order],
        latent=latent,
        values=np.full((levels, len(targets)), inf),
        misfit=np.full(levels, inf),
        cox=np.zeros((levels, 2)),
        slot=np.arange(levels),
        changes=np.full(levels, 2.0),
    )
    for slot in range(levels):
        refresh(state, slot, totals, spec, HORIZON, scratch(SIZE))
    kept = Kept(
        time=np.empty((draws, SIZE)),
        event=np.empty((draws, SIZE), dtype=np.bool_),
        latent=np.empty((draws, parameters(HAZARDS))),
        values=np.empty((draws, len(targets))),
    )
    counters = Counters(*(np.zeros(levels) for _ in range(4)))
    thin = 4
    arguments = (np.array(tolerances), free, totals, spec, HAZARDS, draws * thin, thin, False, rng, kept, counters)
    count = run(state, *arguments)
    return kept.latent[:count], kept.time[:count], kept.event[:count]


def features(draws: Draws) -> dict[str, NDArray[np.float64]]:
    latent, time, event = draws
    found: dict[str, NDArray[Any]] = {}
    for arm in (0, 1):
        t, e = time[:, arm == ARM], event[:, arm == ARM]
        for at in (1.0, 3.0, 6.0, 9.0, 12.0, 16.0, 20.0, 22.5):
            found[f"events by {at}, {arm}"] = np.sum(e & (t <= at), axis=1)
            found[f"censored by {at}, {arm}"] = np.sum(~e & (t <= at), axis=1)
        found |= {f"at the horizon, {arm}": np.sum(t >= HORIZON, axis=1), f"events, {arm}": e.sum(axis=1)}
        found |= {f"first, {arm}": t.min(axis=1), f"median, {arm}": np.median(t, axis=1)}
        found |= {f"squares, {arm}": np.sum(t**2, axis=1), f"time of events, {arm}": np.sum(t * e, axis=1)}
    order = np.argsort(time, axis=1, kind="stable")
    arms, happened = ARM[order], np.take_along_axis(event, order, 1)
    treated = np.cumsum(arms[:, ::-1], axis=1)[:, ::-1] / np.arange(SIZE, 0, -1)
    found |= {"observed less expected": np.sum(happened * (arms - treated), axis=1)}
    found |= {"variance": np.sum(happened * treated * (1 - treated), axis=1), "first is of": arms[:, 0]}
    found |= {"first is event": happened[:, 0], "level": latent[:, 0], "effect": latent[:, 1]}
    found |= {"level, squared": latent[:, 0] ** 2, "effect, squared": latent[:, 1] ** 2}
    found |= {"level by events": latent[:, 0] * event.sum(axis=1)}
    found |= {"effect by events": latent[:, 1] * event[:, ARM == 1].sum(axis=1)}
    for place, name in ((2, "walk"), (3, "departure")):
        found[f"sd of {name}"] = np.abs(latent[:, place])
        for j in range(4):
            found[f"{name} {j}"] = latent[:, 4 * (place - 1) + j] * np.sign(latent[:, place])
    return {name: values.astype(np.float64) for name, values in found.items()}


def distances(expected: Draws, obtained: Draws) -> dict[str, float]:
    """Differences of means in standard errors, those of the chain by its effective number of draws."""
    found = {}
    theirs = features(expected)
    for name, values in features(obtained).items():
        if np.ptp(values) == 0 and np.ptp(theirs[name]) == 0:
            continue
        effective = float(array_stats.ess(values[None], chain_axis=0, draw_axis=1, method="mean"))
        error = np.sqrt(values.var() / effective + theirs[name].var() / theirs[name].size)
        found[name] = float((values.mean() - theirs[name].mean()) / error)
    return found


@pytest.mark.sampling
def test_without_binding_summaries_the_sampler_gives_the_prior(prior_draws: Draws) -> None:
    found = distances(prior_draws, sampled(NOTHING, (1.0,), prior_draws, free=True, draws=10_000))
    assert 60 <= len(found) <= 80
    assert {name: z for name, z in found.items() if abs(z) > FARTHEST_Z} == {}


@pytest.mark.sampling
def test_given_the_numbers_of_events(prior_draws: Draws) -> None:
    events = prior_draws[2]
    chosen = (events[:, ARM == 0].sum(axis=1) == 5) & (events[:, ARM == 1].sum(axis=1) == 3)
    latent, time, event = (array[chosen] for array in prior_draws)
    assert chosen.sum() > 500  # enough for a standard error
    obtained = sampled(NOTHING, (1.0,), (latent, time, event), free=False, draws=6_000)
    assert (obtained[2].sum(axis=1) == 8).all()
    found = distances((latent, time, event), obtained)
    assert 60 <= len(found) <= 80
    assert {name: z for name, z in found.items() if abs(z) > FARTHEST_Z} == {}


@pytest.mark.sampling
def test_given_summaries_with_tempering(prior_draws: Draws) -> None:
    spec, totals = specification(SOME, max(TOTALS), HORIZON), np.array(TOTALS)
    work, values = scratch(SIZE), np.empty(2)
    chosen = np.zeros(len(prior_draws[1]), dtype=np.bool_)
    for index, (time, event) in enumerate(zip(*prior_draws[1:], strict=True)):
        order = np.argsort(time, kind="stable")
        data = (time[order], event[order], ARM[order])
        chosen[index] = evaluate(*data, totals, spec, HORIZON, inf, np.zeros(2), work, values) == 0
    latent, time, event = (array[chosen] for array in prior_draws)
    assert chosen.sum() > 500  # enough for a standard error
    found = distances((latent, time, event), sampled(SOME, (1e-4, 0.1, 0.3), prior_draws, free=True, draws=4_000))
    assert 60 <= len(found) <= 80
    assert {name: z for name, z in found.items() if abs(z) > FARTHEST_Z} == {}


def summaries(
    *targets: Target, totals: tuple[int, int] = (20, 14), events: tuple[int | None, int | None] = (14, 8)
) -> Summaries:
    return Summaries(
        endpoint="os",
        arms=("old", "new"),
        unit="months",
        totals=totals,
        events=events,
        targets=targets,
        horizon=HORIZON,
        minimum_follow_up=6.0,
    )


PRINTED = (
    Target(statistic="quantile", arm=0, low=7.95, high=8.05, scale=2.0, text="median of old"),
    Target(statistic="quantile low", arm=0, low=4.85, high=4.95, scale=2.0, text="lower limit of old"),
    Target(statistic="quantile high", arm=1, low=inf, high=inf, scale=4.0, text="upper limit of new"),
    Target(statistic="survival", arm=1, at=12.0, low=0.595, high=0.605, scale=0.13, text="survival of new"),
    Target(statistic="log hazard ratio", low=log(0.555), high=log(0.565), scale=0.45, text="hazard ratio"),
)


@pytest.fixture(scope="module")
def reconstruction() -> Reconstruction:
    return reconstruct(summaries(*PRINTED), prior=PRIOR, seed=3, effort=QUICK)


@pytest.mark.sampling
def test_every_printed_number_holds_when_counted_again(reconstruction: Reconstruction) -> None:
    data = reconstruction.data
    assert reconstruction.held
    assert data.time.shape == (2, 10, 34)
    for chain, replicate in ((0, 0), (0, 9), (1, 5)):
        time, event = data.time[chain, replicate], data.event[chain, replicate]
        old, new = (kaplan_meier(time[data.arm == arm], event[data.arm == arm]) for arm in (0, 1))
        assert (old.events.sum(), new.events.sum()) == (14, 8)
        found = (
            median(old, scale="log-log").value,
            median(old, scale="log-log").low,
            median(new, scale="log-log").high,
            survival_at(new, 12.0, scale="log-log").value,
            hazard_ratio(time, event, data.arm, ties="Breslow").log_value,
        )
        assert [target.miss(value) for target, value in zip(PRINTED, found, strict=True)] == [0.0] * 5


@pytest.mark.sampling
def test_equal_seeds_give_equal_replicates_on_any_number_of_cores(
    reconstruction: Reconstruction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    told: list[float] = []
    again = reconstruct(summaries(*PRINTED), prior=PRIOR, seed=3, effort=QUICK, progress=told.append)
    for name in ("time", "event"):
        np.testing.assert_array_equal(getattr(again.data, name), getattr(reconstruction.data, name))
    np.testing.assert_array_equal(again.latent, reconstruction.latent)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    other = reconstruct(summaries(PRINTED[0]), prior=PRIOR, seed=4, effort=QUICK)
    assert not np.array_equal(other.data.time, reconstruction.data.time)


@pytest.mark.sampling
def test_mirrored_arms_give_mirrored_results() -> None:
    asked, effort = summaries(*PRINTED[::2]), Effort(chains=2, replicates=100, thin=4, rounds=2)
    mirrored = HazardPrior(effect=PRIOR.effect.mirrored(), median=PRIOR.median)
    one = reconstruct(asked, prior=PRIOR, seed=5, effort=effort)
    other = reconstruct(asked.mirrored(), prior=mirrored, seed=6, effort=effort)
    data = other.data.swapped()
    for arm in (0, 1):
        for at in (3.0, 9.0, 16.0):
            counts = [
                np.sum(found.event[..., own] & (found.time[..., own] <= at), axis=-1).astype(np.float64)
                for found in (one.data, data)
                for own in (found.arm == arm,)
            ]
            variance = [
                count.var() / float(array_stats.ess(count, chain_axis=0, draw_axis=1, method="mean"))
                for count in counts
            ]
            # 6 comparisons: false alarms in one of two thousand
            assert abs(counts[0].mean() - counts[1].mean()) <= 4 * np.sqrt(sum(variance))


@pytest.mark.sampling
@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (
            (
                Target(statistic="quantile", low=3.95, high=4.05, scale=1.0, text="median"),
                Target(statistic="survival", at=12.0, low=0.895, high=0.905, scale=0.1, text="survival"),
            ),
            {"median", "survival"},
        ),
        (
            (
                Target(statistic="log hazard ratio", low=log(0.495), high=log(0.505), scale=0.4, text="hazard ratio"),
                log_rank_target((0.895, 0.905), 2, sign=-1.0, text="p"),
            ),
            {"hazard ratio", "p"},
        ),
    ],
)
def test_numbers_that_contradict_each_other_are_named(asked: tuple[Target, ...], named: set[str]) -> None:
    effort = Effort(chains=2, replicates=10, thin=1, rounds=2, patience=2)
    with pytest.raises(UnreachableError) as caught:
        reconstruct(summaries(*asked), prior=PRIOR, seed=1, effort=effort)
    missed = {target.text for target, _ in caught.value.misses}
    assert missed
    assert missed <= named
    assert all(text in str(caught.value) for text in missed)
    assert {target.text for target, _ in reaches(summaries(*asked), prior=PRIOR, seed=2, rounds=1)} <= named
    assert reaches(summaries(asked[0]), prior=PRIOR, seed=2) == ()


@pytest.mark.sampling
@pytest.mark.parametrize(
    ("totals", "events"),
    [
        ((12, 9), (7, 0)),
        ((12, 9), (0, 0)),
        ((1, 9), (1, 4)),
        ((1, 1), (1, 1)),
        ((12, 9), (None, None)),
        ((12, 9), (None, 4)),
    ],
)
def test_small_and_empty_arms(totals: tuple[int, int], events: tuple[int | None, int | None]) -> None:
    asked = Target(statistic="follow-up median", arm=1, low=9.95, high=10.05, scale=2.0, text="follow-up")
    exact = [
        Target(statistic="events", arm=arm, low=known - 0.4, high=known + 0.4, scale=1.0, text="events")
        for arm, known in enumerate(events)
        if known is not None
    ]
    found = reconstruct(summaries(asked, *exact, totals=totals, events=events), prior=PRIOR, seed=2, effort=QUICK)
    assert found.held
    for arm, known in enumerate(events):
        counts = found.data.event[..., found.data.arm == arm].sum(axis=-1)
        assert np.all(counts == known) if known is not None else np.ptp(counts) > 0
    at_horizon = found.data.time >= HORIZON
    assert found.data.time.max() <= HORIZON
    assert not (at_horizon & found.data.event).any()


def test_effort_and_summaries_refuse_what_cannot_be_judged() -> None:
    with pytest.raises(AnalysisError, match="2 chains"):
        Effort(chains=1)
    with pytest.raises(AnalysisError, match="nothing was printed"):
        summaries()
    with pytest.raises(AnalysisError, match="patients in both arms"):
        summaries(*PRINTED, totals=(20, 0))
    with pytest.raises(AnalysisError, match="events from 0 to 14"):
        summaries(*PRINTED, events=(14, 15))
    assert summaries(*PRINTED).without({"hazard ratio"}).targets == PRINTED[:-1]
    assert exp(PRINTED[-1].mirrored().low) == pytest.approx(1 / 0.565)
