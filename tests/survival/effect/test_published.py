"""What is read of a hazard ratio without time: value, standard error and direction, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, inf, log, sqrt
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.printed import Printed
from reappraise.survival.effect.events import check_events
from reappraise.survival.effect.published import PrintedEffect, printed_effect
from reappraise.survival.effect.spans import error_of_limits, error_of_p, logs, meet, turned
from reappraise.survival.effect.untimed import has_time
from reappraise.survival.pseudo_ipd.published import summaries_of

NORMAL = NormalDist()
NO_EVENTS = "counts = []"
type Write = Callable[..., Any]
type One = Callable[..., str]


def middle(effect: PrintedEffect) -> float:
    return sum(effect.standard_error) / 2


def test_andromeda_is_read_as_printed(andromeda: Any, effect: PrintedEffect) -> None:
    assert [exp(end) for end in effect.log_ratio] == pytest.approx([0.745, 0.755])
    assert effect.standard_error[0] == pytest.approx(log(1.015 / 0.555) / (2 * 1.959964), rel=1e-6)
    assert effect.standard_error[1] == pytest.approx(log(1.025 / 0.545) / (2 * 1.959964), rel=1e-6)
    assert (effect.arms, effect.events, effect.basis) == (("lactate", "perfusion"), (92, 74), "limits")
    assert (effect.arm_labels, effect.better, effect.conditioned) == (("Lactate", "Perfusion"), "higher", "not said")
    assert effect.printed == "hazard ratio perfusion / lactate 0.75 (95% interval 0.55 to 1.02), p = 0.06"
    assert (effect.source, effect.notes) == ("Abstract", ())
    with pytest.raises(AnalysisError, match="no time is printed"):  # what it was refused for
        summaries_of(andromeda)


def test_the_p_value_of_the_print_is_that_of_its_interval(effect: PrintedEffect) -> None:
    """Printed .06 lies within what value and limits give: the three numbers hold together."""
    least, largest = (abs(effect.centre) / error for error in reversed(effect.standard_error))
    assert 2 * NORMAL.cdf(-largest) < 0.065
    assert 2 * NORMAL.cdf(-least) > 0.055


def test_a_print_the_other_way_round_is_the_same_effect(write: Write, one: One, effect: PrintedEffect) -> None:
    """1/0.75 = 1.33, 1/1.02 = 0.98, 1/0.55 = 1.82: spans overlap, because both print the same numbers."""
    other = printed_effect(write(one('value = "1.33", low = "0.98", high = "1.82"', over="lactate over perfusion")))
    assert other.log_ratio[0] < effect.centre < other.log_ratio[1]
    assert meet(other.standard_error, effect.standard_error)
    assert other.events == effect.events
    assert other.printed.startswith("hazard ratio lactate / perfusion 1.33")


def test_the_level_of_the_interval_is_that_of_print(write: Write, one: One, effect: PrintedEffect) -> None:
    numbers = 'value = "0.75", low = "0.55", high = "1.02", level = "0.9773"'
    other = printed_effect(write(one(numbers)))
    assert middle(other) == pytest.approx(middle(effect) * 1.959964 / 2.279, rel=1e-3)
    assert "97.73% interval" in other.printed


@pytest.mark.parametrize(("sides", "p", "z"), [(2, "0.06", 1.8808), (1, "0.03", 1.8808), (None, "0.06", 1.8808)])
def test_without_limits_the_p_value_says_how_sure(
    write: Write, one: One, effect: PrintedEffect, sides: int | None, p: str, z: float
) -> None:
    said = f", sides = {sides}" if sides else ""
    found = printed_effect(write(one(f'value = "0.75", p = "{p}"{said}'), counts=NO_EVENTS))
    assert found.basis == "p value"
    assert found.standard_error[0] < abs(log(0.75)) / z < found.standard_error[1]
    assert meet(found.standard_error, effect.standard_error)
    assert ("taken as two-sided, which is not printed" in found.notes[0]) is (sides is None)
    assert check_events(found) is None


def test_a_p_value_may_stand_by_itself(write: Write, one: One) -> None:
    found = printed_effect(write(one('value = "0.75"'), one('p = "0.06", sides = 2'), counts=NO_EVENTS))
    assert found.basis == "p value"
    assert found.printed == "hazard ratio perfusion / lactate 0.75, p = 0.06"


@pytest.mark.parametrize("numbers", ['value = "0.75"', 'value = "0.75", p = "<0.1"', 'value = "1.00", p = "0.99"'])
def test_where_neither_says_it_the_events_do(write: Write, one: One, numbers: str) -> None:
    found = printed_effect(write(one(numbers)))
    assert found.basis == "events"
    assert found.standard_error == pytest.approx([sqrt(1 / 92 + 1 / 74)] * 2)
    assert "the least that the events allow" in found.notes[0]
    assert check_events(found) is None


@pytest.mark.parametrize(
    ("numbers", "counts", "message"),
    [
        ((), None, "^death: no hazard ratio of perfusion and lactate is printed$"),
        (('p = "0.06", sides = 2',), None, "^death: no hazard ratio of perfusion and lactate is printed$"),
        (('value = "<0.75"',), None, "^death: .* is printed as more than a bound$"),
        (('value = "0.75"',), NO_EVENTS, "^death: nothing printed says how sure .* expected its limits, a p value"),
        (('value = "0.75", p = "<0.05"',), NO_EVENTS, "nothing printed says how sure"),
        (('value = "0.75", low = "0.75", high = "0.75"',), NO_EVENTS, "nothing printed says how sure"),
        (('value = "0.75", low = "0.00", high = "not reached"',), NO_EVENTS, "nothing printed says how sure"),
        (('value = "0.75", low = "0.55", high = "1.02", spread = "range"',), NO_EVENTS, "nothing printed says"),
        (('value = "0.75", low = "0.55", high = "1.02", at = "12 days"',), None, "no hazard ratio"),
    ],
)
def test_what_nothing_determines_is_refused_in_words(
    write: Write, one: One, numbers: tuple[str, ...], counts: str | None, message: str
) -> None:
    item = write(*map(one, numbers), **({"counts": counts} if counts else {}))
    with pytest.raises(UndeterminedError, match=message):
        printed_effect(item)


def test_events_are_of_no_use_where_an_arm_has_none(write: Write, one: One) -> None:
    none = 'counts = [{ arm = "lactate", events = 0, total = 212, source = "A" }, '
    none += '{ arm = "perfusion", events = 7, total = 212, source = "A" }]'
    with pytest.raises(UndeterminedError, match="nothing printed says"):
        printed_effect(write(one('value = "0.75"'), counts=none))


@pytest.mark.parametrize(
    ("low", "high", "limit"), [("0.00", "1.02", 1.02), ("0.55", "not reached", 0.55)], ids=["no low", "no high"]
)
def test_one_limit_is_enough(write: Write, one: One, low: str, high: str, limit: float) -> None:
    for numbers, over in (
        (f'value = "0.75", low = "{low}", high = "{high}"', "perfusion over lactate"),
        (f'value = "0.75", low = "{low}", high = "{high}"', "lactate over perfusion"),
    ):
        found = printed_effect(write(one(numbers, over=over)))
        assert found.basis == "limits"
        assert middle(found) == pytest.approx(abs(log(limit / 0.75)) / 1.959964, rel=0.02)
        assert "one limit is 0 or not reached" in found.notes[0]


def test_limits_alone_have_a_middle(write: Write, one: One, effect: PrintedEffect) -> None:
    for value in ('value = "<0.8", ', 'p = "0.06", '):
        found = printed_effect(write(one(value + 'low = "0.55", high = "1.02"')))
        assert found.centre == pytest.approx(log(0.55 * 1.02) / 2, abs=1e-3)
        assert meet(found.log_ratio, effect.log_ratio)


def test_limits_off_the_middle_are_said(write: Write, one: One) -> None:
    found = printed_effect(write(one('value = "0.85", low = "0.55", high = "1.02"')))
    assert found.notes == (
        "the limits are not symmetric about the ratio on the log scale, as a normal estimate's: 0.749",
    )


def test_of_several_ratios_the_first_with_limits_is_taken(write: Write, one: One) -> None:
    listed = (
        one('value = "0.70"', source="Figure 1"),
        one('value = "0.75", low = "0.55", high = "1.02"', source="Table 2"),
        one('value = "0.76", low = "0.55", high = "1.05"', source="Table 3"),
    )
    found = printed_effect(write(*listed))
    assert exp(found.centre) == pytest.approx(0.75, abs=1e-3)
    assert found.notes == ("of 3 printed hazard ratios that of Table 2 is taken",)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("Cox regression, adjusted for SOFA", "adjusted"),
        ("Cox regression stratified by site", "stratified"),
        ("stratified Cox, multivariable", "adjusted and stratified"),
        ("unadjusted Cox regression", "neither"),
        ("unstratified, adjusted for age", "adjusted"),
        ("Cox regression", "not said"),
        ("", "not said"),
    ],
)
def test_whether_covariates_are_in_the_ratio_is_read_from_its_method(
    write: Write, one: One, method: str, said: str
) -> None:
    assert printed_effect(write(one(f'value = "0.75", method = "{method}"'))).conditioned == said


def test_the_interval_is_as_sure_as_its_events_make_it(effect: PrintedEffect) -> None:
    found = check_events(effect)
    assert found is not None
    assert found.surety == "as sure as its events make it"
    assert found.ratio[0] < 1 < found.ratio[1]
    assert "0.154 to 0.161" in found.words
    assert "0.156 of 92 (Lactate) and 74 (Perfusion) events" in found.words


def test_an_interval_that_is_surer_than_its_events_allow_is_named(effect: PrintedEffect) -> None:
    """With a quarter of the deaths the standard error would have to be twice as large."""
    sure, unsure = (check_events(replace(effect, events=events)) for events in ((23, 18), (920, 740)))
    assert sure is not None
    assert unsure is not None
    assert sure.surety == "surer than its events allow"
    assert sure.words.endswith("surer than its events allow.")
    assert unsure.surety == "less sure than its events"
    assert check_events(replace(effect, events=(92, None))) is None


@pytest.mark.parametrize(
    "change",
    [{"log_ratio": (-inf, 0.0)}, {"log_ratio": (0.1, 0.1)}, {"standard_error": (0.0, 0.1)}, {"log_ratio": (0.2, 0.1)}],
)
def test_no_effect_is_without_rounding_or_error(effect: PrintedEffect, change: dict[str, Any]) -> None:
    with pytest.raises(AnalysisError, match="death: expected"):
        replace(effect, **change)


@pytest.mark.parametrize(
    ("estimate", "timed"),
    [
        ('quantity = "median", arm = "lactate", unit = "days", value = "20", source = "A"', True),
        ('quantity = "median", arm = "lactate", unit = "days", value = "not reached", source = "A"', False),
        ('quantity = "survival", arm = "lactate", at = "28 days", unit = "percent", value = "57", source = "A"', True),
    ],
)
def test_a_time_is_told_from_none_as_the_reconstruction_tells_it(
    write: Write, one: One, estimate: str, *, timed: bool
) -> None:
    item = write(one('value = "0.75", low = "0.55", high = "1.02"'), f"{{ {estimate} }}")
    assert has_time(item) is timed
    if timed:
        assert summaries_of(item).horizon > 0
    else:
        with pytest.raises(AnalysisError, match="no time is printed"):
            summaries_of(item)


def test_the_follow_up_of_another_endpoint_is_a_time(write: Write, one: One) -> None:
    followed = 'estimates = [{ quantity = "median", arm = "lactate", at = "follow-up", unit = "days", value = "28", '
    followed += 'low = "1", high = "90", spread = "range", source = "A" }]'
    more = (
        '\n[[endpoints]]\nkind = "survival"\nkey = "other"\nlabel = "Other"\npopulation = "randomised"\n'
        f'better = "higher"\nunit = "days"\nsource = "A"\n{followed}\n'
    )
    item = write(one('value = "0.75"'), more=more)
    assert has_time(item)
    assert summaries_of(item).horizon == pytest.approx(90.5)


@given(
    some.floats(-1.5, 1.5),
    some.floats(0.05, 0.6),
    some.sampled_from([2, 3]),
    some.sampled_from([0.9, 0.95, 0.9773]),
)
def test_what_is_read_holds_what_was_printed(value: float, error: float, decimals: int, level: float) -> None:
    """Estimate and standard error lie in the spans that their own print is read as, in either direction."""
    z = NORMAL.inv_cdf((1 + level) / 2)
    numbers = (value, value - z * error, value + z * error)
    printed = [Printed(f"{exp(number):.{decimals}f}") for number in numbers]
    spans = [logs(number) for number in printed]
    assert spans[0][0] - 1e-9 <= value <= spans[0][1] + 1e-9
    found = error_of_limits(spans[0], spans[1], spans[2], level)
    other = error_of_limits(turned(spans[0]), turned(spans[2]), turned(spans[1]), level)
    if found is None:
        assert other is None
        assert printed[1] == 0 or log(printed[2] / printed[1]) < 0.1
        return
    assert found[0] - 1e-9 <= error <= found[1] + 1e-9
    assert other == pytest.approx(found)


@given(some.floats(0.2, 3.0), some.floats(0.05, 1.0), some.sampled_from([1, 2]))
def test_what_is_read_of_p_holds_the_error_that_gave_it(size: float, error: float, sides: int) -> None:
    p = sides * NORMAL.cdf(-size / error)
    printed = Printed(f"{p:.3f}")
    found = error_of_p((size - 0.005, size + 0.005), printed, sides)
    if found is None:
        assert printed < 0.001 or p > 0.49 * sides
        return
    assert found[0] - 1e-9 <= error <= found[1] + 1e-9
    turned_round = error_of_p((-size - 0.005, -size + 0.005), printed, sides)
    assert turned_round == pytest.approx(found)
