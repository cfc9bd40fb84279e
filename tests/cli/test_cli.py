"""The command line as a person and as a program uses it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reappraise.core.estimate import ESTIMATE_COLUMNS
from reappraise.published.facts import COUNT_COLUMNS
from support.data import MINI

TRIAL = "isatuximab-dexamethasone"


def reappraise(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reappraise", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | environment,
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_facts_print_one_row_per_count() -> None:
    done = reappraise("facts", TRIAL, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    found = rows(done.stdout)
    assert tuple(found[0]) == COUNT_COLUMNS
    primary = [row for row in found if row["endpoint"] == "orr" and row["population"] == "all"]
    assert [(row["events"], row["total"], row["printed_percent"]) for row in primary] == [
        ("26", "109", "23.9"),
        ("24", "55", "43.6"),
    ]
    estimates = rows(reappraise("facts", TRIAL, "--estimates").stdout)
    assert "0.405" in {row["value"] for row in estimates}
    assert {row["p"] for row in estimates} >= {"0.008", "0.0083", "<0.02", "<0.04", "0.19"}


def test_audit_exits_by_its_findings(tmp_path: Path) -> None:
    done = reappraise("audit", TRIAL, "--format", "json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert {item["verdict"] for item in found} == {"consistent", "inconsistent", "cannot judge"}
    assert all(item["source"] for item in found)
    sound = tmp_path / "sound.toml"
    text = MINI.read_text(encoding="utf-8")
    start, end = text.index("estimates = ["), text.index("[[endpoints.factors]]")
    sound.write_text(text[:start] + text[end:], encoding="utf-8")
    assert reappraise("audit", sound).returncode == 0


def test_exact_answers_without_loading_a_sampler() -> None:
    script = (
        "import sys; sys.argv = ['reappraise', 'exact', 'isatuximab-dexamethasone', '--format', 'csv']\n"
        "from reappraise.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pymc', 'pytensor', 'nutpie', 'arviz', 'xarray', 'pandas', 'matplotlib', 'statsmodels'}\n"
        "heavy |= {'scipy.stats', 'scipy.optimize'}\n"
        "import reappraise.terminal\n"
        "print(heavy & set(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == "set()\n"
    found = rows(done.stdout)
    assert tuple(found[0]) == ESTIMATE_COLUMNS
    endpoints = {"orr", "orr-investigator", "clinical-benefit", "vgpr", "paraprotein-halving"}
    assert {row["endpoint"] for row in found} == endpoints
    assert {row["prior"] for row in found} == {"uniform", "jeffreys", "weakly-informative"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("facts", "no-such-trial"), "no such file"),
        (("audit", "."), "expected a file, got a folder"),
        (("exact", os.devnull), "a device"),
        (("compare", "no-such-folder"), "no such file"),
        (("run", TRIAL), "--out"),
        (("run", TRIAL, "--out", os.devnull), "expected a folder"),
        (("run", TRIAL, "--out", "x", "--chains", "one"), "chains"),
        (("facts", TRIAL, "--format", "xml"), "format"),
        (("frobnicate",), "No such command"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(words: tuple[str, ...], said: str) -> None:
    done = reappraise(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_run_with_a_bad_trial_writes_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(MINI.read_text(encoding="utf-8").replace("events = 10", "events = -10"), encoding="utf-8")
    done = reappraise("run", bad, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert str(bad) in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_run_does_what_it_was_asked_beside_inconsistencies_and_says_so_last(tmp_path: Path) -> None:
    """One arm needs no sampler. The run exits 0, the audit of the same file 1."""
    file, folder = tmp_path / "one.toml", tmp_path / "out"
    text = (MINI.parent / "one-arm.toml").read_text(encoding="utf-8")
    sound = "events = 94, total = 128, percent = 73"
    assert sound in text
    file.write_text(text.replace(sound, sound.replace("73", "83")), encoding="utf-8")
    done = reappraise("run", file, "--out", folder)
    assert done.returncode == 0
    last = done.stdout.splitlines()[-1]
    assert "inconsistent" in last
    assert last.endswith(f"reappraise audit {file}")
    assert reappraise("audit", file).returncode == 1
    assert "Exit code 0" in " ".join(reappraise("run", "--help", COLUMNS="120").stdout.split())
    assert "Exit code 0" in " ".join(reappraise("audit", "--help", COLUMNS="120").stdout.split())
    shown = reappraise("compare", folder, COLUMNS="80")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert max(map(len, shown.stdout.split("All priors")[0].splitlines())) <= 80
    assert "Rate, CAR T" in shown.stdout
    assert f"reappraise compare {folder} --endpoint orr" in shown.stdout
    more = reappraise("compare", folder, "--all", COLUMNS="120").stdout
    assert len(more.splitlines()) > len(shown.stdout.splitlines())
    assert "progression-free survival" in more.lower()
    columns = rows(reappraise("compare", folder, "--format", "csv").stdout)
    assert {row["arm"] for row in columns} >= {"cells", "benchmark"}  # keys, for programs


@pytest.mark.sampling
def test_a_failing_fit_makes_the_run_exit_1_unless_allowed(tmp_path: Path) -> None:
    few = ("run", MINI, "--out", tmp_path / "out", "--seed", "5", "--draws", "100", "--tune", "100", "--chains", "2")
    done = reappraise(*few)
    assert done.returncode == 1
    assert "NOT CONVERGED: response." in done.stderr
    assert "\r" not in done.stderr
    assert reappraise(*few, "--allow-unconverged").returncode == 0
    other = reappraise("run", MINI, "--out", tmp_path / "out", "--seed", "6")
    assert (other.returncode, other.stdout) == (2, "")
    assert "of trial 'mini' with seed 5" in other.stderr
    assert "--replace" in other.stderr
    assert "! " in reappraise("compare", tmp_path / "out").stdout


def test_a_closed_pipe_is_no_error() -> None:
    done = subprocess.run(  # noqa: S602
        f"{sys.executable} -m reappraise facts {TRIAL} | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_the_schema_describes_the_shipped_trial() -> None:
    schema = json.loads(reappraise("schema").stdout)
    assert {"arms", "endpoints", "populations"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
