"""The main rows of a comparison on one screen: published, recomputed and posterior side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.names import Names
from reappraise.core.silence import silences
from reappraise.terminal.comparison import BENEFIT
from reappraise.terminal.numbers import benefit_and_harm, contrast, direction, named, number, plain, table

if TYPE_CHECKING:
    from reappraise.core.comparison import Comparison

type Row = dict[str, Estimate]
"""An estimate of each kind, of the same quantity, arm and time."""

PRIOR: Final = "reference"
"""The prior that is shown where there is one of this name, else the first."""
_BY_THE_TABLE: Final = frozenset({"adverse_events"})
"""Kinds with as many contrasts as their tables have rows."""
_KINDS: Final = ("published", "recomputed", "posterior")
_MOST: Final = 12
"""Rows of a primary endpoint at most."""
_ARMS: Final = frozenset({"rate", "median", "mean", "event_rate"})
"""What is always shown of each arm of a primary endpoint."""
_MAIN: Final = (
    "hazard_ratio", "odds_ratio", "risk_ratio", "common_odds_ratio", "rate_ratio", "mean_difference",
    "ratio_of_geometric_means", "risk_difference",
)  # fmt: skip
"""The contrast that stands for an endpoint, the first that it has."""


def main_rows(comparison: Comparison, names: Names, *, between: str = " ") -> tuple[Table, tuple[str, ...]]:
    """The primary endpoint in full, of every other one the main contrast of all patients; and which these are.

    Parameters
    ----------
    comparison
        The estimates.
    names
        What arms and endpoints are called.
    between
        What stands between value and interval: a line break where there is little room.

    Returns
    -------
    tuple
        The table, and the keys of the endpoints in it, the primary one first.
    """
    by_key: dict[str, list[Estimate]] = {}
    for item in comparison.estimates:
        by_key.setdefault(item.endpoint, []).append(item)
    wanted = [key for key in by_key if names.endpoint(key).kind not in _BY_THE_TABLE] or list(by_key)
    primary = {key for key in wanted if names.endpoint(key).primary} or set(wanted[:1])
    wanted.sort(key=lambda key: key not in primary)  # stable: the others in the order of the file
    rows = {key: _rows(by_key[key], full=key in primary) for key in wanted}
    contrasts = [one for found in rows.values() for row in found for one in row.values() if one.numerator]
    said = {(one.numerator, one.denominator) for one in contrasts}
    of = f": {direction(contrasts, names, '')}" if len(said) == 1 else ""
    title = f"All patients{of}, 95% intervals"
    shown = table(title, ("", *(kind.capitalize() for kind in _KINDS), BENEFIT), between=between)
    for key in (key for key in wanted if rows[key]):
        described = names.endpoint(key)
        full = key in primary
        if full:
            told = ", primary endpoint" if described.primary else ""
            shown.add_row(f"[bold]{plain(described.label)}[/bold]{told}")
        for row in rows[key]:
            first = next(iter(row.values()))
            parts = (
                "" if full else f"[bold]{plain(described.label)}[/bold]",
                named(first.quantity, described.better) if full else named(first.quantity, described.better).lower(),
                plain(names.arm(first.arm)) if first.arm else "",
                plain(first.at),
                plain(contrast(first, names)) if len(said) > 1 else "",
            )
            cells = (number(row.get(kind), between=between) for kind in _KINDS)
            benefit = benefit_and_harm(row.get("posterior"), between=between)
            shown.add_row(", ".join(filter(None, parts)), *cells, benefit)
    posteriors = [row["posterior"] for found in rows.values() for row in found if "posterior" in row]
    shown.caption = _caption(posteriors)
    return shown, tuple(key for key in wanted if rows[key])


def _rows(mine: Sequence[Estimate], *, full: bool) -> list[Row]:
    """Rows of an endpoint: of a primary one its numbers, of any other one its main contrast."""
    whole = [item for item in mine if item.population == WHOLE and not item.item and item.value is not None]
    whole.sort(key=lambda item: item.kind == "posterior" and item.prior != PRIOR)  # stable: else the first prior
    rows: dict[tuple[str, str, str, str, str], Row] = {}
    for item in whole:
        if QUANTITIES[item.quantity].form in {"arm", "ratio", "difference"}:
            key = (item.quantity, item.arm, item.numerator, item.denominator, item.at)
            rows.setdefault(key, {}).setdefault(item.kind, item)
    if not full:
        timeless = [(quantity, row) for (quantity, arm, _, _, at), row in rows.items() if not arm and not at]
        main = next((name for name in _MAIN if any(quantity == name for quantity, _ in timeless)), "")
        return [row for quantity, row in timeless if quantity == main]
    # what print has, both arms, and contrasts that are of no time: of the posterior alone there is far more
    kept = [
        row
        for (quantity, _, _, _, at), row in rows.items()
        if {"published", "recomputed"} & row.keys() or (not at and _always(quantity))
    ]
    return (kept or list(rows.values()))[:_MOST]


def _always(quantity: str) -> bool:
    return quantity in _ARMS or QUANTITIES[quantity].form != "arm"


def _caption(posteriors: Sequence[Estimate]) -> str:
    priors = ", ".join(dict.fromkeys(item.prior for item in posteriors))
    said = f"Posteriors under the {priors} prior." if priors else "No posteriors."
    failed = "!: the fit did not converge." if any(item.failed for item in posteriors) else ""
    needed = any(item.quantity == "number_needed_to_treat" for item in posteriors)
    explained = "NNT: needed to treat for one more better outcome; NNH: for one more worse one." if needed else ""
    return plain(" ".join(filter(None, (said, failed, explained, silences(posteriors)))))
