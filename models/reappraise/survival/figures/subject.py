"""What every survival figure is about: endpoint, arms, unit of time, and which direction is good for the patient."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator
from numpy.typing import NDArray

from reappraise.core.arms import Better
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.drawing.words import NOT_CONVERGED, favours

type Floats = NDArray[np.floating]
type Pair = tuple[str, str]

_STEPS = {"months": (1, 2, 3, 6, 12, 24, 36, 60, 120), "weeks": (1, 2, 4, 8, 13, 26, 52, 104)}
"""Steps that people count time in; any other unit goes by 1, 2 and 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalSubject:
    """A time-to-event endpoint as the figures speak of it.

    Parameters
    ----------
    endpoint
        The endpoint in words.
    arms, keys
        Short names, and keys, of control and experimental arm.
    unit
        Unit of time, in the plural.
    better
        "higher" where a longer time is good for the patient.
    level
        Coverage of the posterior intervals, equal-tailed.
    origin
        Model, prior and data that the draws come from, in words.
    failed
        Whether the fit did not converge.
    """

    endpoint: str
    arms: Pair
    keys: Pair
    unit: str
    better: Better = "higher"
    level: float = 0.95
    origin: str = ""
    failed: bool = False

    @property
    def one(self) -> str:
        """One unit of time."""
        return self.unit.removesuffix("s")

    @property
    def percent(self) -> str:
        """Coverage in words."""
        return f"{100 * self.level:g}%"

    @property
    def favours_time(self) -> Pair:
        """What lies below and above no difference of times, or of survival, experimental minus control."""
        return favours(self.arms[1], self.arms[0], self.better)

    @property
    def favours_hazard(self) -> Pair:
        """What lies below and above a hazard ratio of 1, experimental over control."""
        return favours(self.arms[1], self.arms[0], "lower" if self.better == "higher" else "higher")

    @property
    def without(self) -> str:
        """What share of patients a survival curve shows: only of a survival is it the endpoint's own name."""
        named = self.better == "higher" and "survival" in self.endpoint.lower() and len(self.endpoint) < 45
        return self.endpoint if named else "Without the event"

    def title(self, words: str) -> str:
        """Title of a figure, which says so if the fit did not converge."""
        return f"{self.endpoint}: {words}" + (f", {NOT_CONVERGED}" if self.failed else "")

    def subtitle(self, words: str) -> str:
        """What is drawn and where it comes from."""
        return ". ".join(part for part in (words, self.origin) if part)

    def benefit(self, difference: Floats) -> Floats:
        """Share of draws in which a difference of times, experimental minus control, is good; over the first axis."""
        return np.mean(difference > 0 if self.better == "higher" else difference < 0, axis=0)

    def place(self, key: str) -> int:
        """0 for the control, 1 for the experimental arm.

        Raises
        ------
        AnalysisError
            If the key is of neither.
        """
        if key not in self.keys:
            raise AnalysisError(f"{self.endpoint}: expected an arm among {' and '.join(self.keys)}, got {key!r}")
        return self.keys.index(key)

    def ratio(self, estimate: Estimate) -> Estimate:
        """The estimate of a ratio as experimental over control, turned round if it was printed the other way.

        Raises
        ------
        AnalysisError
            If it is no ratio of the two arms.
        """
        form = QUANTITIES[estimate.quantity].form
        if form != "ratio" or {estimate.numerator, estimate.denominator} != set(self.keys):
            what = f"{estimate.quantity} {estimate.numerator} / {estimate.denominator}"
            raise AnalysisError(f"{self.endpoint}: expected a ratio of {' and '.join(self.keys)}, got {what}")
        return estimate if estimate.numerator == self.keys[1] else estimate.reversed()


def drawn(draws: Floats, dims: int) -> Floats:
    """Draws with all leading dims, such as chain and draw, made one before the last `dims`.

    Raises
    ------
    AnalysisError
        If there is no draw, or one that is not a number.
    """
    values = np.asarray(draws, dtype=np.float64)
    flat = values.reshape(-1, *values.shape[values.ndim - dims :])
    if not flat.size or np.isnan(flat).any():
        raise AnalysisError(f"expected draws that are numbers, got an array of {values.shape} without, or with NaN")
    return flat


def summary(draws: Floats, level: float) -> tuple[Floats, Floats, Floats]:
    """Lower limit, median and upper limit over the first axis; infinite draws are larger than all others."""
    tails = [(1 - level) / 2, 0.5, (1 + level) / 2]
    # between a finite and an infinite draw there is nothing to interpolate
    low, middle, high = np.quantile(draws, tails, axis=0, method="linear" if np.isfinite(draws).all() else "lower")
    return low, middle, high


def time_ticks(horizon: float, unit: str) -> tuple[float, ...]:
    """At most seven round times from 0 to the horizon."""
    decade = 10.0 ** (floor(log10(horizon)) - 1)
    rounded = [float(step) for step in _STEPS.get(unit, ()) if horizon / 6 <= step <= horizon / 2]
    rounded += [step * decade * power for power in (1, 10, 100) for step in (1, 2, 5)]
    step = next(step for step in rounded if horizon / step <= 6)
    return tuple(step * index for index in range(floor(horizon / step * (1 + 1e-9)) + 1))


def set_time(axes: Axes, subject: SurvivalSubject, horizon: float, *, label: str = "Time") -> None:
    """Give the horizontal axis time from 0 to the horizon; without label, no tick labels either."""
    ticks = time_ticks(horizon, subject.unit)
    axes.set_xlim(0, horizon)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
    axes.tick_params(axis="x", labelbottom=bool(label))
    if label:
        axes.set_xlabel(f"{label} ({subject.unit})")
