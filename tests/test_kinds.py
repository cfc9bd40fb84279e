"""Laws that hold of every kind of endpoint that the package knows."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.figure import Figure

from reappraise.continuous.published import ContinuousEndpoint
from reappraise.core.errors import AnalysisError
from reappraise.depth.published import DepthEndpoint
from reappraise.effect.published import EffectEndpoint
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.fits.result import Result
from reappraise.kinds import KINDS, calibration_of, calibrations, kind_of, require_kinds
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.trial import TrialEndpoint
from reappraise.response.published import ResponseEndpoint
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.survival.published import SurvivalEndpoint
from reappraise.trial import load_trial, shipped_trials
from reappraise.trial.schema import RECORDS, trial_schema
from support.calibrations import STORED
from support.data import EVENT_RATES, MEANS, MINI, SURVIVAL

every = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.record.__name__)
RUNS = {
    ResponseEndpoint: "mini_run",
    DepthEndpoint: "depth_run",
    AdverseEventsEndpoint: "safety_run",
    SurvivalEndpoint: "survival_run",
    EffectEndpoint: "effect_run",
    ContinuousEndpoint: "continuous_run",
    EventRateEndpoint: "event_rate_run",
}
"""Fixtures whose results are of each kind."""


def endpoints(record: type[EndpointRecord]) -> list[TrialEndpoint[Any]]:
    """Every endpoint of a kind in the trials that are at hand."""
    trials = [load_trial(name) for name in (*shipped_trials(), MINI, SURVIVAL, MEANS, EVENT_RATES)]
    return [endpoint for trial in trials for endpoint in trial.of(record)]


@every
def test_its_record_has_a_tag_of_its_own_that_a_file_may_hold(kind: Any) -> None:
    assert kind.record in RECORDS
    assert kind.record.tag()
    assert [other.tag() for other in RECORDS].count(kind.record.tag()) == 1
    assert kind.record.tag() in str(trial_schema().model_json_schema())


@every
def test_it_is_the_kind_of_its_records_and_takes_steps(kind: Any) -> None:
    found = endpoints(kind.record)
    assert found
    for endpoint in found:
        assert kind_of(endpoint.published) is kind
        assert kind.steps(endpoint) > 0


@every
def test_each_of_its_calibrations_is_stored_and_found_by_name(kind: Any) -> None:
    assert kind.calibrations
    for calibration in kind.calibrations:
        assert calibration in calibrations()
        assert calibration_of(calibration.name) == calibration
        assert (STORED / f"{calibration.name}.json").is_file()


def test_names_of_calibrations_and_tables_belong_to_one_kind() -> None:
    names = [calibration.name for calibration in calibrations()]
    assert len(names) == len(set(names))
    tables = [name for kind in KINDS for name in kind.tables]
    assert len(tables) == len(set(tables))
    assert not {"comparison", "audit"} & set(tables)


@pytest.mark.sampling
@every
def test_its_results_have_words_estimates_tables_and_figures(kind: Any, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(RUNS[kind.record])
    results: list[Result[Any, Any]]
    results = list(run.analysis.results.values()) if hasattr(run, "analysis") else [run.result]
    mine = [result for result in results if isinstance(result.endpoint.published, kind.record) and result.analysed]
    assert mine
    for result in mine:
        assert result.words.startswith(f"{result.key}: ")
        assert "posteriors" in result.words
        recomputed, estimated = list(result.recomputed()), list(result.estimated())
        assert recomputed
        assert {row.kind for row in recomputed} == {"recomputed"}
        assert {row.kind for row in estimated} == {"recomputed", "posterior"}
        assert set(estimated) <= set(result.comparison().estimates)
        assert {fit.job.name for fit in result.fits} <= {item.job.name for item in result.diagnosed}
        assert set(result.tables) <= set(kind.tables)
        for name, rows in result.tables.items():
            assert all(set(row) == set(kind.tables[name]) for row in rows)
        name, figure = next(iter(result.figures(results)))
        assert name.startswith(f"{result.key}.")
        assert isinstance(figure, Figure)


def test_a_record_that_nothing_analyses_is_refused_at_start_up() -> None:
    require_kinds(KINDS, RECORDS)
    with pytest.raises(TypeError, match=r"for every record in RECORDS, and no other: EffectEndpoint$"):
        require_kinds(KINDS[1:], RECORDS)
    with pytest.raises(TypeError, match=r"other: SurvivalEndpoint$"):
        require_kinds(KINDS, tuple(record for record in RECORDS if record is not SurvivalEndpoint))


def test_an_endpoint_of_no_kind_is_named() -> None:
    endpoint = load_trial(MINI).endpoints[0].published
    with pytest.raises(AnalysisError, match="endpoint response is a ResponseEndpoint; expected one of DepthEndpoint"):
        kind_of(endpoint, KINDS[4:])
    with pytest.raises(AnalysisError, match="one of printed-contrast, means, poisson, independent"):
        calibration_of("nonsense")
