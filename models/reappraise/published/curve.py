"""A digitised survival curve and the numbers at risk below it: what they may hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError

type Floats = NDArray[np.float64]

DIGITISATION_ERROR = 0.005
"""What careful reading of a printed figure reaches, as a fraction of either axis."""
LARGEST_ERROR = 0.1
"""A digitisation error above this is no error but percent, or no curve."""
LARGEST_TIME_ERROR = 0.1
"""An error in time above this share of the time axis leaves no curve."""
RISER = 0.02
"""Share of the time axis that a riser is slanted over at most: digitisers draw from one click to the next."""


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
    time_error
        The same in time, in its unit: of a coordinate read on a riser the height is anywhere between its ends, and
        only the time says something. None for the usual share of the time axis, and only where coordinates show a
        riser: that a step is just where a lonely coordinate was read is not likely.
    time_errors
        Error in time of each coordinate, where it is known already; dims (coordinate,).
    rows
        Line of each coordinate in the file, for messages; empty where there is none.
    """

    arm: str
    time: Floats
    survival: Floats
    digitisation_error: float = DIGITISATION_ERROR
    time_error: float | None = None
    time_errors: Floats | None = None
    rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no list of coordinates; whether they make a curve is for `curve_cleaning` to say."""
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
        longest = float(self.time.max())
        if self.time_error is not None and not 0 <= self.time_error <= LARGEST_TIME_ERROR * longest:
            raise AnalysisError(
                f"{self.arm}: expected an error in time from 0 to {LARGEST_TIME_ERROR * longest:g}, a tenth of the "
                f"time axis, got {self.time_error:g}."
            )
        if self.rows and len(self.rows) != self.time.size:
            raise ValueError(f"{self.arm}: expected a row for each of {self.time.size} coordinates")

    @property
    def within(self) -> Floats:
        """Half width in time of each coordinate, for times that ascend; dims (coordinate,).

        Where none is stated it is full within that width of a riser, a fall beyond the error from one coordinate to the
        next that is no longer than `RISER`, and fades as far again, so that no coordinate overtakes another.
        """
        if self.time_errors is not None:
            return self.time_errors
        if self.time_error is not None:
            return np.full(self.time.size, self.time_error)
        time, full = self.time, DIGITISATION_ERROR * float(self.time.max())
        steep = (np.diff(time) <= RISER * float(time.max())) & (-np.diff(self.survival) > self.digitisation_error)
        ends = np.flatnonzero(np.r_[False, steep] | np.r_[steep, False])
        if not ends.size:
            return np.zeros(time.size)
        after = np.searchsorted(time[ends], time)
        nearest = [np.abs(time - time[ends[np.clip(after + step, 0, ends.size - 1)]]) for step in (-1, 0)]
        return np.clip(2 * full - np.minimum(*nearest), 0.0, full)


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
