"""Parts of the text of the made-up trial with a forest plot, for tests that alter it."""

from __future__ import annotations

_COUNTS = """  { key = "asia", label = "Asia", counts = [
    { arm = "placebo", events = 25, total = 35, source = "Figure 3" },
    { arm = "drug", events = 24, total = 34, source = "Figure 3" },
  ]"""
ASIA_RATIO = (
    'numerator = "drug", denominator = "placebo", value = "0.98", low = "0.55", high = "1.72", source = "Figure 3"'
)
ASIA = f"""{_COUNTS}, estimates = [
    {{ quantity = "hazard_ratio", {ASIA_RATIO} }},
  ] }},
"""
"""The last level of the last factor as it stands in the file."""
ASIA_EVENTS = f"{_COUNTS} }},\n"
"""The same without a hazard ratio."""
