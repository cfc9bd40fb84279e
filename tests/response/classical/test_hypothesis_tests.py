"""p values of two-by-two tables: against printed examples and independent software, and the laws they keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2, chi2_contingency, hypergeom
from statsmodels.stats.contingency_tables import Table2x2

from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.hypothesis_tests import p_values

OTHER = {"higher": "lower", "lower": "higher"}


def by_method(table, direction="higher"):
    return {p.method: p.value for p in p_values(table, direction=direction)}


@st.composite
def tables(draw, largest=12, least=0):
    total, reference_total = (draw(st.integers(max(1, 2 * least), largest)) for _ in range(2))
    events = draw(st.integers(least, total - least)), draw(st.integers(least, reference_total - least))
    return TwoByTwo(events[0], total, events[1], reference_total)


def test_the_lady_tasting_tea():
    found = by_method(TwoByTwo(3, 4, 1, 4))
    assert found["Fisher exact, one-sided"] == pytest.approx(17 / 70)
    assert found["Fisher exact, two-sided (sum of probabilities)"] == pytest.approx(34 / 70)
    assert found["Fisher mid-P, one-sided"] == pytest.approx(9 / 70)


def test_fisher_agrees_with_r():
    # The example of R's fisher.test: criminal convictions of like-sex twins.
    found = by_method(TwoByTwo(2, 17, 10, 13), "lower")
    assert found["Fisher exact, one-sided"] == pytest.approx(0.0004652, abs=5e-8)
    assert found["Fisher exact, two-sided (sum of probabilities)"] == pytest.approx(0.0005367, abs=5e-8)


def test_barnards_test_agrees_with_statxact():
    # Mehta and Senchaudhuri 2003: 7 of 15 infected after vaccination, 12 of 15 after placebo.
    found = by_method(TwoByTwo(7, 15, 12, 15), "lower")
    assert found["Fisher exact, one-sided"] == pytest.approx(0.0641, abs=0.0001)
    assert found["Barnard exact, one-sided"] == pytest.approx(0.0341, abs=0.00005)


@pytest.mark.parametrize("table", [TwoByTwo(7, 15, 12, 15), TwoByTwo(2, 9, 6, 8), TwoByTwo(1, 12, 4, 7)])
def test_boschloos_test_is_the_largest_probability_of_a_fisher_p_value_as_small(table):
    n, m = table.total, table.reference_total
    found = by_method(table, "lower")
    cells = [(x, y) for x in range(n + 1) for y in range(m + 1)]
    fisher = {(x, y): hypergeom.cdf(x, n + m, x + y, n) for x, y in cells}
    observed = fisher[table.events, table.reference_events]
    extreme = [(x, y) for (x, y), p in fisher.items() if p <= observed + 1e-12]
    rate = np.linspace(0, 1, 4001)
    largest = max(sum(binom.pmf(x, n, rate) * binom.pmf(y, m, rate) for x, y in extreme))
    assert found["Boschloo exact, one-sided"] == pytest.approx(largest, rel=1e-4)
    assert found["Boschloo exact, one-sided"] <= found["Fisher exact, one-sided"] + 1e-12


def test_the_n_minus_1_test_agrees_with_campbell():
    # Campbell 2007 and his calculator: of the same table Pearson's statistic times (N - 1) / N
    found = by_method(TwoByTwo(9, 20, 3, 20))
    pearson = chi2_contingency([[9, 11], [3, 17]], correction=False).statistic
    name = "N - 1 chi-square (E. Pearson; Mantel-Haenszel of one table), two-sided"
    assert found[name] == pytest.approx(chi2.sf(pearson * 39 / 40, 1), abs=1e-12)


def test_fisher_mid_p_agrees_with_printed_values():
    # contingencytables (R), Fisher_midP_test_2x2: Ritland et al. 2007, 0 of 16 and 15 of 72
    table = TwoByTwo(0, 16, 15, 72)
    exact, mid_p = (
        by_method(table)[f"Fisher {which}, two-sided (sum of probabilities)"] for which in ("exact", "mid-P")
    )
    assert exact == pytest.approx(0.06287, abs=5e-6)
    assert mid_p == pytest.approx(0.04466, abs=5e-6)


@given(tables(largest=40, least=1))
def test_asymptotic_tests_agree_with_other_software(table):
    found = {p.method: p.value for p in p_values(table, direction="higher", unconditional=False)}
    pearson = chi2_contingency(table.cells, correction=False).pvalue
    yates = chi2_contingency(table.cells, correction=True).pvalue
    wald = Table2x2(list(map(list, table.cells))).oddsratio_pvalue()
    assert found["Pearson chi-square, two-sided"] == pytest.approx(pearson, abs=1e-12)
    assert found["Yates-corrected chi-square, two-sided"] == pytest.approx(yates, abs=1e-12)
    name = "Wald test of the log odds ratio (logistic regression), two-sided"
    assert found[name] == pytest.approx(wald, abs=1e-12)


@settings(max_examples=25)
@given(tables(), st.sampled_from(["higher", "lower"]))
def test_exchanging_the_arms_exchanges_the_directions(table, direction):
    turned = by_method(table.swapped(), OTHER[direction])
    for method, value in by_method(table, direction).items():
        assert 0 <= value <= 1
        # The unconditional tests search their nuisance parameter numerically.
        assert value == pytest.approx(turned[method], abs=2e-3 if "exact, " in method else 1e-9)


@given(tables(largest=40))
def test_both_tails_together_count_the_observed_table_twice(table):
    one, other = (
        p_values(table, direction=direction, unconditional=False)[0].value for direction in ("higher", "lower")
    )
    patients, events = table.total + table.reference_total, table.events + table.reference_events
    observed = hypergeom.pmf(table.events, patients, events, table.total)
    assert one + other == pytest.approx(1 + observed)


@given(tables(largest=40))
def test_another_event_in_the_first_arm_lowers_the_p_value_of_a_higher_rate(table):
    if table.events < table.total:
        more = TwoByTwo(table.events + 1, table.total, table.reference_events, table.reference_total)
        first, second = (p_values(item, direction="higher", unconditional=False)[0].value for item in (table, more))
        assert second <= first + 1e-12


@pytest.mark.parametrize("table", [TwoByTwo(0, 5, 0, 7), TwoByTwo(5, 5, 7, 7)])
def test_without_information_every_p_value_is_1(table):
    assert set(by_method(table).values()) == {1.0}


def test_unconditional_tests_are_left_out_of_large_tables():
    assert not [name for name in by_method(TwoByTwo(100, 400, 120, 400)) if name.startswith(("Barnard", "Boschloo"))]
