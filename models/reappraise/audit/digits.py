"""Numbers that are one digit away: wrongly typed, or two neighbours exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from reappraise.core.printed import Printed


def texts(number: str) -> Iterator[str]:
    """Every text that is one digit, or one exchange of neighbouring digits, away.

    Examples
    --------
    >>> "0.67" in texts("0.76"), "0.75" in texts("0.76"), "0.85" in texts("0.76")
    (True, True, False)
    """
    for place, digit in enumerate(number):
        if digit.isdigit():
            for other in "0123456789":
                if other != digit:
                    yield f"{number[:place]}{other}{number[place + 1 :]}"
    digits = [place for place, digit in enumerate(number) if digit.isdigit()]
    for first, second in pairwise(digits):
        if number[first] != number[second]:
            yield (f"{number[:first]}{number[second]}{number[first + 1 : second]}{number[first]}{number[second + 1 :]}")


def one_digit_away(printed: Printed, number: float) -> str | None:
    """The text one digit away from a printed number that another number is printed as; None if there is none.

    Examples
    --------
    >>> one_digit_away(Printed("0.76"), 0.783), one_digit_away(Printed("1.04"), 1.5)
    ('0.78', None)
    """
    if printed.relation != "=":
        return None
    return next((text for text in texts(printed.number) if Printed(text).covers(number)), None)


def variants(count: int) -> Iterator[int]:
    """Counts that are one digit away, each once.

    Examples
    --------
    >>> len(list(variants(57))), 75 in variants(57)
    (19, True)
    """
    yield from dict.fromkeys(int(text) for text in texts(str(count)))
