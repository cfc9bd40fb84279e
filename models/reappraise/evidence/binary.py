"""Likelihoods of a binary endpoint: from its counts, or from all counts that round to what is printed."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final, Literal

from reappraise.core.prior import effect_priors
from reappraise.effect.prior import contrast_priors
from reappraise.evidence.counts import ArmCounts, BinaryEffect, tabulated_counts
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.prior import MixturePrior
from reappraise.published.partition import Partition
from reappraise.published.trial import TrialEndpoint
from reappraise.response.published import ResponseEndpoint
from reappraise.response.rounded import rounded_counts

MODEL: Final = "logit-normal"
BINARY: Final[tuple[BinaryEffect, ...]] = ("odds_ratio", "risk_ratio", "risk_difference")
BOUNDS: Final = (-1.0, 1.0)
"""Of a risk difference."""


@dataclass(frozen=True, slots=True)
class _Contrasted:
    """What the priors of a printed contrast have to know of one that counts make."""

    quantity: str
    ratio: bool
    standard_error: tuple[float, float]
    benefit: int
    planned: float | None
    margin: float | None


def counts_likelihood(item: TrialEndpoint[ResponseEndpoint], quantity: BinaryEffect = "odds_ratio") -> EffectLikelihood:
    """The likelihood of an effect on a binary endpoint, in all patients.

    The mean logit of both arms is integrated out under its prior in the logit-normal model, so that a prior on the
    log odds ratio gives that model's posterior. A prior on the log risk ratio, or on the risk difference, is a prior
    on that effect at every level of the rates alike.

    Parameters
    ----------
    item
        The endpoint.
    quantity
        Which effect.

    Raises
    ------
    AnalysisError
        If the counts are unknown or impossible.
    """
    published, (control, experimental) = item.published, item.trial.arms
    rounded = rounded_counts(item)
    partition = rounded.extremes[0] if rounded else item.partition()
    events = rounded.events if rounded else tuple((number,) for number in partition.events[0])
    arms = [ArmCounts(found, total) for found, total in zip(events, partition.totals[0], strict=True)]
    effect, height, error = tabulated_counts(arms[0], arms[1], quantity)
    benefit: Literal[1, -1] = 1 if published.better == "higher" else -1
    margin = float(published.margin) if quantity == "risk_difference" else None
    if rounded:
        said = f"{rounded.words}, every count that rounds to the print"
    else:
        shown = zip(partition.arm_labels, partition.events[0], partition.totals[0], strict=True)
        said = "; ".join(f"{label} {k} of {n}" for label, k, n in shown)
    return EffectLikelihood(
        endpoint=published.key,
        label=published.label,
        arms=(control.key, experimental.key),
        arm_labels=(control.short, experimental.short),
        quantity=quantity,
        benefit=benefit,
        effect=effect,
        log_likelihood=height,
        bounds=BOUNDS if quantity == "risk_difference" else (float("-inf"), float("inf")),
        model=MODEL,
        words="; ".join(filter(None, (f"counts: {said}; mean logit ~ Normal(0, 1.5)", partition.caution))),
        patients=sum(partition.totals[0]),
        planned=_planned(partition, quantity, benefit),
        margin=margin,
        named=_named(partition, quantity, benefit, error),
        source=published.source,
    )


def _planned(partition: Partition, quantity: BinaryEffect, benefit: int) -> float | None:
    """The planned log odds ratio of the event, if that is the effect and one is stated."""
    planned = partition.planned_odds_ratio
    return benefit * log(planned) if planned is not None and quantity == "odds_ratio" else None


def _named(partition: Partition, quantity: BinaryEffect, benefit: int, error: float) -> tuple[MixturePrior, ...]:
    """The named priors: those of the odds of the better outcome, or those of a printed contrast of the same kind.

    They do not know the margin: the smallest difference that matters is far less than what trials are planned for.
    """
    if quantity == "odds_ratio":
        return tuple(
            MixturePrior.normal(prior.name, prior.label, 0.0 + benefit * prior.mean, prior.sd, prior.rationale)
            for prior in effect_priors(partition.planned_odds_ratio)
        )
    asked = _Contrasted(quantity, quantity == "risk_ratio", (error, error), benefit, None, None)
    return tuple(MixturePrior.of(prior) for prior in contrast_priors(asked))
