"""What is tried after a gate that was not passed: smaller steps, then a longer run, within bounds."""

from __future__ import annotations

import pytest

from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.sampling import Effort, Sampling


def verdict(*failed: str) -> Diagnosis:
    names = {"R-hat", "divergences", "Monte Carlo error / sd", *failed}
    return Diagnosis(tuple(Check(name, 0.0, 1.0, "x", name not in failed) for name in sorted(names)))


def course(asked: Sampling, *failed: str) -> list[tuple[float, int, int]]:
    """Settings, one after the other, where the same checks fail each time."""
    found, settings = [], asked
    while (more := settings.after(verdict(*failed), asked)) is not None:
        settings = more
        found.append((settings.target_accept, settings.draws, settings.tune))
    return found


def test_a_gate_that_is_passed_is_the_end() -> None:
    assert course(Sampling(seed=1)) == []


def test_divergences_make_steps_smaller_and_nothing_longer() -> None:
    assert course(Sampling(seed=1), "divergences") == [(0.98, 2000, 1000), (0.995, 2000, 1000), (0.999, 2000, 1000)]
    assert course(Sampling(seed=1, target_accept=0.99), "divergences")[0][0] == 0.995


@pytest.mark.parametrize("failed", ["R-hat", "tail effective draws", "Monte Carlo error / sd", "E-BFMI"])
def test_what_a_longer_run_may_mend_is_run_longer_up_to_four_times(failed: str) -> None:
    assert course(Sampling(seed=1), failed) == [(0.95, 4000, 2000), (0.95, 8000, 4000)]


def test_steps_come_first_and_where_they_do_not_help_nothing_is_run_longer() -> None:
    assert [one[1] for one in course(Sampling(seed=1), "divergences", "R-hat")] == [2000, 2000, 2000]
    assert [one[1] for one in course(Sampling(seed=1), "divergences by way")] == [2000, 2000, 2000]


def test_what_no_run_can_mend_is_not_tried_again() -> None:
    assert course(Sampling(seed=1), "probability of printed numbers so far apart") == []
    assert course(Sampling(seed=1), "probability of printed numbers so far apart", "R-hat") == []


def test_less_than_the_usual_effort_was_meant() -> None:
    assert Sampling(seed=1).usual
    assert Sampling(seed=1, draws=5000).usual
    assert not Sampling(seed=1, draws=500).usual
    assert not Sampling(seed=1, tune=500).usual
    assert not Sampling(seed=1, chains=2).usual
    assert Effort().usual
    assert Effort(replicates=300).usual
    assert not Effort(replicates=50).usual
    assert not Effort(thin=3).usual
