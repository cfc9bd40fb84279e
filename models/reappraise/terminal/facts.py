"""What was published as tables: counts, and estimates, with every digit as printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import QUANTITIES
from reappraise.core.names import Names
from reappraise.terminal.numbers import plain, table

type Fact = Mapping[str, str]


def counts_table(facts: Sequence[Fact], names: Names, *, between: str = " ") -> Table:
    """Published counts: patients with the event of all patients, and the percentage as printed.

    Parameters
    ----------
    facts
        Rows of `reappraise.published.facts.count_facts`.
    names
        What arms are called.
    between
        What stands between a number and what belongs to it.
    """
    shown = table("Published counts", ("", "Arm", "Patients", "Source"), left=2)
    for fact in facts:
        percent = f"({fact['printed_percent']}%)" if fact["printed_percent"] else ""
        patients = " of ".join(filter(None, (fact["events"], fact["total"])))
        cells = (
            fact["label"],
            names.arm(fact["arm"]),
            between.join(filter(None, (patients, percent))),
            fact["source"],
        )
        shown.add_row(*_plain(cells))
    return shown


def estimates_table(facts: Sequence[Fact], names: Names, *, between: str = " ") -> Table:
    """Published estimates: whose, of which arms over or minus which, value and limits, p value.

    Parameters
    ----------
    facts
        Rows of `reappraise.published.facts.estimate_facts`.
    names
        What arms are called.
    between
        What stands between a number and its interval.
    """
    shown = table("Published estimates", ("", "Quantity", "Arms", "Value", "p", "Source"), left=3)
    for fact in facts:
        quantity = QUANTITIES.get(fact["quantity"])
        arms = [names.arm(fact[name]) for name in ("numerator", "denominator") if fact[name]]
        link = " / " if quantity is not None and quantity.form == "ratio" else " - "
        limits = f"({fact['low']} to {fact['high']})" if fact["low"] and fact["high"] else ""
        value = f"{fact['value']}{'%' if fact['unit'] == 'percent' else f' {fact["unit"]}'}".strip()
        cells = (
            ", ".join(filter(None, (fact["label"], "" if fact["population"] == WHOLE else fact["population"]))),
            ", ".join(filter(None, (fact["quantity"] if quantity is None else quantity.label, fact["at"]))),
            link.join(arms) or names.arm(fact["arm"]),
            between.join(filter(None, (value, limits))),
            " ".join(filter(None, (fact["p"], f"({fact['sides']}-sided)" if fact["p"] and fact["sides"] else ""))),
            fact["source"],
        )
        shown.add_row(*_plain(cells))
    return shown


def _plain(cells: Sequence[str]) -> tuple[str, ...]:
    """Cells without what would act; the break between a number and its interval stays."""
    return tuple("\n".join(map(plain, cell.split("\n"))) for cell in cells)
