"""What was published about each kind of endpoint, and its classical answer. No PyMC here."""

from __future__ import annotations

from reappraise.endpoints.adverse_events import AdverseEventsEndpoint
from reappraise.endpoints.depth import DepthEndpoint
from reappraise.endpoints.endpoint import EndpointRecord
from reappraise.endpoints.response import ResponseEndpoint
from reappraise.endpoints.survival import SurvivalEndpoint

RECORDS: tuple[type[EndpointRecord], ...] = (
    ResponseEndpoint,
    SurvivalEndpoint,
    DepthEndpoint,
    AdverseEventsEndpoint,
)
"""Every kind of endpoint a trial file can hold: one line here for each new kind."""

__all__ = [
    "RECORDS",
    "AdverseEventsEndpoint",
    "DepthEndpoint",
    "EndpointRecord",
    "ResponseEndpoint",
    "SurvivalEndpoint",
]
