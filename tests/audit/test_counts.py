"""Checks of counts: each verdict of each check, on trials made to earn it."""

import pytest

from reappraise.audit import (
    adverse_event_bounds,
    depth_parts,
    factor_parts,
    percentages,
    populations,
    rate_intervals,
    repeated_labels,
    table_parts,
)
from support.audit_trials import COUNTS, RESPONSE, unchecked, write

COLUMNS = "group,label,grade,arm,events,total,percent,source,part_of\n"


def verdicts(check, trial, owner="table"):
    return [(item.verdict, item.message) for item in check(trial) if item.endpoint == owner]


def only(check, trial, owner="table"):
    (found,) = verdicts(check, trial, owner)
    return found


@pytest.mark.parametrize(
    ("events", "total", "percent", "verdict", "said"),
    [
        ("24", "100", "24.0", "consistent", "rounded"),
        ("1", "8", "12.5", "consistent", "rounded"),
        ("1", "8", "12", "consistent", "rounded"),  # both ways of rounding a half are in use
        ("1", "8", "13", "consistent", "rounded"),
        ("24", "100", "25.0", "inconsistent", "25 of 100 or 24.0%, one digit away, would be right"),
        ("2", "3", "66.6", "inconsistent", "cut off"),
        ("12", "50", "23.5", "inconsistent", "it is 23.5% of 51"),
        ("", "50", "24.0", "consistent", "Only 12 of 50"),
        ("", "50", "24.5", "inconsistent", "No whole number of 50"),
        ("3", "50", "<10", "consistent", "rounded"),
        ("6", "50", "<10", "inconsistent", "is not <10%"),
    ],
)
def test_percentages(tmp_path, events, total, percent, verdict, said):
    trial = write(tmp_path, "", COLUMNS + f",Row,,c,{events},{total},{percent},Table 1,\n")
    found, message = only(percentages.check, trial)
    assert found == verdict
    assert said in message


def test_a_percentage_that_several_numbers_of_patients_give(tmp_path):
    trial = write(tmp_path, "", COLUMNS + ",Row,,all,,150,23,Table 1,\n")
    found, message = only(percentages.check, trial)
    assert found == "cannot judge"
    assert "2 numbers fit" in message


@pytest.mark.parametrize(
    ("population", "totals", "verdict"),
    [
        ("treated", (100, 50), "consistent"),
        ("randomised", (100, 50), "inconsistent"),
        ("randomised", (102, 51), "consistent"),
        ("treated", (97, 50), "cannot judge"),
    ],
)
def test_populations(tmp_path, population, totals, verdict):
    rows = f",Row,,c,5,{totals[0]},,Table 1,\n,Row,,e,5,{totals[1]},,Table 1,\n,Few,,e,5,20,,Table 1,\n"
    trial = write(tmp_path, "", COLUMNS + rows, population)
    assert only(populations.check, trial)[0] == verdict
    assert only(populations.check, trial, "response")[0] == "consistent"


def factor(levels, more=""):
    text = (
        RESPONSE + COUNTS.format(20, 20) + f'[[endpoints.factors]]\nkey = "f"\nlabel = "Factor"\nsource = "S"\n{more}\n'
    )
    for key, label, events, total, printed in levels:
        text += f'[[endpoints.factors.levels]]\nkey = "{key}"\nlabel = "{label}"\n[[endpoints.factors.levels.counts]]\n'
        text += f'arm = "e"\nevents = {events}\ntotal = {total}\nsource = "S"\nprinted_label = "{printed}"\n'
    return text


@pytest.mark.parametrize(
    ("second", "more", "verdict"),
    [
        ((5, 20), "", "consistent"),
        ((5, 19), 'remainder = "Unknown"', "cannot judge"),
        ((6, 20), "", "inconsistent"),
        ((5, 21), "", "inconsistent"),
    ],
)
def test_parts_of_a_factor(second, more, verdict):
    trial = unchecked(factor([("a", "A", 15, 30, ""), ("b", "B", *second, "")], more))
    assert only(factor_parts.check, trial, "response")[0] == verdict


