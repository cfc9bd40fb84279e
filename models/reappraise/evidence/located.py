"""Likelihoods of differences of means and of ratios of event rates."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, log
from typing import Final

import numpy as np

from reappraise.continuous.contrast import Compared, MeanContrast
from reappraise.continuous.prior import mean_priors
from reappraise.core.located import NORMAL, Located
from reappraise.core.located import likelihood as convolved
from reappraise.effect.prior import EffectPrior, contrast_priors
from reappraise.event_rate.contrast import RateContrast
from reappraise.event_rate.exact import log_likelihood as of_events
from reappraise.evidence.grid import Floats, between, places
from reappraise.evidence.likelihood import EffectLikelihood, tabulated
from reappraise.evidence.printed import located
from reappraise.evidence.prior import MixturePrior

ANY: Final = 1e300
"""Standard deviation of a prior that asks for as much of a likelihood as can be tabulated."""


def means_likelihood(contrast: MeanContrast, *, patients: int | None = None) -> EffectLikelihood:
    """The likelihood of a difference of means, or of the logarithm of a ratio of geometric means.

    Parameters
    ----------
    contrast
        What is known of it: t distributions of both arms, or of the printed difference, rounding carried.
    patients
        Patients in both arms, where known.
    """
    effect, height = _of_parts(contrast.parts, ratio=contrast.logarithmic)
    return _likelihood(contrast, contrast.quantity, effect, height, mean_priors(contrast), patients)


def rates_likelihood(contrast: RateContrast, *, patients: int | None = None) -> EffectLikelihood:
    """The likelihood of the logarithm of a ratio of event rates.

    Parameters
    ----------
    contrast
        What is known of it: events and person-time, given all events, or printed limits.
    patients
        Patients in both arms, where known.
    """
    table = contrast.table
    if table is None:
        effect, height = _of_parts(contrast.parts, ratio=True)
    else:
        control, experimental = ((arm.events + 0.5) / arm.time for arm in table.arms)
        centre, error = log(experimental / control), contrast.standard_error[0]
        effect, height = tabulated(lambda effect: of_events(table, effect), centre, error, ratio=True)
    return _likelihood(contrast, contrast.quantity, effect, height, contrast_priors(contrast), patients)


def _of_parts(parts: tuple[Located, ...], *, ratio: bool) -> tuple[Floats, Floats]:
    """Places and log likelihood of one printed contrast, or of the difference of two arms."""
    if len(parts) == 1:
        (one,) = parts
        return located(one.place, one.scale, one.degrees if one.degrees < NORMAL else inf, ratio=ratio)
    centre = parts[1].centre - parts[0].centre
    error = float(np.sqrt(sum(one.error**2 + (one.place[1] - one.place[0]) ** 2 / 12 for one in parts)))
    table = convolved(parts, mean=centre, sd=ANY)
    with np.errstate(divide="ignore"):
        log_mass = np.log(table.mass)
    kept = np.isfinite(log_mass)
    effect = places(centre, error)
    height = between(effect, table.effect[kept], log_mass[kept])
    found = np.isfinite(height)
    return effect[found], height[found]


def _likelihood(
    contrast: Compared,
    quantity: str,
    effect: Floats,
    height: Floats,
    named: Iterable[EffectPrior],
    patients: int | None,
) -> EffectLikelihood:
    said = f"{contrast.words} ({', '.join(contrast.came_about)} in print)" if contrast.came_about else contrast.words
    return EffectLikelihood(
        endpoint=contrast.endpoint,
        label=contrast.label,
        arms=contrast.arms,
        arm_labels=contrast.arm_labels,
        quantity=quantity,
        unit=contrast.unit,
        benefit=contrast.benefit,
        effect=effect,
        log_likelihood=height,
        model=contrast.basis,
        words=said,
        patients=patients,
        planned=contrast.planned,
        margin=contrast.margin,
        named=tuple(MixturePrior.of(prior) for prior in named),
        source=contrast.source,
    )
