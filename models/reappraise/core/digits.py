"""How many digits of a number its Monte Carlo error supports."""

from __future__ import annotations

from math import floor, inf, isfinite, log10


def supported(value: float, error: float) -> float:
    """`value` cut to the decimals in which its standard error is at most 2 units of the last.

    Examples
    --------
    >>> supported(0.43768, 0.0013), supported(12.3456, 0.3)
    (0.438, 12.0)
    """
    if not (isfinite(value) and isfinite(error)) or error <= 0 or value in {0.0, inf}:
        return value
    decimals = floor(-log10(error / 2))
    leading = -floor(log10(abs(value)))  # a first digit is always shown, however little it is known
    return round(value, max(decimals, leading))
