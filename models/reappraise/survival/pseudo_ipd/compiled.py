"""How the core is compiled: once per machine, and again when any of its files changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba import njit


def compiled[Function: Callable[..., Any]](function: Function) -> Function:
    """Compile a function of arrays; it runs without the interpreter's lock, so chains run side by side."""
    machine_code: Any = njit(cache=True, nogil=True)(function)
    return machine_code  # type: ignore[no-any-return]  # numba keeps the signature and tells no type checker


def vectorised[Function: Callable[..., Any]](function: Function) -> Function:
    """Compile a loop of plain arithmetic: division by zero gives infinity, so that no branch hinders the processor."""
    machine_code: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
    return machine_code  # type: ignore[no-any-return]  # as above


def forget_stale(folder: Path) -> None:
    """Remove machine code of other sources from a folder: numba looks only at the file of the outermost function.

    Parameters
    ----------
    folder
        Where sources lie whose functions call each other.
    """
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()
    stamp = folder / "__pycache__" / "compiled-from"
    with suppress(OSError):
        if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
            return
        for path in folder.glob("__pycache__/*.nb[ic]"):
            path.unlink()
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(digest, encoding="ascii")


forget_stale(Path(__file__).parent)
