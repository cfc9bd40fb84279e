"""The log density as an operation of PyTensor, with its derivative, so that a PyMC model can be built on it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytensor.tensor as pt
from numba import njit
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from reappraise.survival.printed.density import density


def _version() -> int:
    """Number of the compiled code: machine code of other sources is not taken for it."""
    text = b"\0".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return int.from_bytes(hashlib.sha256(text).digest()[:6], "big")


class PrintDensity(Op):
    """Log density of a point (variable,) given the data of `density.DATA`, and the gradient that its derivative is."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Apply it to a point and the data."""
        return Apply(self, [pt.as_tensor_variable(one) for one in inputs], [pt.dscalar(), pt.dvector()])

    def perform(self, node: Apply[Any], inputs: Any, outputs: Any) -> None:  # noqa: ARG002  # PyTensor's signature
        """Compute it outside compiled graphs."""
        outputs[0][0], outputs[1][0] = density(*inputs)

    def infer_shape(self, node: Apply[Any], input_shapes: Any) -> Any:  # noqa: ARG002  # as above
        """A number, and as many as the point has."""
        return [(), input_shapes[0]]

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """The log density alone has a derivative, and by the point alone."""
        return [[place == 0, False] for place in range(len(node.inputs))]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Derivative by the point: the gradient is there already."""
        return [cotangents[0] * outputs[1], *(disconnected_type() for _ in inputs[1:])]


@register_funcify_default_op_cache_key(PrintDensity)  # type: ignore[no-untyped-call, untyped-decorator]  # not typed
def _compiled(op: Op, node: Apply[Any] | None = None, **_: Any) -> Any:  # noqa: ARG001  # PyTensor's signature
    @njit
    def print_density(point: Any, *data: Any) -> Any:
        return density(point, *data)

    return print_density, _version()


PRINT_DENSITY = PrintDensity()
