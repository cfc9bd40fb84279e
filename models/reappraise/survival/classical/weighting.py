"""How the log-rank test weighs the times of events: which differences between two curves it looks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weighting:
    """Weights of the distinct times of events.

    Parameters
    ----------
    name
        What the test with these weights is called.
    weights
        Gives the weights, dims (time,), from the patients of both arms who are at risk just before each distinct time
        of events, and from their events then, in ascending order of time; both of dims (time,).
    """

    name: str
    weights: Callable[[Floats, Floats], Floats]


def fleming_harrington(*, rho: float, gamma: float) -> Weighting:
    r"""Weights of Fleming and Harrington's class G(rho, gamma).

    .. math:: w_i = S(t_i-)^\rho (1 - S(t_i-))^\gamma

    with the Kaplan-Meier curve of both arms together just before each time. G(0, 0) is the log-rank test, G(1, 0) what
    R's survdiff does with rho = 1: either looks for differences that are there early. G(0, 1) looks for late ones, G(1,
    1) for those in the middle.

    Parameters
    ----------
    rho, gamma
        The exponents, 0 or above.

    References
    ----------
    Harrington DP, Fleming TR. A class of rank test procedures for censored survival data. Biometrika 1982;69:553-566.
    doi:10.1093/biomet/69.3.553
    Fleming TR, Harrington DP. Counting processes and survival analysis. Wiley 1991. doi:10.1002/9781118150672
    """
    for name, exponent in (("rho", rho), ("gamma", gamma)):
        if not 0 <= exponent < inf:
            raise ValueError(f"expected a finite {name} of 0 or above, got {exponent}")

    def weights(at_risk: Floats, events: Floats) -> Floats:
        before = np.concatenate([[1.0], np.cumprod(1 - events / at_risk)[:-1]])
        return np.asarray(before**rho * (1 - before) ** gamma)

    return Weighting(f"Fleming-Harrington G({rho:g}, {gamma:g})", weights)


def _gehan_breslow(at_risk: Floats, events: Floats) -> Floats:  # noqa: ARG001  # the same question for every weighting
    return at_risk


def _tarone_ware(at_risk: Floats, events: Floats) -> Floats:  # noqa: ARG001
    return np.sqrt(at_risk)


def _peto_peto(at_risk: Floats, events: Floats) -> Floats:
    return np.cumprod(1 - events / (at_risk + 1))


def _equal(at_risk: Floats, events: Floats) -> Floats:  # noqa: ARG001
    return np.ones_like(at_risk)


LOG_RANK = Weighting("log-rank", _equal)
"""All times alike, which is the most powerful test of proportional hazards."""
GEHAN_BRESLOW = Weighting("Gehan-Breslow", _gehan_breslow)
"""The number at risk: the generalised Wilcoxon test, which SAS and Stata call Wilcoxon. Weights depend on censoring.
Gehan EA. Biometrika 1965;52:203-223. doi:10.1093/biomet/52.1-2.203. Breslow N. Biometrika 1970;57:579-594.
doi:10.1093/biomet/57.3.579."""
TARONE_WARE = Weighting("Tarone-Ware", _tarone_ware)
"""The square root of the number at risk. Tarone RE, Ware J. Biometrika 1977;64:156-160. doi:10.1093/biomet/64.1.156."""
PETO_PETO = Weighting("Peto-Peto", _peto_peto)
"""A survival curve of both arms together, the product of 1 - d / (n + 1), just after each time, as in Stata, SAS and
lifelines. Peto R, Peto J. J R Stat Soc A 1972;135:185-207. doi:10.2307/2344317."""

WEIGHTINGS: tuple[Weighting, ...] = (
    LOG_RANK,
    GEHAN_BRESLOW,
    TARONE_WARE,
    PETO_PETO,
    fleming_harrington(rho=1, gamma=0),
    fleming_harrington(rho=0, gamma=1),
    fleming_harrington(rho=1, gamma=1),
)
"""Weightings in common use, the default first."""
