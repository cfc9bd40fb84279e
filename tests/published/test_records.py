"""Records of endpoints: what every kind answers, and that every reader sees all that is printed in it."""

from __future__ import annotations

from inspect import isabstract
from pathlib import Path

import pytest

from reappraise.audit import claims, p_from_interval, populations
from reappraise.audit.p_from_counts import recomputed_p_values
from reappraise.continuous.published import ContinuousEndpoint
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import QUANTITIES
from reappraise.published.answers import CurveFiles, PatientFile
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.facts import estimate_facts
from reappraise.published.record import Claim, Count, Published
from reappraise.survival.published import SurvivalEndpoint
from reappraise.trial.schema import RECORDS
from support.records import (
    CATEGORIES,
    CLAIM,
    DEPTH,
    EVENTS,
    FULL,
    ODDS,
    ROWS,
    TEST,
    load,
    of_all,
    printed,
    unseen,
)

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
    (found,) = of_all(trial)
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
    assert record.patients("e", {"e": 7}) == (50 if record.whole or isinstance(record, ContinuousEndpoint) else 7)
    assert all(isinstance(request, PatientFile | CurveFiles) for request in record.files())
    assert not list(record.unnamed(("c", "e")))
    # counts that determine contrasts also give p values, and a partition
    table = record.two_by_two(printed(record, Published)[0])
    assert (table is not None) == record.binary == bool(recomputed_p_values(trial, record, unconditional=False))
    assert record.between("e", "c") == table
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
        number = Published(quantity=quantity.name, numerator="e", denominator="c", value="0.5", source="Results")
        turned = number.model_copy(update={"numerator": "c", "denominator": "e"})
        assert record.favours(number, "e") == -record.favours(turned, "e") != 0
        inverse = quantity.hastens and kind is SurvivalEndpoint
        assert (record.favours(number, "e") > 0) == ((record.better == "higher") != inverse)
