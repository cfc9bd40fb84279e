"""What a trial of times was planned for, and the sizes of benefit that are asked for beside any at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

from reappraise.core.arms import Better
from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior, hazard_ratio_priors

MARGINS: Final = (0.9, 0.8)
"""Hazard ratios of the worse event beyond which benefit is asked for: a hazard smaller by a tenth, and by a fifth."""
RESTRICTED_MEAN: Final = 0.05
"""Gain of the restricted mean that is asked for, as a share of its horizon, where the trial file names none: what a
hazard ratio of 0.8 makes where half of the controls have had the event by the horizon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a trial was planned for, of the worse event: a ratio below 1 is benefit whichever way the endpoint counts.

    Parameters
    ----------
    hazard_ratio
        Planned hazard ratio, experimental over control; None where none is stated.
    restricted_mean
        Gain of the restricted mean that matters, in the unit of time; None where none is stated.
    """

    hazard_ratio: float | None = None
    restricted_mean: float | None = None

    @property
    def priors(self) -> tuple[LogRatioPrior, ...]:
        """The named priors on the log hazard ratio, sceptical and enthusiastic ones by the planned ratio."""
        return hazard_ratio_priors(self.hazard_ratio)

    def named[PriorT](self, prior: str | PriorT) -> LogRatioPrior | PriorT:
        """The prior of that name; anything but a name as it is.

        Raises
        ------
        AnalysisError
            If there is none of that name.
        """
        if not isinstance(prior, str):
            return prior
        known = {item.name: item for item in self.priors}
        if prior not in known:
            raise AnalysisError(f"unknown prior {prior!r}; expected one of {', '.join(known)}, or a prior object")
        return known[prior]

    @property
    def margins(self) -> tuple[float, ...]:
        """Hazard ratios beyond which benefit is asked for, the planned one among them, the smallest benefit first."""
        planned = self.hazard_ratio
        return tuple(sorted({*MARGINS, *((planned,) if planned is not None and planned < 1 else ())}, reverse=True))

    def gain(self, horizon: float) -> float:
        """Gain of the mean restricted to a horizon that is asked for, in the unit of time."""
        return RESTRICTED_MEAN * horizon if self.restricted_mean is None else self.restricted_mean

    def swapped(self) -> Self:
        """The same plan with the arms exchanged; what size of benefit matters stays."""
        return self if self.hazard_ratio is None else replace(self, hazard_ratio=1 / self.hazard_ratio)


UNPLANNED: Final = Plan()
"""Of a trial that states no planned ratio."""


def beyond(margin: float, better: Better) -> str:
    """A margin on the hazard ratio in words, in the direction of benefit."""
    return f"hazard ratio < {margin:g}" if better == "higher" else f"hazard ratio > {1 / margin:.3g}"
