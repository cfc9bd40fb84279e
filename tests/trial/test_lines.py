"""Where a problem stands: the line of its key, and which records have a key that this one has not."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest

from reappraise.core.errors import TrialFileError
from reappraise.trial import load_trial, shipped_trials
from reappraise.trial.lines import _Scanner, line_of, path_of, too_deep
from support.audit_trials import COUNTS, HEAD, RESPONSE, SURVIVAL, estimate

TEXT = '''# a comment with key = 1
title = "a # [no] {comment} = \\" still" # and one
a."b c".d = [1, 2,
  3]
long = """
key = 1
[[no]]
"""
raw = \'\'\'
x = "\'\'\'
[one]
x = { y = { z = 1 }, w = [ { v = 1 }, { v = 2 } ] }
[[many]]
n = 1979-05-27 07:32:00
[[many.inner]]
k = [
  { a = 1 },  # here
  { a = 2, b = "}" },
]
[[many]]
[[many.inner]]
k = []
[many.other]
q = 1
'''

PLACES = {
    ("title",): 2,
    ("a", "b c", "d"): 3,
    ("a", "b c", "d", 2): 4,
    ("long",): 5,
    ("raw",): 9,
    ("one",): 11,
    ("one", "x", "y", "z"): 12,
    ("one", "x", "w", 1, "v"): 12,
    ("many", 0): 13,
    ("many", 0, "n"): 14,
    ("many", 0, "inner", 0): 15,
    ("many", 0, "inner", 0, "k", 1, "b"): 18,
    ("many", 1): 20,
    ("many", 1, "inner", 0, "k"): 22,
    ("many", 1, "other", "q"): 24,
    ("many", 1, "other", "missing"): 23,
    ("many",): 13,
    ("nowhere",): None,
    (): None,
}


@pytest.mark.parametrize("path", PLACES)
def test_every_key_is_found_on_its_line(path: tuple[str | int, ...]) -> None:
    tomllib.loads(TEXT)
    assert line_of(TEXT, path) == PLACES[path]


@pytest.mark.parametrize("key", shipped_trials())
def test_the_scanner_sees_what_toml_sees(key: str) -> None:
    content = load_trial(key).path.read_text(encoding="utf-8")

    def below(current: object, path: tuple[str | int, ...]) -> set[tuple[str | int, ...]]:
        steps = (
            current.items() if isinstance(current, dict) else enumerate(current) if isinstance(current, list) else ()
        )
        return {path}.union(*(below(inner, (*path, step)) for step, inner in steps)) - {()}

    raw = tomllib.loads(content)
    found = {path for path, _ in _Scanner(content).places()}
    # a list of headed records has no line of its own
    headed = {path for path in below(raw, ()) if isinstance(_at(raw, path), list)}
    assert found - headed == below(raw, ()) - headed


def _at(raw: object, path: tuple[str | int, ...]) -> object:
    for step in path:
        raw = raw[step]  # type: ignore[index]
    return raw


def test_dotted_keys_are_found_by_key_number_and_arm() -> None:
    raw = {"endpoints": [{"key": "pfs"}, {"key": "os", "counts": [{"arm": "old"}, {"arm": "new", "events": 3}]}]}
    assert path_of("endpoints[os].counts[1].events", raw) == ("endpoints", 1, "counts", 1, "events")
    assert path_of("endpoints[os].counts[new].events", raw) == ("endpoints", 1, "counts", 1, "events")
    assert path_of("endpoints[os].label", raw) == ("endpoints", 1)
    assert path_of("endpoints[none].label", raw) == ("endpoints",)
    assert path_of("arms", raw) == ()


def refused(folder: Path, text: str) -> TrialFileError:
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TrialFileError) as caught:
        load_trial(path)
    return caught.value


def test_errors_name_the_line(tmp_path: Path) -> None:
    text = HEAD + RESPONSE + COUNTS.format(20, 20)
    line = text[: text.index("beter" if "beter" in text else "better")].count("\n") + 1
    error = refused(tmp_path, text.replace("better =", "beter ="))
    assert (error.line, error.key) == (line, "endpoints[response].beter")
    assert f"small.toml: line {line}, endpoints[response].beter: unknown key. Did you mean 'better'?" in str(error)
    ratio = estimate("odds_ratio", ("2.67", "1.26", "5.64", None)).replace('"e"', '"nobody"')
    error = refused(tmp_path, text + ratio)
    assert error.line == (text + ratio)[: (text + ratio).rindex("[[endpoints.estimates]]")].count("\n") + 1
    error = refused(tmp_path, text.replace('population = "treated"', 'population = "all-comers"'))
    assert text.split("\n")[(error.line or 0) - 1] == 'population = "treated"'


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("levels", "'levels' exists for factors"),
        ("curves", "'curves' exists for records with kind = \"survival\". Move it there, or remove it."),
        ("assesor", "Did you mean 'assessor'?"),
        ("never_exceed", "Did you mean 'never_exceeds'? 'never_exceeds' exists for records with kind = \"survival\"."),
        ("xyzzy", "Remove it, or look the keys up: reappraise schema."),
        ("schema_version", "'schema_version' exists for the file as a whole."),
    ],
)
def test_a_key_of_other_records_is_told_with_the_records_that_have_it(tmp_path: Path, key: str, said: str) -> None:
    error = refused(tmp_path, HEAD + RESPONSE + f"{key} = 1\n" + COUNTS.format(20, 20))
    assert error.key == f"endpoints[response].{key}"
    assert error.problem == "unknown key."
    assert error.remedy.startswith(said)


def test_a_key_is_never_said_to_be_meant_for_itself(tmp_path: Path) -> None:
    error = refused(tmp_path, HEAD + SURVIVAL + "grades = []\n")
    assert "mean 'grades'" not in str(error)


@pytest.mark.parametrize(
    "text", ["a." * 20_000 + "a = 1\n", "[" + "a . " * 3_000 + "a]\n", 'x = { "q".' + "b." * 5000 + "b = 1 }\n"]
)
def test_keys_of_thousands_of_parts_are_refused_at_once(tmp_path: Path, text: str) -> None:
    start = time.perf_counter()
    error = refused(tmp_path, HEAD + text)
    assert time.perf_counter() - start < 2
    assert error.line == HEAD.count("\n") + 1
    assert "100 joined by dots" in str(error)


@pytest.mark.parametrize("text", ["a" * 1_000_000, '"' * 300_000, "a." * 90 + " " * 1_000_000, "'a\" " * 100_000])
def test_looking_for_them_takes_no_time(text: str) -> None:
    start = time.perf_counter()
    assert too_deep(text) is None
    assert time.perf_counter() - start < 2
