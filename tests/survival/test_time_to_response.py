"""Where the event is good: a time to response, from printed summaries to probabilities of benefit and figures.

The trial is printed twice, once with the arms exchanged. Both are reconstructed and fitted by the main job, so every
answer has to be the other's mirror image, up to chance. Twenty replicates each are few, so what chance does was
measured: over 8 other seeds two mirrored probabilities added up to 1 with a standard deviation of at most 0.024.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.text import Text

from reappraise.analysis import analyse
from reappraise.audit import audit
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.each import Session
from reappraise.fits.sampling import Effort, Sampling
from reappraise.published.patients import PatientData
from reappraise.published.trial import Trial
from reappraise.survival import reconstruction
from reappraise.survival.analysis import SURVIVAL, SurvivalResult
from reappraise.survival.classical.recompute import recompute_survival
from reappraise.survival.figures.subject import SurvivalSubject
from reappraise.survival.fit import SurvivalFit
from reappraise.survival.hazard import HazardPrior
from reappraise.survival.pseudo_ipd.published import summaries_of
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.reconstruction import ReconstructionJob, reconstruct
from reappraise.trial import load_trial

SETTINGS = Sampling(seed=5, chains=2, draws=400)
EFFORT = Effort(chains=2, replicates=10, thin=40, rounds=2)
TOLERANCE = 0.12
"""Five of these standard deviations: of any one of some 15 probabilities a false alarm rarer than once in a million."""
HEAD = """schema_version = 1
key = "response-times"
title = "A small trial of times to response"
citation = "Nobody. Nowhere 2000;1:1-2."

[[arms]]
key = "placebo"
label = "Placebo"
short = "Placebo"
role = "control"
source = "Methods"

[[arms]]
key = "drug"
label = "Drug"
short = "Drug"
role = "experimental"
source = "Methods"