@pytest.mark.parametrize(
    ("labels", "verdict"),
    [
        ((("V/V", ""), ("F/F", "")), "consistent"),
        ((("F/V (low)", "F/F"), ("F/F (low)", "")), "inconsistent"),
        ((("F/V (low)", "F/V"), ("F/F (low)", "")), "consistent"),
        ((("F/F (low)", "F/F"), ("F/V (low)", "F/F")), "inconsistent"),
        ((("Score (0)", ""), ("Score (1)", "")), "consistent"),
        ((("I/II", ""), ("III", "")), "consistent"),
        (((">=65", ""), ("<65", "")), "consistent"),
        ((("Male", ""), ("male", "")), "inconsistent"),
    ],
)
def test_repeated_labels_of_levels(labels, verdict):
    (first, first_printed), (second, second_printed) = labels
    trial = unchecked(factor([("a", first, 15, 30, first_printed), ("b", second, 5, 20, second_printed)]))
    assert only(repeated_labels.check, trial, "response")[0] == verdict


def test_repeated_labels_of_rows(tmp_path):
    rows = COLUMNS + "G,Row,all,c,5,100,,Table 1,\nG,Row,3+,c,5,100,,Table 1,\nH,Row,all,c,5,100,,Table 1,\n"
    assert only(repeated_labels.check, write(tmp_path, "", rows))[0] == "consistent"
    assert only(repeated_labels.check, write(tmp_path, "", rows + "G,row,all,c,6,100,,Table 1,\n"))[0] == "inconsistent"


def depth(first, second, third=None, whole=20):
    text = RESPONSE.replace('"response"\nlabel', '"wide"\nlabel') + COUNTS.format(whole, 20)
    text += RESPONSE.replace('"response"\nlabel', '"narrow"\nlabel') + COUNTS.format(8, 8)
    text += '[[endpoints]]\nkind = "depth"\nkey = "depth"\nlabel = "Depth"\npopulation = "treated"\nsource = "S"\n'
    for key, count, wide in (("best", first, "narrow"), ("good", second, "wide"), ("none", third, "")):
        text += f'[[endpoints.categories]]\nkey = "{key}"\nlabel = "{key}"\n'
        text += f'or_better = "{wide}"\n' if wide else ""
        if count:
            text += f'[[endpoints.categories.counts]]\narm = "c"\n{count}\ntotal = 100\nsource = "S"\n'
    return text


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        (("events = 8", "events = 12"), ["consistent", "consistent", "consistent"]),
        (("percent = 8.0", "percent = 12.0"), ["consistent", "consistent", "consistent"]),
        (("events = 8", "events = 13"), ["consistent", "inconsistent", "consistent"]),
        (("events = 8", ""), ["consistent", "cannot judge", "consistent"]),
        (("events = 8", "events = 12", "events = 80"), ["consistent"] * 4),
        (("events = 8", "events = 12", "events = 81"), ["consistent"] * 3 + ["inconsistent"]),
        (("events = 8", "events = 12", "events = 70"), ["consistent"] * 3 + ["cannot judge"]),
    ],
)
def test_parts_of_a_depth_scale(tmp_path, categories, expected):
    trial = write(tmp_path, depth(*categories))
    found = [item.verdict for item in depth_parts.check(trial) if item.subject.endswith(", C")]
    assert found == expected


