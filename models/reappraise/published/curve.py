"""A digitised survival curve and the numbers at risk below it: what they may hold, and what can be mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError

type Floats = NDArray[np.float64]

DIGITISATION_ERROR = 0.005
"""What careful reading of a printed figure reaches, as a fraction."""
LARGEST_ERROR = 0.1
"""A digitisation error above this is no error but percent, or no curve."""
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Coordinates of a Kaplan-Meier curve, as they were read off a figure.

    Parameters
    ----------
    arm
        Key of the arm.
    time
        Times, in the trial's unit; dims (coordinate,).
    survival
        Share without the event just after `time`, as a fraction; dims (coordinate,).
    digitisation_error
        Half width, as a fraction: the curve as printed lies within this of each coordinate.
    """

    arm: str
    time: Floats
    survival: Floats
    digitisation_error: float = DIGITISATION_ERROR

    def __post_init__(self) -> None:
        """Refuse what is no list of coordinates; whether they make a curve is for `cleaned` to say."""
        if self.time.ndim != 1 or self.time.shape != self.survival.shape:
            raise ValueError(
                f"{self.arm}: expected times and survival of equal length, got {self.time.shape} "
                f"and {self.survival.shape}"
            )
        if not self.time.size:
            raise AnalysisError(f"{self.arm}: expected coordinates of a curve, got none.")
        if not (np.isfinite(self.time).all() and np.isfinite(self.survival).all()):
            raise AnalysisError(f"{self.arm}: expected finite times and survival. Remove coordinates without a value.")
        if not 0 <= self.digitisation_error <= LARGEST_ERROR:
            raise AnalysisError(
                f"{self.arm}: expected a digitisation error from 0 to {LARGEST_ERROR} (a fraction, not percent), "
                f"got {self.digitisation_error:g}."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumbersAtRisk:
    """Patients under observation and without the event just before each time: those with a longer or equal time.

    Parameters
    ----------
    arm
        Key of the arm.
    time
        Times, from 0 on and rising, in the trial's unit; dims (time,).
    number
        Patients at risk; dims (time,).
    """

    arm: str
    time: Floats
    number: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse times that do not rise and numbers that do."""
        if self.time.ndim != 1 or self.time.shape != self.number.shape:
            raise ValueError(
                f"{self.arm}: expected times and numbers of equal length, got {self.time.shape} and {self.number.shape}"
            )
        if not self.time.size:
            raise AnalysisError(f"{self.arm}: expected numbers at risk, got none.")
        if not np.isfinite(self.time).all() or self.time[0] < 0:
            raise AnalysisError(f"{self.arm}: expected times of the numbers at risk from 0 on, got {self.time[0]:g}.")
        if self.number.min() < 0:
            raise AnalysisError(f"{self.arm}: expected numbers at risk from 0 on, got {self.number.min()}.")
        for earlier, later, before, after in zip(self.time, self.time[1:], self.number, self.number[1:], strict=False):
            if later <= earlier:
                raise AnalysisError(
                    f"{self.arm}: expected rising times of the numbers at risk, got {later:g} after {earlier:g}. "
                    "Give each time once, in order."
                )
            if after > before:
                raise AnalysisError(
                    f"{self.arm}: expected numbers at risk that never rise, got {before} at time {earlier:g} "
                    f"and {after} at {later:g}. Correct them to what was printed."
                )


def cleaned(
    curve: Curve,
    *,
    at_risk: NumbersAtRisk | None = None,
    total: int | None = None,
    longest_follow_up: float | None = None,
) -> tuple[Curve, tuple[str, ...]]:
    """A curve that starts at (0, 1), never rises and has each time once, with what was mended in words.

    If every coordinate lies within e of the printed curve, S(t_i) lies between max_{j >= i} y_j - e and
    min_{j <= i} y_j + e. The middle of the two is taken; where they cross, the coordinates are of no curve.

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
    """
    messages: list[str] = []
    survival = _within_bounds(curve, messages)
    time = _from_zero(curve, messages)
    order = np.lexsort((-survival, time))
    unsorted = bool((np.diff(time) < 0).any())
    time, survival = _each_once(curve, time[order], survival[order], messages)
    time, survival = _started(curve, time, survival, messages)
    survival = _falling(curve, time, survival, messages, unsorted=unsorted)
    if unsorted:
        messages.insert(0, f"{curve.arm}: the times were out of order and have been sorted.")
    clean = replace(curve, time=time, survival=survival)
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
    before = np.searchsorted(curve.time, time, side="left")
    highest = np.where(before > 0, curve.survival[np.maximum(before - 1, 0)] + error, 1.0)
    lowest = np.where(time > 0, curve.survival[np.minimum(before, curve.time.size - 1)] - error, 1.0)
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
    beyond = (survival > 1 + error) | (survival < -error)
    if beyond.any():
        raise AnalysisError(
            f"{curve.arm}: expected survival from 0 to 1 within {error:g}, got {survival[beyond][0]:g} "
            f"{_places(curve.time[beyond])}. Check the survival axis."
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


def _each_once(curve: Curve, time: Floats, survival: Floats, messages: list[str]) -> tuple[Floats, Floats]:
    # of the two ends of a step the lower is S(t): a Kaplan-Meier curve is continuous from the right
    last = np.r_[time[1:] > time[:-1], True]
    if not last.all():
        repeated = np.unique(time[~last])
        messages.append(f"{curve.arm}: repeated times, of which the lowest survival was kept, {_places(repeated)}.")
    return time[last], survival[last]


def _started(curve: Curve, time: Floats, survival: Floats, messages: list[str]) -> tuple[Floats, Floats]:
    late = time[0] == 0 or time[0] > LATE_START * time[-1]
    if survival[0] < 1 - LOW_START - curve.digitisation_error and late:
        raise AnalysisError(
            f"{curve.arm}: expected a curve that starts at 1 at time 0, got a first coordinate of {survival[0]:g} at "
            f"time {time[0]:g}. Add the coordinates before it, or check the axes."
        )
    if time[0] > 0:
        messages.append(f"{curve.arm}: the start, survival 1 at time 0, was added.")
        return np.r_[0.0, time], np.r_[1.0, survival]
    if survival[0] < 1:
        # every patient is observed for some time, so a fall read at 0 belongs to the next coordinate
        messages.append(f"{curve.arm}: survival at time 0 was set from {survival[0]:g} to 1.")
    if time.size == 1:
        raise AnalysisError(f"{curve.arm}: expected coordinates after time 0, got none.")
    return time, np.r_[1.0, survival[1:]]


def _falling(curve: Curve, time: Floats, survival: Floats, messages: list[str], *, unsorted: bool) -> Floats:
    error = curve.digitisation_error
    slack = 2 * error + 1e-12
    beyond = _latest_highest(survival) - np.minimum.accumulate(survival) > slack
    if beyond.any():
        rises = np.flatnonzero(survival[1:] > np.minimum.accumulate(survival)[:-1] + slack) + 1
        sizes = survival[rises] - np.minimum.accumulate(survival)[rises - 1]
        sorting = " even after sorting by time" if unsorted else ""
        raise AnalysisError(
            f"{curve.arm}: expected a curve that never rises, but{sorting} it rises by up to {sizes.max():.3g}, more "
            f"than a digitisation error of {error:g} either way explains, {_places(time[rises])}. Correct those "
            "coordinates, or state a larger digitisation error; of a cumulative incidence give 1 minus it."
        )
    rises = np.flatnonzero(np.diff(survival) > 0) + 1
    if not rises.size:
        return survival
    messages.append(
        f"{curve.arm}: {_number(rises.size, 'rise')} within the digitisation error flattened, {_places(time[rises])}."
    )
    level = _flat_tail(survival, slack)
    return np.minimum.accumulate((_latest_highest(level) + np.minimum.accumulate(level)) / 2)


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


def _places(times: Sequence[float] | Floats) -> str:
    shown = ", ".join(f"{time:g}" for time in times[:3])
    more = f" and {len(times) - 3} more" if len(times) > 3 else ""
    return f"at time {shown}{more}"
