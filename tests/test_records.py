"""Records of endpoints: what every kind answers, and that every reader sees all that is printed in it."""

from __future__ import annotations

from inspect import isabstract
from pathlib import Path

import pytest
from pydantic import BaseModel

from reappraise.audit import claims, p_from_interval, populations, walk
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import QUANTITIES
from reappraise.published.answers import CurveFiles, PatientFile
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.estimates import published_estimates
from reappraise.published.facts import count_facts, estimate_facts
from reappraise.published.record import Claim, Count, Published
from reappraise.published.trial import Trial
from reappraise.survival.published import SurvivalEndpoint
from reappraise.trial import load_trial
from reappraise.trial.schema import RECORDS, Records
from test_audit_trials import COUNTS, HEAD, RESPONSE, SURVIVAL, estimate

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
FULL = {
    "response": RESPONSE + TEST + COUNTS.format(20, 20) + ODDS + CLAIM + LEVELS,
    "survival": SURVIVAL + TEST + COUNTS.format(60, 24) + estimate("median", ("8", "6", "9", None), arm="c") + CLAIM,
    "depth": DEPTH + TEST + ODDS + CLAIM + CATEGORIES,
    "adverse_events": EVENTS + TEST + ODDS + CLAIM,
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
        "published": (estimates, {item.source for item in published_estimates(trial)}),
        "claims": (printed(record, Claim), {item.source for item in claims.check(trial)}),
    }
    return {f"{name}: {item.source}" for name, (items, _) in readers.items() for item in items} - {
        f"{name}: {source}" for name, (_, seen) in readers.items() for source in seen
    }


every = pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.tag())


@every
def test_all_that_is_printed_in_a_record_is_seen_by_every_reader(kind: type[EndpointRecord], tmp_path: Path) -> None:
    trial = load(tmp_path, FULL[kind.tag()])
    record = trial.file.endpoints[0]
    assert type(record) is kind
    assert printed(record, Published)
    assert printed(record, Claim)
    assert not unseen(trial)


def test_an_odds_ratio_of_depth_is_compared_and_audited(tmp_path: Path) -> None:
    trial = load(tmp_path, DEPTH + TEST + ODDS.replace('"0.01"', '"0.005"') + CATEGORIES)
    (row,) = estimate_facts(trial)
    assert (row["section"], row["endpoint"], row["quantity"], row["sides"]) == ("response", "depth", "odds_ratio", "1")
    (found,) = published_estimates(trial)
    assert (found.endpoint, found.value, found.numerator) == ("depth", 2.67, "e")
    (judged,) = p_from_interval.check(trial)
    assert (judged.endpoint, judged.verdict) == ("depth", "consistent")
    assert not list(populations.check(load(tmp_path, DEPTH + CATEGORIES, ROWS.splitlines()[0] + "\n")))


@pytest.mark.parametrize(("test", "verdict"), [("", "cannot judge"), (TEST, "inconsistent")])
def test_a_claim_about_adverse_events_is_held_against_what_is_printed(test: str, verdict: str, tmp_path: Path) -> None:
    more = ODDS.replace("1.26", "0.86").replace("5.64", "8.29").replace("0.01", "0.09")  # z = 1.7, towards harm
    (found,) = claims.check(load(tmp_path, EVENTS + test + more + CLAIM))
    assert (found.endpoint, found.verdict) == ("events", verdict)


@every
def test_every_record_answers_every_question(kind: type[EndpointRecord], tmp_path: Path) -> None:
    assert not isabstract(kind)
    trial = load(tmp_path, FULL[kind.tag()])
    (record,) = trial.file.endpoints
    assert record.kind == kind.tag()
    assert record.section
    assert record.better in {"higher", "lower"}
    for counted in record.counted():
        assert counted.label.startswith(record.label)
        assert counted.quantity in {"", *QUANTITIES}
        assert counted.counts
    assert set(record.whole) <= set(printed(record, Count))
    assert record.known_events == {count.arm: count.known_events for count in record.whole}
    assert record.patients("e", {"e": 7}) == (50 if record.whole else 7)
    assert all(isinstance(request, PatientFile | CurveFiles) for request in record.files())
    assert not list(record.contradictions(("c", "e")))
    # counts that determine contrasts also give p values, and a partition
    table = record.two_by_two(printed(record, Published)[0])
    assert (table is not None) == record.binary == bool(record.p_values("e", "c", unconditional=False))
    assert record.binary == bool(record.factors_counted)
    if not record.factors_counted:
        with pytest.raises(AnalysisError, match=f"is of kind {record.kind}; expected a response endpoint"):
            trial[record.key].partitions()
    assert trial.of(kind)[0].published is record
    assert not any(trial.of(other) for other in RECORDS if other is not kind)


@every
def test_which_value_favours_whom_turns_with_the_direction(kind: type[EndpointRecord], tmp_path: Path) -> None:
    record = load(tmp_path, FULL[kind.tag()]).file.endpoints[0]
    for quantity in QUANTITIES.values():
        if quantity.form not in {"ratio", "difference"}:
            continue
        number = Published(quantity=quantity.name, numerator="e", denominator="c", value="1.5", source="Results")
        turned = number.model_copy(update={"numerator": "c", "denominator": "e"})
        assert record.favours(number, "e") == -record.favours(turned, "e") != 0
        inverse = quantity.hastens and kind is SurvivalEndpoint
        assert (record.favours(number, "e") > 0) == ((record.better == "higher") != inverse)
