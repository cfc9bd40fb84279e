"""What was published about the endpoints, as estimates in one stated direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reappraise.core.estimate import Estimate
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.record import Count, Published
from reappraise.published.trial import TrialEndpoint


def published_estimates(item: TrialEndpoint[EndpointRecord]) -> Iterator[Estimate]:
    """Yield rates and all else as published, contrasts turned to experimental over control where they are not."""
    endpoint, experimental = item.published, item.trial.experimental.key
    for counted in endpoint.counted():
        if counted.quantity:
            for count in (one for one in counted.counts if not one.not_reported):
                yield _rate(count, endpoint.key, counted.population, counted.quantity)
    for stated in endpoint.stated():
        published = _without_what_cannot_be(stated.published)
        if published is None:
            continue
        estimate = published.as_estimate(
            endpoint=endpoint.key, population=stated.population, sides=endpoint.sides(published)
        )
        estimate = replace(estimate, causal=stated.causal)
        turned = estimate.numerator and estimate.numerator != experimental
        yield estimate.reversed() if turned else estimate


def _without_what_cannot_be(published: Published) -> Published | None:
    """The printed value alone, where its interval cannot be; None where the value cannot be either."""
    sound = published.sound
    if sound is not None or published.value is None or published.value <= 0:
        return sound
    said = f"{published.method or 'as printed'}; printed interval {published.low} to {published.high} left out"
    return published.model_copy(update={"low": None, "high": None, "p": None, "method": said})


def _rate(count: Count, endpoint: str, population: str, quantity: str) -> Estimate:
    events = count.known_events
    exact = None if events is None else events / count.total
    printed = f"{count.events} of {count.total}" if count.events is not None else "percentage only"
    return Estimate(
        endpoint=endpoint,
        population=population,
        quantity=quantity,
        arm=count.arm,
        kind="published",
        method=f"as printed, {printed}",
        value=exact if count.percent is None else count.percent.scaled(-2),
        low=None if count.impossible_interval else count.low,
        high=None if count.impossible_interval else count.high,
        level=None if count.low is None or count.impossible_interval else float(count.level),
        source=count.source,
    )
