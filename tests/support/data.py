"""Where the trials lie that tests read."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"
MINI = DATA / "mini.toml"
"""One binary endpoint with two factors, one of them of what happened after randomisation."""
SURVIVAL = DATA / "survival.toml"
"""Times to an event: known, summarised, contradictory, and too little."""
EVENT_RATES = DATA / "event-rates.toml"
"""Events per person-time, once for each patient and recurrent."""
MEANS = DATA / "means.toml"
"""Three things measured on a scale: means, a median, geometric means, differences as printed."""
SUBGROUPS = DATA / "subgroups.toml"
"""A time-to-event endpoint of 320 simulated patients with a forest plot of three factors, and no time."""
