"""What papers print in the cells of tables: read as meant or refused with what to write; impossible is a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from reappraise.audit import audit
from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.published.trial import Trial
from reappraise.safety.counts import tables_of, unknown_of
from reappraise.trial import load_trial
from support.audit_trials import COUNTS, HEAD, RESPONSE, write

ENDPOINT = """
[[endpoints]]
kind = "adverse_events"
key = "events"
label = "Adverse events"
population = "treated"
table = "events"
source = "Table 3"
[[tables]]
kind = "counts"
key = "events"
section = "adverse-events"
label = "Adverse events"
population = "treated"
file = "events.csv"
source = "Table 3"
"""
HEADER = "group,label,arm,events,total,percent,source\n"


def events(folder: Path, rows: str, *, dash: str = "", header: str = HEADER) -> Trial:
    sizes = HEAD.replace("sizes = { c = 100, e = 50 }", "sizes = { c = 472, e = 478 }")
    more = f'dash = "{dash}"\n' if dash else ""
    (folder / "events.csv").write_text(header + rows, encoding="utf-8")
    (folder / "trial.toml").write_text(sizes + ENDPOINT + more, encoding="utf-8")
    return load_trial(folder / "trial.toml")


PRINTED = """Gut,Nausea,c,12 (2.5),472,,T
Gut,Nausea,e,3 (<1%),478,,T
Gut,Vomiting,c,4,472,<1%,T
Gut,Vomiting,e,0,478,-,T
Skin,Rash,c,,472,0,T
Skin,Rash,e,5,478,1%,T
"""


def test_a_table_as_printed_is_read(tmp_path: Path) -> None:
    trial = events(tmp_path, PRINTED)
    (terms,) = tables_of(trial["events"])
    assert dict(zip(terms.terms, terms.events, strict=True)) == {"Nausea": (12, 3), "Vomiting": (4, 0), "Rash": (0, 5)}
    assert not [item for item in audit(trial) if item.verdict == "inconsistent"]


DASHED = "Gut,Nausea,c,12,472,2.5,T\nGut,Nausea,e,-,478,-,T\nSkin,Rash,c,3,472,,T\nSkin,Rash,e,4,478,,T\n"


def test_a_dash_is_what_the_table_says_it_is(tmp_path: Path) -> None:
    none = events(tmp_path, DASHED, dash="none")
    assert tables_of(none["events"])[0].events == ((12, 0), (3, 4))
    unknown = events(tmp_path, DASHED, dash="not reported")
    assert tables_of(unknown["events"])[0].terms == ("Rash",)
    assert unknown_of(unknown["events"]) == ("Nausea",)
    assert not [item for item in audit(unknown) if item.verdict == "inconsistent"]
    alone = "Gut,Nausea,c,472,2.5,T\nGut,Nausea,e,478,\u2014,T\nSkin,Rash,c,472,7,T\nSkin,Rash,e,478,<1,T\n"
    header = HEADER.replace("events,", "")
    counts = {
        (r.label, r.arm): r.candidates for r in events(tmp_path, alone, dash="none", header=header).counts["events"]
    }
    assert counts["Nausea", "e"] == range(1)
    assert counts["Rash", "e"] == range(1, 5)


def test_a_dash_that_nothing_explains_is_refused_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(TrialFileError) as caught:
        events(tmp_path, DASHED)
    assert caught.value.key.startswith("row 3")
    assert all(word in str(caught.value) for word in ("nobody had it", "not reported", 'dash = "none"', "events.csv"))


IMPOSSIBLE = """Gut,Nausea,c,480,472,2.5,T
Gut,Nausea,e,3,478,,T
Gut,Vomiting,c,,472,120,T
Gut,Vomiting,e,2,478,,T
Skin,Rash,c,4,472,,T
Skin,Rash,e,5,478,,T
"""


def test_impossible_cells_are_findings_and_the_rest_of_the_table_is_read(tmp_path: Path) -> None:
    trial = events(tmp_path, IMPOSSIBLE)
    said = [item.message for item in audit(trial) if item.check == "possible at all"]
    assert [message.split(";")[0].split(". ")[0] for message in said] == [
        "480 patients of 472 are more than all",
        "120% is not between 0% and 100%",
    ]
    assert tables_of(trial["events"])[0].terms == ("Rash",)
    assert unknown_of(trial["events"]) == ("Nausea", "Vomiting")


def test_a_response_that_is_not_reported_is_not_analysed(tmp_path: Path) -> None:
    trial = write(tmp_path, RESPONSE + COUNTS.format(20, '"NR"'))
    with pytest.raises(AnalysisError, match="the number of patients with the event is not reported"):
        trial["response"].partition()
    assert not [item for item in audit(trial) if item.verdict == "inconsistent"]


def test_small_percentages_stay_open_where_models_need_counts(tmp_path: Path) -> None:
    trial = events(
        tmp_path, "Gut,Nausea,c,,472,<1%,T\nGut,Nausea,e,,478,3,T\nSkin,Rash,c,3,472,,T\nSkin,Rash,e,4,478,,T\n"
    )
    assert tables_of(trial["events"])[0].terms == ("Rash",)
    assert unknown_of(trial["events"]) == ("Nausea",)
