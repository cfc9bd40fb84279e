"""A kind of endpoint that the package does not know goes all the way, from a trial file to a picture.

All that it costs is one file, `support/toy_kind.py`, of 215 lines, and two lines of whoever calls: the record for
`load_trial` and the kind for `analyse`. No line of `models/` mentions it, but that `QUANTITIES` names its two numbers;
a test counts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import arviz as az
import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread
from scipy import stats

from reappraise.analysis import Analysis, analyse
from reappraise.audit import audit
from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.core.prior import LogRatioPrior, hazard_ratio_priors
from reappraise.fits.each import Tally
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.kinds import KINDS
from reappraise.published.facts import estimate_facts
from reappraise.published.trial import Trial
from reappraise.trial import load_trial
from reappraise.trial.schema import RECORDS
from support import toy_kind
from support.data import MINI
from support.draws import ERRORS, draws, error
from support.toy_kind import TOY, RateFit, RateJob, RateTable, ToyRateEndpoint

SETTINGS = Sampling(seed=9)
ENDPOINT = """
[[endpoints]]
kind = "toy_rate"
key = "flares"
label = "Flares per patient-year"
population = "treated"
unit = "patient-years"
source = "Table 2"
test = { name = "other", sides = 2, significance_level = 0.05, source = "Methods" }
rates = [
  { arm = "old", events = 64, person_time = 80, source = "Table 2" },
  { arm = "new", events = 18, person_time = 42, source = "Table 2" },
]
claims = [
  { text = "Flares were fewer with the new treatment.", asserts = "difference", source = "Abstract" },
]

