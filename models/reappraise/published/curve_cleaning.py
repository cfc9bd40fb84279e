"""What can be mended of a digitised curve, and what contradicts itself or the numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.published.curve import LARGEST_ERROR, Curve, Floats, NumbersAtRisk

NEGATIVE_TIME = 0.01
"""Share of the time axis by which a digitised time may fall below zero: a click beside the axis."""
LATE_START = 0.1
"""Share of the time axis after which a first coordinate is late."""
LOW_START = 0.1
"""Fall before the first coordinate that is too much to be left out."""
SHORT_STOP = 0.01
"""Share of the follow-up that a curve may lack without a word."""
EARLY_STOP = 0.25
"""Share of the follow-up that a curve may lack, taken as flat; beyond it the curve is not all there."""


def cleaned(
    curve: Curve,
    *,
    at_risk: NumbersAtRisk | None = None,
    total: int | None = None,
    longest_follow_up: float | None = None,
) -> tuple[Curve, tuple[str, ...]]:
    """A curve that starts at (0, 1), never rises and has each time once, with what was mended in words.

    If every coordinate (t_i, y_i) lies within e in height and d in time of the printed curve, S(t_i - d) >= y_i - e
    and S(t_i + d) <= y_i + e. Where y_j > y_i + 2 e later than t_i + 2 d, the coordinates are of no curve. Smaller
    rises are averaged (adjacent violators are pooled), which keeps both inequalities.

    Parameters
    ----------
    curve
        Coordinates as digitised.
    at_risk
        Numbers at risk of the same arm, to be checked against the curve.
    total
        Patients of the arm.
    longest_follow_up
        Longest follow-up known, in the trial's unit: how far the curve should go.

    Raises
    ------
    AnalysisError
        If the coordinates, or they and the numbers at risk, contradict each other by more than digitisation explains.

    References
    ----------
    Barlow RE, Bartholomew DJ, Bremner JM, Brunk HD. Statistical inference under order restrictions. Wiley 1972.
    """
    messages: list[str] = []
    survival = _within_bounds(curve, messages)
    time = _from_zero(curve, messages)
    order = np.lexsort((-survival, time))
    unsorted = bool((np.diff(time) < 0).any())
    if unsorted:
        messages.append(f"{curve.arm}: the times were out of order and have been sorted.")
    rows = np.array(curve.rows or np.zeros(time.size), dtype=np.int64)
    points = _each_once(curve, _Points(time[order], survival[order], rows[order]), messages)
    points = _started(curve, points, messages)
    read = replace(curve, time=points.time, survival=points.survival, rows=())
    level = _falling(read, points, messages, unsorted=unsorted)
    clean = replace(read, survival=level, time_errors=read.within)
    _check_end(clean, at_risk, longest_follow_up, messages)
    if at_risk is not None:
        check_numbers_at_risk(at_risk, clean, total=total)
    return clean, tuple(messages)


def check_numbers_at_risk(at_risk: NumbersAtRisk, curve: Curve, *, total: int | None = None) -> None:
    """Refuse numbers at risk that the curve rules out.

    Events leave n(u) <= n(t) S(u-) / S(t-) at risk, for t < u; censoring leaves fewer. Between coordinates the curve
    is taken at whatever value allows most, so that only a certain contradiction of more than one patient is refused.

    Parameters
    ----------
    at_risk
        Numbers at risk.
    curve
        A cleaned curve of the same arm.
    total
        Patients of the arm.

    Raises
    ------
    AnalysisError
        Naming the times, and how many patients too many are at risk.
    """
    if at_risk.arm != curve.arm:
        raise ValueError(f"expected curve and numbers at risk of one arm, got {curve.arm} and {at_risk.arm}")
    time, number = at_risk.time, at_risk.number
    if total is not None and (number[0] > total or (time[0] == 0 and number[0] != total)):
        raise AnalysisError(
            f"{curve.arm}: expected {total} patients at risk at the start, got {number[0]} at time {time[0]:g}. "
            "Are the curve and the numbers at risk of the same population?"
        )
    error = curve.digitisation_error
    before = np.searchsorted(curve.time + curve.within, time, side="left")
    after = np.searchsorted(curve.time - curve.within, time, side="left")
    highest = np.where(before > 0, curve.survival[np.maximum(before - 1, 0)] + error, 1.0)
    lowest = np.where(time > 0, curve.survival[np.minimum(after, curve.time.size - 1)] - error, 1.0)
    if total is not None and time[0] > 0:
        time, number = np.r_[0.0, time], np.r_[total, number]
        highest, lowest = np.r_[1.0, highest], np.r_[1.0, lowest]
    for later in range(1, time.size):
        allowed = np.full(later, np.inf)
        known = lowest[:later] > 0
        allowed[known] = number[:later][known] * np.minimum(1.0, highest[later] / lowest[:later][known])
        earlier = int(np.argmin(allowed))
        if number[later] > allowed[earlier] + 1:
            raise AnalysisError(
                f"{curve.arm}: of {number[earlier]} patients at risk at time {time[earlier]:g} the curve leaves at "
                f"most {int(allowed[earlier])} at time {time[later]:g}, but {number[later]} are at risk: "
                f"{number[later] - int(allowed[earlier])} too many. Check the row, and the axes of the curve."
            )
    nobody = np.flatnonzero(number == 0)
    if nobody.size and lowest[nobody[0]] - curve.survival[-1] > error:
        raise AnalysisError(
            f"{curve.arm}: nobody is at risk at time {time[nobody[0]]:g}, but the curve falls to "
            f"{curve.survival[-1]:g} after it. Check the time axes of both."
        )


def _within_bounds(curve: Curve, messages: list[str]) -> Floats:
    survival, error = curve.survival, curve.digitisation_error
    if survival.max() > 1.5:
        raise AnalysisError(
            f"{curve.arm}: expected survival as fractions from 0 to 1, got up to {survival.max():g}: percent? "
            "Divide it by 100."
        )
    beyond = np.flatnonzero((survival > 1 + error) | (survival < -error))
    if beyond.size:
        needed = float(np.maximum(survival - 1, -survival)[beyond].max())
        raise AnalysisError(
            f"{curve.arm}: expected survival from 0 to 1 within {error:g}, got {survival[beyond[0]]:g} "
            f"{_places(curve.time[beyond], [curve.rows[k] for k in beyond if curve.rows])}. Check the survival axis"
            f"{_would_do(needed)}."
        )
    outside = (survival > 1) | (survival < 0)
    if outside.any():
        messages.append(
            f"{curve.arm}: survival outside 0 to 1 by no more than {error:g} was set to the nearer bound, "
            f"{_places(curve.time[outside])}."
        )
    return np.clip(survival, 0.0, 1.0)


def _from_zero(curve: Curve, messages: list[str]) -> Floats:
    time = curve.time
    if time.max() <= 0:
        raise AnalysisError(f"{curve.arm}: expected times above 0, got none above {time.max():g}.")
    if time.min() < -NEGATIVE_TIME * time.max():
        raise AnalysisError(
            f"{curve.arm}: expected times from 0 on, got {time.min():g} on an axis up to {time.max():g}. "
            "Check where the time axis has its zero."
        )
    below = time < 0
    if below.any():
        messages.append(f"{curve.arm}: {_number(int(below.sum()), 'time')} slightly below 0 set to 0 ({time.min():g}).")
    return np.maximum(time, 0.0)


@dataclass(frozen=True, slots=True)
class _Points:
    """Coordinates by time, and the line of each in its file; 0 for none."""

    time: Floats
    survival: Floats
    rows: NDArray[np.int64]

    def at(self, place: int) -> str:
        """One of them in words."""
        row = f" (row {self.rows[place]})" if self.rows[place] else ""
        return f"{self.survival[place]:g} at time {self.time[place]:g}{row}"


def _each_once(curve: Curve, points: _Points, messages: list[str]) -> _Points:
    # of the two ends of a step the lower is S(t): a Kaplan-Meier curve is continuous from the right
    time = points.time
    last = np.r_[time[1:] > time[:-1], True]
    if not last.all():
        repeated = np.unique(time[~last])
        messages.append(f"{curve.arm}: repeated times, of which the lowest survival was kept, {_places(repeated)}.")
    return _Points(time[last], points.survival[last], points.rows[last])


def _started(curve: Curve, points: _Points, messages: list[str]) -> _Points:
    time, survival, rows = points.time, points.survival, points.rows
    late = time[0] == 0 or time[0] > LATE_START * time[-1]
    if survival[0] < 1 - LOW_START - curve.digitisation_error and late:
        raise AnalysisError(
            f"{curve.arm}: expected a curve that starts at 1 at time 0, got a first coordinate of {points.at(0)}. "
            "Add the coordinates before it, or check the axes."
        )
    if time[0] > 0:
        messages.append(f"{curve.arm}: the start, survival 1 at time 0, was added.")
        return _Points(np.r_[0.0, time], np.r_[1.0, survival], np.r_[0, rows])
    if survival[0] < 1:
        # every patient is observed for some time, so a fall read at 0 belongs to the next coordinate
        messages.append(f"{curve.arm}: survival at time 0 was set from {survival[0]:g} to 1.")
    if time.size == 1:
        raise AnalysisError(f"{curve.arm}: expected coordinates after time 0, got none.")
    return _Points(time, np.r_[1.0, survival[1:]], rows)


def _falling(curve: Curve, points: _Points, messages: list[str], *, unsorted: bool) -> Floats:
    error, time, survival = curve.digitisation_error, points.time, points.survival
    slack = 2 * error + 1e-12
    # what a coordinate may not exceed: the lowest of those that lie surely before it, whatever the error in time
    surely = np.searchsorted(time + curve.within, time - curve.within, side="right")
    lowest = np.r_[np.inf, np.minimum.accumulate(survival)][surely]
    excess = survival - lowest
    rises = np.flatnonzero(excess > slack)
    if rises.size:
        worst = int(np.argmax(excess))
        before = int(np.argmin(survival[: surely[worst]]))
        others = f", and rises so at {rises.size - 1} more" if rises.size > 1 else ""
        sorting = " even after sorting by time" if unsorted else ""
        raise AnalysisError(
            f"{curve.arm}: expected a curve that never rises, but{sorting} it rises by up to {excess[worst]:.3g}, more "
            f"than a digitisation error of {error:g} either way explains: from {points.at(before)} to "
            f"{points.at(worst)}{others}. Correct those coordinates{_would_do(float(excess[worst]) / 2)}; of a "
            "cumulative incidence give 1 minus it."
        )
    rises = np.flatnonzero(np.diff(survival) > 0) + 1
    if not rises.size:
        return survival
    messages.append(
        f"{curve.arm}: {_number(rises.size, 'rise')} within the digitisation error averaged, {_places(time[rises])}."
    )
    return np.minimum.accumulate(_pooled(_flat_tail(survival, slack)))


def _would_do(needed: float) -> str:
    """The digitisation error that would let the coordinates pass, if one can be stated."""
    enough = ceil(needed * 1000 - 1e-9) / 1000
    return f", or state a digitisation error of {enough:g}, which would do" if enough <= LARGEST_ERROR else ""


def _pooled(survival: Floats) -> Floats:
    """The nearest curve that never rises: adjacent violators are replaced by their mean until none are left."""
    means: list[float] = []
    sizes: list[int] = []
    for value in survival.tolist():
        mean, size = value, 1
        while means and means[-1] < mean:
            mean = (mean * size + means[-1] * sizes[-1]) / (size + sizes[-1])
            size += sizes.pop()
            means.pop()
        means.append(mean)
        sizes.append(size)
    return np.repeat(means, sizes)


def _latest_highest(survival: Floats) -> Floats:
    return np.maximum.accumulate(survival[::-1])[::-1]


def _flat_tail(survival: Floats, slack: float) -> Floats:
    """The same, with a last stretch that goes up and down within the error at one level: noise there is no event."""
    backwards = survival[::-1]
    narrow = np.maximum.accumulate(backwards) - np.minimum.accumulate(backwards) <= slack
    first = survival.size - int(np.sum(narrow))
    exceeded = np.flatnonzero(survival[first:-1] < _latest_highest(survival)[first + 1 :])
    if not exceeded.size:
        return survival
    tail = slice(first + int(exceeded[0]), None)
    level = survival.copy()
    level[tail] = (survival[tail].min() + survival[tail].max()) / 2
    return level


def _check_end(
    curve: Curve, at_risk: NumbersAtRisk | None, longest_follow_up: float | None, messages: list[str]
) -> None:
    known = [] if longest_follow_up is None else [longest_follow_up]
    if at_risk is not None:
        known.extend(at_risk.time[at_risk.number > 0].tolist())
    end = max(known, default=0.0)
    last, survival = curve.time[-1], curve.survival[-1]
    if survival == 0 or end - last <= SHORT_STOP * end:
        return
    if end - last > EARLY_STOP * end:
        raise AnalysisError(
            f"{curve.arm}: expected a curve up to time {end:g}, where patients are still followed, got coordinates up "
            f"to {last:g}. If it is flat from there on, add ({end:g}, {survival:g}); else add what is missing."
        )
    messages.append(
        f"{curve.arm}: the curve stops at time {last:g}, but patients are followed up to {end:g}; "
        "it is taken as flat in between."
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _places(times: Sequence[float] | Floats, rows: Sequence[int] = ()) -> str:
    named = [f" (row {row})" for row in rows[:3]] or [""] * 3
    shown = ", ".join(f"{time:g}{row}" for time, row in zip(times[:3], named, strict=False))
    more = f" and {len(times) - 3} more" if len(times) > 3 else ""
    return f"at time {shown}{more}"
