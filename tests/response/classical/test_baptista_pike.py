"""Baptista and Pike's limits: against printed examples, R, and the test that they invert."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nchypergeom_fisher

from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical import baptista_pike


@pytest.mark.parametrize(
    ("counts", "mid_p", "expected", "relative"),
    [
        # Fagerland, Lydersen and Laake 2015, table: the trial of Perondi et al.; two or three digits are printed
        ((7, 34, 1, 34), False, (1.00, 195), 0.005),
        ((7, 34, 1, 34), True, (1.33, 99), 0.005),
        # contingencytables (R) 3.1, whose exact function is known to be wrong, and whose mid-P function is not
        ((15, 45, 2, 5), True, (0.1415, 4.6034), 0.0005),
        ((25, 400, 25, 400), True, (0.5660, 1.7667), 0.0005),
        # exact2x2 (R), tsmethod = "minlike", and an inversion of high precision
        ((22, 23, 291, 13254), False, (162.5, 19952), 0.0005),
        ((22, 23, 291, 13254), True, (162.51, 10184.32), 0.0005),
    ],
)
def test_limits_are_those_printed(
    counts: tuple[int, int, int, int], *, mid_p: bool, expected: tuple[float, float], relative: float
) -> None:
    found = baptista_pike.limits(TwoByTwo(*counts), level=0.95, mid_p=mid_p)
    assert found == pytest.approx(expected, rel=relative)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 12), m=st.integers(1, 12), data=st.data(), mid_p=st.booleans())
def test_limits_are_the_ends_of_what_the_test_accepts(n: int, m: int, data: st.DataObject, *, mid_p: bool) -> None:
    """On a grid, by SciPy's noncentral hypergeometric distribution: nothing beyond is accepted, and much within is."""
    table = TwoByTwo(data.draw(st.integers(0, n)), n, data.draw(st.integers(0, m)), m)
    found = baptista_pike.limits(table, level=0.95, mid_p=mid_p)
    assert found is not None
    low, high = found
    if table.uninformative:
        assert found == (0.0, inf)
        return
    accepted = []
    events = table.events + table.reference_events
    support = np.arange(max(0, events - m), min(n, events) + 1)
    for ratio in np.exp(np.linspace(-8, 8, 161)):
        density = nchypergeom_fisher.pmf(support, n + m, n, events, ratio)
        own = density[support == table.events][0]
        p = density[density <= own * (1 + 1e-9)].sum() - (own / 2 if mid_p else 0)
        if not low * (1 - 1e-6) <= ratio <= high * (1 + 1e-6):
            assert p < 0.05 + 1e-9
        elif p > 0.05:
            accepted.append(ratio)
    if low > 0:  # the grid has steps of a tenth
        assert min(accepted, default=low) < low * 1.5
    if high < inf:
        assert max(accepted, default=high) > high / 1.5
    assert (low == 0) == (table.events == support[0])
    assert (high == inf) == (table.events == support[-1])


def test_mid_p_limits_lie_within_the_exact_ones_and_large_tables_are_left_out() -> None:
    table = TwoByTwo(24, 55, 26, 109)
    exact, mid_p = (baptista_pike.limits(table, level=0.95, mid_p=way) for way in (False, True))
    assert exact is not None
    assert mid_p is not None
    assert exact[0] <= mid_p[0] < mid_p[1] <= exact[1]
    assert baptista_pike.limits(TwoByTwo(50_000, 90_000, 50_000, 90_000), level=0.95, mid_p=False) is None
