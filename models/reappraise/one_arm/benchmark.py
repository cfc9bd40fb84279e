"""What one arm is held against: a rate, a median or a survival probability that print states, without an error."""

from __future__ import annotations

from reappraise.core.errors import UndeterminedError
from reappraise.published.record import BENCHMARK, Published
from reappraise.published.trial import TrialEndpoint
from reappraise.response.published import ResponseEndpoint


def rate_benchmark(item: TrialEndpoint[ResponseEndpoint]) -> float | None:
    """The rate that an endpoint of one arm is held against, a fraction; None where none is stated.

    Raises
    ------
    UndeterminedError
        If there are two, or it is none between 0 and 1.
    """
    found = [one for one in item.published.estimates if one.arm == BENCHMARK and one.quantity == "rate"]
    if not found:
        return None
    where = f"{item.published.key}: benchmark rate {', '.join(str(one.value) for one in found)}"
    if len(found) > 1:
        raise UndeterminedError(f"{where}: expected one, got {len(found)}")
    usable(found[0], where)
    benchmark = fraction(found[0])
    if not 0 < benchmark < 1:
        raise UndeterminedError(f"{where}: expected a rate between 0% and 100%, got {100 * benchmark:g}%")
    return benchmark


def usable(printed: Published, where: str) -> None:
    """Refuse a benchmark that is no number.

    Raises
    ------
    UndeterminedError
        If it has no value, or is a bound.
    """
    if printed.value is None or printed.value.relation != "=":
        raise UndeterminedError(f"{where}: expected the number that the arm is held against, not a bound")


def fraction(printed: Published) -> float:
    """Value of a proportion, in print a fraction or a percentage."""
    return float(printed.value or 0.0) / (100.0 if printed.unit == "percent" else 1.0)
