"""What to do where no data keep a digitised curve: by how much the nearest miss it, in words."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from reappraise.survival.pseudo_ipd.reconstruct import Misses, NotFoundError
from reappraise.survival.pseudo_ipd.summaries import Estimators, Summaries

MOST_NAMED = 3
"""Other numbers that are named."""


class CurveNotKeptError(NotFoundError):
    """Coordinates and numbers that the search found no data for: no proof that there are none.

    Parameters
    ----------
    summaries, misses, tried
        As of `NotFoundError`.
    """

    def __init__(self, summaries: Summaries, misses: Misses, tried: tuple[tuple[Estimators, bool], ...] = ()) -> None:
        super().__init__(summaries, misses, tried)
        if any(target.text.startswith("curve of ") for target, _ in misses):
            self.args = (" ".join(_sentences(summaries, misses)),)


def _sentences(summaries: Summaries, misses: Misses) -> Iterator[str]:
    totals = summaries.totals
    yield (
        f"{summaries.endpoint}: no data of {totals[0]} and {totals[1]} patients were found that keep the curves and "
        f"the other numbers, {len(summaries.targets)} in all."
    )
    others = []
    for place, arm in enumerate(summaries.arms):
        own = [(target.miss(value), target, value) for target, value in misses if target.arm == place]
        curve = [one for one in own if one[1].text.startswith("curve of ")]
        others += [one for one in own if one not in curve]
        if not curve:
            continue
        miss, target, value = max(curve, key=lambda one: one[0])
        more = ceil(miss * 1e4 - 1e-6) / 1e4
        number = "1 coordinate" if len(curve) == 1 else f"{len(curve)} coordinates"
        yield (
            f"The nearest data miss {number} of {arm}, most that of the {target.text}: {value:.4g} in place of "
            f"{target.low:.4g} to {target.high:.4g}. A digitisation error larger by {more:g} would allow for that."
        )
    if others:
        named = "; ".join(
            f"{target.text}: nearest {value:.4g}, expected {target.low:.4g} to {target.high:.4g}"
            for _, target, value in others[:MOST_NAMED]
        )
        yield f"They also miss {named}{f' and {len(others) - MOST_NAMED} more' if len(others) > MOST_NAMED else ''}."
    yield (
        "State the error with which the figure was read (columns digitisation_error and time_error of the curves), "
        "correct those coordinates, or search for longer (patience of Effort)."
    )
