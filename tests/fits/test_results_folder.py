"""A folder of results costs nobody a file: not one that was received, not one that other things are in."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import xarray as xr

from reappraise.core.errors import OutputError
from reappraise.fits.manifest import MANIFEST, Run, check_name
from reappraise.fits.store import LOCK, PARTIAL, Store

RUN = Run(trial="mini", trial_digest="0" * 64, seed=5, facts={"complete": False})
MINE = b"years of work"


class Toy(NamedTuple):
    """A job that restores to what was stored."""

    name: str = "toy"
    digest: str = "1" * 64

    def restore(self, tree: xr.DataTree) -> float:
        return float(tree["posterior"]["x"].sum())


class Result(NamedTuple):
    """A tree with its job."""

    job: Toy
    tree: xr.DataTree


def posterior() -> Result:
    draws = xr.Dataset({"x": (("chain", "draw"), [[1.0, 2.0], [3.0, 4.0]])})
    tree = xr.DataTree.from_dict({"posterior": draws})
    tree.attrs["creator"] = "reappraise"
    return Result(Toy(), tree)


def filled(folder: Path, run: Run = RUN) -> Path:
    """A folder as a run leaves it."""
    with Store.open(folder) as store:
        store.begin(run)
        store.write("comparison.csv", b"numbers")
        store.write_fit(posterior())
        store.finish({"complete": True})
    return folder


def everything(folder: Path) -> dict[str, bytes]:
    """Content of every plain file, links not followed."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def altered(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Have the manifest say something else."""
    path = folder / MANIFEST
    plain = json.loads(path.read_text(encoding="utf-8"))
    change(plain)
    path.write_text(json.dumps(plain), encoding="utf-8")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the user's own, beside that of the results."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "thesis.csv").write_bytes(MINE)
    return folder


@pytest.mark.parametrize("name", [PARTIAL, "posteriors", "figures"])
def test_a_link_in_place_of_a_folder_is_refused_unfollowed(tmp_path: Path, outside: Path, name: str) -> None:
    folder = filled(tmp_path / "results")
    if (folder / name).exists():
        (folder / name).rename(tmp_path / "moved")
    (folder / name).symlink_to(outside, target_is_directory=True)
    with pytest.raises(OutputError, match=rf"{name}: expected a folder, got a link"), Store.open(folder):
        pass
    assert everything(outside) == {"thesis.csv": MINE}


def test_a_link_that_comes_in_the_midst_of_a_run_is_refused_unfollowed(tmp_path: Path, outside: Path) -> None:
    with Store.open(tmp_path / "results") as store:
        (tmp_path / "results" / "posteriors").symlink_to(outside, target_is_directory=True)
        with pytest.raises(OutputError, match="got a link"):
            store.write_fit(posterior())
        (tmp_path / "results" / PARTIAL).rmdir()
        (tmp_path / "results" / PARTIAL).symlink_to(outside, target_is_directory=True)
        with pytest.raises(OutputError, match="got a link"):
            store.write("comparison.csv", b"numbers")
    assert everything(outside) == {"thesis.csv": MINE}


def test_what_a_user_keeps_in_the_folder_of_half_files_stays(tmp_path: Path, outside: Path) -> None:
    folder = filled(tmp_path / "results")
    (folder / PARTIAL / "own").mkdir(parents=True)
    (folder / PARTIAL / "own" / "thesis.csv").write_bytes(MINE)
    (folder / PARTIAL / "comparison.csv").write_bytes(MINE)
    (folder / PARTIAL / f".reappraise-{'b' * 16}.part").symlink_to(outside / "thesis.csv")
    killed = folder / PARTIAL / f".reappraise-{'a' * 16}.part"
    killed.write_bytes(b"half")
    filled(folder)
    assert not killed.exists()
    assert {path.name for path in (folder / PARTIAL).iterdir()} == {
        "own",
        "comparison.csv",
        f".reappraise-{'b' * 16}.part",
    }
    assert (folder / PARTIAL / "own" / "thesis.csv").read_bytes() == MINE
    assert everything(outside) == {"thesis.csv": MINE}


