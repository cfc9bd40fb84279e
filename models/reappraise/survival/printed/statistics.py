r"""Every printable statistic as a smooth function of what became of the patients, each written once.

With shares e of events and c of ended follow-up in the cells of an arm, y at risk at the edges:

.. math::
    \mathrm{d}\Lambda = e / \bar y, \quad \mathrm{d}V = e / (y_0 y_1), \quad
    \bar y = (y_0 - y_1) / \log(y_0 / y_1)

Put in observed shares and this is Nelson's, Greenwood's, Cox's estimate; put in expected ones and it is what the
estimate tends to. Its derivative by the shares is the estimator's influence function.

References
----------
Struthers CA, Kalbfleisch JD. Misspecified proportional hazard models. Biometrika 1986;73:363-369.
doi:10.1093/biomet/73.2.363
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from reappraise.survival.printed.complex_step import softplus
from reappraise.survival.printed.shares import Followed

PLACES: Final = {"band": 48, "spread": 8, "events": 2, "observed": 28, "potential": 6, "both": 3}
"""Rows of the vector of statistics, in its order: a survival curve, or a limit of one, read at a time; standard errors
of curves; events; shares still observed; reverse Kaplan-Meier curves of follow-up; and of both arms, Cox's score at
the printed hazard ratio, the log standard error there, and the log-rank z."""
ROWS: Final = sum(PLACES.values())
FIRST: Final = dict(zip(PLACES, np.cumsum([0, *PLACES.values()]).tolist(), strict=False))
"""First place of each kind of row."""
SHARPNESS: Final = 6.0
"""How closely an argument of a logarithm that must stay above 0 follows its own value where that is far above."""


def statistics(seen: Followed, data: Mapping[str, Any]) -> Any:
    """All statistics, used or not, dims (..., row).

    Parameters
    ----------
    seen
        What became of the patients.
    data
        Places of the rows.
    """
    variance = _running(seen.events / (seen.edges[..., :-1] * seen.edges[..., 1:]))
    cumulative = _running(seen.hazard)
    arm, edge = (data["bands"][:, column].astype(int) for column in (0, 1))
    band = band_statistic(cumulative[..., arm, edge], variance[..., arm, edge], data["bands"])
    arm, edge = (data["spreads"][:, column].astype(int) for column in (0, 1))
    spread = 0.5 * np.log(variance[..., arm, edge] / data["spreads"][:, 2])
    weights, edge = data["observed_at"][:, :2], data["observed_at"][:, 2].astype(int)
    observed = (seen.edges[..., edge] * weights.T).sum(axis=-2)
    number = data["settings"][5:7]
    part = (number / number.sum())[:, None]
    risk = part * seen.risk
    pooled = (seen.ending * risk).sum(axis=-2) / risk.sum(axis=-2)
    ending = _running(np.concatenate([seen.ending, pooled[..., None, :]], axis=-2))
    which, edge = (data["potentials"][:, column].astype(int) for column in (0, 1))
    potential = np.log(ending[..., which, edge])
    both = _of_both(part * seen.events, risk, number.sum(), data["settings"][7])
    return np.concatenate([band, spread, seen.events.sum(axis=-1), observed, potential, both], axis=-1)


def band_statistic(cumulative: Any, variance: Any, bands: Any) -> Any:
    r"""log(-log) of a curve, or of a limit of it, at the printed times: a limit as a curve of its own.

    .. math::
        \log u + \zeta s / u, \quad \log(u + \zeta s), \quad \log\{u - \log(1 - \zeta s)\}, \qquad
        u = -\log \hat S, \quad s = \sqrt{V / n}

    for limits on the scales log-log, log and plain; :math:`\zeta` is +z for a lower limit, -z for an upper, 0 for the
    curve itself. What must be above 0 is kept so by a smooth bend far below any value that is met.
    """
    zeta, scale, number = bands[:, 2], bands[:, 3], bands[:, 4]
    shift = zeta * np.sqrt(variance / number)
    ratio = shift / cumulative
    with np.errstate(divide="ignore"):  # on scales that a row's limit is not on, anything may happen
        log = np.log(_above_zero(1 + ratio))
        plain = np.log(_above_zero(1 - np.log(_above_zero(1 - shift)) / cumulative))
    return np.log(cumulative) + np.where(scale == 0, ratio, np.where(scale == 1, log, plain))


def _of_both(events: Any, risk: Any, number: float, log_ratio: float) -> Any:
    r"""Cox's score at the printed log hazard ratio b, the log standard error there, and the log-rank z; dims (..., 3).

    .. math:: U(b) = F_1 - \int e\,dF, \quad A(b) = \int e (1 - e)\,dF, \quad
        e = \frac{\pi_1 y_1 e^b}{\pi_0 y_0 + \pi_1 y_1 e^b}

    The estimate is where the score is 0: that b was printed says that U(b) was 0, and no equation has to be solved.
    """
    every, treated = events.sum(axis=-2), events[..., 1, :].sum(axis=-1)
    control, experimental = risk[..., 0, :], risk[..., 1, :]
    chance = experimental / (control * np.exp(-log_ratio) + experimental)
    even = experimental / (control + experimental)
    score = treated - (chance * every).sum(axis=-1)
    error = -0.5 * np.log(number * (chance * (1 - chance) * every).sum(axis=-1))
    z = np.sqrt(number / (even * (1 - even) * every).sum(axis=-1)) * (treated - (even * every).sum(axis=-1))
    return np.stack([score, error, z], axis=-1)


def _above_zero(value: Any) -> Any:
    return softplus(SHARPNESS * value) / SHARPNESS


def _running(values: Any) -> Any:
    """Running sums that begin with 0."""
    return np.concatenate([0 * values[..., :1], np.cumsum(values, axis=-1)], axis=-1)
