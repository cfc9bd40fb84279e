"""Survival fits against closed forms, Cox regression and themselves seen in a mirror.

Random comparisons have a tolerance of 5 Monte Carlo standard errors, a false alarm once in 1.7 million comparisons.
Where two computations agree but for a small known difference, the tolerance is a share of the posterior standard
deviation, and says what it is made of; 8,000 draws leave means uncertain by a hundredth or two of it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from pathlib import Path

import arviz as az
import numpy as np
import pytest
import xarray as xr
from lifelines import CoxPHFitter
from lifelines.datasets import load_rossi
from scipy import stats

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import hazard_ratio_priors
from reappraise.core.side_by_side import side_by_side
from reappraise.fits.machine_code import known
from reappraise.fits.netcdf import read_tree, write_tree
from reappraise.fits.nuts import Sampled
from reappraise.fits.sampling import Sampling
from reappraise.published.patients import PatientData
from reappraise.survival import estimands as of
from reappraise.survival.fit import SurvivalFit, SurvivalJob, fit_survival
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import VARYING
from reappraise.survival.tree import build_tree
from support.draws import ERRORS, draws, error, same_mean

ROSSI = load_rossi()
DATA = PatientData.known(
    ROSSI["week"].to_numpy(float),
    ROSSI["arrest"].to_numpy(bool),
    ROSSI["fin"].to_numpy(),
    endpoint="arrest",
    unit="weeks",
    arms=("none", "aid"),
    subgroup=tuple(np.where(ROSSI["wexp"] == 1, "worked", "never worked")),
)
COARSE = Grid.at_quantiles(DATA.time[DATA.event], 8, 52.0)
FINE = Grid.at_quantiles(DATA.time[DATA.event], 16, 52.0)
LANDMARKS = (13.0, 26.0, 39.0)
REFERENCE, WIDE, SCEPTICAL, ENTHUSIASTIC = hazard_ratio_priors()
VAGUE = HazardPrior(effect=WIDE, median=100.0, level_sd=10.0, walk_scale=3.0)


def fitted(name: str, data: PatientData = DATA, *, grid: Grid = COARSE, **options: object) -> SurvivalFit:
    """Fit with a seed of its own, so that no two fits share their random numbers."""
    seed = sum(name.encode())
    return fit_survival(data, grid=grid, landmarks=LANDMARKS, seed=seed, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def plain() -> SurvivalFit:
    return fitted("plain")


@pytest.fixture(scope="module")
def proportional() -> SurvivalFit:
    return fitted("proportional", model="proportional-hazards")


@pytest.mark.sampling
def test_every_fit_passes_its_gate(plain: SurvivalFit, proportional: SurvivalFit) -> None:
    for fit in (plain, proportional):
        assert fit.converged, fit.diagnosis.failures
        assert not fit.tree["sample_stats"]["diverging"].any()


@pytest.mark.sampling
def test_the_tree_holds_what_figures_draw(plain: SurvivalFit) -> None:
    posterior = plain.tree["posterior"]
    expected = {
        "log_hazard": ("arm", "interval"),
        "hazard_ratio": (),
        "time_averaged_hazard_ratio": (),
        "survival": ("arm", "time"),
        "median": ("arm",),
        "survival_at": ("arm", "landmark"),
        "survival_difference": ("landmark",),
        "restricted_mean": ("arm", "horizon_grid"),
        "restricted_mean_difference": ("horizon",),
        "hazard_ratio_at": ("time",),
        "walk_sd": (),
        "departure_sd": (),
        "effect": (),
        "level": (),
    }
    assert {name: variable.dims[2:] for name, variable in posterior.data_vars.items()} == expected
    assert posterior.sizes["chain"] * posterior.sizes["draw"] <= 8000
    assert {str(variable.dtype) for variable in posterior.data_vars.values()} == {"float32"}
    assert set(plain.tree.children) == {
        "posterior",
        "posterior_predictive",
        "log_likelihood",
        "log_prior",
        "sample_stats",
        "prior",
        "prior_predictive",
        "observed_data",
        "constant_data",
    }
    assert plain.tree["observed_data"]["events"].sum() == DATA.event.sum()
    assert float(az.summary(plain.tree, var_names=["effect"], ci_prob=0.95).loc["effect", "mean"]) < 0
    assert "piecewise" in plain._repr_html_().lower()


@pytest.mark.sampling
def test_a_file_gives_the_fit_back_and_no_other(plain: SurvivalFit, tmp_path: Path) -> None:
    path = tmp_path / "arrest.nc"
    write_tree(plain.tree, path)
    again = plain.job.restore(read_tree(path))
    assert again.estimates == plain.estimates
    assert again.converged
    other = replace(plain.job, sampling=replace(plain.job.sampling, seed=1))
    with pytest.raises(ValueError, match="other inputs"):
        other.restore(plain.tree)
    assert json.loads(plain.tree.attrs["inputs"])["replicates"] == [1, 1]


@pytest.mark.sampling
def test_one_hazard_for_all_times_has_a_gamma_posterior() -> None:
    """With the walk held at nothing and vague priors lambda_a is Gamma(d_a, E_a), but for the prior on the level.

    Lambda is the hazard once the onset has faded, and person-time before that counts for less.
    That prior, Normal(., 10) on the log hazard, and N(0, 2.5) on the ratio, of information 1/100 and 1/6 against
    some 28: means move by less than 0.01 posterior sd, which is added to the Monte Carlo tolerance.
    """
    still = replace(VAGUE, walk_scale=1e-6)
    fit = fitted("still", prior=still, model="proportional-hazards")
    for arm, name in enumerate(DATA.arms):
        events = DATA.event[0, 0, DATA.arm == arm].sum()
        trend = fit.job.grid.trend
        exposure = fit.tree["constant_data"]["exposure"].sel(arm=name).to_numpy() @ np.exp(trend)
        exact = stats.gamma(events, scale=1 / exposure)
        lambdas = np.exp(draws(fit, "log_hazard", arm=name)[..., 0] - trend[0])
        assert abs(lambdas.mean() - exact.mean()) < ERRORS * error(lambdas) + 0.01 * exact.std()
        assert lambdas.std() == pytest.approx(exact.std(), rel=0.06)  # sd of 8,000 draws: 5 errors, and 2% of prior
        halves = np.clip(26.0 - fit.job.grid.starts, 0.0, fit.job.grid.lengths)
        survival = np.exp(-(halves @ np.exp(trend)) * lambdas)
        assert survival == pytest.approx(draws(fit, "survival_at", arm=name, landmark=26.0), rel=1e-3)


@pytest.mark.sampling
def test_vague_priors_and_many_intervals_reproduce_cox_regression() -> None:
    """0.15 sd: the prior's pull, the skewness of the likelihood, sixteen steps for a smooth hazard, and chance."""
    cox = CoxPHFitter().fit(ROSSI[["week", "arrest", "fin"]], "week", "arrest")
    estimate, spread = float(cox.params_["fin"]), float(cox.standard_errors_["fin"])
    effect = draws(fitted("cox", grid=FINE, prior=VAGUE, model="proportional-hazards"), "effect")
    assert abs(effect.mean() - estimate) < 0.15 * spread
    assert effect.std() == pytest.approx(spread, rel=0.08)


