"""What was published about each kind of endpoint, and its classical answer. No PyMC here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reappraise.endpoints.adverse_events import AdverseEventsEndpoint
from reappraise.endpoints.depth import DepthEndpoint
from reappraise.endpoints.response import ResponseEndpoint
from reappraise.endpoints.survival import SurvivalEndpoint

type Endpoint = Annotated[
    ResponseEndpoint | SurvivalEndpoint | DepthEndpoint | AdverseEventsEndpoint, Field(discriminator="kind")
]
"""Every kind of endpoint a trial file can hold: one line here for each new kind."""

__all__ = ["AdverseEventsEndpoint", "DepthEndpoint", "Endpoint", "ResponseEndpoint", "SurvivalEndpoint"]
