"""Patients from CSV: what is written is what is read, and bad input is one message with row, column and remedy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reappraise.core.errors import TrialFileError
from reappraise.published.patient_format import PatientFormat
from reappraise.published.patients import PatientData
from reappraise.trial import patients as patients_file
from reappraise.trial.patients import read_patients

GOOD = "time,event,arm,subgroup\n3.5,1,old,young\n4,0,new,old age\n0.25,TRUE,new,young\n12,false,old,old age\n"


def read(path: Path, form: PatientFormat | None = None) -> PatientData:
    return read_patients(path, endpoint="os", arms=("old", "new"), unit="months", form=form)


@pytest.fixture
def file(tmp_path: Path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "patients.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def same(one: PatientData, other: PatientData) -> bool:
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("time", "event", "arm"))
    return arrays and one.subgroup == other.subgroup


def test_a_good_file_is_read_as_written(file):
    data = read(file(GOOD))
    assert (data.endpoint, data.arms, data.unit, data.origin) == ("os", ("old", "new"), "months", "individual data")
    assert data.time.tolist() == [[[3.5, 4.0, 0.25, 12.0]]]
    assert data.event.tolist() == [[[True, False, True, False]]]
    assert data.arm.tolist() == [0, 1, 1, 0]
    assert data.subgroup == ("young", "old age", "young", "old age")


def test_without_a_subgroup_column_there_are_no_subgroups(file):
    assert read(file("arm,event,time\nold,1,2\nnew,0,3\n")).subgroup == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: ("\n\n" + text.replace("\n", "\n\n") + "  \n,,,\n").encode(),
        lambda text: text.replace(",", " , ").encode(),
        lambda text: text.replace("young", '"young"').replace("3.5", "+35e-1").encode(),
    ],
    ids=["byte order mark", "CRLF", "CR", "no last newline", "blank rows", "spaces", "quotes and exponent"],
)
def test_what_programs_do_to_csv_files_changes_nothing(file, change):
    assert same(read(file(change(GOOD))), read(file(GOOD)))


BAD = {
    "missing column": ("time,arm\n1,old\n", "row 1", "without 'event'", 'individual_format = { event = "..." }'),
    "R's ovarian": (
        "futime,fustat,age,rx\n1,0,60,old\n",
        "row 1",
        "without 'time', 'event', 'arm' and with unknown 'futime'",
        'individual_format = { time = "futime", event = "fustat", arm = "rx" }',
    ),
    "CDISC": (
        "AVAL,CNSR,TRT01P\n1,0,old\n",
        "row 1",
        "without",
        'individual_format = { time = "AVAL", event = "CNSR", arm = "TRT01P", events = ["0"] }',
    ),
    "two that may be meant": ("time,event,trt,group\n1,1,old,a\n", "row 1", "without 'arm'", '{ arm = "..." }'),
    "unknown column": ("time,event,arm,sex\n1,1,old,f\n", "row 1", "unknown 'sex'", "leaves other columns aside"),
    "column twice": ("time,event,arm,time\n1,1,old,1\n", "row 1", "more than one 'time'", "Correct the row"),
    "no header": ("1,1,old\n2,0,new\n", "row 1", "without 'time', 'event', 'arm'", "Correct the row"),
    "a cell too few": ("time,event,arm\n1,1\n", "row 2", "3 cells (time, event, arm), got 2", "a cell"),
    "decimal comma": (
        "time,event,arm\n1,5,1,old\n",
        "row 2",
        "3 cells (time, event, arm), got 4",
        "decimals with a point",
    ),
    "quoted decimal comma": ('time,event,arm\n"1,5",1,old\n', "row 2, time", "got '1,5'", "decimal point"),
    "unit in the cell": ("time,event,arm\n1 month,1,old\n", "row 2, time", "got '1 month'", "without unit"),
    "event without a time": ("time,event,arm\n1,1,new\n,1,old\n", "row 3, time", "got nothing, of a", "survival look"),
    "NA of an event": ("time,event,arm\n\n\nNaN,TRUE,old\n", "row 4, time", "got 'NaN'", "survival look better"),
    "negative": ("time,event,arm\n-1,1,old\n", "row 2, time", "0 months or later, got '-1'", "from entry on"),
    "infinite": ("time,event,arm\ninf,1,old\n", "row 2, time", "got 'inf'", "missing"),
    "underscores": ("time,event,arm\n1_0,1,old\n", "row 2, time", "got '1_0'", "decimal point"),
    "other digits": ("time,event,arm\n\u0661,1,old\n", "row 2, time", "a number", "decimal point"),
    "rounds to zero": ("time,event,arm\n1e-400,1,old\n", "row 2, time", "got '1e-400'", "its unit"),
    "nothing but 0": ("time,event,arm\n0,1,old\n0,1,new\n", "time", "a time above 0, got none", "follow-up"),
    "decimal comma and point": (
        "time;event;arm\n1.5;1;old\n1,234;1;new\n",
        "row 3, time",
        "'1.5' in row 2",
        "thousands",
    ),
    "thousands": ("time;event;arm\n1.234,5;1;old\n", "row 2, time", "got '1.234,5'", "decimal point"),
    "hardly any": ("time,event,arm\n1e-9,1,old\n", "row 2, time", "from 1e-06 to 1e+06", "its unit"),
    "overflow": ("time,event,arm\n1e400,1,old\n", "row 2, time", "from 1e-06 to 1e+06", "its unit"),
    "huge": ("time,event,arm\n20240131,1,old\n", "row 2, time", "from 1e-06 to 1e+06 months", "its unit"),
    "endless": (f"time,event,arm\n{'9' * 9000},1,old\n", "row 2, time", f"'{'9' * 40}...'", "its unit"),
    "0, 1 and 2": ("time,event,arm\n1,0,old\n1,1,old\n1,2,new\n", "row 4, event", "got '2'", 'events = ["2"]'),
    "2 alone": ("time,event,arm\n1,2,old\n1,2,new\n", "row 2, event", "got '2'", "no other value"),
    "event unknown": ("time,event,arm\n1,NA,old\n", "row 2, event", "got 'NA'", "leave the row out"),
    "event in words": ("time,event,arm\n1,dead,old\n", "row 2, event", "got 'dead'", "Recode"),
    "no event": ("time,event,arm\n1,,old\n", "row 2, event", "got nothing", "Recode"),
    "numbered arms": ("time,event,arm\n1,1,1\n1,1,2\n", "row 2, arm", "got '1'", 'arms = { "1" = "...", "2" = "..." }'),
    "unknown arm": ("time,event,arm\n1,1,odl\n", "row 2, arm", "or 'new' (experimental), got 'odl'", "keys"),
    "no arm": ("time,event,arm\n1,1,\n", "row 2, arm", "got nothing", "keys"),
    "no level": ("time,event,arm,subgroup\n1,1,old,\n", "row 2, subgroup", "got nothing", "unknown"),
    "level NA": ("time,event,arm,subgroup\n1,1,old,NA\n", "row 2, subgroup", "got 'NA'", "unknown"),
    "one arm": ("time,event,arm\n1,1,old\n", "arm", "patients of arm 'new', got 1 of the other", "at least one row"),
    "no patients": ("time,event,arm\n", "arm", "patients of arm 'old', got no patients", "at least one row"),
    "empty": ("", "", "got an empty file", "Fill it in"),
    "blank": (" \n\n", "", "got an empty file", "Fill it in"),
    "commas alone": (",,\n", "", "expected column names", "Fill it in"),
    "open quote": ('time,event,arm\n"1,1,old\n', "row 2", "expected CSV", "Correct the row"),
    "endless cell": (f"time,event,arm\n1,1,{'a' * 200_000}\n", "row 2", "expected CSV", "Correct the row"),
    "Latin-1": ("time,event,arm\n1,1,\u00e4lter\n".encode("latin-1"), "byte 19", "UTF-8", "Save it"),
    "UTF-16": (GOOD.encode("utf-16"), "byte 0", "UTF-8", "Save it"),
    "a spreadsheet": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\xff\xfe", "byte 10", "UTF-8", "Save it as CSV"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_place_reason_and_remedy(file, name):
    content, place, reason, remedy = BAD[name]
    path = file(content)
    with pytest.raises(TrialFileError) as caught:
        read(path)
    error = caught.value
    assert (error.path, error.key) == (str(path), place)
    assert reason in error.problem
    assert remedy in error.remedy
    assert len(str(error)) < len(str(path)) + 400, "a message that fits on a screen"


def test_a_missing_file_a_folder_and_an_impossible_name_are_one_message(tmp_path):
    for path, reason in (
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path, "got a folder"),
        (tmp_path / ("x" * 5000), "cannot be read"),
        (tmp_path / "x\0y", "cannot be read"),
    ):
        with pytest.raises(TrialFileError, match=reason):
            read(path)


def test_a_file_that_is_too_large_is_not_opened(file, monkeypatch):
    monkeypatch.setattr(patients_file, "LARGEST_PATIENTS_FILE", 10)
    with pytest.raises(TrialFileError, match=r"at most 10 bytes, got \d+"):
        read(file(GOOD))


def test_the_arms_are_two():
    with pytest.raises(ValueError, match="two different arms"):
        read_patients("any.csv", endpoint="os", arms=("old", "old"), unit="months")


TWO = [[[3.5, 0.25]]], [[[True, False]]], [0, 1]
EXPORTED: dict[str, str] = {
    "semicolons and decimal commas": "time;event;arm\n3,5;1;old\n0,25;0;new\n",
    "semicolons and decimal points": "time;event;arm\n3.5;1;old\n.25;0;new\n",
    "tabs": "time\tevent\tarm\n3,5\t1\told\n0,25\t0\tnew\n",
    "write.csv": '"","time","event","arm"\n"1",3.5,1,"old"\n"7",0.25,0,"new"\n',
    "write.csv2": '"";"time";"event";"arm"\n"1";3,5;1;"old"\n"2";0,25;0;"new"\n',
    "write.table": '"time","event","arm"\n"1",3.5,1,"old"\n"2",0.25,0,"new"\n',
    "write.table with tabs": "time\tevent\tarm\n1\t3.5\t1\told\n2\t0.25\t0\tnew\n",
    "pandas": "Unnamed: 0,time,event,arm\n0,3.5,1.0,old\n1,0.25,0.0,new\n",
    "SAS": "Obs,TIME,EVENT,ARM\n1,3.5,1,OLD\n2,0.25,0,NEW\n",
    "tidyverse": "...1,time,event,arm\n1,3.5,TRUE,old\n2,0.25,FALSE,new\n",
    "T and F": "time,event,arm\n3.5,T,old\n0.25,F,new\n",
    "yes and no": "time,event,arm\n3.5,Yes,old\n0.25,No,new\n",
    "separators at the end": "time;event;arm;\n3,5;1;old;\n0,25;0;new;\n",
    "separators at the end of rows": "time,event,arm\n3.5,1,old,\n0.25,0,new,\n",
}


@pytest.mark.parametrize("name", EXPORTED)
def test_files_as_programs_export_them_are_read(file, name):
    data = read(file(EXPORTED[name]))
    assert (data.time.tolist(), data.event.tolist(), data.arm.tolist()) == TWO
    assert data.notes == ()


def test_1_and_2_are_end_of_observation_and_event_and_that_is_said(file):
    data = read(file("time,event,arm\n306,2,old\n455,2,old\n1010,1,new\n"))
    assert data.event.tolist() == [[[True, True, False]]]
    assert data.notes == ("event is coded 1 and 2: read as 1, end of observation, and 2, event.",)


def test_who_tells_nothing_is_left_out_and_counted(file):
    data = read(file("time,event,arm\nNA,0,old\n3,1,old\n.,NA,new\n0,0,old\n4,1,new\n,0,new\n"))
    assert data.time.tolist() == [[[3, 4]]]
    assert data.notes == (
        "3 patients without a time left out, who tell nothing: rows 2, 4, 7.",
        "1 patient whose observation ended at time 0 left out, who tells nothing: row 5.",
    )


def test_the_trial_file_says_which_column_is_which(file):
    lung = "inst,time,status,age,sex\n3,306,2,74,1\n3,455,2,68,1\n,1010,1,56,2\n"
    form = PatientFormat(event="status", arm="sex", arms={"1": "old", "2": "new"}, unit="days")
    data = read(file(lung), form)
    assert data.time[0, 0] == pytest.approx(np.array([306, 455, 1010]) / 30.4375)
    assert data.arm.tolist() == [0, 0, 1]
    assert data.notes[1] == "times in days were converted to months: 1 of the latter is 30.4375 days."
    named = PatientFormat(event="CNSR", events=("0",), subgroup="SEX")
    data = read(file("time,CNSR,arm,SEX,AGE\n1,0,old,F,60\n2,1,new,M,70\n"), named)
    assert data.event.tolist() == [[[True, False]]]
    assert data.subgroup == ("F", "M")


@pytest.mark.parametrize(
    ("form", "place", "reason"),
    [
        (
            PatientFormat(time="futime"),
            "row 1",
            "the columns futime, event, arm and, where wanted, subgroup; got without",
        ),
        (PatientFormat(subgroup="sex"), "row 1", "without 'sex'"),
        (PatientFormat(events=("dead",)), "event", "expected dead for an event, and found 0, 1"),
        (PatientFormat(arms={"control": "old"}), "row 2, arm", "got 'old'"),
    ],
)
def test_a_format_that_is_not_the_files_is_refused(file, form, place, reason):
    with pytest.raises(TrialFileError) as caught:
        read(file(GOOD), form)
    assert caught.value.key == place
    assert reason in caught.value.problem


ROWS = st.lists(st.tuples(st.floats(1e-6, 1e6), st.booleans(), st.integers(0, 1)), min_size=2, max_size=20).filter(
    lambda rows: {arm for _, _, arm in rows} == {0, 1}
)


@given(rows=ROWS)
def test_any_data_written_out_are_read_back_to_the_last_bit(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "patients.csv"
    lines = [f"{time!r},{int(event)},{('old', 'new')[arm]}" for time, event, arm in rows]
    path.write_text("\n".join(["time,event,arm", *lines]), encoding="utf-8")
    data = read(path)
    assert list(zip(data.time[0, 0], data.event[0, 0], data.arm, strict=True)) == rows
