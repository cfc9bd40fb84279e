"""Trial files: what is printed is kept, and bad input is one message with file, key and remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf
from pathlib import Path

import pytest

from reappraise.audit import words
from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError, TrialFileError, UndeterminedError
from reappraise.published.estimates import published_estimates
from reappraise.published.facts import COUNT_COLUMNS, count_facts, estimate_facts
from reappraise.trial import load_trial, shipped_trials
from support.data import MINI

TEXT = MINI.read_text(encoding="utf-8")


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


BAD: dict[str, tuple[Callable[[str], str], str, str]] = {
    "typo in a key": (swap("better =", "beter ="), "endpoints[response].beter", "Did you mean 'better'"),
    "wrong type": (swap("events = 10,", 'events = "10",'), "response].counts[old].events", "expected a whole number"),
    "unknown kind": (swap('kind = "response"', 'kind = "responses"'), "endpoints[response]", "kind 'responses'"),
    "no kind": (swap('kind = "response"', ""), "endpoints[response]", "'kind'"),
    "negative count": (swap("events = 10,", "events = -1,"), "counts[old].events", "greater than or equal to 0"),
    "ratio without direction": (swap('numerator = "old", ', ""), "estimates[0]", "numerator and denominator arm"),
    "ratio of one arm": (swap('numerator = "old"', 'numerator = "new"'), "estimates[0]", "two different arms"),
    "half an interval": (swap("low = 0.131, ", ""), "estimates[0]", "both low and high"),
    "duplicate key": (swap('key = "mini"', 'key = "mini"\nkey = "mini"'), "", "TOML"),
    "missing arm": (
        swap('{ arm = "new", events = 9, total = 20, percent = 45.0, source = "Results" },', ""),
        "endpoints[response].counts",
        "missing new",
    ),
    "numbers of an arm that is not there": (
        swap(
            '[[arms]]\nkey = "old"\nlabel = "Old treatment"\nshort = "Old"\nrole = "control"\nsource = "Methods"\n', ""
        ),
        "populations[treated].sizes",
        "expected one of new, got old",
    ),
    "unknown arm": (swap('numerator = "old"', 'numerator = "odl"'), "estimates[0]", "got odl"),
    "two control arms": (
        swap('role = "experimental"', 'role = "control"'),
        "arms",
        "the others experimental; got 2 control",
    ),
    "levels that do not add up": (swap('remainder = "Stage unknown"\n', ""), "endpoints[response]", "remainder"),
    "missing key": (swap('title = "A small trial"\n', ""), "title", "missing"),
    "no endpoints": (lambda text: text[: text.index("[[endpoints]]")], "endpoints", "missing"),
    "unknown population": (
        swap('population = "treated"', 'population = "all-comers"'),
        "endpoints[response].population",
        "treated",
    ),
    "boolean for a number": (swap("value = 0.407", "value = true"), "value", "printed number"),
    "repeated endpoint": (lambda text: text + text[text.index("[[endpoints]]") :], "endpoints", "each key once"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_file_key_and_reason(name: str, tmp_path: Path) -> None:
    change, key, reason = BAD[name]
    path = tmp_path / "bad.toml"
    path.write_text(change(TEXT), encoding="utf-8")
    with pytest.raises(TrialFileError) as caught:
        load_trial(path)
    assert str(path) in str(caught.value)
    assert key in caught.value.key
    assert reason in str(caught.value)
    first, *more = str(caught.value).splitlines()
    assert key in first
    assert all(re.match(r"  also (line \d+, )?\w", line) for line in more), more


def test_files_that_are_no_text(tmp_path: Path) -> None:
    for content, reason in (
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\xff", "binary"),
        (b"not = [toml", "TOML"),
        (b"#" * 6_000_000, "at most"),
        (b"a=" + b"[" * 100_000, "TOML"),
    ):
        path = tmp_path / "bad.toml"
        path.write_bytes(content)
        with pytest.raises(TrialFileError, match=reason):
            load_trial(path)
    with pytest.raises(TrialFileError, match="folder"):
        load_trial(tmp_path)
    with pytest.raises(TrialFileError, match="no such file"):
        load_trial("no-such-trial")


def test_a_file_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(TrialFileError, match="Permission denied"):
        load_trial(MINI)


@pytest.mark.parametrize(
    ("table", "where", "reason"),
    [
        ("label,arm,events,total\nA,old,3,40\n", "row 1", "source"),
        ("label,arm,events,total,source\nA,odl,3,40,T1\n", "row 2", "odl"),
        ("label,arm,events,total,source\nA,old,3\n", "row 2", "5 cells, got 3"),
        ("label,arm,events,total,source\nA,old,many,40,T1\n", "row 2, events", "whole number"),
    ],
)
def test_bad_tables_name_the_row(table: str, where: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    extra = '[[tables]]\nkind = "counts"\nkey = "t"\nsection = "s"\nlabel = "T"\npopulation = "treated"\n'
    path.write_text(TEXT + extra + 'file = "t.csv"\nsource = "Table 1"\n', encoding="utf-8")
    (tmp_path / "t.csv").write_text(table, encoding="utf-8")
    with pytest.raises(TrialFileError, match=reason) as caught:
        load_trial(path)
    assert caught.value.path.endswith("t.csv")
    assert where in caught.value.key


def test_levels_are_partitions_with_their_remainder() -> None:
    trial = load_trial(MINI)
    stage = trial["response"].partition("stage")
    assert stage.levels == ("early", "late", "unknown")
    assert stage.events == ((6, 6), (3, 2), (1, 1))
    assert stage.totals == ((15, 9), (20, 8), (5, 3))
    exposure = trial["response"].partition("exposure")
    assert not exposure.causal
    assert exposure.comparable == (False, False)
    assert exposure.totals == ((0, 10), (0, 10))
    with pytest.raises(AnalysisError, match="no factor 'sex'"):
        trial["response"].partition("sex")
    with pytest.raises(AnalysisError, match="no endpoint 'os'"):
        trial["os"]


def test_a_count_is_inferred_only_if_one_fits(tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(TEXT.replace("events = 10, total = 40", "total = 40"), encoding="utf-8")
    assert load_trial(path)["response"].partition().events == ((10, 9),)
    path.write_text(
        TEXT.replace("events = 10, total = 40, percent = 25.0", "total = 40, percent = 30"), encoding="utf-8"
    )
    assert load_trial(path)["response"].published.counts[0].known_events == 12  # type: ignore[union-attr]
    text = TEXT.replace("sizes = { old = 40", "sizes = { old = 400")
    path.write_text(
        text.replace("events = 10, total = 40, percent = 25.0", "total = 400, percent = 30"), encoding="utf-8"
    )
    loaded = load_trial(path)["response"]
    with pytest.raises(UndeterminedError, match="fits 5 whole numbers of patients 118 to 122"):
        loaded.partition()
    assert loaded.partitions() == ()
    assert str(loaded.refused["all"]).endswith("so the count is not known; add events")


@pytest.mark.parametrize(
    ("old", "new", "factor", "said"),
    [
        ("events = 10,", "events = 41,", "all", "response, old: 41 patients of 40 are more than all"),
        ("percent = 25.0", "percent = 125.0", "all", "125.0% is not between 0% and 100%"),
        ("events = 6, total = 15", "events = 11, total = 15", "stage", "levels that leave"),
    ],
)
def test_what_no_patients_could_give_is_loaded_and_not_analysed(
    tmp_path: Path, old: str, new: str, factor: str, said: str
) -> None:
    assert old in TEXT
    path = tmp_path / "trial.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    endpoint = load_trial(path)["response"]
    with pytest.raises(AnalysisError, match=said):
        endpoint.partition(factor)
    assert said in str(endpoint.refused[factor])
    assert (endpoint.partitions() == ()) == (factor == "all")
    assert factor not in endpoint.factors


@pytest.mark.parametrize(
    ("written", "bounds", "shown"),
    [
        ("9e-07", (8.5e-07, 9.5e-07), "9e-07"),
        ("1_0.0_1e-6", (10.005e-6, 10.015e-6), "10.01e-6"),
        ('"9e-07"', (8.5e-07, 9.5e-07), "9e-07"),
        ('"P = 3 x 10^-7"', (2.5e-07, 3.5e-07), "3 x 10^-7"),
        ('"3 \u00d7 10\u22127"', (2.5e-07, 3.5e-07), "3 \u00d7 10\u22127"),
        ('"<1e-4"', (-inf, 1e-4), "<1e-4"),
        ('"P<.001"', (-inf, 0.001), "<.001"),
    ],
)
def test_small_p_values_are_read_and_shown_as_printed(
    written: str, bounds: tuple[float, float], shown: str, tmp_path: Path
) -> None:
    assert TEXT.count("p = 0.10,") == 1
    path = tmp_path / "mini.toml"
    path.write_text(TEXT.replace("p = 0.10,", f"p = {written},"), encoding="utf-8")
    trial = load_trial(path)
    (published,) = trial["response"].published.estimates
    assert published.p.bounds == bounds
    (row,) = (row for row in estimate_facts(trial) if row["p"])
    assert row["p"] == shown
    estimate = next(item for item in published_estimates(trial["response"]) if item.p_value is not None)
    (tmp_path / "comparison.csv").write_text(Comparison((estimate,)).to_csv(), encoding="utf-8")
    assert Comparison.from_csv(tmp_path / "comparison.csv").estimates[0].p_value == float(published.p)
    assert f"p {'=' if shown[0] != '<' else '<'} {shown.lstrip('<')}" in words.estimate(published)


def test_every_shipped_trial_loads_and_every_fact_says_where_it_stands() -> None:
    for key in shipped_trials():
        trial = load_trial(key)
        assert trial.key == key
        for row in count_facts(trial):
            assert tuple(row) == COUNT_COLUMNS
            assert row["source"]
            assert int(row["events"]) <= int(row["total"])
        assert all(row["source"] for row in estimate_facts(trial))


def test_the_digest_changes_with_the_tables_too(tmp_path: Path) -> None:
    folder = Path(load_trial("isatuximab-dexamethasone").path).parent
    for path in folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    copied = tmp_path / "isatuximab-dexamethasone.toml"
    before = load_trial(copied).digest
    assert before == load_trial("isatuximab-dexamethasone").digest
    table = next(tmp_path.glob("*baseline.csv"))
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert load_trial(copied).digest != before
