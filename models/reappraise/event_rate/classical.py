"""What a classical analysis makes of events and person-time: Garwood's limits, Wald's and the exact ratio of rates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import exp, inf, log, sqrt
from statistics import NormalDist

from scipy.special import bdtr, bdtrc, betaincinv, gammaincinv

from reappraise.core.estimate import Estimate
from reappraise.event_rate.table import ArmEvents, EventsTable


def garwood(arm: ArmEvents, *, level: float) -> tuple[float, float]:
    """Exact limits of a Poisson rate.

    References
    ----------
    Garwood F. Biometrika 1936;28:437-442. doi:10.1093/biomet/28.3-4.437
    """
    tail, events = (1 - level) / 2, arm.events
    low = float(gammaincinv(events, tail)) if events else 0.0
    return low / arm.time, float(gammaincinv(events + 1, 1 - tail)) / arm.time


def wald(control: ArmEvents, experimental: ArmEvents, *, level: float) -> tuple[float, float, float, float] | None:
    """Ratio of rates, limits and two-sided p value on the log scale; None where an arm has no events."""
    if not (control.events and experimental.events):
        return None
    normal = NormalDist()
    centre = log(experimental.events / experimental.time) - log(control.events / control.time)
    error = sqrt(1 / control.events + 1 / experimental.events)
    wide = normal.inv_cdf((1 + level) / 2) * error
    return exp(centre), exp(centre - wide), exp(centre + wide), 2 * normal.cdf(-abs(centre) / error)


def conditional(
    control: ArmEvents, experimental: ArmEvents, *, level: float
) -> tuple[float | None, float, float, float | None]:
    r"""Ratio of rates with exact limits, and twice the smaller exact tail, given all events.

    .. math:: y_1 \mid y_0 + y_1 \sim \mathrm{Binomial}\Bigl(y_0 + y_1, \frac{\theta T_1}{\theta T_1 + T_0}\Bigr)

    Limits are those of Clopper and Pearson for the share, as a ratio. Without any events there is no ratio, and its
    limits are 0 and infinity.
    """
    y0, y1 = control.events, experimental.events
    times = control.time / experimental.time
    if not y0 + y1:
        return None, 0.0, inf, None
    tail = (1 - level) / 2
    low = float(betaincinv(y1, y0 + 1, tail)) if y1 else 0.0
    high = float(betaincinv(y1 + 1, y0, 1 - tail)) if y0 else 1.0
    share = 1 / (1 + times)
    tails = float(bdtr(y1, y0 + y1, share)), float(bdtrc(y1 - 1, y0 + y1, share)) if y1 else 1.0
    value = y1 / y0 * times if y0 else inf
    return value, low / (1 - low) * times, high / (1 - high) * times if high < 1 else inf, min(1.0, 2 * min(tails))


def recomputed_rates(table: EventsTable, *, source: str, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the rates with exact limits, and their ratio by Wald's and the exact conditional method.

    Parameters
    ----------
    table
        Events and person-time of both arms.
    source
        Where they are printed.
    level
        Coverage of the intervals.
    """
    make = partial(Estimate, endpoint=table.endpoint, kind="recomputed", level=level, source=source)
    control, experimental = table.arms
    for arm in table.arms:
        low, high = garwood(arm, level=level)
        yield make(
            quantity="event_rate",
            arm=arm.arm,
            at=table.unit,
            method="events over person-time, Garwood's exact limits",
            value=table.per * arm.events / arm.time,
            low=table.per * low,
            high=table.per * high,
        )
    ratio = partial(make, quantity="rate_ratio", numerator=experimental.arm, denominator=control.arm)
    approximate = wald(control, experimental, level=level)
    if approximate is not None:
        value, low, high, p = approximate
        yield ratio(method="Wald log", value=value, low=low, high=high, p_value=p, sides=2)
    exact, low, high, tail = conditional(control, experimental, level=level)
    sides = None if tail is None else 2
    yield ratio(method="exact conditional", value=exact, low=low, high=high, p_value=tail, sides=sides)
