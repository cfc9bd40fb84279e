"""Trial files that mean harm, or are broken in odd ways: one message, soon, and nothing read beside their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from reappraise.core.errors import TrialFileError
from reappraise.trial import load_trial
from support.audit_trials import COUNTS, HEAD, RESPONSE, SURVIVAL, estimate


def refused(folder: Path, text: str) -> str:
    path = folder / "trial" / "small.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TrialFileError) as caught:
        load_trial(path)
    return str(caught.value)


@pytest.mark.parametrize("name", ["/etc/hostname", "../patients.csv", "below/../../patients.csv", "a\\u0000b.csv"])
def test_only_files_in_its_folder_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "patients.csv").write_text("secret\n", encoding="utf-8")
    said = refused(tmp_path, HEAD + SURVIVAL + f'individual_data = "{name}"\n')
    assert "expected a file in the folder of the trial file" in said
    assert "secret" not in said


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("secret\n", encoding="utf-8")
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "patients.csv").symlink_to(tmp_path / "patients.csv")
    said = refused(tmp_path, HEAD + SURVIVAL + 'individual_data = "patients.csv"\n')
    assert "expected a file in the folder of the trial file" in said


@pytest.mark.parametrize("level", ["1e-18", "0.4", "0.9999999999999999999", "1"])
def test_a_level_that_no_interval_is_printed_with_is_refused_with_its_key(tmp_path: Path, level: str) -> None:
    number = estimate("odds_ratio", ("2.67", "1.26", "5.64", None), more=f"level = {level}")
    said = refused(tmp_path, HEAD + RESPONSE + COUNTS.format(20, 20) + number)
    assert "endpoints[response].estimates[0].level" in said


def test_a_thousand_tables_within_each_other_are_one_message(tmp_path: Path) -> None:
    assert len(refused(tmp_path, HEAD + f"[{'.'.join(['a'] * 3000)}]\n")) < 500


def test_thousands_of_unknown_keys_are_one_message(tmp_path: Path) -> None:
    said = refused(tmp_path, "".join(f"unknown_{place} = 1\n" for place in range(2000)) + HEAD)
    assert "and 1995 more problems" in said
    assert len(said.splitlines()) < 10
