"""Calibration itself: ranks, tests of uniformity, resuming, damaged files, lost workers, the command line."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from distributed import LocalCluster
from scipy import stats

from reappraise.calibrate.calibration import Unit, digest, identity
from reappraise.calibrate.figure import calibration_plot
from reappraise.calibrate.folder import Folder
from reappraise.calibrate.rank import rank
from reappraise.calibrate.record import Record
from reappraise.calibrate.spread import Cluster, _check, connect, outcomes
from reappraise.calibrate.study import calibrate, wrong_datasets
from reappraise.calibrate.uniformity import FALSE_ALARM, Uniformity, judge, summarise
from reappraise.core.errors import AnalysisError, OutputError, ReappraiseError
from reappraise.kinds import calibration_of, calibrations
from support.calibration_toy import Toy

# Ranks and their uniformity


def test_the_rank_of_a_truth_counts_the_draws_below_it() -> None:
    rng = np.random.default_rng(1)
    draws = np.arange(9.0).reshape(3, 3)
    assert 0.4 <= rank(draws, 3.5, rng) <= 0.5
    assert 0.0 <= rank(draws, -1.0, rng) <= 0.1
    tied = [rank(np.zeros(9), 0.0, rng) for _ in range(2000)]
    assert stats.kstest(tied, "uniform").pvalue > 1e-4  # ties are broken evenly; fixed seed
    with pytest.raises(ValueError, match="1 draws that are none"):
        rank(np.array([0.0, np.nan]), 0.0, rng)


def test_uniform_ranks_pass_as_often_as_is_said() -> None:
    rng = np.random.default_rng(2)
    found = [Uniformity.of(rng.uniform(size=200)) for _ in range(500)]
    for test in ("histogram", "distance", "spread"):
        below = sum(item.tests[test] < 0.05 for item in found)  # type: ignore[index]
        assert 8 <= below <= 44  # 25 expected; outside once in 10,000
    assert abs(np.mean([item.coverage_90 for item in found]) - 0.9) < 0.004  # 4 standard errors
    assert abs(np.std([item.z_50 for item in found]) - 1) < 0.13


@pytest.mark.parametrize(
    ("ranks", "test"),
    [
        (stats.beta(1.5, 1).rvs(400, random_state=3), "distance"),
        (stats.beta(0.7, 0.7).rvs(400, random_state=3), "spread"),
        (stats.beta(1.6, 1.6).rvs(400, random_state=3), "spread"),
        (np.tile(np.linspace(0.0, 0.05, 20), 20) + np.repeat(np.arange(0, 1, 0.1), 40), "histogram"),
    ],
    ids=["too low", "too narrow", "too wide", "comb"],
)
def test_each_way_to_be_wrong_is_caught_by_its_test(ranks: np.ndarray, test: str) -> None:
    verdict = judge({"a": Uniformity.of(ranks)})
    assert not verdict.uniform
    assert verdict.test == test
    assert verdict.threshold == pytest.approx(FALSE_ALARM / 3)


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        Uniformity.of(np.linspace(0, 1, 19))
    with pytest.raises(ValueError, match="all in 0 to 1"):
        Uniformity.of(np.linspace(0, 1.1, 30))
    with pytest.raises(ValueError, match="same quantities"):
        summarise([{"a": 0.5}] * 20 + [{"b": 0.5}])


# A whole calibration, in this process: Dask has its own test


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Unit]:
    """Data sets are computed in this process; returned is which ones."""
    asked: list[Unit] = []

    def run(client: object, calibration: Toy, units: list[Unit]) -> Iterator[tuple[Unit, object]]:
        for unit in units:
            asked.append(unit)
            yield unit, calibration.run(unit.index, wrong=unit.wrong)

    monkeypatch.setattr("reappraise.calibrate.study.connect", lambda *_, **__: pytest.MonkeyPatch.context())
    monkeypatch.setattr("reappraise.calibrate.study.outcomes", run)
    return asked


def test_a_right_analysis_is_calibrated_and_a_wrong_simulator_caught(here: list[Unit], tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    study = calibrate(Toy(), datasets=300, folder=tmp_path / "new", progress=lambda *words: told.append(words))
    assert study.record.calibrated
    assert len(here) == study.computed == 300 + wrong_datasets(300) == 375
    assert told[-1] == ("wrong simulator", 375, 375)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["toy.json"]
    read = Record.read(tmp_path / "new" / "toy.json")
    assert read == study.record
    assert read.identity["digest"] == digest(Toy().code)
    again = calibrate(Toy(), datasets=300, folder=tmp_path / "new")
    assert (again.found, again.computed, len(here)) == (375, 0, 375)
    figure = calibration_plot(read)
    assert [axes.get_label() for axes in figure.axes] == ["theta", "theta + 1"]


@pytest.mark.parametrize(
    ("toy", "caught"), [(Toy(narrow=0.6), "NOT uniform"), (Toy(shift=0.0), "ranks of 2 quantities uniform")]
)
def test_a_wrong_analysis_and_a_mistake_that_nobody_sees_both_fail(
    here: list[Unit], tmp_path: Path, toy: Toy, caught: str
) -> None:
    record = calibrate(toy, datasets=200, folder=tmp_path).record
    assert not record.calibrated
    assert "NOT CALIBRATED" in record.lines[0]
    assert caught in record.lines[1 if toy.narrow < 1 else 2]


def test_refused_data_sets_are_counted_and_leave_the_rest_calibrated(here: list[Unit], tmp_path: Path) -> None:
    record = calibrate(Toy(refuse=1.0, shift=-2.0), datasets=400, folder=tmp_path).record
    assert record.right.verdict.uniform
    # the mean is Normal(0, 5/4): above 1 in 18.6%
    assert 45 <= record.right.refused["mean too large"] <= 104
    with pytest.raises(AnalysisError, match="got 0 of 20; 20 refused: mean too large"):
        calibrate(Toy(refuse=-99.0), datasets=20, folder=tmp_path / "none")


def interrupted(folder: Path, toy: Toy, units: int) -> Path:
    """What a calibration leaves that ended after so many data sets."""
    files = Folder(folder, "toy")
    with files.unfinished(identity(toy)) as unfinished:
        for index in range(units):
            unfinished.add(Unit(False, index), toy.run(index, wrong=False))
    return files.partial


@pytest.mark.parametrize("torn", [b"", b'{"index": 30, "wro'])
def test_it_goes_on_where_it_was(here: list[Unit], tmp_path: Path, torn: bytes) -> None:
    partial = interrupted(tmp_path / "a", Toy(), 30)
    partial.write_bytes(partial.read_bytes() + torn)
    study = calibrate(Toy(), datasets=50, folder=tmp_path / "a")
    assert (study.found, study.computed, study.dropped) == (30, 80, 0)
    assert Unit(False, 29) not in here
    assert study.record == calibrate(Toy(), datasets=50, folder=tmp_path / "b").record
    assert not partial.exists()


def test_a_smaller_calibration_leaves_a_larger_one_to_go_on(here: list[Unit], tmp_path: Path) -> None:
    partial = interrupted(tmp_path, Toy(), 30)
    calibrate(Toy(), datasets=20, folder=tmp_path)
    assert partial.exists()
    assert calibrate(Toy(), datasets=30, folder=tmp_path).computed == 0
    assert not partial.exists()


def test_data_sets_of_other_settings_are_not_used(here: list[Unit], tmp_path: Path) -> None:
    interrupted(tmp_path, Toy(version=2), 30)
    study = calibrate(Toy(), datasets=20, folder=tmp_path)
    assert (study.found, study.computed, study.dropped) == (0, 40, 30)


def test_code_is_known_by_its_digest(tmp_path: Path) -> None:
    first, second = tmp_path / "a.py", tmp_path / "b.py"
    first.write_text("1")
    second.write_text("2")
    assert digest((first, second)) == digest((second, first))
    before = digest((first, second))
    second.write_text("3")
    assert digest((first, second)) != before


@pytest.mark.parametrize(
    ("line", "damage"),
    [
        (1, "{}"),
        (1, "no json"),
        (3, '{"index": 1, "wrong": false, "ranks": {"theta": 1.5, "theta + 1": 0.5}}'),
        (3, '{"index": 1, "wrong": false, "ranks": {"theta": 0.5}}'),
        (4, '{"index": 2, "wrong": false'),
        (4, "[]"),
    ],
)
def test_a_damaged_file_is_named_and_kept(tmp_path: Path, line: int, damage: str) -> None:
    partial = interrupted(tmp_path, Toy(), 5)
    lines = partial.read_text(encoding="utf-8").splitlines()
    lines[line - 1] = damage
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = partial.read_bytes()
    with pytest.raises(OutputError, match=rf"toy\.partial\.jsonl: line {line} "):
        calibrate(Toy(), datasets=20, folder=tmp_path)
    assert partial.read_bytes() == before


def test_what_is_not_ours_is_never_overwritten(tmp_path: Path) -> None:
    for name, content in (("toy.json", "{}"), ("toy.png", "mine"), ("toy.partial.jsonl", "mine")):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        (folder / name).write_text(content, encoding="utf-8")
        with pytest.raises(OutputError, match=name):
            calibrate(Toy(), datasets=20, folder=folder)
        assert (folder / name).read_text(encoding="utf-8") == content
    with pytest.raises(OutputError, match="expected a folder"):
        calibrate(Toy(), datasets=20, folder=tmp_path / "toy-json" / "toy.json")
    with Folder(tmp_path, "toy").unfinished({}), pytest.raises(OutputError, match="another calibration"):
        calibrate(Toy(), datasets=20, folder=tmp_path)


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder"])
@pytest.mark.parametrize("name", ["toy.json", "toy.png", "toy.partial.jsonl"])
def test_what_is_no_plain_file_is_refused_as_it_is(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "mine").write_text("", encoding="utf-8")
    path = tmp_path / "out" / name
    path.parent.mkdir()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to(tmp_path / ("mine" if kind == "link" else "new"))
    with pytest.raises(OutputError, match=name):
        calibrate(Toy(), datasets=20, folder=path.parent)
    assert [item.name for item in path.parent.iterdir()] == [name]
    assert (tmp_path / "mine").read_bytes() == b""
    assert not (tmp_path / "new").exists()


def test_half_files_of_a_killed_calibration_are_swept_and_no_others(here: list[Unit], tmp_path: Path) -> None:
    (tmp_path / f".toy.json.reappraise-{'a' * 16}.part").write_text("half", encoding="utf-8")
    for name in (".toy.json.partial", f".other.json.reappraise-{'a' * 16}.part"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    calibrate(Toy(), datasets=20, folder=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "toy.json",
        ".toy.json.partial",
        f".other.json.reappraise-{'a' * 16}.part",
    }


# Workers


@pytest.mark.sampling
def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    log, killed = tmp_path / "log", tmp_path / "killed"
    log.mkdir()
    toy = Toy(killed=str(killed), log=str(log))
    study = calibrate(toy, datasets=40, folder=tmp_path, cluster=Cluster(workers=2))
    assert killed.exists()
    assert study.record.right.datasets == 40
    assert (
        study.record.right.quantities["theta"]
        == summarise(
            [Toy().run(index, wrong=False) for index in range(40)]  # type: ignore[misc]
        )["theta"]
    )
    # once in each process: two, and one in place of the killed one if it was there in time
    assert len({path.name.split("-")[1] for path in log.glob("prepared-*")}) == len(list(log.glob("prepared-*")))


def test_a_scheduler_that_is_there_is_used_and_left_running(tmp_path: Path) -> None:
    with LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
        local_directory=str(tmp_path / "dask"),
    ) as cluster:
        address = Cluster(scheduler=cluster.scheduler_address)
        assert calibrate(Toy(), datasets=20, folder=tmp_path, cluster=address).computed == 40
        with connect(address, most=1) as client:
            assert [unit for unit, _ in outcomes(client, Toy(), [Unit(True, 3)])] == [Unit(True, 3)]


def test_a_worker_with_other_code_is_refused() -> None:
    known = identity(Toy())
    assert _check(Toy(), known) == ""
    assert "other code" in _check(Toy(), {**known, "digest": "0"})
    assert "other versions of numpy" in _check(Toy(), {**known, "versions": {**known["versions"], "numpy": "1"}})


def test_bad_clusters_are_refused() -> None:
    with pytest.raises(AnalysisError, match="got both"):
        Cluster(scheduler="tcp://x:1", workers=2)
    with pytest.raises(AnalysisError, match="at least one worker"):
        Cluster(workers=0)


def test_every_calibration_can_be_sent_and_named() -> None:
    names = [calibration.name for calibration in calibrations()]
    assert len(set(names)) == len(names)
    for calibration in calibrations():
        assert pickle.loads(pickle.dumps(calibration)) == calibration  # noqa: S301
        assert calibration_of(calibration.name) is calibration
        assert all(path.is_file() for path in calibration.code)
    with pytest.raises(ReappraiseError, match="one of printed-contrast, means, poisson, independent"):
        calibration_of("nonsense")
