"""One arm against a benchmark: exact twins, words, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from reappraise.analysis import analyse
from reappraise.audit import audit
from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.core.printed import Printed
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.sampling import Sampling
from reappraise.one_arm.analysis import exact_one_arm, refused_one_arm
from reappraise.one_arm.times import one_times, priors_of
from reappraise.survival.effect.spans import logs
from reappraise.trial import load_trial
from support.figures import assert_nothing_overlaps_or_is_cut

FILE = Path(__file__).parents[1] / "data" / "one-arm.toml"


def edited(folder: Path, *changes: tuple[str, str]) -> Path:
    text = FILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "trial.toml"
    path.write_text(text, encoding="utf-8")
    return path


def of(path: Path, endpoint: str, quantity: str, prior: str, at: str = ""):
    found = exact_one_arm(load_trial(path)[endpoint])
    return next(one for one in found if (one.quantity, one.prior) == (quantity, prior) and one.at.startswith(at))


def test_a_known_count_gives_the_beta_posterior() -> None:
    twin = stats.beta(1 + 94, 1 + 128 - 94)
    rate = of(FILE, "orr", "rate", "uniform")
    assert (rate.value, rate.low, rate.high) == pytest.approx(twin.ppf([0.5, 0.025, 0.975]), abs=1e-6)
    difference = of(FILE, "orr", "risk_difference", "uniform")
    assert difference.value == pytest.approx(twin.ppf(0.5) - 0.5, abs=1e-6)
    assert difference.prob_benefit == pytest.approx(twin.sf(0.5), abs=1e-7)
    odds = of(FILE, "orr", "odds_ratio", "uniform")
    assert odds.low == pytest.approx(twin.ppf(0.025) / (1 - twin.ppf(0.025)), rel=1e-5)
    margin = of(FILE, "orr", "probability_above_margin", "uniform")
    assert margin.value == pytest.approx(twin.sf(0.6), abs=1e-6)


def test_a_percentage_alone_gives_the_mixture_over_the_counts_that_print_so(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("total = 128, percent = 33", "total = 472, percent = 33"),
        ("cells = 128", "cells = 472"),
        ("value = 10, unit", "value = 35, unit"),
    )
    counts = [k for k in range(473) if 32.5 <= 100 * k / 472 < 33.5]
    assert len(counts) > 1
    weights = stats.betabinom(472, 0.5, 0.5).pmf(counts)
    below = sum(w * stats.beta(0.5 + k, 0.5 + 472 - k).cdf(0.35) for w, k in zip(weights, counts, strict=True))
    difference = of(path, "complete", "risk_difference", "jeffreys")
    assert 1 - difference.prob_benefit == pytest.approx(below / weights.sum(), abs=1e-6)
    assert "patients, which print alike" in of(path, "complete", "rate", "jeffreys").method


def test_a_bad_event_mirrors(tmp_path: Path) -> None:
    lower = edited(tmp_path, ('better = "higher"\nmargin', 'better = "fewer"\nmargin'))
    good, bad = (of(path, "orr", "probability_of_benefit", "jeffreys").value for path in (FILE, lower))
    assert good + bad == pytest.approx(1.0, abs=1e-9)


def test_classical_answers_are_those_of_scipy() -> None:
    result = analyse(load_trial(FILE).only("orr"), sampling=Sampling(seed=1))["orr"]
    tests = {one.sides: one.p_value for one in result.recomputed() if one.p_value is not None}
    assert tests[1] == pytest.approx(stats.binom.sf(93, 128, 0.5))
    assert tests[2] == pytest.approx(stats.binomtest(94, 128, 0.5).pvalue)
    first = next(one for one in result.recomputed() if one.method.startswith("Clopper"))
    assert (first.low, first.high) == pytest.approx(stats.beta.ppf([0.025, 0.975], [94, 95], [35, 34]))


def split_normal(value: float, low: float, high: float, prior: LogRatioPrior) -> tuple[float, float, float]:
    """Median and 95% limits of the twin: a sum over a grid of its own, of the middles of the print."""
    grid = np.linspace(value - 6, value + 6, 200_001)
    below, above = (value - low) / 1.959964, (high - value) / 1.959964
    density = np.exp(-0.5 * ((grid - value) / np.where(grid < value, below, above)) ** 2)
    density *= stats.norm(prior.mean, prior.sd).pdf(grid)
    summed = np.cumsum(density) / density.sum()
    return tuple(float(np.interp(place, summed, grid)) for place in (0.5, 0.025, 0.975))  # type: ignore[return-value]


def test_a_median_is_normal_on_either_side_on_the_log_scale() -> None:
    (one, _), _ = one_times(load_trial(FILE)["pfs"])
    for prior in priors_of(one):
        twin = split_normal(log(8.8 / 4), log(5.6 / 4), log(11.6 / 4), prior)
        ratio, median = (of(FILE, "pfs", name, prior.name) for name in ("median_ratio", "median"))
        # what rounds to the print moves it by a thousandth
        assert (log(ratio.value), log(ratio.low), log(ratio.high)) == pytest.approx(twin, abs=0.003)
        assert (median.value, median.low, median.high) == pytest.approx(
            (4 * ratio.value, 4 * ratio.low, 4 * ratio.high)
        )


def test_survival_is_normal_on_either_side_on_the_log_log_scale() -> None:
    (_, one), _ = one_times(load_trial(FILE)["pfs"])
    base = log(-log(0.2))
    value, low, high = (log(-log(s)) - base for s in (0.40, 0.49, 0.31))
    for prior in priors_of(one):
        twin = split_normal(value, low, high, prior)
        ratio = of(FILE, "pfs", "time_averaged_hazard_ratio", prior.name)
        survival = of(FILE, "pfs", "survival", prior.name)
        assert (log(ratio.value), log(ratio.low), log(ratio.high)) == pytest.approx(twin, abs=0.004)
        assert survival.value == pytest.approx(0.2**ratio.value)
        assert (survival.low, survival.high) == pytest.approx((0.2**ratio.high, 0.2**ratio.low))
    assert ratio.at == "12 months"


def test_a_wider_upper_side_says_no_less_about_a_benchmark_below(tmp_path: Path) -> None:
    found = [
        of(edited(tmp_path, ("high = 11.6", f"high = {high}")), "pfs", "probability_of_benefit", "wide").value
        for high in ("11.6", "20", '"NR"')
    ]
    assert found == sorted(found)
    upper = of(edited(tmp_path, ("high = 11.6", 'high = "NR"')), "pfs", "median", "wide").high
    assert upper > 20  # what is not reached is bounded by the prior alone


def test_a_limit_of_another_side_decides_nothing_when_exchanged(tmp_path: Path) -> None:
    # a time that is better the shorter: benefit and harm exchange, and the numbers stay
    text = FILE.read_text(encoding="utf-8")
    place = text.rindex('better = "higher"')
    path = tmp_path / "lower.toml"
    path.write_text(text[:place] + text[place:].replace('better = "higher"', 'better = "shorter"'), encoding="utf-8")
    for at in ("median", "survival"):
        good, bad = (of(one, "pfs", "probability_of_benefit", "wide", at).value for one in (FILE, path))
        assert good + bad == pytest.approx(1.0, abs=1e-6)


def test_simulated_medians_are_covered_as_often_as_said() -> None:
    """400 arms of 100 exponential times, medians with limits by ranks as papers print them, against the true median.

    The share below the truth is uniform: of its 90% interval the standard error is 1.5 points, and 4 of these are
    passed by chance once in 15,000 times; the limits by ranks hold the truth in 94% to 96% themselves.
    """
    rng = np.random.default_rng(20)
    (one, _), _ = one_times(load_trial(FILE)["pfs"])
    wide = next(prior for prior in priors_of(one) if prior.name == "wide")
    below = []
    for _ in range(400):
        times = np.sort(rng.exponential(10 / log(2), 100))
        printed = [logs(Printed(f"{time:.1f}")) for time in (np.median(times), times[39], times[60])]
        value, low, high = ((span[0] - log(10), span[1] - log(10)) for span in printed)
        below.append(replace(one, value=value, low=low, high=high).posterior(wide).below(0.0))
    held = np.mean((np.array(below) > 0.05) & (np.array(below) < 0.95))
    assert abs(held - 0.9) < 0.06, held
    assert stats.kstest(below, "uniform").pvalue > 1e-4
    assert stats.kstest(np.array(below) ** 1.5, "uniform").pvalue < 1e-4  # as it is, it can fail


def test_the_audit_takes_one_arm() -> None:
    findings = audit(load_trial(FILE))
    assert not any(finding.verdict == "inconsistent" for finding in findings)
    assert {"percentage", "population", "landmark survival"} <= {finding.check for finding in findings}


def test_a_percentage_that_is_none_of_its_count_is_found(tmp_path: Path) -> None:
    findings = audit(load_trial(edited(tmp_path, ("percent = 73", "percent = 79"))))
    assert [one.check for one in findings if one.verdict == "inconsistent"] == ["percentage"]


def test_figures_say_what_is_favoured_and_nothing_is_cut() -> None:
    analysis = analyse(load_trial(FILE), sampling=Sampling(seed=1))
    for name, figure in analysis.figures():
        assert_nothing_overlaps_or_is_cut(name, figure)
    assert [result.analysed for result in analysis.results.values()] == [True, True, True]


def test_without_a_benchmark_the_rate_stands_alone(tmp_path: Path) -> None:
    benchmark = '  { quantity = "rate", arm = "benchmark", value = 50, unit = "percent", source = "Methods" },\n'
    path = edited(tmp_path, (benchmark, ""))
    found = {one.quantity for one in exact_one_arm(load_trial(path)["orr"])}
    assert found == {"rate"}


@pytest.mark.parametrize(
    ("old", "new", "endpoint", "said"),
    [
        ("value = 50, unit", "value = 100, unit", "orr", "expected a rate between 0% and 100%, got 100%"),
        (
            "value = 50, unit",
            'value = "<50", unit',
            "orr",
            "expected the number that the arm is held against, not a bound",
        ),
        ("total = 128, percent = 33", 'total = 128, events = "NR"', "complete", "patients with the event is not known"),
        ("total = 128, percent = 33", "total = 182, percent = 33", "complete", "182 patients are more than the 128"),
    ],
)
def test_what_a_rate_cannot_be_held_against_is_refused(
    tmp_path: Path, old: str, new: str, endpoint: str, said: str
) -> None:
    trial = load_trial(edited(tmp_path, (old, new)))
    with pytest.raises(AnalysisError, match=said):
        list(exact_one_arm(trial[endpoint]))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('unit = "months", value = 4', 'unit = "months", value = 0', "says nothing of the median"),
        ('unit = "months", value = 4', 'unit = "mg", value = 4', "expected the benchmark in months, got mg"),
        (", low = 5.6, high = 11.6", "", "the limits of the median of cells are missing"),
        ('at = "12 months", unit = "percent", value = 20', 'at = "18 months", unit = "percent", value = 20', "got 0"),
        ('unit = "months", value = 4', 'unit = "months", value = "<4"', "not a bound"),
    ],
)
def test_one_unusable_benchmark_keeps_nothing_from_the_others(tmp_path: Path, old: str, new: str, said: str) -> None:
    trial = load_trial(edited(tmp_path, (old, new)))
    assert any(said in why for why in refused_one_arm(trial["pfs"])), refused_one_arm(trial["pfs"])
    kept = {one.quantity for one in exact_one_arm(trial["pfs"])}
    assert len(kept & {"median_ratio", "time_averaged_hazard_ratio"}) == 1


def test_units_and_times_may_be_spelled_otherwise(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ('unit = "months", value = 4', 'unit = "weeks", value = 17.393'),
        (
            'arm = "benchmark", at = "12 months", unit = "percent", value = 20',
            'arm = "benchmark", at = "1 year", value = 0.2',
        ),
    )
    for quantity in ("median_ratio", "time_averaged_hazard_ratio"):
        first, second = (of(one, "pfs", quantity, "wide").value for one in (FILE, path))
        assert first == pytest.approx(second, rel=1e-4)


@pytest.mark.parametrize(
    ("p", "sides", "verdict"),
    [("<0.001", 1, "consistent"), ("0.30", 1, "not reproduced"), ("0.30", 2, "not reproduced")],
)
def test_a_p_value_is_held_against_the_benchmark(tmp_path: Path, p: str, sides: int, verdict: str) -> None:
    said = f'value = 73, unit = "percent", p = "{p}", sides = {sides}, source = "R"'
    printed = f'  {{ quantity = "rate", arm = "cells", {said} }},\n'
    old = '  { quantity = "rate", arm = "benchmark", value = 50'
    findings = audit(load_trial(edited(tmp_path, (old, printed + old))))
    assert [one.verdict for one in findings if one.check == "p value and benchmark"] == [verdict]
    assert not any("individual patients" in one.message for one in findings if one.endpoint == "orr")


def test_patients_of_one_arm_are_refused_with_their_key(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("time,event,arm\n1,1,cells\n", encoding="utf-8")
    path = edited(tmp_path, ('unit = "months"\nsource', 'unit = "months"\nindividual_data = "times.csv"\nsource'))
    with pytest.raises(TrialFileError, match=r"endpoints\[pfs\]: expected two arms where curves or patients' data"):
        load_trial(path)
