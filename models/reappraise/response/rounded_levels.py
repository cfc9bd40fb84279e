"""Subgroups of which only percentages are printed: each level by itself, with the counts that print and arm allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reappraise.core.arms import WHOLE
from reappraise.published.record import Count
from reappraise.published.trial import TrialEndpoint
from reappraise.response.published import Factor, ResponseEndpoint
from reappraise.response.rounded import MOST, Part, RoundedCounts


def rounded_levels(item: TrialEndpoint[ResponseEndpoint], factor: str) -> Iterator[RoundedCounts]:
    """Yield the levels of a factor whose counts are known within rounding; none where another reason keeps them.

    Where the levels of an arm make up the whole of it and its count is known, a level has only such counts as leave the
    others theirs.

    Parameters
    ----------
    item
        The endpoint.
    factor
        Key of a factor that cannot be analysed as it is printed.
    """
    found = next((one for one in item.published.factors if one.key == factor), None)
    if found is None or factor == WHOLE:
        return
    arms = item.trial.arms
    known = {count.arm: (count.known_events, count.total) for count in item.published.counts}
    allowed = {arm.key: _allowed(found, arm.key, known.get(arm.key, (None, 0))) for arm in arms}
    for level in found.levels:
        counts = {count.arm: count for count in level.counts}
        pair = [counts.get(arm.key) for arm in arms]
        events = [allowed[arm.key].get(level.key, ()) for arm in arms]
        if any(count is None for count in pair) or not all(events) or max(map(len, events)) > MOST:
            continue
        yield RoundedCounts(
            item,
            (events[0], events[1]),
            (counts[arms[0].key].total, counts[arms[1].key].total),
            Part(factor, level.key, level.label, found.timing),
        )


def _allowed(factor: Factor, arm: str, whole: tuple[int | None, int]) -> Mapping[str, Sequence[int]]:
    """Counts of each level of one arm that round to its print and leave the other levels theirs."""
    counts: dict[str, Count] = {
        level.key: count for level in factor.levels for count in level.counts if count.arm == arm
    }
    printed = {key: () if count.not_reported else count.candidates for key, count in counts.items()}
    events, total = whole
    if events is None or sum(count.total for count in counts.values()) != total or not all(printed.values()):
        return printed
    least, most = (sum(pick(found) for found in printed.values()) for pick in (min, max))
    return {
        key: [k for k in found if least - min(found) <= events - k <= most - max(found)]
        for key, found in printed.items()
    }
