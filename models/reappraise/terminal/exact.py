"""The exact posterior of one endpoint as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from rich.table import Table

from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.names import Names
from reappraise.core.silence import silences
from reappraise.published.record import BENCHMARK
from reappraise.terminal.numbers import (
    direction,
    harm,
    named,
    number,
    opposite,
    plain,
    probability,
    table,
    whose_margins,
)


def exact_table(endpoint: str, estimates: Sequence[Estimate], names: Names, *, between: str = " ") -> Table:
    """The exact posterior of one endpoint, a column per prior.

    Parameters
    ----------
    endpoint
        Its key.
    estimates
        Its posterior estimates.
    names
        What arms and endpoints are called.
    between
        What stands between value and interval.
    """
    described = names.endpoint(endpoint)
    priors = list(dict.fromkeys(item.prior for item in estimates))
    told = ": ".join(filter(None, (f"{described.label} ({endpoint})", direction(estimates, names, endpoint))))
    shown = table(f"{told}; exact posterior", ("", *(f"{prior} prior" for prior in priors)), between=between)
    rows: dict[tuple[str, str, str, int], dict[str, Estimate]] = {}
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for item in estimates:
        # of one quantity there may be several: from the arms, and as printed
        known = (item.quantity, item.arm, item.at)
        rows.setdefault((*known, seen[item.prior, *known]), {})[item.prior] = item
        seen[item.prior, *known] += 1
    several = {row[:3] for row in rows if row[3]}
    for (quantity, arm, at, _), found in rows.items():
        row = [found.get(prior) for prior in priors]
        first = next(iter(found.values()))
        chance = QUANTITIES[quantity].form == "probability"
        show = probability if chance else partial(number, between=between)
        how = first.method if (quantity, arm, at) in several and not chance else ""
        label = ", ".join(filter(None, (named(quantity, described.better), plain(names.arm(arm)) if arm else "")))
        shown.add_row(_label(label, at, how), *("" if one is None else show(one) for one in row))
        if quantity == "probability_of_benefit" and first.denominator != BENCHMARK:
            worse = _label("Probability of harm", opposite(at))
            shown.add_row(worse, *("" if one is None else harm(one) for one in row))
    shown.caption = plain(" ".join(filter(None, (whose_margins(estimates), silences(estimates))))) or None
    return shown


def _label(label: str, *said: str) -> str:
    return "\n".join((label, *(f"[dim]{plain(part)}[/dim]" for part in said if part)))
