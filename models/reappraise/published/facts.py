"""The facts of a trial file as flat rows: one per count, one per published estimate."""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.core.grades import GRADE_WORDS
from reappraise.published.answers import Counted
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.record import Count, Published
from reappraise.published.trial import Trial

COUNT_COLUMNS = ("section", "endpoint", "label", "population", "arm", "events", "total", "printed_percent", "source")
ESTIMATE_COLUMNS = (
    "section",
    "endpoint",
    "label",
    "population",
    "arm",
    "numerator",
    "denominator",
    "quantity",
    "at",
    "unit",
    "value",
    "low",
    "high",
    "spread",
    "level",
    "p",
    "sides",
    "assessor",
    "method",
    "source",
    "note",
)

type Row = dict[str, str]


def count_facts(trial: Trial) -> Iterator[Row]:
    """Yield one row per published count, with the columns `COUNT_COLUMNS`."""
    for endpoint in trial.file.endpoints:
        for counted in endpoint.counted():
            for count in counted.counts:
                yield _count_row(endpoint.section, endpoint.key, counted.label, counted.population, count)
    for table in trial.file.tables:
        for row in trial.counts.get(table.key, ()):
            known: dict[str, str] = {str(name): words for name, words in GRADE_WORDS.items()}
            grade = f", {known.get(row.grade, 'all grades')}" if row.grade else ""
            heading = f"{row.group}: " if row.group and row.group != row.label else ""
            yield _count_row(table.section, table.key, f"{heading}{row.label}{grade}", table.population, row)
    for result in trial.file.external:
        yield _count_row("external", result.key, f"{result.study}: {result.label}", result.study, result)


def estimate_facts(trial: Trial) -> Iterator[Row]:
    """Yield one row per published number other than a count, with the columns `ESTIMATE_COLUMNS`."""
    for endpoint in trial.file.endpoints:
        for counted in endpoint.counted():
            for count in counted.counts:
                if count.low is not None:
                    yield _interval_row(endpoint, counted, count)
        for stated in endpoint.stated():
            row = _estimate_row(endpoint.section, endpoint.key, stated.label, stated.population, stated.published)
            if row["p"]:
                row["sides"] = str(endpoint.sides(stated.published) or "")
            yield row
    for table in trial.file.tables:
        for quantity in trial.quantities.get(table.key, ()):
            heading = f"{quantity.group}: " if quantity.group else ""
            yield _estimate_row(table.section, table.key, f"{heading}{quantity.label}", table.population, quantity)


def _count_row(section: str, endpoint: str, label: str, population: str, count: Count) -> Row:
    events = count.known_events
    inferred = count.events is None and events is not None
    return {
        "section": section,
        "endpoint": endpoint,
        "label": label,
        "population": population,
        "arm": count.arm,
        "events": "" if events is None else str(events),
        "total": str(count.total),
        "printed_percent": "" if count.percent is None else str(count.percent),
        "source": count.source + (" (count inferred from the printed percentage)" if inferred else ""),
    }


def _interval_row(endpoint: EndpointRecord, counted: Counted, count: Count) -> Row:
    row = dict.fromkeys(ESTIMATE_COLUMNS, "")
    value = count.percent.scaled(-2) if count.percent is not None else ""
    return row | {
        "section": endpoint.section,
        "endpoint": endpoint.key,
        "label": counted.label,
        "population": counted.population,
        "arm": count.arm,
        "quantity": "rate",
        "value": str(value),
        "low": str(count.low),
        "high": str(count.high),
        "spread": "confidence interval",
        "level": str(count.level),
        "source": count.source,
        "note": count.note,
    }


def _estimate_row(section: str, endpoint: str, label: str, population: str, published: Published) -> Row:
    row = {"section": section, "endpoint": endpoint, "label": label, "population": population}
    for column in ESTIMATE_COLUMNS[4:]:
        value = getattr(published, column)
        row[column] = "" if value is None else str(value)
    if published.low is None:
        row["spread"] = row["level"] = ""
    elif published.spread == "range":
        row["level"] = ""
    return row
