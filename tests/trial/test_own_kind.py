"""A kind of endpoint that no module of the package has heard of: it is read, compared and audited like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from reappraise.audit import claims, contrasts_from_counts, impossible, p_from_counts, populations
from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.published.answers import Counted, PatientFile, Problem, RowProblem
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.facts import count_facts, estimate_facts
from reappraise.published.file import TrialFile
from reappraise.published.record import Count
from reappraise.published.trial import Trial
from reappraise.survival.published import SurvivalEndpoint
from reappraise.trial import load_trial
from reappraise.trial.schema import RECORDS, Records, trial_schema
from support.audit_trials import COUNTS, HEAD
from support.records import CLAIM, ODDS, ROWS, TEST, load, of_all, unseen


class Relapse(EndpointRecord):
    """A kind of the tests' own: counts at the end of treatment, and counts afterwards that stand for nobody else."""

    binary: ClassVar[bool] = True

    kind: Literal["relapse"]
    counts: tuple[Count, ...]
    later: tuple[Count, ...] = ()
    replaces: str = ""
    patients_in: str = ""

    def counted(self) -> Iterator[Counted]:
        yield Counted(label=self.label, population=WHOLE, counts=self.counts, whole=True, quantity="rate")
        yield Counted(label=f"{self.label}, later", population="time=later", counts=self.later, place="later")

    def references(self, context: Context) -> Iterator[Problem]:
        if self.replaces and self.replaces not in context.of(SurvivalEndpoint):
            yield "replaces", f"expected a survival endpoint, got {self.replaces}"

    def files(self) -> Iterator[PatientFile]:
        if self.patients_in:
            yield PatientFile(self.patients_in, "months")

    def table_problems(self, table, rows, context) -> Iterator[RowProblem]:
        del table, context
        for line, row in rows:
            if row.label == self.label:
                yield RowProblem(f"expected {self.label} outside the tables", line=line)

    def unnamed(self, arms: tuple[str, str]) -> Iterator[str]:
        if {count.arm for count in self.counts} != set(arms):
            yield "expected both arms"


class Forgetful(Relapse):
    """Does not say that it has counts."""

    kind: Literal["forgetful"]

    def counted(self) -> Iterator[Counted]:
        yield from ()


TOY = """
[[endpoints]]
kind = "relapse"
key = "relapse"
label = "Relapse"
population = "treated"
better = "lower"
source = "Results"
"""
LATER = 'later = [{ arm = "e", events = 9, total = 45, source = "Follow-up" }]\n'
OWN: Records = (*RECORDS, Relapse, Forgetful)


def load_own(folder: Path, text: str, rows: str = ROWS) -> Trial:
    return load(folder, text, rows, OWN)


def test_a_record_that_forgets_its_counts_would_be_noticed(tmp_path: Path) -> None:
    trial = load_own(tmp_path, TOY.replace('"relapse"', '"forgetful"') + COUNTS.format(20, 20))
    assert {said.split(":")[0] for said in unseen(trial)} == {"facts", "walk"}


def test_a_kind_of_a_callers_own_is_read_like_any_other(tmp_path: Path) -> None:
    trial = load_own(
        tmp_path,
        TOY
        + TEST
        + LATER
        + COUNTS.format(60, 12)
        + ODDS.replace("2.67", "0.21").replace("1.26", "0.10").replace("5.64", "0.45").replace("0.01", "<0.001")
        + CLAIM,
    )
    assert not unseen(trial)
    assert [row["population"] for row in count_facts(trial)][:3] == [WHOLE, WHOLE, "time=later"]
    assert {row["section"] for row in estimate_facts(trial)} == {"relapse"}
    rates = [item for item in of_all(trial) if item.quantity == "rate"]
    assert [(item.arm, item.value) for item in rates] == [("c", 0.6), ("e", 0.24)]
    (claim,) = claims.check(trial)
    assert claim.verdict == "consistent"
    assert "Fisher exact, one-sided" in claim.recomputed
    (population, _) = populations.check(trial)
    assert (population.endpoint, population.verdict) == ("relapse", "consistent")
    (contrast,) = contrasts_from_counts.check(trial)
    assert contrast.verdict == "consistent"
    (p_value,) = p_from_counts.check(trial)
    assert "The stated test makes the printed bound true" in p_value.message
    with pytest.raises(AnalysisError, match="is of kind relapse; expected a response endpoint"):
        trial["relapse"].partition()
    assert trial["relapse"]._repr_html_() == "<b>Relapse</b> (relapse)"


