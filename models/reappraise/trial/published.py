"""What was published about the endpoints, as estimates in one stated direction."""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.endpoints import EndpointRecord, ResponseEndpoint, SurvivalEndpoint
from reappraise.endpoints.record import Count
from reappraise.estimate import Estimate
from reappraise.trial.trial import Trial


def published_estimates(trial: Trial) -> Iterator[Estimate]:
    """Yield rates and all else as published, contrasts turned to experimental over control where they are not."""
    for endpoint in trial.file.endpoints:
        yield from _of(trial, endpoint)


def published_responses(trial: Trial) -> Iterator[Estimate]:
    """Yield what was published about the binary endpoints."""
    for item in trial.of(ResponseEndpoint):
        yield from _of(trial, item.published)


def published_survivals(trial: Trial) -> Iterator[Estimate]:
    """Yield what was published about the time-to-event endpoints."""
    for item in trial.of(SurvivalEndpoint):
        yield from _of(trial, item.published)


def _of(trial: Trial, endpoint: EndpointRecord) -> Iterator[Estimate]:
    for counted in endpoint.counted():
        if counted.quantity:
            for count in counted.counts:
                yield _rate(count, endpoint.key, counted.population, counted.quantity)
    for published in endpoint.estimates:
        estimate = published.as_estimate(endpoint=endpoint.key, sides=endpoint.sides(published))
        turned = estimate.numerator and estimate.numerator != trial.experimental.key
        yield estimate.reversed() if turned else estimate


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
        low=count.low,
        high=count.high,
        level=None if count.low is None else float(count.level),
        source=count.source,
    )
