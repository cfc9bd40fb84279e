"""Laws of the frame that every posterior is made in: what is printed, judged, labelled, told apart and stored."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import arviz as az
import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import norm

from reappraise.core.prior import prior_named
from reappraise.fits.diagnose import Diagnosis, Judged, Thresholds, diagnose
from reappraise.fits.layout import Axis, Layout, Variable
from reappraise.fits.netcdf import read_tree, write_tree
from reappraise.fits.nuts import STATISTICS, Sampled
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.fits.store import Store, posterior_name
from reappraise.fits.summary import probability, summary
from reappraise.published.patients import PatientData
from reappraise.response.fit import ResponseFit, ResponseJob
from reappraise.response.models import Independent
from reappraise.survival.fit import SurvivalFit, SurvivalJob
from reappraise.survival.hazard import Grid, hazard_prior
from support.tables import partition

RNG = np.random.default_rng(41)
GOOD = RNG.normal(size=(4, 1000))
QUIET = np.zeros((4, 1000), dtype=np.bool_)
TABLE = partition(source="Table 1")


def response_job(**changes: object) -> ResponseJob:
    facts: dict[str, object] = {
        "table": TABLE,
        "model": Independent(),
        "prior": prior_named("uniform"),
        "width": 4,
        "sampling": Sampling(seed=1, draws=500, tune=300),
        "trial": "made-up",
        "trial_digest": "0",
    }
    return ResponseJob(**(facts | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def response() -> ResponseFit:
    return response_job().run()


@pytest.fixture(scope="module")
def reconstructed() -> SurvivalFit:
    """A fit to reconstructions whose draws come straight from the prior: nothing is sampled, everything is there."""
    rng = np.random.default_rng(2)
    time = rng.exponential(8.0, (2, 10, 40))
    patients = PatientData(
        endpoint="os", arms=("old", "new"), arm=np.repeat(np.array([0, 1], dtype=np.int8), 20),
        time=np.minimum(time, 12.0), event=time < 12.0, unit="months", origin="summaries",
    )  # fmt: skip
    job = SurvivalJob(
        patients=patients, grid=Grid.regular(3, 12.0), prior=hazard_prior("reference", median=6.0), horizons=(12.0,),
        sampling=Sampling(chains=2, draws=100, seed=3),
    )  # fmt: skip
    data = job.data()
    drawn = job.model.draw_prior(data[0][0], 200, rng)
    draws = {name: values.reshape(2, 100, *values.shape[1:]) for name, values in drawn.items()}
    statistics = {name: rng.normal(size=(2, 100)) for name in STATISTICS} | {"diverging": QUIET[:2, :100]}
    statistics["replicate"] = np.tile(np.repeat(np.arange(10), 10), (2, 1))
    tree, diagnosis = job.assemble(data, Sampled(draws, statistics), rng), verdict({"x": Judged(GOOD)})
    tree.attrs = job.attributes(diagnosis)
    return job.fitted(tree, diagnosis)


# What is printed


def test_a_probability_is_never_certain_and_keeps_the_order_of_what_it_counts() -> None:
    for chains, draws in ((2, 100), (4, 500), (4, 2000), (4, 100_000)):
        number = chains * draws
        place = np.random.default_rng(number).permutation(number).reshape(chains, draws)
        counts = sorted({0, 1, 2, 5, number // 100, number // 4, number // 2, number - 5, number - 1, number})
        found = [probability(place < count) for count in counts]
        assert all(0 < value < 1 for value in found)
        assert found == sorted(found)
        assert found[0] < found[len(counts) // 2] < found[-1]
        assert found[0] < 1 / number  # none of so many draws says less than one of them
        assert found[-1] > 1 - 2 / number
        for count, value in zip(counts, found, strict=True):
            share = count / number
            assert abs(value - share) <= 4 * np.sqrt(share * (1 - share) / number) + 1 / number


@pytest.mark.parametrize("number", [400, 560, 1000, 4000, 8000])
def test_what_holds_more_often_is_never_printed_smaller(number: int) -> None:
    """Where decimals change, too: 0.9665 was 0.97 and 0.968 itself. Some counts are tried, all near there."""
    place = np.random.default_rng(number).permutation(number).reshape(4, -1)
    near = range(int(0.95 * number), int(0.99 * number))
    counts = sorted({*range(0, number + 1, max(1, number // 400)), *near, *(number - count for count in near)})
    found = [probability(place < count) for count in counts]
    assert found == sorted(found)
    for count, value in zip(counts, found, strict=True):
        share = count / number
        error = np.sqrt(max(share * (1 - share), 1 / number) / number)
        assert abs(value - share) <= 3 * error  # half a unit, and no decimal is dropped that the error supports


def test_draws_that_depend_on_each_other_print_fewer_decimals() -> None:
    slow = np.repeat(np.random.default_rng(1).uniform(size=(4, 20)), 200, axis=1) < 0.43
    fast = np.random.default_rng(1).uniform(size=(4, 4000)) < 0.43
    assert probability(slow) == round(probability(slow), 1)
    assert probability(fast) != round(probability(fast), 1)


def test_what_is_not_reached_is_printed_as_that() -> None:
    draws = np.exp(GOOD)
    value, low, high = summary(draws, 0.95, logarithmic=True, beyond=2.0)
    assert value == pytest.approx(1.0, abs=0.1)
    assert low == pytest.approx(np.exp(-1.96), abs=0.03)
    assert high == np.inf
    assert summary(draws, 0.95, beyond=1e-6) == (np.inf, np.inf, np.inf)


# What is judged


def verdict(
    judged: dict[str, Judged],
    *,
    diverging: np.ndarray = QUIET,
    energy: np.ndarray = GOOD,
    thresholds: Thresholds | None = None,
) -> Diagnosis:
    return diagnose(judged, diverging=diverging, energy=energy, thresholds=thresholds or Thresholds(), level=0.95)


def test_what_is_nowhere_reached_neither_fails_a_fit_nor_is_judged() -> None:
    apart = 100 + np.arange(4)[:, None] + 1e-3 * GOOD  # chains that do not agree on how far beyond it lies
    without = verdict({"x": Judged(GOOD, reported=True)})
    median = Judged(apart, reported=True, beyond=50.0)
    assert verdict({"x": Judged(GOOD, reported=True), "median": median}) == without
    assert without.converged
    seen = verdict({"x": Judged(GOOD, reported=True), "median": replace(median, beyond=np.inf)})
    assert not seen.converged
    assert {check.variable for check in seen.checks if not check.passed} == {"median"}


def test_what_is_reached_in_some_draws_is_judged_where_it_is_reached() -> None:
    """Wild chains beyond the limit do not count; the same below it do."""
    reached = GOOD < -0.25
    wild = np.where(reached, GOOD, 50.0 * np.arange(1, 5)[:, None] + GOOD)
    some = verdict({"median": Judged(wild, reported=True, beyond=0.5)})
    assert some.converged, some.failures
    assert not verdict({"median": Judged(wild, reported=True)}).converged
    far = verdict({"median": Judged(np.where(reached, GOOD, 1e6), reported=True, beyond=0.5)})
    assert far.checks == verdict({"median": Judged(np.where(reached, GOOD, 9.0), reported=True, beyond=0.5)}).checks
    below = verdict({"median": Judged(np.where(reached, GOOD - np.arange(4)[:, None], wild), beyond=0.5)})
    assert "R-hat" in {check.name for check in below.checks if not check.passed}


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_the_error_of_a_limit_is_told_by_the_width_of_a_posterior_of_which_only_a_part_is_in_reach(
    share: float,
) -> None:
    """As of the whole of it: the standard deviation of a twentieth that is in reach would call any limit imprecise."""
    beyond = float(ndtri(share))
    cut = verdict({"x": Judged(GOOD, reported=True, beyond=beyond)})
    relative = {check.name: check.value for check in cut.checks}["Monte Carlo error / sd"]
    limits = [norm.ppf(0.025), *([0.0] if share > 0.5 else [])]
    places = [0.025, *([0.5] if share > 0.5 else [])]
    # of 4,000 independent draws of a standard normal variable
    errors = [np.sqrt(p * (1 - p) / 4000) / norm.pdf(x) for p, x in zip(places, limits, strict=True)]
    assert relative == pytest.approx(max(errors), rel=0.25)  # itself estimated from as many draws


@pytest.mark.parametrize(
    ("found", "knob"),
    [
        (verdict({"x": Judged(GOOD)}, diverging=np.arange(4000).reshape(4, 1000) == 5), "target_accept"),
        (verdict({"x": Judged(GOOD)}, energy=np.cumsum(GOOD, axis=1)), "tune"),
        (verdict({"x": Judged(GOOD)}, thresholds=Thresholds(effective_draws=1e6)), "draws"),
        (verdict({"x": Judged(GOOD, reported=True)}, thresholds=Thresholds(relative_error=1e-6)), "draws"),
    ],
    ids=["divergence", "energy", "too few draws", "imprecise"],
)
def test_the_advice_names_the_knob_once(found: Diagnosis, knob: str) -> None:
    assert not found.converged
    (said,) = found.advice
    assert knob in said
    assert f"--{knob.replace('_', '-')}" in said
    assert getattr(Sampling(), knob) is not None
    assert verdict({"x": Judged(GOOD)}).advice == ()


# What is labelled


def test_a_layout_cuts_the_padding_drops_dims_of_one_place_and_labels_the_rest() -> None:
    variables = {
        "rate": Variable(dims=("group", "level", "arm"), description="a rate", reported=True),
        "sd": Variable(scale="logarithm"),
        "idle": Variable(dims=("level",), judged=False),
    }
    axes = {"group": Axis(None), "level": Axis(("early", "late")), "arm": Axis(["new"], (1,))}
    rate = RNG.uniform(size=(4, 10, 1, 5, 2))
    held = {
        "rate": rate,
        "sd": RNG.uniform(1, 2, size=(4, 10)),
        "idle": rate[..., 0, :, 0],
        "other": rate[..., 0, 0, 0],
    }
    layout = Layout(variables, axes)
    found = layout.dataset(held, lead=("chain", "draw"))
    assert dict(found["rate"].sizes) == {"chain": 4, "draw": 10, "level": 2, "arm": 1}
    assert found["rate"].sel(level="late", arm="new").values == pytest.approx(rate[:, :, 0, 1, 1], rel=1e-6)
    assert found["rate"].attrs["description"] == "a rate"
    assert found["rate"].dtype == np.float32
    assert found["other"].dims == ("chain", "draw")
    assert set(found.coords) == {"chain", "draw", "level", "arm"}
    counted = layout.dataset({"rate": np.zeros((1, 5, 2))})
    assert dict(counted["rate"].sizes) == {"level": 2, "arm": 1}
    assert counted["rate"].dtype == np.float64  # it was not drawn
    scalars, reported = layout.scalars(found)
    assert set(scalars) == {"rate[early, new]", "rate[late, new]", "sd", "other"}
    assert reported == {"rate[early, new]", "rate[late, new]"}
    assert scalars["sd"] == pytest.approx(np.log(held["sd"]), abs=1e-6)


# What is told apart


def test_a_digest_is_of_what_numbers_depend_on_and_not_of_words() -> None:
    job = response_job()
    for words in ({"level_labels": ("I", "II")}, {"arm_labels": ("A", "B")}, {"source": "Table 9"}):
        assert replace(job, table=replace(TABLE, **words)).digest == job.digest, words
    assert replace(job, trial="other", trial_digest="1").digest == job.digest
    for other in (
        replace(job, table=replace(TABLE, events=((6, 7), (3, 3)))),
        replace(job, table=replace(TABLE, totals=((15, 9), (20, 9)))),
        replace(job, table=replace(TABLE, better="lower")),
        replace(job, prior=prior_named("jeffreys")),
        replace(job, sampling=replace(job.sampling, seed=2)),
        replace(job, width=5),
    ):
        assert other.digest != job.digest


def test_a_seed_that_nobody_gave_is_generated_and_kept() -> None:
    seeds = {Sampling().seed for _ in range(5)}
    assert len(seeds) == 5
    assert all(isinstance(seed, int) and 0 <= seed < 2**31 for seed in seeds)
    given = Sampling(seed=4)
    assert settings_with(given, None) is given
    assert settings_with(given, 9) == replace(given, seed=9)
    assert settings_with(None, 9).seed == 9
    assert response_job(sampling=Sampling(seed=0)).sampling.seed == 0  # 0 is a seed as any other


# What is stored


@pytest.mark.sampling
def test_statistics_have_arvizs_names_and_az_loo_takes_a_stored_fit(response: ResponseFit, tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write_fit(response)
    tree = read_tree(tmp_path / posterior_name(response.job))
    assert set(tree["sample_stats"].data_vars) == set(STATISTICS)
    assert {"diverging", "energy", "tree_depth", "acceptance_rate", "lp", "reached_max_treedepth"} <= set(STATISTICS)
    assert not {"depth", "logp", "mean_tree_accept", "maxdepth_reached"} & set(tree["sample_stats"].data_vars)
    assert tree.attrs["inference_library"] == "nutpie"
    assert all(group.attrs["created_at"] == tree.attrs["created_at"] for group in tree.children.values())
    with warnings.catch_warnings():
        # a cell by itself is all that is known of its rate: its Pareto k is large, and said to be
        warnings.filterwarnings("ignore", message="Estimated shape parameter", category=UserWarning)
        found = az.loo(tree)
    log_likelihood = tree["log_likelihood"]["events"].values.astype(np.float64)
    assert found.n_data_points == 4
    assert found.elpd < np.log(np.exp(log_likelihood).mean(axis=(0, 1))).sum()  # left out, less is known


def test_made_up_patients_have_no_likelihood_to_leave_out(reconstructed: SurvivalFit, tmp_path: Path) -> None:
    write_tree(reconstructed.tree, tmp_path / "os.nc")
    tree = read_tree(tmp_path / "os.nc")
    assert "log_likelihood" not in tree.children
    assert {"prior_predictive", "posterior_predictive"} <= set(tree.children)
    assert set(tree["sample_stats"].data_vars) == {*STATISTICS, "replicate"}
    with pytest.raises(TypeError, match="log likelihood not found"):
        az.loo(tree)


def test_a_median_beyond_the_follow_up_is_not_judged_where_a_fit_is_made(reconstructed: SurvivalFit) -> None:
    judged = reconstructed.job.judged(reconstructed.tree)
    medians = {name: one for name, one in judged.items() if name.startswith("median")}
    assert len(medians) == 2
    assert {float(one.beyond) for one in medians.values()} == {float(np.log(reconstructed.job.grid.horizon))}
    assert all(one.reported for one in medians.values())
