"""How printed and recomputed numbers are written in findings."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from reappraise.published.record import EVERYBODY, Count, Published
from reappraise.published.trial import Trial

NOTHING = "nothing printed"


def number(value: float | None) -> str:
    """A recomputed number with four significant digits."""
    if value is None:
        return "not defined"
    return "infinity" if value == inf else "-infinity" if value == -inf else f"{value:.4g}"


def span(low: float, high: float) -> str:
    """Two limits, once if they read the same."""
    first, last = number(low), number(high)
    return first if first == last else f"{first} to {last}"


def arm(trial: Trial, key: str) -> str:
    """Short name of an arm; another study's arm by its key."""
    names = {item.key: item.short for item in trial.file.arms} | {EVERYBODY: "all arms"}
    return names.get(key, key)


def count(printed: Count) -> str:
    """A count as printed: patients, percentage, interval."""
    unknown = "not reported," if printed.not_reported else "?"
    parts = [f"{unknown if printed.events is None else printed.events} of {printed.total}"]
    if printed.percent is not None:
        parts.append(f"({printed.percent}%)")
    if printed.low is not None:
        parts.append(f"[{printed.low} to {printed.high}]")
    return " ".join(parts)


def estimate(printed: Published) -> str:
    """A published number: value, interval or range, p value."""
    unit = {"": "", "percent": "%"}.get(printed.unit, f" {printed.unit}")
    parts = [] if printed.value is None else [f"{printed.value}{unit}"]
    if printed.low is not None:
        kind = "range" if printed.spread == "range" else f"{100 * float(printed.level):.4g}% interval"
        parts.append(f"({kind} {printed.low} to {printed.high})")
    if printed.p is not None:
        sign = printed.p.text.removesuffix(printed.p.number) or "="
        parts.append(f"p {sign} {printed.p.number}")
    return " ".join(parts)


def listed(items: Iterable[str]) -> str:
    """Items in one sentence."""
    names = list(items)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"


def sided(sides: int) -> str:
    """Number of sides in words."""
    return "one-sided" if sides == 1 else "two-sided"
