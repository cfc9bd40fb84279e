"""Intervals of a rate: against printed tables, and the laws that any of them keeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reappraise.response.classical.rates import rate_intervals

# Newcombe 1998, Stat Med 17:857-872, table I: printed to four decimals.
NEWCOMBE = {
    (81, 263): {
        "Wald": (0.2522, 0.3638),
        "Wald with continuity correction": (0.2503, 0.3657),
        "Wilson score": (0.2553, 0.3662),
        "Wilson score with continuity correction": (0.2535, 0.3682),
        "Clopper-Pearson (exact)": (0.2527, 0.3676),
        "mid-P": (0.2544, 0.3658),
    },
    (15, 148): {
        "Wald": (0.0527, 0.1500),
        "Wald with continuity correction": (0.0494, 0.1534),
        "Wilson score": (0.0624, 0.1605),
        "Wilson score with continuity correction": (0.0598, 0.1644),
        "Clopper-Pearson (exact)": (0.0578, 0.1617),
        "mid-P": (0.0601, 0.1581),
    },
    (0, 20): {
        "Wald": (0.0, 0.0),
        "Wilson score": (0.0, 0.1611),
        "Wilson score with continuity correction": (0.0, 0.2005),
        "Clopper-Pearson (exact)": (0.0, 0.1684),
        "mid-P": (0.0, 0.1391),
    },
}
TOTALS = st.integers(1, 200)


def by_method(events, total, level=0.95):
    return {item.method: item for item in rate_intervals(events, total, level=level)}


@pytest.mark.parametrize(
    ("counts", "method"), [(counts, method) for counts, table in NEWCOMBE.items() for method in table]
)
def test_limits_are_those_newcombe_printed(counts, method):
    found = by_method(*counts)[method]
    assert (found.low, found.high) == pytest.approx(NEWCOMBE[counts][method], abs=0.00005 + 1e-9)


def test_exact_limits_are_those_of_binom_test_in_r():
    found = by_method(682, 925)["Clopper-Pearson (exact)"]
    assert (found.low, found.high) == pytest.approx((0.7076683, 0.7654066), abs=5e-8)


def test_the_exact_interval_comes_first():
    assert rate_intervals(3, 10)[0].method == "Clopper-Pearson (exact)"


@settings(max_examples=40)
@given(total=TOTALS, data=st.data(), level=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_every_interval_holds_its_rate_within_0_and_1(total, data, level):
    events = data.draw(st.integers(0, total))
    for found in rate_intervals(events, total, level=level):
        assert 0 <= found.low <= found.value + 1e-12
        assert found.value - 1e-12 <= found.high <= 1


@settings(max_examples=40)
@given(total=TOTALS, data=st.data())
def test_intervals_mirror_when_events_and_failures_change_places(total, data):
    events = data.draw(st.integers(0, total))
    mirrored = by_method(total - events, total)
    for method, found in by_method(events, total).items():
        turned = 1 - mirrored[method].high, 1 - mirrored[method].low
        assert (found.low, found.high) == pytest.approx(turned, abs=1e-9)


@settings(max_examples=40)
@given(total=TOTALS, data=st.data())
def test_a_higher_level_widens_and_another_event_raises_every_interval(total, data):
    events = data.draw(st.integers(0, total - 1))
    wider, more = by_method(events, total, 0.99), by_method(events + 1, total)
    for method, found in by_method(events, total).items():
        assert wider[method].low <= found.low + 1e-12
        assert wider[method].high >= found.high - 1e-12
        # Limits of Wald's kind collapse at 0 and at all events, and are not monotone next to them.
        if not method.startswith("Wald") and method in more:
            assert more[method].low >= found.low - 1e-12
            assert more[method].high >= found.high - 1e-12


def test_the_exact_interval_is_the_widest_of_the_binomial_ones():
    found = by_method(26, 109)
    exact, mid = found["Clopper-Pearson (exact)"], found["mid-P"]
    assert exact.low < mid.low < mid.high < exact.high


@pytest.mark.parametrize(("events", "total"), [(-1, 10), (11, 10), (0, 0)])
def test_impossible_counts_are_refused(events, total):
    with pytest.raises(ValueError, match=f"got {events} of {total}"):
        rate_intervals(events, total)
