"""Cox's proportional hazards regression on the arm alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.survival.classical.at_risk import number_at, number_from

type Floats = NDArray[np.float64]
type Ties = Literal["Efron", "Breslow"]

TIES: tuple[Ties, ...] = ("Efron", "Breslow")
"""Approximations of the likelihood of tied event times, the default first."""

_FARTHEST = 50.0
"""Log hazard ratio that no data with an event in each arm while both are at risk come near."""


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
    r"""Hazard ratio by maximum partial likelihood.

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
    log_value, information = _maximum(*_at_risk(time, event, arm, ties), float((event & (arm == 1)).sum()))
    error = 1 / sqrt(information)
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


def _at_risk(time: Floats, event: NDArray[np.bool_], arm: NDArray[np.int8], ties: Ties) -> tuple[Floats, Floats]:
    """Patients at risk at each event, control and experimental; dims (event,).

    Efron's share of the tied events has already left them, so that either likelihood is one sum over the events.
    """
    experimental = arm == 1
    times, deaths = np.unique(time[event], return_counts=True)
    gone = np.zeros(deaths.sum())
    if ties == "Efron":
        gone = np.concatenate([np.arange(number) / number for number in deaths])
    control, treated = (
        np.repeat(number_from(times, time[own]), deaths) - gone * np.repeat(number_at(times, time[own & event]), deaths)
        for own in (~experimental, experimental)
    )
    return control, treated


def _maximum(control: Floats, treated: Floats, observed: float) -> tuple[float, float]:
    """Log hazard ratio at which the experimental arm's expected events are those observed, and the information.

    Expected events rise with the log hazard ratio: Newton's steps, and half of the bracket where one leaves it. The
    compiled estimator of reconstructions starts from its last answer, and stops earlier.
    """
    low, high, value = -_FARTHEST, _FARTHEST, 0.0
    for _ in range(200):
        weighted = treated * exp(value)
        share, rest = weighted / (control + weighted), control / (control + weighted)
        excess, information = float(share.sum() - observed), float(share @ rest)
        low, high = (value, high) if excess < 0 else (low, value)
        moved = value - excess / information
        if not low <= moved <= high:
            moved = (low + high) / 2
        if abs(moved - value) <= 1e-13 * (1 + abs(value)):
            break
        value = moved
    return value, information
