r"""What a reporting threshold does to the answers.

A table that prints only terms which at least c of all patients had, and keeps to it, selects on the total of both arms.
For a term with events :math:`y_1, y_2` of :math:`n_1, n_2` patients and odds ratio :math:`\psi = e^\theta`,

.. math::
    p(y_2 \mid y_1 + y_2 = m, \theta, \alpha, m \ge c) = p(y_2 \mid y_1 + y_2 = m, \theta) \propto
    \binom{n_1}{m - y_2} \binom{n_2}{y_2} \psi^{y_2},

the noncentral hypergeometric distribution: it contains neither the mean log odds :math:`\alpha` nor the threshold, and
that the term was selected is known once m is known. So what the table says about odds ratios, Fisher's test included,
is what it would say without a threshold, for the terms that are printed.

That is exact given m. The models also draw on how m is distributed, which for a term close to the threshold depends a
little on its odds ratio; a table that prints terms which enough patients of either arm had selects on more than m, and
then terms with a difference are printed too often. So terms printed below the stated threshold are named in the note.

Three things it does change. Rates of terms close to the threshold are too high, since their rarer repetitions would not
have been printed: the models take the printed counts as binomial. Common levels, and through them the shrinkage, are
those of printed terms and say nothing about rarer ones. And for grade 3 or higher the selection was on the total of any
grade, of which these events are a part: then invariance holds only as far as higher and lower grades have the same odds
ratio, or the total of any grade is far above the threshold. Totals of body systems are not selected.

References
----------
Cornfield J. A statistical problem arising from retrospective studies. Proc Third Berkeley Symp 1956;4:135-148.
"""

from __future__ import annotations

from reappraise.core.grades import GRADE_WORDS
from reappraise.safety.table import EventTable


def selection_note(table: EventTable) -> str:
    """What the reporting threshold of a table means for its estimates; empty where no threshold is stated."""
    percent = table.reporting_threshold_percent
    if percent is None or table.kind != "terms":
        return ""
    note = (
        f"Stated to be printed: terms that at least {percent}% of all patients had. Where that was kept to, selection "
        "was on the total of both arms, which leaves the likelihood of the odds ratio given that total unchanged "
        "(noncentral hypergeometric), and the models nearly so; it makes rates of terms close to the threshold too "
        "high, and common levels those of printed terms."
    )
    if table.grade != "any":
        words = GRADE_WORDS[table.grade]
        return note + f" Selection was on any grade, so that for {words} this holds approximately."
    below = [
        term
        for term, events, totals in zip(table.terms, table.events, table.totals, strict=True)
        if 100 * sum(events) < percent * sum(totals)
    ]
    if below:
        note += f" Printed below the threshold: {', '.join(below)}; how they were selected is not known."
    return note
