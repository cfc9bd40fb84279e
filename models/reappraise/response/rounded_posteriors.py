"""Draws of the exact posterior of counts that are known within rounding, for who reads files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from reappraise.core.prior import RATE_PRIORS, RatePrior
from reappraise.fits.exact import ExactPosterior
from reappraise.fits.layout import Axis, Variable
from reappraise.fits.model import Floats
from reappraise.fits.words import contrasted
from reappraise.response.estimands import VARIABLES as BY_LEVEL
from reappraise.response.estimands import contrasts
from reappraise.response.rounded import BetaMixture, RoundedCounts, rounded_estimates

VARIABLES: Mapping[str, Variable] = {
    name: Variable(
        dims=("arm",) if name == "rate" else (),
        description=BY_LEVEL[name].description.replace("by level and arm", "by arm").replace(", by level", ""),
        scale=BY_LEVEL[name].scale,
        reported=True,
    )
    for name in ("rate", "risk_difference", "risk_ratio", "odds_ratio")
}


def rounded_posteriors(counts: RoundedCounts, *, level: float) -> Iterator[ExactPosterior]:
    """Yield the posterior of both rates under each prior on them.

    Parameters
    ----------
    counts
        The counts that round to the print.
    level
        Coverage of the reported intervals.
    """
    published, arms = counts.item.published, counts.item.trial.arms
    printed = {
        f"{which}_{what}": float(number)
        for which, events, total in zip(("control", "experimental"), counts.events, counts.totals, strict=True)
        for what, number in (("least_events", events[0]), ("most_events", events[-1]), ("total", total))
    }
    for prior in RATE_PRIORS:
        yield ExactPosterior(
            endpoint=published.key,
            subject=counts.part.population.replace("=", "-"),
            title=f"{published.label}, {counts.part.label}: counts known within rounding",
            model="independent",
            formula="P(printed | rate) = sum of Binomial(events; total, rate) over events that print so; rate ~ prior",
            prior=prior,
            variables=VARIABLES,
            axes={"arm": Axis([arm.key for arm in arms])},
            draw=partial(_drawn, counts, prior),
            draw_prior=partial(_before, prior),
            printed=printed,
            described={**contrasted((arms[0].key, arms[1].key)), "better": published.better},
            estimates=partial(rounded_estimates, counts, prior, level=level),
        )


def _drawn(counts: RoundedCounts, prior: RatePrior, rng: np.random.Generator, number: int) -> dict[str, Floats]:
    """Independent draws of both rates, each by its quantiles, and of their contrasts."""
    rates = [
        BetaMixture.of(events, total, prior).quantile(rng.uniform(size=number))
        for events, total in zip(counts.events, counts.totals, strict=True)
    ]
    return _with_contrasts(np.stack(rates, axis=-1))


def _before(prior: RatePrior, rng: np.random.Generator, number: int) -> dict[str, Floats]:
    return _with_contrasts(rng.beta(prior.alpha, prior.beta, size=(number, 2)))


def _with_contrasts(rate: Floats) -> dict[str, Floats]:
    rate = np.clip(rate, 1e-15, 1 - np.finfo(float).eps)  # at the very ends odds do not exist
    between = contrasts(rate[..., None, :], (True,))
    return {"rate": rate, **{name: values[..., 0] for name, values in between.items()}}
