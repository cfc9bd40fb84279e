"""Which numbers of an endpoint stand first: one contrast, under one prior, of all patients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import QUANTITIES, Estimate

FIRST_PRIORS = ("reference", "uniform", "jeffreys")
"""Priors that hold barely an opinion, the one that is shown first coming first."""
FIRST_RATIOS = ("hazard_ratio", "risk_ratio", "rate_ratio", "odds_ratio", "common_odds_ratio", "median_ratio")
"""Contrasts that are shown first, in this order, before any other ratio and any difference."""
LAST_MODELS = ("printed-proportional-hazards", "proportional-hazards", "non-proportional-odds", "beta-binomial")
"""Models that are shown beside another one, and never first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """The posterior that a reader is shown first.

    Parameters
    ----------
    contrast
        The contrast, with its interval and the probability of benefit.
    rows
        All numbers under the same model and prior, of all patients.
    """

    contrast: Estimate
    rows: tuple[Estimate, ...]

    @property
    def probability(self) -> float:
        """Probability of benefit."""
        return float(self.contrast.prob_benefit or 0.0)

    def matches(self, item: Estimate) -> bool:
        """Whether a number is of the same quantity, at the same time, of the same arms."""
        one = self.contrast
        return (item.quantity, item.at, item.numerator, item.denominator) == (
            one.quantity,
            one.at,
            one.numerator,
            one.denominator,
        )


def whole(estimates: Iterable[Estimate]) -> tuple[Estimate, ...]:
    """Numbers of all patients as a whole: no subgroup, no single event or category, nothing beyond the follow-up."""
    return tuple(
        item
        for item in estimates
        if item.population == WHOLE and not item.item and not item.grade and not item.extrapolated
    )


def lead_of(estimates: Sequence[Estimate]) -> Lead | None:
    """The posterior contrast that stands first; None where there is none with a probability of benefit."""
    found = [item for item in whole(estimates) if item.kind == "posterior"]
    contrasts = [item for item in found if item.prob_benefit is not None and item.numerator and item.value is not None]
    if not contrasts:
        return None
    printed = {item.quantity for item in whole(estimates) if item.kind == "published" and item.numerator}
    first = min(contrasts, key=lambda item: _rank(item, printed))
    same = tuple(item for item in found if (item.model, item.prior) == (first.model, first.prior))
    return Lead(contrast=first, rows=same)


def by_prior(estimates: Sequence[Estimate]) -> dict[tuple[str, str], tuple[Estimate, ...]]:
    """Posterior numbers of all patients by model and prior, those of the model that stands first coming first."""
    found: dict[tuple[str, str], list[Estimate]] = {}
    for item in whole(estimates):
        if item.kind == "posterior":
            found.setdefault((item.model, item.prior), []).append(item)
    order = sorted(found, key=lambda key: (key[0] in LAST_MODELS, _prior_rank(key[1])))
    first = lead_of(estimates)
    if first is not None:
        order.sort(key=lambda key: key[0] != first.contrast.model)
    return {key: tuple(found[key]) for key in order}


def _rank(item: Estimate, printed: set[str]) -> tuple[bool, int, bool, bool, int]:
    """What the paper prints comes before what it does not."""
    known = QUANTITIES[item.quantity]
    place = FIRST_RATIOS.index(item.quantity) if item.quantity in FIRST_RATIOS else len(FIRST_RATIOS)
    unprinted = item.quantity not in printed
    return item.model in LAST_MODELS, _prior_rank(item.prior), known.form != "ratio", unprinted, place


def _prior_rank(prior: str) -> int:
    return FIRST_PRIORS.index(prior) if prior in FIRST_PRIORS else len(FIRST_PRIORS)
