"""Numbers and probabilities as text: percentages, numbers needed to treat or to harm, bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from math import isinf
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from reappraise.core.arms import Better
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.names import Names
from reappraise.core.needed import needed
from reappraise.core.printed import Printed
from reappraise.response.exact import METHOD as EXACT

LEAST: Final = 0.0001
"""Exact probabilities nearer to 0 or 1 are shown as bounds."""
LEAST_DRAWN: Final = 0.001
"""The same of draws."""
_INTERVAL: Final = 16
"""Characters of an interval of percentages."""
_NUMBERS: Final = 4
"""Columns of a table of which those after the first have room for an interval, where room is scarce."""
_CHANCE: Final = 9
"""Characters of the head of a column of probabilities."""
_DECIMALS: Final = 3
"""Of a probability of benefit and that of harm beside it, which make 1."""
_PERCENT: Final = frozenset(
    {"rate", "risk_difference", "survival", "conditional_survival", "survival_difference", "category_rate",
     "rate_or_better", "share_between", "share_between_difference"}
)  # fmt: skip
"""Fractions that are shown in percent; of differences these are percentage points."""


_CHANCES: Final = frozenset({"not_reached", "probability_of_best"})
"""Numbers of an arm that are probabilities."""


def number(estimate: Estimate | None, *, between: str = " ") -> str:
    """Value and interval as text: rates and their differences in percent, "!" where the fit did not converge.

    Parameters
    ----------
    estimate
        The number.
    between
        What stands between value and interval: a line break where there is little room.
    """
    if estimate is None or estimate.value is None:
        return ""
    percent = estimate.quantity in _PERCENT
    mark = "! " if estimate.failed else ""
    exact = estimate.kind != "posterior" or estimate.method.startswith(EXACT)
    infinite = "not reached" if estimate.quantity == "median" else "inf"
    limits = estimate.low, estimate.high
    if estimate.quantity in _CHANCES:
        value, interval = chance(estimate.value, exact=exact), ""
    elif estimate.quantity == "number_needed_to_treat":
        value, interval = needed(estimate.value, *limits)
    else:
        figure = partial(_figure, infinite=infinite, percent=percent, exact=exact)
        value = figure(estimate.value)
        low, high = ("" if limit is None else figure(limit) for limit in limits)
        interval = f"({low} to {high})" if low and high else ""
    if "\u221e" in interval:
        between = "\n"  # the longest of all: on a line of its own everywhere
    return between.join(filter(None, (mark + value, interval)))


def named(quantity: str, better: Better | None = None) -> str:
    """A quantity in words; the rate of an event that is bad for patients is a risk."""
    if quantity == "number_needed_to_treat":
        return "Number needed to treat or harm"
    return "Risk" if quantity == "rate" and better == "lower" else QUANTITIES[quantity].label


def direction(estimates: Iterable[Estimate], names: Names, endpoint: str) -> str:
    """Which arm stands over or minus which, and what is good; empty where nothing is contrasted."""
    pairs = dict.fromkeys((item.numerator, item.denominator) for item in estimates if item.numerator)
    if not pairs:
        return ""
    above, below = next(iter(pairs))
    several = len(pairs) > 1
    said = "contrasts as named" if several else f"{names.arm(above)} over (or minus) {names.arm(below)}"
    described = names.endpoint(endpoint)
    times = described.kind == "survival"
    good = {"higher": "longer" if times else "higher", "lower": "shorter" if times else "lower"}
    return f"{said}, {good[described.better]} is better" if described.better else said


def contrast(estimate: Estimate, names: Names) -> str:
    """The arms of a contrast, one over or minus the other."""
    if not estimate.numerator:
        return ""
    link = "over" if QUANTITIES[estimate.quantity].form in {"ratio", "probability"} else "minus"
    return f"{names.arm(estimate.numerator)} {link} {names.arm(estimate.denominator)}"


def opposite(at: str) -> str:
    """The other way round of what a probability of benefit is asked of."""
    turned = {"in favour": "against", "higher": "lower", "lower": "higher", "longer": "shorter", "shorter": "longer"}
    for word, other in turned.items():
        if word in at:
            return at.replace(word, other)
    return ""


def probability(estimate: Estimate) -> str:
    """A probability as text, a bound where it is next to 0 or 1."""
    return "" if estimate.value is None else chance(estimate.value, exact=_exact(estimate))


def harm(estimate: Estimate) -> str:
    """The probability of the opposite of a benefit as text."""
    return "" if estimate.value is None else chance(_rest(estimate.value), exact=_exact(estimate))


def benefit_and_harm(estimate: Estimate | None, *, between: str = " ") -> str:
    """The probabilities that go with a contrast: that the experimental arm is better, and that it is worse."""
    if estimate is None or estimate.prob_benefit is None:
        return ""
    benefit = round(estimate.prob_benefit, _DECIMALS)
    return between.join((chance(benefit, exact=False), f"/ {chance(_rest(benefit), exact=False)}"))


def whose_margins(estimates: Iterable[Estimate]) -> str:
    """Whose margins ratios are that benefit is asked beyond, in a sentence; empty where it is asked of none."""
    asked = any(item.quantity == "probability_above_margin" and "ratio" in item.at for item in estimates)
    return "Ratios of 0.9 and 0.8 are margins of this program, any other is the trial's." if asked else ""


def plain(text: str) -> str:
    """Text without what a terminal or a table would obey."""
    return escape(printable(text))


def printable(text: str) -> str:
    """Text without what a terminal would obey."""
    return "".join(character for character in text if character.isprintable())


def _exact(estimate: Estimate) -> bool:
    return estimate.method.startswith("exact")


def _rest(value: float) -> float:
    return round(1 - value, 12)


def chance(value: float, *, exact: bool) -> str:
    """A probability; where it is next to 0 or 1, which draws cannot show, a bound."""
    least = LEAST if exact else LEAST_DRAWN
    near = least if exact else least / 2
    if value < near:
        return f"< {least:g}"
    if value > 1 - near:
        return f"> {1 - least:g}"
    return f"{value:.4f}" if exact else f"{value:.3g}"


def _figure(value: float, *, infinite: str, percent: bool, exact: bool) -> str:
    """A number as text; of draws no digit is shown, not even a 0, that they do not support."""
    if isinf(value):
        return infinite if value > 0 else f"-{infinite}"
    if isinstance(value, Printed):
        if not percent:
            return str(value)
        sign = value.text.removesuffix(value.number)
        return f"{sign}{value.scaled(2).digits:f}%"
    if not percent:
        return f"{value:.3g}"
    return f"{100 * value:.1f}%" if exact else f"{round(100 * value, 1):g}%"


def table(title: str, columns: Sequence[str], *, left: int = 1, between: str = " ") -> Table:
    """An empty table; the first columns are words, the others numbers, and nothing is cut off where room is scarce.

    Parameters
    ----------
    title
        What it is about.
    columns
        Heads of the columns.
    left
        How many columns are words.
    between
        What stands between value and interval.
    """
    made = Table(title=plain(title), box=SIMPLE_HEAD, title_justify="left", caption_justify="left")
    made.title_style, made.pad_edge = "bold", False
    narrow = between == "\n"
    if narrow:
        made.padding = (0, 1, 0, 0)
    for place, column in enumerate(columns):
        head = column.replace(" ", "\n", 1).replace("-", "-\n") if narrow else column
        width = (_INTERVAL if place < _NUMBERS else _CHANCE) if narrow and place else None
        made.add_column(head, justify="left" if place < left else "right", overflow="fold", width=width)
    return made
