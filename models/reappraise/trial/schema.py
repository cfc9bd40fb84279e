"""Which kinds of endpoint a trial file may hold, and what a file of them looks like."""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Field, create_model

from reappraise.continuous.published import ContinuousEndpoint
from reappraise.core.errors import AnalysisError
from reappraise.depth.published import DepthEndpoint
from reappraise.effect.published import EffectEndpoint
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.file import TrialFile
from reappraise.response.published import ResponseEndpoint
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.survival.published import SurvivalEndpoint

RECORDS: tuple[type[EndpointRecord], ...] = (
    ResponseEndpoint,
    SurvivalEndpoint,
    DepthEndpoint,
    AdverseEventsEndpoint,
    EffectEndpoint,
    ContinuousEndpoint,
    EventRateEndpoint,
)
"""Every kind of endpoint a trial file can hold: one line here for each new kind."""

type Records = tuple[type[EndpointRecord], ...]
"""Kinds of endpoint that a file may hold."""


def trial_schema(records: Records = RECORDS) -> type[TrialFile]:
    """The trial file with these kinds of endpoint.

    Parameters
    ----------
    records
        Types of record, each with a `kind` of its own: ``(*RECORDS, MyEndpoint)`` adds one.

    Raises
    ------
    AnalysisError
        If two have the same `kind`, or one is no record that answers what every record is asked.
    """
    return _schema(records)


@cache
def _schema(records: Records) -> type[TrialFile]:
    tags: dict[str, str] = {}
    for record in records:
        name = record.__name__
        missing = ", ".join(sorted(getattr(record, "__abstractmethods__", ())))
        if missing:
            raise AnalysisError(f"{name}: expected a record that answers {missing}; define it")
        if not record.tag():
            raise AnalysisError(f'{name}: expected a kind of its own; write kind: Literal["..."] in it')
        if record.tag() in tags:
            raise AnalysisError(
                f"{name}: expected a kind of its own, got {record.tag()!r}, which is that of {tags[record.tag()]}"
            )
        tags[record.tag()] = name
    field = TrialFile.model_fields["endpoints"]
    union: Any = records[0] if len(records) == 1 else Annotated[reduce(or_, records), Field(discriminator="kind")]
    content: Any = Annotated[tuple[union, ...], Field(min_length=1, description=field.description)]
    return create_model("TrialFile", __base__=TrialFile, __doc__=TrialFile.__doc__, endpoints=(content, ...))
