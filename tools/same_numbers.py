"""Do two folders of results hold the same numbers? For moves of code that must not change any.

Make both with the same trial, seed and settings, by `reappraise run` of each version of the code, then:

    python tools/same_numbers.py BEFORE AFTER

Trees are compared variable by variable, to the bit; the tables row by row, to ten digits. What changed its name on
purpose is listed in RENAMED, what was added or left out is counted. Exit 1 if a number differs.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import xarray as xr

RENAMED = {"depth": "tree_depth", "mean_tree_accept": "acceptance_rate", "logp": "lp"}
"""Variables of version 0.1.0, and what they are called since."""
WORDS = {"method"}
"""Columns of comparison.csv that hold prose."""


def differing(before: xr.DataTree, after: xr.DataTree) -> tuple[list[str], Counter[str]]:
    """Variables that differ, and how many were equal, added and left out."""
    wrong, seen = [], Counter[str]()
    for node in before.subtree:
        other = after[node.path] if node.path == "/" or node.path in {item.path for item in after.subtree} else None
        for name, values in node.to_dataset().data_vars.items():
            new = RENAMED.get(str(name), str(name))
            if other is None or new not in other:
                seen[f"left out: {node.path}"] += 1
            elif np.array_equal(values.to_numpy(), other[new].to_numpy(), equal_nan=values.dtype.kind == "f"):
                seen["equal"] += 1
            else:
                wrong.append(f"{node.path}/{name}")
        if other is not None:
            known = {RENAMED.get(str(name), str(name)) for name in node.data_vars}
            added = {str(name) for name in other.data_vars} - known
            seen.update({f"added: {node.path}/{name}": 1 for name in added})
    held = {node.path for node in before.subtree}
    seen.update({f"added: {node.path}": 1 for node in after.subtree if node.path not in held})
    return wrong, seen


def rows(path: Path, columns: set[str]) -> Counter[tuple[str, ...]]:
    """Rows of a CSV file as a multiset, of these columns."""
    with path.open(encoding="utf-8", newline="") as opened:
        reader = csv.DictReader(opened)
        kept = [name for name in reader.fieldnames or () if name in columns]
        return Counter(tuple(_ten_digits(row[name]) for name in kept) for row in reader)


def _ten_digits(text: str) -> str:
    """A number with ten digits: beyond them two libraries differ. Other text as it is."""
    try:
        return f"{float(text):.10g}"
    except ValueError:
        return text


def columns(path: Path) -> set[str]:
    """Names of the columns of a CSV file."""
    with path.open(encoding="utf-8", newline="") as opened:
        return set(next(csv.reader(opened))) - WORDS


def main(before: Path, after: Path) -> int:
    """Compare, print, and say whether all is the same."""
    bad, total = 0, Counter[str]()
    for path in sorted(before.rglob("*.nc")):
        name = path.relative_to(before)
        if not (after / name).exists():
            print(f"missing: {name}")
            bad += 1
            continue
        with xr.open_datatree(path) as old, xr.open_datatree(after / name) as new:
            wrong, seen = differing(old, new)
        total += seen
        bad += len(wrong)
        if wrong:
            print(f"{name}: differs in {', '.join(wrong)}")
    for path in sorted(before.rglob("*.csv")):
        name = path.relative_to(before)
        if not (after / name).exists():
            print(f"missing: {name}")
            bad += 1
            continue
        shared = columns(path) & columns(after / name)
        old, new = rows(path, shared), rows(after / name, shared)
        gone, come = old - new, new - old
        print(f"{name}: {old.total()} rows, {gone.total()} of them not there after, {come.total()} new")
        for row in [*list(gone)[:3], *list(come)[:3]]:
            print(f"    {'-' if row in gone else '+'} {', '.join(row)}")
        bad += gone.total() + come.total()
    for what, number in sorted(total.items()):
        print(f"{number:6d} variables {what}")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
