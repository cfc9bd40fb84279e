"""How the core is compiled: once per machine, and again when any of its files changes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba import njit


def compiled[Function: Callable[..., Any]](function: Function) -> Function:
    """Compile a function of arrays; it runs without the interpreter's lock, so chains run side by side."""
    machine_code: Any = njit(cache=True, nogil=True)(function)
    return machine_code  # type: ignore[no-any-return]  # numba keeps the signature and tells no type checker


def _forget_stale() -> None:
    """Remove machine code older than any source file: numba looks only at the file of the outermost function."""
    folder = Path(__file__).parent
    newest = max(path.stat().st_mtime for path in folder.glob("*.py"))
    for path in folder.glob("__pycache__/*.nb[ic]"):
        with suppress(OSError):
            if path.stat().st_mtime < newest:
                path.unlink()


_forget_stale()
