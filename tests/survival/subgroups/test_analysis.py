"""A time-to-event endpoint with a forest plot goes through: whole, factors, comparison, tables, pictures."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reappraise.core.errors import UndeterminedError
from reappraise.fits.each import Session
from reappraise.fits.result import NotAnalysed, Result
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store
from reappraise.survival.analysis import SURVIVAL
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.analysis import SubgroupResult, analyse_with_subgroups
from reappraise.terminal.comparison import comparison_tables

FEW = Sampling(draws=200, tune=200, chains=2, seed=8)


def nothing(endpoint: Any, session: Session) -> Result[Any, Any]:
    session.tell("the whole", 1.0)
    return NotAnalysed(endpoint=endpoint)


@pytest.mark.sampling
def test_every_factor_is_fitted_with_every_prior_and_found_again(os: Any, tmp_path: Path) -> None:
    factors = tuple(factor for factor in os.published.factors if factor.key != "region")
    os = replace(os, published=os.published.model_copy(update={"factors": factors}))
    told: list[tuple[str, float]] = []
    with Store.open(tmp_path / "results") as store:
        session = Session(sampling=FEW, store=store, tell=lambda words, share: told.append((words, share)))
        result = analyse_with_subgroups(os, session, whole=nothing)
        again = analyse_with_subgroups(os, session, whole=nothing)
    assert (session.tally.computed, session.tally.found) == (8, 8)
    assert [fit.estimates for fit in result.fits] == [fit.estimates for fit in again.fits]
    assert told[0] == ("the whole", 0.8)
    assert ("sex, reference prior", 0.8) in told
    assert all(0.8 <= share <= 1 for _, share in told)  # threads begin in any order
    files = {path.name for path in (tmp_path / "results" / "posteriors").iterdir()}
    assert "os.age.printed-subgroups.sceptical.nc" in files
    assert len(files) == 8
    assert result.words == "os: not analysed; 8 posteriors of subgroups by sex, age."
    assert result.diagnosed == result.subgroups == result.fits
    names = [name for name, _ in result.figures()]
    assert names == ["os.sex.subgroups", "os.age.subgroups"]
    _sets_printed_recomputed_and_posterior_side_by_side(result)


def _sets_printed_recomputed_and_posterior_side_by_side(result: SubgroupResult) -> None:
    comparison = result.comparison()
    rows = comparison.select(population="age=older", quantity="hazard_ratio").estimates
    assert [item.kind for item in rows] == ["published", "recomputed", *["posterior"] * 4]
    assert {(item.numerator, item.denominator) for item in rows} == {("drug", "placebo")}
    apart = [
        item
        for item in comparison.select(quantity="ratio_of_hazard_ratios", population="all").estimates
        if item.at.endswith("Sex")
    ]
    assert [(item.kind, item.p_value) for item in apart[:1]] == [("published", 0.07)]
    assert apart[1].p_value == pytest.approx(0.064, abs=0.001)
    assert len(apart) == 6
    console = Console(width=160, file=io.StringIO(), record=True)
    for table in comparison_tables(comparison):
        console.print(table)
    words = console.export_text()
    assert "os: subgroups, printed and shrunken hazard ratios" in words
    assert "sex=female" in words
    assert "never add or multiply them" in " ".join(words.split())


def test_what_cannot_be_analysed_is_named_and_keeps_nothing_else_from_it(altered: Callable[..., Any]) -> None:
    def refused(endpoint: Any, session: Session) -> Result[Any, Any]:
        raise UndeterminedError("os: too little is printed")

    later = [(f'label = "{name}"\n', f'label = "{name}"\ntiming = "post_randomisation"\n') for name in ("Sex", "Age")]
    bare = [
        (f'value = "{value}", low = "{low}", high = "{high}"', f'value = "{value}"')
        for value, low, high in (("0.81", "0.54", "1.22"), ("0.45", "0.28", "0.72"), ("0.98", "0.55", "1.72"))
    ]
    result = analyse_with_subgroups(altered(*later, *bare), Session(sampling=FEW), whole=refused)
    assert [refusal.reason for refusal in result.refusals] == [
        "os: too little is printed",
        *(
            f"os, {key}: the factor was determined after randomisation, so that ratios of its levels are no effects of "
            "treatment; they stand as printed"
            for key in ("sex", "age")
        ),
        "os, region: fewer than two levels with a hazard ratio and its limits, or with events, are printed",
    ]
    assert not result.fits
    assert not list(result.figures())
    assert result.words == "os: not analysed; no subgroups."


def test_steps_and_the_road_of_the_whole_stay(os: Any) -> None:
    bare = os.published.model_copy(update={"factors": ()})
    assert isinstance(bare, SurvivalEndpoint)
    assert SURVIVAL.steps(os) == SURVIVAL.steps(replace(os, published=bare)) + 12