@pytest.mark.parametrize("name", [PARTIAL, LOCK])
def test_a_folder_of_the_users_own_hidden_things_is_not_taken_for_an_empty_one(tmp_path: Path, name: str) -> None:
    own = tmp_path / name / "thesis.csv" if name == PARTIAL else tmp_path / name
    own.parent.mkdir(exist_ok=True)
    own.write_bytes(MINE)
    with pytest.raises(OutputError, match="did not write"), Store.open(tmp_path):
        pass
    assert everything(tmp_path) == {str(own.relative_to(tmp_path)): MINE}


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / PARTIAL).mkdir()
    (tmp_path / PARTIAL / f".reappraise-{'a' * 16}.part").write_bytes(b"half")
    (tmp_path / LOCK).touch()
    with Store.open(tmp_path) as store:
        store.write("comparison.csv", b"numbers")
    assert {path.name for path in tmp_path.iterdir()} == {LOCK, MANIFEST, "comparison.csv"}


@pytest.mark.parametrize("kind", ["link", "dangling", "content", "folder", "pipe"])
def test_a_lock_that_is_not_ours_is_refused_as_it_is(tmp_path: Path, outside: Path, kind: str) -> None:
    folder = filled(tmp_path / "results")
    lock = folder / LOCK
    lock.unlink()
    match kind:
        case "link":
            lock.symlink_to(outside / "thesis.csv")
        case "dangling":
            lock.symlink_to(outside / "new")
        case "content":
            lock.write_bytes(MINE)
        case "folder":
            lock.mkdir()
        case _:
            os.mkfifo(lock)
    with pytest.raises(OutputError, match=r"\.lock: .*[Mm]ove it away"), Store.open(folder):
        pass
    assert everything(outside) == {"thesis.csv": MINE}
    assert kind != "content" or lock.read_bytes() == MINE


NAMES = (
    "../outside/thesis.csv",
    "/etc/hosts.csv",
    "posteriors/../../outside/thesis.csv",
    "posteriors/../thesis.nc",
    "./thesis.csv",
    "thesis.csv/",
    "deep/folder/thesis.csv",
    "figures/deep/a.png",
    "..\\outside\\thesis.csv",
    "C:\\thesis.csv",
    "c:thesis.csv",
    "a\x00.csv",
    "a\n.csv",
    "\ud800.csv",
    ".csv",
    "..csv",
    "",
    ".",
    "..",
    "thesis.docx",
    ".lock",
    ".partial/a.csv",
    "manifest.json",
    "figures/a.csv",
    "a" * 300 + ".csv",
    "a?.csv",
    "posteriors//a.nc",
)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_received_manifest_names_nothing_outside_the_folder(tmp_path: Path, outside: Path, name: str) -> None:
    folder = filled(tmp_path / "results")
    entry = {"sha256": hashlib.sha256(MINE).hexdigest(), "bytes": len(MINE), "inputs": ""}
    altered(folder, lambda plain: plain["files"].update({name: entry}))
    before = everything(tmp_path)
    refusal = r"manifest\.json: not as reappraise writes it: expected"
    with pytest.raises(OutputError, match=refusal), Store.open(folder) as store:
        store.prune(set())
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", [*NAMES, None, 5, ["a.csv"]], ids=ascii)
def test_names_are_checked_when_written_too(name: object) -> None:
    with pytest.raises(ValueError, match=r"as the name of a file|expected the name"):
        check_name(name)


@pytest.mark.parametrize("name", ["a.csv", "posteriors/orr.all.logit-normal.my own (2).nc", "figures/ü_1.png"])
def test_names_that_runs_write_pass(name: str) -> None:
    assert check_name(name) == name


