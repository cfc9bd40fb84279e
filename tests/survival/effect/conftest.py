"""A trial in septic shock with deaths by arm and a hazard ratio, and no time: written as a test needs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.published import PrintedEffect, printed_effect
from reappraise.survival.published import SurvivalEndpoint
from reappraise.trial import load_trial

type Write = Callable[..., TrialEndpoint[SurvivalEndpoint]]

HEAD = """
schema_version = 1
key = "andromeda-shock"
title = "Peripheral perfusion or lactate as target of resuscitation in septic shock"
citation = "Hernández G, et al. JAMA 2019;321:654-664. doi:10.1001/jama.2019.0071"
[[arms]]
key = "lactate"
label = "Resuscitation by lactate"
short = "Lactate"
role = "control"
source = "Abstract"
[[arms]]
key = "perfusion"
label = "Resuscitation by peripheral perfusion"
short = "Perfusion"
role = "experimental"
source = "Abstract"
[[populations]]
key = "randomised"
label = "Randomised patients"
sizes = { lactate = 212, perfusion = 212 }
source = "Abstract"
"""
ENDPOINT = """
[[endpoints]]
kind = "survival"
key = "death"
label = "Death"
population = "randomised"
better = "{better}"
unit = "days"
source = "Abstract"
{more}
"""
DEATHS = """counts = [
  { arm = "lactate", events = 92, total = 212, source = "Abstract" },
  { arm = "perfusion", events = 74, total = 212, source = "Abstract" },
]"""
RATIO = (
    '{ quantity = "hazard_ratio", numerator = "perfusion", denominator = "lactate", value = "0.75", low = "0.55", '
    'high = "1.02", p = "0.06", sides = 2, source = "Abstract" }'
)
"""As printed."""


def ratio(numbers: str, *, over: str = "perfusion over lactate", source: str = "Results") -> str:
    above, below = over.split(" over ")
    return (
        f'{{ quantity = "hazard_ratio", numerator = "{above}", denominator = "{below}", {numbers}, '
        f'source = "{source}" }}'
    )


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the endpoint with these estimates, counts and more, and loads it."""

    def written(
        *estimates: str, counts: str = DEATHS, better: str = "higher", more: str = ""
    ) -> TrialEndpoint[SurvivalEndpoint]:
        listed = "".join(f"  {item},\n" for item in estimates)
        path = tmp_path / "andromeda-shock.toml"
        text = HEAD + ENDPOINT.format(better=better, more=f"{counts}\nestimates = [\n{listed}]")
        path.write_text(text + more, encoding="utf-8")
        return load_trial(path)["death"]

    return written


@pytest.fixture
def one() -> Callable[..., str]:
    """TOML of a hazard ratio with these numbers."""
    return ratio


@pytest.fixture
def andromeda(write: Write) -> TrialEndpoint[SurvivalEndpoint]:
    return write(RATIO)


@pytest.fixture
def effect(andromeda: TrialEndpoint[SurvivalEndpoint]) -> PrintedEffect:
    return printed_effect(andromeda)
