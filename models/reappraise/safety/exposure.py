"""Whether the arms were treated for different times, so that counts of patients do not compare rates per time."""

from __future__ import annotations

from collections.abc import Iterable

from reappraise.published.file import QuantityRow
from reappraise.safety.table import Pair

AVERAGES = ("median", "mean")


def exposure_note(label: str, rows: Iterable[QuantityRow], *, arms: Pair, arm_labels: Pair) -> str:
    """That exposure differs between the arms, in words for one clause; empty where print does not say so.

    Parameters
    ----------
    label
        Label of the rows that say for how long patients were treated.
    rows
        Rows of the tables of quantities.
    arms, arm_labels
        Keys and words of control and experimental arm.
    """
    mine = [row for row in rows if row.label == label and not row.at and row.value is not None]
    for average in AVERAGES:
        by_arm = {row.arm: row for row in mine if row.quantity == average}
        if not set(arms) <= set(by_arm):
            continue
        control, treated = (by_arm[arm] for arm in arms)
        if control.value is None or treated.value is None or control.unit != treated.unit:
            continue
        first, second = control.value.bounds, treated.value.bounds
        if max(first[0], second[0]) < min(first[1], second[1]):
            return ""  # equal, as far as print tells
        said = ", ".join(
            f"{name} {row.value} {row.unit}".strip() for name, row in zip(arm_labels, (control, treated), strict=True)
        )
        return (
            f"arms were exposed for different times ({label[:1].lower()}{label[1:]}, {average}: {said}), so that rates "
            "per patient are not rates per time"
        )
    return ""


def sentence(note: str) -> str:
    """The note as a sentence of its own; empty where there is none."""
    return f"{note[:1].upper()}{note[1:]}." if note else ""
