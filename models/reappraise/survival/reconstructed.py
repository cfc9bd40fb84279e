"""Reconstructed patients, who know under which prior they were drawn."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

from reappraise.core.errors import AnalysisError
from reappraise.published.patients import PatientData
from reappraise.survival.hazard import Grid, HazardPrior

WIDTHS = ("level_sd", "walk_scale", "departure_scale")
"""Widths of a prior beside that of the effect."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReconstructedData(PatientData):
    """Draws from p(data | what was printed), under one prior on the hazards.

    Under another prior other data are likely: whatever is said of them is said with weights.

    Parameters
    ----------
    prior
        Prior on the hazards as it entered: mirrored already where the event is good.
    grid
        Intervals of constant hazard that the data were drawn with.
    """

    prior: HazardPrior
    grid: Grid

    def swapped(self) -> Self:
        """The same data with the roles of the arms exchanged: so is the prior."""
        plain: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(PatientData)}
        other = PatientData(**plain).swapped()
        mirrored: dict[str, Any] = {one.name: getattr(other, one.name) for one in fields(PatientData)}
        prior = replace(self.prior, effect=self.prior.effect.mirrored())
        return type(self)(**mirrored, prior=prior, grid=self.grid)

    def drawn_under(self, asked: HazardPrior) -> bool:
        """Whether they were drawn under such a prior, whatever its name."""
        return _numbers(self.prior) == _numbers(asked)

    def require_as_wide(self, asked: HazardPrior) -> None:
        """Refuse a prior that holds possible what was next to impossible when the data were drawn.

        Weights go from wide to narrow: to go the other way they would have to make up what was never drawn.

        Raises
        ------
        AnalysisError
            If it is wider than that of the data, in the effect or anything else.
        """
        own, other = _widths(self.prior), _widths(asked)
        wider = [f"{name} {other[name]:g}, above {own[name]:g}" for name in own if other[name] > own[name] * (1 + 1e-9)]
        if wider:
            raise AnalysisError(
                f"{self.endpoint}: expected a prior no wider than {self.prior.name}, under which the data were "
                f"reconstructed, got {asked.name} with {'; '.join(wider)}. Reconstruct under the wider one: "
                "reconstruct(..., prior=...)"
            )


def _numbers(prior: HazardPrior) -> tuple[float, ...]:
    effect = prior.effect
    return effect.mean, effect.sd, prior.median, prior.level_sd, prior.walk_scale, prior.departure_scale


def _widths(prior: HazardPrior) -> dict[str, float]:
    return {"sd of the log hazard ratio": prior.effect.sd, **{name: float(getattr(prior, name)) for name in WIDTHS}}
