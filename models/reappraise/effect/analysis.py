"""The analysis of an effect of which only estimates are printed: each by itself, under every prior, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from reappraise.calibrate.calibration import Calibration
from reappraise.core.estimate import Estimate
from reappraise.effect.contrast import PrintedContrast, printed_contrasts
from reappraise.effect.exact import MODEL, exact_contrast, exact_contrasts, from_print, posterior
from reappraise.effect.prior import contrast_priors
from reappraise.effect.published import EffectEndpoint
from reappraise.fits.each import Session
from reappraise.fits.exact import ExactFit, ExactPosterior, exact_fits
from reappraise.fits.exact_contrast import exact_of_contrast
from reappraise.fits.model import Floats
from reappraise.fits.result import Drawn, Result
from reappraise.kind import Kind
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.exact import NormalMixture


@dataclass(frozen=True, kw_only=True)
class ContrastResult(Result[EffectEndpoint, ExactFit]):
    """Everything found out about an effect: exact posteriors of each printed contrast, which are never combined."""

    contrasts: tuple[PrintedContrast, ...]

    @property
    def words(self) -> str:
        """How many posteriors, and of what."""
        posteriors = sum(len(contrast_priors(contrast)) for contrast in self.contrasts)
        return f"{self.key}: {posteriors} exact posteriors of {len(self.contrasts)} printed contrasts."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the interval and p value that estimate and standard error make."""
        for contrast in self.contrasts:
            yield from_print(contrast, level=self.level)

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, and the posterior of each contrast under each prior."""
        yield from self.recomputed()
        yield from exact_contrasts(self.endpoint, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield prior, likelihood and posterior by prior, for each contrast."""
        from reappraise.effect.figures import draw_contrast

        for place, contrast in enumerate(self.contrasts):
            number = f"-{place + 1}" if place else ""
            yield f"{self.key}.{contrast.quantity.replace('_', '-')}{number}", draw_contrast(contrast, level=self.level)


@dataclass(frozen=True, slots=True)
class EffectKind(Kind[EffectEndpoint]):
    """Effects of which only estimates are printed."""

    def steps(self, endpoint: TrialEndpoint[EffectEndpoint]) -> int:  # noqa: ARG002  # next to nothing
        """One."""
        return 1

    def analyse(self, endpoint: TrialEndpoint[EffectEndpoint], session: Session) -> ContrastResult:
        """Read every contrast, and keep draws of each posterior."""
        contrasts, level = printed_contrasts(endpoint), session.sampling.level
        fits = exact_fits(_posteriors(contrasts, level), endpoint.trial, session)
        return ContrastResult(endpoint=endpoint, contrasts=contrasts, fits=fits, level=level)

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """The exact posterior, from rounded print."""
        from reappraise.effect.calibrate import CONTRAST_CALIBRATION

        return (CONTRAST_CALIBRATION,)


EFFECT = EffectKind(EffectEndpoint)


def _posteriors(contrasts: Sequence[PrintedContrast], level: float) -> Iterator[ExactPosterior]:
    """Yield the posterior of each contrast under each prior."""
    for place, contrast in enumerate(contrasts):
        (low, high), (least, largest) = contrast.effect, contrast.standard_error
        for prior in contrast_priors(contrast):
            yield exact_of_contrast(
                contrast,
                prior,
                place=place,
                model=MODEL,
                formula="printed ~ Normal(effect, standard error), both uniform over what rounds to the print; "
                "effect ~ prior",
                logarithmic=contrast.ratio,
                effect=partial(_drawn, posterior(contrast, prior)),
                printed={
                    "lowest_effect": low,
                    "highest_effect": high,
                    "least_standard_error": least,
                    "largest_standard_error": largest,
                },
                estimates=partial(exact_contrast, contrast, prior, level=level),
            )


def _drawn(found: NormalMixture, rng: np.random.Generator, number: int) -> Floats:
    """Independent draws of a mixture: first its part, then within it."""
    part = rng.choice(found.weight.size, size=number, p=found.weight)
    return rng.normal(found.mean[part], found.sd[part])
