"""Every kind of record with everything printed that it can hold, and which readers see it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from reappraise.audit import claims, walk
from reappraise.core.estimate import Estimate
from reappraise.published.estimates import published_estimates
from reappraise.published.facts import count_facts, estimate_facts
from reappraise.published.record import Claim, Count, Published
from reappraise.published.trial import Trial
from reappraise.trial import load_trial
from reappraise.trial.schema import RECORDS, Records
from support.audit_trials import COUNTS, HEAD, RESPONSE, SURVIVAL, estimate

TEST = 'test = { name = "fisher_exact", sides = 1, significance_level = "0.025", source = "Methods" }\n'
CLAIM = """
[[endpoints.claims]]
text = "It was better."
asserts = "significant difference"
source = "Discussion"
"""
ODDS = estimate("odds_ratio", ("2.67", "1.26", "5.64", "0.01"))
LEVELS = """
[[endpoints.factors]]
key = "stage"
label = "Stage"
remainder = "Unknown"
source = "Results"
[[endpoints.factors.levels]]
key = "early"
label = "Early"
counts = [{ arm = "c", events = 3, total = 30, percent = "10", low = "0.02", high = "0.27", source = "Results" },
  { arm = "e", events = 4, total = 20, source = "Results" }]
"""
DEPTH = """
[[endpoints]]
kind = "depth"
key = "depth"
label = "Best response"
population = "treated"
assessor = "Committee"
primary = true
source = "Results"
"""
CATEGORIES = """
[[endpoints.categories]]
key = "good"
label = "Good"
counts = [{ arm = "c", events = 20, total = 100, source = "Results" }]
[[endpoints.categories]]
key = "bad"
label = "Bad"
counts = [{ arm = "e", events = 30, total = 50, source = "Results" }]
"""
EVENTS = """
[[endpoints]]
kind = "adverse_events"
key = "events"
label = "Adverse events"
population = "treated"
table = "table"
source = "Table 1"
"""
TABLE = """
[[tables]]
kind = "counts"
key = "table"
section = "table"
label = "A table"
population = "treated"
file = "table.csv"
source = "Table 1"
"""
ROWS = "group,label,arm,events,total,source\nGut,Nausea,c,3,100,Table 1\nGut,Nausea,e,4,50,Table 1\n"
MEASURED = """measured = [
  { arm = "c", total = 100, mean = "52.31", sd = "20.17", low = "48.3", high = "56.3", source = "Results" },
  { arm = "e", total = 50, mean = "44.62", se = "3.32", source = "Results" },
]
"""
DIFFERENCE = estimate("mean_difference", ("-7.69", "-15.41", "0.03", "0.051"))
EXPOSED = """exposed = [
  { arm = "c", events = 24, person_time = "604", rate = "0.0397", low = "0.025", high = "0.059", source = "Results" },
  { arm = "e", events = 31, rate = "0.0258", source = "Results" },
]
"""
RATE_RATIO = estimate("rate_ratio", ("0.65", "0.38", "1.11", "0.11"))
FULL = {
    "response": RESPONSE + TEST + COUNTS.format(20, 20) + ODDS + CLAIM + LEVELS,
    "survival": SURVIVAL + TEST + COUNTS.format(60, 24) + estimate("median", ("8", "6", "9", None), arm="c") + CLAIM,
    "depth": DEPTH + TEST + ODDS + CLAIM + CATEGORIES,
    "adverse_events": EVENTS + TEST + ODDS + CLAIM,
    "continuous": RESPONSE.replace('"response"', '"continuous"') + TEST + MEASURED + DIFFERENCE + CLAIM,
    "event_rate": RESPONSE.replace('"response"', '"event_rate"') + TEST + EXPOSED + RATE_RATIO + CLAIM,
    "effect": RESPONSE.replace('"response"', '"effect"') + TEST + COUNTS.format(20, 20) + ODDS + CLAIM,
}
"""By kind, a record with everything printed that its type can hold."""


def numbered(text: str) -> str:
    """The text with a place of its own for each number, so that each can be looked for."""
    parts = text.split('source = "')
    rest = (f'source = "{place}: {part}' for place, part in enumerate(parts[1:]))
    return "".join((parts[0], *rest))


def load(folder: Path, text: str, rows: str = ROWS, records: Records = RECORDS) -> Trial:
    (folder / "table.csv").write_text(rows, encoding="utf-8")
    path = folder / "small.toml"
    path.write_text(HEAD + numbered(text) + TABLE, encoding="utf-8")
    return load_trial(path, records=records)


def printed[R: BaseModel](record: object, kind: type[R]) -> list[R]:
    """Everything of a type that stands anywhere in a record, found without asking it."""
    if isinstance(record, kind):
        return [record]
    inner = tuple(getattr(record, name) for name in type(record).model_fields) if isinstance(record, BaseModel) else ()
    return [found for part in (record if isinstance(record, tuple) else inner) for found in printed(part, kind)]


def of_all(trial: Trial) -> list[Estimate]:
    """Everything published about every endpoint, as estimates."""
    return [item for endpoint in trial for item in published_estimates(endpoint)]


def unseen(trial: Trial) -> set[str]:
    """Sources of numbers and claims of the first endpoint that a reader of the trial does not have."""
    record = trial.file.endpoints[0]
    counts, estimates = printed(record, Count), printed(record, Published)
    readers = {
        "facts": (counts, {row["source"] for row in count_facts(trial)}),
        "walk": (counts, {fact.count.source for fact in walk.counts(trial)}),
        "intervals": ([count for count in counts if count.low], {row["source"] for row in estimate_facts(trial)}),
        "estimates": (estimates, {row["source"] for row in estimate_facts(trial)}),
        "walk of estimates": (estimates, {fact.published.source for fact in walk.estimates(trial)}),
        "published": (estimates, {item.source for item in of_all(trial)}),
        "claims": (printed(record, Claim), {item.source for item in claims.check(trial)}),
    }
    return {f"{name}: {item.source}" for name, (items, _) in readers.items() for item in items} - {
        f"{name}: {source}" for name, (_, seen) in readers.items() for source in seen
    }
