"""Classical estimates of partitions: which rows there are, and that exchanging the arms mirrors them."""

import subprocess
import sys
from math import isclose, isinf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reappraise.published.partition import Partition
from reappraise.response.classical.recompute import recompute


def partition(events, totals, **options):
    names = tuple(f"level-{number}" for number in range(len(events)))
    return Partition(
        endpoint="response",
        factor=options.pop("factor", "factor"),
        levels=names,
        level_labels=names,
        arms=("control", "experimental"),
        arm_labels=("Control", "Experimental"),
        events=events,
        totals=totals,
        better=options.pop("better", "higher"),
        **options,
    )


WHOLE = partition(((26, 24),), ((109, 55),))


def rows(found):
    return {(e.population, e.quantity, e.arm, e.method.split(";")[0], e.sides): e for e in found}


@st.composite
def partitions(draw):
    totals = [(draw(st.integers(0, 9)), draw(st.integers(0, 9))) for _ in range(draw(st.integers(1, 2)))]
    events = [tuple(draw(st.integers(0, total)) for total in pair) for pair in totals]
    return partition(tuple(events), tuple(totals), better=draw(st.sampled_from(["higher", "lower"])))


def same(one, other):
    if one is None or other is None:
        return one is other
    # Plus and minus infinity are one number needed to treat, and one reciprocal of a difference of 0.
    return (isinf(one) and isinf(other)) or isclose(one, other, rel_tol=1e-6, abs_tol=1e-8)


@settings(max_examples=25)
@given(partitions())
def test_exchanging_the_arms_mirrors_every_estimate(counts):
    turned = rows(recompute(counts.swapped()))
    found = rows(recompute(counts))
    assert set(found) == set(turned)
    for key, estimate in found.items():
        other = turned[key]
        if estimate.sides == 1:
            continue  # the one-sided alternative is that the experimental arm is better, whichever that is
        if estimate.sides == 2:
            assert estimate.p_value == pytest.approx(other.p_value, abs=2e-3)
            continue
        if estimate.numerator:
            assert (estimate.numerator, estimate.denominator) == (other.denominator, other.numerator)
            other = other.reversed()
        pairs = ((estimate.value, other.value), (estimate.low, other.low), (estimate.high, other.high))
        assert all(same(one, twin) for one, twin in pairs), (estimate, other)


def test_one_sided_p_values_look_towards_benefit():
    higher = next(e for e in recompute(WHOLE) if e.sides == 1)
    lower = next(e for e in recompute(partition(WHOLE.events, WHOLE.totals, better="lower")) if e.sides == 1)
    assert higher.p_value == pytest.approx(0.0083, abs=0.00005)
    assert lower.p_value > 0.99
    assert "experimental arm better" in higher.method


def test_the_first_row_of_each_quantity_is_the_default():
    first = {}
    for estimate in recompute(WHOLE):
        first.setdefault((estimate.quantity, estimate.arm), estimate)
    methods = {quantity: estimate.method for (quantity, _), estimate in first.items()}
    assert methods == {
        "rate": "Clopper-Pearson (exact)",
        "risk_difference": "Newcombe hybrid score",
        "number_needed_to_treat": "reciprocal of the risk difference; Newcombe hybrid score",
        "risk_ratio": "Koopman score",
        "odds_ratio": "sample odds ratio, Woolf log",
    }
    assert {estimate.kind for estimate in first.values()} == {"recomputed"}
    contrast = first["odds_ratio", ""]
    assert (contrast.numerator, contrast.denominator, contrast.level) == ("experimental", "control", 0.95)
    assert contrast.value == pytest.approx((24 / 31) / (26 / 83))


def test_no_contrast_after_randomisation_or_without_patients():
    after = partition(((1, 2),), ((5, 6),), timing="post_randomisation")
    assert {estimate.quantity for estimate in recompute(after)} == {"rate"}
    empty = list(recompute(partition(((0, 2),), ((0, 6),))))
    assert {(estimate.quantity, estimate.arm) for estimate in empty} == {("rate", "experimental")}


def test_the_level_is_used_and_said():
    narrow = next(e for e in recompute(WHOLE, level=0.5) if e.quantity == "odds_ratio")
    wide = next(e for e in recompute(WHOLE) if e.quantity == "odds_ratio")
    assert narrow.level == 0.5
    assert wide.low < narrow.low < narrow.high < wide.high


def test_reading_a_trial_does_not_import_the_statistics_packages():
    code = "import sys, reappraise.trial; sys.exit(bool({'statsmodels', 'scipy.stats'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
