"""What a trial calls its arms, endpoints and subgroups."""

from __future__ import annotations

from reappraise.core.names import EndpointName, Names
from reappraise.published.trial import Trial


def names_of(trial: Trial) -> Names:
    """The names of a trial, those of each contrast of several arms by the keys that the contrast gives them."""
    return Names(
        arms={arm.key: arm.short for arm in trial.file.arms},
        endpoints={
            item.published.key: EndpointName(
                label=item.published.label,
                kind=item.published.kind,
                better=item.published.better,
                primary=item.published.primary,
                populations=dict(item.published.subgroups()),
            )
            for item in trial.endpoints
        },
    )
