"""Stratified analyses and Peto's odds ratio: against statsmodels, metafor and printed examples, and their laws."""

from __future__ import annotations

import warnings
from math import inf, isclose, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.contingency_tables import StratifiedTable

from reappraise.core.interval import Interval
from reappraise.core.two_by_two import TwoByTwo
from reappraise.published.partition import Partition
from reappraise.response.classical.contrasts import odds_ratios
from reappraise.response.classical.hypothesis_tests import p_values
from reappraise.response.classical.peto import one_step
from reappraise.response.classical.recompute import recompute
from reappraise.response.classical.stratified import (
    stratified_odds_ratios,
    stratified_p_values,
    stratified_risk_differences,
    stratified_risk_ratios,
)

AGRESTI = tuple(
    TwoByTwo(a, a + b, c, c + d)
    for a, b, c, d in (
        (11, 25, 10, 27),
        (16, 4, 22, 10),
        (14, 5, 7, 12),
        (2, 14, 1, 16),
        (6, 11, 0, 12),
        (1, 10, 0, 10),
        (1, 4, 1, 8),
        (4, 2, 6, 1),
    )
)
"""Eight centres, drug and control: Agresti, Categorical Data Analysis, third edition 2013, table 6.9."""
BCG = tuple(
    TwoByTwo(a, a + b, c, c + d)
    for a, b, c, d in (
        (4, 119, 11, 128),
        (6, 300, 29, 274),
        (3, 228, 11, 209),
        (62, 13536, 248, 12619),
        (33, 5036, 47, 5761),
        (180, 1361, 372, 1079),
        (8, 2537, 10, 619),
        (505, 87886, 499, 87892),
        (29, 7470, 45, 7232),
        (17, 1699, 65, 1600),
        (186, 50448, 141, 27197),
        (5, 2493, 3, 2338),
        (27, 16886, 29, 17825),
    )
)
"""Thirteen trials of BCG vaccination: Colditz et al. JAMA 1994;271:698-702, as metafor has them (dat.bcg)."""
METHODS = (stratified_odds_ratios, stratified_risk_ratios, stratified_risk_differences)


def by_method(found: tuple[Interval, ...]) -> dict[str, Interval]:
    return {item.method: item for item in found}


def logs(item: Interval) -> tuple[float, float, float]:
    assert item.value is not None
    return log(item.value), log(item.low), log(item.high)


@st.composite
def tables(draw: st.DrawFn, least: int = 0) -> tuple[TwoByTwo, ...]:
    found = []
    for _ in range(draw(st.integers(2, 5))):
        total, reference = (draw(st.integers(max(1, 2 * least), 30)) for _ in range(2))
        events = draw(st.integers(least, total - least)), draw(st.integers(least, reference - least))
        found.append(TwoByTwo(events[0], total, events[1], reference))
    return tuple(found)


def test_of_thirteen_trials_as_metafor_and_stata_print_it() -> None:
    # metafor's own tests, against metan of Stata: four decimals of the logarithms; the z of the difference is that of
    # metafor, by Sato's formula, and that of metan, by Greenland's and Robins'.
    odds = by_method(stratified_odds_ratios(BCG))
    robins = odds["Mantel-Haenszel odds ratio, Robins-Breslow-Greenland log"]
    assert logs(robins) == pytest.approx((-0.4734, -0.5538, -0.3930), abs=0.00005)
    assert logs(odds["Peto one-step odds ratio"]) == pytest.approx((-0.4744, -0.5541, -0.3948), abs=0.00005)
    assert logs(stratified_risk_ratios(BCG)[0]) == pytest.approx((-0.4537, -0.5308, -0.3766), abs=0.00005)
    greenland, sato = stratified_risk_differences(BCG)
    for found, z, digits in ((greenland, -11.56, 0.005), (sato, -11.4708, 0.00005)):
        assert found.value is not None
        assert found.value / ((found.high - found.low) / 2 / norm.ppf(0.975)) == pytest.approx(z, abs=digits)


def test_of_eight_centres_as_agresti_and_cicalc_print_it() -> None:
    # Agresti 2013, page 231: difference 0.130 with standard error 0.050; cicalc (GSK) prints the limits of all three.
    greenland, sato = stratified_risk_differences(AGRESTI)
    assert sato.value == pytest.approx(0.130, abs=0.0005)
    assert (sato.low, sato.high) == pytest.approx((0.0313, 0.2284), abs=0.00005)
    assert (greenland.low, greenland.high) == pytest.approx((0.0348, 0.2249), abs=0.00005)
    ratio = stratified_risk_ratios(AGRESTI)[0]
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((1.424, 1.0786, 1.8812), abs=0.0005)


