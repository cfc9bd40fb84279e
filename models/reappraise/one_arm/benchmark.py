"""What one arm is held against: a rate, a median or a survival probability that print states, without an error."""

from __future__ import annotations

from typing import Any

from reappraise.core.errors import UndeterminedError
from reappraise.published.record import BENCHMARK, Published
from reappraise.published.trial import TrialEndpoint

HOW = (
    'state it among the estimates, such as { quantity = "rate", arm = "benchmark", value = 20, unit = "percent", '
    'source = "Methods" }'
)
"""How a file says what the benchmark is."""


def benchmark_of(item: TrialEndpoint[Any], quantity: str, at: str = "") -> Published | None:
    """The benchmark of one quantity at one time; None where none is stated.

    Parameters
    ----------
    item
        Endpoint of a trial of one arm.
    quantity
        ``"rate"``, ``"median"`` or ``"survival"``.
    at
        Time that it refers to, as printed.

    Raises
    ------
    UndeterminedError
        If two are stated.
    """
    found = [
        one
        for one in item.published.estimates
        if one.arm == BENCHMARK and one.quantity == quantity and one.at == at and one.value is not None
    ]
    if len(found) > 1:
        raise UndeterminedError(
            f"{item.published.key}: expected one benchmark of the {quantity}{f' at {at}' if at else ''}, got "
            f"{len(found)}: {', '.join(str(one.value) for one in found)}"
        )
    return found[0] if found else None


def fraction(printed: Published) -> float:
    """Value of a proportion, in print a fraction or a percentage."""
    return float(printed.value or 0.0) / (100.0 if printed.unit == "percent" else 1.0)
