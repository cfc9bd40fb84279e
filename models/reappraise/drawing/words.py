"""What the figures say in words: names of arms, models and priors, the direction of benefit, interval levels."""

from __future__ import annotations

from collections.abc import Iterable

from reappraise.core.arms import Better
from reappraise.core.estimate import Estimate
from reappraise.core.prior import RATE_PRIORS, Prior, effect_priors

NO_CAUSAL_READING = "determined after randomisation: no causal reading"
NOT_CONVERGED = "NOT CONVERGED"
_KNOWN: tuple[Prior, ...] = (*RATE_PRIORS, *effect_priors())
_PRIORS = {prior.name: prior.label for prior in _KNOWN}


def favours(above: str, below: str, better: Better) -> tuple[str, str]:
    """What lies left and right of no difference, for contrasts of `above` over (or minus) `below`."""
    left, right = (below, above) if better == "higher" else (above, below)
    return f"\u2190 favours {left}", f"favours {right} \u2192"


def name(key: str) -> str:
    """A key as the beginning of a label."""
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]


def prior_name(key: str) -> str:
    """The name of a prior as a label."""
    return _PRIORS.get(key, name(key.replace("-", " ")))


def percent_level(levels: Iterable[float | None]) -> str:
    """Coverage of the intervals, such as "95% interval"; "interval; level" if it differs between them."""
    found = {round(100 * level, 3) for level in levels if level is not None}
    if len(found) > 1:
        return "interval; level"
    return f"{found.pop():g}% interval" if found else "interval"


def levels_differ(estimates: Iterable[Estimate]) -> bool:
    """Whether the intervals have more than one coverage."""
    return len({round(item.level, 5) for item in estimates if item.level is not None}) > 1
