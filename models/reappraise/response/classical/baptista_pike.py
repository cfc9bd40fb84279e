r"""Exact limits of the odds ratio by Baptista and Pike: the test inverted is the two-sided one, not its two tails.

Given how many patients had the event, those of the first arm follow the noncentral hypergeometric distribution

.. math:: P_\psi(x) \propto \binom{n}{x} \binom{m}{t - x} \psi^x,

and an odds ratio is accepted where the outcomes that are no more probable than what was observed have together a
probability of more than 1 - level: Fisher's test as most programs print it. The limits are the least and the greatest
odds ratio accepted. They are never wider together than those that give each tail half, and agree with the p value.
The mid-P version counts half of the probability of what was observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf
from typing import Final

from reappraise.core.two_by_two import TwoByTwo

LARGEST_SUPPORT: Final = 2_000
"""Outcomes up to which the limits are computed: beyond they take up to seconds, and hardly differ from Woolf's."""
_LARGEST_LOG: Final = 40.0
"""Search stops at exp(-40) and exp(40), beyond which a limit is called 0 or infinite."""


def limits(table: TwoByTwo, *, level: float, mid_p: bool) -> tuple[float, float] | None:
    """Lower and upper limit of the odds ratio; None for tables too large to be worth it.

    A limit is 0 or infinite where the observed count is as small or as large as it can be.

    Parameters
    ----------
    table
        The two arms.
    level
        Coverage.
    mid_p
        Whether to count half of the probability of what was observed: narrower, with the coverage right on average.

    References
    ----------
    Baptista J, Pike MC. Algorithm AS 115: Exact two-sided confidence limits for the odds ratio in a 2 x 2 table.
    J R Stat Soc C 1977;26:214-220. doi:10.2307/2347041
    Fagerland MW, Lydersen S, Laake P. Recommended confidence intervals for two independent binomial proportions. Stat
    Methods Med Res 2015;24:224-254. doi:10.1177/0962280211415469

    Examples
    --------
    >>> [round(limit, 2) for limit in limits(TwoByTwo(7, 34, 1, 34), level=0.95, mid_p=True)]
    [1.33, 98.84]
    """
    events = table.events + table.reference_events
    least, most = max(0, events - table.reference_total), min(events, table.total)
    if most - least >= LARGEST_SUPPORT:
        return None
    import numpy as np
    from scipy.special import gammaln

    x = np.arange(least, most + 1, dtype=np.float64)
    logs = -(
        gammaln(x + 1)
        + gammaln(table.total - x + 1)
        + gammaln(events - x + 1)
        + gammaln(table.reference_total - events + x + 1)
    )
    weights = [float(number) for number in logs]
    place = table.events - least
    low = _lower(weights, place, 1 - level, mid_p=mid_p)
    turned = _lower(weights[::-1], len(weights) - 1 - place, 1 - level, mid_p=mid_p)
    return (0.0 if low == -inf else exp(low)), (inf if turned == -inf else exp(-turned))


def _lower(weights: Sequence[float], place: int, alpha: float, *, mid_p: bool) -> float:
    """Logarithm of the least odds ratio that is accepted; -inf where every one below is.

    Outcome y below the observed one counts as no more probable from a log odds ratio on that ascends with y. Between
    two of these the p value falls and then rises, so that it is largest at an end, and only in the first piece that
    reaches alpha need a limit be sought.
    """
    if place == 0:
        return -inf
    import numpy as np
    from scipy.optimize import brentq

    log_weights, outcomes = np.asarray(weights), np.arange(len(weights))
    half = 0.5 if mid_p else 1.0

    def p_value(logarithm: float, below: int) -> float:
        """With `below` of the outcomes under the observed one no more probable than it."""
        logs = log_weights + logarithm * outcomes
        density = np.exp(logs - logs.max())
        counted = density[:below].sum() + half * density[place] + density[place + 1 :].sum()
        return float(counted / density.sum())

    starts = [(weights[y] - weights[place]) / (place - y) for y in range(place)]
    left = -_LARGEST_LOG
    for below, right in enumerate((*starts, _LARGEST_LOG)):
        if p_value(left, below) >= alpha:
            return -inf if below == 0 else left
        if right > left and p_value(right, below) >= alpha:
            return float(brentq(lambda x, below=below: p_value(x, below) - alpha, left, right, xtol=1e-12))
        left = max(left, right)
    return -inf
