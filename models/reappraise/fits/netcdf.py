"""Posteriors as NetCDF files: compressed, with checksums, read whole."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import xarray as xr

from reappraise.core.errors import OutputError

_ONE_AT_A_TIME: Final = threading.Lock()
"""The NetCDF library is not made for threads, not even on files that have nothing in common."""


def write_tree(tree: xr.DataTree, path: Path) -> None:
    """Write a DataTree as compressed NetCDF with checksums, readable by plain xarray.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    try:
        with _ONE_AT_A_TIME:
            tree.to_netcdf(path, engine="netcdf4", encoding=compressed(tree))
    except RuntimeError as error:  # what the library says of a full disk
        raise OSError(str(error)) from None


def compressed(tree: xr.DataTree) -> dict[str, dict[str, dict[str, bool | int]]]:
    """How draws are written, by group and variable: compressed, with a checksum that finds a damaged part."""
    return {
        node.path: {
            str(name): {"zlib": True, "complevel": 1, "shuffle": True, "fletcher32": True}
            for name, variable in node.data_vars.items()
            if variable.ndim >= 2
        }
        for node in tree.subtree
    }


def read_tree(path: Path) -> xr.DataTree:
    """Read a posterior file whole, so that a damaged part is found now.

    Raises
    ------
    OutputError
        If the file is no NetCDF file, or not one that this program wrote.
    """
    if not path.exists():
        raise OutputError(f"{path}: no such file")
    if not path.is_file():  # a pipe would be waited for
        raise OutputError(f"{path}: expected a NetCDF file, got a folder, pipe or device")
    try:
        with _ONE_AT_A_TIME, xr.open_datatree(path, engine="netcdf4") as stored:
            tree = stored.load()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise OutputError(f"{path}: not a whole NetCDF file: {error}") from None
    if tree.attrs.get("creator") != "reappraise":
        raise OutputError(f"{path}: not a posterior that reappraise wrote (no creator attribute)")
    return tree
