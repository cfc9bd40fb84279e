"""The counts of ordered categories in one arm, solved from all that is printed about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.published.record import Count


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """What is printed about the categories in one arm.

    Parameters
    ----------
    where
        Endpoint and arm, for messages.
    labels
        The categories in words, best first.
    printed
        By category, its own count or percentage; None where neither is printed.
    cumulated
        By category, the count or percentage of it and all better ones; None where there is no such endpoint.
    named
        By category, the key of that endpoint.
    """

    where: str
    labels: tuple[str, ...]
    printed: tuple[Count | None, ...]
    cumulated: tuple[Count | None, ...]
    named: tuple[str, ...]

    @property
    def facts(self) -> Iterator[tuple[str, Count]]:
        """Every printed number with its place in words."""
        for label, own, whole, key in zip(self.labels, self.printed, self.cumulated, self.named, strict=True):
            if own is not None:
                yield label, own
            if whole is not None:
                yield f"{label} or better ({key})", whole


@dataclass(frozen=True, slots=True)
class Solved:
    """The one count that all printed numbers allow.

    Parameters
    ----------
    count
        Patients.
    origin
        What it was found from, in words.
    subtracted
        Whether it is what a smaller number leaves of a larger one.
    """

    count: int
    origin: str
    subtracted: bool


def solve(arm: ArmCounts) -> tuple[Solved, ...]:
    r"""Find the counts of all categories in one arm that every printed number allows.

    .. math:: C_k = C_{k-1} + y_k, \quad C_0 = 0, \quad C_K = n, \quad y_k \in P_k, \quad C_k \in Q_k

    P_k: numbers of patients that round to what is printed of category k; Q_k: of k and all better ones; all numbers
    where nothing is printed. The sets of C_k that can be reached from the best category and from the total are
    followed exactly, so a percentage that two counts round to is settled by whatever else is printed.

    Raises
    ------
    UndeterminedError
        If nothing is printed, or more than one count is left for a category.
    AnalysisError
        If no counts fit, or the numbers are of different totals.
    """
    total = _total(arm)
    reached = [{0}]
    steps: list[set[tuple[int, int]]] = []
    for place in range(len(arm.labels)):
        last = place == len(arm.labels) - 1
        own = arm.printed[place]
        ends = set(_allowed(arm.cumulated[place], total)) & ({total} if last else set(range(total + 1)))
        if own is None:
            step = {(c, d) for c in reached[-1] for d in ends if c <= d}
        else:
            step = {(c, c + y) for c in reached[-1] for y in own.candidates if c + y in ends}
        if not step:
            raise AnalysisError(_contradiction(arm, place, total, reached[-1], ends))
        steps.append(step)
        reached.append({d for _, d in step})
    onward = {total}
    numbers: list[set[int]] = []
    for step in reversed(steps):
        kept = {(c, d) for c, d in step if d in onward}
        numbers.append({d - c for c, d in kept})
        onward = {c for c, _ in kept}
    numbers.reverse()
    open_places = [place for place, found in enumerate(numbers) if len(found) > 1]
    if open_places:
        raise UndeterminedError(_undetermined(arm, [(arm.labels[k], numbers[k]) for k in open_places], total))
    return tuple(Solved(min(found), *_origin(arm, place, total)) for place, found in enumerate(numbers))


def _total(arm: ArmCounts) -> int:
    totals = {count.total for _, count in arm.facts}
    if not totals:
        raise UndeterminedError(
            f"{arm.where}: no category and no endpoint of it or better has a number in this arm. Enter counts or "
            "percentages of the categories, or name response endpoints in or_better."
        )
    if len(totals) > 1:
        said = "; ".join(f"{label}: of {count.total}" for label, count in arm.facts)
        raise AnalysisError(
            f"{arm.where}: expected every number to be of the same total, got {said}. Correct the totals, or leave the "
            "number out that counts other patients."
        )
    return totals.pop()


def _allowed(count: Count | None, total: int) -> range:
    return range(total + 1) if count is None else count.candidates


def _contradiction(arm: ArmCounts, place: int, total: int, before: set[int], ends: set[int]) -> str:
    own, whole = arm.printed[place], arm.cumulated[place]
    said = [f"{_span(before)} patients in better categories"] if place else []
    said += [f"{_words(own)} in this one"] if own is not None else []
    said += [f"{_words(whole)} in it or better ({arm.named[place]})"] if whole is not None else []
    said += [f"{total} in all categories, of which it is the worst"] if place == len(arm.labels) - 1 else []
    expected = f"; together {_span(ends)} are expected" if ends else ""
    return (
        f"{arm.where}, category {arm.labels[place]!r}: no number of patients fits what is printed: {', '.join(said)}"
        f"{expected}. Correct the number that is wrong, or leave it out with a note."
    )


def _undetermined(arm: ArmCounts, found: list[tuple[str, set[int]]], total: int) -> str:
    said = "; ".join(f"{label!r} may hold {_span(numbers)} of {total}" for label, numbers in found)
    return (
        f"{arm.where}: what is printed leaves counts open: {said}. Enter their counts, or name in or_better response "
        "endpoints that fix them."
    )


def _origin(arm: ArmCounts, place: int, total: int) -> tuple[str, bool]:
    """What a count was found from, its own print, else endpoints or the rest; and whether by subtraction."""
    own = arm.printed[place]
    if own is not None and own.known_events is not None:
        return _words(own), False
    wholes = arm.cumulated
    last = place == len(arm.labels) - 1
    here = f"{arm.named[place]} {_words(wholes[place])}" if wholes[place] is not None else f"{total} patients"
    if wholes[place] is None and not last:
        return "what the other numbers leave", False
    if not place:
        return here, False
    if wholes[place - 1] is not None:
        return f"{here} minus {arm.named[place - 1]} {_words(wholes[place - 1])}", True
    return f"{here} minus all better categories", True


def _words(count: Count | None) -> str:
    if count is None:
        return "nothing printed"
    if count.not_reported:
        return f"not reported, of {count.total}"
    return f"{count.events} of {count.total}" if count.events is not None else f"{count.percent}% of {count.total}"


def _span(numbers: set[int]) -> str:
    low, high = min(numbers), max(numbers)
    if low == high:
        return str(low)
    return f"{low} or {high}" if len(numbers) == 2 else f"{low} to {high}"