@pytest.mark.sampling
def test_doubling_the_intervals_changes_next_to_nothing(plain: SurvivalFit) -> None:
    fine = fitted("fine", grid=FINE)
    for name, labels in (("effect", {}), *(("survival_at", {"arm": arm}) for arm in DATA.arms)):
        before, after = draws(plain, name, **labels), draws(fine, name, **labels)
        shift = (after.mean(axis=(0, 1)) - before.mean(axis=(0, 1))) / before.std(axis=(0, 1))
        # 0.1, and at the first landmark 0.05 more: the onset fades within half of the coarse grid's first interval
        assert np.abs(shift).max() < 0.15


@pytest.mark.sampling
def test_exchanging_the_arms_mirrors_every_contrast(plain: SurvivalFit) -> None:
    mirrored = fitted("mirrored", DATA.swapped())
    for name, labels in (
        ("effect", {}),
        ("survival_difference", {"landmark": 26.0}),
        ("restricted_mean_difference", {"horizon": 52.0}),
    ):
        assert same_mean(draws(plain, name, **labels), -draws(mirrored, name, **labels))
    assert same_mean(np.log(draws(plain, "hazard_ratio")), -np.log(draws(mirrored, "hazard_ratio")))
    assert same_mean(draws(plain, "survival", arm="aid", time=26.0), draws(mirrored, "survival", arm="aid", time=26.0))


