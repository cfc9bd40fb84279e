"""Where no arm had an event, or all had one, every kind of result says that the probability is the prior's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from reappraise.core.comparison import Comparison
from reappraise.core.estimate import Estimate
from reappraise.core.names import Names
from reappraise.core.prior import RATE_PRIORS, prior_named
from reappraise.core.silence import PRIORS, silences
from reappraise.depth.fit import MODELS as DEPTH_MODELS
from reappraise.depth.fit import DepthJob
from reappraise.fits.fit import Fit
from reappraise.fits.nuts import STATISTICS, Sampled
from reappraise.fits.sampling import Sampling
from reappraise.response.exact import exact_estimates
from reappraise.response.fit import ResponseJob
from reappraise.response.models import MODELS
from reappraise.safety.fit import SafetyJob
from reappraise.safety.model import EVENT_MODELS
from reappraise.terminal.comparison import comparison_tables
from reappraise.terminal.exact import exact_table
from support.small_trial import PASSED
from support.tables import events, ordinal, partition, whole

NONE, ALL = "no event in either arm", "nothing but events in either arm"
ALONE = f"{PRIORS} and not the data's"
SETTINGS = Sampling(seed=1, draws=100)
UNEQUAL = ((100, 10),)


def fitted(job: Any) -> Fit[Any]:
    """A fit whose draws come straight from the prior: nothing is sampled, everything is there."""
    rng, data = np.random.default_rng(7), job.data()
    draws = {name: held.reshape(4, 50, *held.shape[1:]) for name, held in job.model.draw_prior(data, 200, rng).items()}
    statistics = {name: rng.normal(size=(4, 50)) for name in STATISTICS}
    found: Fit[Any] = job.fitted(job.assemble(data, Sampled(draws=draws, statistics=statistics), rng), PASSED)
    return found


def response(model: Any, table: Any) -> tuple[Estimate, ...]:
    prior = prior_named("uniform" if model.prior_kind == "rate" else "reference")
    return fitted(
        ResponseJob(table=table, model=model, prior=prior, width=len(table.levels), sampling=SETTINGS)
    ).estimates


def silent(found: Sequence[Estimate]) -> dict[tuple[str, str], set[str]]:
    """By population and item what the contrasts say; nothing is ever said of one arm."""
    assert not any(PRIORS in item.method for item in found if item.arm)
    said: dict[tuple[str, str], set[str]] = {}
    for item in found:
        if item.numerator:
            parts = [part for part in item.method.split("; ") if PRIORS in part]
            said.setdefault((item.population, item.item), set()).add("".join(parts))
    return said


@pytest.mark.parametrize(("counts", "words"), [((0, 0), NONE), ((100, 10), ALL), ((0, 10), ""), ((0, 1), "")])
def test_a_whole_population_exact_and_sampled(counts: tuple[int, int], words: str) -> None:
    table = whole(events=(counts,), totals=UNEQUAL)
    expected = {("all", ""): {f"{words}: {ALONE}" if words else ""}}
    for prior in RATE_PRIORS:
        exact = tuple(exact_estimates(table, prior))
        assert silent(exact) == expected
        assert ("not the data's" in str(exact_table("e", exact, Names()).caption)) == bool(words)
    for model in MODELS:
        assert silent(response(model, table)) == expected


def test_a_level_learns_from_others_where_the_model_lets_it() -> None:
    table = partition(events=((6, 7), (0, 0)), totals=((15, 9), (20, 8)))
    late = ("stage=late", "")
    assert silent(tuple(exact_estimates(table, RATE_PRIORS[0])))[late] == {f"{NONE}: {ALONE}"}
    for model in MODELS:
        found = silent(response(model, table))
        assert found["stage=early", ""] == {""}
        (said,) = found[late]
        assert said.startswith(f"{NONE}: {PRIORS}")
        assert ("other levels" in said) == (model.name != "independent")
    nobody = partition(events=((0, 0), (0, 0)), totals=((15, 9), (20, 8)))
    for model in MODELS:
        assert set.union(*silent(response(model, nobody)).values()) == {f"{NONE}: {ALONE}"}


@pytest.mark.parametrize("model", EVENT_MODELS, ids=lambda model: model.name)
def test_an_adverse_event_without_patients(model: Any) -> None:
    job = SafetyJob(table=events(events=((0, 0), (4, 0))), model=model, sampling=SETTINGS)
    found = silent(fitted(job).estimates)
    assert found["all", "Rash"] == {""}
    assert found["all", "Nausea"] == {f"{NONE}: {PRIORS} and that of other terms, not of these counts"}
    nothing = SafetyJob(table=events(events=((40, 20), (0, 0))), model=model, sampling=SETTINGS)
    found = silent(fitted(nothing).estimates)
    assert found == {("all", "Nausea"): {f"{ALL}: {ALONE}"}, ("all", "Rash"): {f"{NONE}: {ALONE}"}}


@pytest.mark.parametrize("model", DEPTH_MODELS, ids=lambda model: model.name)
def test_a_category_without_patients(model: Any) -> None:
    def found(*counts: tuple[int, int]) -> dict[tuple[str, str], set[str]]:
        job = DepthJob(table=ordinal(*counts), model=model, prior=prior_named("reference"), sampling=SETTINGS)  # type: ignore[arg-type]
        return silent(fitted(job).estimates)

    some = found((0, 0), (5, 3), (20, 8))
    assert some["all", "a"] == {f"{NONE}: {PRIORS} and that of other cut points, not of these counts"}
    assert some["all", "b"] == some["all", ""] == {""}
    one = found((0, 0), (30, 8), (0, 0))
    assert one["all", ""] == {f"all patients in one category: {ALONE}"}
    assert one["all", "b"] == {f"{ALL}: {ALONE}"}


def test_what_is_shown_says_so() -> None:
    table = whole(events=((0, 0),), totals=UNEQUAL)
    fit = fitted(ResponseJob(table=table, model=MODELS[0], prior=prior_named("uniform"), width=1, sampling=SETTINGS))
    assert fit.silences == f"{NONE.capitalize()}: {ALONE}."
    assert "and not the data&#x27;s" in fit._repr_html_()
    captions = [str(shown.caption) for shown in comparison_tables(Comparison(fit.estimates))]
    assert any("not the data's" in caption for caption in captions)
    many = events(
        terms=tuple("abcdefgh"), systems=("Gut",) * 8, events=((0, 0),) * 7 + ((3, 1),), totals=((40, 20),) * 8
    )
    listed = silences(fitted(SafetyJob(table=many, model=EVENT_MODELS[0], sampling=SETTINGS)).estimates)
    assert listed.startswith(f"a, b, c, d, e and 2 more: {NONE}: ")
