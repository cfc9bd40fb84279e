"""Where labels of points stand so that none covers a point or another label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

_DIRECTIONS = (0.0, pi, pi / 4, -pi / 4, 3 * pi / 4, -3 * pi / 4, pi / 2, -pi / 2)
"""Right and left first: there a label is read with its point."""
_DISTANCES = (0.05, 0.14, 0.26, 0.4, 0.58, 0.8, 1.1)
"""Inches from the rim of a point to its label."""
_CLEAR = 0.02
"""Inches left free around a label."""


@dataclass(frozen=True, slots=True)
class Disc:
    """A point as drawn: centre and radius, inches."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, inches."""

    left: float
    low: float
    right: float
    high: float

    def meets(self, other: Box) -> bool:
        """Whether two rectangles overlap."""
        return (
            self.left < other.right + _CLEAR
            and other.left < self.right + _CLEAR
            and self.low < other.high + _CLEAR
            and other.low < self.high + _CLEAR
        )

    def covers(self, disc: Disc) -> bool:
        """Whether the rectangle overlaps a disc."""
        nearest_x, nearest_y = self.nearest(disc)
        return (nearest_x - disc.x) ** 2 + (nearest_y - disc.y) ** 2 < (disc.radius + _CLEAR / 2) ** 2

    def nearest(self, disc: Disc) -> tuple[float, float]:
        """Point of the rectangle that is nearest to the centre of a disc."""
        return min(max(disc.x, self.left), self.right), min(max(disc.y, self.low), self.high)

    def within(self, other: Box) -> bool:
        """Whether the rectangle lies inside another."""
        inside = self.left >= other.left and self.right <= other.right
        return inside and self.low >= other.low and self.high <= other.high


def place_labels(
    points: Sequence[Disc], sizes: Sequence[tuple[float, float]], *, clear_of: Sequence[Disc | Box], bounds: Box
) -> tuple[Box | None, ...]:
    """Places of labels in the order of their importance: each takes the nearest place that is free.

    Parameters
    ----------
    points
        What is labelled.
    sizes
        Width and height of each label, inches.
    clear_of
        What no label may cover; the points themselves belong to it.
    bounds
        Where labels may stand.

    Returns
    -------
    tuple
        A place for each label; None where there was no room.
    """
    discs = [item for item in clear_of if isinstance(item, Disc)]
    taken = [item for item in clear_of if isinstance(item, Box)]
    found: list[Box | None] = []
    for point, size in zip(points, sizes, strict=True):
        place = next(
            (
                box
                for box in _candidates(point, size)
                if box.within(bounds) and not any(map(box.meets, taken)) and not any(map(box.covers, discs))
            ),
            None,
        )
        found.append(place)
        if place is not None:
            taken.append(place)
    return tuple(found)


def _candidates(point: Disc, size: tuple[float, float]) -> list[Box]:
    width, height = size
    found = []
    for distance in _DISTANCES:
        for angle in _DIRECTIONS:
            across, up = round(cos(angle), 6), round(sin(angle), 6)
            reach = point.radius + distance
            x, y = point.x + reach * across, point.y + reach * up
            left = x - width / 2 if across == 0 else x if across > 0 else x - width
            low = y - height / 2 if up == 0 else y if up > 0 else y - height
            found.append(Box(left, low, left + width, low + height))
    return found
