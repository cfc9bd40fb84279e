"""Tables of adverse events: what is read from a trial, what is refused, and what a reporting threshold leaves alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.published.trial import Trial
from reappraise.safety.counts import singles_of, tables_of
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.safety.selection import selection_note
from reappraise.trial import load_trial
from support.data import MINI
from support.tables import events as table

TEXT = MINI.read_text(encoding="utf-8")
ENDPOINT = """
[[endpoints]]
kind = "adverse_events"
key = "events"
label = "Adverse events"
population = "treated"
table = "t"
reporting_threshold_percent = 5
laboratory_groups = ["Blood values"]
any_event_groups = ["Any"]
single_tables = ["s"]
source = "Table 2"
"""
TABLE = (
    '[[tables]]\nkind = "counts"\nkey = "{0}"\nsection = "x"\nlabel = "T"\npopulation = "treated"\nfile = "{0}.csv"\n'
)
ROWS = """group,label,grade,arm,events,total,percent,source
Any,Any,all,old,30,40,75.0,T2
Any,Any,all,new,15,20,75.0,T2
Gut,Gut,all,old,9,40,22.5,T2
Gut,Gut,all,new,7,20,35.0,T2
Gut,Nausea,all,old,8,40,20.0,T2
Gut,Nausea,all,new,6,20,30.0,T2
Gut,Nausea,3+,old,0,40,,T2
Gut,Nausea,3+,new,1,20,5.0,T2
Gut,Vomiting,,old,,40,7.5,T2
Gut,Vomiting,,new,2,20,10.0,T2
Skin,Rash,all,old,4,40,10.0,T2
Skin,Rash,all,new,0,20,,T2
Skin,Rash,all,all,4,60,,T2
Blood values,Anemia,all,old,38,40,95.0,T2
Blood values,Anemia,all,new,19,19,100.0,T2
"""
SINGLE = """group,label,grade,arm,events,total,percent,source
Summary,Serious event,all,old,10,40,25.0,Text
Summary,Serious event,all,new,6,20,30.0,Text
Summary,Serious event,3+,old,,40,12.5,Text
Summary,Serious event,3+,new,,20,20.0,Text
Summary,Fatal event,,all,2,60,,Text
"""


def trial_of(folder: Path, rows: str = ROWS, single: str = SINGLE, endpoint: str = ENDPOINT, text: str = TEXT) -> Trial:
    tables = "".join(TABLE.format(key) + 'source = "Table 2"\n' for key in ("t", "s"))
    (folder / "trial.toml").write_text(text + endpoint + tables, encoding="utf-8")
    (folder / "t.csv").write_text(rows, encoding="utf-8")
    (folder / "s.csv").write_text(single, encoding="utf-8")
    return load_trial(folder / "trial.toml")


# What is read


def test_terms_totals_of_systems_and_laboratory_values_are_tables_of_their_own(tmp_path: Path) -> None:
    endpoint = trial_of(tmp_path)["events"]
    found = {(item.kind, item.grade): item for item in tables_of(endpoint)}
    assert set(found) == {("terms", "any"), ("terms", "3+"), ("systems", "any"), ("laboratory", "any")}
    terms = found["terms", "any"]
    assert terms.terms == ("Nausea", "Vomiting", "Rash")
    assert terms.systems == ("Gut", "Gut", "Skin")
    assert terms.index == (0, 0, 1)
    assert terms.events == ((8, 6), (3, 2), (4, 0))  # 7.5% of 40 can only be 3
    assert found["terms", "3+"].events == ((0, 1),)
    assert found["systems", "any"].terms == ("Gut",)
    assert found["laboratory", "any"].totals == ((40, 19),)
    assert terms.population == "treated"
    assert terms.arm_labels == ("Old", "New")


def test_rows_that_stand_for_themselves_are_input_of_the_response_models(tmp_path: Path) -> None:
    singles = singles_of(trial_of(tmp_path)["events"])
    assert [(item.label, item.grade) for item in singles] == [
        ("Any", "any"),
        ("Serious event", "any"),
        ("Serious event", "3+"),
    ]
    assert singles[0].partition.events == ((30, 15),)
    assert singles[2].partition.events == ((5, 4),)
    assert singles[2].partition.endpoint == "events-serious-event-grade-3"
    assert all(item.partition.better == "lower" for item in singles)
    large = TEXT.replace("sizes = { old = 40", "sizes = { old = 400")
    several = SINGLE.replace(",,40,12.5", ",,400,12")
    kept = singles_of(trial_of(tmp_path, single=several, text=large)["events"])
    assert [item.grade for item in kept] == ["any", "any"]  # 46 to 49 of 400 are 12%: no one number


def test_the_shipped_trial_holds_what_its_table_prints() -> None:
    endpoint = load_trial("isatuximab-dexamethasone").of(AdverseEventsEndpoint)[0]
    found = {(item.kind, item.grade): item for item in tables_of(endpoint)}
    sizes = {key: (len(item.terms), len(item.body_systems)) for key, item in found.items()}
    for grade in ("any", "3+"):
        assert sizes["terms", grade] == (32, 9)
        assert sizes["systems", grade] == (9, 1)
        assert sizes["laboratory", grade] == (4, 1)
    assert set(found["laboratory", "any"].totals) == {(109, 54)}
    labels = [item.label for item in singles_of(endpoint)]
    assert len(labels) == 7
    assert labels.count("Any TEAE") == 2


def test_only_endpoints_of_adverse_events_have_tables(tmp_path: Path) -> None:
    trial = trial_of(tmp_path)
    with pytest.raises(AnalysisError, match="expected adverse_events"):
        tables_of(trial["response"])
    with pytest.raises(AnalysisError, match="expected adverse_events"):
        singles_of(trial["response"])


# What is refused

BAD_ROWS = {
    "a term in two systems": ("Gut,Vomiting", "Gut,Rash", "row 12", "'Rash' in one body system, got 'Skin', and 'Gut'"),
    "duplicated row": ("Nausea,3+,new", "Nausea,3+,old", "row 9", "Nausea', grade 3 or higher, old again (row 8)"),
    "same row under two words for one grade": ("Vomiting,,new", "Vomiting,all,old", "row 11", "any grade, old again"),
    "missing denominator": ("old,8,40", "old,8,", "row 6", "total"),
    "unknown grade": ("Nausea,3+,old", "Nausea,4,old", "row 8", "grade"),
    "arm without a row": ("Skin,Rash,all,new,0,20,,T2\n", "", "row 12", "in both arms, got no row for new"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_rows_name_file_and_row(name: str, tmp_path: Path) -> None:
    old, new, row, reason = BAD_ROWS[name]
    assert old in ROWS
    large = TEXT.replace("sizes = { old = 40", "sizes = { old = 400")
    with pytest.raises(TrialFileError) as caught:
        trial_of(tmp_path, rows=ROWS.replace(old, new, 1), text=large)
    assert caught.value.path.endswith("t.csv")
    assert caught.value.key.startswith(row)
    assert reason in str(caught.value)


def test_bad_rows_of_single_tables_are_refused_too(tmp_path: Path) -> None:
    twice = SINGLE + "Summary,Serious event,all,new,6,20,30.0,Text\n"
    with pytest.raises(TrialFileError, match="each row once") as caught:
        trial_of(tmp_path, single=twice)
    assert caught.value.path.endswith("s.csv")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('["Blood values"]', '["Bloods"]', "endpoints[events].laboratory_groups"),
        ('["Any"]', '["All"]', "endpoints[events].any_event_groups"),
        ('["s"]', '["z"]', "endpoints[events].single_tables"),
    ],
)
def test_groups_and_tables_that_are_not_there_are_named(old: str, new: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(TrialFileError) as caught:
        trial_of(tmp_path, endpoint=ENDPOINT.replace(old, new))
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"events": ((8, 6), (41, 0))}, "Rash, old: expected 0 <= events <= total, got 41 of 40"),
        ({"totals": ((40, 20), (40, 0))}, "Rash, new"),
        ({"terms": ("Rash", "Rash")}, "each term once, in one body system; got Rash again"),
        ({"systems": ("Gut",)}, "same length"),
        ({"grade": "6"}, "expected kind of"),
        ({"terms": (), "systems": (), "events": (), "totals": ()}, "above 0"),
    ],
)
def test_a_table_that_cannot_be_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason.split("[", maxsplit=1)[0]):
        table(**changes)


def test_swapping_the_arms_twice_changes_nothing() -> None:
    assert table().swapped().events == ((6, 8), (0, 4))
    assert table().swapped().arms == ("new", "old")
    assert table().swapped().swapped() == table()


# The reporting threshold


@pytest.mark.parametrize("level", [-3.0, -1.0])
def test_selection_on_the_total_leaves_the_likelihood_of_the_odds_ratio_given_the_total_unchanged(level: float) -> None:
    control, treated, effect, least = 12, 7, 0.8, 5
    rate = special.expit(level + np.array([-0.5, 0.5]) * effect)
    both = np.outer(
        stats.binom.pmf(np.arange(control + 1), control, rate[0]),
        stats.binom.pmf(np.arange(treated + 1), treated, rate[1]),
    )
    total = np.add.outer(np.arange(control + 1), np.arange(treated + 1))
    selected = np.where(total >= least, both, 0.0)
    for events in range(least, control + treated + 1):
        given = np.array([selected[events - k, k] if 0 <= events - k <= control else 0.0 for k in range(treated + 1)])
        exact = stats.nchypergeom_fisher.pmf(np.arange(treated + 1), control + treated, treated, events, np.exp(effect))
        # 1e-7: SciPy's own accuracy; the level does not enter on the right, and the threshold neither
        assert given / given.sum() == pytest.approx(exact, abs=1e-7)
    expected = (selected.sum(axis=0) / selected.sum()) @ np.arange(treated + 1) / treated
    assert expected > rate[1]  # but rates of what is printed are too high


def test_the_note_says_what_a_threshold_does_and_nothing_where_there_is_none() -> None:
    assert selection_note(table()) == ""
    note = selection_note(table(reporting_threshold_percent=5))
    assert "at least 5% of all patients" in note
    assert "noncentral hypergeometric" in note
    assert "approximately" in selection_note(table(reporting_threshold_percent=5, grade="3+"))
    assert selection_note(table(reporting_threshold_percent=5, kind="systems", systems=("all", "all"))) == ""
