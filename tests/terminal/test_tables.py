"""What a clinician reads: names of print, one screen, nothing cut off, nothing that acts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from reappraise.core.comparison import Comparison
from reappraise.core.estimate import Estimate
from reappraise.core.names import EndpointName, Names
from reappraise.core.printed import Printed
from reappraise.core.prior import RATE_PRIORS
from reappraise.published.facts import count_facts, estimate_facts
from reappraise.published.names import names_of
from reappraise.response.exact import exact_estimates
from reappraise.terminal.comparison import comparison_tables
from reappraise.terminal.exact import exact_table
from reappraise.terminal.facts import counts_table, estimates_table
from reappraise.terminal.numbers import benefit_and_harm, number
from reappraise.terminal.screen import main_rows
from reappraise.trial import load_trial
from support.tables import partition, whole

DEATHS = whole(endpoint="death", events=((40, 30),), totals=((100, 100),), better="lower", margin=0.02)
NAMES = Names(
    arms={"old": "Usual care", "new": "Drug"},
    endpoints={
        "response": EndpointName(
            label="Response rate", kind="response", better="higher", populations={"stage=early": "Stage: early"}
        ),
        "death": EndpointName(label="Death by day 60", kind="response", better="lower", primary=True),
        "events": EndpointName(label="Adverse events", kind="adverse_events", better="lower"),
    },
)
CONTRAST = partial(Estimate, numerator="new", denominator="old")
RATIO = CONTRAST(
    endpoint="death", quantity="odds_ratio", kind="published", method="as printed", value=Printed("0.60"),
    low=Printed("0.30"), high=Printed("1.10"), level=0.95,
)  # fmt: skip


def effects(endpoint: str, *, prior: str = "reference", model: str = "logit-normal") -> list[Estimate]:
    make = partial(CONTRAST, endpoint=endpoint, kind="posterior", model=model, prior=prior, method="drawn", level=0.95)
    return [
        make(quantity="odds_ratio", value=0.64, low=0.36, high=1.13, prob_benefit=0.94, converged=True),
        make(quantity="number_needed_to_treat", value=10.0, low=4.6, high=-50.0, prob_benefit=0.94, converged=True),
    ]


COMPARISON = Comparison(
    (
        *exact_estimates(whole(), RATE_PRIORS[0]),
        *exact_estimates(partition(), RATE_PRIORS[0]),
        *effects("response"),
        *exact_estimates(DEATHS, RATE_PRIORS[0]),
        RATIO,
        *effects("death", prior="sceptical"),
        *effects("death"),
        *effects("events-any"),
    )
)


def said(*tables: Table, width: int = 120) -> str:
    out = StringIO()
    for table in tables:
        Console(file=out, width=width, highlight=False).print(table)
    return out.getvalue()


def between(width: int) -> str:
    return " " if width >= 110 else "\n"


@pytest.mark.parametrize("width", [80, 120, 140])
def test_the_screen_begins_with_the_primary_endpoint_and_is_short(width: int) -> None:
    table, shown = main_rows(COMPARISON, NAMES, between=between(width))
    text = said(table, width=width)
    assert shown == ("death", "response")
    lines = text.splitlines()
    assert len(lines) < 50
    assert all(len(line) <= width for line in lines)
    one_line = " ".join(text.split())
    assert one_line.index("Risk, Usual") < one_line.index("Response")
    for word in ("0.60", "1.10", "0.94", "/ 0.06", "NNT 10", "NNH 50", "Drug over (or minus) Usual care"):
        assert word in one_line
    assert "new" not in one_line.split()
    assert "sceptical" not in text


@pytest.mark.parametrize("width", [80, 120])
def test_every_table_fits_and_names_arms_endpoints_and_subgroups(width: int) -> None:
    text = said(*comparison_tables(COMPARISON, NAMES, between=between(width)), width=width)
    assert all(len(line) <= width for line in text.splitlines())
    one_line = " ".join(text.split())
    assert "Death by day 60 (death), all patients: Drug over (or minus) Usual care, lower is better" in one_line
    assert "Risk, Drug" in one_line
    assert "Rate, Drug" in one_line
    assert "P(benefit > margin): rate lower by more than 2 percentage points, the stated margin." in one_line
    assert "Stage: early" in one_line
    assert "stage=early" not in one_line


def test_without_names_keys_stand_for_themselves() -> None:
    text = said(main_rows(COMPARISON, Names())[0])
    assert "response" in text
    assert "Rate, old" in text


def test_the_exact_table_says_benefit_and_harm() -> None:
    found = list(exact_estimates(DEATHS, RATE_PRIORS[0]))
    lines = said(exact_table("death", found, NAMES)).splitlines()
    values = {
        word: float(next(line for line in lines if line.strip().startswith(f"Probability of {word} ")).split()[-1])
        for word in ("benefit", "harm")
    }
    assert values["benefit"] + values["harm"] == pytest.approx(1, abs=1e-4)
    assert values["benefit"] > 0.5
    text = " ".join(" ".join(lines).split())
    assert "rate lower" in text
    assert "rate higher" in text
    assert "Risk, Drug" in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.9473, "0.947 / 0.053"), (0.9999, "> 0.999 / < 0.001"), (0.0, "< 0.001 / > 0.999"), (0.5, "0.5 / 0.5")],
)
def test_benefit_and_harm_make_one(value: float, expected: str) -> None:
    assert benefit_and_harm(replace(effects("death")[0], prob_benefit=value)) == expected


def test_survival_is_in_percent_as_print_has_it_and_a_median_may_not_be_reached() -> None:
    make = partial(Estimate, endpoint="e", arm="old", kind="posterior", method="drawn", level=0.95)
    assert number(make(quantity="survival", value=0.54, low=0.45, high=0.63)) == "54% (45% to 63%)"
    assert number(make(quantity="median", value=8.8, low=5.6, high=float("inf"))) == "8.8 (5.6 to not reached)"
    assert number(make(quantity="not_reached", value=0.9999)) == "> 0.999"


@pytest.mark.parametrize("width", [80, 140])
def test_nothing_in_a_file_acts(width: int) -> None:
    evil = "[red]\x1b[31mX[/nope]"
    described = EndpointName(label=evil, populations={"stage=early": evil})
    named = Names(arms={"old": evil, "new": evil}, endpoints=dict.fromkeys(("death", "response"), described))
    changed = Comparison(
        tuple(replace(one, prior=evil, at=evil) if one.prior == "sceptical" else one for one in COMPARISON.estimates)
    )
    for names in (Names(), named):
        for table in (main_rows(changed, names)[0], *comparison_tables(changed, names)):
            text = said(table, width=width)
            assert "\x1b" not in text
    assert "[red]" in said(main_rows(changed, named)[0], width=width)
    assert "\x1b" not in said(exact_table("death", list(exact_estimates(DEATHS, RATE_PRIORS[0])), named), width=width)


@pytest.mark.parametrize("width", [80, 140])
def test_facts_name_the_arms_and_keep_every_digit(width: int) -> None:
    trial = load_trial("eolia")
    names = names_of(trial)
    counts = said(counts_table(list(count_facts(trial)), names, between=between(width)), width=width)
    estimates = said(estimates_table(list(estimate_facts(trial)), names, between=between(width)), width=width)
    assert all(len(line) <= width for line in (counts + estimates).splitlines())
    assert "57 of 125" in counts
    assert "(46%)" in counts
    assert "conventional" not in counts + estimates
    for printed in ("0.70", "(0.47", "1.04)", "54%", "ECMO /"):
        assert printed in estimates


def test_names_read_back_and_what_has_another_form_is_left_out() -> None:
    assert Names.of_plain(NAMES.as_plain()) == NAMES
    for strange in (None, 3, [], {"arms": []}, {"arms": {"a": 1}, "endpoints": {"e": {"label": 3}}}):
        assert Names.of_plain(strange) == Names()
    assert NAMES.endpoint("events-any-rash").label == "Adverse events: any rash"
    assert NAMES.whole("events-any-rash") == "events"
    assert NAMES.whole("unknown") == "unknown"
