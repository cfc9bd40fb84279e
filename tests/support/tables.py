"""Small tables of counts, of each kind that a model takes."""

from __future__ import annotations

from reappraise.depth.table import OrdinalTable
from reappraise.published.partition import Partition
from reappraise.safety.table import EventTable

ARMS = {"arms": ("old", "new"), "arm_labels": ("Old", "New")}


def partition(**changes: object) -> Partition:
    """Two levels of a factor."""
    facts: dict[str, object] = {
        "endpoint": "response",
        "factor": "stage",
        "levels": ("early", "late"),
        "level_labels": ("Early", "Late"),
        **ARMS,
        "events": ((6, 7), (3, 2)),
        "totals": ((15, 9), (20, 8)),
        "better": "higher",
    }
    return Partition(**(facts | changes))  # type: ignore[arg-type]


def whole(**changes: object) -> Partition:
    """A population that nothing divides."""
    facts: dict[str, object] = {
        "factor": "all",
        "levels": ("all",),
        "level_labels": ("All",),
        "events": ((10, 9),),
        "totals": ((40, 20),),
    }
    return partition(**(facts | changes))


def ordinal(*counts: tuple[int, int], **changes: object) -> OrdinalTable:
    """Ordered categories, the best first."""
    keys = tuple("abcdefgh"[: len(counts)])
    facts: dict[str, object] = {
        "endpoint": "depth",
        "label": "Depth",
        **ARMS,
        "categories": keys,
        "category_labels": tuple(key.upper() for key in keys),
        "counts": counts,
    }
    return OrdinalTable(**(facts | changes))  # type: ignore[arg-type]


def events(**changes: object) -> EventTable:
    """Two terms of adverse events, each of a body system of its own."""
    facts: dict[str, object] = {
        "endpoint": "events",
        "kind": "terms",
        "grade": "any",
        **ARMS,
        "terms": ("Nausea", "Rash"),
        "systems": ("Gut", "Skin"),
        "events": ((8, 6), (4, 0)),
        "totals": ((40, 20), (40, 20)),
    }
    return EventTable(**(facts | changes))  # type: ignore[arg-type]
