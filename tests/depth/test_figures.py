"""Figures of depth of response: what is drawn, which side is better, and that nothing overlaps."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from scipy.special import expit

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import prior_named
from reappraise.depth.estimands import estimands
from reappraise.depth.figures.catalogue import draw_depth
from reappraise.depth.figures.cuts import draw_depth_cuts
from reappraise.depth.figures.stack import draw_depth_stack
from reappraise.depth.fit import MODELS, DepthFit, DepthJob
from reappraise.depth.table import OrdinalTable
from reappraise.fits.sampling import Sampling
from support.figures import LONG, SHORT, assert_nothing_overlaps_or_is_cut, estimate, marks, panel, said
from support.small_trial import FAILED, PASSED

SETTINGS = Sampling(seed=1)


def ordinal(arms: tuple[str, str] = SHORT, **more: Any) -> OrdinalTable:
    content: dict[str, Any] = {
        "endpoint": "depth",
        "label": "Best response",
        "assessor": "A committee",
        "population": "treated",
        "arms": ("placebo", "drug"),
        "arm_labels": arms,
        "categories": ("cr", "pr", "sd", "pd"),
        "category_labels": ("Complete response", "Partial response that was seen twice", "Stable", "Progression"),
        "or_better": ("", "orr", "dcr", ""),
        "counts": ((1, 12), (1, 9), (38, 17), (60, 22)),
        "source": "Figure 2",
        "origins": (("printed", "printed"),) * 3 + (("100 patients minus dcr 40 of 100", "printed"),),
        "subtracted": ((False, False),) * 3 + ((True, False),),
    }
    return OrdinalTable(**(content | more))


def depth_fit(of: OrdinalTable, *, free: bool, prior: str = "reference", failed: bool = False) -> DepthFit:
    """A fit with draws made by hand around the odds of the pooled counts."""
    rng = np.random.default_rng(4)
    model = MODELS[free]
    cuts = len(of.cuts)
    logit = np.sort(rng.normal(np.linspace(-2.5, 0.2, cuts), 0.05, (2, 100, cuts)), axis=-1)
    effect = rng.normal(0.9, 0.3, (2, 100))
    own = effect[..., None] + (np.linspace(0.2, -0.2, cuts) if free else 0.0) + np.zeros(cuts)
    or_better = expit(logit[..., None] + own[..., None] * np.array([-0.5, 0.5]))
    ends = np.concatenate([np.zeros((2, 100, 1, 2)), or_better, np.ones((2, 100, 1, 2))], axis=-2)
    found = {
        "category_rate": np.diff(ends, axis=-2),
        "rate_or_better": or_better,
        "mean_category": logit,
        "cut_point": logit,
        "effect": effect,
        "log_odds_ratio": own,
        "departure": own - effect[..., None],
        "departure_sd": effect,
        "departure_unit": effect,
        "departure_offset": effect,
    }
    dims = {
        "category_rate": ("category", "arm"),
        "rate_or_better": ("cut", "arm"),
        "odds_ratio": ("cut",),
        "risk_difference": ("cut",),
        "common_odds_ratio": (),
        "mean_odds_ratio": (),
    }
    held = estimands(model, found)
    values = {name: (("chain", "draw", *dims[name]), held[name]) for name in dims if name in held}
    coords = {"category": list(of.categories), "cut": list(of.cuts), "arm": list(of.arms)}
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(values, coords=coords)})
    job = DepthJob(table=of, model=model, prior=prior_named(prior), sampling=SETTINGS)
    return DepthFit(job=job, tree=tree, diagnosis=FAILED if failed else PASSED)


def binary(endpoint: str = "orr", prior: str = "reference", **more: Any) -> Estimate:
    held: dict[str, Any] = {
        "endpoint": endpoint,
        "quantity": "odds_ratio",
        "arm": "",
        "numerator": "drug",
        "denominator": "placebo",
        "value": 4.0,
        "low": 2.0,
        "high": 8.0,
        "level": 0.95,
        "prior": prior,
        "model": "logit-normal",
    }
    return estimate(**(held | more))


@cache
def depth(arms: tuple[str, str] = SHORT, *, failed: bool = False) -> tuple[DepthFit, ...]:
    of = ordinal(arms)
    return tuple(
        depth_fit(of, free=free, prior=prior, failed=failed and free)
        for free in (False, True)
        for prior in ("reference", "sceptical")
    )


@pytest.mark.parametrize(("arms", "failed"), [(SHORT, False), (LONG, True)])
def test_nothing_overlaps_or_is_cut(arms: tuple[str, str], *, failed: bool) -> None:
    names = []
    for name, figure in draw_depth(depth(arms, failed=failed), [binary(), binary("dcr")]):
        names.append(name)
        assert_nothing_overlaps_or_is_cut(name, figure)
        words = said(figure)
        assert ("NOT CONVERGED" in words) == (failed and not name.endswith(".proportional-odds")), name
        assert "95% interval" in words
        assert arms[1] in " ".join(words.split())
    assert names == [
        "depth.stack.proportional-odds",
        "depth.stack.non-proportional-odds",
        "depth.cuts.reference",
        "depth.cuts.sceptical",
    ]


def test_binary_endpoints_are_not_needed() -> None:
    assert isinstance(next(draw_depth(depth()))[1], Figure)


def test_fits_that_do_not_belong_together_are_refused() -> None:
    for fits in ([], depth()[:2], depth()[2:3]):
        with pytest.raises(AnalysisError, match="expected"):
            draw_depth_cuts(fits)


def test_bars_hold_every_patient() -> None:
    figure = draw_depth_stack(depth()[0])
    axes = panel(figure, "counts")
    heights = [patch.get_height() for patch in axes.patches]
    of = ordinal()
    for arm, total in enumerate(of.totals):
        own = heights[4 * arm : 4 * arm + 4]
        assert own == pytest.approx([100 * row[arm] / total for row in of.counts])
    numbers = [text.get_text() for text in axes.texts]
    assert numbers == ["1", "1", "38", "60", "12", "9", "17", "22"]
    words = said(figure)
    for expected in ("better response \u2192", "A committee", "Reference prior", "12/60,", "n = 100", "minus dcr 40"):
        assert expected in words
    rates = panel(figure, "rates")
    assert len(marks(rates, "o")) == 8
    assert rates.get_xlabel() == "Rate of the category (%)"
    values = [100 * item.value for item in depth()[0].estimates if item.quantity == "category_rate"]
    assert [line.get_xdata()[0] for line in marks(rates, "o")] == pytest.approx(values)


def test_cuts_set_models_beside_binary_endpoints() -> None:
    fits = depth()[::2]
    turned = {"numerator": "placebo", "denominator": "drug", "value": 0.25, "low": 0.125, "high": 0.5}
    figure = draw_depth_cuts(fits, [binary(), binary("dcr", **turned), binary("dcr", prior="sceptical", value=9.0)])
    axes, words = panel(figure, "intervals"), said(figure)
    assert [line.get_xdata()[0] for line in marks(axes, "v")] == pytest.approx([4.0, 4.0])
    assert [len(marks(axes, shape)) for shape in "Do^"] == [3, 3, 3]
    assert len({line.get_xdata()[0] for line in marks(axes, "o")}) == 1
    free = [item.value for item in fits[1].estimates if item.quantity == "odds_ratio" and item.item]
    assert [line.get_xdata()[0] for line in marks(axes, "^")] == pytest.approx(free)
    for expected in (
        "Partial response that was seen twice or better",
        "2/100",
        "21/60",
        "no endpoint",
        "favours Drug",
        "logit-normal, reference prior",
    ):
        assert expected in words
    swapped = said(draw_depth_cuts([depth_fit(ordinal().swapped(), free=False)]))
    assert "favours Placebo \u2192" in swapped
    assert "Placebo over Drug" in swapped
    assert "Binary" not in swapped


def test_two_categories_and_empty_ones() -> None:
    of = ordinal()
    two = replace(
        of,
        categories=("cr", "pd"),
        category_labels=("Response", "None"),
        or_better=("orr", ""),
        counts=((0, 5), (40, 30)),
        origins=(),
        subtracted=(),
    )
    fit = depth_fit(two, free=False)
    figures = [draw_depth_stack(fit), draw_depth_cuts([fit], [binary()])]
    assert "raw odds ratio 0 or infinite" in said(figures[1])
    assert [text.get_text() for text in panel(figures[0], "counts").texts] == ["40", "5", "30"]
    for figure in figures:
        figure.draw_without_rendering()
