"""The analysis of an effect of which only estimates are printed: each by itself, under every prior, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reappraise.calibrate.calibration import Calibration
from reappraise.core.estimate import Estimate
from reappraise.effect.contrast import PrintedContrast, printed_contrasts
from reappraise.effect.exact import exact_contrasts, from_print
from reappraise.effect.prior import contrast_priors
from reappraise.effect.published import EffectEndpoint
from reappraise.fits.each import Session
from reappraise.fits.result import Drawn, Estimated, Result
from reappraise.kind import Kind
from reappraise.published.trial import TrialEndpoint


@dataclass(frozen=True, kw_only=True)
class ContrastResult(Result[EffectEndpoint, Estimated]):
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
        """Read every contrast; posteriors are computed when they are asked for."""
        return ContrastResult(endpoint=endpoint, contrasts=printed_contrasts(endpoint), level=session.sampling.level)

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """The exact posterior, from rounded print."""
        from reappraise.effect.calibrate import CONTRAST_CALIBRATION

        return (CONTRAST_CALIBRATION,)


EFFECT = EffectKind(EffectEndpoint)
