"""What each prior makes of one effect, as a table."""

from __future__ import annotations

from rich.table import Table

from reappraise.core.estimate import QUANTITIES
from reappraise.evidence.report import Report
from reappraise.terminal.numbers import chance, plain, table


def sensitivity_table(report: Report, *, between: str = " ") -> Table:
    """What each prior is worth, what it makes of the effect, and the probabilities of benefit beyond each threshold.

    Parameters
    ----------
    report
        What was computed.
    between
        What stands between value and interval.
    """
    found, asked = report.found, report.found.likelihood
    worth_of = (f"worth, {report.unit}",) if report.unit else ()
    words = ("benefit", *(asked.beyond_words(value) for value in found.thresholds))
    shown = table(
        f"{asked.label or asked.endpoint} ({asked.endpoint}): {QUANTITIES[asked.quantity].label.lower()}, "
        f"{asked.direction}",
        (
            "prior",
            "holds plausible, 95%",
            *worth_of,
            f"posterior median ({100 * found.level:g}% interval)",
            *(f"P({word})" for word in words),
            "p, prior against data",
        ),
        between=between,
    )
    for index, prior in enumerate(found.priors):
        low, middle, high = (float(numbers[index]) for numbers in (found.low, found.median, found.high))
        worth, conflict, plausible = report.worth[index], report.conflict[index], report.plausible[index]
        shown.add_row(
            plain(prior.name),
            "anything" if plausible is None else f"{plausible[0]:.3g} to {plausible[1]:.3g}",
            *(("" if worth is None else f"{worth:.3g}",) if report.unit else ()),
            f"{middle:.3g}{between}({low:.3g} to {high:.3g})",
            *(chance(float(value), exact=True) for value in (found.benefit[index], *found.beyond[index])),
            "" if conflict is None else chance(conflict, exact=False),
        )
    shown.caption = plain(" ".join((*report.notes, f"Likelihood: {asked.words}.")))
    return shown
