"""The forest plot: what it says, and that no word covers another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.nuts import Sampled
from reappraise.fits.sampling import Sampling
from reappraise.published.estimates import published_estimates
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.figures import subgroup_forest
from reappraise.survival.subgroups.fit import SubgroupFit, SubgroupJob
from reappraise.survival.subgroups.table import SubgroupTable
from support.figures import LONG, assert_nothing_overlaps_or_is_cut, said

PASSED = Diagnosis(())
FAILED = Diagnosis((Check("R-hat", 1.2, 1.01, "effect", False),))


def made(table: SubgroupTable, diagnosis: Diagnosis = PASSED) -> SubgroupFit:
    """A fit whose draws of effect and spread are made up: nothing is compiled."""
    job = SubgroupJob(table=table, prior=hazard_ratio_priors()[0], sampling=Sampling(seed=1))
    rng = np.random.default_rng(2)
    shape = (4, 500)
    drawn = {
        "effect": rng.normal(-0.35, 0.2, size=shape),
        "interaction_sd": np.abs(rng.normal(0.0, 0.3, size=shape)),
        "place": rng.uniform(size=(*shape, job.width)),
    }
    statistics = {"diverging": np.zeros(shape, dtype=bool), "energy": rng.normal(size=shape)}
    return SubgroupFit(job, job.assemble(job.data(), Sampled(drawn, statistics), rng), diagnosis)


def test_it_shows_printed_and_shrunken_ratios_and_says_the_direction(
    os: TrialEndpoint[SurvivalEndpoint], table: SubgroupTable
) -> None:
    figure = subgroup_forest(made(table), published=tuple(published_estimates(os)))
    words = said(figure)
    for part in (
        "Overall survival: hazard ratio by subgroup, printed and shrunken",
        "by Region",
        "Hazard ratio, Drug over Placebo",
        "\u2190 favours Drug",
        "favours Placebo \u2192",
        "North America",
        "Drug 33/58, Placebo 38/46",
        "0.45 (0.28 to 0.72)",
        "All patients",
        "0.71 (0.55 to 0.94)",
        "Cochran's Q 5.19",
        "add up to all patients",
    ):
        assert part in words, part
    # seven marks at their ratios: three printed and shrunken levels, the whole and the average
    points = [float(line.get_xdata()[0]) for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == 1]
    assert len(points) == 8
    for value in (0.81, 0.45, 0.98, 0.71):
        assert min(abs(point - value) for point in points) < 1e-9


@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize("labels", [("Placebo", "Drug"), LONG], ids=["short", "long"])
def test_nothing_overlaps_or_is_cut(
    os: TrialEndpoint[SurvivalEndpoint], table: SubgroupTable, better: str, labels: tuple[str, str]
) -> None:
    hidden = replace(table.levels[2], log_ratio=None, basis="events", label="Asia, Australia and the Pacific islands")
    held = replace(
        table,
        arm_labels=labels,
        better=better,  # type: ignore[arg-type]
        levels=(*table.levels[:2], hidden),
        notes=("no ratio of Asia is printed: it weighs by its events",),
    )
    figure = subgroup_forest(made(held), published=tuple(published_estimates(os)))
    assert_nothing_overlaps_or_is_cut("subgroups", figure)
    left = labels[1] if better == "higher" else labels[0]
    assert f"\u2190 favours {left}" in said(figure)
    assert "No ratio of Asia is printed" in said(figure)


def test_a_fit_that_failed_is_marked(os: TrialEndpoint[SurvivalEndpoint], table: SubgroupTable) -> None:
    published = tuple(published_estimates(os))
    assert "NOT CONVERGED" in said(subgroup_forest(made(table, FAILED), published=published))
    assert "NOT CONVERGED" not in said(subgroup_forest(made(table), published=published))
