"""Directions in which the ratios of one publication are written."""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.estimate import QUANTITIES
from reappraise.published.trial import Trial

NAME = "direction of ratios"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield one finding for the publication."""
    if trial.single:  # there is nothing to compare
        return
    facts = [fact for fact in estimates(trial) if fact.form == "ratio" and fact.published.value is not None]
    directions: dict[tuple[str, str], list[EstimateFact]] = {}
    for fact in facts:
        directions.setdefault((fact.published.numerator or "", fact.published.denominator or ""), []).append(fact)
    verdict: Verdict
    if len(facts) < 2:
        verdict = "cannot judge"
        message = f"{'One ratio is' if facts else 'No ratios are'} printed; a second one to compare with is missing."
    elif len(directions) == 1:
        verdict, message = "consistent", "All ratios are written in the same direction."
    else:
        verdict = "inconsistent"
        message = (
            "Ratios are written in both directions: one below 1 favours one arm here and the other there. "
            "Turn them round before comparing."
        )
    yield About(
        endpoint="",
        subject="all ratios",
        printed="; ".join(
            f"{words.arm(trial, numerator)} over {words.arm(trial, denominator)}: {_quantities(found)}"
            for (numerator, denominator), found in directions.items()
        )
        or words.NOTHING,
        source="; ".join(dict.fromkeys(fact.published.source for fact in facts)) or trial.file.citation,
    ).finding(NAME, verdict, message)


def _quantities(facts: list[EstimateFact]) -> str:
    return words.listed(
        dict.fromkeys(f"{QUANTITIES[fact.published.quantity].label.lower()} of {fact.owner}" for fact in facts)
    )
