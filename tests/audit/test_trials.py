"""The audit as a whole: small trials for its tests, the table of checks, and what it finds in the shipped trial."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reappraise.audit import CHECKS, FINDING_COLUMNS, audit
from reappraise.trial import load_trial
from support.audit_trials import COUNTS, RESPONSE, SURVIVAL, estimate, unchecked

SHIPPED = load_trial("isatuximab-dexamethasone")
FINDINGS = audit(SHIPPED)


def shipped(check, endpoint=""):
    return [item for item in FINDINGS if item.check == check and endpoint in {"", item.endpoint}]


def test_every_file_of_a_check_is_in_the_table():
    folder = Path(__import__("reappraise.audit").audit.__file__).parent
    named = {
        path.stem for path in folder.glob("*.py") if "\ndef check(trial: Trial)" in path.read_text(encoding="utf-8")
    }
    assert {check.__module__.rsplit(".", 1)[1] for check in CHECKS} == named
    assert len(CHECKS) == len(named)


def test_a_caller_may_bring_a_check_of_its_own():
    def mine(trial):
        yield FINDINGS[0]

    assert audit(SHIPPED, checks=(mine,)) == (FINDINGS[0],)


def test_every_finding_is_complete():
    for finding in FINDINGS:
        row = finding.as_row()
        assert tuple(row) == FINDING_COLUMNS
        assert all(row[name] for name in ("check", "verdict", "subject", "message", "source"))
        assert finding.message.endswith(".")


def test_no_percentage_of_the_shipped_trial_is_wrong():
    assert {item.verdict for item in shipped("percentage")} == {"consistent"}
    assert len(shipped("percentage")) > 250


@pytest.mark.parametrize(
    ("check", "endpoint", "verdict", "said"),
    [
        ("rate interval", "orr", "consistent", "Clopper-Pearson (exact)"),
        ("contrast from counts", "orr", "consistent", "interval is that of: conditional odds ratio, exact"),
        ("contrast from counts", "orr-investigator", "consistent", "value is that of: sample odds ratio"),
        ("p value and counts", "orr", "consistent", "Fisher exact, one-sided"),
        (
            "p value and counts",
            "orr-investigator",
            "consistent",
            "makes the printed bound true: Fisher exact, one-sided",
        ),
        ("p value and interval", "pfs", "consistent", "as stated, one-sided; two-sided it does not fit"),
        ("p value and interval", "os", "consistent", "as stated, one-sided; two-sided it does not fit"),
        ("events behind a hazard ratio", "pfs", "consistent", "what this many events make it"),
        ("events behind a hazard ratio", "os", "consistent", "what this many events make it"),
        ("symmetry of a ratio interval", "pfs", "consistent", "geometric middle"),
        ("landmark survival", "os", "consistent", "plain (Greenwood)"),
        ("medians and hazard ratio", "os", "inconsistent", "longer with Isa, the hazard lower with Isa-dex"),
        ("medians and hazard ratio", "pfs", "consistent", "same way"),
        ("claim and prespecified level", "pfs", "inconsistent", "not supported"),
        ("claim and prespecified level", "orr", "consistent", "significant at"),
        ("parts of a depth scale", "depth", "consistent", "add up to the endpoint"),
    ],
)
def test_what_is_known_of_the_shipped_trial_is_found(check, endpoint, verdict, said):
    found = [item for item in shipped(check, endpoint) if item.verdict == verdict]
    assert any(said in item.message for item in found)


def test_the_shipped_trial_mixes_directions_and_prints_an_interval_as_a_range():
    (direction,) = shipped("direction of ratios")
    assert direction.verdict == "inconsistent"
    ranges = {item.verdict: item for item in shipped("range", "duration-of-response")}
    assert "not reached" in ranges["inconsistent"].message
    assert set(ranges) == {"inconsistent", "cannot judge"}


def test_the_shipped_trial_prints_a_genotype_twice():
    (found,) = [item for item in shipped("repeated label", "orr") if item.verdict == "inconsistent"]
    assert "F/F" in found.printed


def test_nothing_else_of_the_shipped_trial_is_called_inconsistent():
    known = {
        "claim and prespecified level",
        "direction of ratios",
        "medians and hazard ratio",
        "population",
        "range",
        "repeated label",
    }
    assert {item.check for item in FINDINGS if item.verdict == "inconsistent"} <= known


def test_reading_the_same_trial_twice_finds_the_same():
    assert audit(SHIPPED) == FINDINGS


def decimals(low, high, places):
    return st.decimals(low, high, places=places).map(str)


@st.composite
def ratios(draw):
    numbers = sorted(draw(st.lists(decimals("0.01", "9.99", 2), min_size=3, max_size=3)), key=Decimal)
    low, value, high = numbers
    p = draw(st.one_of(st.none(), decimals("0", "1", 3), decimals("0.01", "0.99", 2).map("<{}".format)))
    quantity = draw(st.sampled_from(["odds_ratio", "risk_ratio", "hazard_ratio"]))
    high = draw(st.sampled_from([high, "not reached"]))
    return estimate(quantity, (value, low, high, p), over=draw(st.sampled_from(["e over c", "c over e"])))


@settings(max_examples=60)
@given(
    st.lists(ratios(), max_size=2),
    st.integers(0, 100),
    st.integers(0, 50),
    st.sampled_from(["fisher_exact", "log_rank", "chi_square", "other"]),
    st.sampled_from([1, 2]),
    st.sampled_from(["difference", "no difference", "no significant difference"]),
)
def test_whatever_was_printed_the_audit_does_not_stop(estimates, control, experimental, test, sides, asserts):
    rest = COUNTS.format(control, experimental) + "".join(estimates)
    stated = f'test = {{ name = "{test}", sides = {sides}, significance_level = "0.05", source = "Methods" }}\n'
    claim = f'[[endpoints.claims]]\ntext = "So it is."\nasserts = "{asserts}"\nsource = "Discussion"\n'
    found = audit(unchecked(RESPONSE + stated + rest + claim + SURVIVAL + stated + rest + claim))
    assert {item.verdict for item in found} <= {"consistent", "inconsistent", "not reproduced", "cannot judge"}
    assert len([item for item in found if item.check == "claim and prespecified level"]) == 2
