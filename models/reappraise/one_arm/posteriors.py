"""Draws of the exact posteriors of one arm, for who reads files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import log

import numpy as np

from reappraise.core.estimate import Estimate
from reappraise.core.prior import RATE_PRIORS, LogRatioPrior, RatePrior
from reappraise.fits.exact import ExactPosterior, by_quantile
from reappraise.fits.layout import Variable
from reappraise.fits.model import Floats
from reappraise.fits.words import Attributes
from reappraise.one_arm.rates import MODEL as RATE_MODEL
from reappraise.one_arm.rates import OneRate, one_rate_estimates
from reappraise.one_arm.times import MODEL as TIME_MODEL
from reappraise.one_arm.times import OneTime, priors_of, time_estimates
from reappraise.response.rounded import BetaMixture


def rate_posteriors(one: OneRate, *, level: float) -> Iterator[ExactPosterior]:
    """Yield the posterior of the rate, and of its difference from the benchmark, under each prior on it."""
    published = one.item.published
    variables = {"rate": Variable(description="probability of the event", reported=True)}
    if one.benchmark is not None:
        variables["risk_difference"] = Variable(description="rate minus the benchmark", reported=True)
    for prior in RATE_PRIORS:
        yield ExactPosterior(
            endpoint=published.key,
            subject="one-arm",
            title=f"{published.label}, one arm",
            model=RATE_MODEL,
            formula="P(printed | rate) = sum of Binomial(events; total, rate) over events that print so; rate ~ prior",
            prior=prior,
            variables=variables,
            draw=partial(_rates, one, prior),
            draw_prior=partial(_rates_before, one, prior),
            printed={
                "least_events": float(one.events[0]),
                "most_events": float(one.events[-1]),
                "total": float(one.total),
                "benchmark": np.nan if one.benchmark is None else one.benchmark,
            },
            described=_described(one.arm, published.better),
            estimates=partial(_of_prior, partial(one_rate_estimates, one, level=level), prior.name),
        )


def time_posteriors(times: tuple[OneTime, ...], *, level: float) -> Iterator[ExactPosterior]:
    """Yield the posterior of each number of the arm, and of its ratio to the benchmark, under each prior on that."""
    for place, one in enumerate(times):
        published = one.item.published
        own = one.published.quantity
        unit = "fraction" if not one.median else str(one.published.unit)
        where = f" at {one.published.at}" if one.published.at else ""
        for prior in priors_of(one):
            yield ExactPosterior(
                endpoint=published.key,
                subject=f"one-arm-{own}{f'-{place + 1}' if place else ''}",
                title=f"{published.label}, {own}{where} of one arm",
                model=TIME_MODEL,
                formula="printed ~ Normal on the scale of its limits, with the spread that each of them says; "
                "log of its ratio to the benchmark ~ prior",
                prior=_as_it_enters(one, prior),
                variables={
                    own: Variable(description=f"{own}{where}, {unit}", reported=True),
                    one.quantity: Variable(description="ratio to the benchmark", scale="logarithm", reported=True),
                },
                draw=partial(_times, one, prior),
                draw_prior=partial(_times_before, one, prior),
                printed={
                    "lowest_effect": one.value[0],
                    "highest_effect": one.value[1],
                    "below": one.spreads[0],
                    "above": one.spreads[1],
                    "benchmark": one.stated,
                },
                described=_described(one.item.trial.experimental.key, published.better),
                estimates=partial(_of_prior, partial(time_estimates, (one,), level=level), prior.name),
            )


@dataclass(frozen=True, slots=True)
class OfTimes:
    """A prior on a ratio to the benchmark, in the words of what it is a ratio of."""

    name: str
    label: str
    text: str
    rationale: str
    mean: float
    sd: float


def _as_it_enters(one: OneTime, prior: LogRatioPrior) -> LogRatioPrior | OfTimes:
    """A prior on hazards as it is; of a ratio of medians, which runs the other way, in words of its own."""
    if not one.median:
        return prior
    low, high = (np.exp(prior.mean + side * 1.96 * prior.sd) for side in (-1, 1))
    return OfTimes(
        prior.name,
        prior.label,
        f"log ratio of medians ~ Normal({prior.mean:.3g}, {prior.sd:.3g}): ratio {low:.2g} to {high:.3g} with 95%",
        f"{prior.rationale} A ratio of medians is taken for the inverse of a ratio of hazards.",
        prior.mean,
        prior.sd,
    )


def _of_prior(estimates: partial[Iterator[Estimate]], prior: str) -> Iterator[Estimate]:
    return (item for item in estimates() if item.prior == prior)


def _described(arm: str, better: str) -> Attributes:
    return {
        "experimental_arm": arm,
        "direction": f"contrasts are {arm} over (or minus) the benchmark",
        "better": better,
    }


def _rates(one: OneRate, prior: RatePrior, rng: np.random.Generator, number: int) -> dict[str, Floats]:
    return _against(one, BetaMixture.of(one.events, one.total, prior).quantile(rng.uniform(size=number)))


def _rates_before(one: OneRate, prior: RatePrior, rng: np.random.Generator, number: int) -> dict[str, Floats]:
    return _against(one, rng.beta(prior.alpha, prior.beta, size=number))


def _against(one: OneRate, rate: Floats) -> dict[str, Floats]:
    return {"rate": rate} | ({} if one.benchmark is None else {"risk_difference": rate - one.benchmark})


def _times(one: OneTime, prior: LogRatioPrior, rng: np.random.Generator, number: int) -> Mapping[str, Floats]:
    return _numbers(one, by_quantile(one.posterior(prior).quantile, rng, number))


def _times_before(one: OneTime, prior: LogRatioPrior, rng: np.random.Generator, number: int) -> Mapping[str, Floats]:
    return _numbers(one, rng.normal(prior.mean, prior.sd, size=number))


def _numbers(one: OneTime, effect: Floats) -> dict[str, Floats]:
    """A median is the benchmark times the ratio; of a survival probability the ratio is that of hazards."""
    ratio = np.exp(effect)
    own = one.stated * ratio if one.median else np.exp(log(one.stated) * ratio)
    return {one.published.quantity: own, one.quantity: ratio}