[[endpoints.estimates]]
quantity = "rate_ratio"
numerator = "new"
denominator = "old"
value = 0.54
low = 0.32
high = 0.90
p = 0.019
source = "Table 2"
"""
TABLE = RateTable(endpoint="flares", arms=("old", "new"), events=(64, 18), person_time=(80, 42))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("toy") / "trial.toml"
    ordinary = MINI.read_text(encoding="utf-8").split("[[endpoints.factors]]")[0]
    written.write_text(ordinary + ENDPOINT, encoding="utf-8")
    return written


@pytest.fixture(scope="module")
def trial(path: Path) -> Trial:
    return load_trial(path, records=(*RECORDS, ToyRateEndpoint))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("toy") / "results"


@pytest.fixture(scope="module")
def analysis(trial: Trial, folder: Path) -> Analysis:
    with Store.open(folder) as store:
        return analyse(trial, kinds=(*KINDS, TOY), store=store, sampling=SETTINGS)


def toy_fits(analysis: Analysis) -> dict[str, RateFit]:
    return {fit.job.prior.name: fit for fit in analysis["flares"].fits}


# What is published


def test_it_costs_one_file_that_no_module_mentions() -> None:
    lines = len(Path(toy_kind.__file__).read_text(encoding="utf-8").splitlines())
    assert __doc__ is not None
    assert f"of {lines} lines" in __doc__
    models = Path(__file__).parents[1] / "models"
    texts = [found.read_text(encoding="utf-8") for found in models.rglob("*.py")]
    assert texts
    assert not [text for text in texts if "ToyRate" in text or '"toy_rate"' in text]


def test_facts_show_what_is_printed(trial: Trial) -> None:
    (row,) = (row for row in estimate_facts(trial) if row["endpoint"] == "flares")
    assert row["quantity"] == "rate_ratio"
    assert (row["numerator"], row["denominator"]) == ("new", "old")
    assert (row["value"], row["low"], row["high"], row["p"]) == ("0.54", "0.32", "0.90", "0.019")
    assert row["sides"] == "2"
    assert row["section"] == "toy_rate"


def test_the_audit_walks_its_number_and_judges_its_claim(trial: Trial) -> None:
    found = {item.check: item for item in audit(trial) if item.endpoint == "flares"}
    assert found["p value and interval"].verdict == "consistent"
    assert found["claim and prespecified level"].verdict == "consistent"
    assert "significant at the prespecified two-sided level of 0.05" in found["claim and prespecified level"].message
    assert {item.verdict for item in found.values()} <= {"consistent", "cannot judge"}


def test_a_file_needs_the_record_and_an_analysis_the_kind(path: Path, trial: Trial) -> None:
    with pytest.raises(TrialFileError, match="toy_rate") as caught:
        load_trial(path)
    assert caught.value.path == str(path)
    assert caught.value.key.startswith("endpoints[flares]")
    with pytest.raises(AnalysisError, match="endpoint flares is a ToyRateEndpoint; expected one of"):
        analyse(trial)


# What is computed


@pytest.mark.sampling
def test_every_prior_is_fitted_and_every_number_converged(analysis: Analysis) -> None:
    assert list(toy_fits(analysis)) == [prior.name for prior in hazard_ratio_priors()]
    assert not [(item.job.name, item.diagnosis.failures) for item in analysis.unconverged]
    assert not analysis.refused
    assert analysis["response"].fits
    assert analysis["flares"].words == "flares: 4 posteriors of event rates."


@pytest.mark.sampling
@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")  # an arm is all that is known of its rate
def test_plain_xarray_reads_a_posterior_and_arviz_takes_it(analysis: Analysis, folder: Path) -> None:
    fit = toy_fits(analysis)["reference"]
    with xr.open_datatree(folder / "posteriors" / f"{fit.job.name}.nc") as tree:
        assert set(tree.children) == {
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
        assert tree.attrs["model"] == "poisson"
        assert tree.attrs["direction"] == "contrasts are new over (or minus) old"
        assert tree["posterior"]["event_rate"].dims == ("chain", "draw", "arm")
        assert tree["observed_data"]["events"].values.tolist() == [64, 18]
        assert tree["constant_data"]["person_time"].values.tolist() == [80, 42]
        likelihood = tree["log_likelihood"]["events"]
        rate = tree["posterior"]["event_rate"].values.astype(float)
        assert likelihood.values == pytest.approx(stats.poisson.logpmf([64, 18], rate * [80, 42]), abs=2e-3)
        assert az.loo(tree).n_data_points == 2
        assert az.summary(tree, var_names=["rate_ratio"]).shape[0] == 1
        predicted = tree["posterior_predictive"]["events"].mean(("chain", "draw")).values
        assert predicted == pytest.approx([64, 18], rel=0.1)


@pytest.mark.sampling
def test_the_comparison_holds_published_recomputed_and_posterior(analysis: Analysis, folder: Path) -> None:
    found = analysis.comparison.select(endpoint="flares", quantity="rate_ratio").estimates
    assert {item.kind for item in found} == {"published", "recomputed", "posterior"}
    assert {(item.numerator, item.denominator) for item in found} == {("new", "old")}
    by = {item.kind: item.value for item in found if item.prior in {"", "wide"}}
    assert by["recomputed"] == pytest.approx((18 / 42) / (64 / 80))
    assert by["posterior"] == pytest.approx(by["recomputed"], rel=0.1)
    assert all(item.prob_benefit is not None and item.prob_benefit > 0.9 for item in found if item.kind == "posterior")
    assert "flares,all,,,rate_ratio" in (folder / "comparison.csv").read_text(encoding="utf-8")


@pytest.mark.sampling
def test_its_pictures_are_written(analysis: Analysis, folder: Path) -> None:
    for prior in toy_fits(analysis):
        picture = imread(folder / "figures" / f"flares.rates.{prior}.png")
        assert min(picture.shape[:2]) > 200
        assert len(np.unique(picture.reshape(-1, picture.shape[-1]), axis=0)) > 20
    assert (folder / "figures" / "response.forest.png").is_file()


def quadrature(prior: LogRatioPrior, table: RateTable = TABLE) -> tuple[float, float, float]:
    """Posterior mean of the log rate ratio, and of both log rates, on a grid."""
    level, effect = np.meshgrid(np.linspace(-2, 1.5, 1401), np.linspace(-3, 2, 1601), indexing="ij")
    logs = level - effect / 2, level + effect / 2
    density = stats.norm.logpdf(level, 0, 3) + stats.norm.logpdf(effect, prior.mean, prior.sd)
    for log_rate, events, time in zip(logs, table.events, table.person_time, strict=True):
        density += stats.poisson.logpmf(events, time * np.exp(log_rate))
    weight = np.exp(density - density.max())
    weight /= weight.sum()
    return tuple(float((weight * values).sum()) for values in (effect, *logs))  # type: ignore[return-value]


@pytest.mark.sampling
def test_posteriors_are_those_of_quadrature(analysis: Analysis) -> None:
    for fit in toy_fits(analysis).values():
        rates = np.log(draws(fit, "event_rate"))
        found = np.log(draws(fit, "rate_ratio")), rates[..., 0], rates[..., 1]
        for values, truth in zip(found, quadrature(fit.job.prior), strict=True):
            assert abs(values.mean() - truth) < ERRORS * error(values)


@pytest.mark.sampling
def test_exchange_of_the_arms_mirrors_the_ratio(analysis: Analysis) -> None:
    swapped = RateTable(endpoint="flares", arms=("new", "old"), events=(18, 64), person_time=(42, 80))
    for fit in toy_fits(analysis).values():
        mirrored = replace(fit.job.prior, mean=-fit.job.prior.mean)
        turned = RateJob(table=swapped, prior=mirrored, sampling=replace(SETTINGS, seed=10)).run()
        here, there = np.log(draws(fit, "rate_ratio")), -np.log(draws(turned, "rate_ratio"))
        assert abs(here.mean() - there.mean()) < ERRORS * np.hypot(error(here), error(there))
        own = next(item for item in turned.estimates if item.quantity == "rate_ratio")
        assert (own.numerator, own.denominator) == ("old", "new")
        assert own.prob_benefit is not None
        assert own.prob_benefit < 0.1


@pytest.mark.sampling
def test_a_second_analysis_resumes(trial: Trial, analysis: Analysis, folder: Path) -> None:
    with Store.open(folder) as store:
        again = analyse(trial, kinds=(*KINDS, TOY), store=store, sampling=SETTINGS)
        assert not store.notes
    assert analysis.tally == Tally(found=0, computed=len(analysis.fits))
    assert again.tally == Tally(found=len(analysis.fits), computed=0)
    assert again.comparison == analysis.comparison
