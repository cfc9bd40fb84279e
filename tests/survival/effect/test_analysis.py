"""A trial whose time-to-event endpoint has no time goes through: fits, comparison and picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import log, sqrt
from typing import Any

import pytest
from scipy import stats

from reappraise.core.errors import UndeterminedError
from reappraise.fits.each import Session
from reappraise.fits.sampling import Sampling
from reappraise.survival.effect.analysis import analyse_effect, from_events
from reappraise.survival.effect.published import PrintedEffect
from reappraise.survival.effect.untimed import has_time

SESSION = Session(sampling=Sampling(seed=8))


@pytest.mark.sampling
def test_andromeda_is_analysed_as_an_effect(andromeda: Any) -> None:
    assert not has_time(andromeda)
    told: list[str] = []
    result = analyse_effect(andromeda, replace(SESSION, tell=lambda words, _: told.append(words)))
    assert [fit.job.prior.name for fit in result.fits] == ["reference", "wide", "sceptical", "enthusiastic"]
    assert all(fit.converged for fit in result.fits), [fit.diagnosis.failures for fit in result.fits]
    assert sorted(told) == sorted(f"printed-effect, {fit.job.prior.name} prior" for fit in result.fits)
    assert result.words == "death: 4 posteriors of the printed hazard ratio; no time is printed."
    assert {fit.tree.attrs["trial"] for fit in result.fits} == {"andromeda-shock"}
    ratios = result.comparison().select(quantity="hazard_ratio").estimates
    assert [item.kind for item in ratios] == ["published", "recomputed", *["posterior"] * 4]
    assert {(item.numerator, item.denominator) for item in ratios} == {("perfusion", "lactate")}
    assert all(item.value is not None and 0.65 < item.value < 0.85 for item in ratios)
    (name, figure) = next(iter(result.figures()))
    assert name == "death.effect"
    assert len(figure.axes) == 4


def test_events_alone_make_an_interval_and_a_p_value(effect: PrintedEffect) -> None:
    """The published .55 to 1.02 and .06 come from the events almost alone: 92 and 74 give .55 to 1.02 and .065."""
    (found,) = from_events(effect, level=0.95)
    error = sqrt(1 / 92 + 1 / 74)
    assert [found.value, found.low, found.high] == pytest.approx([0.75, 0.552, 1.018], abs=1e-3)
    assert found.p_value == pytest.approx(2 * stats.norm.cdf(log(0.75) / error), abs=1e-3)
    assert not tuple(from_events(replace(effect, events=(92, None)), level=0.95))


def test_an_endpoint_without_a_ratio_is_refused_with_its_reason(write: Callable[..., Any]) -> None:
    with pytest.raises(UndeterminedError, match="death: no hazard ratio of perfusion and lactate is printed"):
        analyse_effect(write(), SESSION)
