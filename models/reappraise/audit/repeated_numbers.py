"""A number printed in several places, against itself.

Tolerance: half a unit of the last printed digit of each printing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from reappraise.audit import words
from reappraise.audit.finding import About, Finding
from reappraise.audit.rounding import overlap
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.published.record import Published
from reappraise.published.trial import Trial

NAME = "number printed twice"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every estimate of an endpoint or table that is printed more than once."""
    places: dict[tuple[str | None, ...], list[EstimateFact]] = {}
    for fact in estimates(trial):
        found = fact.published
        where = (found.arm, found.numerator, found.denominator, found.at, found.assessor, found.unit, found.spread)
        places.setdefault((fact.owner, fact.label, found.quantity, *where), []).append(fact)
    for facts in places.values():
        if len(facts) > 1:
            agree = all(_agree(one.published, other.published) for one, other in combinations(facts, 2))
            yield About(
                endpoint=facts[0].owner,
                subject=facts[0].subject,
                printed="; ".join(words.estimate(fact.published) for fact in facts),
                source="; ".join(dict.fromkeys(fact.published.source for fact in facts)),
            ).finding(
                NAME,
                "consistent" if agree else "inconsistent",
                "The printings agree, as far as their digits go." if agree else "The printings contradict each other.",
            )


def _agree(one: Published, other: Published) -> bool:
    pairs = ((one.value, other.value), (one.low, other.low), (one.high, other.high), (one.p, other.p))
    return all(
        overlap(first.bounds, second.bounds) for first, second in pairs if first is not None and second is not None
    )
