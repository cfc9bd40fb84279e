"""How far the conclusion depends on the prior: every prior against every threshold, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

import numpy as np

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.evidence.cochrane import cochrane_prior
from reappraise.evidence.grid import Floats
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.opinions import zampieri_priors
from reappraise.evidence.posterior import EffectPosterior, Opinion, effect_posterior, entering
from reappraise.evidence.prior import AnyPrior, FlatPrior, MixturePrior

METHOD = "exact posterior of the integrated likelihood"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sensitivity:
    """What each prior makes of one effect.

    Parameters
    ----------
    likelihood
        What the data say.
    priors
        The priors as they enter.
    thresholds
        Effects, as people read them, that benefit is asked for beyond.
    level
        Probability of the equal-tailed intervals.
    posteriors
        Posterior under each prior.
    median, low, high
        Median and interval of the effect, as people read it, dims (prior,).
    benefit
        Probability of any benefit, dims (prior,).
    beyond
        Probability of an effect better than the threshold, dims (prior, threshold).
    """

    likelihood: EffectLikelihood
    priors: tuple[AnyPrior, ...]
    thresholds: tuple[float, ...]
    level: float
    posteriors: tuple[EffectPosterior, ...]
    median: Floats
    low: Floats
    high: Floats
    benefit: Floats
    beyond: Floats

    def of(self, prior: str) -> EffectPosterior:
        """Posterior under the prior of that name.

        Raises
        ------
        AnalysisError
            If there is none; the error lists those there are.
        """
        for one, found in zip(self.priors, self.posteriors, strict=True):
            if one.name == prior:
                return found
        raise AnalysisError(f"no prior {prior!r}; there are {', '.join(one.name for one in self.priors)}")

    def __repr__(self) -> str:
        asked = self.likelihood
        heads = (
            "prior",
            f"{asked.name} ({100 * self.level:g}%)",
            "P(benefit)",
            *map(asked.beyond_words, self.thresholds),
        )
        rows = [heads, *self._cells()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
        return "\n".join((f"{asked.endpoint}, {asked.direction}", *lines))

    def _repr_html_(self) -> str:
        asked = self.likelihood
        head = "".join(f"<th>{escape(cell)}</th>" for cell in ("", *self._heads))
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self._cells())
        caption = escape(f"{asked.label or asked.endpoint}: {asked.direction}")
        return f"<table><caption>{caption}</caption><tr>{head}</tr>{body}</table>"

    @property
    def _heads(self) -> tuple[str, ...]:
        words = (self.likelihood.beyond_words(value) for value in self.thresholds)
        return f"{self.likelihood.name} ({100 * self.level:g}%)", "P(benefit)", *words

    def _cells(self) -> Iterator[tuple[str, ...]]:
        """Yield a row for each prior, in words."""
        for index, prior in enumerate(self.priors):
            low, middle, high = (float(numbers[index]) for numbers in (self.low, self.median, self.high))
            chances = (f"{float(value):.3f}" for value in (self.benefit[index], *self.beyond[index]))
            yield prior.name, f"{middle:.3g} ({low:.3g} to {high:.3g})", *chances

    def estimates(self) -> Iterator[Estimate]:
        """Yield the posterior effect, P(benefit) and P(beyond) under each prior."""
        asked = self.likelihood
        for index, prior in enumerate(self.priors):
            make = partial(
                Estimate,
                endpoint=asked.endpoint,
                population=asked.population,
                numerator=asked.arms[1],
                denominator=asked.arms[0],
                kind="posterior",
                model=asked.model,
                prior=prior.name,
                method=f"{METHOD}; {asked.words}",
                source=asked.source,
            )
            better = float(self.benefit[index])
            yield make(
                quantity=asked.quantity,
                at=asked.at,
                value=float(self.median[index]),
                low=float(self.low[index]),
                high=float(self.high[index]),
                level=self.level,
                prob_benefit=better,
            )
            yield make(quantity="probability_of_benefit", at=f"{asked.name} in favour", value=better)
            for threshold, probability in zip(self.thresholds, self.beyond[index], strict=True):
                at = asked.beyond_words(threshold)
                yield make(quantity="probability_above_margin", at=at, value=float(probability))


def default_priors(likelihood: EffectLikelihood) -> tuple[AnyPrior, ...]:
    """Priors to hold against each other: none, those of this kind of endpoint, the grid of beliefs, the usual trial.

    Parameters
    ----------
    likelihood
        Of which effect.
    """
    found: list[AnyPrior] = [FlatPrior()] if all(likelihood.ends) else []
    found += likelihood.named
    if likelihood.ratio:
        found += zampieri_priors(likelihood)
    try:
        found.append(cochrane_prior(likelihood))
    except UndeterminedError:  # without an estimate it has no scale
        return tuple(found)
    return tuple(found)


def sensitivity(
    likelihood: EffectLikelihood,
    priors: Sequence[Opinion | str] | None = None,
    *,
    beyond: Sequence[float] | None = None,
    level: float = 0.95,
) -> Sensitivity:
    """Hold priors and thresholds against each other, from one likelihood and without any refit.

    Parameters
    ----------
    likelihood
        What the data say of the effect.
    priors
        Priors, or names of those that `default_priors` yields; None takes all of these.
    beyond
        Effects, as people read them, that benefit is asked for beyond; None takes those that the trial states, and for
        ratios a benefit of a tenth and of a fifth.
    level
        Probability of the equal-tailed intervals.

    Examples
    --------
    >>> import reappraise as ra
    >>> printed = ra.printed_likelihood("hazard_ratio", "0.75", "0.55", "1.02", better="lower")
    >>> ra.sensitivity(printed, ["flat", "neutral-moderate", "1:0.392"], beyond=[0.9])
    effect, experimental over control
    prior             hazard ratio (95%)     P(benefit)  hazard ratio < 0.9
    flat              0.75 (0.551 to 1.02)   0.966       0.876
    neutral-moderate  0.786 (0.593 to 1.04)  0.952       0.826
    1:0.392           0.781 (0.586 to 1.04)  0.955       0.835

    Raises
    ------
    AnalysisError
        If a prior is unknown or of another effect, two have one name, a threshold is not of this scale, or the level
        not between 0 and 1.
    """
    chosen = tuple(_chosen(likelihood, priors))
    names = [prior.name for prior in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AnalysisError(f"{likelihood.endpoint}: expected priors of different names, got {', '.join(twice)} twice")
    thresholds = tuple(float(value) for value in (likelihood.thresholds if beyond is None else beyond))
    places = np.array([0.0, *(likelihood.scaled(value) for value in thresholds)])
    if not 0 < level < 1:
        raise AnalysisError(f"expected a level between 0 and 1, such as 0.95, got {level:g}")
    tails = np.array([0.5, (1 - level) / 2, (1 + level) / 2])
    posteriors = tuple(effect_posterior(likelihood, prior) for prior in chosen)
    quantiles = np.array([found.quantiles(tails) for found in posteriors]).reshape(-1, 3)
    below = np.array([found.below(places) for found in posteriors]).reshape(-1, places.size)
    better = 1.0 - below if likelihood.benefit > 0 else below
    median, low, high = (np.exp(quantiles) if likelihood.ratio else quantiles).T
    return Sensitivity(
        likelihood, chosen, thresholds, level, posteriors, median, low, high, better[:, 0], better[:, 1:]
    )


def _chosen(likelihood: EffectLikelihood, priors: Sequence[Opinion | str] | None) -> Iterator[AnyPrior]:
    if priors is None:
        yield from default_priors(likelihood)
        return
    if not priors:
        raise AnalysisError(f"{likelihood.endpoint}: expected one prior or more, got none")
    known: dict[str, AnyPrior] = {}
    if any(isinstance(prior, str) for prior in priors):
        known = {prior.name: prior for prior in (FlatPrior(), *default_priors(likelihood))}
    for prior in priors:
        if not isinstance(prior, str):
            yield entering(prior, likelihood)
        elif prior in known:
            yield known[prior]
        else:
            yield _written(prior, likelihood, tuple(known))


def _written(text: str, likelihood: EffectLikelihood, known: tuple[str, ...]) -> MixturePrior:
    """A normal prior written as "centre:sd": of a ratio the centre is a ratio, and sd that of its logarithm."""
    centre, colon, sd = text.partition(":")
    try:
        numbers = float(centre), float(sd)
    except ValueError:
        scale = "a ratio and the standard deviation of its logarithm" if likelihood.ratio else f"a {likelihood.name}"
        example = "1:0.355" if likelihood.ratio else "0:2"
        raise AnalysisError(
            f"unknown prior {text!r} of {likelihood.endpoint}; expected one of {', '.join(known)}, or centre:sd, "
            f"{scale}, such as {example}"
        ) from None
    named = f"{numbers[0]:g}{colon}{numbers[1]:g}"
    words = f"about {numbers[0]:g}, sd {numbers[1]:g}{' of the logarithm' if likelihood.ratio else ''}"
    try:
        middle = likelihood.scaled(numbers[0])
    except AnalysisError as error:
        raise AnalysisError(f"prior {text!r}, its centre: {error}") from None
    return MixturePrior.normal(named, words, middle, numbers[1], "As asked for.")
