"""The picture of prior, likelihood and posterior: what it says, and that no word covers another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior, hazard_ratio_priors
from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.nuts import Sampled
from reappraise.fits.sampling import Sampling
from reappraise.survival.effect.exact import exact_effect
from reappraise.survival.effect.figures import draw_effect
from reappraise.survival.effect.fit import EffectFit, EffectJob
from reappraise.survival.effect.published import PrintedEffect
from support.figures import LONG, assert_nothing_overlaps_or_is_cut, panel, said

PRIORS = hazard_ratio_priors()
PASSED = Diagnosis(())
FAILED = Diagnosis((Check("R-hat", 1.2, 1.01, "effect", False),))


def made(effect: PrintedEffect, prior: LogRatioPrior = PRIORS[0], diagnosis: Diagnosis = PASSED) -> EffectFit:
    """A fit whose draws are normal ones with the exact moments: nothing is compiled."""
    job = EffectJob(effect=effect, prior=prior, sampling=Sampling(seed=1))
    rng = np.random.default_rng(2)
    drawn = {"effect": rng.normal(*exact_effect(effect, job.entered).moments, size=(4, 500))}
    statistics = {"diverging": np.zeros((4, 500), dtype=bool), "energy": rng.normal(size=(4, 500))}
    return EffectFit(job, job.assemble(job.data(), Sampled(drawn, statistics), rng), diagnosis)


def drawn(effect: PrintedEffect) -> Figure:
    return draw_effect([made(effect, prior) for prior in PRIORS])


def test_it_names_print_direction_and_what_is_not_known(effect: PrintedEffect) -> None:
    words = said(drawn(effect))
    for part in (
        "Death: log hazard ratio before and after the print",
        "Printed: hazard ratio perfusion / lactate 0.75 (95% interval 0.55 to 1.02), p = 0.06",
        "Hazard ratio, Perfusion over Lactate (log scale)",
        "\u2190 favours Perfusion",
        "favours Lactate \u2192",
        "likelihood of the print",
        "nothing is known of survival itself",
        "as sure as its events make it",
        "Sceptical: log HR ~ Normal(0, 0.355)",
    ):
        assert part in words, part


def test_lines_are_the_densities_that_they_are_called(effect: PrintedEffect) -> None:
    """Of 2,000 draws a smoothed density is within 8% of its height of the exact one; the others are formulas."""
    figure = drawn(effect)
    for prior in PRIORS:
        axes = panel(figure, prior.label)
        lines = {line.get_color(): line for line in axes.lines if len(line.get_xdata()) > 100}
        grid = np.log(np.asarray(next(iter(lines.values())).get_xdata()))
        exact = exact_effect(effect, prior).density(grid)
        curves = {colour: np.asarray(line.get_ydata()) for colour, line in lines.items()}
        assert np.abs(curves["#d55e00"] - exact).max() < 0.08 * exact.max()
        density = np.exp(-((grid - prior.mean) ** 2) / 2 / prior.sd**2) / prior.sd / np.sqrt(2 * np.pi)
        assert curves["#0072b2"] == pytest.approx(density)
        print_alone = exact_effect(effect, replace(prior, mean=0.0, sd=100.0)).density(grid)
        assert curves["#1a1a1a"] == pytest.approx(print_alone, rel=0.01, abs=1e-3)
        assert axes.get_xscale() == "log"


@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize("labels", [("Lactate", "Perfusion"), LONG], ids=["short", "long"])
@pytest.mark.parametrize("wide", [1.0, 5.0])
def test_nothing_overlaps_or_is_cut(effect: PrintedEffect, better: str, labels: tuple[str, str], wide: float) -> None:
    low, high = effect.standard_error
    notes = ("neither limits nor a p value that say it are printed: the standard error is the least that is possible",)
    held = replace(effect, arm_labels=labels, better=better, standard_error=(low * wide, high * wide), notes=notes)  # type: ignore[arg-type]
    figure = drawn(held)
    assert_nothing_overlaps_or_is_cut("effect", figure)
    left = labels[1] if better == "higher" else labels[0]
    assert f"\u2190 favours {left}" in said(figure)
    assert "Neither limits nor a p value" in said(figure)


def test_a_fit_that_failed_is_marked(effect: PrintedEffect) -> None:
    assert "NOT CONVERGED" in said(draw_effect([made(effect, diagnosis=FAILED)]))
    assert "NOT CONVERGED" not in said(draw_effect([made(effect)]))


def test_a_ratio_far_from_1_has_room_for_both_sides(effect: PrintedEffect) -> None:
    for shift in (-1.5, 1.5):
        low, high = effect.log_ratio
        figure = draw_effect([made(replace(effect, log_ratio=(low + shift, high + shift)))])
        limits = figure.axes[0].get_xlim()
        assert limits[0] < 0.8
        assert limits[1] > 1.25
        assert_nothing_overlaps_or_is_cut("far", figure)


def test_fits_of_different_prints_are_not_drawn_together(effect: PrintedEffect) -> None:
    with pytest.raises(AnalysisError, match="expected fits of one printed hazard ratio"):
        draw_effect([made(effect), made(effect.swapped())])
    with pytest.raises(AnalysisError, match="expected fits of one printed hazard ratio"):
        draw_effect([])
