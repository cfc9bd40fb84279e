"""Every printed number of a trial, with the words that name it and the endpoint it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reappraise.audit import words
from reappraise.audit.finding import About
from reappraise.core.arms import WHOLE
from reappraise.core.estimate import QUANTITIES, Form
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.record import Count, Published, StatedTest
from reappraise.published.trial import Trial


@dataclass(frozen=True, slots=True)
class CountFact:
    """A published count.

    Parameters
    ----------
    owner
        Key of the endpoint, table or external result.
    subject
        The count in words.
    count
        The record.
    """

    owner: str
    subject: str
    count: Count

    @property
    def about(self) -> About:
        """What a check of it looks at."""
        return About(
            endpoint=self.owner, subject=self.subject, printed=words.count(self.count), source=self.count.source
        )


@dataclass(frozen=True, slots=True)
class EstimateFact:
    """A published number other than a count.

    Parameters
    ----------
    owner
        Key of the endpoint or table.
    label
        What was measured, in words.
    subject
        Label, quantity, arm or direction, and time, in words.
    published
        The record.
    endpoint
        The endpoint that it belongs to; None for a row of a table.
    population
        Whom it is about: ``"all"`` or ``"factor=level"``.
    """

    owner: str
    label: str
    subject: str
    published: Published
    endpoint: EndpointRecord | None = None
    population: str = WHOLE

    @property
    def about(self) -> About:
        """What a check of it looks at."""
        published = self.published
        return About(
            endpoint=self.owner, subject=self.subject, printed=words.estimate(published), source=published.source
        )

    @property
    def form(self) -> Form:
        """Whether it is about one arm, a ratio or a difference."""
        return QUANTITIES[self.published.quantity].form

    @property
    def test(self) -> StatedTest | None:
        """Test stated for the endpoint."""
        return self.endpoint.test if self.endpoint else None

    @property
    def sides(self) -> int | None:
        """Sides of the p value, as printed beside it or else as stated for the endpoint; None if not said."""
        return self.endpoint.sides(self.published) if self.endpoint else self.published.sides

    @property
    def of_endpoint(self) -> bool:
        """Whether it is about the patients that the endpoint counts: its assessor, no further time or condition."""
        whole = self.population == WHOLE
        return whole and self.endpoint is not None and self.endpoint.concerns(self.published)

    @property
    def has_interval(self) -> bool:
        """Whether value and a confidence interval are printed."""
        published = self.published
        return published.value is not None and published.low is not None and published.spread == "confidence interval"

    def favour(self, trial: Trial) -> float:
        """1 if a larger value favours the experimental arm, -1 if a smaller one does, 0 if nothing says which."""
        return self.endpoint.favours(self.published, trial.experimental.key) if self.endpoint else 0.0


@dataclass(frozen=True, slots=True)
class ImpossibleFact:
    """A printed number that no patients could give.

    Parameters
    ----------
    owner
        Key of the endpoint, table or external result.
    subject
        What it is about, in words.
    printed
        As printed.
    reason
        Why it is impossible, in words.
    record
        The record.
    """

    owner: str
    subject: str
    printed: str
    reason: str
    record: Count | Published

    @property
    def about(self) -> About:
        """What a check of it looks at."""
        return About(endpoint=self.owner, subject=self.subject, printed=self.printed, source=self.record.source)


def counts(trial: Trial) -> Iterator[CountFact]:
    """Yield every count of endpoints, tables and external results that some patients could give."""
    yield from (fact for fact in printed_counts(trial) if not fact.count.impossible)


def estimates(trial: Trial) -> Iterator[EstimateFact]:
    """Yield every published number of endpoints and tables that is not a count, as far as some patients could give it.

    Of one whose p value alone is impossible, the rest is left.
    """
    for fact in printed_estimates(trial):
        sound = fact.published.sound
        if sound is not None:
            yield fact if sound is fact.published else replace(fact, published=sound)


def impossible_facts(trial: Trial) -> Iterator[ImpossibleFact]:
    """Yield every printed number that no patients could give."""
    for fact in printed_counts(trial):
        count = fact.count
        for reason in filter(None, (count.impossible, "" if count.impossible else count.impossible_interval)):
            yield ImpossibleFact(fact.owner, fact.subject, words.count(count), reason, count)
    for one in printed_estimates(trial):
        published = one.published
        for reason in filter(None, (published.impossible, published.impossible_p)):
            yield ImpossibleFact(one.owner, one.subject, words.estimate(published), reason, published)


def printed_counts(trial: Trial) -> Iterator[CountFact]:
    """Yield every count of endpoints, tables and external results, as printed."""
    for endpoint in trial.file.endpoints:
        for counted in endpoint.counted():
            yield from _counts(trial, endpoint.key, counted.label, counted.counts)
    for key, rows in trial.counts.items():
        for row in rows:
            grade = f", grade {row.grade}" if row.grade else ""
            yield from _counts(trial, key, f"{headed(row.group, row.label)}{grade}", (row,))
    for result in trial.file.external:
        yield from _counts(trial, result.key, f"{result.study}: {result.label}", (result,))


def printed_estimates(trial: Trial) -> Iterator[EstimateFact]:
    """Yield every published number of endpoints and tables that is not a count, as printed."""
    for endpoint in trial.file.endpoints:
        for stated in endpoint.stated():
            published, label = stated.published, stated.label
            subject = _subject(trial, label, published)
            yield EstimateFact(endpoint.key, label, subject, published, endpoint, stated.population)
    for key, rows in trial.quantities.items():
        for row in rows:
            label = headed(row.group, row.label)
            yield EstimateFact(key, label, _subject(trial, label, row), row)


def headed(group: str, label: str) -> str:
    """Label under its heading."""
    return f"{group}: {label}" if group and group != label else label


def _counts(trial: Trial, owner: str, label: str, records: tuple[Count, ...]) -> Iterator[CountFact]:
    for record in records:
        yield CountFact(owner, f"{label}, {words.arm(trial, record.arm)}", record)


def _subject(trial: Trial, label: str, published: Published) -> str:
    quantity = QUANTITIES[published.quantity].label.lower()
    if published.arm:
        whom = words.arm(trial, published.arm)
    elif QUANTITIES[published.quantity].form == "spread":
        return f"{label}, {quantity}"
    else:
        link = "over" if QUANTITIES[published.quantity].form == "ratio" else "minus"
        whom = f"{words.arm(trial, published.numerator or '')} {link} {words.arm(trial, published.denominator or '')}"
    when = f", {published.at}" if published.at else ""
    assessor = f", {published.assessor}" if published.assessor else ""
    return f"{label}, {quantity}, {whom}{when}{assessor}"
