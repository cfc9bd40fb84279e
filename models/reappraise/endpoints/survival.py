"""Time-to-event endpoints as published: events by arm and printed summaries."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reappraise.endpoints.partition import Better
from reappraise.endpoints.record import Claim, Count, Key, Published, Sourced, StatedTest, Text
from reappraise.printed import Printed


class SurvivalEndpoint(Sourced):
    """A time-to-event endpoint: events, medians, landmarks, hazard ratio, follow-up."""

    kind: Literal["survival"]
    """Tag of this kind of endpoint."""
    key: Key
    """Key of the endpoint."""
    label: Text
    """The endpoint in words."""
    population: Key
    """Key of the population analysed."""
    better: Better
    """"higher" where a longer time is good for the patient."""
    unit: Text
    """Unit of time."""
    assessor: str = ""
    """Who assessed it."""
    estimator: str = ""
    """Estimator of the survival curve, as stated."""
    minimum_follow_up: str = ""
    """What the design says about the shortest follow-up, in words."""
    shortest_follow_up: Printed | None = None
    """Shortest time, in `unit`, that the design lets a patient be observed for, losses apart."""
    among: Key | None = None
    """Key of the response endpoint whose responders are the patients; without it, the population."""
    curves: str = ""
    """Name of a CSV file beside this one with digitised coordinates: arm, time, survival."""
    numbers_at_risk: str = ""
    """Name of a CSV file beside this one with numbers at risk: arm, time, number."""
    individual_data: str = ""
    """Name of a CSV file beside this one with the patients: time, event, arm, and perhaps subgroup."""
    median_interval: Literal["log-log", "log", "plain", ""] = ""
    """Scale on which intervals of medians are symmetric, if stated; empty where it is not."""
    landmark_interval: Literal["log-log", "log", "plain", ""] = ""
    """Scale on which intervals of survival probabilities are symmetric, if stated; empty where it is not."""
    test: StatedTest | None = None
    """The test stated for it."""
    counts: Annotated[tuple[Count, ...], Field(min_length=0)] = ()
    """Patients with an event, by arm."""
    estimates: tuple[Published, ...] = ()
    """Medians, landmarks, hazard ratio, follow-up."""
    claims: tuple[Claim, ...] = ()
    """What the paper says about a difference."""
