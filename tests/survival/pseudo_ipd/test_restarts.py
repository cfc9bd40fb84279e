"""A chain that found nothing goes on from one that did, and only where none did are printed numbers not reached."""

from __future__ import annotations

import os

import numpy as np
import pytest

from reappraise.core.errors import UndeterminedError
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.sampling import Effort
from reappraise.published.patients import PatientData
from reappraise.survival import reconstruction
from reappraise.survival.hazard import HazardPrior
from reappraise.survival.pseudo_ipd import reconstruct as shell
from reappraise.survival.pseudo_ipd.quality import judge
from reappraise.survival.pseudo_ipd.reconstruct import NotFoundError, reconstruct
from reappraise.survival.pseudo_ipd.search import Chain, Progress
from reappraise.survival.pseudo_ipd.summaries import Estimators, Summaries
from reappraise.survival.pseudo_ipd.targets import Target
from reappraise.survival.reconstruction import ReconstructionJob

PRIOR = HazardPrior(effect=LogRatioPrior("test", "Test", -0.2, 0.7, "For tests.", "hazard"), median=10.0)
ASKED = Summaries(
    endpoint="os",
    arms=("old", "new"),
    unit="months",
    totals=(20, 14),
    events=(14, 8),
    targets=(
        Target(statistic="quantile", arm=0, low=7.95, high=8.05, scale=2.0, text="median of old"),
        Target(statistic="quantile low", arm=0, low=4.85, high=4.95, scale=2.0, text="lower limit of old"),
    ),
    horizon=24.0,
)


def stick(monkeypatch: pytest.MonkeyPatch, *stuck: int) -> None:
    """Let the chains of these numbers come nowhere: their search ends with data that miss the median."""
    begun = shell.begin
    search = Chain.search
    order: list[int] = []

    def begin(*arguments: object) -> Chain:
        chain = begun(*arguments)  # type: ignore[arg-type]
        order.append(id(chain.rng))
        return chain

    def searched(chain: Chain, tell: Progress) -> None:
        search(chain, tell)
        if order.index(id(chain.rng)) in stuck:
            chain.state.misfit[:] = 1.0
            chain.state.values[:, 0] = 8.11
            chain.state.values[:, 1] = 4.9

    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # so that chains begin one after the other
    monkeypatch.setattr(shell, "begin", begin)
    monkeypatch.setattr(Chain, "search", searched)


EFFORT = Effort(chains=3, replicates=12, thin=3, rounds=2, patience=30)


@pytest.mark.sampling
def test_a_stuck_chain_goes_on_from_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = reconstruct(ASKED, prior=PRIOR, seed=3, effort=EFFORT)
    assert alone.restarted == ()
    stick(monkeypatch, 1)
    told: list[float] = []
    found = reconstruct(ASKED, prior=PRIOR, seed=3, effort=EFFORT, progress=told.append)
    assert found.restarted == (1,)
    assert found.held
    assert told == sorted(told)
    # the others are what they were without it, and it is no copy of the one that it followed
    np.testing.assert_array_equal(found.data.time[[0, 2]], alone.data.time[[0, 2]])
    shared = np.isin(found.data.time[1], found.data.time[0]) & (found.data.time[1] < ASKED.horizon)
    assert shared.mean() < 0.01


@pytest.mark.sampling
def test_the_diagnosis_says_how_many_and_wants_two_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    job = ReconstructionJob(summaries=ASKED, prior=PRIOR, effort=EFFORT, seed=3)
    for stuck, passed, where in (((1,), True, "chains 1"), ((1, 2), False, "chains 1, 2")):
        with monkeypatch.context() as patch:
            stick(patch, *stuck)
            check = next(check for check in job.run().diagnosis.checks if check.name == "chains started again")
        assert (check.value, check.threshold, check.passed, check.variable) == (len(stuck), 1, passed, where)


@pytest.mark.sampling
def test_only_where_no_chain_is_there_is_nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    stick(monkeypatch, 0, 1, 2)
    with pytest.raises(NotFoundError) as caught:
        reconstruct(ASKED, prior=PRIOR, seed=3, effort=EFFORT)
    assert isinstance(caught.value, UndeterminedError)  # nothing was shown to contradict anything
    said = str(caught.value)
    assert "contradict" not in said
    assert f"with {Estimators().text}" in said
    assert "median of old: nearest 8.11, expected 7.95 to 8.05" in said
    assert "less than a unit of its last digit" in said
    assert "Not tried: median interval log," in said


def test_estimators_under_which_data_are_found_are_the_advice() -> None:
    asked = ASKED.assuming(Estimators(median="log"))
    other = NotFoundError(
        asked, ((asked.targets[0], 9.0),), tried=((Estimators(), True), (Estimators(median="plain"), False))
    )
    assert f"Data were found with other estimators, so say that those were used: {Estimators().text} (" in str(other)
    none = NotFoundError(asked, ((asked.targets[0], 9.0),), tried=((Estimators(), False),))
    assert f"Nor were any found with {Estimators().text}." in str(none)
    assert "less than a unit" not in str(none)
    assert "leave one out" in str(none)


def test_a_job_that_finds_nothing_tries_the_other_estimators(monkeypatch: pytest.MonkeyPatch) -> None:
    misses = ((ASKED.targets[0], 9.0),)

    def nothing(*_: object, **__: object) -> None:
        raise NotFoundError(ASKED, misses)

    def reaches(summaries: Summaries, **_: object) -> tuple[tuple[Target, float], ...]:
        return () if summaries.estimators.median == "plain" else misses

    monkeypatch.setattr(reconstruction, "draw_replicates", nothing)
    monkeypatch.setattr(reconstruction, "reaches", reaches)
    for tried, said in ((True, f"those were used: {Estimators(median='plain').text} ("), (False, "Not tried: ")):
        job = ReconstructionJob(summaries=ASKED, prior=PRIOR, effort=EFFORT, seed=3, try_estimators=tried)
        with pytest.raises(NotFoundError) as caught:
            job.run()
        assert said in str(caught.value)
        assert caught.value.misses == misses


def test_r_hat_is_that_of_chains_with_a_start_of_their_own() -> None:
    rng = np.random.default_rng(5)
    arm = np.repeat(np.array([0, 1], dtype=np.int8), (30, 30))
    # two patterns, early and late, of which one was found once and the other by three chains, of which two followed
    scale = np.array([6.0, 9.0, 9.0, 9.0])[:, None, None]
    time = np.minimum(rng.exponential(1.0, (4, 60, 60)) * scale, 24.0)
    data = PatientData(
        endpoint="os", arms=("a", "b"), arm=arm, time=time, event=time < 24.0, unit="months", origin="summaries"
    )
    assert judge(data, (2, 3)).worst_r_hat > judge(data).worst_r_hat + 0.05
    assert judge(data, (1, 2, 3)).worst_r_hat == judge(data).worst_r_hat
