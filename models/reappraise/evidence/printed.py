"""Likelihoods of effects that are printed with how sure they are, rounding carried; and of one's own numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf, sqrt
from typing import Final, Literal

import numpy as np
from scipy.special import logsumexp

from reappraise.core.printed import Printed
from reappraise.effect.contrast import PrintedContrast
from reappraise.effect.prior import contrast_priors
from reappraise.evidence.grid import Floats
from reappraise.evidence.likelihood import EffectLikelihood, tabulated
from reappraise.evidence.prior import MixturePrior
from reappraise.survival.effect.published import PrintedEffect
from reappraise.survival.effect.spans import Span

MODEL: Final = "printed-contrast"
HAZARDS: Final = "printed-hazard-ratio"
_NODES: Final = 8
_MOST_NODES: Final = 200
"""Gauss-Legendre nodes over what rounds to the print: more where that is wide beside the standard error."""

type Number = str | float | Printed


def log_located(rounded: Span, standard_error: Span, degrees: float = inf) -> Callable[[Floats], Floats]:
    r"""Log likelihood of an effect of which an estimate is printed, rounded: normal, or Student's t.

    .. math::
        L(\theta) \propto \int_{s_1}^{s_2} \int_l^h \frac{1}{s} \, t_\nu\Bigl(\frac{b - \theta}{s}\Bigr) \, db \, ds

    l and h are the least and the largest estimate that rounds to the print, s_1 and s_2 the least and the largest
    standard error that the print allows.

    Parameters
    ----------
    rounded
        Least and largest estimate.
    standard_error
        Least and largest standard error.
    degrees
        Degrees of freedom; infinite for a normal estimate.
    """
    estimate, estimate_weight = _over(rounded, (rounded[1] - rounded[0]) / standard_error[0])
    error, error_weight = _over(standard_error, standard_error[1] / standard_error[0] - 1)
    weight = np.log(estimate_weight[:, None] * error_weight[None, :] / error[None, :])

    def log_likelihood(effect: Floats) -> Floats:
        squared = np.square((effect[..., None, None] - estimate[:, None]) / error)
        fall = squared / 2 if degrees == inf else (degrees + 1) / 2 * np.log1p(squared / degrees)
        return np.asarray(logsumexp(weight - fall, axis=(-2, -1)))

    return log_likelihood


def contrast_likelihood(contrast: PrintedContrast, *, patients: int | None = None) -> EffectLikelihood:
    """The likelihood of a printed ratio or difference.

    Parameters
    ----------
    contrast
        What was printed.
    patients
        Patients in both arms, where known.
    """
    effect, height = located(contrast.effect, contrast.standard_error, ratio=contrast.ratio)
    how = f"{', '.join(contrast.came_about)} in print; " if contrast.came_about else ""
    return EffectLikelihood(
        endpoint=contrast.endpoint,
        label=contrast.label,
        arms=contrast.arms,
        arm_labels=contrast.arm_labels,
        quantity=contrast.quantity,
        unit=contrast.unit,
        at=contrast.at,
        benefit=contrast.benefit,
        effect=effect,
        log_likelihood=height,
        model=MODEL,
        words=_words(contrast.printed, how, contrast.basis, contrast.notes),
        patients=patients,
        planned=contrast.planned,
        margin=contrast.margin,
        named=tuple(MixturePrior.of(prior) for prior in contrast_priors(contrast)),
        source=contrast.source,
    )


def hazard_ratio_likelihood(effect: PrintedEffect, *, patients: int | None = None) -> EffectLikelihood:
    """The likelihood of a printed hazard ratio of a time-to-event endpoint.

    Parameters
    ----------
    effect
        What was printed.
    patients
        Patients in both arms, where known.
    """
    places, height = located(effect.log_ratio, effect.standard_error, ratio=True)
    benefit: Literal[1, -1] = -1 if effect.better == "higher" else 1
    planned = effect.plan.hazard_ratio
    said = "" if effect.conditioned in {"neither", "not said"} else f"{effect.conditioned} in print; "
    named = (
        MixturePrior.normal(prior.name, prior.label, 0.0 - benefit * prior.mean, prior.sd, prior.rationale)
        for prior in effect.plan.priors
    )
    return EffectLikelihood(
        endpoint=effect.endpoint,
        label=effect.label,
        arms=effect.arms,
        arm_labels=effect.arm_labels,
        quantity="hazard_ratio",
        benefit=benefit,
        effect=places,
        log_likelihood=height,
        model=HAZARDS,
        words=_words(effect.printed, said, effect.basis, effect.notes),
        patients=patients,
        planned=None if planned is None else float(-benefit * np.log(planned)),
        named=tuple(named),
        source=effect.source,
    )


def located(rounded: Span, standard_error: Span, degrees: float = inf, *, ratio: bool) -> tuple[Floats, Floats]:
    """Places about a printed estimate and the log likelihood there.

    Parameters
    ----------
    rounded, standard_error, degrees
        As `log_located` takes them.
    ratio
        Whether the effect is the logarithm of a ratio.
    """
    middle_error = (standard_error[0] + standard_error[1]) / 2
    scale = sqrt(middle_error**2 + (rounded[1] - rounded[0]) ** 2 / 12)
    return tabulated(log_located(rounded, standard_error, degrees), sum(rounded) / 2, scale, ratio=ratio)


def _words(printed: str, how: str, basis: str, notes: tuple[str, ...]) -> str:
    return "; ".join((f"printed: {printed}; {how}standard error from its {basis}", *notes))


_legendre = cache(np.polynomial.legendre.leggauss)


def _over(span: Span, folds: float) -> tuple[Floats, Floats]:
    """Nodes and weights of the mean over a span that is so many times as wide as what is integrated."""
    low, high = span
    nodes, weights = _legendre(1 if high - low <= 1e-12 * abs(high) else min(_MOST_NODES, _NODES + int(3 * folds)))
    return low + (high - low) * (nodes + 1) / 2, weights / 2
