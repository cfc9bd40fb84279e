"""From a survival curve and numbers at risk to individual data that reproduce both: a starting point, not the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.published.curve import Curve, NumbersAtRisk
from reappraise.published.curve_cleaning import check_numbers_at_risk

type Floats = NDArray[np.float64]
type Counts = NDArray[np.int64]

_EVEN = 0.0
_EARLIEST = 6.0
"""Censorings are moved up to the 64th power of their place in an interval: nearly all at its start, or its end."""
_HALVINGS = 12
_FITS = 8
"""Rounding makes the number of events fall by fits and starts as censorings are added: how far to look around."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """Where the curve falls: times and the survival after each."""

    time: Floats
    survival: Floats

    def between(self, start: float, end: float) -> slice:
        """Steps from `start` to before `end`."""
        return slice(int(np.searchsorted(self.time, start)), int(np.searchsorted(self.time, end)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """Events on each step, and times of censoring."""

    steps: _Steps
    deaths: Counts
    censored: Floats

    @property
    def events(self) -> int:
        return int(self.deaths.sum())

    @property
    def at_risk(self) -> Counts:
        """Patients at risk at each step."""
        before = np.r_[0, np.cumsum(self.deaths)[:-1]] + np.searchsorted(np.sort(self.censored), self.steps.time)
        return np.asarray(self.deaths.sum() + self.censored.size - before, dtype=np.int64)

    @property
    def survival(self) -> Floats:
        """Kaplan-Meier survival after each step."""
        return np.cumprod(1 - self.deaths / np.maximum(self.at_risk, 1))

    def error(self) -> float:
        """Largest distance of the Kaplan-Meier survival from the curve."""
        return float(np.abs(self.survival - self.steps.survival).max(initial=0.0))

    def excess(self) -> float:
        """The same, beyond the step that one patient makes."""
        if not self.steps.time.size:
            return 0.0
        one = np.where(self.at_risk > 0, np.r_[1.0, self.survival[:-1]] / np.maximum(self.at_risk, 1), 0.0)
        return float((np.abs(self.survival - self.steps.survival) - one).max())


def invert(
    curve: Curve, at_risk: NumbersAtRisk | None = None, *, total: int, events: int | None = None
) -> tuple[Floats, NDArray[np.bool_]]:
    """Times and events of `total` patients whose Kaplan-Meier curve and numbers at risk are those given.

    Events stand where the curve falls. At the step to S(t), with n at risk and the level K reached so far,
    d = round(n (1 - S(t) / K)), so that errors do not add up and a flat stretch has none. Between two printed numbers
    at risk as many are censored as the events leave, evenly spread; after the last, as many per unit of time as
    before it, and the rest at the end of the curve. Without numbers at risk nobody is censored before the end. A
    given number of events is met by censoring more or fewer after the last number at risk, then by censoring earlier
    or later, and at last by turning single events into censorings, or the reverse, where the curve suffers least.

    Parameters
    ----------
    curve
        A cleaned curve.
    at_risk
        Numbers at risk of the same arm; met exactly.
    total
        Patients of the arm.
    events
        Patients with an event, if known; met exactly.

    Returns
    -------
    time : dims (patient,), rising
        Time to event or censoring, in the curve's unit.
    event : dims (patient,)
        Whether it is an event.

    Raises
    ------
    AnalysisError
        If the curve is not clean, or numbers at risk or events contradict it.

    References
    ----------
    Guyot P, Ades AE, Ouwens MJNM, Welton NJ. Enhanced secondary analysis of survival data: reconstructing the data
    from published Kaplan-Meier survival curves. BMC Med Res Methodol 2012;12:9. doi:10.1186/1471-2288-12-9
    """
    _check(curve, at_risk, total, events)
    times, numbers = np.zeros(1), np.array([total], dtype=np.int64)
    if at_risk is not None:
        later = at_risk.time > 0
        times, numbers = np.r_[times, at_risk.time[later]], np.r_[numbers, at_risk.number[later]]
    steps = _located(curve, times, numbers)
    # nobody is at risk from a printed zero on
    end = max(float(curve.time[-1]), float(times[numbers > 0][-1]))

    def reconstruct(earlier: float) -> _Data:
        return _reconstruct(steps, times, numbers, end=end, earlier=earlier, events=events)

    data = reconstruct(_EVEN)
    # rounding to whole patients in each interval, and what digitisation leaves open
    slack = times.size + total * 2 * curve.digitisation_error
    if events is not None and data.events != events:
        data = _met(_nearest(reconstruct, data, events), times, events, most=slack)
    if events is not None and (data.events != events or _astray(data, slack / total, 2 * curve.digitisation_error)):
        raise AnalysisError(
            f"{curve.arm}: expected about {reconstruct(_EVEN).events} events from the curve"
            f"{'' if at_risk is None else ' and the numbers at risk'}, got {events} of {total} patients. "
            "Check that they belong to the same analysis, or read more coordinates."
        )
    time = np.r_[np.repeat(steps.time, data.deaths), data.censored]
    event = np.r_[np.ones(data.events, dtype=np.bool_), np.zeros(data.censored.size, dtype=np.bool_)]
    order = np.lexsort((~event, time))
    return time[order], event[order]


def _check(curve: Curve, at_risk: NumbersAtRisk | None, total: int, events: int | None) -> None:
    rising_times = curve.time.size > 1 and curve.time[0] == 0 and bool((np.diff(curve.time) > 0).all())
    falling = curve.survival[0] == 1 and bool((np.diff(curve.survival) <= 0).all()) and curve.survival[-1] >= 0
    if not (rising_times and falling):
        raise AnalysisError(f"{curve.arm}: expected a cleaned curve, from (0, 1) on with rising times and no rise.")
    if total < 1:
        raise AnalysisError(f"{curve.arm}: expected at least one patient, got {total}.")
    if events is not None and not 0 <= events <= total:
        raise AnalysisError(f"{curve.arm}: expected 0 to {total} events, got {events}.")
    if at_risk is not None:
        check_numbers_at_risk(at_risk, curve, total=total)


def _astray(data: _Data, slack: float, error: float) -> bool:
    """Whether the data leave the curve by more than exchanged events explain, or miss that it falls at all."""
    fall = 1 - data.steps.survival.min(initial=1.0)
    return bool(data.excess() > slack or (data.events == 0 and fall > error))


def _located(curve: Curve, times: Floats, numbers: Counts) -> _Steps:
    """Steps of the curve; a fall between two coordinates on either side of a printed time has a part before it.

    Coordinates on a coarse grid say that the events came before them, but not how long. The part is linear in time,
    and no larger than those who left allow.
    """
    time, survival = curve.time, curve.survival
    level = 1.0
    for k in range(1, times.size):
        after = int(np.searchsorted(time, times[k]))
        if after == time.size:
            break
        left, high, low = time[after - 1], survival[after - 1], survival[after]
        part = high - (high - low) * (times[k] - left) / (time[after] - left)
        least = level * numbers[k] / numbers[k - 1] if numbers[k - 1] else 0.0
        level = float(min(max(part, least), high))
        if level < high:
            time = np.insert(time, after, (left + times[k]) / 2)
            survival = np.insert(survival, after, max(level, low))
    falls = np.flatnonzero(np.diff(survival) < 0) + 1
    return _Steps(time=time[falls], survival=survival[falls])


def _reconstruct(
    steps: _Steps, times: Floats, numbers: Counts, *, end: float, earlier: float, events: int | None
) -> _Data:
    deaths = np.zeros(steps.time.size, dtype=np.int64)
    censored: list[Floats] = []
    level = 1.0
    for start, stop, count, leaving in zip(times, times[1:], numbers, numbers[:-1] - numbers[1:], strict=False):
        here = steps.between(start, stop)
        part = _Steps(time=steps.time[here], survival=steps.survival[here])
        lost, died, level = _closed(part, start, stop, int(count), int(leaving), level, earlier)
        censored.append(lost)
        deaths[here] = died
    start, count = float(times[-1]), int(numbers[-1])
    here = steps.between(start, np.inf)
    part = _Steps(time=steps.time[here], survival=steps.survival[here])

    def died_with(number: int) -> Counts:
        return _fall(part, _places(number, start, end, earlier), count, level, most=count)[0]

    def too_many(number: int) -> bool:
        died = died_with(number)
        left = count - number - int(died.sum())
        # a curve ends at 0 by a last event, and above 0 by a last censoring
        ends_in_event = bool(part.time.size) and died[-1] > 0
        above_zero = not part.time.size or part.survival[-1] > 0
        return left < 0 or not (ends_in_event or (above_zero and left > 0))

    first = _first(0, count, too_many)
    most = max((few for few in range(min(count, first + _FITS) + 1) if few < first or not too_many(few)), default=0)
    rate = sum(lost.size for lost in censored) / start if start > 0 else 0.0
    number = min(most, round(rate * (end - start)))
    if events is not None:
        number = _for_events(
            lambda few: int(died_with(few).sum()), events - int(deaths.sum()), most=most, likely=number
        )
    lost = _places(number, start, end, earlier)
    died, _ = _fall(part, lost, count, level, most=count - number)
    deaths[here] = died
    rest = np.full(count - lost.size - int(died.sum()), end)
    return _Data(steps=steps, deaths=deaths, censored=np.concatenate([*censored, lost, rest]))


def _fall(steps: _Steps, censored: Floats, count: int, level: float, *, most: int) -> tuple[Counts, float]:
    """Events on each step, at most `most` in all, and the level of the Kaplan-Meier curve after them."""
    gone = np.searchsorted(censored, steps.time)
    deaths = np.zeros(steps.time.size, dtype=np.int64)
    dead = 0
    for i, (lost, survival) in enumerate(zip(gone.tolist(), steps.survival.tolist(), strict=True)):
        at_risk = count - lost - dead
        if at_risk <= 0 or level <= 0:
            break
        # half a patient is none: a fall that small may be one of reading
        died = min(int(np.ceil(at_risk * (1 - survival / level) - 0.5 - 1e-9)), most - dead)
        if died > 0:
            deaths[i] = died
            dead += died
            level *= 1 - died / at_risk
    return deaths, level


def _places(count: int, start: float, end: float, earlier: float) -> Floats:
    """Times of `count` censorings from `start` to before `end`: evenly spread, or moved towards either."""
    even = (np.arange(count) + 0.5) / max(count, 1)
    last = max(start, float(np.nextafter(end, start)))
    first = max(start, float(np.finfo(np.float64).tiny))
    return np.asarray(np.clip(start + (end - start) * even ** (2.0**earlier), first, last), dtype=np.float64)


def _closed(
    steps: _Steps, start: float, end: float, count: int, leaving: int, level: float, earlier: float
) -> tuple[Floats, Counts, float]:
    """Censorings and events of an interval that `leaving` of `count` patients leave."""
    censored = _places(0, start, end, earlier)
    deaths, reached = _fall(steps, censored, count, level, most=leaving)
    for number in range(leaving, 0, -1):
        trial = _places(number, start, end, earlier)
        died, after = _fall(steps, trial, count, level, most=count)
        if number + int(died.sum()) <= leaving:
            censored, deaths, reached = trial, died, after
            break
    rest = leaving - censored.size - int(deaths.sum())
    # after the last step of the interval they move no coordinate of it
    quiet = float(steps.time[-1]) if steps.time.size else start
    return np.sort(np.r_[censored, _places(rest, quiet, end, _EVEN)]), deaths, reached


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """First number from `low` on for which something holds that goes on holding; after `high`, if for none."""
    high += 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _for_events(deaths: Callable[[int], int], wanted: int, *, most: int, likely: int) -> int:
    """Number of censorings that leaves the wanted number of events, or nearest to it; of several, nearest to likely."""
    low = min(most, _first(0, most, lambda number: deaths(number) <= wanted))
    high = max(low, _first(low, most, lambda number: deaths(number) < wanted) - 1)
    guess = min(max(likely, low), high)
    near = [guess, *range(max(0, low - _FITS), min(most, low + _FITS) + 1)]
    best: int = min(near, key=lambda number: (abs(deaths(number) - wanted), abs(number - guess)))
    return best


def _nearest(reconstruct: Callable[[float], _Data], even: _Data, events: int) -> _Data:
    """The data nearest in events when censorings are moved earlier (fewer events) or later (more)."""
    best = even
    near, far = _EVEN, _EARLIEST if even.events > events else -_EARLIEST
    for step in range(_HALVINGS):
        place = far if step == 0 else (near + far) / 2
        data = reconstruct(place)
        if abs(data.events - events) < abs(best.events - events):
            best = data
        if data.events == events:
            break
        reached = (data.events < events) == (even.events > events)
        if step == 0 and not reached:
            break
        near, far = (near, place) if reached else (place, far)
    return best


def _met(data: _Data, times: Floats, events: int, *, most: float) -> _Data:
    """The data with single events turned into censorings, or the reverse, until there are as many as wanted.

    Numbers at risk stay; each is the change that keeps nearest to the curve. Unchanged where `most` are not enough.
    """
    if abs(data.events - events) > most:
        return data
    while data.events != events:
        change = _one_more if data.events < events else _one_fewer
        choices = [choice for step in range(data.steps.time.size) for choice in change(data, step, times)]
        if not choices:
            break
        data = min(choices, key=_Data.error)
    return data


def _one_fewer(data: _Data, step: int, _: Floats) -> list[_Data]:
    if not data.deaths[step]:
        return []
    deaths = data.deaths.copy()
    deaths[step] -= 1
    return [_Data(steps=data.steps, deaths=deaths, censored=np.r_[data.censored, data.steps.time[step]])]


def _one_more(data: _Data, step: int, times: Floats) -> list[_Data]:
    interval = np.searchsorted(times, [data.steps.time[step], *data.censored], side="right")
    same = np.flatnonzero(interval[1:] == interval[0])
    if not same.size:
        return []
    latest = same[np.argmax(data.censored[same])]
    deaths = data.deaths.copy()
    deaths[step] += 1
    return [_Data(steps=data.steps, deaths=deaths, censored=np.delete(data.censored, latest))]
