"""Many data variables in one vector: the sampler compiles a reader for each variable, twice, a second each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

PACKED: Final = "packed"
"""Name of the vector."""


@dataclass(frozen=True, slots=True)
class Packing:
    """Where in the vector the values of every variable lie.

    Parameters
    ----------
    shapes
        Shape of every variable, in their order in the vector.
    """

    shapes: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, values: Mapping[str, NDArray[Any]]) -> Self:
        """Of variables with such values."""
        return cls({name: np.shape(values[name]) for name in sorted(values)})

    def vector(self, values: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """The vector with these values in their places.

        Raises
        ------
        ValueError
            If variables or shapes are others.
        """
        given = {name: np.shape(value) for name, value in values.items()}
        if given != dict(self.shapes):
            raise ValueError(f"expected variables and shapes {dict(self.shapes)}, got {given}")
        return np.concatenate([np.ravel(values[name]).astype(np.float64) for name in self.shapes])

    def unpacked(self, vector: Any) -> dict[str, Any]:
        """Every variable as a part of the vector, an array or a tensor."""
        found, start = {}, 0
        for name, shape in self.shapes.items():
            size = prod(shape)
            found[name] = vector[start : start + size].reshape(shape)
            start += size
        return found