@pytest.mark.sampling
def test_the_unit_of_time_does_not_matter(plain: SurvivalFit) -> None:
    days = replace(DATA, time=DATA.time * 7, unit="days")
    grid = Grid(tuple(cut * 7 for cut in COARSE.cuts), 52.0 * 7)
    fit = fit_survival(days, grid=grid, landmarks=tuple(7 * time for time in LANDMARKS), seed=99)
    for name, factor in (("effect", 1.0), ("hazard_ratio", 1.0), ("restricted_mean_difference", 7.0)):
        assert same_mean(factor * draws(plain, name).reshape(4, -1), draws(fit, name).reshape(4, -1))
    for landmark, arm in zip(LANDMARKS, (*DATA.arms, DATA.arms[0]), strict=True):
        labels = {"arm": arm, "landmark": landmark}
        assert same_mean(
            draws(plain, "survival_at", **labels), draws(fit, "survival_at", **(labels | {"landmark": 7 * landmark}))
        )


@pytest.mark.sampling
def test_no_departure_is_proportional_hazards(proportional: SurvivalFit) -> None:
    ratio = draws(proportional, "hazard_ratio")
    assert draws(proportional, "hazard_ratio_at") == pytest.approx(np.repeat(ratio[..., None], 61, -1), rel=1e-4)
    assert draws(proportional, "time_averaged_hazard_ratio") == pytest.approx(ratio, rel=1e-4)
    assert not [item for item in proportional.estimates if item.quantity == "time_averaged_hazard_ratio"]
    assert not draws(proportional, "departure_sd").any()
    slight = HazardPrior(effect=REFERENCE, median=26.0, departure_scale=1e-6)
    assert same_mean(draws(fitted("slight", prior=slight), "effect"), draws(proportional, "effect"))
    with pytest.raises(AnalysisError, match="proportional-hazards"):
        fitted("none", prior=replace(slight, departure_scale=0.0))


@pytest.mark.sampling
def test_an_ensemble_of_copies_has_the_posterior_of_the_original(plain: SurvivalFit) -> None:
    copies = replace(
        DATA,
        time=np.tile(DATA.time, (4, 25, 1)),
        event=np.tile(DATA.event, (4, 25, 1)),
        origin="summaries",
        subgroup=(),
    )
    told: list[tuple[int, int]] = []
    fit = fitted("copies", copies, progress=lambda done, of: told.append((done, of)))
    assert fit.converged, fit.diagnosis.failures
    assert told == [(done, 100) for done in (25, 50, 75, 100)]
    assert {"divergences", "E-BFMI"}.isdisjoint(check.name for check in fit.diagnosis.checks)  # it takes no leaps
    assert "elliptical slices over 100 reconstructions" in fit.estimates[0].method
    assert fit.tree.attrs["inference_library"] == "reappraise"
    assert fit.tree["sample_stats"]["replicate"].values[0].tolist() == np.repeat(np.arange(25), 80).tolist()
    for name in ("effect", "walk_sd", "departure_sd", "hazard_ratio"):
        here, there = draws(fit, name), draws(plain, name)
        assert same_mean(here, there)
        assert here.std() == pytest.approx(there.std(), rel=0.1)  # 5 errors of two sds at 2,000 effective draws each
    assert "100 reconstructions" in fit.estimates[0].method
    events, exposure = plain.tree["observed_data"]["events"].values, plain.tree["constant_data"]["exposure"].values
    log_hazards = [draws(one, "log_hazard") for one in (fit, plain)]
    likelihoods = [(events * one - exposure * np.exp(one)).sum(axis=(-1, -2)) for one in log_hazards]
    assert same_mean(*likelihoods)
    predicted = [one.tree["posterior_predictive"]["events"].values.sum(axis=(-1, -2)) for one in (fit, plain)]
    assert same_mean(*(values.astype(np.float64) for values in predicted))
    assert "log_likelihood" not in fit.tree.children  # of patients that are made up together


