"""Where counts say nothing about which arm is better, and a probability is the prior's: one rule and one wording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import Estimate
from reappraise.core.two_by_two import TwoByTwo

PRIORS = "the probability is the prior's"
"""What is said wherever it is so."""
MOST = 5
"""Subjects that a sentence lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The counts that a contrast is about.

    With no event in either arm, or nothing but events, nobody was better off: 0 of 100 against 0 of 10 gives a
    probability of benefit far from 1/2 only because the prior gives the smaller arm a rate further from 0.

    Parameters
    ----------
    tables
        Counts: one table, or one for each cut of ordered categories where the contrast is about all of them.
    others
        Other counts that the model learns from as well, in words, such as "other terms"; empty where it has none, or
        none that say anything.
    """

    tables: Sequence[TwoByTwo]
    others: str = ""

    @property
    def silence(self) -> str:
        """That the counts say nothing about the arms, in words; empty where they do."""
        if not self.tables or not all(table.uninformative for table in self.tables):
            return ""
        if len(self.tables) > 1:
            where = "all patients in one category"
        else:
            (table,) = self.tables
            where = "nothing but events in either arm" if table.events else "no event in either arm"
        if self.others:
            return f"{where}: {PRIORS} and that of {self.others}, not of these counts"
        return f"{where}: {PRIORS} and not the data's"


def with_silence(estimate: Estimate, evidence: Evidence | None) -> Estimate:
    """The estimate; of a contrast about which its counts are silent, `method` says so."""
    return estimate if evidence is None else estimate.cautioned(evidence.silence)


def silences(estimates: Iterable[Estimate]) -> str:
    """What `with_silence` said of any of these, each once and with what it is about, in sentences."""
    return listed(
        (item.item or ("" if item.population == WHOLE else item.population), part)
        for item in estimates
        for part in item.method.split("; ")
        if PRIORS in part
    )


def listed(said: Iterable[tuple[str, str]]) -> str:
    """What counts are silent about, subject and `Evidence.silence`, in sentences."""
    found: dict[str, dict[str, None]] = {}
    for subject, silence in said:
        if silence:
            found.setdefault(silence, {})[subject] = None
    return " ".join(_sentence(part, [subject for subject in about if subject]) for part, about in found.items())


def _sentence(part: str, subjects: Sequence[str]) -> str:
    if not subjects:
        return f"{part[:1].upper()}{part[1:]}."
    more = len(subjects) - MOST
    return f"{', '.join(subjects[:MOST])}{f' and {more} more' if more > 0 else ''}: {part}."
