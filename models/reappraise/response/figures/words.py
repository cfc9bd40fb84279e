"""What the figures of binary endpoints say in words: names of arms and factors."""

from __future__ import annotations

from reappraise.core.errors import AnalysisError
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.response.published import ResponseEndpoint


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
