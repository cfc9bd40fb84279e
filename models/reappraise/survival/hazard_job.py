"""What every posterior of two arms' hazards is asked, whatever is known of the patients."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import xarray as xr

from reappraise.core.arms import WHOLE, Better
from reappraise.core.errors import AnalysisError
from reappraise.fits.diagnose import Judged
from reappraise.fits.job import PosteriorJob
from reappraise.fits.model import FitModel
from reappraise.survival.answers import Questions
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.plan import UNPLANNED, Plan
from reappraise.survival.tree import Shape, tree_judged


class HazardModel(FitModel, Protocol):
    """A model of hazards, with a hazard ratio that may change with time or without."""

    @property
    def proportional(self) -> bool:
        """Whether the hazard ratio is the same at all times."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardJob[ModelT: HazardModel, DataT, FitT](PosteriorJob[ModelT, HazardPrior, DataT, FitT]):
    """One posterior of hazards to be computed.

    Parameters
    ----------
    grid
        Intervals of constant hazard.
    horizons
        Times that restricted means go to, ascending.
    landmarks
        Times of survival probabilities, ascending.
    better
        Whether longer or shorter times are good.
    plan
        What the trial was planned for: sizes of benefit that are asked for.
    """

    grid: Grid
    horizons: tuple[float, ...]
    landmarks: tuple[float, ...] = ()
    better: Better = "higher"
    plan: Plan = UNPLANNED

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Key of the endpoint."""

    @property
    @abstractmethod
    def unit(self) -> str:
        """Unit of time."""

    @property
    @abstractmethod
    def arms(self) -> tuple[str, str]:
        """Keys of control and experimental arm."""

    @property
    @abstractmethod
    def totals(self) -> tuple[int, int]:
        """Patients of control and experimental arm."""

    @property
    @abstractmethod
    def origin(self) -> str:
        """Where what is known comes from."""

    @property
    def factor(self) -> str:
        """Factor whose levels are the groups of patients."""
        return WHOLE

    @property
    def groups(self) -> tuple[str, ...]:
        """Keys of the groups of patients."""
        return (WHOLE,)

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.endpoint}.{self.factor}.{self.model.name}.{self.prior.name}"

    @property
    def title(self) -> str:
        """Endpoint, model and prior in a line."""
        return f"{self.endpoint}, {self.model.label}, prior {self.prior.label}: {self.entered.text}"

    @property
    def entered(self) -> HazardPrior:
        """The prior as it enters: proportional if so asked, the effect mirrored where the event is good."""
        scale = 0.0 if self.model.proportional else self.prior.departure_scale
        return replace(self.prior.held(self.better), departure_scale=scale)

    @property
    def labels(self) -> Shape:
        """Questions, and labels of the dims."""
        asked = Questions(
            grid=self.grid,
            unit=self.unit,
            arms=self.arms,
            better=self.better,
            landmarks=self.landmarks,
            horizons=self.horizons,
            proportional=self.model.proportional,
            plan=self.plan,
        )
        return Shape(asked, self.groups)

    def judged(self, tree: xr.DataTree) -> dict[str, Judged]:
        """Hazards and their parameters, and the answers."""
        return tree_judged(tree, self.labels)

    def require_answerable(self, twin: str) -> None:
        """Refuse questions that have no answer.

        Parameters
        ----------
        twin
            Name of the model with proportional hazards.

        Raises
        ------
        AnalysisError
            If there is no horizon, or times are out of order or beyond the grid.
        """
        if not self.model.proportional and not self.prior.departure_scale > 0:
            raise AnalysisError(f"departure_scale is 0, which is the model {twin}")
        if not self.horizons:
            raise AnalysisError("expected at least one horizon of the restricted mean")
        asked: Mapping[str, tuple[float, ...]] = {"landmarks": self.landmarks, "horizons": self.horizons}
        for what, times in asked.items():
            if list(times) != sorted(set(times)) or any(not 0 < time <= self.grid.horizon for time in times):
                raise AnalysisError(
                    f"expected {what} ascending, above 0 and at most {self.grid.horizon:g} {self.unit}, "
                    f"the horizon of the grid; got {times}. Times beyond it are extrapolated by a rule that is stated, "
                    'such as reappraise.extrapolate(fit, rule="constant", landmarks=(...,))'
                )
