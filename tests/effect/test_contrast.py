"""Effects of which only estimates are printed: read, exact posteriors against closed forms, mirrored, calibrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from reappraise.analysis import analyse
from reappraise.core.errors import TrialFileError, UndeterminedError
from reappraise.core.prior import LogRatioPrior
from reappraise.effect.contrast import PrintedContrast, printed_contrasts
from reappraise.effect.exact import exact_contrast, exact_contrasts, from_print, posterior
from reappraise.effect.figures import draw_contrast
from reappraise.effect.prior import EffectPrior, contrast_priors
from reappraise.effect.published import EffectEndpoint
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.exact import exact_effect
from reappraise.survival.effect.published import printed_effect
from reappraise.trial import load_trial
from support.audit_trials import estimate, write

EFFECT = """
[[endpoints]]
kind = "effect"
key = "death"
label = "Death"
population = "treated"
better = "lower"
source = "Table 2"
"""
RATIO = ("0.76", "0.55", "1.04", "0.09")
FLAT = EffectPrior("flat", "Flat", 0.0, 1e3, "")

type Read = Callable[..., tuple[PrintedContrast, ...]]


@pytest.fixture
def endpoint(tmp_path: Path) -> Callable[..., TrialEndpoint[EffectEndpoint]]:
    return lambda *parts: write(tmp_path, EFFECT + "".join(parts)).of(EffectEndpoint)[0]


@pytest.fixture
def read(endpoint: Callable[..., TrialEndpoint[EffectEndpoint]]) -> Read:
    return lambda *parts: printed_contrasts(endpoint(*parts))


def test_a_ratio_is_read_on_the_log_scale(read: Read) -> None:
    (found,) = read(estimate("risk_ratio", RATIO, more='how = ["adjusted"]'))
    assert (found.ratio, found.basis, found.benefit, found.came_about) == (True, "limits", -1, ("adjusted",))
    assert found.effect == pytest.approx((log(0.755), log(0.765)))
    width = 2 * 1.959963984540054
    assert found.standard_error == pytest.approx((log(1.035 / 0.555) / width, log(1.045 / 0.545) / width))


def test_a_difference_in_percent_is_a_fraction(read: Read) -> None:
    (found,) = read("margin = 5\n", estimate("risk_difference", ("-10", "-22", "2", None), more='unit = "%"'))
    assert (found.ratio, found.unit) == (False, "")
    assert (*found.effect, found.margin) == pytest.approx((-0.105, -0.095, 0.05))


def test_the_other_direction_is_turned(read: Read) -> None:
    (one,) = read(estimate("mean_difference", ("4.1", "1.1", "7.1", None), over="c over e", more='unit = "points"'))
    (other,) = read(estimate("mean_difference", ("-4.1", "-7.1", "-1.1", None), more='unit = "points"'))
    assert one.effect == pytest.approx(other.effect)
    assert one.standard_error == pytest.approx(other.standard_error)
    assert one.unit == "points"


def test_without_limits_the_p_value_says_how_sure_it_is(read: Read) -> None:
    (found,) = read(estimate("mean_difference", ("4.10", None, None, "0.020"), more="sides = 2"))
    z = [stats.norm.isf(p / 2) for p in (0.0205, 0.0195)]
    assert found.basis == "p value"
    assert found.standard_error == pytest.approx((4.095 / z[1], 4.105 / z[0]))
    (unsaid,) = read(estimate("mean_difference", ("4.10", None, None, "0.020")))
    assert "taken as two-sided, which is not printed" in unsaid.notes[0]


@pytest.mark.parametrize(
    "part",
    [
        estimate("risk_ratio", ("0.76", None, None, None)),
        estimate("risk_ratio", ("0.76", None, None, "<0.05")),
        estimate("risk_ratio", ("1.76", "0.55", "1.04", None)),
        estimate("number_needed_to_treat", ("8", "5", "20", None)),
    ],
)
def test_what_does_not_say_how_sure_it_is_is_refused(read: Read, part: str) -> None:
    with pytest.raises(UndeterminedError, match="nothing printed says how sure the effect is"):
        read(part)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((), "expected at least one ratio or difference of the arms, got none"),
        ((estimate("median", ("5", None, None, None), arm="c"),), "expected a ratio or a difference of the arms"),
        (("planned = 1\n", estimate("risk_ratio", RATIO)), "expected a ratio above 0 and other than 1, got 1"),
        (("planned = 0\n", estimate("mean_difference", RATIO)), "expected a difference other than 0"),
        (("margin = -1\n", estimate("mean_difference", RATIO)), "greater than 0"),
    ],
)
def test_a_file_that_says_no_effect_is_refused_with_its_key(tmp_path: Path, parts: tuple[str, ...], said: str) -> None:
    with pytest.raises(TrialFileError) as caught:
        write(tmp_path, EFFECT + "".join(parts))
    assert said in str(caught.value)
    assert "endpoints[death]" in str(caught.value)


# The posterior


def test_under_a_flat_prior_it_is_the_likelihood(read: Read) -> None:
    # printed without a digit to lose: EOLIA's P(risk ratio < 1) with a flat prior
    (found,) = read(estimate("risk_ratio", RATIO))
    error = sum(found.standard_error) / 2
    exact = stats.norm.cdf(-log(0.76) / error)
    assert posterior(found, FLAT).below(0.0) == pytest.approx(exact, abs=2e-3)
    assert 0.94 < exact < 0.97


def test_with_a_prior_it_is_conjugate_where_nothing_is_rounded() -> None:
    sharp = contrast(effect=(-0.3 - 1e-9, -0.3 + 1e-9), standard_error=(0.2, 0.2 + 1e-12))
    prior = EffectPrior("p", "P", 0.1, 0.3, "")
    variance = 1 / (1 / 0.3**2 + 1 / 0.2**2)
    mean = variance * (0.1 / 0.3**2 - 0.3 / 0.2**2)
    assert posterior(sharp, prior).moments == pytest.approx((mean, variance**0.5), abs=1e-8)
    first, benefit, *beyond = exact_contrast(sharp, prior)
    assert first.value == pytest.approx(exp(mean), rel=1e-6)
    assert benefit.value == first.prob_benefit == pytest.approx(stats.norm.cdf(-mean / variance**0.5), abs=1e-8)
    for ratio, item in zip((0.9, 0.8), beyond, strict=True):
        assert item.at == f"risk ratio < {ratio}"
        assert item.value == pytest.approx(stats.norm.cdf((log(ratio) - mean) / variance**0.5), abs=1e-8)


def contrast(**changes: object) -> PrintedContrast:
    numbers = {"quantity": "risk_ratio", "effect": (-0.31, -0.29), "standard_error": (0.19, 0.21)} | changes
    return PrintedContrast(
        endpoint="death", label="Death", arms=("c", "e"), arm_labels=("C", "E"), basis="limits",
        benefit=-1, **numbers,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("quantity", ["risk_ratio", "mean_difference"])
def test_exchanging_the_arms_mirrors_everything(quantity: str) -> None:
    held = contrast(quantity=quantity, planned=-0.4, margin=0.1)
    turned = held.swapped()
    assert turned.swapped() == held
    for prior, other in zip(contrast_priors(held), contrast_priors(turned), strict=True):
        assert other.mean == pytest.approx(prior.swapped().mean)
        here, there = list(exact_contrast(held, prior)), list(exact_contrast(turned, other))
        back = here[0].reversed()
        assert (there[0].value, there[0].low, there[0].high) == pytest.approx((back.value, back.low, back.high))
        assert [item.value for item in there[1:]] == pytest.approx([item.value for item in here[1:]], abs=1e-9)


def test_what_is_said_of_priors_is_true() -> None:
    held = contrast(planned=log(0.7))
    reference, sceptical, enthusiastic = contrast_priors(held)
    assert exp(1.96 * reference.sd) == pytest.approx(7.1, abs=0.05)
    assert stats.norm.cdf(log(0.7), sceptical.mean, sceptical.sd) == pytest.approx(0.05, abs=1e-4)
    assert stats.norm.sf(0.0, enthusiastic.mean, enthusiastic.sd) == pytest.approx(0.05, abs=1e-4)
    unplanned = contrast_priors(contrast(quantity="mean_difference"))
    assert [prior.name for prior in unplanned] == ["reference", "sceptical"]
    # worth a twenty-fifth of the print, and as much as it
    assert [prior.sd / 0.2 for prior in unplanned] == pytest.approx([5.0, 1.0])


def test_it_is_calibrated_from_rounded_print(read: Read) -> None:
    """200 true effects from the prior, estimates printed with two decimals; fails by chance once in 10,000."""
    rng = np.random.default_rng(20261128)
    prior = EffectPrior("p", "P", 0.0, 0.5, "")
    shares = []
    for _ in range(200):
        truth, error = rng.normal(0.0, 0.5), rng.uniform(0.05, 0.4)
        seen = rng.normal(truth, error)
        numbers = [f"{exp(seen + step * 1.959964 * error):.2f}" for step in (0, -1, 1)]
        (held,) = read(estimate("risk_ratio", (*numbers, None)))
        shares.append(posterior(held, prior).below(truth))
    assert stats.kstest(shares, "uniform").pvalue > 1e-4


# In an analysis


def test_an_analysis_holds_print_recomputation_and_posteriors_side_by_side(
    endpoint: Callable[..., TrialEndpoint[EffectEndpoint]],
) -> None:
    item = endpoint(
        estimate("risk_ratio", RATIO, more="sides = 2"),
        estimate("risk_difference", ("-10", "-22", "2", None), more='unit = "%"'),
    )
    result = analyse(item.trial)["death"]
    assert result.words == "death: 5 exact posteriors of 2 printed contrasts."
    kinds = {(row.kind, row.quantity) for row in result.comparison().estimates}
    assert {(kind, "risk_ratio") for kind in ("published", "recomputed", "posterior")} <= kinds
    (first, *_) = (from_print(one, level=0.95) for one in printed_contrasts(item))
    assert (first.low, first.high) == pytest.approx((0.553, 1.045), abs=0.005)
    assert first.p_value == pytest.approx(0.09, abs=0.006)
    assert len(list(exact_contrasts(item))) == 3 * 4 + 2 * 2
    names = [name for name, _ in result.figures()]
    assert names == ["death.risk-ratio", "death.risk-difference-2"]


@pytest.mark.parametrize("quantity", ["risk_ratio", "mean_difference", "risk_difference"])
def test_figures_name_the_direction_of_benefit(quantity: str) -> None:
    figure = draw_contrast(replace(contrast(quantity=quantity), unit="points" if quantity[0] == "m" else ""))
    words = {text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))}
    assert any("favours E" in word for word in words)
    assert any("favours C" in word for word in words)


# Answers that others have published


def test_eolia_is_what_its_bayesian_reanalysis_found() -> None:
    """Goligher et al., JAMA 2018;320:2251: P(relative risk < 1) 0.96 with a minimally informative prior."""
    (contrast,) = printed_contrasts(load_trial("eolia").of(EffectEndpoint)[0])
    first = next(exact_contrast(contrast, contrast_priors(contrast)[0]))
    assert first.prob_benefit == pytest.approx(0.96, abs=0.012)


def test_recovery_is_sure_of_benefit_and_says_that_it_is_adjusted() -> None:
    (contrast,) = printed_contrasts(load_trial("recovery-dexamethasone").of(EffectEndpoint)[0])
    first = next(exact_contrast(contrast, contrast_priors(contrast)[0]))
    assert (first.value, first.low, first.high) == pytest.approx((0.83, 0.746, 0.925), abs=0.005)
    assert "(adjusted in print)" in first.method


def test_andromeda_shock_is_what_its_bayesian_reanalysis_found() -> None:
    """Zampieri et al., Am J Respir Crit Care Med 2020;201:423: P(hazard ratio < 1) 0.97 with a flat prior."""
    effect = printed_effect(load_trial("andromeda-shock")["survival28"])
    flat = LogRatioPrior("flat", "Flat", 0.0, 1e3, "", "hazard")
    assert exact_effect(effect, flat).below(0.0) == pytest.approx(0.97, abs=0.005)
