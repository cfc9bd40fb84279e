"""Machine code of models, kept from one process to the next: a model is compiled once on a machine, then loaded.

The sampler compiles what it calls in every process anew, nine seconds and more of each model, because nothing tells it
whether the model is the one that it was. Here that is known: the code of this package, the versions of what compiles,
and the processor name the file.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba.core.environment import lookup_environment
from numba.core.registry import cpu_target
from numba.core.serialize import dumps
from numpy.typing import NDArray
from nutpie.compile_pymc import CompiledPyMCModel, make_user_data
from pytensor.configdefaults import config

from reappraise.core import files
from reappraise.fits import nuts
from reappraise.fits.nuts import Compiled
from reappraise.fits.packing import Packing

if TYPE_CHECKING:
    import pymc as pm

    from reappraise.fits.model import FitModel

COMPILERS: Final = ("pymc", "pytensor", "nutpie", "numba", "llvmlite", "numpy")
"""Packages that machine code depends on."""
KEPT: Final = 4
"""How many versions of a model's machine code stay: those of other checkouts, and of the code as it was before."""
ENVIRONMENT: Final = "_ZN08NumbaEnv"
"""How the names begin of what numba's machine code finds its Python objects by."""
LARGEST: Final = 50_000_000
"""Bytes of a file of machine code; a model of the largest table has a tenth."""
_COMPILING = threading.Lock()
"""Compilers hold settings of the whole process: one model at a time, while other threads sample."""
_HELD: dict[tuple[FitModel, tuple[int, ...]], Compiled] = {}
"""Models of this process, by model and shape."""

type Written = tuple[str, Any, tuple[Any, ...]]
"""Name of a function, its library as numba writes it, and the Python objects that it finds."""


@dataclass(frozen=True, slots=True)
class Function:
    """A compiled function that the sampler calls by its address; the library is what holds it in memory."""

    name: str
    library: Any
    environments: tuple[Any, ...]

    @property
    def address(self) -> int:
        """Where it begins."""
        return int(self.library.get_pointer_to_function(self.name))


@dataclass(frozen=True, slots=True)
class Shared:
    """A data variable, of which the sampler asks name and rank."""

    name: str
    ndim: int


