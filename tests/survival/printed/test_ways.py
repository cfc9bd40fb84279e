"""Ways to the median follow-up that lie apart: told, sampled by themselves, mixed by their evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reappraise.fits.nuts import Sampled
from reappraise.fits.sampling import Sampling
from reappraise.survival.printed.job import PrintedJob, fit_printed_survival
from reappraise.survival.printed.model import PRINTED
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.published import print_of
from reappraise.survival.printed.ways import FEWEST, Way, by_way, mixed, sample_ways, ways
from reappraise.trial.load import load_trial
from support.data import DATA
from support.prints import PRIOR, trial

WAYS = ("observed time", "reverse Kaplan-Meier")
SPARSE = ("log hazard ratio", "follow-up median")


def job(patients: int, *, said: bool = False, sparse: bool = False) -> PrintedJob:
    """A trial that says how it came to its median follow-up, or not; and prints little else, or medians too."""
    summaries = trial((patients, patients), 4)[1].summaries
    kept = tuple(one for one in summaries.targets if not sparse or one.statistic in SPARSE)
    printed = print_of(replace(summaries, targets=kept, stated=("follow-up",) if said else ()))
    return PrintedJob(printed=printed, grid=printed.grid, prior=PRIOR, horizons=(18.0,), sampling=Sampling(seed=3))


def asked(one: PrintedJob) -> Problem:
    return one.printed.problem(one.entered, one.grid)


def names(one: PrintedJob) -> list[str]:
    return list(ways(PRINTED, asked(one), one.data()))


def test_ways_are_sampled_together_where_they_touch_and_apart_where_not() -> None:
    assert names(job(60)) == [""]
    assert names(job(150, said=True)) == [""]
    assert names(job(2000, sparse=True)) == list(WAYS)
    # times of 4,000 patients by the other way go with medians and landmarks once in a million trials
    assert names(job(2000)) == ["observed time"]


def test_draws_are_mixed_by_share_each_way_in_its_own_order() -> None:
    def sampled(first: float, draws: int) -> Sampled:
        values = first + np.arange(2 * draws, dtype=np.float64).reshape(2, draws)
        return Sampled({"free": values[..., None]}, {"energy": -values})

    found = mixed([sampled(0, 60), sampled(1000, 100)], np.array([0.25, 0.75]), 100, np.random.default_rng(1))
    free = found.draws["free"][..., 0]
    assert (free == -found.statistics["energy"]).all()
    assert ((free < 1000).sum(axis=1) == 25).all()
    for chain in range(2):
        for own, draws in ((free[chain][free[chain] < 1000], 60), (free[chain][free[chain] >= 1000] - 1000, 100)):
            assert (np.diff(own) > 0).all()
            assert own[0] == draws * chain
            assert own[-1] == draws * chain + draws - 1  # from all over the chain
        assert (np.diff((free[chain] < 1000).astype(int)) != 0).sum() > 20  # not one after the other


def test_an_unlikely_way_has_fewer_draws_but_never_too_few() -> None:
    draws = [Way({}, share).settings(Sampling(draws=2000)).draws for share in (0.0, 0.2, 0.8, 1.0)]
    assert draws == [FEWEST, 800, 2000, 2000]
    assert Way({}, 0.0).settings(Sampling(draws=200)).draws == 200  # who asks for less gets it


@pytest.mark.sampling
def test_apart_and_mixed_they_are_what_is_sampled_together() -> None:
    one = job(60)
    problem, data = asked(one), one.data()
    # as if Laplace had nearly ruled out both: each is sampled anew once it is seen to need more draws
    apart = {name: Way(PRINTED.along(problem, own, mode), 0.01) for name, (own, mode) in by_way(problem, data).items()}
    assert len(apart) == 2
    sampling = replace(one.sampling, target_accept=0.98)
    found = [sample_ways(PRINTED, one.compiled, these, data, sampling, 5) for these in (apart, {"": Way(data)})]
    assert all(check.passed for check in found[0].checks), found[0].checks
    trees = [one.assemble(data, own, np.random.default_rng(1)) for own in found]
    probability = [
        tree["agreement"]["reading_probability"].mean(("chain", "draw")).to_numpy().reshape(3, 2).sum(axis=0)
        for tree in trees
    ]
    assert probability[1].min() > 0.02  # a lesser way that counts
    # the logarithm of their ratio has a standard error of 0.05 apart, and of 0.05 together
    ratio = [float(np.log(own[0] / own[1])) for own in probability]
    assert ratio[0] == pytest.approx(ratio[1], abs=0.3)
    for name in ("effect", "survival", "restricted_mean"):
        mine, theirs = (tree["posterior"][name].to_numpy().astype(np.float64) for tree in trees)
        mean, sd = theirs.mean(axis=(0, 1)), theirs.std(axis=(0, 1))
        # 2,000 effective draws: four standard errors of a difference are 0.13 sd, of a ratio of sds 9%
        assert (np.abs(mine.mean(axis=(0, 1)) - mean) <= 0.13 * sd).all()
        assert mine.std(axis=(0, 1)) == pytest.approx(sd, rel=0.1)


@pytest.mark.sampling
def test_a_large_trial_of_which_little_is_printed_passes_its_gate() -> None:
    """4,744 patients; events, hazard ratio and median follow-up, each way to which leads elsewhere."""
    fit = fit_printed_survival(load_trial(DATA / "large.toml")["primary"], seed=1)
    assert fit.converged, fit.diagnosis.failures
    assert {"E-BFMI by way", "error of the probability of a way / sd"} <= {check.name for check in fit.diagnosis.checks}
    ways_of = {name: sum(p for text, p in fit.readings.items() if name in text) for name in WAYS}
    assert min(ways_of.values()) > 0.005  # both count
    ratio = np.log(fit.tree["posterior"]["hazard_ratio"].to_numpy().astype(np.float64))
    # printed 0.74 (0.65 to 0.85); under the reference prior it moves by a hundredth towards 1
    assert ratio.mean() == pytest.approx(np.log(0.74), abs=0.02)
    assert ratio.std() == pytest.approx(np.log(0.85 / 0.65) / 3.92, rel=0.1)
