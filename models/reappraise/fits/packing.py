"""All data of a model in one vector: the sampler compiles a reader for every data variable, twice, a second each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Self

import numpy as np
import pymc as pm
import pytensor
from numpy.typing import NDArray

PACKED = "packed"
"""Name of the vector."""


@dataclass(frozen=True, slots=True)
class Packing:
    """Where in the vector every data variable lies.

    Parameters
    ----------
    shapes
        Shape of every data variable, in their order in the vector.
    held
        The vector as the model was built with.
    """

    shapes: Mapping[str, tuple[int, ...]]
    held: NDArray[np.float64]

    @classmethod
    def of(cls, model: pm.Model) -> Self:
        """Of the data variables of a model."""
        values = {str(one.name): np.asarray(one.get_value()) for one in model.data_vars}
        flat = [np.ravel(value).astype(np.float64) for value in values.values()]
        return cls({name: value.shape for name, value in values.items()}, np.concatenate([np.empty(0), *flat]))

    def vector(self, data: Mapping[str, Any]) -> NDArray[np.float64]:
        """The vector with these values in their places; what is not given stays as it was built.

        Raises
        ------
        KeyError
            If the model has no data variable of a name.
        ValueError
            If values have another shape than the model was built for.
        """
        unknown = data.keys() - self.shapes.keys()
        if unknown:
            raise KeyError(f"expected data variables of {', '.join(self.shapes)}; got {', '.join(sorted(unknown))}")
        found, start = self.held.copy(), 0
        for name, shape in self.shapes.items():
            size = prod(shape)
            if name in data:
                value = np.asarray(data[name], dtype=np.float64)
                if value.shape != shape:
                    raise ValueError(f"{name}: expected values of shape {shape}, got {value.shape}")
                found[start : start + size] = value.ravel()
            start += size
        return found


def packed(model: pm.Model, packing: Packing) -> pm.Model:
    """The same model, its data variables read from one vector; whole numbers are exact in it up to 2^53."""
    vector: Any = pytensor.shared(packing.held, name=PACKED)  # type: ignore[attr-defined, no-untyped-call]  # untyped
    start = 0
    places: dict[str, Any] = {}
    for one in model.data_vars:
        name = str(one.name)
        shape = packing.shapes[name]
        own: Any = vector[start : start + prod(shape)] if shape else vector[start]
        if len(shape) > 1:
            own = own.reshape((-1, *shape[1:]))  # a first dimension of 1 stays open, as that of a data variable is
        places[name] = own.astype(one.dtype)
        start += prod(shape)
    return pm.do(model, places, make_interventions_shared=False)
