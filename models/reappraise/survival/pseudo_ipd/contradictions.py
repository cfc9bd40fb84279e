"""Printed numbers that no data have together, shown without a search: a survival curve never rises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite
from typing import Final

from reappraise.survival.pseudo_ipd.targets import Target

SLACK: Final = 1e-6
"""What a curve may miss a level by and still be at it, and more than sums in another order differ by."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two printed numbers of one arm that exclude each other.

    Parameters
    ----------
    given, missed
        The numbers: if the first holds, the second does not.
    nearest
        Nearest value that the statistic of the second can then have.
    """

    given: Target
    missed: Target
    nearest: float


@dataclass(frozen=True, slots=True)
class _Bound:
    """A curve is at most, or at least, so high from, or until, a time."""

    target: Target
    time: float
    height: float


def contradictions(targets: tuple[Target, ...]) -> Iterator[Contradiction]:
    """Yield pairs of printed numbers that no curve of one arm has together; none is no proof that there are data."""
    for arm in (0, 1):
        own = [target for target in targets if target.arm == arm]
        above = [bound for target in own for bound in _at_least(target)]
        for ceiling in (bound for target in own for bound in _at_most(target)):
            for floor in above:
                if ceiling.time <= floor.time and ceiling.height < floor.height - SLACK:
                    yield _between(ceiling, floor)
        yield from _outside_their_interval(own)


def _at_most(target: Target) -> Iterator[_Bound]:
    """Yield how high the curve is at most, from a time on."""
    if target.statistic == "survival":
        yield _Bound(target, target.at, target.high)
    elif target.statistic == "quantile" and isfinite(target.high):
        yield _Bound(target, target.high, 1 - target.at)


def _at_least(target: Target) -> Iterator[_Bound]:
    """Yield how high the curve is at least, until a time."""
    if target.statistic == "survival":
        yield _Bound(target, target.at, target.low)
    elif target.statistic == "quantile":
        # until the quantile the curve is at the level or above: just before it, that is
        yield _Bound(target, target.low * (1 - SLACK) if isfinite(target.low) else inf, 1 - target.at)


def _between(ceiling: _Bound, floor: _Bound) -> Contradiction:
    if floor.target.statistic == "survival":
        return Contradiction(ceiling.target, floor.target, ceiling.height)
    if ceiling.target.statistic == "survival":
        return Contradiction(floor.target, ceiling.target, floor.height)
    return Contradiction(ceiling.target, floor.target, ceiling.time)


def _outside_their_interval(own: list[Target]) -> Iterator[Contradiction]:
    """Yield a value of which its own lower limit is above it, or its upper limit below."""
    for value in own:
        for limit in own:
            if limit.at != value.at or not isfinite(limit.low + limit.high):
                continue
            if limit.statistic == f"{value.statistic} low" and limit.low > value.high:
                yield Contradiction(value, limit, value.high)
            if limit.statistic == f"{value.statistic} high" and limit.high < value.low:
                yield Contradiction(value, limit, value.low)
