"""What the frame asks of every model: one PyMC model, and its densities in plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pymc as pm

type Floats = NDArray[np.float64]
type Draws = Mapping[str, Floats]
"""Draws of named variables: leading axes are draws, the last ones are the variable's own dims."""
type Data = Mapping[str, NDArray[Any]]
"""Values of the model's data variables."""

ARM_CODE = np.array([-0.5, 0.5])
"""Control and experimental arm lie symmetrically around their mean: no arm is the baseline."""


class FitModel(Hashable, Protocol):
    """A model that is compiled once for a shape and refitted with data: counts, and the numbers of its priors."""

    @property
    def name(self) -> str:
        """Key of the model."""
        ...

    @property
    def label(self) -> str:
        """The model in words."""
        ...

    @property
    def formula(self) -> str:
        """Likelihood and priors in a line, stored with every posterior."""
        ...

    @property
    def build(self) -> Callable[..., pm.Model]:
        """Makes the PyMC model of a shape, everything that differs between fits as ``pm.Data``."""
        ...

    def draw_prior(self, data: Any, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """Draws of all sampled variables from the prior, leading axis the draw."""
        ...

    def log_likelihood(self, draws: Draws, data: Any) -> Floats:
        """Log probability of what was observed, dims (..., what the job says)."""
        ...

    def log_prior(self, draws: Draws, data: Any) -> dict[str, Floats]:
        """Log prior density of each sampled variable on its natural scale, summed over its dims, dims (...)."""
        ...


class NamedPrior(Protocol):
    """What is believed before the data, as files and tables name it."""

    @property
    def name(self) -> str:
        """Key of the prior."""
        ...

    @property
    def label(self) -> str:
        """The prior in a word or two."""
        ...

    @property
    def text(self) -> str:
        """The distribution in a line."""
        ...

    @property
    def rationale(self) -> str:
        """Why one would hold it."""
        ...
