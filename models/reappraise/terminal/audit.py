"""The findings of the audit as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from reappraise.terminal.numbers import plain

if TYPE_CHECKING:
    from reappraise.audit.finding import Finding

_FEW = 5
"""Consistent findings of one check that still get a row each."""
_VERDICTS = {"consistent": "green", "inconsistent": "bold red", "not reproduced": "magenta", "cannot judge": "yellow"}


def audit_table(findings: Sequence[Finding], title: str, *, everything: bool = False) -> Table:
    """The findings, inconsistent ones first; many consistent ones of one check share a row unless `everything`."""
    table = Table(title=plain(title), title_justify="left", title_style="bold", show_lines=True)
    for column in ("Verdict", "Check", "About", "Finding", "Where"):
        table.add_column(column, overflow="fold", ratio=3 if column == "Finding" else 1)
    consistent = Counter(finding.check for finding in findings if finding.verdict == "consistent")
    many = set() if everything else {check for check, number in consistent.items() if number > _FEW}
    places = list(_VERDICTS)[1:] + list(_VERDICTS)[:1]
    for finding in sorted(findings, key=lambda item: places.index(item.verdict)):
        if finding.verdict == "consistent" and finding.check in many:
            continue
        about = ": ".join(part for part in (finding.endpoint, finding.subject) if part)
        verdict = f"[{_VERDICTS[finding.verdict]}]{finding.verdict}[/]"
        printed = f"\n[dim]printed: {plain(finding.printed)}[/dim]" if finding.printed else ""
        message = plain(finding.message) + printed
        table.add_row(verdict, plain(finding.check), plain(about), message, plain(finding.source))
    for check in sorted(many):
        table.add_row(
            "[green]consistent[/]", plain(check), f"{consistent[check]} places", "All hold.", "--all lists them"
        )
    return table
