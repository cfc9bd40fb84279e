"""Figures say what they show: words, marks, axes, directions; nothing overlaps, nothing leaks, nothing stays open."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import combinations
from math import inf, nan
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from reappraise.bayes import MODELS
from reappraise.compare import Comparison, order
from reappraise.diagnose import Check, Diagnosis
from reappraise.endpoints.classical import recompute
from reappraise.endpoints.partition import WHOLE
from reappraise.engine import Sampled
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.figures import (
    FIGURES,
    densities_plot,
    diagnostics_plot,
    draw_all,
    forest_plot,
    predictive_by_prior,
    predictive_plot,
    ranks_plot,
    shrinkage_plot,
    subgroup_forest,
)
from reappraise.figures.catalogue import Run
from reappraise.figures.density_panels import Curve, CurvePanel, _density, _grid, draw_densities
from reappraise.figures.diagnostics import Judged, at_most, draw_diagnostics
from reappraise.figures.layout import Mark, Panel, Row
from reappraise.figures.predictive import Cell, CellRow, draw_predictive
from reappraise.figures.ranks import _distinct
from reappraise.figures.scale import Scale, contrast_scale, in_words, rate_scale
from reappraise.figures.sheet import draw_sheet
from reappraise.figures.style import BLUE, GREY, KINDS, VERMILION, number, probability, text_width, wrap
from reappraise.figures.words import favours, percent_level
from reappraise.fitting import Fit, Job
from reappraise.printed import Printed
from reappraise.prior import prior_named
from reappraise.sampling import Sampling
from reappraise.tree import build_tree
from reappraise.trial import Trial, TrialEndpoint
from reappraise.trial.published import published_responses
from reappraise.trial.schema import TrialFile

LEVELS = {
    "north": ("The northern countries, including those enrolled late", (0, 12), (2, 11)),
    "south": ("South", (3, 10), (0, 9)),
    "east": ("East", (7, 9), (9, 9)),
    "west": ("West", (2, 20), (1, 22)),
    "far": ("Far away", (1, 1), None),
    "near": ("Near by", None, (1, 6)),
    "six": ("Site 6", (1, 5), (1, 6)),
    "seven": ("Site 7", (2, 9), (0, 8)),
    "eight": ("Site 8", (1, 7), (3, 9)),
    "nine": ("Site 9", (4, 15), (2, 14)),
}
CONTROL = sum(cell[1][0] for cell in LEVELS.values() if cell[1]), sum(cell[1][1] for cell in LEVELS.values() if cell[1])
TREATED = sum(cell[2][0] for cell in LEVELS.values() if cell[2]), sum(cell[2][1] for cell in LEVELS.values() if cell[2])


def counts(control: tuple[int, int] | None, treated: tuple[int, int] | None, **more: object) -> list[dict[str, object]]:
    cells = {"placebo": control, "drug": treated}
    return [
        {"arm": arm, "events": cell[0], "total": cell[1], "source": "Table 1", **more}
        for arm, cell in cells.items()
        if cell
    ]


def trial(*, better: str = "lower", swapped: bool = False, control: str = "Placebo", treated: str = "Drug") -> Trial:
    """A small trial with everything that is hard to draw."""
    roles = ("experimental", "control") if swapped else ("control", "experimental")
    odds_ratio = {
        "quantity": "odds_ratio",
        "numerator": "drug",
        "denominator": "placebo",
        "value": "0.80",
        "low": "0.40",
        "high": "1.60",
    }
    relapse = {
        "kind": "response",
        "key": "relapse",
        "label": "Relapse within 2 years ($ & all causes)",
        "population": "treated",
        "better": better,
        "primary": True,
        "source": "Results",
        "counts": counts(CONTROL, TREATED, low=Decimal("0.10"), high=Decimal("0.40"), level=Decimal("0.95")),
        "estimates": [
            {**odds_ratio, "source": "Abstract"},
            {**odds_ratio, "source": "Table 2"},
            {**odds_ratio, "value": "0.70", "source": "Table 3"},
        ],
        "factors": [
            {
                "key": "region",
                "label": "Region",
                "source": "Table 4",
                "levels": [
                    {"key": key, "label": label, "counts": counts(first, second)}
                    for key, (label, first, second) in LEVELS.items()
                ],
            },
            {
                "key": "dose",
                "label": "Dose received",
                "timing": "post_randomisation",
                "source": "Table 5",
                "levels": [{"key": "any", "label": "Any dose", "counts": counts(None, TREATED)}],
            },
        ],
    }
    nobody = {
        "kind": "response",
        "key": "cure",
        "label": "Cure",
        "population": "treated",
        "better": "higher",
        "source": "Results",
        "counts": counts((0, CONTROL[1]), (0, TREATED[1])),
    }
    survival = {
        "kind": "survival",
        "key": "survival",
        "label": "Survival",
        "population": "treated",
        "better": "higher",
        "unit": "months",
        "source": "Results",
    }
    arms = [
        {"key": key, "label": key, "short": short, "role": role, "source": "Methods"}
        for key, short, role in zip(("placebo", "drug"), (control, treated), roles, strict=True)
    ]
    sizes = {"placebo": CONTROL[1], "drug": TREATED[1]}
    content: dict[str, Any] = {
        "schema_version": 1,
        "key": "small",
        "title": "A small trial",
        "citation": "None",
        "arms": arms,
        "populations": [{"key": "treated", "label": "Treated", "sizes": sizes, "source": "Methods"}],
        "endpoints": [relapse, nobody, survival],
    }
    return Trial(file=TrialFile.model_validate(content), path=Path("small.toml"), digest="", counts={}, quantities={})


PASSED = Diagnosis(
    (
        Check("R-hat", 1.001, 1.01, "rate", passed=True),
        Check("bulk effective draws", 2500.0, 400.0, "rate", passed=True),
        Check("divergences", 0, 0, "sampler", passed=True),
    )
)
FAILED = Diagnosis((Check("R-hat", 1.3, 1.01, "rate", passed=False), *PASSED.checks[1:]))


def fit_of(endpoint: TrialEndpoint, model: str, prior: str, by: str = WHOLE, diagnosis: Diagnosis = PASSED) -> Fit:
    """A fit whose draws come straight from the prior: nothing is sampled, and everything is there."""
    partition = endpoint.partition(by)
    chosen = next(item for item in MODELS if item.name == model)
    settings = Sampling(seed=1, draws=100)
    job = Job(
        partition=partition, model=chosen, prior=prior_named(prior), sampling=settings, width=len(partition.levels)
    )
    rng = np.random.default_rng(7)
    data = chosen.data(partition, job.prior, job.width)
    draws = {name: value.reshape(4, 150, *value.shape[1:]) for name, value in chosen.draw_prior(data, 600, rng).items()}
    statistics = {"diverging": np.zeros((4, 150), dtype=bool), "energy": rng.normal(size=(4, 150))}
    tree = build_tree(chosen, partition, data, Sampled(draws=draws, statistics=statistics), rng)
    return Fit(job=job, tree=tree, diagnosis=diagnosis)


CASES: dict[str, dict[str, Any]] = {
    "short": {},
    "long and swapped": {
        "swapped": True,
        "control": "Standard of care with placebo",
        "treated": "Investigational product 12/3 mg b.i.d.",
    },
}


@cache
def run(case: str = "short") -> Run:
    of = trial(**CASES[case])
    fits = []
    for endpoint in of.responses:
        fits += [
            fit_of(endpoint, "independent", "uniform"),
            fit_of(endpoint, "independent", "jeffreys"),
            fit_of(endpoint, "logit-normal", "sceptical", diagnosis=FAILED),
        ]
    fits += [
        fit_of(of["relapse"], "beta-binomial", "uniform", "region"),
        fit_of(of["relapse"], "logit-normal", "reference", "region"),
        fit_of(of["relapse"], "beta-binomial", "uniform", "dose"),
    ]
    found = list(published_responses(of))
    for endpoint in of.responses:
        for partition in endpoint.partitions():
            found += recompute(partition)
    found += [estimate for fit in fits for estimate in fit.estimates]
    return Run(trial=of, comparison=Comparison(order(found)), fits=tuple(fits))


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text().strip()]


def said(figure: Figure) -> str:
    return " | ".join(" ".join(text.split()) for text in texts(figure))


def panel(figure: Figure, label: str) -> Axes:
    return next(axes for axes in figure.axes if str(axes.get_label()).startswith(label))


def marks(axes: Axes, marker: str) -> list[Line2D]:
    return [line for line in axes.lines if line.get_marker() == marker]


def estimate(**changes: Any) -> Estimate:
    basis: dict[str, Any] = {
        "endpoint": "relapse",
        "quantity": "rate",
        "arm": "drug",
        "kind": "posterior",
        "method": "",
    }
    return Estimate(**(basis | changes))


# Words, numbers, scales


def test_direction_of_benefit() -> None:
    assert favours("Drug", "Placebo", "higher") == ("\u2190 favours Placebo", "favours Drug \u2192")
    assert favours("Drug", "Placebo", "lower") == ("\u2190 favours Drug", "favours Placebo \u2192")
    assert favours("Placebo", "Drug", "lower") == ("\u2190 favours Placebo", "favours Drug \u2192")


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.4714, "2.47"), (5.0, "5.0"), (23.0, "23"), (inf, "∞"), (1e9, ">9999"), (1e-9, "<0.001"), (0.0, "0")],
)
def test_ratios_have_at_most_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_probabilities_do_not_reach_their_ends() -> None:
    assert [probability(p) for p in (1.0, 0.0, 0.996, 0.9)] == [">99.9%", "<0.1%", "99.6%", "90%"]


def test_numbers_keep_the_digits_they_have() -> None:
    posterior = estimate(value=0.242, low=0.16, high=0.3)
    assert in_words(posterior) == "24.2 (16 to 30)"
    assert in_words(replace(posterior, kind="recomputed")) == "24.2 (16.0 to 30.0)"
    printed = estimate(kind="published", value=Printed("0.239"), low=Printed("0.16"), high=Printed("0.330"), level=0.9)
    assert in_words(printed) == "23.9 (16 to 33.0)"
    assert in_words(printed, level=True) == "23.9 (16 to 33.0; 90%)"
    difference = estimate(quantity="risk_difference", arm="", numerator="drug", denominator="placebo", value=-0.055)
    assert in_words(difference) == "\u22125.5"
    ratio = replace(difference, quantity="odds_ratio", value=Printed("0.80"), kind="published")
    assert in_words(ratio) == "0.80"
    assert in_words(replace(ratio, value=None)) == ""


def test_interval_level_is_stated() -> None:
    assert percent_level([0.95, None, 0.95]) == "95% interval"
    assert percent_level([0.95, 0.9]) == "interval; level"
    assert percent_level([None]) == "interval"


def test_ratio_axis_holds_null_and_points_and_nothing_infinite() -> None:
    scale = contrast_scale("odds_ratio", [(2.0, 0.001, inf), (inf, 0.0, inf), (None, None, None)])
    assert scale.logarithmic
    assert scale.null == 1.0
    assert 0.1 < scale.low < 1
    assert 2 < scale.high < 20
    far = contrast_scale("odds_ratio", [(8.0, 4.0, 12.0)])
    assert far.low < 1
    assert far.high > 12


def test_difference_axis_stays_possible() -> None:
    scale = contrast_scale("risk_difference", [(90.0, 40.0, 100.0)])
    assert not scale.logarithmic
    assert scale.null == 0.0
    assert scale.low < 0
    assert 100 <= scale.high <= 102


@pytest.mark.parametrize(("top", "end"), [(7.0, 10.0), (43.0, 50.0), (79.0, 100.0), (100.0, 100.0), (0.0, 10.0)])
def test_rate_axis_starts_at_zero(top: float, end: float) -> None:
    scale = rate_scale([(0.0, None, top)])
    assert (scale.low, scale.high) == (0.0, end)


@pytest.mark.parametrize("low", [0.9, 0.3, 0.01, 1e-5])
@pytest.mark.parametrize("high", [1.1, 4.0, 120.0, 1e6])
def test_log_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = Scale(label="", low=low, high=high, logarithmic=True).ticks
    assert 1 <= len(ticks) <= 6
    assert all(low <= tick <= high for tick in ticks)


def test_text_is_wrapped_to_its_width() -> None:
    long = "A level with quite a long name and Donaudampfschifffahrtsgesellschaftskapitänswitwe in it"
    lines = wrap(long, 1.0).split("\n")
    assert all(text_width(line) <= 1.0 for line in lines)
    assert "".join(lines).replace(" ", "") == long.replace(" ", "")
    assert wrap("", 1.0) == ""


# Forest


def test_forest_tells_kinds_apart_by_colour_and_marker() -> None:
    assert len({look.colour for look in KINDS.values()}) == len({look.marker for look in KINDS.values()}) == 3
    figure = forest_plot(run().comparison, endpoint=run().trial["relapse"])
    rates, ratios = panel(figure, "Rate by arm"), panel(figure, "Odds ratio")
    for axes, expected in ((rates, {"s": 2, "D": 2, "o": 6}), (ratios, {"s": 2, "D": 1, "o": 3})):
        for marker, found in expected.items():
            drawn = marks(axes, marker)
            assert len(drawn) == found
        assert {to_hex(line.get_markeredgecolor()) for line in marks(axes, "D")} == {BLUE}
    failing = [line for line in marks(ratios, "o") if to_hex(line.get_markeredgecolor()) == GREY]
    assert len(failing) == 1
    open_markers = [line for line in marks(rates, "o") if line.get_markerfacecolor() == "white"]
    assert len(open_markers) == 3


def test_forest_says_what_it_shows() -> None:
    figure = forest_plot(run().comparison, endpoint=run().trial["relapse"])
    words = said(figure)
    for expected in (
        "Relapse within 2 years ($ & all causes): published, recomputed and posterior",
        f"Placebo (n = {CONTROL[1]})",
        f"Drug (n = {TREATED[1]})",
        "Odds ratio, Drug over Placebo",
        "(95% interval)",
        "\u2190 favours Drug",
        "favours Placebo \u2192",
        "Published",
        "Published, Table 3",
        "Posterior: independent",
        "Jeffreys",
        "Sceptical NOT CONVERGED",
        "0.80 (0.40 to 1.60)",
        "Clopper-Pearson",
    ):
        assert expected in words
    assert "Table 2" not in words  # the same odds ratio again
    rates, ratios = panel(figure, "Rate by arm"), panel(figure, "Odds ratio")
    assert (rates.get_xlabel(), ratios.get_xlabel()) == ("Rate (%)", "Odds ratio (log scale)")
    assert (rates.get_xscale(), ratios.get_xscale()) == ("linear", "log")
    null = [line for line in ratios.lines if list(line.get_xdata()) == [1.0, 1.0]]
    assert len(null) == 1


def test_forest_of_differences_is_linear() -> None:
    figure = forest_plot(run().comparison, endpoint=run().trial["relapse"], quantity="risk_difference")
    axes = panel(figure, "Risk difference")
    assert axes.get_xscale() == "linear"
    assert axes.get_xlabel() == "Risk difference (percentage points)"
    assert "Drug minus Placebo" in said(figure)


def test_swapping_the_arms_mirrors_the_forest() -> None:
    of = trial(swapped=True)
    words = said(forest_plot(Comparison(tuple(published_responses(of))), endpoint=of["relapse"]))
    assert "\u2190 favours Placebo" in words
    assert "favours Drug \u2192" in words
    assert "Odds ratio, Placebo over Drug" in words
    assert "1.25 (0.625 to 2.5)" in words
    assert "converted to this direction" in words


def test_better_decides_who_is_favoured() -> None:
    higher = trial(better="higher")
    words = said(forest_plot(Comparison(tuple(published_responses(higher))), endpoint=higher["relapse"]))
    assert "\u2190 favours Placebo" in words
    assert "favours Drug \u2192" in words


def test_levels_are_printed_where_they_differ() -> None:
    mine = [
        replace(item, level=0.9) if item.kind == "published" and item.level else item
        for item in run().comparison.select(endpoint="relapse", population="all").estimates
    ]
    words = said(forest_plot(Comparison(tuple(mine)), endpoint=run().trial["relapse"]))
    assert "0.80 (0.40 to 1.60; 90%)" in words
    assert "(interval; level)" in words


def test_rates_alone_are_a_forest_of_one_panel() -> None:
    rates = run().comparison.select(endpoint="relapse", quantity="rate")
    figure = forest_plot(rates, endpoint=run().trial["relapse"])
    assert len(figure.axes) == 2  # the ground with labels and numbers, and one panel
    assert "favours" not in said(figure)


def test_limits_beyond_the_axis_become_arrows() -> None:
    mark = Mark(kind="recomputed", value=inf, low=0.0, high=inf, text="∞ (0 to ∞)")
    scale = contrast_scale("odds_ratio", [(mark.value, mark.low, mark.high)])
    figure = draw_sheet(
        [Row(label="Level", cells=((mark,),))],
        [Panel(heading="Odds ratio", scale=scale, numbers="ratio")],
        title="Title",
    )
    axes = panel(figure, "Odds ratio")
    assert len(marks(axes, "<")) == len(marks(axes, ">")) == 1
    assert not marks(axes, "D")


# Subgroups


def test_subgroup_forest_draws_raw_and_shrunken() -> None:
    figure = subgroup_forest(run().comparison, endpoint=run().trial["relapse"], factor="region")
    words = said(figure)
    axes = panel(figure, "Odds ratio")
    assert axes.get_xscale() == "log"
    assert len(marks(axes, "o")) == 8  # ten levels, two of them in one arm only
    assert "Far away no patients in Drug" in words
    assert "Near by no patients in Placebo" in words
    assert "shrunken: Reference prior, logit-normal model" in words
    assert "\u2190 favours Drug" in words
    assert "All patients" in words


def test_no_effect_by_what_happened_after_randomisation() -> None:
    with pytest.raises(AnalysisError, match="determined after randomisation: no causal reading"):
        subgroup_forest(run().comparison, endpoint=run().trial["relapse"], factor="dose")


def test_shrinkage_goes_from_raw_to_shrunken() -> None:
    figure = shrinkage_plot(run().comparison, endpoint=run().trial["relapse"], factor="region")
    words = said(figure)
    assert "no causal reading" not in words
    for arm, others in (("Placebo", 9), ("Drug", 9)):
        axes = panel(figure, arm)
        assert axes.get_xlabel() == "Rate (%)"
        assert len(marks(axes, "D")) == len(marks(axes, "o")) == others
        assert len([text for text in axes.texts if isinstance(text, Annotation)]) == others
    assert "7/9, 77.8 (40.0 to 97.2)" in words
    assert "no patients" in words


def test_shrinkage_warns_in_words_and_draws_the_one_arm() -> None:
    figure = shrinkage_plot(run().comparison, endpoint=run().trial["relapse"], factor="dose")
    assert "determined after randomisation: no causal reading" in said(figure)
    assert [axes.get_label() for axes in figure.axes] == ["ground", "Drug"]


# Densities


def test_densities_show_posterior_prior_and_benefit() -> None:
    figure = densities_plot(run().fits, endpoint=run().trial["relapse"])
    assert [axes.get_label() for axes in figure.axes] == ["Independent rates", "Treatment effect (logit-normal)"]
    first, last = figure.axes
    dashed = [line for line in first.lines if line.get_linestyle() == "--" or line.is_dashed()]
    assert len(dashed) == 2
    assert first.get_ylabel() == "Density"
    assert last.get_xscale() == "log"
    assert last.get_xlabel() == "Odds ratio (log scale)"
    words = said(figure)
    assert "P(benefit)" in words
    assert "Drug over Placebo" in words
    assert "\u2190 favours Drug" in words
    assert "Sceptical NOT CONVERGED" in words


def test_density_has_area_one_and_counts_what_lies_outside() -> None:
    scale = Scale(label="", low=0.01, high=100.0, logarithmic=True, null=1.0)
    draws = np.exp(np.random.default_rng(1).normal(0, 0.7, size=(4, 2000)))
    grid = _grid(scale)
    assert np.trapezoid(_density(draws, scale), grid) == pytest.approx(1, abs=0.01)
    half = np.concatenate([draws.ravel(), np.full(draws.size, 1e30)])
    assert np.trapezoid(_density(half, scale), grid) == pytest.approx(0.5, abs=0.01)
    assert not _density(np.full(100, nan), scale).any()
    assert not _density(np.array([]), scale).any()


def test_densities_without_prior_or_interval_on_the_axis() -> None:
    scale = Scale(label="Ratio (log scale)", low=0.5, high=2.0, logarithmic=True, null=1.0)
    draws = np.exp(np.random.default_rng(1).normal(size=500))
    curve = Curve(
        label="Any", posterior=draws, prior=np.array([]), value=1.0, low=0.1, high=10.0, text="1", benefit="50%"
    )
    figure = draw_densities(
        [CurvePanel(heading="Model", curves=(curve,))],
        scale=scale,
        favours=("left", "right"),
        level="95% interval",
        title="Title",
    )
    (axes,) = figure.axes
    assert not [line for line in axes.lines if line.is_dashed()]
    assert len(marks(axes, "<")) == len(marks(axes, ">")) == 1


# Predictions


def test_predictions_stand_beside_what_was_observed() -> None:
    figure = predictive_plot(run().fits[-3], endpoint=run().trial["relapse"])
    assert len(figure.axes) == 20
    words = said(figure)
    assert "3 of 10" in words
    assert words.count("no patients") == 2
    assert "Patients with the event (%)" in words
    assert "prior predictive" in words
    axes = panel(figure, "South, Placebo")
    assert list(axes.lines[0].get_xdata()) == [30.0, 30.0]
    assert len(axes.patches) == 2


def test_predictions_by_prior_have_a_row_each() -> None:
    figure = predictive_by_prior(run().fits, endpoint=run().trial["relapse"])
    words = said(figure)
    assert len(figure.axes) == 6
    assert "Independent: Jeffreys" in words
    assert "Logit-normal: Sceptical NOT CONVERGED" in words


def test_predictions_of_one_arm_have_one_column_and_the_warning() -> None:
    figure = predictive_plot(run().fits[-1], endpoint=run().trial["relapse"])
    assert len(figure.axes) == 1
    assert "by subgroup, determined after randomisation: no causal reading" in said(figure)


def test_predictions_need_no_prior_draws() -> None:
    cell = Cell(prior=np.array([], dtype=int), posterior=np.array([0, 1, 1]), observed=1, total=1)
    figure = draw_predictive([CellRow(label="One", cells=(cell, None))], arms=("A", "B"), title="Title")
    assert len(figure.axes) == 1
    assert len(figure.axes[0].patches) == 1


# Diagnostics


def test_overview_has_a_dot_for_each_fit_and_names_those_that_fail() -> None:
    figure = diagnostics_plot(run().fits)
    words = said(figure)
    assert "Diagnostics of 9 fits: 2 NOT CONVERGED" in words
    assert "relapse, all, logit-normal, sceptical: R-hat 1.3 (rate)" in words
    assert [axes.get_xlabel() for axes in figure.axes] == ["at most 1.01", "at least 400", "at most 0"]
    axes = panel(figure, "R-hat")
    points = [line for line in axes.lines if line.get_marker() in {"o", "s", "^", "X"}]
    assert sum(len(line.get_xdata()) for line in points) == 9
    assert sum(len(line.get_xdata()) for line in points if line.get_marker() == "X") == 2
    assert [list(line.get_xdata()) for line in axes.lines if line.get_marker() == "None"] == [[1.01, 1.01]]


def test_overview_of_good_fits_says_so() -> None:
    figure = draw_diagnostics([Judged(name="a", lane="model", checks=PASSED.checks)])
    assert "Diagnostics of 1 fit: all converged" in said(figure)


def test_overview_of_many_failures_counts_the_rest_and_survives_nan() -> None:
    bad = replace(FAILED.checks[0], value=nan)
    figure = draw_diagnostics([Judged(name=f"fit {index}", lane="model", checks=(bad,)) for index in range(25)])
    words = said(figure)
    assert "fit 19" in words
    assert "fit 20" not in words
    assert "and 5 more." in words
    assert np.isfinite(figure.axes[0].lines[-1].get_xdata()).all()


def test_side_of_a_threshold_is_told_from_verdicts() -> None:
    assert at_most([Check("x", 0, 0, "", passed=True)])
    assert at_most([Check("x", 2, 1, "", passed=False)])
    assert not at_most([Check("x", 2, 1, "", passed=True)])


def test_ranks_are_drawn_for_the_worst_quantities() -> None:
    figure = ranks_plot(run().fits[2], endpoint=run().trial["relapse"])
    words = said(figure)
    assert "Relapse within 2 years ($ & all causes): draws by chain, NOT CONVERGED" in words
    assert "Log of odds ratio" in words
    assert "Response rate (%): Drug" in words
    assert len(figure.axes) % 2 == 0
    assert figure.axes[-1].get_xlabel() == "Rank, as a fraction"
    many = ranks_plot(run().fits[-3], endpoint=run().trial["relapse"])
    assert len(many.axes) == 12
    assert "those with the largest R-hat" in said(many)


def test_a_quantity_under_two_names_is_drawn_once() -> None:
    draws = np.random.default_rng(1).normal(size=(4, 50))
    assert list(_distinct([("effect", draws), ("log odds ratio", draws + 1e-6), ("other", -draws)])) == [
        "effect",
        "other",
    ]


# The whole run

NAMES = [
    "relapse.forest",
    "cure.forest",
    "relapse.densities",
    "cure.densities",
    "relapse.region.subgroups",
    "relapse.region.shrinkage",
    "relapse.dose.shrinkage",
    "relapse.predictive",
    "relapse.region.predictive",
    "relapse.dose.predictive",
    "cure.predictive",
    "diagnostics",
    "relapse.ranks.independent",
    "relapse.ranks.logit-normal",
]


def test_every_family_is_listed_once() -> None:
    assert len(FIGURES) == len({family.__name__ for family in FIGURES}) == 7


def test_a_run_without_fits_has_forests_alone() -> None:
    published = Comparison(tuple(published_responses(run().trial)))
    assert [name for name, _ in draw_all(run().trial, published, ())] == ["relapse.forest", "cure.forest"]


def test_figures_are_drawn_one_at_a_time() -> None:
    drawn = draw_all(run().trial, run().comparison, run().fits)
    assert next(drawn)[0] == "relapse.forest"
    drawn.close()  # type: ignore[attr-defined]


def outside(axes: Axes, place: float) -> bool:
    low, high = axes.get_xlim()
    return not low <= place <= high


def visible(figure: Figure) -> list[tuple[str, Bbox]]:
    """Text as drawn, with its box cut by a pixel on every side."""
    figure.draw_without_rendering()
    beyond = {
        tick.label1 for axes in figure.axes for tick in axes.xaxis.get_major_ticks() if outside(axes, tick.get_loc())
    }
    found = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if (
            text in beyond
            or not text.get_visible()
            or not text.get_text().strip()
            or (text.axes and not text.axes.get_visible())
        ):
            continue
        box = text.get_window_extent()
        if box.width > 2 and box.height > 2:
            found.append((text.get_text(), Bbox([[box.x0 + 1, box.y0 + 1], [box.x1 - 1, box.y1 - 1]])))
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_run_has_every_figure_and_nothing_overlaps_or_is_cut(case: str) -> None:
    held = run(case)
    names = []
    for name, figure in draw_all(held.trial, held.comparison, held.fits):
        names.append(name)
        found = visible(figure)
        width, height = figure.bbox.size
        for text, box in found:
            assert box.x0 >= -1, f"{name}: {text!r} is cut at the left"
            assert box.y0 >= -1, f"{name}: {text!r} is cut at the foot"
            assert box.x1 <= width + 1, f"{name}: {text!r} is cut at the right"
            assert box.y1 <= height + 1, f"{name}: {text!r} is cut at the top"
        for (first, one), (second, other) in combinations(found, 2):
            assert not one.overlaps(other), f"{name}: {first!r} and {second!r} overlap"
        for axes in figure.axes:
            assert axes.get_label() == "ground" or axes.xaxis.get_ticklocs().size
    assert names == NAMES


def test_nothing_stays_open() -> None:
    before = dict(mpl.rcParams)
    figure = ranks_plot(run().fits[0], endpoint=run().trial["relapse"])
    from matplotlib import pyplot as plt

    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
    assert not hasattr(figure, "number")


def test_the_style_outlives_its_context() -> None:
    figure = forest_plot(run().comparison, endpoint=run().trial["relapse"])
    with mpl.rc_context({"xtick.labelsize": 30, "font.size": 30}):
        figure.draw_without_rendering()
    labels = panel(figure, "Rate by arm").get_xticklabels()
    assert {label.get_fontsize() for label in labels} == {7.0}


def test_a_notebook_displays_a_figure() -> None:
    figure = diagnostics_plot(run().fits)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


@pytest.mark.parametrize("draw", [forest_plot, subgroup_forest, shrinkage_plot])
def test_other_endpoints_are_refused(draw: Any) -> None:
    more = {} if draw is forest_plot else {"factor": "region"}
    with pytest.raises(AnalysisError, match="expected a response endpoint to draw, got survival"):
        draw(run().comparison, endpoint=run().trial["survival"], **more)


def test_missing_numbers_are_named() -> None:
    relapse = run().trial["relapse"]
    nothing = Comparison(())
    for call in (
        lambda: forest_plot(nothing, endpoint=relapse),
        lambda: subgroup_forest(nothing, endpoint=relapse, factor="region"),
        lambda: shrinkage_plot(nothing, endpoint=relapse, factor="region"),
        lambda: densities_plot((), endpoint=relapse),
        lambda: predictive_by_prior((), endpoint=relapse),
        lambda: diagnostics_plot(()),
    ):
        with pytest.raises(AnalysisError, match="expected"):
            call()


def test_colours_are_those_of_the_palette() -> None:
    assert {KINDS["recomputed"].colour, KINDS["posterior"].colour} == {BLUE, VERMILION}
