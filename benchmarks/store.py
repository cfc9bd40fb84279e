"""Posteriors on disk: what writing and reading them costs, against the engine that came before.

Run with ``make bench`` or ``python benchmarks/store.py [FOLDER]``. Prints and writes ``benchmarks/store.json`` with the
date and the versions. FOLDER is one that a run wrote; without it, rates of two endpoints of the shipped trial are
fitted first.

* cost: seconds to write and to read posteriors of the run, whole; the same with h5netcdf, where it is installed
  (no other part of this package needs it), in turn on the same files, as a ratio;
* agreement: what either engine wrote, the other reads, to the last bit.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import xarray as xr

from reappraise.analysis import analyse
from reappraise.fits.netcdf import compressed, read_tree, write_tree
from reappraise.fits.sampling import Sampling, versions
from reappraise.fits.store import Store
from reappraise.trial import load_trial

SETTINGS = Sampling(seed=20210304)
ROUNDS = 3
MOST = 30
"""Posteriors measured, from the first to the last of the run."""
OTHER = "h5netcdf"


def main(folder: Path | None) -> None:
    """Measure, print and store."""
    with tempfile.TemporaryDirectory() as place:
        paths = sorted((folder or _run(Path(place) / "run")).glob("posteriors/*.nc"))
        paths = paths[:: -(-len(paths) // MOST)]
        measured = cost(paths, Path(place))
    libraries = ["netcdf4", *([OTHER, "h5py"] if find_spec(OTHER) else [])]
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions() | {name: version(name) for name in libraries},
        **measured,
    }
    text = json.dumps(found, indent=1)
    (Path(__file__).parent / "store.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def _run(folder: Path) -> Path:
    trial = load_trial("isatuximab-dexamethasone").only("vgpr", "clinical-benefit")
    with Store.open(folder) as store:
        analyse(trial, sampling=SETTINGS, store=store)
    return folder


def cost(paths: list[Path], place: Path) -> dict[str, object]:
    """Seconds for all files, the median of some rounds of each; engines in turn, so that all meet the same load."""
    seconds: dict[str, list[float]] = {}
    size = {"netcdf4": 0, OTHER: 0}
    ours, theirs = place / "ours.nc", place / "theirs.nc"

    for path in paths:
        tree = read_tree(path)
        steps: dict[str, Callable[[], object]] = {
            "write_netcdf4": lambda tree=tree: write_tree(tree, ours),
            "read_netcdf4": lambda: read_tree(ours),
        }
        if find_spec(OTHER):
            steps[f"write_{OTHER}"] = lambda tree=tree: _write_other(tree, theirs)
            steps[f"read_{OTHER}"] = lambda: _read_other(theirs)
        for turn in range(ROUNDS):
            for what, step in steps.items():
                start = time.perf_counter()
                step()
                seconds.setdefault(what, [0.0] * ROUNDS)[turn] += time.perf_counter() - start
        size["netcdf4"] += ours.stat().st_size
        if find_spec(OTHER):
            size[OTHER] += theirs.stat().st_size
            xr.testing.assert_identical(read_tree(ours), _read_other(ours))
            xr.testing.assert_identical(read_tree(ours), read_tree(theirs))
    found = {what: round(median(rounds), 2) for what, rounds in seconds.items()}
    return {
        "posteriors": len(paths),
        "megabytes": {name: round(held / 1e6, 2) for name, held in size.items() if held},
        "seconds": found,
        "ratio": {
            what: round(found[f"{what}_{OTHER}"] / found[f"{what}_netcdf4"], 1)
            for what in ("write", "read")
            if f"{what}_{OTHER}" in found
        },
    }


def _write_other(tree: xr.DataTree, path: Path) -> None:
    tree.to_netcdf(path, engine=OTHER, encoding=compressed(tree))


def _read_other(path: Path) -> xr.DataTree:
    with xr.open_datatree(path, engine=OTHER) as stored:
        return stored.load()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
