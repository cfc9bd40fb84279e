"""Which survival figures a run draws, and from which of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import Estimate
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.figures.curves import draw_survival_curves
from reappraise.survival.figures.directions import draw_directions
from reappraise.survival.figures.hazard_ratio import draw_hazard_ratio
from reappraise.survival.figures.hazards import draw_hazards
from reappraise.survival.figures.restricted_mean import draw_restricted_mean
from reappraise.survival.figures.sensitivity import SensitivityRow, draw_prior_sensitivity
from reappraise.survival.figures.subject import SurvivalSubject
from reappraise.survival.fit import SurvivalFit
from reappraise.survival.printed.job import PrintedFit
from reappraise.survival.proportionality import ProportionalityEvidence
from reappraise.survival.published import SurvivalEndpoint

type Drawn = Iterator[tuple[str, Figure]]


@dataclass(frozen=True, slots=True)
class _Printed:
    medians: tuple[Estimate | None, ...]
    hazard_ratio: Estimate | None
    curves: tuple[Estimate, ...]


def draw_survival(
    endpoint: TrialEndpoint[SurvivalEndpoint],
    fits: Sequence[SurvivalFit | PrintedFit],
    *,
    published: Sequence[Estimate],
    recomputed: Sequence[Estimate],
    evidence: ProportionalityEvidence | None = None,
) -> Drawn:
    """Yield every figure of one survival endpoint.

    Parameters
    ----------
    endpoint
        The endpoint.
    fits
        Fits to one set of data, that with a changing hazard ratio and the reference prior first.
    published, recomputed
        Estimates of the endpoint, contrasts experimental over control.
    evidence
        Evidence on proportional hazards, if there is any.
    """
    fit = fits[0]
    patients = fit.job.patients if isinstance(fit, SurvivalFit) else None
    key = endpoint.published.key
    subject = _subject(endpoint, fit)
    posterior = fit.tree["posterior"].to_dataset()
    printed = _printed(endpoint, published)
    yield (
        f"{key}.survival",
        draw_survival_curves(
            subject,
            data=None if patients is None else (patients.time, patients.event, patients.arm),
            totals=fit.job.totals,
            grid=posterior["time"].to_numpy(),
            survival=posterior["survival"].transpose("chain", "draw", "arm", "time").to_numpy(),
            horizon=fit.job.grid.horizon,
            printed=printed.curves,
        ),
    )
    edges = np.append(fit.job.grid.starts, fit.job.grid.horizon)
    log_hazard = posterior["log_hazard"].transpose("chain", "draw", "arm", "interval").to_numpy()
    yield f"{key}.hazards", draw_hazards(subject, edges=edges, log_hazard=log_hazard)
    yield (
        f"{key}.hazard-ratio",
        draw_hazard_ratio(
            subject,
            time=posterior["time"].to_numpy(),
            hazard_ratio=posterior["hazard_ratio_at"].transpose("chain", "draw", "time").to_numpy(),
            published=printed.hazard_ratio,
            evidence=evidence.short if evidence else "",
        ),
    )
    means = posterior["restricted_mean"].transpose("chain", "draw", "arm", "horizon_grid")
    yield (
        f"{key}.restricted-mean",
        draw_restricted_mean(
            subject,
            horizon=posterior["horizon_grid"].to_numpy()[1:],
            difference=(means[:, :, 1] - means[:, :, 0]).to_numpy()[..., 1:],
        ),
    )
    yield f"{key}.priors", draw_prior_sensitivity(subject, tuple(_rows(fits, printed, recomputed)))
    control, experimental = printed.medians
    trio = None
    if control is not None and experimental is not None and printed.hazard_ratio is not None:
        trio = (control, experimental, printed.hazard_ratio)
    yield (
        f"{key}.directions",
        draw_directions(
            subject,
            median=posterior["median"].transpose("chain", "draw", "arm").to_numpy(),
            hazard_ratio=posterior["hazard_ratio"].to_numpy(),
            horizon=fit.job.grid.horizon,
            published=trio,
        ),
    )


def _subject(endpoint: TrialEndpoint[SurvivalEndpoint], fit: SurvivalFit | PrintedFit) -> SurvivalSubject:
    published = endpoint.published
    control, experimental = endpoint.trial.arms
    job = fit.job
    known = job.origin in {"individual data", "printed numbers"}
    source = job.origin if known else f"data reconstructed from {job.origin}"
    return SurvivalSubject(
        endpoint=published.label,
        arms=(control.short, experimental.short),
        keys=(control.key, experimental.key),
        unit=job.unit,
        better=published.better,
        level=fit.job.sampling.level,
        origin=f"Piecewise-exponential model, {fit.job.prior.label.lower()} prior, {source}",
        failed=not fit.converged,
    )


def _printed(endpoint: TrialEndpoint[SurvivalEndpoint], published: Sequence[Estimate]) -> _Printed:
    own = [item for item in published if (item.endpoint, item.population) == (endpoint.published.key, WHOLE)]
    medians = tuple(
        next((item for item in own if item.quantity == "median" and item.arm == arm and not item.at), None)
        for arm in (item.key for item in endpoint.trial.arms)
    )
    ratio = next((item for item in own if item.quantity == "hazard_ratio" and item.value is not None), None)
    curves = tuple(item for item in own if (item.quantity == "median" and not item.at) or item.quantity == "survival")
    bounded = {(item.quantity, item.arm, item.at) for item in curves if item.low is not None}
    # of a number printed twice, the one with an interval is drawn
    kept = tuple(item for item in curves if item.low is not None or (item.quantity, item.arm, item.at) not in bounded)
    return _Printed(medians, ratio, kept)


def _rows(
    fits: Sequence[SurvivalFit | PrintedFit], printed: _Printed, recomputed: Sequence[Estimate]
) -> Iterator[SensitivityRow]:
    """Yield the hazard ratio as printed, as recomputed, and under every prior."""
    if printed.hazard_ratio is not None:
        yield SensitivityRow(estimate=printed.hazard_ratio)
    own = fits[0].job.endpoint
    ratio = next(
        (e for e in recomputed if (e.endpoint, e.population) == (own, WHOLE) and e.quantity == "hazard_ratio"), None
    )
    if ratio is not None and ratio.value is not None:
        yield SensitivityRow(estimate=ratio)
    for fit in fits:
        estimate = next(item for item in fit.estimates if item.quantity == "hazard_ratio" and not item.at)
        label = f"{fit.job.prior.label} prior, proportional hazards" if fit.job.model.proportional else ""
        draws = fit.tree["posterior"]["hazard_ratio"].to_numpy()
        yield SensitivityRow(estimate=estimate, hazard_ratio=draws, label=label)