@settings(max_examples=60)
@given(tables(least=1), st.sampled_from([0.8, 0.95, 0.99]))
def test_odds_ratio_and_test_are_those_of_statsmodels(strata: tuple[TwoByTwo, ...], level: float) -> None:
    twin = StratifiedTable([np.array(table.cells, dtype=float) for table in strata])
    found = stratified_odds_ratios(strata, level=level)[0]
    expected = (twin.oddsratio_pooled, *twin.oddsratio_pooled_confint(alpha=1 - level))
    assert (found.value, found.low, found.high) == pytest.approx(expected, rel=1e-9)
    assert stratified_risk_ratios(strata)[0].value == pytest.approx(twin.riskratio_pooled, rel=1e-12)
    plain, _, corrected, _ = stratified_p_values(strata, direction="higher")
    assert plain.value == pytest.approx(twin.test_null_odds().pvalue, abs=1e-12)
    if abs(sum(table.excess[0] for table in strata)) > 0.5:  # statsmodels corrects beyond zero, R's mantelhaen.test not
        assert corrected.value == pytest.approx(twin.test_null_odds(correction=True).pvalue, abs=1e-12)


@settings(max_examples=100)
@given(tables())
def test_zero_cells_give_a_number_or_none_and_exchanged_arms_mirror_it(strata: tuple[TwoByTwo, ...]) -> None:
    turned = tuple(table.swapped() for table in strata)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for method in METHODS:
            for found, other in zip(method(strata), method(turned), strict=True):
                numbers = [found.low, found.high, *([] if found.value is None else [found.value])]
                assert not any(np.isnan(numbers))
                assert found.value is None or found.low - 1e-12 <= found.value <= found.high + 1e-12
                assert (found.value is None) == (other.value is None)
                if method is stratified_risk_differences:
                    assert (found.low, found.high) == pytest.approx((-other.high, -other.low), abs=1e-9)
                else:
                    pairs = ((found.low, other.high), (found.high, other.low))
                    assert all(isclose(one, inf if two == 0 else 1 / two, rel_tol=1e-6) for one, two in pairs)
        higher, lower = (stratified_p_values(strata, direction=way) for way in ("higher", "lower"))
        assert all(0 <= p.value <= 1 for p in (*higher, *lower))
        assert [p.value for p in higher if p.sides == 2] == [p.value for p in lower if p.sides == 2]


def test_what_zero_cells_say() -> None:
    nobody = (TwoByTwo(0, 5, 0, 7), TwoByTwo(0, 4, 0, 9))
    assert [(item.value, item.low, item.high) for item in stratified_odds_ratios(nobody)] == [(None, 0.0, inf)] * 2
    assert {p.value for p in stratified_p_values(nobody, direction="higher")} == {1.0}
    assert stratified_risk_differences(nobody)[0].value == 0
    one_sided = (TwoByTwo(0, 15, 2, 13), TwoByTwo(0, 5, 1, 7))
    mantel, peto = stratified_odds_ratios(one_sided)
    assert (mantel.value, mantel.low, mantel.high) == (0.0, 0.0, inf)
    assert peto.value is not None
    assert 0 < peto.low < peto.value < peto.high < inf


def test_one_stratum_is_the_table() -> None:
    table = TwoByTwo(66, 94, 36, 68)
    plain = {p.method: p for p in p_values(table, direction="higher", unconditional=False)}
    # OpenEpi prints 0.02511 as its Mantel-Haenszel chi-square of this table
    single = next(p for name, p in plain.items() if name.startswith("N - 1") and p.sides == 2)
    assert single.value == pytest.approx(0.02511, abs=0.000005)
    assert stratified_p_values([table], direction="higher")[0].value == pytest.approx(single.value, abs=1e-14)
    woolf = odds_ratios(table)[0]
    found = stratified_odds_ratios([table])[0]
    assert (found.value, found.low, found.high) == pytest.approx((woolf.value, woolf.low, woolf.high))
    assert odds_ratios(table)[-1].value == one_step([table], level=0.95)[0]


def test_a_factor_yields_the_analyses_stratified_by_it() -> None:
    kidney = Partition(
        endpoint="success",
        factor="size",
        levels=("small", "large"),
        level_labels=("Small", "Large"),
        arms=("open", "pcnl"),
        arm_labels=("Open", "PCNL"),
        events=((81, 234), (192, 55)),
        totals=((87, 270), (263, 80)),
        better="higher",
    )
    whole = [item for item in recompute(kidney) if item.population == "all"]
    first = {item.quantity: item for item in reversed(whole) if item.value is not None}
    assert first["odds_ratio"].method == "Mantel-Haenszel odds ratio, Robins-Breslow-Greenland log over size"
    assert first["odds_ratio"].value is not None
    assert first["odds_ratio"].value < 1 < (289 / 61) / (273 / 77)  # the paradox that the case is known for
    assert (first["odds_ratio"].numerator, first["odds_ratio"].denominator) == ("pcnl", "open")
    assert sum(item.p_value is not None for item in whole) == 4