@pytest.fixture(scope="module")
def differing() -> SurvivalFit:
    """Half of the replicates lack the events of the first ten weeks."""
    first = (DATA.time[0, 0] < 10) & DATA.event[0, 0]
    event = np.stack([DATA.event[0], DATA.event[0] & ~first])
    data = replace(
        DATA, time=np.tile(DATA.time, (2, 2, 1)), event=np.tile(event.swapaxes(0, 1), (2, 1, 1)), subgroup=()
    )
    return fitted("differ", data, sampling=Sampling(draws=400))


@pytest.mark.sampling
def test_replicates_that_differ_are_told_apart(differing: SurvivalFit) -> None:
    hazard = draws(differing, "log_hazard")[..., 0].mean(axis=-1)
    which = differing.tree["sample_stats"]["replicate"].values
    assert hazard[which == 0].mean() - hazard[which == 1].mean() > 5 * hazard[which == 0].std() / 20
    assert differing.tree["observed_data"]["events"].dims == ("reconstruction", "replicate", "arm", "interval")


@pytest.mark.sampling
def test_every_replicate_is_read_as_it_was_drawn(differing: SurvivalFit) -> None:
    """The log posterior of what is stored is the compiled core's own, but for a constant of each replicate's data.

    Read with the rotation of another replicate, it is off by 3.5 on average, and by 18 at most.
    """
    tree = differing.tree
    posterior = tree["posterior"].to_dataset()
    prior = sum(tree["log_prior"].data_vars.values())
    statistics = tree["sample_stats"].to_dataset()
    places = {
        "reconstruction": xr.DataArray(np.arange(posterior.sizes["chain"]), dims="chain"),
        "replicate": statistics["replicate"],
    }
    events = tree["observed_data"]["events"].isel(places)
    mean = tree["constant_data"]["exposure"].isel(places) * np.exp(posterior["log_hazard"].astype(np.float64))
    likelihood = xr.apply_ufunc(stats.poisson.logpmf, events, mean).sum(("arm", "interval"))
    apart = likelihood + prior - statistics["lp"]
    for replicate in (0, 1):
        own = apart.values[statistics["replicate"].values == replicate]
        assert own.size > 100
        assert own == pytest.approx(np.full(own.size, own.mean()), abs=1e-3)  # single precision


@pytest.mark.sampling
def test_data_sets_of_an_ensemble_differ_in_events_and_person_time_alone(differing: SurvivalFit) -> None:
    data = differing.job.data()
    first, second = data[0]
    changed = {name for name, value in first.items() if not np.array_equal(value, second[name])}
    assert changed == {"events"}  # nobody's time was changed
    data[0][1] = {**second, "pull": 2 * second["pull"]}
    prior = {name: values[None] for name, values in VARYING.draw_prior(first, 10, np.random.default_rng(1)).items()}
    with pytest.raises(ValueError, match="all but events and exposure in common"):
        build_tree(
            VARYING,
            differing.job.labels,
            data,
            Sampled(prior, {"lp": np.zeros((1, 10)), "replicate": np.zeros((1, 10), dtype=np.int32)}),
            np.random.default_rng(2),
        )


