"""CSV files of curves and numbers at risk: read as programs export them, or refused with file, row and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.published.curve_cleaning import cleaned
from reappraise.trial.curves import read_curves, read_numbers_at_risk


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_tables_are_read_as_they_stand(tmp_path: Path) -> None:
    text = "\ufeffarm,time,survival,digitisation_error\r\nnew,0,1,0.01\r\n,,,\r\nold,-0.1,1.002,\r\nnew, 2.5 ,.9,\r\n"
    old, new = read_curves(write(tmp_path / "curves.csv", text), arms=("old", "new"))
    assert (old.arm, new.arm) == ("old", "new")
    assert new.time.tolist() == [0, 2.5]
    assert new.survival.tolist() == [1, 0.9]
    assert (old.digitisation_error, new.digitisation_error) == (0.005, 0.01)
    numbers = write(tmp_path / "numbers.csv", "arm,time,number\nnew,0,40\nold,0,41\nnew,6,0\n")
    assert [table.number.tolist() for table in read_numbers_at_risk(numbers, arms=("old", "new"))] == [[41], [40, 0]]


def test_tables_are_read_as_programs_export_them(tmp_path: Path) -> None:
    text = '"";"arm";"time";"survival";"time_error"\n"1";"old";0;1;\n"2";"new";0;1;0,05\n"3";"new";1,5;0,875;0,05\n'
    old, new = read_curves(write(tmp_path / "curves.csv", text), arms=("old", "new"))
    assert (new.time.tolist(), new.survival.tolist(), new.rows) == ([0, 1.5], [1, 0.875], (3, 4))
    assert (old.time_error, new.time_error, new.within.tolist()) == (None, 0.05, [0.05, 0.05])
    numbers = write(tmp_path / "numbers.csv", "arm\ttime\tnumber\nnew\t0\tNA\nnew\t6\t40.0\nold\t6\t41\n")
    assert [table.time.tolist() for table in read_numbers_at_risk(numbers, arms=("old", "new"))] == [[6], [6]]


def test_a_rise_names_the_rows_of_the_file(tmp_path: Path) -> None:
    text = "arm,time,survival\nold,0,1\nnew,0,1\nnew,5,0.5\n\nnew,6,0.6\n"
    _, new = read_curves(write(tmp_path / "curves.csv", text), arms=("old", "new"))
    with pytest.raises(AnalysisError, match=r"from 0.5 at time 5 \(row 4\) to 0.6 at time 6 \(row 6\)"):
        cleaned(new)
    beyond = write(tmp_path / "beyond.csv", "arm,time,survival\nold,0,1\nnew,0,1.02\nnew,5,0.5\n")
    _, new = read_curves(beyond, arms=("old", "new"))
    with pytest.raises(AnalysisError, match=r"at time 0 \(row 3\).*a digitisation error of 0.02, which would do"):
        cleaned(new)


GOOD = "arm,time,survival\nold,0,1\nnew,0,1\n"
BAD_CURVES: dict[str, tuple[str | bytes, str, str]] = {
    "empty": (" \n", "", "empty file"),
    "not UTF-8": ("arm,time,survival\né".encode("utf-16"), "byte 0", "UTF-8"),
    "no column names": ("old,0,1\nnew,0,1\n", "row 1", "line of column names, or add it"),
    "decimal comma and point": (
        "arm;time;survival\nold;0;1\nnew;1,5;1\nnew;2.5;0,9\n",
        "row 4, time",
        "got '2.5' after '1,5' in row 3",
    ),
    "two errors in time": (
        "arm,time,survival,time_error\nold,0,1,1\nold,1,1,2\n",
        "row 3, time_error",
        "one time error for old, got 2 after 1",
    ),
    "error beyond the axis": ("arm,time,survival,time_error\nold,0,1,\nold,9,1,1\nnew,1,1,\n", "arm old", "to 0.9"),
    "missing column": ("arm,time\nold,1\n", "row 1", "expected columns arm, time, survival"),
    "unknown column": ("arm,time,survival,colour\nold,0,1,red\n", "row 1", "got arm, time, survival, colour"),
    "repeated column": ("arm,time,survival,time\nold,0,1,0\n", "row 1", "each once"),
    "decimal comma": (GOOD + "new,2,0,9\n", "row 4", "write decimals with a point"),
    "unknown arm": (GOOD + "nwe,2,0.9\n", "row 4, arm", "expected old or new, got nwe"),
    "missing arm": ("arm,time,survival\nold,0,1\n", "", "none of new"),
    "no number": (GOOD + "new,2,0.9?\n", "row 4, survival", "got '0.9?'"),
    "digits grouped": (GOOD + "new,1_0,0.9\n", "row 4, time", "got '1_0'"),
    "no value": (GOOD + "new,,0.9\n", "row 4, time", "an empty cell"),
    "not finite": (GOOD + "new,inf,0.9\n", "row 4, time", "expected a number"),
    "percent sign": (GOOD + "new,2,90%\n", "row 4, survival", "no unit"),
    "percent": (GOOD + "new,2,90\n", "row 4, survival", "divide it by 100"),
    "open quotation": (GOOD + 'new,2,"0.9\n', "row 4", "expected CSV"),
    "two errors": (
        "arm,time,survival,digitisation_error\nold,0,1,0.01\nold,1,1,0.02\n",
        "row 3, digitisation_error",
        "got 0.02 after 0.01",
    ),
    "error in percent": ("arm,time,survival,digitisation_error\nold,0,1,1\nnew,1,1,\n", "arm old", "not percent"),
}


@pytest.mark.parametrize("name", BAD_CURVES)
def test_bad_tables_are_refused_with_file_row_and_column(name: str, tmp_path: Path) -> None:
    content, key, reason = BAD_CURVES[name]
    path = write(tmp_path / "bad.csv", content)
    with pytest.raises(TrialFileError) as caught:
        read_curves(path, arms=("old", "new"))
    assert caught.value.key == key
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("row", "key", "reason"),
    [
        ("new,6,12.5", "row 4, number", "whole number"),
        ("new,6,", "row 4, number", "got ''"),
        ("new,6,-1", "row 4, number", "got '-1'"),
        ("new,6,41", "arm new", "never rise"),
        ("new,0,40", "arm new", "rising times"),
    ],
)
def test_bad_numbers_at_risk_are_refused(row: str, key: str, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path / "numbers.csv", f"arm,time,number\nold,0,41\nnew,0,40\n{row}\n")
    with pytest.raises(TrialFileError, match=reason) as caught:
        read_numbers_at_risk(path, arms=("old", "new"))
    assert caught.value.key == key


def test_files_that_are_none(tmp_path: Path) -> None:
    for path, reason in ((tmp_path, "folder"), (tmp_path / "absent.csv", "does not exist"), ("a\0b", "cannot be read")):
        with pytest.raises(TrialFileError, match=reason):
            read_curves(path, arms=("old", "new"))
    with pytest.raises(TrialFileError, match="at most"):
        read_curves(write(tmp_path / "long.csv", b"a" * 5_000_001), arms=("old", "new"))
