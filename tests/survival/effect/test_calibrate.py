"""The printed effect is calibrated, also on trials: exact posteriors of Cox estimates of simulated patients."""

from __future__ import annotations

import pickle
from math import exp, log
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from reappraise.calibrate.calibration import Refused, identity
from reappraise.core.printed import Printed
from reappraise.survival.classical.cox import hazard_ratio
from reappraise.survival.effect.calibrate import EFFECT_CALIBRATION, PRIOR, EffectCalibration
from reappraise.survival.effect.events import check_events
from reappraise.survival.effect.exact import exact_effect
from reappraise.survival.effect.published import PrintedEffect
from reappraise.survival.effect.spans import error_of_limits, logs

TRIALS, PATIENTS = 400, 100


def test_it_can_be_listed_sent_to_workers_and_told_from_another() -> None:
    assert pickle.loads(pickle.dumps(EFFECT_CALIBRATION)) == EFFECT_CALIBRATION  # noqa: S301  # its own
    assert hash(EFFECT_CALIBRATION) != hash(EffectCalibration(decimals=2))
    known = identity(EFFECT_CALIBRATION)
    assert known["model"] == "printed-effect"
    assert known != identity(EffectCalibration(decimals=2))
    assert all(path.is_file() for path in EFFECT_CALIBRATION.code)


@pytest.mark.sampling
def test_ranks_of_forty_data_sets_are_uniform_and_those_of_a_wrong_simulator_are_not() -> None:
    """Kolmogorov-Smirnov at 1e-4 for each of two quantities: a false alarm once in 5,000 changes of the draws."""
    EFFECT_CALIBRATION.prepare()
    for wrong in (False, True):
        found = [EFFECT_CALIBRATION.run(index, wrong=wrong) for index in range(40)]
        ranks = [one for one in found if not isinstance(one, Refused)]
        assert len(ranks) >= 30
        for name in ("effect", "log_likelihood"):
            p = float(stats.kstest([one[name] for one in ranks], "uniform").pvalue)
            assert (p < 1e-4) is wrong, name
    assert EFFECT_CALIBRATION.run(7, wrong=False) == EFFECT_CALIBRATION.run(7, wrong=False)


def _trial(effect: float, rng: np.random.Generator) -> PrintedEffect:
    """Two arms with a constant hazard, followed for as long as half of the control arm lives, printed to 2 decimals."""
    arm = np.repeat(np.array([0, 1], dtype=np.int8), PATIENTS)
    alive = rng.exponential(1 / (log(2) * np.exp(effect * arm)))
    followed = rng.uniform(0.5, 1.5, size=alive.size)
    event = alive <= followed
    found = hazard_ratio(np.minimum(alive, followed), event, arm)
    value, low, high = (Printed(f"{number:.2f}") for number in (found.value, found.low, found.high))
    span = logs(value)
    error = error_of_limits(span, logs(low), logs(high), 0.95)
    assert error is not None
    return PrintedEffect(
        endpoint="death",
        label="Death",
        arms=("c", "e"),
        arm_labels=("C", "E"),
        log_ratio=span,
        standard_error=error,
        basis="limits",
        events=(int(event[arm == 0].sum()), int(event[arm == 1].sum())),
        better="higher",
    )


def test_posteriors_of_printed_cox_estimates_are_calibrated_on_patients() -> None:
    """A normal likelihood is an approximation: of 400 trials of 200 patients its posteriors show no flaw.

    The effect of each is drawn from the prior, so the share of the posterior below it is uniform if the likelihood is
    right. Kolmogorov-Smirnov, and the spread of normal scores, both at 1e-4: a false alarm once in 5,000 seeds. Nor is
    any estimate surer than its events allow.
    """
    rng = np.random.default_rng(17)
    shares = []
    for _ in range(TRIALS):
        truth = float(rng.normal(PRIOR.mean, PRIOR.sd))
        held = _trial(truth, rng)
        shares.append(exact_effect(held, PRIOR).below(truth))
        check = check_events(held)
        assert check is not None
        assert check.surety == "as sure as its events make it", (exp(held.centre), check.words)
    assert stats.kstest(shares, "uniform").pvalue > 1e-4
    spread = float(np.sum(stats.norm.ppf(shares) ** 2))
    assert 5e-5 < stats.chi2.cdf(spread, TRIALS) < 1 - 5e-5
    too_sure = [NormalDist().cdf(1.5 * NormalDist().inv_cdf(share)) for share in shares]
    assert (
        stats.chi2.cdf(np.sum(stats.norm.ppf(too_sure) ** 2), TRIALS) > 1 - 5e-5
    )  # what half as much again would show
