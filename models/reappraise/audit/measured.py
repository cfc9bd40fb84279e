"""Every printed mean or median of an arm, with the words that name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reappraise.audit import words
from reappraise.audit.finding import About
from reappraise.continuous.published import ContinuousEndpoint, Measured
from reappraise.published.trial import Trial


@dataclass(frozen=True, slots=True)
class MeasuredFact:
    """What is printed of a measurement in one arm.

    Parameters
    ----------
    endpoint
        The endpoint.
    one
        The record.
    about
        What a check of it looks at.
    """

    endpoint: ContinuousEndpoint
    one: Measured
    about: About

    @property
    def logarithmic(self) -> bool:
        """Whether its mean is a geometric one, and its spread that of logarithms."""
        return self.endpoint.scale == "logarithmic"


def measured(trial: Trial) -> Iterator[MeasuredFact]:
    """Yield every mean or median that some patients could have."""
    yield from (fact for fact in printed_measured(trial) if not fact.one.impossible)


def printed_measured(trial: Trial) -> Iterator[MeasuredFact]:
    """Yield every mean or median of an arm, as printed."""
    for endpoint in (item.published for item in trial.of(ContinuousEndpoint)):
        for one in endpoint.measured:
            about = About(
                endpoint=endpoint.key,
                subject=f"{endpoint.label}, {words.arm(trial, one.arm)}",
                printed=printed_mean(one, endpoint.unit),
                source=one.source,
            )
            yield MeasuredFact(endpoint, one, about)


def printed_mean(one: Measured, unit: str = "") -> str:
    """A mean or median as printed, with its spread and patients."""
    said = f" {unit}" if unit else ""
    parts = [f"mean {one.mean}{said}" if one.mean is not None else f"median {one.median}{said}"]
    parts += [f"{name} {number}" for name, number in (("sd", one.sd), ("se", one.se)) if number is not None]
    if one.low is not None:
        parts.append(f"({100 * float(one.level):.4g}% interval {one.low} to {one.high})")
    for name, pair in (("quartiles", one.quartiles), ("extremes", one.extremes)):
        if pair is not None:
            parts.append(f"{name} {pair[0]} and {pair[1]}")
    return f"{', '.join(parts)}, {one.total} patients"
