"""Work in threads: in order, at once, and ended where one fails."""

from __future__ import annotations

import threading

import pytest

from reappraise.core import side_by_side as module
from reappraise.core.side_by_side import side_by_side


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cores, whatever this machine has."""
    monkeypatch.setattr(module.os, "cpu_count", lambda: 2)


def test_answers_stand_in_the_order_of_the_tasks() -> None:
    assert side_by_side([lambda place=place: place**2 for place in range(20)]) == tuple(n**2 for n in range(20))


def test_two_are_under_way_at_once() -> None:
    meeting = threading.Barrier(2, timeout=30)  # one after the other, the first would wait in vain
    assert sorted(side_by_side([meeting.wait, meeting.wait])) == [0, 1]


def test_one_core_takes_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "cpu_count", lambda: None)
    main = threading.get_ident()
    assert side_by_side([threading.get_ident, threading.get_ident]) == (main, main)


def test_a_failure_stops_the_others_and_is_raised() -> None:
    stopped, together, ended = threading.Event(), threading.Barrier(2, timeout=30), []

    def fails() -> None:
        together.wait()
        raise ValueError("no")

    def waits() -> None:
        together.wait()
        ended.append(stopped.wait(30))

    with pytest.raises(ValueError, match="no"):
        side_by_side([waits, fails], stop=stopped.set)
    assert ended == [True]


def test_what_has_not_begun_when_one_fails_is_left() -> None:
    stopped, begun = threading.Event(), []

    def fails() -> None:
        raise ValueError("no")

    def waits() -> None:
        stopped.wait(30)

    with pytest.raises(ValueError, match="no"):
        side_by_side([fails, waits, waits, lambda: begun.append(1)], stop=stopped.set)
    assert not begun
