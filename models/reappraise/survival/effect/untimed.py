"""Whether a time-to-event endpoint is printed without any time, so that nothing but its effect can be analysed."""

from __future__ import annotations

from math import isfinite

from reappraise.published.record import Published
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.pseudo_ipd.published import FOLLOW_UP
from reappraise.survival.published import SurvivalEndpoint


def has_time(item: TrialEndpoint[SurvivalEndpoint]) -> bool:
    """Whether any time is printed that says how long patients were followed, so that data can be reconstructed.

    Individual data, curves, survival at a time, a median that is reached, or the longest follow-up, of this or of
    another endpoint of the same population.

    Parameters
    ----------
    item
        A time-to-event endpoint.
    """
    endpoint, trial = item.published, item.trial
    if endpoint.key in trial.patients or any(trial.curves.get(endpoint.key, ())):
        return True
    if any(published.quantity == "survival" or _is_reached(published) for published in endpoint.estimates):
        return True
    return any(
        published.at == FOLLOW_UP and published.high is not None and isfinite(published.high)
        for other in (alike.published for alike in trial.of(SurvivalEndpoint))
        if (other.population, other.unit) == (endpoint.population, endpoint.unit)
        for published in other.estimates
    )


def _is_reached(published: Published) -> bool:
    """Whether a median, or a limit of one, is a time."""
    numbers = published.value, published.low, published.high
    return published.quantity == "median" and any(number is not None and isfinite(number) for number in numbers)
