"""What one named method answers: a point estimate with its limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """Point estimate and limits that one named method gives.

    Parameters
    ----------
    method
        Name of the method, with its author where it has one.
    value
        Point estimate; None where it is not defined.
    low, high
        Limits, infinite where the method sets none.
    """

    method: str
    value: float | None
    low: float
    high: float
