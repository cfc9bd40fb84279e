"""One digit that would make an estimate the middle of its limits."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from reappraise.audit.digits import texts
from reappraise.audit.rounding import logs, overlap
from reappraise.core.printed import Printed

MOST = 3
"""Readings of one number that are named: where more would do, none says much."""


def symmetric(value: Printed, low: Printed, high: Printed, *, ratio: bool) -> bool:
    """Whether a value may be the middle of its limits, of a ratio the geometric one, within rounding."""
    middle, lower, upper = (logs(number) if ratio else number.bounds for number in (value, low, high))
    if not all(isfinite(end) for end in (*middle, *lower, *upper)):
        return False
    return overlap((2 * middle[0], 2 * middle[1]), (lower[0] + upper[0], lower[1] + upper[1]))


def mending(value: Printed, low: Printed, high: Printed, *, ratio: bool) -> str:
    """What one digit, or an exchange of two neighbours, would make symmetric, for a sentence; or empty.

    Parameters
    ----------
    value, low, high
        An estimate with its limits, as printed.
    ratio
        Whether it is symmetric on the log scale.

    Examples
    --------
    >>> mending(Printed("0.87"), Printed("0.68"), Printed("1.21"), ratio=True)
    ' (of one digit, these would fit: lower limit 0.62, 0.63, 0.64; upper limit 1.11, 1.12)'
    """
    found = []
    for name, place in (("value", 0), ("lower limit", 1), ("upper limit", 2)):
        fits = list(_fits([value, low, high], place, ratio=ratio))
        if 0 < len(fits) <= MOST:
            found.append(f"{name} {', '.join(fits)}")
    return f" (of one digit, these would fit: {'; '.join(found)})" if found else ""


def _fits(numbers: list[Printed], place: int, *, ratio: bool) -> Iterator[str]:
    if any(number.relation != "=" or not isfinite(number) for number in numbers):
        return
    for text in dict.fromkeys(texts(numbers[place].number)):
        changed = [*numbers]
        changed[place] = Printed(text)
        value, low, high = changed
        if low < value < high and symmetric(value, low, high, ratio=ratio):
            yield text
