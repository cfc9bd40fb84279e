"""Means read from print, their posteriors against closed forms and published analyses, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from reappraise.analysis import analyse
from reappraise.continuous.classical import standardised, student, welch
from reappraise.continuous.contrast import MeanContrast, mean_contrasts
from reappraise.continuous.exact import exact_continuous, exact_mean_contrast, posterior
from reappraise.continuous.figures import draw_mean_contrast
from reappraise.continuous.means import arm_mean, means_table
from reappraise.continuous.prior import mean_priors
from reappraise.continuous.published import ContinuousEndpoint, Measured
from reappraise.core.errors import AnalysisError, TrialFileError, UndeterminedError
from reappraise.core.printed import Printed
from reappraise.effect.prior import EffectPrior
from reappraise.fits.sampling import Sampling
from reappraise.published.trial import TrialEndpoint
from reappraise.trial import load_trial
from support.audit_trials import estimate, write
from support.data import MEANS as MEANS_FILE
from support.figures import said

MEANS = """
[[endpoints]]
kind = "continuous"
key = "pain"
label = "Pain"
population = "treated"
better = "lower"
unit = "mm"
source = "Table 2"
"""
BOTH = """measured = [
  {{ arm = "c", total = 100, {}, source = "Table 2" }},
  {{ arm = "e", total = 50, {}, source = "Table 2" }},
]
"""
SPREAD = BOTH.format('mean = "52.31", sd = "20.17"', 'mean = "44.62", sd = "23.45"')
FLAT = EffectPrior("flat", "Flat", 0.0, 1e4, "")


type Read = Callable[..., TrialEndpoint[ContinuousEndpoint]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return lambda *parts: write(tmp_path, MEANS + "".join(parts)).of(ContinuousEndpoint)[0]


def test_means_are_read_with_what_says_how_sure_they_are(read: Read) -> None:
    table = means_table(read(SPREAD))
    assert table is not None
    control, experimental = table.arms
    assert (control.arm, control.total, control.basis) == ("c", 100, "mean and standard deviation")
    assert control.mean.place == pytest.approx((52.305, 52.315))
    assert control.mean.scale == pytest.approx((2.0165, 2.0175))
    assert (control.mean.degrees, experimental.mean.degrees) == (99.0, 49.0)


@pytest.mark.parametrize(
    ("arm", "error"),
    [
        ('mean = "52.31", se = "2.017"', 2.017),
        ('mean = "52.31", low = "48.31", high = "56.31"', 4.0 / 1.98422),
        ('mean = "52.31", low = "48.95", high = "55.67", level = "0.90"', 3.36 / 1.66039),
        # what is printed with the most digits is taken
        ('mean = "52.31", sd = "20", se = "2.017"', 2.017),
    ],
)
def test_standard_errors_and_intervals_say_the_same(read: Read, arm: str, error: float) -> None:
    table = means_table(read(BOTH.format(arm, 'mean = "44.62", sd = "23.45"')))
    assert table is not None
    assert table.arms[0].mean.error == pytest.approx(error, rel=1e-3)


def test_a_flat_prior_gives_what_welch_and_a_printed_interval_say(read: Read) -> None:
    item = read(SPREAD, estimate("mean_difference", ("-7.69", "-15.16", "-0.22", None), more='how = ["crude"]'))
    means, printed = mean_contrasts(item)
    table = means_table(item)
    assert table is not None
    low, high = welch(*table.arms).interval(0.95)
    found = posterior(means, FLAT)
    # Behrens and Fisher's interval is a little wider than Welch's
    assert found.quantile(0.025) == pytest.approx(low, abs=0.1)
    assert found.quantile(0.975) == pytest.approx(high, abs=0.1)
    whole = posterior(printed, FLAT)
    assert (whole.quantile(0.025), whole.quantile(0.975)) == pytest.approx((-15.16, -0.22), abs=0.01)
    assert printed.parts[0].degrees == 148.0


def test_a_p_value_alone_says_it_too(read: Read) -> None:
    (printed,) = mean_contrasts(read(estimate("mean_difference", ("-7.69", None, None, "0.0437"))))
    assert printed.error == pytest.approx(7.69 / 2.034, rel=3e-3)  # t of 148 degrees of freedom
    for value, p in (("-1", "0.010"), ("-0.1", "0.030")):  # whatever the value was rounded from, one tail is p / 2
        (coarse,) = mean_contrasts(read(estimate("mean_difference", (value, None, None, p))))
        assert posterior(coarse, FLAT).below(0.0) == pytest.approx(1 - float(p) / 2, abs=3e-4)
    with pytest.raises(UndeterminedError, match="how sure"):
        mean_contrasts(read(estimate("mean_difference", ("-7.69", None, None, "<0.05"))))


def test_the_printed_direction_is_turned(read: Read) -> None:
    one = read(estimate("mean_difference", ("-7.69", "-15.16", "-0.22", None)))
    other = read(estimate("mean_difference", ("7.69", "0.22", "15.16", None), over="c over e"))
    assert [part.place for part in mean_contrasts(other)[0].parts] == [
        part.place for part in mean_contrasts(one)[0].parts
    ]


def test_exchanging_the_arms_mirrors_everything(read: Read) -> None:
    for contrast in mean_contrasts(read("margin = 5\nplanned = -8\n", SPREAD)):
        for prior in mean_priors(contrast):
            one = list(exact_mean_contrast(contrast, prior))
            other = list(exact_mean_contrast(contrast.swapped(), prior.swapped()))
            assert other[0].value == pytest.approx(-float(one[0].value or 0), abs=1e-4)
            assert other[0].low == pytest.approx(-float(one[0].high or 0), abs=1e-4)
            assert other[0].prob_benefit == pytest.approx(1 - float(one[0].prob_benefit or 0), abs=1e-6)
            assert other[-1].value == pytest.approx(one[-1].value, abs=1e-6)  # equivalence has no direction


def test_geometric_means_are_compared_by_their_ratio(read: Read) -> None:
    parts = BOTH.format('mean = "6.12", low = "5.20", high = "7.20"', 'mean = "4.83", low = "4.10", high = "5.69"')
    item = read('scale = "logarithmic"\n', parts)
    (contrast,) = mean_contrasts(item)
    assert exp(contrast.centre) == pytest.approx(4.83 / 6.12, rel=1e-5)
    found = [one for one in exact_continuous(item) if one.quantity == "ratio_of_geometric_means"]
    error = sqrt((log(7.2 / 5.2) / 2 / 1.984) ** 2 + (log(5.69 / 4.1) / 2 / 2.01) ** 2)
    assert log(found[0].high or 1) - log(found[0].low or 1) == pytest.approx(2 * 1.98 * error, rel=0.02)


def test_the_first_published_t_test() -> None:
    """Student's sleep data: R's t.test prints t = -1.8608, 17.776 degrees of freedom, p = 0.07939."""
    item = load_trial(MEANS_FILE).of(ContinuousEndpoint)[0]
    table = means_table(item)
    assert table is not None
    test = welch(*table.arms)
    assert test.difference / test.error == pytest.approx(1.8608, abs=2e-3)
    assert test.degrees == pytest.approx(17.776, abs=0.01)
    assert test.p_value == pytest.approx(0.07939, abs=3e-4)


def test_tests_are_those_of_scipy(read: Read) -> None:
    table = means_table(read(SPREAD))
    assert table is not None
    for test, equal in ((welch(*table.arms), False), (student(*table.arms), True)):
        exact = stats.ttest_ind_from_stats(44.62, 23.45, 50, 52.31, 20.17, 100, equal_var=equal)
        assert test.p_value == pytest.approx(exact.pvalue, rel=1e-9)
    value, low, high = standardised(*table.arms, level=0.95)
    # by hand: pooled sd 21.3119, d -0.36083, J 0.994924, variance 0.0301257
    assert value == pytest.approx(-0.35900, abs=1e-5)
    assert (low, high) == pytest.approx((-0.69919, -0.01881), abs=1e-5)


@pytest.mark.parametrize("kind", ["quartiles", "extremes"])
def test_medians_say_as_much_as_is_claimed(kind: str) -> None:
    """95% intervals from medians of normal samples hold the mean: 500 samples, false alarm one in 10^5 (4.4 sd)."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(500):
        n = int(rng.integers(20, 300))
        patients = rng.normal(100.0, 15.0, n)
        ends = np.quantile(patients, [0.25, 0.75]) if kind == "quartiles" else (patients.min(), patients.max())
        pair = (Printed(f"{ends[0]:.2f}"), Printed(f"{ends[1]:.2f}"))
        record = Measured(
            arm="c",
            total=n,
            median=Printed(f"{np.median(patients):.2f}"),
            quartiles=pair if kind == "quartiles" else None,
            extremes=pair if kind == "extremes" else None,
            source="simulated",
        )
        found = arm_mean(record, "x", "C")
        assert found.approximate
        held += 0.025 <= float(found.mean.below(100.0)) <= 0.975
    # the conversions are approximate themselves: half a percent is allowed beside the noise of 0.97%
    assert held / 500 == pytest.approx(0.95, abs=0.005 + 4.4 * 0.0097)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (('measured = [{ arm = "c", total = 100, mean = 1, source = "x" }]\n',), "missing e"),
        (("",), "got neither"),
        ((BOTH.format("mean = 1", "sd = 2"),), "a mean or a median"),
        ((BOTH.format("mean = 1", "median = 2, sd = 1"),), "with a mean"),
        (("planned = 0\n", SPREAD), "planned"),
        (('scale = "logarithmic"\nmargin = 1\n', SPREAD), "margin"),
        ((SPREAD.replace('arm = "e"', 'arm = "c"'),), "every arm once"),
        (('scale = "logarithmic"\n', SPREAD.replace("44.62", "-1")), "above 0"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_key(read: Read, parts: tuple[str, ...], why: str) -> None:
    with pytest.raises(TrialFileError, match=why):
        read(*parts)


@pytest.mark.parametrize(
    ("arm", "why"),
    [
        ('mean = "44.62"', "nothing says how far"),
        ('mean = "44.62", sd = "0"', "nothing says how far"),
        ('mean = "44.62", sd = "-3"', "not below 0"),
        ('mean = "<44.62", sd = "3"', "a mean that is a number"),
        ('median = "44.62"', "quartiles or extremes"),
        ('median = "44.62", quartiles = ["44", "40"]', "wrong way round"),
        ('median = "44.62", quartiles = ["44.62", "44.62"]', "coincide"),
        ('mean = "44.62", low = "50", high = "60"', "does not hold the mean"),
    ],
)
def test_what_does_not_say_how_sure_it_is_is_not_analysed_and_says_so(read: Read, arm: str, why: str) -> None:
    item = read(BOTH.format('mean = "52.31", sd = "20.17"', arm))
    with pytest.raises(AnalysisError, match=why):
        mean_contrasts(item)
    # a printed difference is analysed all the same
    difference = estimate("mean_difference", ("-7.69", "-15.16", "-0.22", None))
    item = read(BOTH.format('mean = "52.31", sd = "20.17"', arm), difference)
    assert [one.basis for one in mean_contrasts(item)] == ["printed-difference"]


def test_an_analysis_holds_print_recomputation_and_posteriors_side_by_side() -> None:
    trial = load_trial(MEANS_FILE)
    analysis = analyse(trial, sampling=Sampling(seed=1))
    assert not analysis.refused
    rows = analysis["pressure"].comparison().estimates
    kinds = {(row.kind, row.model) for row in rows if row.quantity == "mean_difference"}
    assert kinds == {("published", ""), ("recomputed", ""), ("posterior", "means"), ("posterior", "printed-difference")}
    assert {row.kind for row in rows if row.quantity == "mean"} == {"published", "recomputed", "posterior"}
    assert all(row.numerator == "laevo" for row in rows if row.quantity == "mean_difference")
    names = [name for name, _ in analysis["pressure"].figures()]
    assert names == ["pressure.mean-difference", "pressure.mean-difference-2"]


def test_figures_name_unit_and_direction_of_benefit() -> None:
    contrast: MeanContrast = mean_contrasts(load_trial(MEANS_FILE).of(ContinuousEndpoint)[1])[0]
    found = said(draw_mean_contrast(contrast))
    for words in ("Laevo minus Dextro (mm Hg)", "favours Laevo", "before and after the data", "t distributions"):
        assert words in found
    assert "favours Dextro" in said(draw_mean_contrast(replace(contrast, benefit=1)))
