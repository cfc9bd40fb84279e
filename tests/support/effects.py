"""Likelihoods of one effect that several tests ask something of."""

from __future__ import annotations

from math import log

from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.own import normal_likelihood
from reappraise.evidence.prior import MixturePrior


def hazards(ratio: float = 0.75, error: float = 0.16, **changes: object) -> EffectLikelihood:
    """A normal likelihood of a log hazard ratio of an event that is bad."""
    facts: dict[str, object] = {"better": "lower", "patients": 424}
    return normal_likelihood("hazard_ratio", log(ratio), error, **(facts | changes))  # type: ignore[arg-type]


def difference(value: float = 2.0, error: float = 1.0, **changes: object) -> EffectLikelihood:
    """A normal likelihood of a difference of means of which more is good."""
    facts: dict[str, object] = {"better": "higher", "unit": "points"}
    return normal_likelihood("mean_difference", value, error, **(facts | changes))  # type: ignore[arg-type]


def about(mean: float, sd: float) -> MixturePrior:
    """A normal prior."""
    return MixturePrior.normal("about", "About", mean, sd, "For a test.")
