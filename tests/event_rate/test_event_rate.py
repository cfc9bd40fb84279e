"""Events per person-time: exact twins, published examples, mirrored, what is refused, and the audit of rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, inf, log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reappraise.analysis import analyse
from reappraise.audit import event_rates
from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.effect.prior import EffectPrior, contrast_priors
from reappraise.event_rate.classical import conditional, garwood, wald
from reappraise.event_rate.contrast import TOO_SURE, RateContrast, rate_contrasts
from reappraise.event_rate.exact import exact_event_rates, exact_rate_contrast, posterior, rate_quantile
from reappraise.event_rate.figures import draw_rate_contrast
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.event_rate.table import ArmEvents, EventsTable
from reappraise.fits.sampling import Sampling
from reappraise.published.trial import TrialEndpoint
from reappraise.trial import load_trial
from support.audit_trials import estimate, unchecked, write
from support.data import EVENT_RATES
from support.figures import said

RATES = """
[[endpoints]]
kind = "event_rate"
key = "falls"
label = "Falls"
population = "treated"
better = "lower"
source = "Table 2"
"""
BOTH = """exposed = [
  {{ arm = "c", {}, source = "Table 2" }},
  {{ arm = "e", {}, source = "Table 2" }},
]
"""
POISSON = BOTH.format('events = 24, person_time = "604"', 'events = 31, person_time = "1202"')
REFERENCE = EffectPrior("reference", "Reference", 0.0, 1.0, "")
TIGHT = EffectPrior("tight", "", -0.5, 0.1, "")
FAR = EffectPrior("far", "", 3.0, 0.3, "")

type Read = Callable[..., TrialEndpoint[EventRateEndpoint]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return lambda *parts: write(tmp_path, RATES + "".join(parts)).of(EventRateEndpoint)[0]


def contrast(control: tuple[int, float], experimental: tuple[int, float]) -> RateContrast:
    arms = [
        ArmEvents(key, key, events, (time, time * (1 + 1e-12)))
        for key, (events, time) in (("c", control), ("e", experimental))
    ]
    return RateContrast(
        endpoint="falls", label="Falls", arms=("c", "e"), arm_labels=("C", "E"), basis="poisson", benefit=-1,
        words="events", table=EventsTable("falls", (arms[0], arms[1])),
    )  # fmt: skip


def test_a_rate_is_gamma() -> None:
    arm = ArmEvents("c", "C", 24, (604.0, 604.0))
    for probability in (0.025, 0.5, 0.975):
        assert rate_quantile(arm, probability) == pytest.approx(stats.gamma(24.5, scale=1 / 604).ppf(probability))
    none = ArmEvents("c", "C", 0, (604.0, 604.0))
    assert rate_quantile(none, 0.95) == pytest.approx(stats.gamma(0.5, scale=1 / 604).ppf(0.95))


@pytest.mark.parametrize("events", [(24, 31), (0, 5), (3, 0), (0, 0), (400, 900)])
@pytest.mark.parametrize(
    "prior", [REFERENCE, EffectPrior("tight", "", -0.5, 0.1, ""), EffectPrior("far", "", 3, 0.3, "")]
)
def test_the_ratio_is_that_of_the_joint_posterior_over_both_rates(events: tuple[int, int], prior: EffectPrior) -> None:
    """The level is integrated out on a grid under its improper scale prior: the binomial likelihood knows none."""
    found = posterior(contrast((events[0], 604.0), (events[1], 1202.0)), prior)
    theta = np.linspace(-12.0, 12.0, 400_001)
    # integral over lambda of lambda^(y0 + y1 - 1) exp(-lambda (T0 + theta T1)) theta^y1
    log_likelihood = events[1] * theta - sum(events) * np.log(604.0 + np.exp(theta) * 1202.0)
    log_mass = log_likelihood - np.square((theta - prior.mean) / prior.sd) / 2
    mass = np.exp(log_mass - log_mass.max())
    below = np.cumsum(mass) / mass.sum()
    spread = float(np.interp(0.84, below, theta) - np.interp(0.16, below, theta))
    for probability in (0.025, 0.5, 0.975):
        assert found.quantile(probability) == pytest.approx(
            float(np.interp(probability, below, theta)), abs=2e-3 * spread
        )


def test_vaccine_efficacy_as_published() -> None:
    """BNT162b2 through six months: 77 and 850 cases in 6.247 and 6.003 thousand person-years, 91.3% (89.0 to 93.2).

    doi:10.1056/NEJMoa2110345; Clopper and Pearson's limits, adjusted for person-time.
    """
    arms = ArmEvents("c", "C", 850, (6.003, 6.003)), ArmEvents("e", "E", 77, (6.247, 6.247))
    value, low, high, p = conditional(*arms, level=0.95)
    assert value is not None
    assert [round(100 * (1 - number), 1) for number in (value, high, low)] == [91.3, 89.0, 93.2]
    assert p is not None
    assert p < 1e-100


def test_classical_answers_are_those_of_scipy() -> None:
    control, experimental = ArmEvents("c", "C", 24, (604.0, 604.0)), ArmEvents("e", "E", 31, (1202.0, 1202.0))
    assert garwood(control, level=0.95) == pytest.approx(
        (stats.chi2.ppf(0.025, 48) / 2 / 604, stats.chi2.ppf(0.975, 50) / 2 / 604)
    )
    test = stats.binomtest(31, 55, 1202 / 1806)
    interval = test.proportion_ci()
    value, low, high, p = conditional(control, experimental, level=0.95)
    odds = [number / (1 - number) * 604 / 1202 for number in (interval.low, interval.high)]
    assert (value, low, high) == pytest.approx((31 / 24 * 604 / 1202, *odds))
    assert p == pytest.approx(2 * stats.binom(55, 1202 / 1806).cdf(31))
    found = wald(control, experimental, level=0.95)
    assert found is not None
    assert found[1] == pytest.approx(value * exp(-1.959964 * (1 / 24 + 1 / 31) ** 0.5))


@pytest.mark.parametrize("events", [(0, 0), (0, 4), (4, 0)])
def test_no_events_are_information(events: tuple[int, int]) -> None:
    arms = ArmEvents("c", "C", events[0], (50.0, 50.0)), ArmEvents("e", "E", events[1], (70.0, 70.0))
    value, low, high, _ = conditional(*arms, level=0.95)
    assert wald(*arms, level=0.95) is None
    assert (value is None, low, high == inf) == (events == (0, 0), pytest.approx(low), events[0] == 0)
    found = posterior(contrast((events[0], 50.0), (events[1], 70.0)), REFERENCE)
    if events == (0, 0):
        assert found.below(0.0) == pytest.approx(0.5, abs=1e-3)  # the prior, as it was
    else:
        assert (found.below(0.0) > 0.5) == (events[0] > 0)


@settings(max_examples=50)
@given(st.integers(0, 300), st.integers(0, 300), st.floats(1, 1e4), st.floats(1, 1e4), st.floats(0.001, 1000))
def test_exchanged_arms_mirror_and_another_unit_changes_nothing(a: int, b: int, t: float, u: float, f: float) -> None:
    one, prior = contrast((a, t), (b, u)), EffectPrior("x", "", -0.3, 0.7, "")
    for probability in (0.025, 0.5):
        found = posterior(one, prior).quantile(probability)
        mirrored = posterior(one.swapped(), prior.swapped()).quantile(1 - probability)
        assert mirrored == pytest.approx(-found, abs=2e-3)
        scaled = posterior(contrast((a, f * t), (b, f * u)), prior).quantile(probability)
        assert scaled == pytest.approx(found, abs=2e-3)


def test_what_print_derived_comes_first_where_events_recur(read: Read) -> None:
    printed = estimate("rate_ratio", ("0.65", "0.35", "1.20", None), more='how = ["model"]')
    bases = [one.basis for one in rate_contrasts(read(POISSON, printed))]
    assert bases == ["poisson", "printed-rate-ratio"]
    found = rate_contrasts(read("recurrent = true\n", POISSON, printed))
    assert [one.basis for one in found] == ["printed-rate-ratio", "poisson"]
    assert TOO_SURE in found[1].words
    rows = list(exact_event_rates(read("recurrent = true\n", POISSON)))
    assert all(TOO_SURE in row.method for row in rows if row.quantity == "rate_ratio")


def test_rates_with_limits_say_it_without_events(read: Read) -> None:
    arms = BOTH.format('rate = "0.73", low = "0.62", high = "0.87"', 'rate = "0.23", low = "0.19", high = "0.28"')
    (found,) = rate_contrasts(read("recurrent = true\n", arms))
    error = ((log(0.87 / 0.62) / 3.92) ** 2 + (log(0.28 / 0.19) / 3.92) ** 2) ** 0.5
    assert (found.basis, found.standard_error[0]) == ("arm-rates", pytest.approx(error, rel=2e-3))


def test_a_rate_in_place_of_person_time_is_carried_within_rounding(read: Read) -> None:
    exact = rate_contrasts(read("per = 100\n", POISSON))[0]
    rounded = rate_contrasts(read("per = 100\n", BOTH.format('events = 24, rate = "4"', 'events = 31, rate = "3"')))[0]
    assert exact.table is not None
    assert rounded.table is not None
    assert rounded.table.arms[0].person_time == pytest.approx((2400 / 4.5, 2400 / 3.5))
    tables = [posterior(one, REFERENCE) for one in (exact, rounded)]
    width = [table.quantile(0.975) - table.quantile(0.025) for table in tables]
    assert width[1] > 1.02 * width[0]


def test_rounding_that_is_wide_beside_the_events_leaves_no_lumps(read: Read) -> None:
    """240,000 and 270,000 events with rates of one digit: what rounding leaves open of two rates, and nothing else."""
    arms = BOTH.format('events = 240000, rate = "4"', 'events = 270000, rate = "3"')
    (found,) = rate_contrasts(read("per = 100\n", arms))
    assert found.table is not None
    table = posterior(found, EffectPrior("wide", "", 0.0, 50.0, ""))
    control, experimental = (np.linspace(log(low), log(high), 2001) for low, high in ((3.5, 4.5), (2.5, 3.5)))
    possible = (experimental[:, None] - control).ravel()
    for share in (0.025, 0.3, 0.5, 0.975):
        assert table.below(float(np.quantile(possible, share))) == pytest.approx(share, abs=5e-3)
    assert rate_quantile(found.table.arms[0], 0.5) == pytest.approx(0.04, rel=0.02)


def test_a_prior_far_from_the_data_is_heard() -> None:
    """A million events against a prior 30 of its sds away: between both, nearer to the data, as a normal one says."""
    one, prior = contrast((1_000_000, 1000.0), (740_818, 1000.0)), EffectPrior("x", "", 0.0, 0.01, "")
    precision = 1 / 0.01**2, 1 / (1 / 1_000_000 + 1 / 740_818)
    expected = precision[1] * log(0.740818) / sum(precision)
    assert posterior(one, prior).quantile(0.5) == pytest.approx(expected, abs=3e-5)


def test_priors_know_the_planned_ratio(read: Read) -> None:
    (found,) = rate_contrasts(read("planned = 0.5\n", POISSON))
    reference, sceptical, enthusiastic = contrast_priors(found)
    assert (reference.sd, enthusiastic.mean) == (1.0, pytest.approx(log(0.5)))
    assert stats.norm.cdf(log(0.5), sceptical.mean, sceptical.sd) == pytest.approx(0.05, abs=1e-3)
    first = next(exact_rate_contrast(found, sceptical))
    assert (first.numerator, first.denominator, first.quantity) == ("e", "c", "rate_ratio")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (BOTH.format("events = 3", "events = 4"), "events with person_time or rate"),
        (BOTH.format("events = 3, person_time = -2", "events = 4, person_time = 3"), "person_time above 0"),
        (BOTH.format("events = 3, person_time = 0", "events = 4, person_time = 3"), "person_time above 0"),
        ('exposed = [{ arm = "c", events = 3, person_time = 9, source = "x" }]\n', "missing e"),
        (POISSON.replace('arm = "e"', 'arm = "c"'), "every arm once"),
        (POISSON.replace('arm = "e"', 'arm = "z"'), "expected one of c, e"),
        ("", "got neither"),
        ("planned = 1\n" + POISSON, "planned"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_key(read: Read, parts: str, why: str) -> None:
    with pytest.raises(TrialFileError, match=why):
        read(parts)


def test_what_no_patients_could_give_is_not_analysed(read: Read) -> None:
    item = read(BOTH.format('events = 3, rate = "4", low = "4.6", high = "6"', "events = 4, person_time = 3"))
    with pytest.raises(AnalysisError, match="does not hold the rate"):
        rate_contrasts(item)


def finding(check: str, *parts: str) -> event_rates.Finding:
    return next(one for one in event_rates.check(unchecked(RATES + "".join(parts))) if one.check == check)


@pytest.mark.parametrize(
    ("arm", "verdict", "why"),
    [
        ('events = 24, person_time = "604", rate = "3.97"', "consistent", "its events over"),
        ('events = 24, person_time = "604", rate = "3.79"', "inconsistent", "not its events over"),
        ('events = 24, person_time = "604", rate = "0.397"', "inconsistent", "another amount or unit"),
        ('events = 31, rate = "2.58", low = "1.75", high = "3.66"', "consistent", "Garwood"),
        ('events = 31, rate = "2.58", low = "1.50", high = "4.43"', "not reproduced", "another model"),
        ('events = 31, rate = "2.58", low = "2.75", high = "3.66"', "inconsistent", "does not hold"),
    ],
)
def test_rates_are_held_against_their_events(arm: str, verdict: str, why: str) -> None:
    text = BOTH.format(arm, 'events = 31, person_time = "1202"')
    found = next(iter(event_rates.check(unchecked(RATES + "per = 100\n" + text))))
    assert (found.verdict, why in found.message) == (verdict, True), found.message


@pytest.mark.parametrize(
    ("numbers", "more", "verdict"),
    [
        (("0.65", "0.38", "1.11", None), "", "consistent"),
        (("0.65", "0.35", "1.20", None), "", "not reproduced"),
        (("0.60", "0.35", "1.02", None), 'how = ["adjusted"]', "not reproduced"),
        (("0.60", "0.35", "1.02", None), 'how = ["crude"]', "inconsistent"),
    ],
)
def test_ratios_are_held_against_both_arms(numbers: tuple[str | None, ...], more: str, verdict: str) -> None:
    found = finding(event_rates.RATIOS, POISSON, estimate("rate_ratio", numbers, more=more))
    assert found.verdict == verdict, found.message


def test_a_ratio_the_other_way_round_is_told() -> None:
    found = finding(event_rates.RATIOS, POISSON, estimate("rate_ratio", ("1.54", "0.90", "2.63", None)))
    assert (found.verdict, "arms are exchanged" in found.message) == ("not reproduced", True)


def test_an_analysis_holds_print_recomputation_and_posteriors_side_by_side() -> None:
    analysis = analyse(load_trial(EVENT_RATES), sampling=Sampling(seed=1))
    assert not analysis.refused
    rows = analysis["infections"].comparison().estimates
    for quantity in ("event_rate", "rate_ratio"):
        assert {row.kind for row in rows if row.quantity == quantity} == {"published", "recomputed", "posterior"}
    assert {row.at for row in rows if row.quantity == "event_rate"} == {"per 100 patient-years"}
    assert [one.model for one in analysis["relapses"].comparison().estimates if one.quantity == "rate_ratio"][-1]
    assert [name for name, _ in analysis["relapses"].figures()] == ["relapses.rate-ratio", "relapses.rate-ratio-2"]


def test_figures_name_the_direction_of_benefit_and_the_caution() -> None:
    (found, *_) = rate_contrasts(load_trial(EVENT_RATES).of(EventRateEndpoint)[0])
    text = said(draw_rate_contrast(replace(found, words=f"events; {TOO_SURE}")))
    for words in ("Treatment over Placebo", "favours Treatment", "Patients may have several events"):
        assert words in text
