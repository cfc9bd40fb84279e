"""How well a survival model predicts patients who were left out, one at a time, from draws of all."""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from typing import Final

import arviz as az
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.survival import estimands as of
from reappraise.survival.fit import SurvivalFit

type Floats = NDArray[np.float64]

LARGEST = 5_000_000
"""Most log likelihoods, of all draws and patients, that are held at once: of more, draws are left out evenly."""
CLEAR = 4.0
"""A smaller difference is small, and its standard error not to be relied on (Sivula et al. 2020)."""
_ONE_AT_A_TIME: Final = threading.Lock()
"""Which warnings are shown is a setting of the whole process, and endpoints are compared beside each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Two models compared by the log density of each patient's outcome, predicted from all other patients.

    Parameters
    ----------
    first, second
        Models.
    difference
        Sum over patients of the log density by the first model less that by the second: above 0 the first predicts
        better.
    standard_error
        Of the difference, from its spread between patients.
    patients
        Patients that were left out, one at a time.
    uncertain
        Patients for whom, by either model, leaving out cannot be told from draws with everybody in: Pareto k above
        the limit.
    pareto_k, limit
        Largest Pareto k of any patient, and the limit.
    """

    first: str
    second: str
    difference: float
    standard_error: float
    patients: int
    uncertain: int
    pareto_k: float
    limit: float

    @property
    def text(self) -> str:
        """The comparison in a sentence or two."""
        better, worse = (self.first, self.second) if self.difference >= 0 else (self.second, self.first)
        said = (
            f"Leaving out one patient at a time, {better} predicts better than {worse} by {abs(self.difference):.2g} "
            f"in expected log predictive density (standard error {self.standard_error:.2g}, {self.patients} patients)"
        )
        if abs(self.difference) < CLEAR:
            said += f", which is little: below {CLEAR:g} the two are as good as each other"
        if self.uncertain:
            said += (
                f". It is not to be relied on for {self.uncertain} of the patients, who by themselves move the "
                f"posterior too far (Pareto k up to {self.pareto_k:.2f}, above {self.limit:.2f})"
            )
        return f"{said}."


def leave_one_out(first: SurvivalFit, second: SurvivalFit) -> LeftOut:
    r"""Compare two models of the same known patients by leave-one-out prediction.

    .. math:: \sum_i \log p_1(y_i \mid y_{-i}) - \log p_2(y_i \mid y_{-i}), \qquad
        \log p(t_i, d_i \mid \lambda) = d_i \log \lambda(t_i) - \int_0^{t_i} \lambda(s)\, ds

    by Pareto-smoothed importance sampling from the posterior of all patients. The likelihood of a patient is that of
    a censored time, not that of a cell of events and exposure: what is left out is a patient.

    Parameters
    ----------
    first, second
        Fits to the same known data.

    Raises
    ------
    AnalysisError
        If the data are reconstructed.

    References
    ----------
    Vehtari A, Gelman A, Gabry J. Practical Bayesian model evaluation using leave-one-out cross-validation and WAIC.
    Stat Comput 2017;27:1413-1432. doi:10.1007/s11222-016-9696-4

    Sivula T, Magnusson M, Matamoros AA, Vehtari A. Uncertainty in Bayesian leave-one-out cross-validation based model
    comparison. 2020. doi:10.48550/arXiv.2008.10296
    """
    found = []
    for fit in (first, second):
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            # a large Pareto k is counted, and said in words
            warnings.filterwarnings("ignore", message="Estimated shape parameter", category=UserWarning)
            found.append(az.loo(_tree(fit), pointwise=True))
    each = np.asarray(found[0].elpd_i, dtype=np.float64) - np.asarray(found[1].elpd_i, dtype=np.float64)
    tails = np.maximum(np.asarray(found[0].pareto_k), np.asarray(found[1].pareto_k))
    limit = min(float(item.good_k) for item in found)
    return LeftOut(
        first=first.job.model.name,
        second=second.job.model.name,
        difference=float(each.sum()),
        standard_error=float(np.sqrt(each.size * each.var())),
        patients=each.size,
        uncertain=int(np.sum(tails > limit)),
        pareto_k=float(tails.max()),
        limit=limit,
    )


def log_likelihood(fit: SurvivalFit, *, step: int = 1) -> Floats:
    """Log density of each patient's time, or log probability of getting past it without the event.

    Parameters
    ----------
    fit
        Fit to known data, of all patients together.
    step
        Every such draw is taken.

    Returns
    -------
    ndarray
        Dims (chain, draw, patient).
    """
    data, grid = fit.job.patients, fit.job.grid
    if data.chains * data.replicates > 1:
        raise AnalysisError(
            f"{data.endpoint}: expected known individual data, got {data.chains * data.replicates} reconstructions, "
            "whose patients are made up together and are no independent observations"
        )
    log_hazard = fit.tree["posterior"]["log_hazard"].transpose("chain", "draw", "arm", "interval").values
    kept = np.asarray(log_hazard[:, ::step], dtype=np.float64)
    time, event = data.exposed[0, 0], data.event[0, 0]
    found = np.empty((*kept.shape[:2], data.arm.size))
    for arm in range(2):
        own = data.arm == arm
        at = np.log(of.hazard(kept[..., arm, :], grid, time[own]))
        found[..., own] = np.where(event[own], at, 0.0) - of.cumulative_hazard(kept[..., arm, :], grid, time[own])
    return found


def _tree(fit: SurvivalFit) -> xr.DataTree:
    draws = fit.tree["posterior"].sizes["chain"] * fit.tree["posterior"].sizes["draw"]
    step = -(-draws * fit.job.patients.arm.size // LARGEST)
    lead = ("chain", "draw")
    values = log_likelihood(fit, step=step)
    effect = fit.tree["posterior"]["effect"].transpose(*lead).values[:, ::step]
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"effect": (lead, effect)}),
            "log_likelihood": xr.Dataset({"time": ((*lead, "patient"), values)}),
        }
    )
