"""Trials made to earn a verdict of the audit: text of their parts, written and loaded, or past what loading refuses."""

import tomllib
from decimal import Decimal
from pathlib import Path

from reappraise.published.trial import Trial
from reappraise.trial import load_trial
from reappraise.trial.schema import trial_schema

HEAD = """
schema_version = 1
key = "small"
title = "A small trial"
citation = "Nobody. 2020"
[[arms]]
key = "c"
label = "Control"
short = "C"
role = "control"
source = "Methods"
[[arms]]
key = "e"
label = "Experimental"
short = "E"
role = "experimental"
source = "Methods"
[[populations]]
key = "treated"
label = "Treated patients"
sizes = { c = 100, e = 50 }
source = "Results"
[[populations]]
key = "randomised"
label = "Randomised patients"
sizes = { c = 102, e = 51 }
source = "Results"
"""
RESPONSE = """
[[endpoints]]
kind = "response"
key = "response"
label = "Response"
population = "treated"
better = "higher"
assessor = "Committee"
source = "Results"
"""
SURVIVAL = """
[[endpoints]]
kind = "survival"
key = "survival"
label = "Survival"
population = "treated"
better = "higher"
unit = "months"
source = "Results"
"""
COUNTS = """
[[endpoints.counts]]
arm = "c"
events = {}
total = 100
source = "Results"
[[endpoints.counts]]
arm = "e"
events = {}
total = 50
source = "Results"
"""
MEANS = """
[[endpoints]]
kind = "continuous"
key = "pain"
label = "Pain"
population = "treated"
better = "lower"
source = "Table 2"
{}measured = [
  {{ arm = "c", total = {}, {}, source = "Table 2" }},
  {{ arm = "e", total = {}, {}, source = "Table 2" }},
]
"""
OTHER = 'mean = "5.00", sd = "1.00"'
"""What is printed of the arm that a test is not about."""


def measured(arm, n=100, scale=""):
    """TOML of an endpoint with an arm as given, "name = value" of mean and spread, and another."""
    return MEANS.format(scale, n, arm, 50, OTHER)


def estimate(quantity, numbers, *, arm=None, over="e over c", more=""):
    """TOML of a published number, `numbers` as "value (low to high) p" with "-" for what is not printed."""
    value, low, high, p = numbers
    who = [f'arm = "{arm}"'] if arm else []
    if not arm:
        above, below = over.split(" over ")
        who = [f'numerator = "{above}"', f'denominator = "{below}"']
    names = zip(("value", "low", "high", "p"), (value, low, high, p), strict=True)
    given_numbers = [f'{name} = "{number}"' for name, number in names if number is not None]
    head = ["[[endpoints.estimates]]", f'quantity = "{quantity}"', 'source = "Results"']
    return "\n".join([*head, *who, *given_numbers, more, ""])


def write(folder: Path, endpoints: str, table: str = "", population: str = "treated", kind: str = "counts") -> Trial:
    """Write a small trial with one table beside it, and load it."""
    text = HEAD + (endpoints or RESPONSE + COUNTS.format(20, 20))
    if table:
        text += f"""
[[tables]]
kind = "{kind}"
key = "table"
section = "table"
label = "A table"
population = "{population}"
file = "table.csv"
source = "Table 1"
"""
        (folder / "table.csv").write_text(table, encoding="utf-8")
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return load_trial(path)


def unchecked(endpoints: str) -> Trial:
    """A trial that skips what loading refuses."""
    file = trial_schema().model_validate(tomllib.loads(HEAD + endpoints, parse_float=Decimal))
    return Trial(file=file, path=Path("small.toml"), digest="", counts={}, quantities={})
