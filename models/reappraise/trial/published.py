"""What was published about binary and time-to-event endpoints, as estimates in one stated direction."""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.endpoints import ResponseEndpoint, SurvivalEndpoint
from reappraise.endpoints.partition import WHOLE
from reappraise.endpoints.record import Count
from reappraise.estimate import Estimate
from reappraise.trial.trial import Trial


def published_responses(trial: Trial) -> Iterator[Estimate]:
    """Yield rates and contrasts as published, contrasts turned to experimental over control where they are not."""
    experimental = trial.experimental.key
    for item in trial.responses:
        endpoint = item.published
        if not isinstance(endpoint, ResponseEndpoint):
            continue
        for count in endpoint.counts:
            yield _rate(count, endpoint.key, WHOLE)
        for factor in endpoint.factors:
            for level in factor.levels:
                for count in level.counts:
                    yield _rate(count, endpoint.key, f"{factor.key}={level.key}")
        for published in endpoint.estimates:
            sides = endpoint.test.sides if endpoint.test else None
            estimate = published.as_estimate(endpoint=endpoint.key, sides=sides)
            turned = estimate.numerator and estimate.numerator != experimental
            yield estimate.reversed() if turned else estimate


def published_survivals(trial: Trial) -> Iterator[Estimate]:
    """Yield medians, survival probabilities, hazard ratios and follow-up as published, ratios turned likewise."""
    experimental = trial.experimental.key
    for item in trial.survivals:
        endpoint = item.published
        if not isinstance(endpoint, SurvivalEndpoint):
            continue
        for published in endpoint.estimates:
            sides = endpoint.test.sides if endpoint.test else None
            estimate = published.as_estimate(endpoint=endpoint.key, sides=sides)
            turned = estimate.numerator and estimate.numerator != experimental
            yield estimate.reversed() if turned else estimate


def _rate(count: Count, endpoint: str, population: str) -> Estimate:
    events = count.known_events
    exact = None if events is None else events / count.total
    printed = f"{count.events} of {count.total}" if count.events is not None else "percentage only"
    return Estimate(
        endpoint=endpoint,
        population=population,
        quantity="rate",
        arm=count.arm,
        kind="published",
        method=f"as printed, {printed}",
        value=exact if count.percent is None else count.percent.scaled(-2),
        low=count.low,
        high=count.high,
        level=None if count.low is None else float(count.level),
        source=count.source,
    )
