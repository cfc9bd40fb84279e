"""Evidence on proportional hazards against quadrature, brute force over the prior, and importance sampling.

Random comparisons have a tolerance of 5 Monte Carlo standard errors of the difference: a false alarm once in 1.7
million comparisons.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import exp, log

import numpy as np
import pytest
import xarray as xr
from lifelines.datasets import load_rossi
from scipy.integrate import quad
from scipy.stats import halfnorm

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.sampling import Sampling
from reappraise.published.patients import PatientData
from reappraise.survival.fit import SurvivalFit, fit_survival
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.left_out import LeftOut, leave_one_out, log_likelihood
from reappraise.survival.model import VARYING
from reappraise.survival.proportionality import SMALL_SD, ProportionalityEvidence, compare_proportionality
from reappraise.survival.savage_dickey import averaged, bridged, log_density_ratio
from support.draws import ERRORS, draws

ROSSI = load_rossi()
ENDS = (0.0, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0, 4.5, 9.0)
"""Of the pieces of a quadrature; the first goes to the limit that is asked for."""
BRIEF = Sampling(chains=2, draws=500)

type Pair = tuple[SurvivalFit, SurvivalFit]


def patients(size: int, early: float, late: float, seed: int) -> PatientData:
    """A control hazard of 0.1 a month, and an experimental one that changes after five."""
    rng = np.random.default_rng(seed)
    arm = np.repeat([0, 1], size)
    depth, end = rng.exponential(size=2 * size), rng.uniform(5, 15, 2 * size)
    changing = np.where(depth < 5 * early, depth / early, 5 + (depth - 5 * early) / late)
    time = np.where(arm == 0, depth / 0.1, changing)
    return PatientData.known(np.minimum(time, end), time < end, arm, endpoint="os")


def both(data: PatientData, seed: int, sampling: Sampling | None = None) -> Pair:
    """Fits with and without departures, on as many intervals as other tests compile."""
    grid = Grid.regular(8, data.horizon)
    prior = HazardPrior(effect=hazard_ratio_priors()[0], median=data.horizon / 2)
    varying = fit_survival(data, grid=grid, prior=prior, seed=seed, sampling=sampling)
    return varying, fit_survival(
        data, grid=grid, prior=prior, seed=seed + 1, sampling=sampling, model="proportional-hazards"
    )


def same(first: ProportionalityEvidence | tuple[float, float], second: tuple[float, float]) -> bool:
    """Two log Bayes factors, each with its error."""
    if isinstance(first, ProportionalityEvidence):
        first = (first.log_bayes_factor, first.log_bayes_factor_error)
    return abs(first[0] - second[0]) < ERRORS * np.hypot(first[1], second[1])


@pytest.fixture(scope="module")
def rossi() -> Pair:
    data = PatientData.known(
        ROSSI["week"].to_numpy(float),
        ROSSI["arrest"].to_numpy(bool),
        ROSSI["fin"].to_numpy(),
        endpoint="arrest",
        unit="weeks",
    )
    return both(data, 1)


@pytest.fixture(scope="module")
def judged(rossi: Pair) -> ProportionalityEvidence:
    return compare_proportionality(*rossi)


@pytest.fixture(scope="module")
def few() -> Pair:
    data = PatientData.known(
        np.array([0.4, 1.3, 2.6, 5.0, 7.5, 0.9, 3.1, 5.7, 7.1, 8.0]),
        np.array([1, 1, 1, 0, 1, 0, 1, 1, 1, 0], dtype=bool),
        np.repeat([0, 1], 5),
        endpoint="few",
    )
    return both(data, 11)


@pytest.fixture(scope="module")
def crossing() -> Pair:
    return both(patients(60, 0.03, 0.3, 1), 21, Sampling(draws=1000))


def integrals(
    base: np.ndarray, slope: np.ndarray, events: np.ndarray, exposure: np.ndarray
) -> tuple[list[float], float]:
    """Integrals over the scale of likelihood and prior, by pieces, and their logarithm at 0, all over one constant."""

    def log_joint(u: float) -> float:
        logarithm = base + u * slope
        return float(np.sum(events * logarithm - exposure * np.exp(logarithm)) + halfnorm.logpdf(u))

    peak = max(log_joint(u) for u in np.linspace(0, 9, 200))
    pieces = [quad(lambda u: exp(log_joint(u) - peak), *ends)[0] for ends in pairwise(ENDS)]
    return pieces, log_joint(0.0) - peak


@pytest.mark.parametrize("size", [1e-6, 0.1, 1.0, 4.0])
def test_the_density_at_zero_is_that_of_quadrature(size: float) -> None:
    rng = np.random.default_rng(4)
    slope = size * rng.normal(size=(30, 8))
    base, events, exposure = (
        rng.normal(-2, 0.5, size=(30, 8)),
        rng.poisson(6, size=(30, 8)),
        rng.gamma(5, 9, size=(30, 8)),
    )
    found, below = log_density_ratio(base, slope, events.astype(float), exposure, limit=ENDS[1])
    for place in range(30):
        pieces, at_zero = integrals(base[place], slope[place], events[place], exposure[place])
        assert found[place] == pytest.approx(at_zero - log(sum(pieces)) - float(halfnorm.logpdf(0.0)), abs=1e-6)
        assert below[place] == pytest.approx(pieces[0] / sum(pieces), abs=1e-8)


@pytest.mark.sampling
def test_with_few_patients_it_is_the_ratio_of_likelihoods_averaged_over_the_prior(few: Pair) -> None:
    found = compare_proportionality(*few)
    number, rng = 200_000, np.random.default_rng(6)
    constant = few[0].tree["constant_data"].to_dataset()
    data = {str(name): np.asarray(one.values, dtype=np.float64) for name, one in constant.data_vars.items()}
    data |= {"exposure": data["exposure"][None], "events": few[0].tree["observed_data"]["events"].values[None]}
    prior = VARYING.draw_prior(data, number, rng)
    likelihood = [
        np.exp(VARYING.log_likelihood(one, data).sum(axis=(1, 2, 3)))
        for one in (prior | {"departure_unit": np.zeros(number)}, prior)
    ]
    ratio = likelihood[0].mean() / likelihood[1].mean()
    # both averages are over the same draws: the error of their ratio is that of what is left between them
    error = (likelihood[0] - ratio * likelihood[1]).std() / np.sqrt(number) / likelihood[0].mean()
    assert same(found, (log(ratio), float(error)))


@pytest.mark.sampling
def test_with_many_it_is_that_of_departures_added_to_the_proportional_fit(
    rossi: Pair, judged: ProportionalityEvidence
) -> None:
    log_hazard = draws(rossi[1], "log_hazard").reshape(-1, 2, 8)
    rng = np.random.default_rng(8)
    sd = rossi[0].job.prior.departure_scale * np.abs(rng.normal(size=len(log_hazard)))
    departure = sd[:, None] * (rng.normal(size=(len(log_hazard), 8)) @ rossi[0].job.grid.centred_walk.T)
    events = rossi[0].tree["observed_data"]["events"].values
    exposure = rossi[0].tree["constant_data"]["exposure"].values
    both_ways = [
        (events * hazards - exposure * np.exp(hazards)).sum(axis=(1, 2))
        for hazards in (log_hazard, log_hazard + np.array([-0.5, 0.5])[:, None] * departure[:, None, :])
    ]
    weight = np.exp(both_ways[1] - both_ways[0])
    # departures are drawn anew for each draw: that the hazards are correlated adds next to nothing
    error = weight.std() / weight.mean() / np.sqrt(weight.size / 2)
    assert same(judged, (-log(weight.mean()), float(error)))
    assert judged.log_bayes_factor_error < 0.03
    assert abs(judged.log_bayes_factor) < 1
    assert "for proportional hazards" in judged.text
    assert "for a level line" in judged.short


@pytest.mark.sampling
def test_small_departures_are_counted_without_noise(rossi: Pair, judged: ProportionalityEvidence, few: Pair) -> None:
    for pair, found in ((rossi, judged), (few, compare_proportionality(*few))):
        share = float((draws(pair[0], "departure_sd") < SMALL_SD).mean())
        assert found.small == pytest.approx(share, abs=0.05)  # 4 to 5 errors of a share of 0.2 at 1,200 effective draws
        assert found.small_prior == pytest.approx(halfnorm.cdf(SMALL_SD, scale=0.5))
        assert found.departure_sd[1] < found.departure_sd[0] < found.departure_sd[2]


@pytest.mark.sampling
def test_hazards_that_cross_are_found_out_by_density_and_by_prediction(crossing: Pair) -> None:
    found = compare_proportionality(*crossing)
    assert same(found, (-3.01, 0.02))  # by two runs of 20,000 draws, of the prior with an onset
    assert found.log_bayes_factor_error < 0.1
    assert found.small < 0.05
    assert found.left_out is not None
    assert found.left_out.difference < -2 * found.left_out.standard_error
    assert "for non-proportional hazards" in found.text
    assert f"Bayes factor {exp(-found.log_bayes_factor):.2g} against a level line" in found.short
    assert "piecewise-exponential predicts better than proportional-hazards" in found.text
    assert found.bayes_factor == pytest.approx(exp(found.log_bayes_factor))
    assert "non-proportional" in found._repr_html_()


def test_the_bridge_gives_a_known_ratio_and_the_mean_its_own() -> None:
    """Normal(0, 1) against Normal(2, 1) of three times the size: r = exp(2 - 2 x) / 3, and the ratio is 1 / 3."""
    rng = np.random.default_rng(9)
    first, second = (lambda x: 2 - 2 * x - log(3)), rng.normal(2, 1, size=(4, 2000))
    ratio, at_zero = first(second), first(rng.normal(0, 1, size=(4, 2000)))
    found, error = bridged(ratio, at_zero)
    assert error < 0.05
    assert abs(found + log(3)) < ERRORS * error
    assert bridged(-at_zero, -ratio)[0] == pytest.approx(-found, abs=1e-6)
    constant = np.full((2, 100), -1.5) + 1e-9 * rng.normal(size=(2, 100))
    assert averaged(constant)[0] == pytest.approx(-1.5)


@pytest.mark.sampling
def test_reconstructions_are_averaged_and_their_patients_not_left_out() -> None:
    sources = [patients(30, 0.1, 0.1, 31), patients(30, 0.05, 0.2, 32)]
    horizon = max(data.horizon for data in sources)
    ends = [replace(data, time=np.where(data.time == data.time.max(), horizon, data.time)) for data in sources]
    single = [
        compare_proportionality(*both(data, 40 + 10 * place, Sampling(draws=1000))) for place, data in enumerate(ends)
    ]
    ensemble = replace(
        ends[0],
        time=np.tile(np.concatenate([np.tile(data.time, (1, 2, 1)) for data in ends], axis=1), (2, 1, 1)),
        event=np.tile(np.concatenate([np.tile(data.event, (1, 2, 1)) for data in ends], axis=1), (2, 1, 1)),
        origin="summaries",
    )
    found = compare_proportionality(*both(ensemble, 61, Sampling(chains=2, draws=1200)))
    factors = [item.bayes_factor for item in single]
    assert abs(log(factors[0] / factors[1])) > 0.3  # or the average would show nothing
    own = np.hypot(*(item.bayes_factor * item.log_bayes_factor_error for item in single)) / sum(factors)
    assert same(found, (log(sum(factors) / 2), float(own)))
    assert found.reconstructions == 8
    assert found.left_out is None
    assert "no independent observations" in found.text
    assert "over 8 reconstructions" in found.text


@pytest.mark.sampling
def test_patients_have_the_likelihood_of_their_cells(rossi: Pair) -> None:
    for fit in rossi:
        each = log_likelihood(fit).sum(axis=-1)
        cells = fit.tree["log_likelihood"]["events"].transpose("chain", "draw", ...).values.sum(axis=(2, 3))
        apart = each - cells  # a constant of the data, and single precision
        assert np.abs(apart - apart.mean()).max() < 2e-3
    short = log_likelihood(rossi[0], step=7)
    # products of matrices of other shapes may differ in their last digits
    assert np.allclose(short, log_likelihood(rossi[0])[:, ::7], rtol=1e-12, atol=0)


@pytest.mark.sampling
def test_leaving_out_is_the_harmonic_mean_where_nobody_matters_much(
    rossi: Pair, judged: ProportionalityEvidence
) -> None:
    found = judged.left_out
    assert found is not None
    each = [-np.log(np.mean(np.exp(-log_likelihood(fit)), axis=(0, 1))) for fit in rossi]
    difference = each[1] - each[0]
    assert found.uncertain == 0
    assert found.patients == difference.size
    # the weights are close to even, so smoothing their tail changes little
    assert found.difference == pytest.approx(difference.sum(), abs=0.02)
    assert found.standard_error == pytest.approx(np.sqrt(difference.size) * difference.std(), rel=0.02)
    turned = leave_one_out(*rossi)
    assert turned.difference == pytest.approx(-found.difference)
    assert "which is little: below 4" in found.text


@pytest.mark.sampling
def test_patients_who_cannot_be_left_out_are_counted_in_words() -> None:
    one = np.array([3.0, 5.0, 0.001])
    lone = PatientData.known(
        np.tile(one, 2), np.array([1, 0, 1, 0, 0, 0], dtype=bool), np.repeat([0, 1], 3), endpoint="x"
    )
    wide = HazardPrior(effect=hazard_ratio_priors()[1], median=5.0, level_sd=8.0, walk_scale=8.0)
    fit = fit_survival(lone, grid=Grid.regular(8, 5.0), prior=wide, seed=71, sampling=BRIEF)
    found = leave_one_out(fit, fit)
    assert found.difference == 0
    assert 0 < found.uncertain <= 6
    assert f"not to be relied on for {found.uncertain} of the patients" in found.text
    sure = LeftOut(
        first="a", second="b", difference=9.0, standard_error=2.0, patients=9, uncertain=0, pareto_k=0.1, limit=0.7
    )
    assert sure.text == (
        "Leaving out one patient at a time, a predicts better than b by 9 in expected log predictive density "
        "(standard error 2, 9 patients)."
    )


@pytest.mark.sampling
def test_fits_that_differ_in_more_are_refused(rossi: Pair, few: Pair) -> None:
    varying, proportional = rossi
    with pytest.raises(AnalysisError, match="expected a fit of piecewise-exponential and one of proportional-hazards"):
        compare_proportionality(proportional, varying)
    with pytest.raises(AnalysisError, match="differ in nothing but proportional hazards"):
        compare_proportionality(varying, few[1])
    other = replace(proportional.job, prior=replace(proportional.job.prior, median=3.0))
    with pytest.raises(AnalysisError, match="differ in nothing but proportional hazards"):
        compare_proportionality(varying, replace(proportional, job=other))
    whole = Grid((), varying.job.grid.horizon)
    single = [replace(fit, job=replace(fit.job, grid=whole)) for fit in rossi]
    with pytest.raises(AnalysisError, match="one interval has one hazard ratio"):
        compare_proportionality(*single)
    # as of draws that share scales with other endpoints, which are not those of the job
    turned = [replace(fit, tree=xr.DataTree.from_dict({"posterior": fit.tree["posterior"]})) for fit in rossi]
    with pytest.raises(AnalysisError, match="got draws that share scales with other endpoints"):
        compare_proportionality(*turned)


@pytest.mark.sampling
def test_the_words_say_what_failed_and_what_is_rough(judged: ProportionalityEvidence) -> None:
    assert judged.failures == ""
    rough = replace(judged, log_bayes_factor_error=0.6, failures="piecewise-exponential: R-hat", log_bayes_factor=-20.0)
    assert rough.text.startswith("NOT CONVERGED: Bayes factor above 10,000 for non-")
    assert "the order of size alone" in rough.text
    assert "piecewise-exponential: R-hat" in rough._repr_html_()
