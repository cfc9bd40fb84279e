"""Endpoints that share the smoothness of their hazards, against the same endpoints by themselves.

Random comparisons have a tolerance of 5 Monte Carlo standard errors of the difference: a false alarm once in 1.7
million comparisons.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.netcdf import read_tree, write_tree
from reappraise.fits.nuts import Sampled
from reappraise.fits.sampling import Sampling
from reappraise.published.patients import PatientData
from reappraise.survival.fit import SurvivalFit
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import PROPORTIONAL, VARYING
from reappraise.survival.proportionality import compare_proportionality
from reappraise.survival.together import fit_survival_together
from reappraise.survival.together_job import SharedSurvivalFit, endpoint_draws
from support.draws import ERRORS, draws, same_mean

GRID = Grid.regular(8, 1.0)
REFERENCE, WIDE, SCEPTICAL, ENTHUSIASTIC = hazard_ratio_priors()


def patients(endpoint: str, before: float, after: float, last: float, seed: int) -> PatientData:
    """Hazards that change in the middle of the follow-up, by a factor 0.7 lower in the experimental arm."""
    rng = np.random.default_rng(seed)
    arm = np.repeat([0, 1], 80)
    depth = rng.exponential(size=arm.size) / np.where(arm == 1, 0.7, 1.0)
    middle = last / 2
    time = np.where(depth < middle * before, depth / before, middle + (depth - middle * before) / after)
    end = rng.uniform(0.6 * last, last, arm.size)
    return PatientData.known(np.minimum(time, end), time < end, arm, endpoint=endpoint)


STEADY = patients("pfs", 0.2, 0.2, 12.0, 1)
CHANGING = patients("os", 0.01, 0.3, 20.0, 2)


@pytest.fixture(scope="module")
def together() -> SharedSurvivalFit:
    landmarks = {"os": (12.0, 6.0)}
    return fit_survival_together([STEADY, CHANGING], grid=GRID, landmarks=landmarks, seed=1)


@pytest.fixture(scope="module")
def apart(together: SharedSurvivalFit) -> dict[str, SurvivalFit]:
    return {job.patients.endpoint: job.run() for job in together.job.single}


@pytest.mark.sampling
def test_each_endpoint_has_the_density_that_it_has_by_itself(together: SharedSurvivalFit) -> None:
    data = together.job.data()
    own = together.job._by_endpoint(data)
    one, rng = data[0][0], np.random.default_rng(3)
    prior = {name: values[None] for name, values in VARYING.draw_prior(one, 50, rng).items()}
    whole = VARYING.complete(prior, one)
    likelihood = VARYING.log_likelihood(prior, one)
    for place, source in enumerate((STEADY, CHANGING)):
        taken = endpoint_draws(Sampled(prior, {}), place).draws
        found = VARYING.complete(taken, own[place][0][0])
        # per unit of time, and not per follow-up
        assert found["log_hazard"][..., 0, :, :] == pytest.approx(
            whole["log_hazard"][..., place, :, :] - np.log(source.horizon)
        )
        assert found["effect"][..., 0] == pytest.approx(whole["effect"][..., place])
        assert VARYING.log_likelihood(taken, own[place][0][0])[..., 0, :, :] == pytest.approx(
            likelihood[..., place, :, :]
        )
        by_itself = together.job.single[place].data()[0][0]
        for name, value in own[place][0][0].items():
            if name != "pull":  # a rotation, of which any does
                assert np.asarray(value) == pytest.approx(np.asarray(by_itself[name])), name


@pytest.mark.sampling
def test_the_posterior_passes_its_gate_and_keeps_its_endpoints_apart(together: SharedSurvivalFit) -> None:
    assert together.converged, together.diagnosis.failures
    assert set(together.tree.children) == set(together.fits) == {"pfs", "os"}
    for fit in together.fits.values():
        assert fit.tree["posterior"]["log_hazard"].dims == ("chain", "draw", "arm", "interval")
        assert fit.tree["observed_data"]["events"].sum() == fit.job.patients.event.sum()
        assert fit.tree["posterior"]["interval"].values == pytest.approx(GRID.starts * fit.job.patients.horizon)
    for scale in ("walk_sd", "departure_sd"):
        first, second = (draws(fit, scale) for fit in together.fits.values())
        assert first == pytest.approx(second)
    # one effect says nothing of another
    effects = [draws(fit, "effect").ravel() for fit in together.fits.values()]
    assert abs(np.corrcoef(effects)[0, 1]) < ERRORS / np.sqrt(2000)  # at 2,000 effective draws or more
    names = {check.variable.partition(":")[0] for check in together.diagnosis.checks}
    assert names <= {"pfs", "os", "walk_sd", "departure_sd", "sampler", *(f"chain {k}" for k in range(4))}


@pytest.mark.sampling
def test_smoothness_is_a_compromise_and_effects_stay_what_they_were(
    together: SharedSurvivalFit, apart: dict[str, SurvivalFit]
) -> None:
    steady, shared, changing = (
        float(np.median(draws(fit, "walk_sd"))) for fit in (apart["pfs"], together.fits["os"], apart["os"])
    )
    assert 1.1 * steady < shared < changing / 1.02
    spread = [float(draws(fit, "walk_sd").std()) for fit in (together.fits["os"], apart["os"])]
    assert spread[0] < spread[1]
    for endpoint, alone in apart.items():
        here = draws(together.fits[endpoint], "effect")
        # smoothness bears on the effect through the departures alone: less than a fifth of its standard deviation
        assert abs(here.mean() - draws(alone, "effect").mean()) < 0.2 * here.std()
        assert here.std() == pytest.approx(draws(alone, "effect").std(), rel=0.15)


@pytest.mark.sampling
def test_with_nothing_to_share_the_endpoints_are_by_themselves(together: SharedSurvivalFit) -> None:
    """Both scales held at nothing: hazards are constant, and no endpoint can say anything of another."""
    still = HazardPrior(effect=REFERENCE, median=0.5, walk_scale=1e-6, departure_scale=1e-6)
    fit = fit_survival_together([STEADY, CHANGING], grid=GRID, prior=still, seed=5)
    for endpoint, one in fit.fits.items():
        alone = replace(one.job, sampling=Sampling(seed=6)).run()
        for name in ("effect", "level"):
            here, there = draws(one, name), draws(alone, name)
            assert same_mean(here, there), (endpoint, name)
            assert here.std() == pytest.approx(there.std(), rel=0.1)  # 5 errors of two sds at 2,000 effective draws
        assert same_mean(
            draws(one, "restricted_mean_difference")[..., 0], draws(alone, "restricted_mean_difference")[..., 0]
        )


@pytest.mark.sampling
def test_exchanged_endpoints_exchange_their_results(together: SharedSurvivalFit) -> None:
    turned = fit_survival_together({"os": CHANGING, "pfs": STEADY}, grid=GRID, seed=7)
    assert turned.job.endpoints == ("os", "pfs")
    for endpoint in together.fits:
        for name in ("effect", "level", "walk_sd", "departure_sd", "hazard_ratio"):
            assert same_mean(draws(turned.fits[endpoint], name), draws(together.fits[endpoint], name)), (endpoint, name)


@pytest.mark.sampling
def test_estimates_say_what_is_shared(together: SharedSurvivalFit) -> None:
    assert {item.endpoint for item in together.estimates} == {"pfs", "os"}
    assert {item.method.split(";")[0] for item in together.estimates} == {
        "posterior median, equal-tailed interval, NUTS, smoothness of hazards shared by pfs, os"
    }
    at = {item.at for item in together.fits["os"].estimates if item.quantity == "survival"}
    assert at == {"6 months", "12 months"}
    assert not [item for item in together.fits["pfs"].estimates if item.quantity == "survival"]
    for item in together.estimates:
        if item.quantity == "not_reached":  # each endpoint's own follow-up, and not the longest
            assert float(item.at.split()[0]) == pytest.approx(
                {"pfs": STEADY, "os": CHANGING}[item.endpoint].horizon, rel=1e-5
            )
    assert "smoothness of hazards shared" in together._repr_html_()
    failed = replace(
        together,
        diagnosis=replace(
            together.diagnosis, checks=tuple(replace(check, passed=False) for check in together.diagnosis.checks)
        ),
    )
    assert all(item.failed for item in failed.estimates)
    assert not any(item.failed for item in together.estimates)


@pytest.mark.sampling
def test_a_file_gives_the_fit_back_and_no_other(together: SharedSurvivalFit, tmp_path: Path) -> None:
    path = tmp_path / "shared.nc"
    write_tree(together.tree, path)
    again = together.job.restore(read_tree(path))
    assert again.estimates == together.estimates
    assert again.converged
    other = replace(together.job, sampling=replace(together.job.sampling, seed=2))
    assert other.digest != together.job.digest
    with pytest.raises(ValueError, match="other inputs"):
        other.restore(together.tree)
    one = together.fits["os"]
    with pytest.raises(ValueError, match="other inputs"):
        one.job.restore(one.tree)
    twin = replace(one.job, model=PROPORTIONAL)
    with pytest.raises(AnalysisError, match="share scales with other endpoints"):
        compare_proportionality(one, replace(one, job=twin))


@pytest.mark.sampling
def test_reconstructions_are_paired_and_known_data_go_with_each(together: SharedSurvivalFit) -> None:
    copies = replace(
        CHANGING, time=np.tile(CHANGING.time, (3, 9, 1)), event=np.tile(CHANGING.event, (3, 9, 1)), origin="summaries"
    )
    more = replace(STEADY, time=np.tile(STEADY.time, (2, 14, 1)), event=np.tile(STEADY.event, (2, 14, 1)))
    told: list[tuple[int, int]] = []
    fit = fit_survival_together(
        [more, copies], grid=GRID, seed=9, sampling=Sampling(draws=900), progress=lambda *done: told.append(done)
    )
    assert told == [(9, 18), (18, 18)]
    assert [data.time.shape[:2] for data in fit.job.patients] == [(2, 9), (2, 9)]
    for endpoint, one in fit.fits.items():
        assert one.tree["sample_stats"]["replicate"].values[0].tolist() == np.repeat(np.arange(9), 100).tolist()
        for name in ("effect", "walk_sd", "hazard_ratio"):
            assert same_mean(draws(one, name), draws(together.fits[endpoint], name)), (endpoint, name)
    assert "over 18 reconstructions of the individual data, paired between endpoints" in fit.estimates[0].method
    assert "a smoothness of each endpoint's own" in fit.estimates[0].method


@pytest.mark.sampling
def test_replicates_are_read_by_the_rotation_that_they_were_drawn_with(together: SharedSurvivalFit) -> None:
    event = np.stack([CHANGING.event[0], CHANGING.event[0] & (CHANGING.time[0] > 12)], axis=1)
    data = replace(CHANGING, time=np.tile(CHANGING.time, (2, 2, 1)), event=np.tile(event, (2, 1, 1)))
    job = replace(
        together.job,
        patients=(replace(STEADY, time=np.tile(STEADY.time, (2, 2, 1)), event=np.tile(STEADY.event, (2, 2, 1))), data),
    )
    sets = job.data()
    assert not np.array_equal(sets[0][0]["events"], sets[0][1]["events"])
    for chain in (*sets, *(chain for endpoint in job._by_endpoint(sets) for chain in endpoint)):
        assert all(np.array_equal(one["pull"], sets[0][0]["pull"]) for one in chain)


@pytest.mark.sampling
def test_where_events_are_good_the_prior_is_mirrored_for_all() -> None:
    job = fit_survival_together(
        [STEADY, CHANGING],
        grid=GRID,
        prior=ENTHUSIASTIC,
        better="lower",
        seed=3,
        sampling=Sampling(draws=100, chains=2),
    ).job
    assert [one.entered.effect.mean for one in job.single] == [pytest.approx(np.log(2))] * 2
    assert job.data()[0][0]["effect_mean"] == pytest.approx(np.log(2))
    assert [one.prior.median for one in job.single] == [pytest.approx(data.horizon / 2) for data in (STEADY, CHANGING)]


def test_what_cannot_be_taken_together_is_refused() -> None:
    other = replace(CHANGING, arms=("a", "b"))
    months = HazardPrior(effect=REFERENCE, median=9.0)
    for datas, options, message in (
        ([], {}, "two endpoints or more, each once; got none"),
        ([STEADY], {}, "two endpoints or more, each once; got pfs"),
        ([STEADY, STEADY], {}, "each once; got pfs, pfs"),
        ([STEADY, other], {}, "the same control and experimental arm of every endpoint"),
        ([STEADY, CHANGING], {"grid": Grid.regular(4, 12.0)}, "shares of the follow-up, horizon 1; got 12"),
        ([STEADY, CHANGING], {"prior": months}, "got 9, which is rather a time"),
        ([STEADY, CHANGING], {"prior": "flat"}, "unknown prior 'flat'; expected one of reference, wide"),
        ([STEADY, CHANGING], {"model": "cox"}, "unknown model 'cox'"),
        ([STEADY, CHANGING], {"landmarks": {"dor": (3.0,)}}, "landmarks of dor: expected endpoints among pfs, os"),
        ([STEADY, CHANGING], {"landmarks": {"pfs": (15.0,)}}, "at most 11.* months, the horizon of the grid"),
    ):
        with pytest.raises(AnalysisError, match=message):
            fit_survival_together(datas, seed=1, **options)  # type: ignore[arg-type]
