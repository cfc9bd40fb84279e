"""Intervals of contrasts: against printed examples and independent software, and the laws they keep."""

from math import inf, isclose

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import relative_risk
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.proportion import confint_proportions_2indep

from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.contrasts import odds_ratios, risk_differences, risk_ratios

METHODS = {"risk_difference": risk_differences, "risk_ratio": risk_ratios, "odds_ratio": odds_ratios}
# Newcombe 1998, Stat Med 17:873-890, table II, examples (a) and (b): printed to four decimals.
NEWCOMBE = {
    (56, 70, 48, 80): {
        "Wald": (0.0575, 0.3425),
        "Wald with continuity correction": (0.0441, 0.3559),
        "Mee score": (0.0533, 0.3377),
        "Miettinen-Nurminen score": (0.0528, 0.3382),
        "Newcombe hybrid score": (0.0524, 0.3339),
        "Newcombe hybrid score with continuity correction": (0.0428, 0.3422),
    },
    (9, 10, 3, 10): {
        "Wald": (0.2605, 0.9395),
        "Mee score": (0.1821, 0.8370),
        "Miettinen-Nurminen score": (0.1700, 0.8406),
        "Newcombe hybrid score": (0.1705, 0.8090),
    },
}


def by_method(found):
    return {item.method: item for item in found}


@st.composite
def tables(draw, largest=40, least=0):
    total, reference_total = (draw(st.integers(max(1, 2 * least), largest)) for _ in range(2))
    return TwoByTwo(
        draw(st.integers(least, total - least)),
        total,
        draw(st.integers(least, reference_total - least)),
        reference_total,
    )


@pytest.mark.parametrize(
    ("counts", "method"), [(counts, method) for counts, printed in NEWCOMBE.items() for method in printed]
)
def test_differences_are_those_newcombe_printed(counts, method):
    found = by_method(risk_differences(TwoByTwo(*counts)))[method]
    assert (found.low, found.high) == pytest.approx(NEWCOMBE[counts][method], abs=0.00005 + 1e-9)


def test_koopmans_own_example():
    # Koopman 1984, Biometrics 40:513-517: 36 of 40 over 16 of 80.
    found = by_method(risk_ratios(TwoByTwo(36, 40, 16, 80)))["Koopman score"]
    assert (found.value, found.low, found.high) == pytest.approx((4.5, 2.94, 7.15), abs=0.005)


def test_conditional_odds_ratio_is_that_of_fisher_test_in_r():
    # The example of R's fisher.test: criminal convictions of like-sex twins. Its limits come from uniroot with a
    # tolerance of 1e-4 on the odds ratio or its reciprocal, hence the third decimal.
    found = by_method(odds_ratios(TwoByTwo(2, 17, 10, 13)))["conditional odds ratio, exact"]
    assert (found.value, found.low, found.high) == pytest.approx((0.04693661, 0.003325764, 0.363182271), rel=0.003)


@given(tables(least=1))
def test_log_intervals_agree_with_other_software(table):
    woolf = by_method(odds_ratios(table))["sample odds ratio, Woolf log"]
    twin = Table2x2(list(map(list, table.cells)))
    assert (woolf.value, woolf.low, woolf.high) == pytest.approx((twin.oddsratio, *twin.oddsratio_confint()), rel=1e-9)
    katz = by_method(risk_ratios(table))["Katz log"]
    ratio = relative_risk(table.events, table.total, table.reference_events, table.reference_total)
    interval = ratio.confidence_interval(0.95)
    assert (katz.value, katz.low, katz.high) == pytest.approx((ratio.relative_risk, *interval), rel=1e-9)


@pytest.mark.parametrize("corrected", [True, False])
@pytest.mark.parametrize("counts", [(24, 55, 26, 109), (3, 10, 9, 12), (15, 41, 8, 40), (2, 30, 9, 31)])
def test_score_intervals_of_ratios_agree_with_other_software(counts, corrected):
    table = TwoByTwo(*counts)
    name = "Miettinen-Nurminen score" if corrected else None
    ratio = by_method(risk_ratios(table))[name or "Koopman score"]
    odds = by_method(odds_ratios(table))[f"sample odds ratio, {name or 'Cornfield score'}"]
    for found, compare in ((ratio, "ratio"), (odds, "odds-ratio")):
        with np.errstate(all="ignore"):  # it divides by zero at a ratio of 1, on its way
            twin = confint_proportions_2indep(*counts, method="score", compare=compare, correction=corrected)
        assert (found.low, found.high) == pytest.approx(twin, rel=1e-5)


@settings(max_examples=60)
@given(tables())
def test_exchanging_the_arms_mirrors_every_interval(table):
    for quantity, methods in METHODS.items():
        for found, turned in zip(methods(table), methods(table.swapped()), strict=True):
            if quantity == "risk_difference":
                expected = -turned.value, -turned.high, -turned.low
                assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-8)
            else:
                assert (found.value is None) == (turned.value is None)
                numbers = [(found.low, turned.high), (found.high, turned.low)]
                if found.value is not None:
                    numbers.append((found.value, turned.value))
                assert all(isclose(one, inf if other == 0 else 1 / other, rel_tol=1e-6) for one, other in numbers)


@settings(max_examples=60)
@given(tables())
def test_every_interval_holds_its_estimate_and_grows_with_its_level(table):
    for methods in METHODS.values():
        for found, wider in zip(methods(table), methods(table, level=0.99), strict=True):
            if found.value is not None:
                assert found.low - 1e-9 <= found.value <= found.high + 1e-9
            assert wider.low <= found.low + 1e-9
            assert wider.high >= found.high - 1e-9


@pytest.mark.parametrize("methods", METHODS.values())
def test_the_default_comes_first(methods):
    first = methods(TwoByTwo(24, 55, 26, 109))[0].method
    assert first in {"Newcombe hybrid score", "Koopman score", "sample odds ratio, Woolf log"}


def test_zero_cells_give_unlimited_intervals_and_only_haldane_and_anscombe_add_to_them():
    found = by_method(odds_ratios(TwoByTwo(0, 5, 2, 7)))
    woolf = found["sample odds ratio, Woolf log"]
    assert (woolf.value, woolf.low, woolf.high) == (0.0, 0.0, inf)
    assert found["Haldane-Anscombe odds ratio (1/2 added to each cell), log"].low > 0
    assert found["sample odds ratio, Miettinen-Nurminen score"].high < inf
    assert by_method(risk_ratios(TwoByTwo(2, 7, 0, 5)))["Koopman score"].low > 0


@pytest.mark.parametrize("table", [TwoByTwo(0, 5, 0, 7), TwoByTwo(5, 5, 7, 7)])
def test_an_odds_ratio_without_information_is_not_defined(table):
    for found in odds_ratios(table):
        if found.method.startswith("Haldane"):
            continue  # it adds to the cells, and so has a value always
        assert (found.value, found.low, found.high) == (None, 0.0, inf)


def test_an_empty_arm_is_refused():
    with pytest.raises(ValueError, match="got 0 of 0"):
        TwoByTwo(0, 0, 1, 2)
