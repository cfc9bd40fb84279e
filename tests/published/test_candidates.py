"""Counts that a printed percentage allows: all that round to it, at once whatever the number of patients."""

from __future__ import annotations

import pytest

from reappraise.published.record import Count


@pytest.mark.parametrize(
    ("percent", "total", "found"),
    [
        ("26", 472, range(121, 126)),
        ("50", 3, range(0)),
        ("33.3", 3, range(1, 2)),
        ("0", 40, range(1)),
        ("100", 40, range(40, 41)),
        ("<1", 250, range(3)),
        (">99", 250, range(248, 251)),
        ("12.5", 8, range(1, 2)),
        ("<50", 1_000_000_000, range(500_000_001)),
    ],
)
def test_they_are_those_that_round_to_the_print(percent: str, total: int, found: range) -> None:
    count = Count.model_validate({"arm": "c", "total": total, "percent": percent, "source": "T"})
    assert count.candidates == found


@pytest.mark.parametrize("percent", ["0", "1", "7", "12.5", "33.3", "50", "66.67", "99.9", "<1", ">5"])
def test_they_are_what_trying_every_count_gives(percent: str) -> None:
    for total in range(1, 120):
        count = Count.model_validate({"arm": "c", "total": total, "percent": percent, "source": "T"})
        assert count.percent is not None
        assert list(count.candidates) == [k for k in range(total + 1) if count.percent.covers(100 * k / total)]