def test_a_link_to_a_file_outside_is_no_file_of_ours(tmp_path: Path, outside: Path) -> None:
    folder = filled(tmp_path / "results")
    altered(folder, lambda plain: plain["files"]["comparison.csv"].update(sha256=hashlib.sha256(MINE).hexdigest()))
    for prune in (True, False):
        (folder / "comparison.csv").unlink(missing_ok=True)
        (folder / "comparison.csv").symlink_to(outside / "thesis.csv")
        with Store.open(folder) as store:
            if prune:
                store.prune(set())
            else:
                store.write("comparison.csv", b"new numbers")
    assert everything(outside) == {"thesis.csv": MINE}
    assert (folder / "comparison.csv").read_bytes() == b"new numbers"
    assert all((folder / f"comparison.csv.set-aside-{number}").is_symlink() for number in (1, 2))


def test_a_dangling_link_is_not_renamed_over(tmp_path: Path) -> None:
    folder = filled(tmp_path / "results")
    (folder / "comparison.csv.set-aside-1").symlink_to("nowhere")
    (folder / "comparison.csv").write_bytes(MINE)
    filled(folder)
    assert (folder / "comparison.csv.set-aside-1").is_symlink()
    assert (folder / "comparison.csv.set-aside-2").read_bytes() == MINE


NESTED = "[" * 100_000 + "]" * 100_000
PLAIN = '{"format": "reappraise results 1", "files": {}'
ODD = {
    "nested": NESTED,
    "nested in a fact": PLAIN
    + ', "trial": "mini", "trial_digest": "0", "sampling": {"seed": 5}, "x": '
    + "[" * 2_000
    + "]" * 2_000
    + "}",
    "huge": PLAIN + " " * 9_000_000 + "}",
    "not UTF-8": b"\xff\xfe{}",
    "long number": PLAIN + ', "x": ' + "9" * 5_000 + "}",
    "half": PLAIN,
    "empty": "",
    "a list for files": PLAIN.replace("{}", "[]") + "}",
    "a number for a file": PLAIN.replace("{}", '{"a.csv": 5}') + "}",
    "a number for a digest": PLAIN.replace("{}", '{"a.csv": {"sha256": 5, "bytes": 1, "inputs": ""}}') + "}",
    "half a file": PLAIN.replace("{}", '{"a.csv": {"bytes": 1, "inputs": ""}}') + "}",
    "a list for settings": PLAIN + ', "trial": "mini", "trial_digest": "0", "sampling": []}',
    "text for a seed": PLAIN + ', "trial": "mini", "trial_digest": "0", "sampling": {"seed": "5"}}',
    "a truth for a seed": PLAIN + ', "trial": "mini", "trial_digest": "0", "sampling": {"seed": true}}',
    "a seed below zero": PLAIN + ', "trial": "mini", "trial_digest": "0", "sampling": {"seed": -1}}',
    "text for endpoints": PLAIN + ', "trial": "mini", "trial_digest": "0", "sampling": {"seed": 5}, "part": "orr"}',
    "a number for a trial": PLAIN + ', "trial": 5, "trial_digest": "0", "sampling": {"seed": 5}}',
    "no trial": PLAIN + ', "sampling": {"seed": 5}}',
    "another program": "[5]",
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_an_odd_manifest_is_one_message(tmp_path: Path, content: str | bytes) -> None:
    folder = filled(tmp_path / "results")
    (folder / MANIFEST).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = everything(folder)
    remedy = r"results.*Choose a new or empty folder\.$"
    with pytest.raises(OutputError, match=remedy) as caught, Store.open(folder):
        pass
    assert len(str(caught.value)) < 600
    assert everything(folder) == before


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_a_manifest_that_is_no_plain_file_is_one_message(tmp_path: Path, kind: str) -> None:
    folder = filled(tmp_path / "results")
    (folder / MANIFEST).rename(tmp_path / MANIFEST)
    match kind:
        case "link":
            (folder / MANIFEST).symlink_to(tmp_path / MANIFEST)
        case "folder":
            (folder / MANIFEST).mkdir()
        case _:
            os.mkfifo(folder / MANIFEST)
    with pytest.raises(OutputError, match=r"manifest\.json: cannot be read"), Store.open(folder):
        pass


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "unreadable"])
def test_what_stands_in_place_of_a_posterior_is_set_aside(tmp_path: Path, outside: Path, kind: str) -> None:
    folder = filled(tmp_path / "results")
    path = folder / "posteriors" / "toy.nc"
    path.unlink()
    match kind:
        case "folder":
            path.mkdir()
            (path / "thesis.csv").write_bytes(MINE)
        case "pipe":
            os.mkfifo(path)
        case "link":
            path.symlink_to(outside / "thesis.csv")
        case _:
            path.write_bytes(MINE)
            path.chmod(0)
    with Store.open(folder) as store:
        assert store.read_fit(Toy()) is None
        store.write_fit(posterior())
        assert len(store.notes) == 1
        assert store.read_fit(Toy()) == 10
    assert path.with_name("toy.nc.set-aside-1").lstat()
    assert everything(outside) == {"thesis.csv": MINE}


