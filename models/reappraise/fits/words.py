"""What a file says of its numbers in words for people, and which fields of counts are such words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

type Attributes = dict[str, str | int | float]

WORDS = frozenset(
    {
        "label",
        "source",
        "note",
        "arm_labels",
        "level_labels",
        "category_labels",
        "origins",
        "subtracted",
        "exposure",
        "caution",
    }
)
"""Fields of counts that are words for people, and what those words say: no number depends on them."""


def counted(table: Any) -> dict[str, Any]:
    """The fields of counts that numbers depend on: all but words for people."""
    return {name: value for name, value in asdict(table).items() if name not in WORDS}


def contrasted(arms: tuple[str, str], of: str = "") -> Attributes:
    """What a file says of the arms, control and experimental, and which is over which."""
    control, experimental = arms
    return {
        "control_arm": control,
        "experimental_arm": experimental,
        "direction": f"contrasts are {experimental} over (or minus) {control}{of}",
    }
