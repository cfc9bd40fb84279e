"""Assertions for test suites on exported posteriors: has it converged, is it where it should be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from reappraise.core.errors import AnalysisError
from reappraise.fits.netcdf import read_tree


def assert_converged(posterior: str | Path | xr.DataTree) -> None:
    """Fail unless the fit passed its diagnostics.

    Parameters
    ----------
    posterior
        Path of an exported NetCDF file, or the tree of a fit.

    Raises
    ------
    AssertionError
        If it did not; the message names the failed checks.
    """
    tree = _tree(posterior)
    if tree.attrs.get("verdict") != "converged":
        checks = json.loads(tree.attrs.get("diagnosis", "{}")).get("checks", [])
        failed = [f"{item['name']} {item['value']:.4g} at {item['variable']}" for item in checks if not item["passed"]]
        raise AssertionError(f"{_name(tree)}: not converged: {'; '.join(failed) or 'no verdict recorded'}")


def assert_posterior(
    posterior: str | Path | xr.DataTree,
    variable: str,
    *,
    between: tuple[float, float],
    mass: float = 0.9,
    at: Mapping[str, str] | None = None,
) -> None:
    """Fail unless enough posterior probability lies between two values, in every level and arm asked for.

    Parameters
    ----------
    posterior
        Path of an exported NetCDF file, or the tree of a fit.
    variable
        Name of an estimand, such as "odds_ratio".
    between
        Lower and upper value.
    mass
        Posterior probability that must lie between them.
    at
        Labels to select, such as ``{"level": "high", "arm": "placebo"}``; all by default.

    Raises
    ------
    AssertionError
        If less than `mass` lies there.
    AnalysisError
        If there is no such variable or label.

    Examples
    --------
    >>> import xarray as xr
    >>> draws = xr.Dataset({"odds_ratio": (("chain", "draw"), [[1.8, 2.4, 2.2, 3.1]])})
    >>> assert_posterior(xr.DataTree.from_dict({"posterior": draws}), "odds_ratio", between=(1.1, 6))
    """
    tree = _tree(posterior)
    if variable not in tree["posterior"]:
        known = ", ".join(str(name) for name in tree["posterior"].data_vars)
        raise AnalysisError(f"{_name(tree)}: no variable {variable!r}; it has {known}")
    try:
        draws = tree["posterior"].to_dataset()[variable].sel(dict(at or {}))
    except KeyError as error:
        raise AnalysisError(f"{_name(tree)}: {variable} has no label {error}") from None
    low, high = between
    inside = ((draws > low) & (draws < high)).mean(("chain", "draw"))
    least = float(inside.min())
    if least < mass or bool(np.isnan(draws).any()):
        medians = draws.median(("chain", "draw")).round(4).values.tolist()
        raise AssertionError(
            f"{_name(tree)}: expected {mass:g} of {variable} between {low:g} and {high:g}, got {least:.4g} "
            f"(posterior median {medians})"
        )


def _tree(posterior: str | Path | xr.DataTree) -> xr.DataTree:
    return posterior if isinstance(posterior, xr.DataTree) else read_tree(Path(posterior))


def _name(tree: xr.DataTree) -> str:
    return ".".join(str(tree.attrs.get(name, "?")) for name in ("endpoint", "factor", "model", "prior"))
