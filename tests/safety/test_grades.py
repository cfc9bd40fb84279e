"""Grades as papers print them: read in any spelling, tables of their own, bounds of one by another."""

from __future__ import annotations

from pathlib import Path

import pytest

from reappraise.audit import adverse_event_bounds
from reappraise.core.errors import TrialFileError, UndeterminedError
from reappraise.core.grades import GRADE_WORDS, GRADES, grade_slug, is_part_of, read_grade
from reappraise.safety.counts import tables_of, unknown_of
from reappraise.safety.published import AdverseEventsEndpoint
from support.audit_trials import write

EVENTS = """
[[endpoints]]
kind = "adverse_events"
key = "ae"
label = "Adverse events"
population = "treated"
table = "table"
source = "Results"
"""
HEAD = "group,label,grade,arm,events,total,percent,source\n"


def rows(*said: tuple[str, int, int]) -> str:
    """Nausea by grade: patients of 100 and of 50."""
    lines = (f"Gut,Nausea,{grade},c,{c},100,,T\nGut,Nausea,{grade},e,{e},50,,T\n" for grade, c, e in said)
    return HEAD + "".join(lines)


@pytest.mark.parametrize(
    ("printed", "grade"),
    [
        *((grade, grade) for grade in GRADES[1:]),
        ("", ""),
        ("All grades", "all"),
        ("1-5", "all"),
        ("Grade 3 or 4", "3-4"),
        ("3\u20134", "3-4"),
        ("\u2265 3", "3+"),
        ("3 or higher", "3+"),
        ("SAE", "serious"),
    ],
)
def test_grades_are_read_as_they_are_printed(printed: str, grade: str) -> None:
    assert read_grade(printed) == grade


@pytest.mark.parametrize("printed", ["6", "3-2", "severe", "0", "2-4"])
def test_what_is_no_grade_is_refused_with_those_there_are(printed: str) -> None:
    with pytest.raises(ValueError, match="expected a grade, one of '', 'all', '1-2'"):
        read_grade(printed)


def test_every_grade_has_words_and_a_name_of_its_own() -> None:
    assert set(GRADE_WORDS) == set(GRADES)
    assert len({grade_slug(grade) for grade in GRADES}) == len(GRADES)
    assert (grade_slug("any"), grade_slug("3+")) == ("any-grade", "grade-3")  # names of files before there were more


def test_a_grade_is_no_part_of_itself_and_all_are_of_any() -> None:
    assert all(is_part_of(grade, "any") for grade in GRADES[1:])
    assert not any(is_part_of(grade, grade) for grade in GRADES)
    assert all(not (is_part_of(one, other) and is_part_of(other, one)) for one in GRADES for other in GRADES)


def test_each_grade_is_a_table(tmp_path: Path) -> None:
    trial = write(tmp_path, EVENTS, rows(("1-2", 30, 20), ("3-4", 9, 5), ("serious", 4, 3), ("all", 39, 25)))
    (endpoint,) = trial.of(AdverseEventsEndpoint)
    assert {table.grade: table.events for table in tables_of(endpoint)} == {
        "any": ((39, 25),),
        "1-2": ((30, 20),),
        "3-4": ((9, 5),),
        "serious": ((4, 3),),
    }


def test_a_band_has_no_more_patients_than_one_that_holds_it(tmp_path: Path) -> None:
    trial = write(tmp_path, EVENTS, rows(("3-4", 9, 5), ("3+", 8, 6), ("1-2", 30, 20), ("all", 29, 25)))
    found = [item for item in adverse_event_bounds.check(trial) if item.verdict == "inconsistent"]
    assert [item.printed for item in found] == [
        "9 of 100; grade 3 or higher 8 of 100",
        "30 of 100; all grades 29 of 100",
    ]


def test_a_row_that_percentages_leave_open_is_left_out_by_name(tmp_path: Path) -> None:
    text = rows(("all", 39, 25)) + "Gut,Diarrhoea,all,c,,100,12,T\nGut,Diarrhoea,all,e,,50,12,T\n"
    (endpoint,) = write(tmp_path, EVENTS, text).of(AdverseEventsEndpoint)
    assert unknown_of(endpoint) == ()  # of 100 and of 50 one number alone is 12%
    large = text.replace("100,12", "100,<1").replace("50,12", "50,<10")
    (endpoint,) = write(tmp_path, EVENTS, large).of(AdverseEventsEndpoint)
    assert unknown_of(endpoint) == ("Diarrhoea",)
    assert [table.terms for table in tables_of(endpoint)] == [("Nausea",)]
    alone = HEAD + large.split("\n", 3)[3]
    (endpoint,) = write(tmp_path, EVENTS, alone).of(AdverseEventsEndpoint)
    with pytest.raises(UndeterminedError, match="no row with known numbers of patients in both arms"):
        tables_of(endpoint)


def test_an_unknown_grade_names_the_row(tmp_path: Path) -> None:
    with pytest.raises(TrialFileError, match="row 2, grade: expected a grade, one of"):
        write(tmp_path, EVENTS, rows(("severe", 9, 5)))