@dataclass(frozen=True, slots=True)
class Starts:
    """Where chains start: around the support point on the unconstrained scale, as PyMC starts them."""

    around: NDArray[np.float64]

    def __call__(self, seed: int | None = None) -> NDArray[np.float64]:
        """One start, uniform within a distance of 1 of every variable."""
        found: NDArray[np.float64] = self.around + np.random.default_rng(seed).uniform(-1, 1, self.around.size)
        return found


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file holds.

    Parameters
    ----------
    functions
        Name and library, as numba writes them, of the log density and of what gives all variables of a draw.
    data
        Names and values of the data variables, in the order in which the functions take them.
    around
        Support point on the unconstrained scale.
    described
        What the sampler says of the variables.
    packing
        Where the data lie in their vector.
    """

    functions: tuple[Written, Written]
    data: tuple[tuple[str, NDArray[Any]], ...]
    around: NDArray[np.float64]
    described: dict[str, Any]
    packing: Packing

    @classmethod
    def of(cls, compiled: Compiled, model: pm.Model) -> Kept:
        """Of a model that this process compiled."""
        sampler = compiled.sampler
        named = {key: str(one.name) for one, key in sampler.shared_var_keys.items()}
        point, names = model.initial_point(random_seed=0), sampler.shape_info[0]
        around = [np.ravel(point[name]) for name in names if name in point]
        described = {
            "n_expanded": sampler.n_expanded,
            "shape_info": sampler.shape_info,
            "reparameterized_names": sampler.reparameterized_names,
            "dims": sampler.dims,
            "_n_dim": sampler.n_dim,
            "_shapes": sampler.shapes,
            "_coords": sampler.coords,
        }
        written = (_written(sampler.compiled_logp_func), _written(sampler.compiled_expand_func))
        data = tuple((named[key], value) for key, value in sampler.shared_data.items())
        return cls(written, data, np.concatenate(around).astype(np.float64), described, compiled.packing)

    def load(self) -> Compiled:
        """The model, as if this process had compiled it."""
        density, expand = map(_loaded, self.functions)
        keys = {Shared(name, value.ndim): name for name, value in self.data}
        data = dict(self.data)
        sampler = CompiledPyMCModel(
            compiled_logp_func=density,
            compiled_expand_func=expand,
            initial_point_func=Starts(self.around),
            shared_data=data,
            shared_var_keys=keys,
            user_data=make_user_data(keys, data),
            logp_func=None,
            expand_func=None,
            **self.described,
        )
        return Compiled(sampler, self.packing)


def compiled(model: FitModel, shape: tuple[int, ...]) -> Compiled:
    """The compiled model of a shape, once per process: loaded if this machine has compiled it before.

    A model of other packages is compiled anew in every process, since nothing here tells whether their code changed.
    """
    found = _HELD.get((model, shape))
    if found is None:
        with _COMPILING:  # another thread may have had it compiled while this one waited
            found = _HELD.get((model, shape)) or _made(model, shape)
            _HELD[model, shape] = found
    return found


def known() -> int:
    """How many models this process has compiled or loaded."""
    return len(_HELD)


def forget() -> None:
    """Hold none any more: each is loaded, or compiled, when it is asked for."""
    _HELD.clear()


def _made(model: FitModel, shape: tuple[int, ...]) -> Compiled:
    if type(model).__module__.partition(".")[0] != __name__.partition(".")[0]:
        return nuts.compiled(model, shape)
    stem = ".".join((model.name, *(str(size) for size in shape)))
    path = _folder() / f"{stem}.{_digest(model, shape)[:16]}.pickle"
    kept = _read(path)
    if kept is None:
        found = nuts.compiled(model, shape)
        kept = Kept.of(found, model.build(*shape))
        _write(path, kept)
        return replace(found, sampler=replace(found.sampler, initial_point_func=Starts(kept.around)))
    return kept.load()


def _digest(model: FitModel, shape: tuple[int, ...]) -> str:
    known = (
        type(model).__qualname__,
        repr(model),
        shape,
        [(name, version(name)) for name in COMPILERS],
        _codegen().magic_tuple(),
        os.environ.get("PYTENSOR_FLAGS", ""),
        source(),
    )
    return hashlib.sha256(repr(known).encode()).hexdigest()


@cache
def source() -> str:
    """SHA-256 of this package's code: what is kept of another code is not taken for its own."""
    package = Path(__file__).parents[1]
    content = b"\0".join(path.read_bytes() for path in sorted(package.rglob("*.py")))
    return hashlib.sha256(content).hexdigest()


def _folder() -> Path:
    """Beside what PyTensor keeps, which has a folder for every interpreter and processor."""
    return Path(config.compiledir) / "reappraise"


def _codegen() -> Any:
    context = cpu_target.target_context
    context.refresh()
    return context.codegen()


def _written(function: Any) -> Written:
    library = function._library  # noqa: SLF001  # numba writes functions that it calls itself, and no others
    find: Any = lookup_environment
    names = [one.name for one in library._final_module.global_variables]  # noqa: SLF001  # as above
    found = [find(name) for name in names if name.startswith(ENVIRONMENT)]
    environments = tuple(one for one in found if one is not None and one.can_cache())
    return function.native_name, library.serialize_using_object_code(), environments


def _loaded(written: Written) -> Function:
    name, state, environments = written
    codegen = _codegen()
    library = codegen.unserialize_library(state)
    for environment in environments:
        codegen.set_env(environment.env_name, environment)
    return Function(name, library, environments)


def _read(path: Path) -> Kept | None:
    """What a file holds; None where it is missing or damaged, and the model has to be compiled."""
    try:
        found = pickle.loads(files.read(path, most=LARGEST))  # noqa: S301  # ours, as numba's own files beside it
    except (OSError, EOFError, ValueError, AttributeError, ImportError, IndexError, pickle.UnpicklingError):
        return None
    return found if isinstance(found, Kept) else None


def _write(path: Path, kept: Kept) -> None:
    """Keep it; a folder that cannot be written costs time at the next start, and nothing else."""
    write: Any = dumps
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = files.make_temporary(path.parent)
        part.write_bytes(write(kept))
        part.replace(path)
        stem = path.name.rsplit(".", 2)[0]
        alike = [one for one in path.parent.glob("*.pickle") if one.name.rsplit(".", 2)[0] == stem]
        for old in sorted(alike, key=lambda one: one.stat().st_mtime)[:-KEPT]:
            old.unlink()
