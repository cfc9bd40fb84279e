"""Which survival figures a run draws, and from which of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure

from reappraise.endpoints import SurvivalEndpoint
from reappraise.endpoints.patients import PatientData
from reappraise.estimate import Estimate
from reappraise.figures.survival_curves import draw_survival_curves
from reappraise.figures.survival_directions import draw_directions
from reappraise.figures.survival_hazard_ratio import draw_hazard_ratio
from reappraise.figures.survival_hazards import draw_hazards
from reappraise.figures.survival_restricted_mean import draw_restricted_mean
from reappraise.figures.survival_sensitivity import SensitivityRow, draw_prior_sensitivity
from reappraise.figures.survival_subject import SurvivalSubject
from reappraise.survival.fit import SurvivalFit
from reappraise.survival.proportionality import ProportionalityEvidence
from reappraise.survival.reweighted import ReweightedFit
from reappraise.trial import TrialEndpoint

type Drawn = Iterator[tuple[str, Figure]]


class Found(Protocol):
    """What was found about a survival endpoint."""

    @property
    def endpoint(self) -> TrialEndpoint[SurvivalEndpoint]:
        """The endpoint."""
        ...

    @property
    def data(self) -> PatientData:
        """Known or reconstructed data."""
        ...

    @property
    def fits(self) -> Sequence[SurvivalFit | ReweightedFit]:
        """Fits, that with time-varying effect and reference prior first."""
        ...

    @property
    def proportionality(self) -> ProportionalityEvidence | None:
        """Evidence on proportional hazards, if there is any."""
        ...


@dataclass(frozen=True, slots=True)
class _Printed:
    medians: tuple[Estimate | None, ...]
    hazard_ratio: Estimate | None
    curves: tuple[Estimate, ...]


def draw_survival(found: Found, published: Sequence[Estimate], recomputed: Sequence[Estimate]) -> Drawn:
    """Yield every figure of one survival endpoint.

    Parameters
    ----------
    found
        Data and fits.
    published, recomputed
        Estimates of the endpoint, contrasts experimental over control.
    """
    fit = found.fits[0]
    key = found.endpoint.published.key
    subject = _subject(found)
    posterior = fit.tree["posterior"].to_dataset()
    printed = _printed(found, published)
    yield (
        f"{key}.survival",
        draw_survival_curves(
            subject,
            time=found.data.time,
            event=found.data.event,
            arm=found.data.arm,
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
            evidence=found.proportionality.short if found.proportionality else "",
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
    yield f"{key}.priors", draw_prior_sensitivity(subject, tuple(_rows(found, printed, recomputed)))
    control, experimental = printed.medians
    trio = None
    if control is not None and experimental is not None and printed.hazard_ratio is not None:
        trio = (control, experimental, printed.hazard_ratio)
    yield (
        f"{key}.directions",
        draw_directions(
            subject,
            median=posterior["median"].transpose("chain", "draw", "arm").to_numpy(),
            hazard_ratio=posterior["average_hazard_ratio"].to_numpy(),
            horizon=fit.job.grid.horizon,
            published=trio,
        ),
    )


def _subject(found: Found) -> SurvivalSubject:
    item, fit = found.endpoint, found.fits[0]
    published = item.published
    control, experimental = item.trial.arms
    data = found.data
    source = "individual data" if data.origin == "individual data" else f"data reconstructed from {data.origin}"
    return SurvivalSubject(
        endpoint=published.label,
        arms=(control.short, experimental.short),
        keys=(control.key, experimental.key),
        unit=data.unit,
        better=published.better,
        level=fit.job.sampling.level,
        origin=f"Piecewise-exponential model, {fit.job.prior.label.lower()} prior, {source}",
        failed=not fit.converged,
    )


def _printed(found: Found, published: Sequence[Estimate]) -> _Printed:
    own = [item for item in published if item.endpoint == found.endpoint.published.key]
    medians = tuple(
        next((item for item in own if item.quantity == "median" and item.arm == arm and not item.at), None)
        for arm in found.data.arms
    )
    ratio = next((item for item in own if item.quantity == "hazard_ratio" and item.value is not None), None)
    curves = tuple(item for item in own if (item.quantity == "median" and not item.at) or item.quantity == "survival")
    bounded = {(item.quantity, item.arm, item.at) for item in curves if item.low is not None}
    # of a number printed twice, the one with an interval is drawn
    kept = tuple(item for item in curves if item.low is not None or (item.quantity, item.arm, item.at) not in bounded)
    return _Printed(medians, ratio, kept)


def _rows(found: Found, printed: _Printed, recomputed: Sequence[Estimate]) -> Iterator[SensitivityRow]:
    """Yield the hazard ratio as printed, as recomputed, and under every prior."""
    if printed.hazard_ratio is not None:
        yield SensitivityRow(estimate=printed.hazard_ratio)
    own = found.endpoint.published.key
    ratio = next((e for e in recomputed if e.endpoint == own and e.quantity == "hazard_ratio"), None)
    if ratio is not None and ratio.value is not None:
        yield SensitivityRow(estimate=ratio)
    for fit in found.fits:
        proportional = fit.job.model.proportional
        quantity = "hazard_ratio" if proportional else "average_hazard_ratio"
        estimate = next(item for item in fit.estimates if item.quantity == quantity)
        label = f"{fit.job.prior.label} prior, proportional hazards" if proportional else ""
        yield SensitivityRow(estimate=estimate, hazard_ratio=fit.tree["posterior"][quantity].to_numpy(), label=label)
