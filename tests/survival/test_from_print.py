"""Print that contradicts itself by the limits of its medians alone is analysed without them, and that is said."""

from __future__ import annotations

from typing import Any

import pytest

import reappraise as ra
from reappraise.core.errors import AnalysisError
from reappraise.fits.each import Session
from reappraise.fits.sampling import Sampling
from reappraise.published.trial import TrialEndpoint
from reappraise.survival import from_print
from reappraise.survival.from_print import (
    PrintedResult,
    analyse_print_loosely,
    printed_or_refused,
    without_limits_of_medians,
)
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.road import road_of

SESSION = Session(sampling=Sampling(seed=1))


def endpoint(key: str = "pfs") -> TrialEndpoint[SurvivalEndpoint]:
    return ra.load_trial("isatuximab-dexamethasone")[key]


def limits(item: TrialEndpoint[SurvivalEndpoint]) -> list[Any]:
    return [one.low for one in item.published.printed if one.quantity == "median"]


def analysed(monkeypatch: pytest.MonkeyPatch, *, mends: bool) -> PrintedResult:
    """With an analysis that finds a contradiction wherever medians have limits, or everywhere."""

    def stub(item: Any, _printed: Any, road: Any, _session: Any, *, start: float = 0.0) -> PrintedResult:
        assert start == 0.25
        if any(limits(item)) or not mends:
            raise AnalysisError("the printed numbers contradict each other")
        return PrintedResult(endpoint=item, road=road)

    monkeypatch.setattr(from_print, "analyse_print", stub)
    printed = printed_or_refused(endpoint())
    return analyse_print_loosely(endpoint(), printed, road_of(printed), SESSION, start=0.25)


def test_limits_that_contradict_the_rest_are_left_out_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = analysed(monkeypatch, mends=True)
    (refusal,) = found.refusals
    assert refusal.reason.startswith("pfs, limits of the medians: with them the printed numbers contradict each other")
    assert not refusal.contradiction
    assert any(limits(found.endpoint)), "what was printed still stands in the tables"


def test_what_contradicts_itself_without_them_is_refused_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnalysisError, match="the printed numbers contradict each other"):
        analysed(monkeypatch, mends=False)


def test_nothing_but_the_limits_of_medians_goes() -> None:
    item = endpoint()
    loose = without_limits_of_medians(item)
    assert loose is not None
    assert any(limits(item))
    assert not any(limits(loose))
    assert [one.value for one in loose.published.printed] == [one.value for one in item.published.printed]
    assert without_limits_of_medians(loose) is None