def test_what_a_record_of_a_callers_own_refers_to_is_held_against_the_file(tmp_path: Path) -> None:
    counts = COUNTS.format(60, 12)
    for text, rows, key, said in (
        (TOY + 'replaces = "survival"\n' + counts, ROWS, "endpoints[relapse].replaces", "got survival"),
        (TOY + LATER.replace('"e"', '"x"') + counts, ROWS, "endpoints[relapse].later[0]", "got x"),
        (TOY + counts, ROWS.replace("Nausea", "Relapse"), "row 2", "outside the tables"),
        (TOY + counts.split("[[")[1].join(("[[", "")), ROWS, "endpoints[relapse]", "expected both arms"),
    ):
        with pytest.raises(TrialFileError, match=said) as caught:
            load_own(tmp_path, text, rows)
        assert caught.value.key == key


def test_totals_of_a_callers_own_kind_are_held_against_the_population(tmp_path: Path) -> None:
    trial = load_own(tmp_path, TOY + COUNTS.format(60, 12).replace("total = 50", "total = 51"), ROWS)
    (found,) = impossible.check(trial)
    assert (found.endpoint, found.message[:37]) == ("relapse", "51 patients are more than the 50 that")


def test_files_of_a_callers_own_kind_are_read_and_part_of_the_digest(tmp_path: Path) -> None:
    beside = tmp_path / "patients.csv"
    digests = set()
    for time in (5, 6):
        beside.write_text(f"time,event,arm\n{time},1,c\n7,0,e\n", encoding="utf-8")
        trial = load_own(tmp_path, TOY + 'patients_in = "patients.csv"\n' + COUNTS.format(60, 12))
        assert trial.patients["relapse"].time.min() == time
        digests.add(trial.digest)
    assert len(digests) == 2


def test_a_kind_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(HEAD + TOY + COUNTS.format(60, 12), encoding="utf-8")
    assert load_trial(path, records=(Relapse,))["relapse"].published.kind == "relapse"
    with pytest.raises(TrialFileError, match="unknown kind 'relapse'; expected one of 'response', 'survival'"):
        load_trial(path)


def test_records_that_cannot_be_told_apart_or_do_not_answer_are_refused() -> None:
    class Twin(Relapse):
        kind: Literal["response"]

    class Silent(EndpointRecord):
        kind: Literal["silent"]

    class Nameless(Relapse):
        kind: str

    for record, said in (
        (Twin, "Twin: expected a kind of its own, got 'response', which is that of ResponseEndpoint"),
        (Silent, "Silent: expected a record that answers counted"),
        (Nameless, "Nameless: expected a kind of its own; write kind"),
    ):
        with pytest.raises(AnalysisError, match=said):
            trial_schema((*RECORDS, record))


def test_the_schema_is_made_once_for_a_family_of_records() -> None:
    assert trial_schema() is trial_schema(RECORDS)
    assert issubclass(trial_schema(), TrialFile)
    assert trial_schema(OWN) is trial_schema(OWN)
    known, own = trial_schema().model_json_schema(), trial_schema(OWN).model_json_schema()
    assert known["$defs"].keys() | {"Relapse", "Forgetful"} == own["$defs"].keys()
    assert known["properties"].keys() == own["properties"].keys()
    assert {name for name in known["properties"] if known["properties"][name] != own["properties"][name]} == {
        "endpoints"
    }
