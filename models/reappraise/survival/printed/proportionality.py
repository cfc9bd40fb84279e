"""Are the hazards proportional, given the print alone: a Bayes factor by the density of no departures."""

from __future__ import annotations

from math import erf, log, pi, sqrt
from typing import Final

import numpy as np

from reappraise.core.errors import AnalysisError
from reappraise.fits.summary import mean, summary
from reappraise.survival.printed.cells import Floats
from reappraise.survival.printed.density import DATA, density
from reappraise.survival.printed.job import PrintedFit
from reappraise.survival.printed.mode import OPEN
from reappraise.survival.printed.model import PrintData
from reappraise.survival.printed.pivot import pivoted
from reappraise.survival.printed.shares import SCALES, log_prior
from reappraise.survival.proportionality import SMALL_SD, ProportionalityEvidence
from reappraise.survival.savage_dickey import averaged

DRAWS: Final = 300
"""Draws of each chain that are looked at, at most."""
NODES: Final = 24
FAR: Final = 6.0
"""Unit scale beyond which a half-normal one has no mass that counts."""
DEPARTURES: Final = SCALES.start + 1
"""Place of the variable that the scale of departures comes from."""


def compare_printed(varying: PrintedFit, proportional: PrintedFit) -> ProportionalityEvidence:
    r"""Evidence on proportional hazards from printed numbers.

    .. math:: B = \mathrm{E}\left[\frac{p(s \mid u = 0, \eta)}{\int p(s \mid u, \eta) p(u)\,du} \,\middle|\, s\right]

    with u the unit scale of the departures, half-normal, and :math:`\eta` all else: the Savage-Dickey ratio.

    Parameters
    ----------
    varying, proportional
        Fits to the same print with the same prior but for the departures.

    Raises
    ------
    AnalysisError
        If they are not.
    """
    job = varying.job
    if job.model.proportional or not proportional.job.model.proportional or job.printed != proportional.job.printed:
        raise AnalysisError(f"expected the two models fitted to one print, got {job.name} and {proportional.job.name}")
    points = varying.tree["agreement"]["point"].transpose("chain", "draw", "variable").to_numpy().astype(np.float64)
    kept = points[:, :: max(1, points.shape[1] // DRAWS)]
    data = job.data()
    log_ratio, small = _ratios(kept, data, SMALL_SD / job.prior.departure_scale)
    factor, error = averaged(log_ratio)
    departure = varying.tree["posterior"]["departure_sd"].transpose("chain", "draw").to_numpy().astype(np.float64)
    failed = [f"{fit.job.model.name}: {fit.diagnosis.failures}" for fit in (varying, proportional) if not fit.converged]
    return ProportionalityEvidence(
        endpoint=job.endpoint,
        prior=job.prior.name,
        reconstructions=0,
        departure_scale=job.prior.departure_scale,
        departure_sd=summary(departure, job.sampling.level),
        small=mean(small),
        small_prior=erf(SMALL_SD / job.prior.departure_scale / sqrt(2)),
        log_bayes_factor=factor,
        log_bayes_factor_error=error,
        left_out=None,
        refused="what is known is a few printed numbers, and no patients",
        level=job.sampling.level,
        failures="; ".join(failed),
    )


def _ratios(points: Floats, data: PrintData, limit: float) -> tuple[Floats, Floats]:
    """Logarithm of the ratio of densities at 0, and the probability below a limit, given all else, by draw."""
    node, weight = np.polynomial.legendre.leggauss(NODES)
    below, above = (limit * (1 + node) / 2, limit + (FAR - limit) * (1 + node) / 2)
    units = np.concatenate([below, above])
    widths = np.concatenate([limit * weight / 2, (FAR - limit) * weight / 2])
    half_normal = sqrt(2 / pi) * np.exp(-np.square(units) / 2)
    variables = np.concatenate([[-60.0], units + np.log(-np.expm1(-units))])
    flat, values = points.reshape(-1, points.shape[-1]), [data[name] for name in DATA]
    log_ratio, small = np.empty(len(flat)), np.empty(len(flat))
    for place, point in enumerate(flat):
        moved = np.tile(point, (variables.size, 1))
        moved[:, DEPARTURES] = variables
        likelihood = np.array([density(one, *values)[0] for one in pivoted(moved, data)]) - log_prior(moved[:, :-OPEN])
        peak = likelihood.max()
        mass = np.exp(likelihood[1:] - peak) * half_normal * widths
        log_ratio[place] = likelihood[0] - peak - log(mass.sum())
        small[place] = mass[:NODES].sum() / mass.sum()
    return log_ratio.reshape(points.shape[:2]), small.reshape(points.shape[:2])
