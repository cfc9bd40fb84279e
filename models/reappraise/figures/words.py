"""What the figures say in words: names of arms, models and priors, the direction of benefit, interval levels."""

from __future__ import annotations

from collections.abc import Iterable

from reappraise.endpoints import ResponseEndpoint
from reappraise.endpoints.partition import Better
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.prior import RATE_PRIORS, Prior, effect_priors
from reappraise.trial import Trial, TrialEndpoint

NO_CAUSAL_READING = "determined after randomisation: no causal reading"
NOT_CONVERGED = "NOT CONVERGED"
_KNOWN: tuple[Prior, ...] = (*RATE_PRIORS, *effect_priors())
_PRIORS = {prior.name: prior.label for prior in _KNOWN}


def binary(endpoint: TrialEndpoint[ResponseEndpoint]) -> ResponseEndpoint:
    """What was published about a binary endpoint.

    Raises
    ------
    AnalysisError
        If the endpoint is of another kind.
    """
    published = endpoint.published
    if not isinstance(published, ResponseEndpoint):
        raise AnalysisError(
            f"expected a response endpoint to draw, got {published.key}, which is of kind {published.kind}"
        )
    return published


def arm_names(trial: Trial) -> dict[str, str]:
    """Short name of each arm, control first."""
    return {arm.key: arm.short for arm in trial.arms}


def factor_label(endpoint: TrialEndpoint[ResponseEndpoint], factor: str) -> str:
    """The factor in words."""
    return next((item.label for item in binary(endpoint).factors if item.key == factor), "All patients")


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
