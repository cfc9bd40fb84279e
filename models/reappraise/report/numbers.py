"""Numbers as a page shows them: printed ones as printed, posterior ones with the digits that they have."""

from __future__ import annotations

from math import floor, isinf, isnan, log10

from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.needed import needed
from reappraise.core.printed import Printed

PERCENT = frozenset({"rate", "risk_difference", "category_rate", "rate_or_better"})
"""Quantities that are read in percent, or percentage points."""
LEAST = 0.0001
"""Probabilities nearer to 0 or 1 are shown as bounds."""
USUAL, SAME = 0.95, 1e-6
"""The level that intervals have where none is named, and by how much levels may differ."""
MINUS = "\N{MINUS SIGN}"


def figure(value: float, *, percent: bool = False, posterior: bool = False) -> str:
    """One number: printed digits as printed, posterior draws with the digits they support, others with three."""
    if isnan(value):
        return ""
    if isinf(value):
        return "not reached" if value > 0 else f"{MINUS}\N{INFINITY}"
    if isinstance(value, Printed) and not percent:
        return _signed(value.text)
    number = 100 * float(value) if percent else float(value)
    if percent:
        return _signed(f"{number:.1f}")
    # of draws no digit is shown that they do not support; none has more than three that count
    return _signed(f"{number:.3g}" if posterior and 1e-4 < abs(number) < 1000 else three(number))


def three(number: float) -> str:
    """A number with three digits that count, without powers of ten between 0.0001 and a million."""
    if number == 0:
        return "0"
    decimals = max(0, 2 - floor(log10(abs(number))))
    return f"{number:.{decimals}f}" if decimals <= 6 and abs(number) < 1e6 else f"{number:.3g}"


def interval(item: Estimate, low: float | None, high: float | None) -> str:
    """Both limits of an estimate in words; empty where one is missing."""
    if low is None or high is None:
        return ""
    percent, posterior = item.quantity in PERCENT, _sampled(item)
    return (
        f"{figure(low, percent=percent, posterior=posterior)} to {figure(high, percent=percent, posterior=posterior)}"
    )


def estimate_text(item: Estimate) -> str:
    """Value and interval, without a unit."""
    if item.value is None:
        bound = item.method.partition("p printed as ")[2].partition(";")[0]  # which a table keeps in words alone
        return f"p {bound or p_text(item.p_value)}" if item.p_value is not None else ""
    if item.quantity == "number_needed_to_treat":
        return " ".join(filter(None, needed(item.value, item.low, item.high)))
    text = figure(item.value, percent=item.quantity in PERCENT, posterior=_sampled(item))
    limits = interval(item, item.low, item.high)
    if limits and item.kind == "published" and item.level is not None and abs(item.level - USUAL) > SAME:
        limits += f", {100 * item.level:g}% interval"
    return f"{text} ({limits})" if limits else text


def probability_text(value: float) -> str:
    """A probability, as a bound where it is nearer to 0 or 1 than anybody should claim."""
    if value < LEAST:
        return f"< {LEAST:g}"
    if value > 1 - LEAST:
        return f"> {1 - LEAST:g}"
    return f"{value:.4f}".rstrip("0").rstrip(".") if not 0.01 <= value <= 0.99 else f"{value:.3f}".rstrip("0")


def p_text(value: float | None) -> str:
    """A p value with its sign."""
    if value is None:
        return ""
    if isinstance(value, Printed):
        return value.text if value.text[:1] in "<>" else f"= {value.text}"
    return "< 0.0001" if value < LEAST else f"= {value:.2g}"


def quantity_words(item: Estimate) -> str:
    """What a number is, with the time or size it refers to."""
    unit = ", percentage points" if item.quantity == "risk_difference" else ", %" if item.quantity in PERCENT else ""
    return f"{QUANTITIES[item.quantity].label}{unit}{f', {item.at}' if item.at else ''}"


def _sampled(item: Estimate) -> bool:
    return item.kind == "posterior" and not item.method.startswith("exact")


def _signed(text: str) -> str:
    return text.replace("-", MINUS, 1) if text.startswith("-") else text
