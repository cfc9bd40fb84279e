"""Results on disk: whole files or none, nothing foreign touched, nothing damaged trusted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xarray as xr

from reappraise.core.errors import OutputError
from reappraise.core.prior import prior_named
from reappraise.fits.manifest import MANIFEST
from reappraise.fits.netcdf import read_tree, write_tree
from reappraise.fits.sampling import Sampling
from reappraise.fits.store import Store, posterior_name
from reappraise.response.fit import ResponseFit, ResponseJob
from reappraise.response.models import Independent
from support.tables import whole

PARTITION = whole()


def job(seed: int = 1) -> ResponseJob:
    sampling = Sampling(seed=seed, draws=200, tune=200)
    return ResponseJob(table=PARTITION, model=Independent(), prior=prior_named("uniform"), sampling=sampling, width=4)


@pytest.fixture(scope="module")
def fit() -> ResponseFit:
    return job().run()


@pytest.mark.sampling
def test_a_written_fit_is_read_back_whole(fit: ResponseFit, tmp_path: Path) -> None:
    with Store.open(tmp_path / "out") as store:
        store.write_fit(fit)
    with Store.open(tmp_path / "out") as store:
        found = store.read_fit(job())
        assert found is not None
        assert found.estimates == fit.estimates
        assert found.diagnosis == fit.diagnosis
        assert store.read_fit(job(seed=2)) is None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".lock", MANIFEST, "posteriors"]


@pytest.mark.sampling
def test_plain_xarray_opens_a_posterior_and_knows_what_it_is(fit: ResponseFit, tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write_fit(fit)
    tree = xr.open_datatree(tmp_path / posterior_name(fit.job))
    groups = {
        "prior",
        "prior_predictive",
        "posterior",
        "posterior_predictive",
        "log_likelihood",
        "log_prior",
        "sample_stats",
        "observed_data",
        "constant_data",
    }
    assert groups == set(tree.children)
    assert {"rate", "risk_difference", "risk_ratio", "odds_ratio"} <= set(tree["posterior"].data_vars)
    assert tree["posterior"]["odds_ratio"].dims == ("chain", "draw", "level")
    assert list(tree["posterior"]["arm"].values) == ["old", "new"]
    for name in (
        "endpoint",
        "model",
        "prior",
        "seed",
        "versions",
        "thresholds",
        "verdict",
        "trial_digest",
        "created_at",
        "inference_library",
        "inference_library_version",
    ):
        assert name in tree.attrs
    assert tree.attrs["direction"] == "contrasts are new over (or minus) old"
    tree.close()


@pytest.mark.sampling
@pytest.mark.parametrize("damage", ["flip", "cut", "replace", "empty"])
def test_a_damaged_posterior_is_set_aside_and_never_trusted(fit: ResponseFit, tmp_path: Path, damage: str) -> None:
    with Store.open(tmp_path) as store:
        store.write_fit(fit)
    path = tmp_path / posterior_name(fit.job)
    content = bytearray(path.read_bytes())
    match damage:
        case "flip":
            content[len(content) // 2] ^= 0xFF
        case "cut":
            content = content[: len(content) // 3]
        case "replace":
            content = bytearray(b"my own notes")
        case _:
            content = bytearray()
    path.write_bytes(content)
    with Store.open(tmp_path) as store:
        assert store.read_fit(job()) is None
        store.write_fit(fit)
        assert len(store.notes) == 1
        assert "set-aside-1" in store.notes[0]
    assert path.with_name(path.name + ".set-aside-1").read_bytes() == bytes(content)
    with Store.open(tmp_path) as store:
        assert store.read_fit(job()) is not None


def test_a_foreign_folder_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError, match=r"did not write \(thesis.docx\)"), Store.open(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]
    (tmp_path / MANIFEST).write_text('{"other": "program"}', encoding="utf-8")
    with pytest.raises(OutputError, match="did not write"), Store.open(tmp_path):
        pass
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be read"), Store.open(tmp_path):
        pass
    with pytest.raises(OutputError, match="expected a folder"), Store.open(tmp_path / "thesis.docx"):
        pass


def test_a_users_file_in_our_folder_is_kept(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.write("comparison.csv", b"ours\n")
    (tmp_path / "comparison.csv").write_text("edited by hand\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with Store.open(tmp_path) as store:
        store.write("comparison.csv", b"ours again\n")
        store.prune({"comparison.csv"})
    assert (tmp_path / "comparison.csv").read_bytes() == b"ours again\n"
    assert (tmp_path / "comparison.csv.set-aside-1").read_text(encoding="utf-8") == "edited by hand\n"
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_what_a_new_run_does_not_make_is_removed_only_if_ours(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        for name in ("a.csv", "b.csv", "c.csv"):
            store.write(name, b"ours")
    (tmp_path / "b.csv").write_bytes(b"changed")
    with Store.open(tmp_path) as store:
        store.prune({"c.csv"})
    held = {path.name for path in tmp_path.iterdir()}
    assert held == {".lock", MANIFEST, "c.csv", "b.csv.set-aside-1"}
    assert set(json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))["files"]) == {"c.csv"}


@pytest.mark.sampling
def test_an_interrupted_write_leaves_no_part(fit: ResponseFit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with Store.open(tmp_path) as store:
        store.write("first.csv", b"whole")
        monkeypatch.setattr(xr.DataTree, "to_netcdf", stop)
        with pytest.raises(KeyboardInterrupt):
            store.write_fit(fit)
    assert not (tmp_path / posterior_name(fit.job)).exists()
    assert (tmp_path / "first.csv").read_bytes() == b"whole"
    monkeypatch.undo()
    with Store.open(tmp_path) as store:
        store.write_fit(fit)
    assert read_tree(tmp_path / posterior_name(fit.job)).attrs["creator"] == "reappraise"


def test_two_runs_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with Store.open(tmp_path), pytest.raises(OutputError, match="another run"), Store.open(tmp_path):
        pass


def test_a_foreign_netcdf_file_is_no_posterior(tmp_path: Path) -> None:
    path = tmp_path / "other.nc"
    xr.Dataset({"x": ("n", [1.0, 2.0])}).to_netcdf(path, engine="netcdf4")
    with pytest.raises(OutputError, match="no creator"):
        read_tree(path)
    path.write_bytes(b"CDF?")
    with pytest.raises(OutputError, match="not a whole NetCDF"):
        read_tree(path)
    with pytest.raises(OutputError, match="no such file"):
        read_tree(tmp_path / "missing.nc")
    with pytest.raises(OutputError, match="expected a NetCDF file, got a folder"):
        read_tree(tmp_path)


@pytest.mark.sampling
def test_a_damaged_part_is_found_by_its_checksum(fit: ResponseFit, tmp_path: Path) -> None:
    """Three in four bytes of the file are draws; whichever of them is changed, no number comes back."""
    path = tmp_path / "posterior.nc"
    write_tree(fit.tree, path)
    xr.testing.assert_identical(read_tree(path), fit.tree)
    whole = path.read_bytes()
    # a chunk of draws cannot be compressed much: its longest run without a zero byte lies inside it
    longest = max(whole.split(bytes(1)), key=len)
    place = whole.index(longest) + len(longest) // 2
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    with pytest.raises(OutputError, match="not a whole NetCDF file"):
        read_tree(path)


def test_a_full_disk_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with Store.open(tmp_path) as store:
        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(OutputError, match="No space left"):
            store.write("comparison.csv", b"x")


@pytest.mark.sampling
def test_a_disk_that_fills_under_a_posterior_is_one_message(
    fit: ResponseFit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("NetCDF: HDF error")

    with Store.open(tmp_path) as store:
        monkeypatch.setattr(xr.DataTree, "to_netcdf", full)
        with pytest.raises(OutputError, match="HDF error"):
            store.write_fit(fit)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "posteriors"]