@pytest.mark.parametrize("content", [b"no NetCDF", b"\x89HDF\r\n\x1a\n"])
def test_a_posterior_that_only_the_manifest_vouches_for_is_computed_again(tmp_path: Path, content: bytes) -> None:
    folder = filled(tmp_path / "results")
    (folder / "posteriors" / "toy.nc").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    altered(folder, lambda plain: plain["files"]["posteriors/toy.nc"].update(sha256=digest))
    with Store.open(folder) as store:
        assert store.read_fit(Toy()) is None
        assert "computed again" in store.notes[0]


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (Run(trial="other", trial_digest="1" * 64, seed=5), "trial 'other' with seed 5"),
        (Run(trial="mini", trial_digest="0" * 64, seed=6), "trial 'mini' with seed 6"),
    ],
)
def test_another_trial_or_seed_is_refused_unless_allowed(tmp_path: Path, run: Run, said: str) -> None:
    folder = filled(tmp_path / "results")
    before = everything(folder)
    refusal = rf"holds 2 files of trial 'mini' with seed 5, and this run is of {said}.*--replace"
    with Store.open(folder) as store, pytest.raises(OutputError, match=refusal):
        store.begin(run)
    assert everything(folder) == before
    (folder / "comparison.csv").write_bytes(MINE)
    (folder / "notes.txt").write_bytes(MINE)
    with Store.open(folder, replace=True) as store:
        store.begin(run)
        store.write("audit.csv", b"new")
        store.prune({"audit.csv"})
        assert "set-aside-1" in store.notes[0]
    kept = everything(folder)
    assert kept.pop(MANIFEST)
    assert kept == {LOCK: b"", "audit.csv": b"new", "comparison.csv.set-aside-1": MINE, "notes.txt": MINE}
    with Store.open(folder) as store:
        assert store.recorded_seed(run.trial) == run.seed


def test_some_endpoints_do_not_take_the_place_of_all(tmp_path: Path) -> None:
    folder = filled(tmp_path / "results", replace(RUN, part=("orr",)))
    with Store.open(folder) as store:
        store.begin(replace(RUN, part=("orr", "pfs"), trial_digest="1" * 64))
        store.begin(RUN)
        assert not store.notes
    with Store.open(folder) as store, pytest.raises(OutputError, match="and this run is of trial 'mini', only 'orr', "):
        store.begin(replace(RUN, part=("orr",)))


def test_files_of_no_known_run_are_refused_too(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write("comparison.csv", b"numbers")
        with pytest.raises(OutputError, match="holds 1 file of no known run"):
            store.begin(RUN)


def test_a_trial_file_that_was_corrected_goes_on_with_a_note(tmp_path: Path) -> None:
    folder = filled(tmp_path / "results")
    with Store.open(folder) as store:
        assert store.recorded_seed("mini") == 5
        assert store.recorded_seed("other") is None
        store.begin(RUN)
        assert not store.notes
        store.begin(Run(trial="mini", trial_digest="1" * 64, seed=5))
        assert "the file of trial 'mini' has changed" in store.notes[0]
    assert json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["trial_digest"] == "1" * 64
