"""Numbers needed to treat or to harm in words: one wording for tables and for the page."""

from __future__ import annotations

from math import isinf

from reappraise.core.printed import Printed


def needed(value: float, low: float | None, high: float | None) -> tuple[str, str]:
    """A number needed to treat or to harm, and its interval; of one through infinity both sides are named.

    Parameters
    ----------
    value
        Reciprocal of the difference in favour of the experimental arm: below 0 it is a number needed to harm.
    low, high
        Limits, the reciprocals of those of the difference; None where there are none.

    References
    ----------
    Altman DG. Confidence intervals for the number needed to treat. BMJ 1998;317:1309-1312.
    """
    side = "" if isinf(value) else _side(value)
    text = "infinite: no difference" if isinf(value) else f"{side} {_size(value)}"
    if low is None or high is None:
        return text, ""
    ends = [low, high] if side != "NNH" else [high, low]  # first the side of the number itself
    if any(map(isinf, ends)):
        ends = sorted(ends, key=isinf)
    through = not any(map(isinf, ends)) and low > 0 > high
    if through:
        shown = [f"{_side(ends[0])} {_size(ends[0])}", "\u221e", f"{_side(ends[1])} {_size(ends[1])}"]
    else:
        told = "" if side and all(isinf(end) or _side(end) == side for end in ends) else f"{_side(ends[0])} "
        shown = [told + _size(ends[0]), _size(ends[1])]
    return text, f"({' to '.join(shown)})"


def _side(value: float) -> str:
    return "NNT" if value > 0 else "NNH"


def _size(value: float) -> str:
    if isinf(value):
        return "\u221e"
    if isinstance(value, Printed):
        return str(value).lstrip("-\u2212")
    size = abs(value)
    return f"{size:.3g}" if size < 999.5 else f"{float(f'{size:.3g}'):.0f}"