[[populations]]
key = "treated"
label = "All treated patients"
sizes = { placebo = 20, drug = 20 }
source = "Methods"
"""


def simulated() -> PatientData:
    """Responses come sooner with the drug; not so surely that probabilities of benefit are 0 or 1."""
    rng = np.random.default_rng(5)
    arm = np.repeat([0, 1], 20)
    response = rng.exponential(np.where(arm == 1, 3.0, 5.0))
    end = rng.uniform(4, 12, 40)
    return PatientData.known(
        np.minimum(response, end), response < end, arm, endpoint="time", arms=("placebo", "drug"), unit="months"
    )


def printed(data: PatientData, key: str) -> str:
    """The endpoint as a paper prints it: events, medians, hazard ratio, one-sided p value that the drug is better."""
    found = list(recompute_survival(data, horizon=4.0, better="lower"))
    medians = {row.arm: row for row in reversed(found) if row.quantity == "median" and "log-log" in row.method}
    ratio = next(row for row in found if row.quantity == "hazard_ratio")
    test = next(row for row in found if row.sides == 1)
    lines = [
        f'  {{ quantity = "median", arm = "{arm}", unit = "months", value = {row.value:.1f}, low = {row.low:.1f}, '
        f'high = {"not reached" if row.high == np.inf else f"{row.high:.1f}"}, source = "Results" }},'
        for arm, row in medians.items()
    ]
    counts = [
        f'  {{ arm = "{arm}", events = {data.event[0, 0, data.arm == place].sum()}, total = 20, source = "Results" }},'
        for place, arm in enumerate(("placebo", "drug"))
    ]
    lines.append(
        f'  {{ quantity = "hazard_ratio", numerator = "drug", denominator = "placebo", value = {ratio.value:.2f}, '
        f'low = {ratio.low:.2f}, high = {ratio.high:.2f}, p = {test.p_value:.3f}, sides = 1, source = "Results" }},'
    )
    return "\n".join(
        (
            f'\n[[endpoints]]\nkind = "survival"\nkey = "{key}"\nlabel = "Time to response"\npopulation = "treated"',
            'better = "shorter"\nunit = "months"\nmedian_interval = "log-log"\nsource = "Results"',
            'test = { name = "log_rank", sides = 1, significance_level = 0.025, source = "Methods" }',
            "counts = [",
            *counts,
            "]",
            "estimates = [",
            *lines,
            "]\n",
        )
    )


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    data = simulated()
    exchanged = PatientData.known(
        data.time[0, 0], data.event[0, 0], 1 - data.arm, endpoint="time", arms=data.arms, unit=data.unit
    )
    path = tmp_path_factory.mktemp("times") / "trial.toml"
    path.write_text(HEAD + printed(data, "sooner") + printed(exchanged, "later"), encoding="utf-8")
    return load_trial(path)


@pytest.fixture(scope="module")
def results(trial: Trial) -> tuple[SurvivalResult, ...]:
    session = Session(sampling=SETTINGS, effort=EFFORT)
    return tuple(SURVIVAL.analyse(endpoint, session) for endpoint in trial.of(SurvivalEndpoint))


def by_prior(result: SurvivalResult) -> dict[str, SurvivalFit]:
    return {fit.job.prior.effect.name: fit for fit in result.fits if fit.job.model.name == "piecewise-exponential"}


def benefits(result: SurvivalResult, prior: str = "reference") -> dict[str, float]:
    """Every probability of benefit, by what it is of."""
    estimates: tuple[Estimate, ...] = by_prior(result)[prior].estimates
    found = {f"{row.quantity} {row.at}": row.prob_benefit for row in estimates if row.prob_benefit is not None}
    found |= {row.at: row.value for row in estimates if row.quantity == "probability_of_benefit"}
    return {name: float(value) for name, value in found.items() if value is not None}


def text(figure: object) -> str:
    """All words, however they are broken into lines."""
    found = " | ".join(part.get_text() for part in figure.findobj(Text))  # type: ignore[attr-defined]
    return " ".join(found.split())


def test_the_print_agrees_with_itself_in_both_directions(trial: Trial) -> None:
    found = {(item.check, item.endpoint): item for item in audit(trial)}
    assert not [item for item in found.values() if item.verdict == "inconsistent"]
    for endpoint in ("sooner", "later"):
        assert found["p value and interval", endpoint].verdict == "consistent"
        assert found["medians and hazard ratio", endpoint].verdict == "consistent"


@pytest.mark.sampling
def test_every_printed_number_holds_the_one_sided_p_value_among_them(
    results: tuple[SurvivalResult, ...],
) -> None:
    for result, small in zip(results, (True, False), strict=True):
        assert result.replicates is not None
        assert result.replicates.diagnosis.checks[0].value == 0
        (target,) = (item for item in result.replicates.job.summaries.targets if item.statistic == "log-rank z")
        # z above 0: more events with the drug than expected, which is what is hoped for
        assert (target.low > 1.5) if small else (target.high < -1.5)
        row = next(row for row in result.recomputed() if row.p_value is not None)
        assert row.sides == 1
        assert row.p_value is not None
        assert (row.p_value < 0.04) == small
        assert row.value is not None
        assert (row.value > 1) == small


@pytest.mark.sampling
def test_more_and_sooner_events_are_the_benefit(results: tuple[SurvivalResult, ...]) -> None:
    sooner, later = (benefits(result) for result in results)
    assert min(sooner.values()) > 0.75  # between seeds the smallest was 0.85
    assert max(later.values()) < 0.25
    estimates = by_prior(results[0])["reference"].estimates
    ratio = next(row for row in estimates if row.quantity == "hazard_ratio" and not row.at)
    assert (ratio.numerator, ratio.denominator) == ("drug", "placebo")
    assert ratio.value is not None
    assert ratio.value > 1
    difference = next(row for row in estimates if row.quantity == "restricted_mean_difference")
    assert difference.value is not None
    assert difference.value < 0


@pytest.mark.sampling
def test_exchanged_arms_mirror_every_probability_of_benefit(results: tuple[SurvivalResult, ...]) -> None:
    sooner, later = (benefits(result) for result in results)
    assert sooner.keys() == later.keys()
    assert len(sooner) > 12
    for name, probability in sooner.items():
        assert probability + later[name] == pytest.approx(1.0, abs=TOLERANCE), name


@pytest.mark.sampling
def test_the_believer_in_the_drug_expects_more_events(results: tuple[SurvivalResult, ...]) -> None:
    for result in results:
        fits = by_prior(result)
        assert fits["enthusiastic"].job.prior.effect.mean == pytest.approx(-np.log(2))  # as if the event were bad
        assert fits["enthusiastic"].job.entered.effect.mean == pytest.approx(np.log(2))
        own = {name: benefits(result, name)["hazard ratio in favour"] for name in fits}
        assert own["enthusiastic"] > own["reference"]
    doubtful, believing = (
        {name: float(fit.tree["posterior"]["effect"].mean()) for name, fit in by_prior(result).items()}
        for result in reversed(results)
    )
    assert 0 < believing["sceptical"] < believing["reference"] < believing["wide"]
    assert doubtful["reference"] < doubtful["sceptical"] < 0
    assert believing["enthusiastic"] > 0
    assert doubtful["reference"] < doubtful["enthusiastic"]


def test_reconstruction_and_fit_have_one_prior(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is believed for events that are bad is mirrored in both; what is given for summaries is taken as it is."""
    planned: list[HazardPrior] = []

    def run(job: ReconstructionJob, _: object = None) -> None:
        planned.append(job.prior)
        raise AnalysisError("the prior is all that is asked")

    enthusiastic = hazard_ratio_priors()[-1]
    monkeypatch.setattr(ReconstructionJob, "run", run)
    monkeypatch.setattr(reconstruction, "hazard_ratio_priors", lambda: (enthusiastic,))
    found = analyse(trial, sampling=SETTINGS, effort=EFFORT)
    assert [item.reason for item in found.refused] == ["the prior is all that is asked"] * 2
    given = HazardPrior(effect=enthusiastic, median=3.0)
    for target in (trial["sooner"], summaries_of(trial["sooner"])):
        with pytest.raises(AnalysisError, match="all that is asked"):
            reconstruct(target, prior=given, seed=1)
    means = [prior.effect.mean for prior in planned]
    assert means == pytest.approx([np.log(2), np.log(2), np.log(2), -np.log(2)])


