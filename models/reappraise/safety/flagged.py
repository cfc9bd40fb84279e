"""Which adverse events stand out: at a posterior error rate, and by Fisher's test with Benjamini and Hochberg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np
from scipy.stats import false_discovery_control, fisher_exact

from reappraise.core.errors import AnalysisError
from reappraise.core.grades import Grade
from reappraise.core.two_by_two import TwoByTwo
from reappraise.safety.table import EventTable

type Direction = Literal["increase", "decrease"]
"""Whether events are looked for that the experimental arm has more of, or less."""

ALTERNATIVES: Mapping[Direction, Literal["greater", "less"]] = {"increase": "greater", "decrease": "less"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSignal:
    """What speaks for a difference in one term.

    Parameters
    ----------
    term, system
        The term and its body system.
    events, totals
        Patients, control and experimental arm.
    probability
        Posterior probability of a difference in the direction asked for.
    flagged
        Whether it belongs to the largest set whose mean posterior probability of error is at most the stated rate.
    p_value
        Fisher's exact test, one-sided, in the direction asked for: a two-sided test that is then read in one direction
        does not keep the rate among those.
    adjusted_p_value
        The same by Benjamini and Hochberg, over the terms of the table.
    flagged_by_fisher
        Whether the adjusted p value is at most the stated rate.
    """

    term: str
    system: str
    events: tuple[int, int]
    totals: tuple[int, int]
    probability: float
    flagged: bool
    p_value: float
    adjusted_p_value: float
    flagged_by_fisher: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedTerms:
    """Every term of a table with what speaks for a difference, most probable first.

    Parameters
    ----------
    endpoint, grade, model
        Table and model.
    direction
        Which difference was looked for.
    error_rate
        Mean posterior probability of error that the flagged terms keep, and false discovery rate of the tests.
    terms
        All terms.
    """

    endpoint: str
    grade: Grade
    model: str
    direction: Direction
    error_rate: float
    terms: tuple[TermSignal, ...]

    @property
    def flagged(self) -> tuple[TermSignal, ...]:
        """Those flagged at the posterior error rate."""
        return tuple(term for term in self.terms if term.flagged)

    @property
    def flagged_by_fisher(self) -> tuple[TermSignal, ...]:
        """Those flagged by the tests."""
        return tuple(term for term in self.terms if term.flagged_by_fisher)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(item.system)}</td><td>{escape(item.term)}</td>"
            + "".join(f"<td>{k} of {n}</td>" for k, n in zip(item.events, item.totals, strict=True))
            + f"<td>{item.probability:.3f}</td><td>{'yes' if item.flagged else ''}</td><td>{item.p_value:.2g}</td>"
            f"<td>{item.adjusted_p_value:.2g}</td><td>{'yes' if item.flagged_by_fisher else ''}</td></tr>"
            for item in self.terms
        )
        head = (
            "<tr><th>body system</th><th>term</th><th>control</th><th>experimental</th>"
            f"<th>P({self.direction})</th><th>flagged</th><th>Fisher p</th><th>adjusted</th><th>flagged</th></tr>"
        )
        title = f"{self.endpoint}, grade {self.grade}, {self.model}, error rate {self.error_rate:g}"
        return f"<table><caption>{escape(title)}</caption>{head}{rows}</table>"


def flagged_terms(
    probabilities: Sequence[float], table: EventTable, *, model: str, error_rate: float, direction: Direction
) -> FlaggedTerms:
    """The largest set of terms whose mean posterior probability of error is at most `error_rate`, beside the tests.

    The error of flagging a term is that it has no difference in the direction asked for: a term without any effect is
    an error in both directions.

    Parameters
    ----------
    probabilities
        Posterior probability of a difference in the direction asked for, by term.
    table
        The counts.
    model
        Name of the model that the probabilities are from.
    error_rate
        The rate, in 0 to 1.
    direction
        Which difference.

    Raises
    ------
    AnalysisError
        If the rate is no probability.

    References
    ----------
    Newton MA, Noueiry A, Sarkar D, Ahlquist P. Detecting differential gene expression with a semiparametric
    hierarchical mixture method. Biostatistics 2004;5:155-176. doi:10.1093/biostatistics/5.2.155
    Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B 1995;57:289-300.
    doi:10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> largest_set([0.99, 0.6, 0.9], 0.1)
    (True, False, True)
    """
    if not 0 < error_rate < 1:
        raise AnalysisError(f"expected an error rate in 0 to 1, got {error_rate}")
    if direction not in {"increase", "decrease"}:
        raise AnalysisError(f'expected direction "increase" or "decrease", got {direction!r}')
    chosen = largest_set(probabilities, error_rate)
    tests = [fisher_p(table, index, direction) for index in range(len(table.terms))]
    adjusted = false_discovery_control(tests)
    found = []
    for index, term in enumerate(table.terms):
        found.append(
            TermSignal(
                term=term,
                system=table.systems[index],
                events=table.events[index],
                totals=table.totals[index],
                probability=float(probabilities[index]),
                flagged=chosen[index],
                p_value=tests[index],
                adjusted_p_value=float(adjusted[index]),
                flagged_by_fisher=bool(adjusted[index] <= error_rate),
            )
        )
    return FlaggedTerms(
        endpoint=table.key,
        grade=table.grade,
        model=model,
        direction=direction,
        error_rate=error_rate,
        terms=tuple(sorted(found, key=lambda item: -item.probability)),
    )


def largest_set(probabilities: Sequence[float], error_rate: float) -> tuple[bool, ...]:
    """For each event whether it is in the largest set whose mean probability of error is at most `error_rate`."""
    error = 1 - np.asarray(probabilities, dtype=np.float64)
    order = np.argsort(error, kind="stable")
    # means of ascending errors ascend, so the largest set is a beginning of the order
    size = int(np.sum(np.cumsum(error[order]) / np.arange(1, len(order) + 1) <= error_rate))
    chosen = set(order[:size].tolist())
    return tuple(index in chosen for index in range(len(order)))


def fisher_p(table: EventTable, index: int, direction: Direction | None = None) -> float:
    """Fisher's exact test of one term: one-sided in a direction, or two-sided (sum of probabilities)."""
    (control, treated), (of_control, of_treated) = table.events[index], table.totals[index]
    cells = TwoByTwo(treated, of_treated, control, of_control)
    if cells.uninformative:
        return 1.0
    alternative = ALTERNATIVES[direction] if direction else "two-sided"
    return float(fisher_exact(cells.cells, alternative=alternative).pvalue)