def test_a_wider_category_with_fewer_patients(tmp_path):
    found = [
        item for item in depth_parts.check(write(tmp_path, depth("events = 8", "", whole=5))) if ", C" in item.subject
    ]
    assert [item.verdict for item in found] == ["consistent", "inconsistent", "inconsistent"]
    assert "fewer patients" in found[2].message


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("G,A,,c,40,100,,S,all\nG,B,,c,60,100,,S,all\n", ["consistent"]),
        ("G,A,,c,40,100,,S,all\nG,B,,c,59,100,,S,all\n", ["inconsistent"]),
        ("G,A,,all,40,150,,S,all\nG,B,,all,,150,23,S,all\n", ["cannot judge"]),
        (",Left,,c,9,100,,S,\n,Reason A,,c,5,100,,S,Left\n,Reason B,,c,4,100,,S,Left\n", ["consistent"]),
        (",Left,,c,9,100,,S,\n,Reason A,,c,5,100,,S,Left\n,Reason B,,c,5,100,,S,Left\n", ["inconsistent"]),
        (",Reason A,,c,5,100,,S,Left\n", ["cannot judge"]),
        # a heading stands at the level above its rows
        (
            ",On,,c,91,100,,S,all\nLeft,Left,,c,9,100,,S,all\nLeft,A,,c,5,100,,S,Left\nLeft,B,,c,4,100,,S,Left\n",
            ["consistent", "consistent"],
        ),
        # without part_of, a sum below a heading is judged only where it agrees
        ("Left,Left,,c,9,100,,S,\nLeft,A,,c,5,100,,S,\nLeft,B,,c,4,100,,S,\n", ["consistent"]),
        ("Left,Left,,c,9,100,,S,\nLeft,A,,c,5,100,,S,\nLeft,B,,c,5,100,,S,\n", ["cannot judge"]),
        ("Left,Left,,c,9,100,,S,\nLeft,A,,c,5,100,,S,\nLeft,B,,c,3,100,,S,\n", ["cannot judge"]),
        ("Left,Left,,c,9,100,,S,\nLeft,A,,c,10,100,,S,\n", ["inconsistent"]),
        ("G,A,,c,40,100,,S,\nG,B,,c,60,100,,S,\n", ["cannot judge"]),
        # both arms beside all patients
        (",A,,c,4,100,,S,\n,A,,e,3,50,,S,\n,A,,all,7,150,,S,\n", ["consistent"]),
        (",A,,c,4,100,,S,\n,A,,e,3,50,,S,\n,A,,all,8,150,,S,\n", ["inconsistent"]),
        (",A,,c,4,100,,S,\n,A,,e,3,50,,S,\n,A,,all,7,140,,S,\n", []),
    ],
)
def test_parts_of_a_table(tmp_path, rows, expected):
    found = verdicts(table_parts.check, write(tmp_path, "", COLUMNS + rows))
    assert [verdict for verdict, _ in found] == expected


ADVERSE = """
[[endpoints]]
kind = "adverse_events"
key = "adverse"
label = "Adverse events"
population = "treated"
table = "table"
source = "Table 1"
"""


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("S,S,all,c,30,100,,T,\nS,A,all,c,20,100,,T,\nS,B,all,c,20,100,,T,\n", ["consistent"]),
        ("S,S,all,c,30,100,,T,\nS,A,all,c,31,100,,T,\nS,B,all,c,20,100,,T,\n", ["inconsistent"]),
        ("S,A,all,c,20,100,,T,\nS,A,3+,c,20,100,,T,\n", ["consistent"]),
        ("S,A,all,c,20,100,,T,\nS,A,3+,c,21,100,,T,\n", ["inconsistent"]),
        ("S,S,all,c,30,90,,T,\nS,A,all,c,31,100,,T,\n", []),
    ],
)
def test_bounds_of_adverse_events(tmp_path, rows, expected):
    other_arm = rows.replace(",c,", ",e,").replace(",100,", ",50,").replace(",90,", ",45,")
    trial = write(tmp_path, RESPONSE + COUNTS.format(20, 20) + ADVERSE, COLUMNS + rows + other_arm)
    # what holds is said once, what does not for every row
    times = 2 if expected == ["inconsistent"] else 1
    assert [verdict for verdict, _ in verdicts(adverse_event_bounds.check, trial)] == expected * times
    # terms overlap: their sum is never held against the body system
    assert not [message for _, message in verdicts(table_parts.check, trial) if "heading" in message]


@pytest.mark.parametrize(
    ("count", "verdict", "said"),
    [
        ("events = 12\nlow = 0.131\nhigh = 0.382", "consistent", "Clopper-Pearson (exact)"),
        ("events = 12\nlow = 0.143\nhigh = 0.374", "consistent", "Wilson score"),
        ("events = 12\nlow = 0.131\nhigh = 0.374", "not reproduced", "None of 9"),
        ("percent = 24.0\nlow = 0.131\nhigh = 0.382", "consistent", "Clopper-Pearson (exact)"),
    ],
)
def test_rate_intervals(count, verdict, said):
    counts = COUNTS.format(20, 12).replace("events = 12", count)
    found, message = only(rate_intervals.check, unchecked(RESPONSE + counts), "response")
    assert found == verdict
    assert said in message


def test_the_interval_of_a_rate_of_unknown_count():
    external = (
        '[[external]]\nkey = "other"\nstudy = "Other"\nlabel = "Response"\narm = "other"\n'
        'percent = 24\ntotal = 1000\nlow = 0.213\nhigh = 0.267\nsource = "S"\n'
    )
    trial = unchecked(RESPONSE + COUNTS.format(20, 20) + external)
    found, message = only(rate_intervals.check, trial, "other")
    assert found == "cannot judge"
    assert "several numbers" in message
