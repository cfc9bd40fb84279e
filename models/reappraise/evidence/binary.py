"""Likelihoods of a binary endpoint: from its counts, or from all counts that round to what is printed."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log
from typing import Final, Literal

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import effect_priors
from reappraise.effect.prior import contrast_priors
from reappraise.evidence.counts import MEAN_LOGIT_SD, ArmCounts, BinaryEffect, tabulated_counts
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.prior import MixturePrior
from reappraise.published.partition import Partition
from reappraise.published.trial import TrialEndpoint
from reappraise.response.published import ResponseEndpoint
from reappraise.response.rounded import rounded_counts

MODEL: Final = "logit-normal"
BINARY: Final[tuple[BinaryEffect, ...]] = ("odds_ratio", "risk_ratio", "risk_difference")


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
    """The likelihood of an effect on a binary endpoint, in all patients: of its counts, or of all that print so.

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
    published, rounded = item.published, rounded_counts(item)
    if rounded is None:
        return partition_likelihood(item.partition(), quantity, label=published.label)
    arms = [ArmCounts(counts, total) for counts, total in zip(rounded.events, rounded.totals, strict=True)]
    words = f"{rounded.words}, every count that rounds to the print"
    return _of_arms(rounded.extremes[0], arms, quantity, published.label, words)


def partition_likelihood(
    partition: Partition, quantity: BinaryEffect = "odds_ratio", *, label: str = ""
) -> EffectLikelihood:
    """The likelihood of an effect on patients with and without an event, of one population.

    The mean logit of both arms is integrated out under its prior in the logit-normal model, so that a prior on the
    log odds ratio gives that model's posterior. A prior on the log risk ratio, or on the risk difference, is a prior
    on that effect at every level of the rates alike.

    Parameters
    ----------
    partition
        Counts of one level: the whole population.
    quantity
        Which effect.
    label
        The endpoint in words.

    Raises
    ------
    AnalysisError
        If there are several levels, an arm has no patients, or the effect is another.
    """
    if quantity not in BINARY:
        raise AnalysisError(f"{partition.endpoint}: expected one of {', '.join(BINARY)} of counts, got {quantity!r}")
    if len(partition.levels) != 1:
        raise AnalysisError(
            f"{partition.endpoint}: expected counts of one population, got the {len(partition.levels)} levels of "
            f"{partition.factor}: levels learn from each other in the model that a run samples"
        )
    arms = [ArmCounts((k,), n) for k, n in zip(partition.events[0], partition.totals[0], strict=True)]
    shown = zip(partition.arm_labels, partition.events[0], partition.totals[0], strict=True)
    return _of_arms(partition, arms, quantity, label, "; ".join(f"{name} {k} of {n}" for name, k, n in shown))


def _of_arms(
    partition: Partition, arms: list[ArmCounts], quantity: BinaryEffect, label: str, words: str
) -> EffectLikelihood:
    effect, height, error = tabulated_counts(arms[0], arms[1], quantity)
    benefit: Literal[1, -1] = 1 if partition.better == "higher" else -1
    difference = quantity == "risk_difference"
    said = f"counts: {words}; mean logit ~ Normal(0, {MEAN_LOGIT_SD:g})"
    return EffectLikelihood(
        endpoint=partition.endpoint,
        label=label,
        population=partition.population(partition.levels[0]),
        arms=partition.arms,
        arm_labels=partition.arm_labels,
        quantity=quantity,
        benefit=benefit,
        effect=effect,
        log_likelihood=height,
        bounds=(-1.0, 1.0) if difference else (-inf, inf),
        model=MODEL,
        words="; ".join(filter(None, (said, partition.caution))),
        patients=sum(arm.total for arm in arms),
        planned=_planned(partition, quantity, benefit),
        margin=partition.margin if difference else None,
        named=_named(partition, quantity, benefit, error),
        source=partition.source,
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
