"""Events and person-time of the arms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import Self

from reappraise.core.arms import Arms
from reappraise.core.located import Span


@dataclass(frozen=True, slots=True)
class ArmEvents:
    """Events of one arm.

    Parameters
    ----------
    arm, label
        Key and words.
    events
        Events of all patients together.
    person_time
        Least and largest person-time that the print allows.
    """

    arm: str
    label: str
    events: int
    person_time: Span

    @property
    def time(self) -> float:
        """The middle of the person-times."""
        return (self.person_time[0] + self.person_time[1]) / 2


@dataclass(frozen=True, slots=True)
class EventsTable:
    """Events of control and experimental arm.

    Parameters
    ----------
    endpoint
        Key of the endpoint.
    arms
        Events, control first.
    per, unit
        Person-time that rates refer to, and their unit in words.
    """

    endpoint: str
    arms: tuple[ArmEvents, ArmEvents]
    per: float = 1.0
    unit: str = ""

    @property
    def keys(self) -> Arms:
        """Keys of the arms, control first."""
        return self.arms[0].arm, self.arms[1].arm

    @property
    def log_times(self) -> Span:
        """Least and largest logarithm of the person-time of the experimental arm over that of the control arm."""
        control, experimental = (arm.person_time for arm in self.arms)
        return log(experimental[0] / control[1]), log(experimental[1] / control[0])

    @property
    def log_widths(self) -> tuple[float, float]:
        """How wide the logarithms of the person-times of control and experimental arm are."""
        control, experimental = (log(arm.person_time[1] / arm.person_time[0]) for arm in self.arms)
        return control, experimental

    def swapped(self) -> Self:
        """The same with the arms exchanged."""
        return replace(self, arms=self.arms[::-1])