def test_a_share_has_the_name_of_the_endpoint_where_that_is_a_survival() -> None:
    arms = ("Placebo", "Drug")
    for endpoint, better, share in (
        ("Overall survival", "higher", "Overall survival"),
        ("Duration of response", "higher", "Without the event"),
        ("Time to response", "lower", "Without the event"),
    ):
        subject = SurvivalSubject(endpoint=endpoint, arms=arms, keys=arms, unit="months", better=better)
        assert subject.without == share


@pytest.mark.sampling
def test_words_follow_the_direction(results: tuple[SurvivalResult, ...]) -> None:
    for result in results:
        at = {row.at for row in by_prior(result)["reference"].estimates if row.quantity == "probability_of_benefit"}
        assert "median shorter" in at
        assert "median longer" not in at
        assert by_prior(result)["reference"].job.entered.text.startswith("log HR ~ Normal(")
    figures = dict(results[0].figures())
    assert "Without the event (%)" in text(figures["sooner.survival"])
    assert "Time to response (%)" not in text(figures["sooner.survival"])
    assert "\u2190 favours Placebo" in text(figures["sooner.hazard-ratio"])
    assert "favours Drug \u2192" in text(figures["sooner.hazard-ratio"])
    assert "\u2190 favours Drug" in text(figures["sooner.restricted-mean"])
    assert "favours Placebo \u2192" in text(figures["sooner.restricted-mean"])
    assert "\u2190 worse" in text(figures["sooner.hazards"])
    assert "better \u2192" in text(figures["sooner.hazards"])
    shares = re.findall(r"([\d.]+)% \| (Both favour \w+)", text(figures["sooner.directions"]))
    favoured = {words: float(share) for share, words in shares}
    assert favoured["Both favour Drug"] > 75
    assert favoured["Both favour Placebo"] < 20
