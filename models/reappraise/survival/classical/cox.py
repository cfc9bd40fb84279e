"""Cox's proportional hazards regression on the arm alone."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import exp, isfinite
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError

type Floats = NDArray[np.float64]
type Ties = Literal["Efron", "Breslow"]

TIES: tuple[Ties, ...] = ("Efron", "Breslow")
"""Approximations of the likelihood of tied event times, the default first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardRatio:
    """Hazard ratio, experimental over control arm, with its Wald interval and test.

    Parameters
    ----------
    ties
        How tied event times were handled.
    value, low, high
        Hazard ratio and its limits.
    log_value, standard_error
        Log hazard ratio and its standard error.
    p_value
        Two-sided Wald p value of equal hazards.
    """

    ties: Ties
    value: float
    low: float
    high: float
    log_value: float
    standard_error: float
    p_value: float


def hazard_ratio(
    time: Floats, event: NDArray[np.bool_], arm: NDArray[np.int8], *, ties: Ties = "Efron", level: float = 0.95
) -> HazardRatio:
    r"""Hazard ratio by maximum partial likelihood, by lifelines (Efron) or statsmodels (Breslow).

    .. math::
        L(\beta) = \prod_i e^{\beta d_{1i}} \Big/ \prod_{k=0}^{d_i - 1}
            \left[n_{0i} + n_{1i} e^\beta - w_{ik} (d_{0i} + d_{1i} e^\beta)\right]

    over the distinct times of events, with w = k / d (Efron) or w = 0 (Breslow).

    Parameters
    ----------
    time
        Time to event or end of observation; dims (patient,).
    event
        Whether the time is that of an event; dims (patient,).
    arm
        0 for control, 1 for experimental; dims (patient,).
    ties
        How to handle tied event times.
    level
        Coverage of the interval, two-sided.

    Raises
    ------
    AnalysisError
        If the likelihood has no maximum at a finite hazard ratio, or all times are equal.

    References
    ----------
    Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187-220.
    doi:10.1111/j.2517-6161.1972.tb00899.x
    Efron B. The efficiency of Cox's likelihood function for censored data. J Am Stat Assoc 1977;72:557-565.
    doi:10.1080/01621459.1977.10480613
    Breslow N. Covariance analysis of censored survival data. Biometrics 1974;30:89-99. doi:10.2307/2529620
    """
    _refuse(time, event, arm)
    with warnings.catch_warnings():
        # Both packages guess at separation from thresholds; whether the maximum is finite was decided above.
        warnings.simplefilter("ignore")
        log_value, error = (_efron if ties == "Efron" else _breslow)(time, event, arm)
    if not (isfinite(log_value) and isfinite(error) and error > 0):
        raise AnalysisError(f"expected a finite hazard ratio, got none: {ties}'s likelihood found no maximum")
    width = NormalDist().inv_cdf((1 + level) / 2) * error
    return HazardRatio(
        ties=ties,
        value=exp(log_value),
        low=exp(log_value - width),
        high=exp(log_value + width),
        log_value=log_value,
        standard_error=error,
        p_value=2 * NormalDist().cdf(-abs(log_value) / error),
    )


def _refuse(time: Floats, event: NDArray[np.bool_], arm: NDArray[np.int8]) -> None:
    """Refuse data whose partial likelihood has no maximum.

    It has one if and only if each arm has an event while the other arm is at risk.
    """
    arms = {"control": arm == 0, "experimental": arm == 1}
    for name, members in arms.items():
        if not members.any():
            raise AnalysisError(f"expected patients in both arms, got none in the {name} arm: no hazard ratio")
    if not event.any():
        raise AnalysisError("expected events, got none: no hazard ratio")
    if np.ptp(time) == 0:
        raise AnalysisError("expected events one after another, got all times equal: no hazard ratio")
    compared = {name: bool(np.any(event & members & (time <= time[~members].max()))) for name, members in arms.items()}
    if not any(compared.values()):
        raise AnalysisError("expected an event while both arms are at risk, got none: no hazard ratio")
    for name, limit in (("experimental", "0"), ("control", "infinity")):
        if not compared[name]:
            raise AnalysisError(
                f"expected an event in the {name} arm while the other arm is at risk, got none: the likelihood grows "
                f"as the hazard ratio tends to {limit}"
            )


def _efron(time: Floats, event: NDArray[np.bool_], arm: NDArray[np.int8]) -> tuple[float, float]:
    import pandas as pd
    from lifelines import CoxPHFitter

    frame = pd.DataFrame({"time": time, "event": event, "arm": arm.astype(np.float64)})
    fitter = CoxPHFitter().fit(frame, "time", "event", fit_options={"precision": 1e-10})
    return float(fitter.params_["arm"]), float(fitter.standard_errors_["arm"])


def _breslow(time: Floats, event: NDArray[np.bool_], arm: NDArray[np.int8]) -> tuple[float, float]:
    from statsmodels.duration.hazard_regression import PHReg

    model = PHReg(time, arm.astype(np.float64)[:, None], status=event.astype(np.int64), ties="breslow")
    fit = model.fit()
    return float(fit.params[0]), float(fit.bse[0])
