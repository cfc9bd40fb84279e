"""How arrays become labelled variables: what a model declares of each, and what its dims are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

type Arrays = Mapping[str, NDArray[Any]]
"""Arrays by the name of their variable."""
type Scale = Literal["plain", "logarithm", "logit"]

DRAWS = ("chain", "draw")
"""Leading dims of everything that was drawn."""
RATES = (1e-30, 1 - 2.0**-24)
"""Least and largest rate in single precision that is neither 0 nor 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What is declared of one variable.

    Parameters
    ----------
    dims
        Its own dims, after those of the draws.
    description
        What it is, in words, as files say it.
    scale
        Scale that its draws are judged on: logarithms where it is positive, skewed, and read as a multiple.
    reported
        Whether median and limits are printed, and so must be precise.
    judged
        Whether it counts in the verdict; one that repeats others, or is not reported and free to mix badly, does not.
    """

    dims: tuple[str, ...] = ()
    description: str = ""
    scale: Scale = "plain"
    reported: bool = False
    judged: bool = True


@dataclass(frozen=True, slots=True)
class Axis:
    """Labels of one dim, and where they stand in arrays that hold more.

    Parameters
    ----------
    labels
        What the places are called; None for a dim of one place, which is dropped.
    places
        Places that are kept; by default as many as there are labels, from the first on.
    """

    labels: Sequence[Any] | NDArray[Any] | None
    places: tuple[int, ...] | None = None

    @property
    def kept(self) -> tuple[int, ...]:
        """Places that are kept."""
        number = 1 if self.labels is None else len(self.labels)
        return tuple(range(number)) if self.places is None else self.places


@dataclass(frozen=True, slots=True)
class Layout:
    """Turns arrays, padded to the width that a model is compiled for, into labelled datasets.

    Parameters
    ----------
    variables
        What is declared of each variable; one that is not declared has no dims of its own.
    axes
        Labels of the dims; a dim without has none.
    """

    variables: Mapping[str, Variable]
    axes: Mapping[str, Axis] = field(default_factory=dict)

    def dataset(
        self, values: Arrays, *, lead: tuple[str, ...] = (), dims: Mapping[str, tuple[str, ...]] | None = None
    ) -> xr.Dataset:
        """Arrays with dims (lead, own) as a dataset; what was drawn in single precision.

        Single precision is exact to 1e-7, four orders of magnitude below the Monte Carlo error, and halves the file.

        Parameters
        ----------
        values
            The arrays.
        lead
            Leading dims.
        dims
            Own dims in place of those declared.
        """
        variables = {}
        for name, array in values.items():
            declared = self.variables.get(name, Variable())
            own = declared.dims if dims is None else dims.get(name, ())
            held, kept = array, list[str]()
            for dim in own:
                place = len(lead) + len(kept)
                axis = self.axes.get(dim)
                if axis is not None and axis.labels is None:
                    held = np.take(held, 0, axis=place)
                    continue
                kept.append(dim)
                if axis is not None and axis.kept != tuple(range(held.shape[place])):
                    held = np.take(held, axis.kept, axis=place)
            if held.dtype == np.float64 and lead:
                held = held.astype(np.float32)
            attributes = {"description": declared.description} if declared.description else {}
            variables[name] = xr.Variable((*lead, *kept), held, attributes)
        used = {dim for variable in variables.values() for dim in variable.dims}
        coords: dict[str, Any] = {
            dim: list(axis.labels) for dim, axis in self.axes.items() if dim in used and axis.labels is not None
        }
        for dim in lead:
            coords[dim] = np.arange(next(iter(variables.values())).sizes[dim])
        return xr.Dataset(variables, coords=coords)

    def scalars(self, posterior: xr.Dataset) -> tuple[dict[str, NDArray[np.floating]], set[str]]:
        """Draws of all that is judged by name, dims (chain, draw), on their scales; and the names of what is printed.

        Parameters
        ----------
        posterior
            What `dataset` made of the draws.
        """
        found: dict[str, NDArray[np.floating]] = {}
        reported: set[str] = set()
        for name, variable in posterior.data_vars.items():
            declared = self.variables.get(str(name), Variable())
            if not declared.judged:
                continue
            stacked = variable.transpose(*DRAWS, ...)
            values = on_scale(stacked.values, declared.scale)
            labels = [stacked[dim].values for dim in stacked.dims[2:]]
            for index in np.ndindex(values.shape[2:]):
                own = values[(..., *index)]
                if np.isnan(own).all():
                    continue  # such as a contrast of arms, one of which has no patients
                words = ", ".join(str(label[place]) for label, place in zip(labels, index, strict=True))
                key = f"{name}[{words}]" if words else str(name)
                found[key] = own
                if declared.reported:
                    reported.add(key)
        return found, reported


def on_scale(values: NDArray[Any], scale: Scale) -> NDArray[np.floating]:
    """Draws on the scale that they are judged on."""
    if scale == "logarithm":
        return np.asarray(np.log(values))
    if scale == "logit":  # rare events are read as multiples; single precision may round to the very ends
        return np.asarray(special.logit(np.clip(values.astype(np.float64), *RATES)))
    return values
