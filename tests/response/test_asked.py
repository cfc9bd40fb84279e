"""Equivalence and benefit beyond a margin are spoken of only where the trial file states the margin."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from reappraise.core.estimate import Estimate
from reappraise.core.prior import RATE_PRIORS
from reappraise.exact_answers import exact_answers
from reappraise.response.estimands import contrasts, report
from reappraise.response.exact import exact_estimates
from reappraise.trial import load_trial
from support.data import MINI
from support.tables import whole

BEYOND = {"probability_above_margin", "probability_of_equivalence"}
RARE = whole(events=((12, 18),), totals=((1000, 1000),), better="lower")
"""A harm of one and two patients in a hundred."""
POSTERIOR = partial(Estimate, kind="posterior", model="independent", prior="uniform", method="drawn", converged=True)


def drawn(table: object) -> list[Estimate]:
    rate = np.random.default_rng(3).beta((13, 19), (989, 983), (4, 500, 1, 2))
    return list(report({"rate": rate, **contrasts(rate, (True,))}, table, POSTERIOR, level=0.95))  # type: ignore[arg-type]


def test_rare_harms_are_not_called_equivalent_by_a_margin_that_nobody_stated() -> None:
    for found in (list(exact_estimates(RARE, RATE_PRIORS[0])), drawn(RARE)):
        said = {item.quantity for item in found}
        assert "probability_of_benefit" in said
        assert not said & BEYOND


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_a_stated_margin_is_named_with_its_size_and_direction(better: str) -> None:
    table = replace(RARE, better=better, margin=0.005)
    for found in (list(exact_estimates(table, RATE_PRIORS[0])), drawn(table)):
        at = {item.quantity: item.at for item in found if item.quantity.startswith("probability")}
        assert at == {
            "probability_of_benefit": f"rate {better}",
            "probability_above_margin": f"rate {better} by more than 0.5 percentage points, the stated margin",
            "probability_of_equivalence": "rates differ by less than 0.5 percentage points, the stated margin",
        }
        values = {item.quantity: item.value for item in found}
        assert 0 < values["probability_of_equivalence"] < 0.5  # type: ignore[operator]


def test_the_trial_file_decides(tmp_path: Path) -> None:
    text = MINI.read_text(encoding="utf-8")
    stated = tmp_path / "stated.toml"
    stated.write_text(text.replace("primary = true", "primary = true\nmargin = 0.2"), encoding="utf-8")
    for path, expected in ((MINI, set()), (stated, BEYOND)):
        ((_, found),) = exact_answers(load_trial(path)).endpoints
        assert {item.quantity for item in found} & BEYOND == expected
