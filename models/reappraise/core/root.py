"""Where a function of one number is zero. Here because importing SciPy's takes longer than an audit."""

from __future__ import annotations

from collections.abc import Callable


def bracketed_root(function: Callable[[float], float], low: float, high: float, *, tolerance: float = 1e-13) -> float:
    """Root of a function that changes sign once between two numbers, by Chandrupatla's method.

    Parameters
    ----------
    function
        A continuous function.
    low, high
        Numbers at which its signs differ, or one of which is the root.
    tolerance
        Half of the width that the bracket is narrowed to, absolute below 1 and relative above.

    References
    ----------
    Chandrupatla TR. A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function without
    using derivatives. Adv Eng Softw 1997;28:145-149. doi:10.1016/S0965-9978(96)00051-8

    Examples
    --------
    >>> round(bracketed_root(lambda x: x * x - 2, 0.0, 2.0), 12)
    1.414213562373
    """
    near, far = high, low
    at_near, at_far = function(near), function(far)
    if at_near * at_far > 0:
        raise ValueError(f"expected a change of sign between {low} and {high}, got {at_far} and {at_near}")
    fraction = 0.5
    for _ in range(200):
        tried = near + fraction * (far - near)
        at_tried = function(tried)
        if (at_tried > 0) == (at_near > 0):
            before, at_before = near, at_near
        else:
            before, at_before, far, at_far = far, at_far, near, at_near
        near, at_near = tried, at_tried
        best, at_best = (near, at_near) if abs(at_near) < abs(at_far) else (far, at_far)
        least = tolerance * max(1.0, abs(best)) / abs(far - near) if far != near else 1.0
        if at_best == 0 or least >= 0.5:
            return best
        place, height = (near - far) / (before - far), (at_near - at_far) / (at_before - at_far)
        fraction = 0.5
        if height**2 < place and (1 - height) ** 2 < 1 - place:
            # the parabola through the three points is monotone between them: its root is inside
            fraction = at_near / (at_far - at_near) * at_before / (at_far - at_before)
            fraction += (before - near) / (far - near) * at_near / (at_before - at_near) * at_far / (at_before - at_far)
            fraction = min(max(fraction, least), 1 - least)
    return best
