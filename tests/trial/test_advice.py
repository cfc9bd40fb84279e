"""What a newcomer writes wrongly is told with what was meant, and every problem with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reappraise.core.errors import TrialFileError
from support.audit_trials import COUNTS, RESPONSE, estimate, write

NUMBER = estimate("odds_ratio", ("2.67", "1.26", "5.64", "0.01"))


def said(folder: Path, text: str) -> str:
    with pytest.raises(TrialFileError) as caught:
        write(folder, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ("odds_ratio", "OR", "did you mean 'odds_ratio'?"),
        ("odds_ratio", "odds ratio", "did you mean 'odds_ratio'?"),
        ("odds_ratio", "relative risk", "did you mean 'risk_ratio'?"),
        ("odds_ratio", "hazzard_ratio", "did you mean 'hazard_ratio'?"),
        ("odds_ratio", "wellbeing", "the usual ones are rate, median, survival"),
        ('value = "2.67"', 'value = "2,67"', "Write the comma as a point: 2.67."),
        (
            'value = "2.67"',
            'value = "2,675"',
            "point: 2.675, or without it if it parts thousands.",
        ),
        ('value = "2.67"', 'value = "2.67%"', 'Leave the sign out, and write unit = "percent" beside it.'),
        ('p = "0.01"', 'p = "NS"', "leave p out"),
        ("low =", "lower =", "Did you mean 'low'?"),
        ('low = "1.26"', 'ci = ["1.26", "5.64"]', "Did you mean 'low' and 'high'?"),
        ('kind = "response"', 'kind = "binary"', "Did you mean 'response'?"),
        ('kind = "response"', 'kind = "Time to event"', "Did you mean 'survival'?"),
        ("total =", "n =", "Did you mean 'total'?"),
        ('label = "Response"', 'name = "Response"', "Did you mean 'label'?"),
    ],
)
def test_what_was_meant_is_named(tmp_path: Path, old: str, new: str, advice: str) -> None:
    text = RESPONSE + COUNTS.format(20, 20) + NUMBER
    assert old in text
    assert advice in said(tmp_path, text.replace(old, new))


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    text = RESPONSE + COUNTS.format(20, 20) + NUMBER + NUMBER.replace("odds_ratio", "risk_ratio")
    text = text.replace("low =", "lower =").replace("high =", "upper =")
    first, *more = said(tmp_path, text).splitlines()
    written = (tmp_path / "small.toml").read_text(encoding="utf-8").splitlines()
    places = [number for number, line in enumerate(written, 1) if line.startswith(("lower", "upper"))]
    assert f"line {places[0]}, " in first
    assert "Did you mean 'low'?" in first
    assert [line.split(",")[0].strip() for line in more] == [f"also line {number}" for number in places[1:]]


def test_a_key_that_stands_for_another_is_not_missing_as_well(tmp_path: Path) -> None:
    message = said(tmp_path, RESPONSE.replace("label =", "name =") + COUNTS.format(20, 20))
    assert "missing" not in message
