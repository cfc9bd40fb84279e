"""Number needed to treat from a risk difference, its infinite branch said instead of hidden."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from reappraise.core.arms import Better
from reappraise.core.digits import supported
from reappraise.core.estimate import Estimate

NIL = 1e-6
"""Risk difference that is none: one patient in a million. Neither quadrature nor single precision tells less from 0."""
NOTHING = "no difference: infinite"
"""What is said of a number needed to treat where there is no difference."""


def needed_to_treat(
    difference: Estimate, *, better: Better, errors: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Estimate:
    r"""Number needed to treat for one more patient with the better outcome; negative numbers are needed to harm one.

    .. math:: NNT = 1 / \Delta, \qquad \Delta = \text{rate difference in favour of the numerator arm}, \qquad
        NNH = -1 / \Delta

    The reciprocal has no value at a difference of 0: there the number is infinite, which is neither benefit nor harm,
    and `method` says so. An interval that holds 0 runs from benefit through infinity to harm. Then `low` is the limit
    on the side of benefit, `high` the (negative) limit on the side of harm, and `method` says that the interval passes
    through infinity.

    Parameters
    ----------
    difference
        Risk difference, numerator minus denominator arm, with or without interval.
    better
        Whether a higher or a lower rate is good for the patient.
    errors
        Monte Carlo standard errors of value, low and high. What lies within two of them from 0 may be none, and which
        of benefit and harm its reciprocal would be is chance. The digits of a reciprocal are those that its error,
        :math:`e / \Delta^2`, supports: the difference comes with all of its own, for a reciprocal of a rounded
        difference, 1 / 0.05 for 1 / 0.047, is wrong by more than it is uncertain.

    References
    ----------
    Altman DG. Confidence intervals for the number needed to treat. BMJ 1998;317:1309-1312.
    doi:10.1136/bmj.317.7168.1309
    """
    sign = 1.0 if better == "higher" else -1.0
    limits = ((difference.low, errors[1]), (difference.high, errors[2]))
    favour = sorted((sign * limit, error) for limit, error in limits if limit is not None)
    low, high = (reciprocal(*favour[1]), reciprocal(*favour[0])) if len(favour) == 2 else (None, None)
    value = None if difference.value is None else reciprocal(sign * difference.value, errors[0])
    said = f"; {NOTHING}" if value == inf else ""
    if low is not None and high is not None and -inf < high < 0 < low < inf:
        said += f"; interval from NNT {low:.3g} through infinity to NNH {-high:.3g}"
    return replace(
        difference,
        quantity="number_needed_to_treat",
        value=value,
        low=low,
        high=high,
        method=f"reciprocal of the risk difference; {difference.method}{said}",
    )


def reciprocal(difference: float, error: float = 0.0) -> float:
    """1 / difference, with the digits that the error of the difference supports; infinite, without a sign, at none."""
    if abs(difference) <= max(NIL, 2 * error):
        return inf
    return supported(1 / difference, error / difference**2)