@pytest.mark.sampling
def test_subgroups_shrink_towards_each_other_and_not_past_equality(plain: SurvivalFit) -> None:
    fits = [replace(plain.job, by="subgroup", between_scale=scale).run() for scale in (1e-6, 0.5)]
    assert draws(fits[0], "effect", group="worked") == pytest.approx(draws(fits[0], "overall_effect"), abs=1e-4)
    apart = [
        abs(float((draws(fit, "effect", group="worked") - draws(fit, "effect", group="never worked")).mean()))
        for fit in fits
    ]
    assert apart[0] < 1e-4 < apart[1]
    for group in ("worked", "never worked"):  # each by the events of its own patients
        exposure = fits[1].tree["constant_data"]["exposure"].sel(group=group).transpose("arm", "interval").values
        own = of.event_weighted_hazard_ratio(draws(fits[1], "log_hazard", group=group), exposure)
        assert draws(fits[1], "hazard_ratio", group=group) == pytest.approx(own, rel=1e-5)  # single precision
    populations = {item.population for item in fits[1].estimates}
    assert populations == {"subgroup=never worked", "subgroup=worked"}
    assert all(fit.converged for fit in fits), [fit.diagnosis.failures for fit in fits]


@pytest.mark.sampling
def test_where_the_event_is_good_benefit_and_prior_are_mirrored(plain: SurvivalFit) -> None:
    good = replace(plain.job, better="lower", prior=replace(plain.job.prior, effect=ENTHUSIASTIC))
    assert good.entered.effect == ENTHUSIASTIC.mirrored()
    assert REFERENCE.mirrored() == REFERENCE
    assert "Normal(0, 1)" in REFERENCE.mirrored().text
    turned = SurvivalFit(replace(plain.job, better="lower"), plain.tree, plain.diagnosis)
    for here, there in zip(plain.estimates, turned.estimates, strict=True):
        if here.prob_benefit is not None and there.prob_benefit is not None:
            assert here.prob_benefit + there.prob_benefit == pytest.approx(1.0, abs=1e-6)
            assert (here.value, here.low, here.high) == (there.value, there.low, there.high)


@pytest.mark.sampling
def test_a_median_beyond_the_follow_up_is_not_reached(plain: SurvivalFit) -> None:
    medians = [item for item in plain.estimates if item.quantity == "median"]
    missed = [item for item in plain.estimates if item.quantity == "not_reached"]
    assert [item.value for item in medians] == [inf, inf]
    assert all(item.value is not None and item.value > 0.99 and item.at == "52 weeks" for item in missed)
    assert np.isfinite(draws(plain, "median")).all()


@pytest.mark.sampling
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"landmarks": (60.0,)}, "at most 52 weeks"),
        ({"horizons": ()}, "at least one horizon"),
        ({"by": "stage"}, 'by="all" or "subgroup"'),
        ({"patients": replace(DATA, subgroup=()), "by": "subgroup"}, "a subgroup for each patient"),
    ],
)
def test_what_cannot_be_answered_is_refused(plain: SurvivalFit, change: dict[str, object], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        replace(plain.job, **change)  # type: ignore[arg-type]


def test_unknown_priors_and_models_are_named() -> None:
    with pytest.raises(AnalysisError, match="unknown prior 'flat'; expected one of reference, wide"):
        fitted("flat", prior="flat")
    with pytest.raises(AnalysisError, match="unknown model 'cox'; expected one of piecewise-exponential, proportional"):
        fitted("cox", model="cox")


@pytest.mark.parametrize("intervals", [0, -3])
def test_a_fit_has_an_interval_or_more(intervals: int) -> None:
    with pytest.raises(AnalysisError, match=f"expected 1 interval of constant hazard or more, got {intervals}"):
        fit_survival(DATA, intervals=intervals)
    with pytest.raises(AnalysisError, match="expected 1 interval"):
        Grid.regular(intervals, 12.0)


@pytest.mark.sampling
def test_jobs_differ_by_their_data_and_compile_once_per_shape(plain: SurvivalFit) -> None:
    other = replace(plain.job, patients=DATA.swapped())
    assert other.digest != plain.job.digest
    assert replace(plain.job, patients_digest="x").digest == replace(other, patients=DATA, patients_digest="x").digest
    assert isinstance(plain.job, SurvivalJob)
    before = known()
    first, second = side_by_side([lambda: other.compiled, lambda: plain.job.compiled])
    assert first is second
    assert known() == before
