"""Counts that a printed percentage allows: all that round to it, at once whatever the number of patients."""

from __future__ import annotations

import re

import pytest

from reappraise.published.record import Count, Published


@pytest.mark.parametrize(
    ("percent", "total", "found"),
    [
        ("26", 472, range(121, 126)),
        ("50", 3, range(0)),
        ("33.3", 3, range(1, 2)),
        ("0", 40, range(1)),
        ("100", 40, range(40, 41)),
        ("<1", 250, range(1, 3)),  # nobody would be printed as 0
        ("<1%", 250, range(1, 3)),
        ("< 1 %", 200, range(1, 2)),
        ("<1", 100, range(1)),  # one would be 1%
        ("\u22641", 100, range(1, 2)),
        ("0", 472, range(1)),  # one or two would be printed as <1
        ("0.0", 5000, range(1)),
        (">99", 250, range(248, 250)),
        (">99", 50, range(50, 51)),
        (">100", 50, range(0)),
        ("<0", 50, range(0)),
        ("12.5", 8, range(1, 2)),
        ("<50", 1_000_000_000, range(1, 500_000_000)),
    ],
)
def test_they_are_those_that_round_to_the_print(percent: str, total: int, found: range) -> None:
    count = Count.model_validate({"arm": "c", "total": total, "percent": percent, "source": "T"})
    assert count.candidates == found


@pytest.mark.parametrize("percent", ["0", "1", "7", "12.5", "33.3", "50", "66.67", "99.9"])
def test_they_are_what_trying_every_count_gives(percent: str) -> None:
    for total in range(1, 120):
        count = Count.model_validate({"arm": "c", "total": total, "percent": percent, "source": "T"})
        assert count.percent is not None
        assert list(count.candidates) == [k for k in range(total + 1) if count.percent.covers(100 * k / total)]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"events": "12 (5.2)"}, (12, "5.2", False)),
        ({"events": "3 (<1%)", "percent": ""}, (3, "<1", False)),
        ({"events": "3 [<1]", "percent": "-"}, (3, "<1", False)),
        ({"events": 3, "percent": "\u2014"}, (3, None, False)),
        ({"events": 3, "percent": "NA"}, (3, None, False)),
        ({"percent": "44%"}, (None, "44", False)),
        ({"events": "NR"}, (None, None, True)),
        ({"events": "NR", "percent": "NR"}, (None, None, True)),
        ({"events": "NR", "percent": "7"}, (None, "7", False)),
        ({"percent": "not reported"}, (None, None, True)),
        ({"events": "NR", "percent": "-"}, (None, None, True)),
    ],
)
def test_cells_are_read_as_printed(cells: dict[str, object], expected: tuple[int | None, str | None, bool]) -> None:
    count = Count.model_validate({"arm": "c", "total": 250, "source": "T"} | cells)
    found = count.events, None if count.percent is None else str(count.percent), count.not_reported
    assert found == expected
    assert count.candidates == range(251) if count.not_reported else len(count.candidates) < 9


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"events": "-"}, 'write 0 or "NR", or, for a table, dash = "none" or dash = "not reported"'),
        ({"percent": "\u2013"}, "may say that nobody had it, or that it is not reported"),
        ({"events": "<1%"}, "write it as percent"),
        ({"events": "12 (5)", "percent": "5"}, "expected the percentage once"),
        ({"events": "many"}, "events"),
        ({}, 'events = "NR" where neither is reported'),
        ({"events": 3, "not_reported": True}, "without events and percent"),
    ],
)
def test_what_may_mean_two_things_is_refused(cells: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Count.model_validate({"arm": "c", "total": 250, "source": "T"} | cells)


MEDIAN = {"quantity": "median", "arm": "c", "unit": "months", "source": "T"}
RATIO = {"quantity": "hazard_ratio", "numerator": "e", "denominator": "c", "source": "T"}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (MEDIAN | {"value": "NR", "low": "9.1", "high": "NE"}, ("not reached", "9.1", "not reached")),
        (MEDIAN | {"value": "Not reached", "unit": "mo"}, ("not reached", None, None)),
        (MEDIAN | {"value": "12.0", "low": "9.1", "high": "nr"}, ("12.0", "9.1", "not reached")),
        (MEDIAN | {"value": "12.0", "at": "follow-up", "low": "NR", "high": "NR"}, ("12.0", None, None)),
        (RATIO | {"value": "0.70", "low": "NR", "high": "NR"}, ("0.70", None, None)),
        (RATIO | {"value": "NR", "p": "0.03"}, (None, None, None)),
    ],
)
def test_nr_is_not_reached_for_times_and_not_reported_for_others(
    cells: dict[str, object], expected: tuple[str | None, ...]
) -> None:
    found = Published.model_validate(cells)
    assert tuple(None if n is None else str(n) for n in (found.value, found.low, found.high)) == expected


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (RATIO | {"value": "NR"}, "not reported for hazard_ratio; leave the record out"),
        (MEDIAN | {"value": "NR", "unit": "years", "at": "follow-up"}, "leave the record out"),
        (MEDIAN | {"value": "NR", "unit": "mg"}, "leave the record out"),
        (MEDIAN | {"value": "12.0", "low": "NE", "high": "NE"}, 'expected a number for low, got "NE"'),
        (RATIO | {"value": "0.70", "p": "-"}, "which says nothing; leave it out"),
        (RATIO | {"value": "0.70", "low": "0.5", "high": "NR"}, "expected both low and high, or neither"),
    ],
)
def test_what_says_nothing_is_refused_with_words(cells: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Published.model_validate(cells)
