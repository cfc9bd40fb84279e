"""Figures of adverse events: what is drawn, which side is harm, and that nothing overlaps."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex
from scipy.special import expit

from reappraise.core.errors import AnalysisError
from reappraise.drawing.style import BLACK, BLUE, GREEN, GREY, VERMILION
from reappraise.fits.sampling import Sampling
from reappraise.safety.figures.catalogue import draw_safety
from reappraise.safety.figures.probability import draw_event_probability
from reappraise.safety.figures.shrinkage import draw_event_shrinkage
from reappraise.safety.figures.systems import draw_risk_differences
from reappraise.safety.fit import SafetyFit, SafetyJob
from reappraise.safety.model import EVENT_MODELS
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.safety.table import EventTable
from support.figures import LONG, SHORT, assert_nothing_overlaps_or_is_cut, marks, panel, said
from support.small_trial import FAILED, PASSED

PUBLISHED = AdverseEventsEndpoint(
    kind="adverse_events", key="teae", label="Adverse events", population="treated", table="teae", source="Table 2"
)
SETTINGS = Sampling(seed=1)
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
        "endpoint": "teae",
        "kind": kind,
        "grade": grade,
        "arms": ("placebo", "drug"),
        "arm_labels": arms,
        "terms": tuple(TERMS),
        "systems": tuple(system for system, _ in TERMS.values()) if kind == "terms" else ("all",) * len(TERMS),
        "events": tuple(events for _, events in TERMS.values()),
        "totals": ((100, 60),) * len(TERMS),
        "population": "treated",
        "reporting_threshold_percent": 5,
        "source": "Table 2",
    }
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
def safety(arms: tuple[str, str] = SHORT, *, failed: bool = False) -> tuple[SafetyFit, ...]:
    return tuple(
        event_fit(table(kind, grade, arms), point_mass=point_mass, failed=failed and point_mass)
        for kind in ("terms", "systems", "laboratory")
        for grade in ("any", "3+")
        for point_mass in (False, True)
    )


@pytest.mark.parametrize(("arms", "failed"), [(SHORT, False), (LONG, True)])
def test_nothing_overlaps_or_is_cut(arms: tuple[str, str], *, failed: bool) -> None:
    names = []
    for name, figure in draw_safety(safety(arms, failed=failed), endpoint=PUBLISHED):
        names.append(name)
        assert_nothing_overlaps_or_is_cut(name, figure)
        words = said(figure)
        assert ("NOT CONVERGED" in words) == (failed and not name.endswith(".three-level")), name
        assert "95% interval" in words or "probability" in name
        assert arms[1] in " ".join(words.split())
        assert "Reporting threshold" in words
        assert "Table 2" in words
        assert "Berry and Berry" in words
    assert names == [
        *(
            f"teae.{what}"
            for grade in ("any-grade", "grade-3")
            for what in (
                f"probability.{grade}.three-level",
                f"probability.{grade}.three-level-point-mass",
                f"shrinkage.{grade}",
            )
        ),
        "teae.systems",
        "teae.laboratory",
    ]


def test_figures_are_drawn_when_they_are_asked_for() -> None:
    drawn = draw_safety([*safety()[:1], None], endpoint=PUBLISHED)  # type: ignore[list-item]
    with pytest.raises(AttributeError):
        next(drawn)


def test_names_without_room_are_listed() -> None:
    many = tuple(f"A term that has a rather long name, number {place}" for place in range(60))
    of = table(terms=many, systems=("one",) * 60, events=((5, 20),) * 60, totals=((100, 60),) * 60)
    figure = draw_event_probability(event_fit(of, effects=(2.5,) * 60), endpoint="Adverse events")
    words = said(figure)
    assert "Without room for a name: A term that" in words
    assert all(term in words for term in many)


# Adverse events


def test_flagged_terms_are_named_and_coloured() -> None:
    fit = safety()[0]
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
    assert rims.count(BLACK) == len(
        {i.term for w in ("increase", "decrease") for i in fit.flagged(direction=w).flagged_by_fisher}
    )
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
    assert "A term may have no effect at all" in said(draw_event_probability(safety()[1], endpoint=""))
    assert "A term may have no effect at all" not in said(draw_event_probability(safety()[0], endpoint=""))


def test_nothing_flagged_still_names_the_clearest() -> None:
    of = table(events=((10, 6),) * len(TERMS))
    figure = draw_event_probability(event_fit(of, effects=(0.0,) * 7), endpoint="Adverse events")
    assert "None is flagged" in said(figure)
    assert len([text for text in panel(figure, "probability").texts if text.get_text() in TERMS]) == 3


def test_shrinkage_shows_raw_and_models() -> None:
    fits = safety()[:2]
    figure = draw_event_shrinkage(fits, endpoint="Adverse events")
    axes, words = panel(figure, "intervals"), said(figure)
    for expected in (
        "raw (conditional odds ratio, exact)",
        "no event in one arm",
        "40/60",
        "10/100",
        "Injuries",
        "terms that at least 5% of all patients had",
        "Placebo (k/n)",
    ):
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
    graded = said(draw_event_shrinkage(safety()[2:4], endpoint="Adverse events"))
    assert "terms of any grade that" in graded
    failed = draw_event_shrinkage(safety(failed=True)[:2], endpoint="Adverse events")
    assert "NOT CONVERGED: 1 of 2 fits" in said(failed)
    assert {to_hex(line.get_markeredgecolor()) for line in marks(panel(failed, "intervals"), "^")} == {GREY}


def test_body_systems_by_grade() -> None:
    fits = [fit for fit in safety() if fit.job.table.kind == "systems"]
    figure = draw_risk_differences(fits, endpoint="Adverse events")
    words = said(figure)
    for expected in ("Any grade", "Grade 3 or higher", "percentage points", "these are not terms", "Drug minus"):
        assert expected in words
    axes = panel(figure, "intervals")
    assert len(marks(axes, "o")) == 2 * len(TERMS)
    raw = marks(axes, "D")[0].get_xdata()[0]
    assert raw == pytest.approx(100 * (40 / 60 - 10 / 100))


def test_fits_that_do_not_belong_together_are_refused() -> None:
    fits = safety()
    for call in (
        lambda: draw_event_shrinkage([], endpoint=""),
        lambda: draw_event_shrinkage([fits[0], fits[2]], endpoint=""),
        lambda: draw_event_shrinkage([fits[0], fits[0]], endpoint=""),
        lambda: draw_risk_differences([fits[0], fits[4]], endpoint=""),
        lambda: draw_risk_differences([fits[4], fits[5], fits[6]], endpoint=""),
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
