"""What is good for the patient cannot be misread: words that could be are refused or told."""

from __future__ import annotations

from pathlib import Path

import pytest

from reappraise.audit import audit
from reappraise.core.errors import TrialFileError
from reappraise.published.better import good_events, good_times
from reappraise.trial import load_trial
from reappraise.trial.schema import trial_schema

HEAD = """schema_version = 1
key = "typed"
title = "A trial as typed"
citation = "Made for the tests"
[[arms]]
key = "old"
label = "Old"
short = "Old"
role = "control"
source = "Methods"
[[arms]]
key = "new"
label = "New"
short = "New"
role = "experimental"
source = "Methods"
[[populations]]
key = "itt"
label = "Randomised"
sizes = { old = 100, new = 100 }
source = "Methods"
"""
RATIO = """[[endpoints.estimates]]
quantity = "QUANTITY"
numerator = "new"
denominator = "old"
value = 0.70
low = 0.50
high = 0.98
source = "Results"
"""
COUNTS = """counts = [
  { arm = "old", events = 40, total = 100, source = "Results" },
  { arm = "new", events = 30, total = 100, source = "Results" },
]
"""


def typed(folder: Path, kind: str, label: str, better: str, quantity: str = "hazard_ratio") -> Path:
    body = {
        "survival": f'unit = "days"\n{COUNTS}{RATIO}',
        "effect": RATIO,
        "response": COUNTS,
    }[kind].replace("QUANTITY", quantity)
    path = folder / "trial.toml"
    path.write_text(
        f'{HEAD}[[endpoints]]\nkind = "{kind}"\nkey = "e"\nlabel = "{label}"\npopulation = "itt"\n'
        f'better = "{better}"\nsource = "Results"\n{body}',
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("kind", "label", "better", "meant"),
    [
        ("survival", "Death", "longer", "higher"),
        ("survival", "Overall survival", "higher", "higher"),
        ("survival", "Time to recovery", "shorter", "lower"),
        ("survival", "Time to recovery", "lower", "lower"),
        ("survival", "Time to whatever", "lower", "lower"),
        ("effect", "Death", "fewer", "lower"),
        ("effect", "Death", "lower", "lower"),
        ("effect", "Recovery", "more", "higher"),
        ("effect", "Recovery", "higher", "higher"),
        ("response", "Death", "fewer", "lower"),
        ("response", "Response", "more", "higher"),
    ],
)
def test_each_word_has_one_meaning(tmp_path: Path, kind: str, label: str, better: str, meant: str) -> None:
    trial = load_trial(typed(tmp_path, kind, label, better))
    assert trial["e"].published.better == meant
    assert not [finding for finding in audit(trial) if finding.check == "what is better"]


@pytest.mark.parametrize(
    ("kind", "label", "better", "expected"),
    [
        ("survival", "Death from any cause", "lower", 'expected "longer"'),
        ("survival", "Progression-free survival", "lower", 'expected "longer"'),
        ("survival", "Time to recovery", "higher", 'expected "shorter"'),
        ("effect", "Death", "higher", 'expected "fewer"'),
        ("effect", "Whatever", "higher", 'expected "fewer"'),
        ("effect", "Recovery", "lower", 'or "more"'),
    ],
)
def test_a_word_that_the_label_contradicts_is_refused_with_the_words_to_write(
    tmp_path: Path, kind: str, label: str, better: str, expected: str
) -> None:
    with pytest.raises(TrialFileError, match="endpoints") as caught:
        load_trial(typed(tmp_path, kind, label, better))
    assert expected in str(caught.value)
    assert f'better = "{better}"' in str(caught.value)


def test_beside_a_ratio_that_is_none_of_hazards_higher_is_plain(tmp_path: Path) -> None:
    assert load_trial(typed(tmp_path, "effect", "Whatever", "higher", "risk_ratio"))["e"].published.better == "higher"


@pytest.mark.parametrize(
    ("kind", "label", "better", "instead"),
    [
        ("survival", "Death", "shorter", "longer"),
        ("survival", "Time to recovery", "longer", "shorter"),
        ("effect", "Death", "more", "fewer"),
        ("response", "Death by day 60", "higher", "fewer"),
        ("response", "Recovery", "lower", "more"),
    ],
)
def test_plain_words_against_the_label_are_a_finding(
    tmp_path: Path, kind: str, label: str, better: str, instead: str
) -> None:
    (found,) = (one for one in audit(load_trial(typed(tmp_path, kind, label, better))) if one.check == "what is better")
    assert found.verdict == "cannot judge"
    assert f'write better = "{instead}"' in found.message


@pytest.mark.parametrize("label", ["Success", "Infection-free survival", "No relapse", "Pain score"])
def test_words_that_are_not_plain_say_nothing(label: str) -> None:
    assert good_events(label) is None
    assert good_times(label) in {None, "higher"}


def test_the_schema_lists_the_words() -> None:
    parts = trial_schema().model_json_schema()["$defs"]
    assert parts["BetterTime"]["enum"] == ["longer", "shorter", "higher", "lower"]
    assert parts["BetterEvent"]["enum"] == ["more", "fewer", "higher", "lower"]


@pytest.mark.parametrize(
    ("label", "better", "quantities"),
    [
        ("Dying", "fewer", ("restricted_mean_difference",)),
        ("Primary outcome", "lower", ("hazard_ratio", "restricted_mean_difference")),
        ("Primary outcome", "higher", ("risk_ratio", "median_ratio")),
        ("Overall survival", "lower", ("median_ratio",)),
    ],
)
def test_contrasts_of_times_do_not_stand_beside_words_or_ratios_of_events(
    tmp_path: Path, label: str, better: str, quantities: tuple[str, ...]
) -> None:
    path = typed(tmp_path, "effect", label, better, quantities[0])
    text = path.read_text(encoding="utf-8")
    head, one = text.split("[[endpoints.estimates]]")
    more = [one.replace(quantities[0], other) for other in quantities]
    path.write_text("[[endpoints.estimates]]".join((head, *more)), encoding="utf-8")
    with pytest.raises(TrialFileError, match="which grows with the time to the event"):
        load_trial(path)
