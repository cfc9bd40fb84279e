"""A trial of several arms is its contrasts: each a trial of two, with what is printed about both arms and no more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reappraise.audit import audit
from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.core.prior import RATE_PRIORS
from reappraise.published.estimates import published_estimates
from reappraise.response.exact import exact_estimates
from reappraise.trial import load_trial

FILE = Path(__file__).parents[1] / "data" / "three-arms.toml"
TIMES = """
[[endpoints]]
kind = "survival"
key = "pfs"
label = "Progression-free survival"
population = "itt"
better = "higher"
unit = "months"
never_exceeds = "os"
source = "Figure 2"
individual_data = "times.csv"
[[endpoints]]
kind = "survival"
key = "os"
label = "Overall survival"
population = "itt"
better = "higher"
unit = "months"
source = "Figure 2"
counts = [
  { arm = "warfarin", events = 9, total = 100, source = "Figure 2" },
  { arm = "high", events = 5, total = 100, source = "Figure 2" },
]
"""
ROWS = "time,event,arm\n1,1,warfarin\n2,0,warfarin\n3,1,low\n4,1,high\n5,0,high\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "trial.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_arm_is_compared_with_control_and_as_the_paper_compares() -> None:
    trial = load_trial(FILE)
    assert [(pair.experimental.key, pair.control.key) for pair in trial.pairs] == [
        ("low", "warfarin"),
        ("high", "warfarin"),
        ("high", "low"),
    ]
    assert [item.published.key for item in trial] == ["stroke-low", "bleeding-low", "stroke-high", "stroke-high-low"]
    assert trial["stroke-high-low"].partition().events == ((182, 134),)


def test_a_contrast_is_the_trial_of_its_two_arms(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    head, rest = text.split('[[arms]]\nkey = "low"')
    after = rest.split("[[arms]]", 1)[1]
    lines = [line for line in f"{head}[[arms]]{after}".split("\n") if '"low"' not in line]
    alone = "\n".join(lines).replace(" low = 6015,", "").split('[[endpoints]]\nkind = "effect"')[0]
    two, three = load_trial(written(tmp_path, alone)), load_trial(FILE)
    mine, theirs = two["stroke"].partition(), three["stroke-high"].partition()
    for prior in RATE_PRIORS:
        for one, other in zip(exact_estimates(mine, prior), exact_estimates(theirs, prior), strict=True):
            assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


def test_what_is_printed_is_shown_in_the_direction_of_its_contrast() -> None:
    item = load_trial(FILE)["stroke-high-low"]
    ratios = [one for one in published_estimates(item) if one.numerator]
    assert [(one.numerator, one.denominator, float(one.value or 0)) for one in ratios] == [("high", "low", 0.73)]


def test_contrasts_may_be_named(tmp_path: Path) -> None:
    named = '[[contrasts]]\nexperimental = "low"\ncontrol = "high"\nsource = "Methods"\n[[populations]]'
    trial = load_trial(written(tmp_path, FILE.read_text(encoding="utf-8").replace("[[populations]]", named)))
    assert [item.published.key for item in trial] == ["stroke-low-high"]
    (ratio,) = (one for one in published_estimates(trial["stroke-low-high"]) if one.numerator)
    assert (ratio.numerator, ratio.turned) == ("low", True)


def test_what_contrasts_share_is_audited_once() -> None:
    findings = audit(load_trial(FILE))
    assert len(set(findings)) == len(findings)
    assert {finding.endpoint for finding in findings} <= {"stroke", "bleeding", ""}
    ratios = [finding.subject for finding in findings if finding.check == "contrast from counts"]
    assert len(ratios) == len(set(ratios)) == 3


def test_an_impossible_number_of_a_third_arm_is_found(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8").replace("events = 134, total = 6076", "events = 7134, total = 6076")
    findings = audit(load_trial(written(tmp_path, text)))
    assert sum(finding.verdict == "inconsistent" for finding in findings) == 1


def test_patients_of_other_arms_are_left_aside_and_references_follow(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8").replace("[[endpoints]]", TIMES.lstrip() + "[[endpoints]]", 1)
    (tmp_path / "times.csv").write_text(ROWS, encoding="utf-8")
    trial = load_trial(written(tmp_path, text))
    pair = next(item for item in trial if item.published.key == "pfs-high")
    patients = pair.trial.patients["pfs-high"]
    assert (patients.arms, patients.arm.tolist()) == (("warfarin", "high"), [0, 0, 1, 1])
    order = {item.published.key: getattr(item.published, "never_exceeds", "") for item in trial}
    assert (order["pfs-high"], order["pfs-low"]) == ("os-high", None)  # nothing is printed of "os" and "low"


def test_a_smaller_analysis_takes_every_contrast_of_an_endpoint() -> None:
    trial = load_trial(FILE)
    assert [item.published.key for item in trial.only("bleeding")] == ["bleeding-low"]
    with pytest.raises(AnalysisError, match="it has stroke, bleeding"):
        trial.only("stroke-high")


def test_the_whole_has_no_control_arm() -> None:
    with pytest.raises(AnalysisError, match="has 3 arms; take a contrast from pairs: low with warfarin"):
        _ = load_trial(FILE).control


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'role = "control"',
            'role = "experimental"',
            "expected one arm with role control, and the others experimental",
        ),
        ('key = "low"\nlabel', 'key = "benchmark"\nlabel', '"benchmark" is reserved for what one arm is held against'),
        (
            "[[populations]]",
            '[[contrasts]]\nexperimental = "none"\ncontrol = "low"\nsource = "M"\n[[populations]]',
            "none",
        ),
        (
            "[[populations]]",
            '[[contrasts]]\nexperimental = "low"\ncontrol = "low"\nsource = "M"\n[[populations]]',
            "expected two different arms, got low twice",
        ),
    ],
)
def test_what_leaves_the_contrasts_open_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(TrialFileError, match=said):
        load_trial(written(tmp_path, text.replace(old, new)))


def test_the_digest_tells_the_file(tmp_path: Path) -> None:
    trial = load_trial(FILE)
    copy = shutil.copy(FILE, tmp_path / "copy.toml")
    assert load_trial(copy).digest == trial.digest
    assert len({trial.digest, *(pair.digest for pair in trial.pairs)}) == 4


BLEEDING = '  { quantity = "risk_ratio", numerator = "low", denominator = "warfarin", value = 0.80'


def test_an_endpoint_is_left_out_of_contrasts_that_it_does_not_print(tmp_path: Path) -> None:
    high = BLEEDING.replace('"low"', '"high"').replace("0.80", '0.93, low = 0.81, high = 1.07, source = "T" },\n')
    text = FILE.read_text(encoding="utf-8").replace(BLEEDING, high + BLEEDING)
    trial = load_trial(written(tmp_path, text))
    assert [key for key in (item.published.key for item in trial) if "bleeding" in key] == [
        "bleeding-low",
        "bleeding-high",
    ]
    assert [key for pair in trial.pairs for key, _ in pair.left_out] == ["bleeding"]


def test_what_cannot_be_read_for_any_contrast_is_refused(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8").replace("value = 0.80, low = 0.69, high = 0.93, p = 0.003", "value = 0.80")
    text = text.replace('kind = "effect"', 'kind = "effect"\nmargin = 0')
    with pytest.raises(TrialFileError, match="margin"):
        load_trial(written(tmp_path, text))


def test_coded_arms_of_a_patients_file_may_name_every_arm(tmp_path: Path) -> None:
    coded = 'individual_data = "times.csv"\nindividual_format = { arms = { A = "warfarin", B = "low", C = "high" } }\n'
    text = TIMES.lstrip().replace('individual_data = "times.csv"\n', coded)
    text = FILE.read_text(encoding="utf-8").replace("[[endpoints]]", text + "[[endpoints]]", 1)
    rows = ROWS.replace("warfarin", "A").replace("low", "B").replace("high", "C")
    (tmp_path / "times.csv").write_text(rows, encoding="utf-8")
    trial = load_trial(written(tmp_path, text))
    assert not trial.pairs[1].left_out
    assert trial.pairs[1].patients["pfs"].arm.tolist() == [0, 0, 1, 1]


def test_keys_of_two_contrasts_may_not_collide(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8").replace('key = "bleeding"', 'key = "stroke-high"')
    with pytest.raises(TrialFileError, match="two contrasts would be called stroke-high-low"):
        load_trial(written(tmp_path, text))


def test_two_arms_may_be_compared_both_ways(tmp_path: Path) -> None:
    both = "".join(
        f'[[contrasts]]\nexperimental = "{one}"\ncontrol = "{other}"\nsource = "Methods"\n'
        for one, other in (("new", "old"), ("old", "new"))
    )
    mini = (
        (FILE.parent / "mini.toml").read_text(encoding="utf-8").replace("[[populations]]", both + "[[populations]]", 1)
    )
    trial = load_trial(written(tmp_path, mini))
    assert {item.published.key for item in trial} >= {"response-new", "response-old-new"}
    first, second = (trial[key] for key in ("response-new", "response-old-new"))
    both_ways = Comparison((*published_estimates(first), *published_estimates(second)))
    assert len({(one.numerator, one.denominator) for one in both_ways.estimates if one.numerator}) == 2


def test_rows_of_all_arms_are_audited_once(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(
        "group,label,grade,arm,events,total,percent,source\n,Nausea,,all,500,300,30,T\n", encoding="utf-8"
    )
    table = (
        '[[tables]]\nkind = "counts"\nkey = "t"\nsection = "s"\nlabel = "T"\npopulation = "itt"\nfile = "table.csv"\n'
    )
    text = FILE.read_text(encoding="utf-8") + table + 'source = "T"\n'
    findings = audit(load_trial(written(tmp_path, text)))
    assert [one.check for one in findings if one.verdict == "inconsistent"] == ["possible at all"]


def test_a_claim_is_judged_for_the_arms_that_it_names(tmp_path: Path) -> None:
    claim = """[[endpoints.claims]]
text = "Less often with 150 mg."
asserts = "significant difference"
source = "Abstract"
"""
    test = 'test = { name = "chi_square", sides = 2, significance_level = 0.05, source = "Methods" }\n'
    text = FILE.read_text(encoding="utf-8").replace("margin = 0.01\n", "margin = 0.01\n" + test)
    place = text.index('[[endpoints]]\nkind = "effect"')
    named = claim + 'numerator = "high"\ndenominator = "warfarin"\n'
    verdicts = []
    for one in (claim, named):
        findings = audit(load_trial(written(tmp_path, text[:place] + one + text[place:])))
        verdicts.append([found.verdict for found in findings if found.check == "claim and prespecified level"])
    assert verdicts == [["cannot judge"], ["consistent"]]
