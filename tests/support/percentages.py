"""A small trial of one binary endpoint whose counts are printed, or only their percentages."""

from __future__ import annotations

HEAD = """
schema_version = 1
key = "percent"
title = "Percentages by level"
citation = "Made for the tests"
arms = [
  { key = "placebo", label = "Placebo", short = "Placebo", role = "control", source = "Methods" },
  { key = "drug", label = "Drug", short = "Drug", role = "experimental", source = "Methods" },
]
[[populations]]
key = "itt"
label = "All"
sizes = { placebo = 472, drug = 468 }
source = "Figure 1"
[[endpoints]]
kind = "response"
key = "cure"
label = "Cure"
population = "itt"
better = "more"
margin = 0.05
source = "Table 2"
"""
KNOWN = """counts = [
  { arm = "placebo", events = 123, total = 472, source = "Table 2" },
  { arm = "drug", events = 146, total = 468, source = "Table 2" },
]
"""
ROUNDED = KNOWN.replace("events = 123", "percent = 26").replace("events = 146", "percent = 31")
