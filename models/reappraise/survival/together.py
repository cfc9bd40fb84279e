"""Several time-to-event endpoints of one trial in one posterior: scales of smoothness are shared, effects are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from reappraise.core.arms import Better
from reappraise.core.errors import AnalysisError
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.job import Advance
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.published.patients import PatientData
from reappraise.survival.hazard import Grid, HazardPrior, hazard_prior
from reappraise.survival.model import VARYING, PiecewiseExponential, model_named
from reappraise.survival.together_job import SharedSurvivalFit, SharedSurvivalJob

MEDIAN = 0.5
"""Median survival that is as likely too long as too short, as a share of each endpoint's follow-up."""


def fit_survival_together(
    datas: Mapping[str, PatientData] | Sequence[PatientData],
    *,
    prior: str | LogRatioPrior | HazardPrior = "reference",
    model: str | PiecewiseExponential = VARYING,
    grid: Grid | None = None,
    intervals: int = 10,
    landmarks: Mapping[str, tuple[float, ...]] | None = None,
    sampling: Sampling | None = None,
    seed: int | None = None,
    better: Better = "higher",
    progress: Advance | None = None,
) -> SharedSurvivalFit:
    r"""Fit several endpoints of one trial with one smoothness of their hazards.

    .. math::
        \log \lambda_{gaj} = \alpha_g + \sigma W_{gj} + x_a (\beta_g + \rho D_{gj})

    for endpoint g, arm a and interval j, as in `fit_survival`, but with the same :math:`\sigma` and :math:`\rho` for
    all endpoints: how much hazards, and hazard ratios, change over the follow-up is learnt from all of them.

    What is shared, and what is not. The patients of all endpoints are the same people, and one event may count for
    several endpoints. Effects, levels and curves are each endpoint's own, so no outcome counts twice for an effect;
    what endpoints take from each other is how smooth they are. That is taken as if from different people: the scales
    are known a little less well than they seem. How the endpoints depend on each other is not modelled: draws of
    several effects are not a joint posterior, and statements such as "both are better" are not to be read off them.

    Time. Intervals lie at the same shares of each endpoint's own follow-up, and the scales are those of the change
    from its start to its end, as in each fit by itself. So no endpoint has intervals beyond its data, and endpoints of
    different length, or unit, can be taken together.

    Reconstructed data. Replicates of the endpoints are paired in their order, and the smaller numbers of chains and
    replicates are used, of longer series evenly spread ones; known data go with every replicate. The pairs are of
    independent reconstructions: that progression precedes death is not kept. Each endpoint was reconstructed with
    scales of its own, and what the others say of the scales does not go back into the reconstruction. Where little
    was printed that matters; the method of each estimate says it.

    Parameters
    ----------
    datas
        Data of the endpoints; as a mapping, by the keys that they get.
    prior
        Name of a prior on the log hazard ratio, such a prior, or all that is believed about the hazards; of that the
        median is a share of each endpoint's follow-up, by default a half.
    model
        "piecewise-exponential", with hazard ratios that may change with time, "proportional-hazards", or a model.
    grid, intervals
        Intervals as shares of the follow-up, horizon 1; by default that many, cut at quantiles of all event times.
    landmarks
        Times of survival probabilities, by endpoint.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.
    better
        "higher" where longer times are good, "lower" where the events are; the same for all endpoints.
    progress
        Told, for ensembles, how many replicates are done, and of how many.

    Raises
    ------
    AnalysisError
        If the endpoints cannot be taken together.

    Examples
    --------
    >>> import reappraise as ra
    >>> fit = ra.fit_survival_together({"pfs": pfs, "os": os}, seed=1)  # doctest: +SKIP
    >>> fit.fits["os"].tree["posterior"]["hazard_ratio"]  # doctest: +SKIP
    """
    named = [replace(data, endpoint=key) for key, data in datas.items()] if isinstance(datas, Mapping) else list(datas)
    if not named:
        raise AnalysisError("expected two endpoints or more, each once; got none")
    paired = _paired(named)
    shares = np.concatenate([(data.time / data.horizon)[data.event] for data in paired])
    asked = dict(landmarks or {})
    job = SharedSurvivalJob(
        patients=tuple(paired),
        grid=grid or Grid.at_quantiles(shares, intervals, 1.0),
        prior=hazard_prior(prior, median=MEDIAN),
        sampling=settings_with(sampling, seed),
        model=model_named(model),
        landmarks=tuple(tuple(sorted(asked.pop(data.endpoint, ()))) for data in paired),
        better=better,
    )
    if asked:
        raise AnalysisError(f"landmarks of {', '.join(asked)}: expected endpoints among {', '.join(job.endpoints)}")
    return job.run(progress)


def _paired(datas: Sequence[PatientData]) -> list[PatientData]:
    """As many chains and replicates of each: the smallest numbers of any ensemble."""
    sizes = [data.time.shape[:2] for data in datas if data.chains * data.replicates > 1]
    if not sizes:
        return list(datas)
    chains, replicates = (min(size[place] for size in sizes) for place in range(2))
    found = []
    for data in datas:
        chain = np.arange(chains) % data.chains
        replicate = np.linspace(0, data.replicates - 1, replicates).round().astype(int)
        found.append(replace(data, time=data.time[chain][:, replicate], event=data.event[chain][:, replicate]))
    return found
