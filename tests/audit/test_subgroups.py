"""Checks of a forest plot: each verdict of each check, on the made-up trial altered to earn it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reappraise.audit import (
    Finding,
    audit,
    beyond_counts,
    events_behind_ratio,
    interactions,
    log_symmetry,
    median_direction,
    subgroup_averages,
    subgroup_events,
)
from reappraise.trial import load_trial
from support.data import SUBGROUPS
from support.subgroups import ASIA, ASIA_EVENTS

type Check = Callable[..., Finding]


@pytest.fixture
def found(tmp_path: Path) -> Check:
    """The finding of a check about a factor, first arm first, after changes of the file."""

    def made(check, factor: str, *changes: tuple[str, str], more: int = 0) -> Finding:
        text = SUBGROUPS.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / "altered.toml"
        path.write_text(text, encoding="utf-8")
        return [item for item in check(load_trial(path)) if item.subject.startswith(f"Overall survival: {factor}")][
            more
        ]

    return made


def test_the_trial_as_it_is_has_nothing_inconsistent() -> None:
    findings = audit(load_trial(SUBGROUPS))
    assert not [item for item in findings if item.verdict == "inconsistent"]
    for name, number in ((subgroup_events.NAME, 6), (subgroup_averages.NAME, 3), (interactions.NAME, 3)):
        mine = [item for item in findings if item.check == name]
        assert [item.verdict for item in mine] == ["consistent"] * number
    for name, number in ((log_symmetry.NAME, 8), (events_behind_ratio.NAME, 8)):
        assert sum(item.check == name for item in findings) == number
    # medians of levels are none of the whole, and an interaction has its own check
    assert sum(item.check == median_direction.NAME for item in findings) == 1
    assert not [item for item in findings if item.check == beyond_counts.NAME]


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ((("events = 57, total = 90", "events = 56, total = 90"),), "inconsistent", "leave 1 events but only 0"),
        ((("events = 57, total = 90", "events = 50, total = 80"),), "inconsistent", "10 patients and 7 events over"),
        (
            (("events = 57, total = 90", "events = 67, total = 90"),),
            "inconsistent",
            "The levels hold 67 + 60 = 127 events, more than the 117 of the arm. Nothing is analysed by this factor.",
        ),
        (
            (("events = 57, total = 90", "events = 57, total = 95"),),
            "inconsistent",
            "The levels hold 95 + 70 = 165 patients, more than the 160 of the arm.",
        ),
        (
            (
                ("events = 57, total = 90", "events = 50, total = 80"),
                ('label = "Sex"\n', 'label = "Sex"\nremainder = "Sex unknown"\n'),
            ),
            "cannot judge",
            "events among the other 10 (Sex unknown) are implied",
        ),
        ((('{ arm = "placebo", events = 57, total = 90, source = "Figure 3" },', ""),), "cannot judge", "A number of"),
        ((("events = 117, total = 160", 'percent = "73", total = 160'),), "cannot judge", "A number of events"),
    ],
)
def test_events_of_subgroups(found, changes, verdict, said) -> None:
    item = found(subgroup_events.check, "Sex", *changes)
    assert item.verdict == verdict, item.message
    assert said in item.message
    assert found(subgroup_events.check, "Sex", *changes, more=1).verdict in {"consistent", "cannot judge"}


def test_what_levels_beyond_their_arm_say_is_left_out_by_name(found) -> None:
    change = ("events = 57, total = 90", "events = 67, total = 90")
    assert "placebo: the levels hold 67 + 60 = 127 events" in found(subgroup_averages.check, "Sex", change).message


WHOLE = 'value = "0.71", low = "0.55", high = "0.94"'


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        (((WHOLE, 'value = "0.92", low = "0.70", high = "1.21"'),), "cannot judge", "whether they differ much"),
        (((WHOLE, 'value = "1.30", low = "0.99", high = "1.71"'),), "inconsistent", "do not add up"),
        (((WHOLE, 'value = "0.71", low = "0.47", high = "1.07"'),), "inconsistent", "know more than all patients"),
        (((WHOLE, 'value = "0.71", low = "0.58", high = "0.87"'),), "cannot judge", "know much less"),
        (((ASIA, ASIA_EVENTS),), "cannot judge", "of a level, or that of all patients, is not printed"),
    ],
)
def test_subgroups_and_the_whole(found, changes, verdict, said) -> None:
    item = found(subgroup_averages.check, "Region", *changes)
    assert item.verdict == verdict, (item.message, item.recomputed)
    assert said in item.message


@pytest.mark.parametrize(
    ("p", "verdict"),
    [
        ("0.08", "consistent"),
        ("0.07", "consistent"),
        ("0.12", "consistent"),
        ("0.30", "inconsistent"),
        ("0.005", "inconsistent"),
        (">0.05", "consistent"),
        ("<0.001", "inconsistent"),
        ("<0.05", "cannot judge"),
    ],
)
def test_an_interaction_is_that_of_the_levels(found, p, verdict) -> None:
    item = found(interactions.check, "Region", ('p_interaction = "0.08"', f'p_interaction = "{p}"'))
    assert item.verdict == verdict, (item.message, item.recomputed)
    assert "Cochran's Q 5.19 on 2 degrees of freedom" in item.recomputed


def test_an_interaction_needs_every_level_and_is_asked_for_only_where_printed(found) -> None:
    item = found(interactions.check, "Region", (ASIA, ASIA_EVENTS))
    assert item.verdict == "cannot judge"
    with pytest.raises(IndexError):
        found(interactions.check, "Region", ('p_interaction = "0.08"\n', ""))
