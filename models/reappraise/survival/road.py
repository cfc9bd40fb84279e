"""Which road an endpoint takes from print to posterior, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from reappraise.survival.printed.published import Print

FEWEST_PATIENTS: Final = 80
FEWEST_IN_ARM: Final = 30
FEWEST_EVENTS: Final = 10
"""From these on calibration by simulation is stored (`reappraise calibrate printed-survival-80`); below, the search
for data, which is exact, is tried first."""


@dataclass(frozen=True, slots=True)
class Road:
    """A road and its reason.

    Parameters
    ----------
    name
        The likelihood of the printed numbers, or the search for individual data that keep them.
    why
        The reason in words.
    """

    name: Literal["likelihood of the print", "reconstruction"]
    why: str

    @property
    def reconstructs(self) -> bool:
        """Whether individual data are searched for."""
        return self.name == "reconstruction"


def road_of(printed: Print) -> Road:
    """The road for a print: the likelihood of the printed numbers wherever its normal approximation is good."""
    summaries = printed.summaries
    if summaries.origin == "curve":
        return Road("reconstruction", "coordinates of curves are given")
    if sum(summaries.totals) < FEWEST_PATIENTS or min(summaries.totals) < FEWEST_IN_ARM:
        return Road(
            "reconstruction",
            f"{summaries.totals[0]} and {summaries.totals[1]} patients, fewer than {FEWEST_PATIENTS} or than "
            f"{FEWEST_IN_ARM} in an arm, are too few for printed numbers to be normally distributed",
        )
    few = [events for events in summaries.events if events is not None and events < FEWEST_EVENTS]
    if few:
        return Road(
            "reconstruction",
            f"{min(few)} events in an arm, fewer than {FEWEST_EVENTS}, are too few for printed numbers to be normally "
            "distributed",
        )
    return Road("likelihood of the print", "patients and events are many enough for printed numbers to be normal")


def stuck(road: Road) -> Road:
    """The other road, where the chains of a reconstruction do not agree: rough is more than nothing."""
    return Road(
        "likelihood of the print",
        f"{road.why}, but the chains of a reconstruction do not agree: intervals are those of normally distributed "
        "printed numbers, and rough",
    )
