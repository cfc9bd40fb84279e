"""Figures of adverse events and of depth of response: what is drawn, which side is harm, and that nothing overlaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from reappraise.figures import draw_depth, draw_safety
from scipy.special import expit

from figure_run import FAILED, PASSED, estimate, marks, panel, said
from reappraise.core.errors import AnalysisError
from reappraise.core.prior import prior_named
from reappraise.depth.estimands import estimands
from reappraise.depth.figures.cuts import draw_depth_cuts
from reappraise.depth.figures.stack import draw_depth_stack
from reappraise.depth.fit import MODELS, DepthFit, DepthJob
from reappraise.depth.table import OrdinalTable
from reappraise.drawing.label_places import Box, Disc, place_labels
from reappraise.drawing.style import BLACK, BLUE, GREEN, GREY, VERMILION
from reappraise.fits.sampling import Sampling
from reappraise.safety.figures.probability import draw_event_probability
from reappraise.safety.figures.shrinkage import draw_event_shrinkage
from reappraise.safety.figures.systems import draw_risk_differences
from reappraise.safety.fit import SafetyFit, SafetyJob
from reappraise.safety.model import EVENT_MODELS
from reappraise.safety.table import EventTable
from test_figures_run import visible

SETTINGS = Sampling(seed=1)
SHORT = ("Placebo", "Drug")
LONG = ("Standard of care with placebo", "Investigational product 12/3 mg b.i.d.")
TERMS = {
    "Nausea": ("Gut", (10, 40)),
    "Dry mouth": ("Gut", (12, 30)),
    "Constipation that needs two words too many": ("Gut", (30, 9)),
    "Vomiting": ("Gut", (0, 3)),
    "Headache": ("Nervous system disorders and all that belongs to them", (5, 0)),
    "Dizziness": ("Nervous system disorders and all that belongs to them", (0, 0)),
    "Fall": ("Injuries", (8, 4)),
}
EFFECTS = (1.9, 1.1, -1.5, 0.4, -0.3, 0.0, -0.1)


def table(kind: str = "terms", grade: str = "any", arms: tuple[str, str] = SHORT, **more: Any) -> EventTable:
    content: dict[str, Any] = {
        "endpoint": "teae", "kind": kind, "grade": grade, "arms": ("placebo", "drug"), "arm_labels": arms,
        "terms": tuple(TERMS), "systems": tuple(system for system, _ in TERMS.values()) if kind == "terms" else
        ("all",) * len(TERMS), "events": tuple(events for _, events in TERMS.values()), "totals": ((100, 60),) *
        len(TERMS), "population": "treated", "reporting_threshold_percent": 5, "source": "Table 2",
    }  # fmt: skip
    return EventTable(**(content | more))


def event_fit(
    of: EventTable, *, point_mass: bool = False, failed: bool = False, effects: tuple[float, ...] = EFFECTS
) -> SafetyFit:
    """A fit with draws made by hand: normal effects, and under a point mass half of the weak ones at none."""
    rng = np.random.default_rng(3)
    effect = np.array(effects) + rng.normal(0, 0.4, (2, 100, len(effects)))
    if point_mass:
        effect = np.where((np.abs(effects) < 1) & (rng.random(effect.shape) < 0.6), 0.0, effect)
    rate = expit(-2 + effect[..., None] * np.array([-0.5, 0.5]))
    lead = ("chain", "draw", "term")
    values = {
        "rate": ((*lead, "arm"), rate),
        "odds_ratio": (lead, np.exp(effect)),
        "risk_difference": (lead, rate[..., 1] - rate[..., 0]),
    }
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(values, coords={"term": list(of.terms)})})
    job = SafetyJob(table=of, model=EVENT_MODELS[point_mass], sampling=SETTINGS)
    return SafetyFit(job=job, tree=tree, diagnosis=FAILED if failed else PASSED)


@cache
def safety(arms: tuple[str, str] = SHORT, *, failed: bool = False) -> Any:
    fits = [
        event_fit(table(kind, grade, arms), point_mass=point_mass, failed=failed and point_mass)
        for kind in ("terms", "systems", "laboratory")
        for grade in ("any", "3+")
        for point_mass in (False, True)
    ]
    published = SimpleNamespace(key="teae", label="Adverse events")
    return SimpleNamespace(endpoint=SimpleNamespace(published=published), fits=fits)


def ordinal(arms: tuple[str, str] = SHORT, **more: Any) -> OrdinalTable:
    content: dict[str, Any] = {
        "endpoint": "depth", "label": "Best response", "assessor": "A committee", "population": "treated",
        "arms": ("placebo", "drug"), "arm_labels": arms, "categories": ("cr", "pr", "sd", "pd"),
        "category_labels": ("Complete response", "Partial response that was seen twice", "Stable", "Progression"),
        "or_better": ("", "orr", "dcr", ""), "counts": ((1, 12), (1, 9), (38, 17), (60, 22)), "source": "Figure 2",
        "origins": (("printed", "printed"),) * 3 + (("100 patients minus dcr 40 of 100", "printed"),),
        "subtracted": ((False, False),) * 3 + ((True, False),),
    }  # fmt: skip
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
        "category_rate": np.diff(ends, axis=-2), "rate_or_better": or_better, "mean_category": logit,
        "cut_point": logit, "effect": effect, "log_odds_ratio": own, "departure": own - effect[..., None],
        "departure_sd": effect, "departure_unit": effect, "departure_offset": effect,
    }  # fmt: skip
    dims = {"category_rate": ("category", "arm"), "rate_or_better": ("cut", "arm"), "odds_ratio": ("cut",),
            "risk_difference": ("cut",), "common_odds_ratio": (), "mean_odds_ratio": ()}  # fmt: skip
    held = estimands(model, found)
    values = {name: (("chain", "draw", *dims[name]), held[name]) for name in dims if name in held}
    coords = {"category": list(of.categories), "cut": list(of.cuts), "arm": list(of.arms)}
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(values, coords=coords)})
    job = DepthJob(table=of, model=model, prior=prior_named(prior), sampling=SETTINGS)
    return DepthFit(job=job, tree=tree, diagnosis=FAILED if failed else PASSED)


def binary(endpoint: str = "orr", prior: str = "reference", **more: Any) -> Any:
    held: dict[str, Any] = {
        "endpoint": endpoint, "quantity": "odds_ratio", "arm": "", "numerator": "drug", "denominator": "placebo",
        "value": 4.0, "low": 2.0, "high": 8.0, "level": 0.95, "prior": prior, "model": "logit-normal",
    }  # fmt: skip
    return SimpleNamespace(estimates=(estimate(**(held | more)),))


@cache
def depth(arms: tuple[str, str] = SHORT, *, failed: bool = False) -> Any:
    of = ordinal(arms)
    fits = [
        depth_fit(of, free=free, prior=prior, failed=failed and free)
        for free in (False, True)
        for prior in ("reference", "sceptical")
    ]
    return SimpleNamespace(table=of, fits=fits)


def every(arms: tuple[str, str], *, failed: bool) -> Iterator[tuple[str, Figure]]:
    yield from draw_safety(safety(arms, failed=failed))
    yield from draw_depth(depth(arms, failed=failed), [binary(), binary("dcr")])


@pytest.mark.parametrize(("arms", "failed"), [(SHORT, False), (LONG, True)])
def test_nothing_overlaps_or_is_cut(arms: tuple[str, str], *, failed: bool) -> None:
    names = []
    for name, figure in every(arms, failed=failed):
        names.append(name)
        found = visible(figure)
        width, height = figure.bbox.size
        for text, box in found:
            inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
            assert inside, f"{name}: {text!r} is cut"
        for (first, one), (second, other) in combinations(found, 2):
            assert not one.overlaps(other), f"{name}: {first!r} and {second!r} overlap"
        words = said(figure)
        of_failed = failed and not name.endswith((".three-level", ".proportional-odds"))
        assert ("NOT CONVERGED" in words) == (of_failed or (failed and name.endswith("non-proportional-odds"))), name
        assert "95% interval" in words or "probability" in name
        assert arms[1] in " ".join(words.split())
        if name.startswith("teae"):
            assert "Reporting threshold" in words
            assert "Table 2" in words
            assert "Berry and Berry" in words
    assert names == [
        *(f"teae.{what}" for grade in ("any-grade", "grade-3") for what in (
            f"probability.{grade}.three-level", f"probability.{grade}.three-level-point-mass", f"shrinkage.{grade}")),
        "teae.systems", "teae.laboratory", "depth.stack.proportional-odds", "depth.stack.non-proportional-odds",
        "depth.cuts.reference", "depth.cuts.sceptical",
    ]  # fmt: skip


def test_figures_are_drawn_when_they_are_asked_for() -> None:
    broken = SimpleNamespace(endpoint=safety().endpoint, fits=[*safety().fits[:1], None])
    drawn = draw_safety(broken)
    with pytest.raises(AttributeError):
        next(drawn)
    assert isinstance(next(draw_depth(SimpleNamespace(table=ordinal(), fits=depth().fits)))[1], Figure)


# Labels


def test_labels_cover_nothing() -> None:
    rng = np.random.default_rng(8)
    centres, radii = rng.uniform(0.3, 3.7, (40, 2)), rng.uniform(0.02, 0.1, 40)
    discs = [Disc(*place, radius) for place, radius in zip(centres, radii, strict=True)]
    bounds = Box(0, 0, 5, 4)
    places = place_labels(discs[:12], [(0.6, 0.1)] * 12, clear_of=discs, bounds=bounds)
    held = [place for place in places if place is not None]
    assert len(held) == 12
    assert not any(one.meets(other) for one, other in combinations(held, 2))
    assert not any(place.covers(disc) for place in held for disc in discs)
    assert all(place.within(bounds) for place in held)
    assert place_labels(discs[:1], [(6.0, 0.1)], clear_of=discs, bounds=bounds) == (None,)


def test_names_without_room_are_listed() -> None:
    many = tuple(f"A term that has a rather long name, number {place}" for place in range(60))
    of = table(terms=many, systems=("one",) * 60, events=((5, 20),) * 60, totals=((100, 60),) * 60)
    figure = draw_event_probability(event_fit(of, effects=(2.5,) * 60), endpoint="Adverse events")
    words = said(figure)
    assert "Without room for a name: A term that" in words
    assert all(term in words for term in many)


# Adverse events


def test_flagged_terms_are_named_and_coloured() -> None:
    fit = safety().fits[0]
    figure = draw_event_probability(fit, endpoint="Adverse events")
    axes = panel(figure, "probability")
    points = marks(axes, "o")
    assert len(points) == len(TERMS)
    flagged = {item.term for way in ("increase", "decrease") for item in fit.flagged(direction=way).flagged}
    shown = {text.get_text() for text in axes.texts}
    assert flagged == {"Nausea", "Dry mouth", "Constipation that needs two words too many"} | (flagged & {"Vomiting"})
    assert flagged <= shown
    assert "Dizziness" not in shown
    colours = [to_hex(point.get_markerfacecolor()) for point in points]
    assert colours.count(BLUE) == 1
    assert colours.count(VERMILION) == len(flagged) - 1
    assert colours.count(GREY) == len(TERMS) - len(flagged)
    rims = [to_hex(point.get_markeredgecolor()) for point in points]
    assert rims.count(BLACK) == len({i.term for w in ("increase", "decrease") for i in fit.flagged(
        direction=w).flagged_by_fisher})  # fmt: skip
    # areas are as patients: 50 with nausea, 42 with dry mouth
    large = sorted((point.get_markersize() ** 2 for point in points), reverse=True)
    assert large[1] / large[0] == pytest.approx(42 / 50)
    # higher up is more probable, further right is more frequent
    top = max(points, key=lambda point: point.get_ydata()[0])
    assert top.get_xdata()[0] == max(point.get_xdata()[0] for point in points)


def test_harm_is_named_for_the_experimental_arm() -> None:
    for arms in (SHORT, SHORT[::-1]):
        fit = event_fit(table(arms=arms))
        for figure in (
            draw_event_probability(fit, endpoint=""),
            draw_event_shrinkage([fit], endpoint=""),
            draw_risk_differences([fit], endpoint=""),
        ):
            words = said(figure)
            assert f"\u2190 less frequent with {arms[1]}" in words
            assert f"more frequent with {arms[1]} \u2192" in words
    assert "A term may have no effect at all" in said(draw_event_probability(safety().fits[1], endpoint=""))
    assert "A term may have no effect at all" not in said(draw_event_probability(safety().fits[0], endpoint=""))


def test_nothing_flagged_still_names_the_clearest() -> None:
    of = table(events=((10, 6),) * len(TERMS))
    figure = draw_event_probability(event_fit(of, effects=(0.0,) * 7), endpoint="Adverse events")
    assert "None is flagged" in said(figure)
    assert len([text for text in panel(figure, "probability").texts if text.get_text() in TERMS]) == 3


def test_shrinkage_shows_raw_and_models() -> None:
    fits = safety().fits[:2]
    figure = draw_event_shrinkage(fits, endpoint="Adverse events")
    axes, words = panel(figure, "intervals"), said(figure)
    for expected in ("raw (conditional odds ratio, exact)", "no event in one arm", "40/60", "10/100", "Injuries",
                     "terms that at least 5% of all patients had", "Placebo (k/n)"):  # fmt: skip
        assert expected in words
    # vomiting has none in control, headache none in the experimental arm; dizziness has no raw ratio at all
    assert [len([m for m in marks(axes, shape) if m.get_markersize() == 6.5]) for shape in "<>"] == [1, 1]
    assert len(marks(axes, "D")) == len(TERMS) - 3
    for shape, colour, fit in (("o", VERMILION, fits[0]), ("^", GREEN, fits[1])):
        found = marks(axes, shape)
        assert [line.get_xdata()[0] for line in found] == pytest.approx(
            [item.value for item in fit.estimates if item.quantity == "odds_ratio"]
        )
        assert {to_hex(line.get_markeredgecolor()) for line in found} == {colour}
    graded = said(draw_event_shrinkage(safety().fits[2:4], endpoint="Adverse events"))
    assert "terms of any grade that" in graded
    failed = draw_event_shrinkage(safety(failed=True).fits[:2], endpoint="Adverse events")
    assert "NOT CONVERGED: 1 of 2 fits" in said(failed)
    assert {to_hex(line.get_markeredgecolor()) for line in marks(panel(failed, "intervals"), "^")} == {GREY}


def test_body_systems_by_grade() -> None:
    fits = [fit for fit in safety().fits if fit.job.table.kind == "systems"]
    figure = draw_risk_differences(fits, endpoint="Adverse events")
    words = said(figure)
    for expected in ("Any grade", "Grade 3 or higher", "percentage points", "these are not terms", "Drug minus"):
        assert expected in words
    axes = panel(figure, "intervals")
    assert len(marks(axes, "o")) == 2 * len(TERMS)
    raw = marks(axes, "D")[0].get_xdata()[0]
    assert raw == pytest.approx(100 * (40 / 60 - 10 / 100))


def test_fits_that_do_not_belong_together_are_refused() -> None:
    fits = safety().fits
    for call in (
        lambda: draw_event_shrinkage([], endpoint=""),
        lambda: draw_event_shrinkage([fits[0], fits[2]], endpoint=""),
        lambda: draw_event_shrinkage([fits[0], fits[0]], endpoint=""),
        lambda: draw_risk_differences([fits[0], fits[4]], endpoint=""),
        lambda: draw_risk_differences([fits[4], fits[5], fits[6]], endpoint=""),
        lambda: draw_depth_cuts([]),
        lambda: draw_depth_cuts(depth().fits[:2]),
        lambda: draw_depth_cuts(depth().fits[2:3]),
    ):
        with pytest.raises(AnalysisError, match="expected"):
            call()


def test_no_event_anywhere() -> None:
    of = table(events=((0, 0),) * len(TERMS), reporting_threshold_percent=None)
    figure = draw_event_probability(event_fit(of), endpoint="Adverse events")
    assert "0 patients" in said(figure)
    assert "1 patient" not in said(figure)
    shrunken = draw_event_shrinkage([event_fit(of)], endpoint="Adverse events")
    assert not marks(panel(shrunken, "intervals"), "D")
    assert "No reporting threshold is stated" in said(shrunken)
    for drawn in (figure, shrunken):
        drawn.draw_without_rendering()


# Depth of response


def test_bars_hold_every_patient() -> None:
    figure = draw_depth_stack(depth().fits[0])
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
    values = [100 * item.value for item in depth().fits[0].estimates if item.quantity == "category_rate"]
    assert [line.get_xdata()[0] for line in marks(rates, "o")] == pytest.approx(values)


def test_cuts_set_models_beside_binary_endpoints() -> None:
    fits = depth().fits[::2]
    turned = {"numerator": "placebo", "denominator": "drug", "value": 0.25, "low": 0.125, "high": 0.5}
    figure = draw_depth_cuts(fits, [binary(), binary("dcr", **turned), binary("dcr", prior="sceptical", value=9.0)])
    axes, words = panel(figure, "intervals"), said(figure)
    assert [line.get_xdata()[0] for line in marks(axes, "v")] == pytest.approx([4.0, 4.0])
    assert [len(marks(axes, shape)) for shape in "Do^"] == [3, 3, 3]
    assert len({line.get_xdata()[0] for line in marks(axes, "o")}) == 1
    free = [item.value for item in fits[1].estimates if item.quantity == "odds_ratio" and item.item]
    assert [line.get_xdata()[0] for line in marks(axes, "^")] == pytest.approx(free)
    for expected in ("Partial response that was seen twice or better", "2/100", "21/60", "no endpoint", "favours Drug",
                     "logit-normal, reference prior"):  # fmt: skip
        assert expected in words
    swapped = said(draw_depth_cuts([depth_fit(ordinal().swapped(), free=False)]))
    assert "favours Placebo \u2192" in swapped
    assert "Placebo over Drug" in swapped
    assert "Binary" not in swapped


def test_two_categories_and_empty_ones() -> None:
    of = ordinal()
    two = replace(
        of, categories=("cr", "pd"), category_labels=("Response", "None"), or_better=("orr", ""),
        counts=((0, 5), (40, 30)), origins=(), subtracted=(),
    )  # fmt: skip
    fit = depth_fit(two, free=False)
    figures = [draw_depth_stack(fit), draw_depth_cuts([fit], [binary()])]
    assert "raw odds ratio 0 or infinite" in said(figures[1])
    assert [text.get_text() for text in panel(figures[0], "counts").texts] == ["40", "5", "30"]
    for figure in figures:
        figure.draw_without_rendering()
