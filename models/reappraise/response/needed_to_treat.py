"""Number needed to treat from a risk difference, its infinite branch said instead of hidden."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from reappraise.core.arms import Better
from reappraise.core.estimate import Estimate


def needed_to_treat(difference: Estimate, *, better: Better) -> Estimate:
    r"""Number needed to treat for one more patient with the better outcome; negative numbers are harm.

    .. math:: NNT = 1 / \Delta, \qquad \Delta = \text{rate difference in favour of the numerator arm}

    The reciprocal has no value at a difference of 0: an interval that holds 0 runs from benefit through infinity
    to harm. Then `low` is the limit on the side of benefit, `high` the (negative) limit on the side of harm, and
    `method` says that the interval passes through infinity.

    Parameters
    ----------
    difference
        Risk difference, numerator minus denominator arm, with or without interval.
    better
        Whether a higher or a lower rate is good for the patient.

    References
    ----------
    Altman DG. Confidence intervals for the number needed to treat. BMJ 1998;317:1309-1312.
    doi:10.1136/bmj.317.7168.1309
    """
    sign = 1.0 if better == "higher" else -1.0
    limits = [number for number in (difference.low, difference.high) if number is not None]
    favour = sorted(sign * number for number in limits)
    through = len(favour) == 2 and favour[0] < 0 < favour[1]
    low, high = (_reciprocal(favour[1]), _reciprocal(favour[0])) if len(favour) == 2 else (None, None)
    said = ""
    if through and low is not None and high is not None:
        said = f"; interval from benefit {low:.3g} through infinity to harm {-high:.3g}"
    return replace(
        difference,
        quantity="number_needed_to_treat",
        value=None if difference.value is None else _reciprocal(sign * difference.value),
        low=low,
        high=high,
        method=f"reciprocal of the risk difference; {difference.method}{said}",
    )


def _reciprocal(value: float) -> float:
    return inf if value == 0 else 1 / value
