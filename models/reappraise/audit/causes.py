"""What may lie behind a contrast that the counts do not give: named only where it fits the printed numbers.

Adjustment and stratification move an estimate by chance imbalances of what predicts the outcome: by less than its own
standard error nearly always, and by 2 of them at most (`FARTHEST`; with covariates that explain half of the variance
the standard deviation of the move is 0.7). What leaves the printed counts, such as a wrong digit, must give every
printed number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf, isfinite, log
from typing import Final

from reappraise.audit import words
from reappraise.audit.candidates import candidates_of, gives_interval, gives_value, in_scale, strata_of, table_of
from reappraise.audit.digits import one_digit_away, variants
from reappraise.audit.rounding import quantile
from reappraise.audit.walk import EstimateFact
from reappraise.core.interval import Interval
from reappraise.core.two_by_two import TwoByTwo
from reappraise.published.trial import Trial

FARTHEST: Final = 2.0
"""Standard errors that adjustment may move an estimate by."""
NEAR: Final = 0.5
"""Standard errors within which a contrast turned round is taken for what was meant."""
WIDTHS: Final = (0.6, 1.6)
"""Width of the printed interval over that from counts, with which adjustment is still named."""
UPSIDE_DOWN: Final = "exchanged arms: with the arms above and below the line exchanged it is near what the counts give"
ALIKE: Final = 1.02
"""Ratio of widths below which another method, not another analysis, may have made an interval around the same value."""
UNLIKE: Final = 0.3
"""Relative difference of widths from which on a forgotten level is likelier than adjustment, which moves them less."""
SAME_WIDTH: Final = 0.05
"""Relative difference of widths that adjustment may make beside a forgotten level."""
LEVELS: Final = (0.90, 0.95, 0.975, 0.98, 0.99, 0.995, 0.999)
"""Levels that intervals are printed at."""


def nearest(fact: EstimateFact, found: Sequence[Interval]) -> str:
    """The method whose value lies nearest to the print, and how far, in a sentence; empty where none has a value."""
    distances = [(abs(away), item) for item in found if (away := _away(fact, item)) is not None]
    if not distances:
        return ""
    away, item = min(distances, key=lambda pair: (pair[0], not pair[1].method.endswith("log")))
    limits = f" ({words.number(item.low)} to {words.number(item.high)})"
    return f"The nearest is {item.method}, {words.number(item.value)}{limits}, {away:.2g} standard errors away."


def likely_causes(
    trial: Trial, fact: EstimateFact, found: Sequence[Interval], table: TwoByTwo | None = None
) -> tuple[str, ...]:
    """Causes that fit the printed numbers, each in words; empty where none does.

    Parameters
    ----------
    trial
        The trial.
    fact
        A contrast that no method gives from its counts.
    found
        What the methods give.
    table
        The counts, where they are not those that determine it.
    """
    said = sorted(fact.published.came_about - {"crude"})
    if said and upside_down(fact, found):
        return (UPSIDE_DOWN,)
    if "stratified" in said and any(strata_of(fact)):
        return (f"print says so: {words.listed(said)}, by other strata than are counted or by other methods",)
    if said:
        return (f"print says so: {words.listed(said)}, which counts alone cannot give",)
    table = table or table_of(fact)
    if table is None:
        return ()
    fits = tuple(
        dict.fromkeys(
            (
                *_other_level(fact, table),
                *_other_patients(trial, fact, table),
                *_turned(fact, table),
                *_wrong_number(fact, found),
                *_wrong_count(trial, fact, table),
                *_conditioned(fact, found),
            )
        )
    )
    return fits or ((UPSIDE_DOWN,) if upside_down(fact, found) else ())


def upside_down(fact: EstimateFact, found: Sequence[Interval]) -> bool:
    """Whether the printed contrast lies far from what the counts give, and turned round lies near it."""
    distances = [abs(away) for item in found if (away := _away(fact, item)) is not None]
    turned = [abs(away) for item in found if (away := _away(fact, item, turned=True)) is not None]
    return bool(distances and turned and min(distances) > FARTHEST and min(turned) < NEAR)


def _gives(fact: EstimateFact, found: Sequence[Interval]) -> Iterator[str]:
    """Names of the methods that give everything that is printed."""
    for item in found:
        if gives_value(item, fact) and (gives_interval(item, fact) or not fact.has_interval):
            yield item.method


def _other_level(fact: EstimateFact, table: TwoByTwo) -> Iterator[str]:
    stated = float(fact.published.level)
    for level in LEVELS if fact.has_interval and _quick(fact, table) else ():
        if abs(level - stated) > 1e-6 and (methods := list(_gives(fact, candidates_of(fact, table, level)))):
            yield f"an interval of {level:.5g} instead of {stated:.5g} ({methods[0]})"


def _other_patients(trial: Trial, fact: EstimateFact, table: TwoByTwo) -> Iterator[str]:
    """Populations of other sizes in which the same events would give it."""
    above, below = fact.published.numerator or "", fact.published.denominator or ""
    for population in trial.file.populations:
        sizes = population.sizes.get(above), population.sizes.get(below)
        if None in sizes or sizes == (table.total, table.reference_total):
            continue
        total, reference = sizes[0] or 0, sizes[1] or 0
        if total < table.events or reference < table.reference_events:
            continue
        moved = replace(table, total=total, reference_total=reference)
        if methods := list(_gives(fact, _quick(fact, moved))):
            yield f"another population, {population.label}: {total} and {reference} patients ({methods[0]})"


def _turned(fact: EstimateFact, table: TwoByTwo) -> Iterator[str]:
    """The contrast of exchanged arms, or of patients without the event."""
    without = TwoByTwo(
        table.total - table.events, table.total, table.reference_total - table.reference_events, table.reference_total
    )
    for moved, said in ((table.swapped(), "exchanged arms"), (without, "patients without the event")):
        if methods := list(_gives(fact, _quick(fact, moved))):
            yield f"{said} ({methods[0]})"


def _wrong_number(fact: EstimateFact, found: Sequence[Interval]) -> Iterator[str]:
    """One digit of one printed number, where a method gives the others."""
    value, low, high = fact.published.value, fact.published.low, fact.published.high
    if not fact.has_interval or value is None or low is None or high is None:
        return
    for item in found:
        pairs = [(value, item.value, "value"), (low, item.low, "lower limit"), (high, item.high, "upper limit")]
        wrong = [pair for pair in pairs if pair[1] is None or not pair[0].covers(pair[1])]
        if len(wrong) != 1:
            continue
        printed, number, name = wrong[0]
        if number is not None and (right := one_digit_away(printed, number)) is not None:
            yield f"a wrong digit: {name} {printed}, where {right} would fit ({item.method})"


def _wrong_count(trial: Trial, fact: EstimateFact, table: TwoByTwo) -> Iterator[str]:
    """One digit of one count, where everything printed would follow; not of a count whose percentage agrees."""
    if not fact.has_interval or fact.endpoint is None:
        return
    sure = {
        count.arm
        for count in fact.endpoint.whole
        if count.percent is not None and count.events is not None
        if count.percent.covers(100 * count.events / count.total)
    }
    arms = (fact.published.numerator, fact.published.denominator)
    for place, arm in zip(("events", "reference_events"), arms, strict=True):
        total = table.total if place == "events" else table.reference_total
        events = table.events if place == "events" else table.reference_events
        if arm in sure:
            continue
        name = words.arm(trial, arm or "")
        for other in variants(events):
            if other <= total and (methods := list(_gives(fact, _quick(fact, replace(table, **{place: other}))))):
                yield f"a wrong digit: {events} events of {total} with {name}, where {other} would fit ({methods[0]})"


def _quick(fact: EstimateFact, table: TwoByTwo) -> Sequence[Interval]:
    """What the methods give, if the plain estimate is that printed: most tables need no more."""
    plain = {
        "risk_ratio": lambda: table.rate / table.reference_rate,
        "odds_ratio": lambda: table.rate * (1 - table.reference_rate) / (table.reference_rate * (1 - table.rate)),
        "risk_difference": lambda: (table.rate - table.reference_rate) * in_scale(fact),
    }.get(fact.published.quantity)
    value = fact.published.value
    if plain is None or value is None or table.has_zero_cell or not value.covers(plain()):
        return ()
    return candidates_of(fact, table)


def _conditioned(fact: EstimateFact, found: Sequence[Interval]) -> Iterator[str]:
    """Adjustment, stratification, a sequential design: by how far the numbers lie from those of the counts."""
    printed = _error(fact, fact.published.low, fact.published.high)
    for item in found:
        away, crude = _away(fact, item), _error(fact, item.low, item.high)
        if away is None or crude is None:
            continue
        width = 1.0 if printed is None else printed / crude
        if gives_value(item, fact) and 1 / ALIKE < width < ALIKE:
            yield "another method for the interval, such as profile likelihood or a bootstrap"
            return
        if gives_value(item, fact) and width > 1:
            yield "a design or model that widens the interval, such as sequential looks or clusters, that is not named"
            return
        level = _level_of_width(width, float(fact.published.level)) if fact.has_interval else None
        if abs(away) <= FARTHEST and level is not None:
            yield f"an interval of {level:.5g} instead of {float(fact.published.level):.5g}, perhaps adjusted"
            return
        if abs(away) <= FARTHEST and WIDTHS[0] <= width <= WIDTHS[1]:
            yield "adjustment or stratification that is not named"
            return


def _level_of_width(width: float, stated: float) -> float | None:
    """The level, of those far from the stated one, whose intervals are so many times as wide; None where none is."""
    for level in LEVELS:
        times = quantile(level) / quantile(stated)
        if abs(times - 1) > UNLIKE and abs(width / times - 1) < SAME_WIDTH:
            return level
    return None


def _away(fact: EstimateFact, item: Interval, *, turned: bool = False) -> float | None:
    """How far a method's value lies from the printed one, in standard errors of the print, or else of the method.

    With `turned`, from the printed one with the arms exchanged.
    """
    value = fact.published.value
    error = _error(fact, fact.published.low, fact.published.high) or _error(fact, item.low, item.high)
    if value is None or item.value is None or error is None or fact.published.quantity == "number_needed_to_treat":
        return None
    numbers = [_scale(fact, float(number)) for number in (value, item.value)]
    printed = -numbers[0] if turned else numbers[0]
    return (printed - numbers[1]) / error if all(isfinite(number) for number in numbers) else None


def _error(fact: EstimateFact, low: float | None, high: float | None) -> float | None:
    if low is None or high is None:
        return None
    width = _scale(fact, high) - _scale(fact, low)
    error = width / (2 * quantile(float(fact.published.level)))
    return error if isfinite(error) and error > 0 else None


def _scale(fact: EstimateFact, number: float) -> float:
    if fact.form != "ratio":
        return number
    return log(number) if 0 < number < inf else -inf if number <= 0 else inf
