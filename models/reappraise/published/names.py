"""What a trial calls its arms, endpoints and subgroups."""

from __future__ import annotations

from reappraise.core.names import EndpointName, Names
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.trial import Trial


def names_of(trial: Trial) -> Names:
    """The names of a trial, those of each contrast of several arms by the keys that the contrast gives them."""
    together = {one.key: _named(one, ", all arms together") for one in trial.file.endpoints if trial.pairs}
    return Names(
        arms={arm.key: arm.short for arm in trial.file.arms},
        endpoints=together | {item.published.key: _named(item.published) for item in trial.endpoints},
    )


def _named(endpoint: EndpointRecord, of: str = "") -> EndpointName:
    return EndpointName(
        label=f"{endpoint.label}{of}",
        kind=endpoint.kind,
        better=endpoint.better,
        primary=endpoint.primary,
        populations=dict(endpoint.subgroups()),
    )
