"""Likelihoods of numbers that one types in: a normal estimate, or an estimate with its limits as printed."""

from __future__ import annotations

from math import isfinite
from typing import Literal

from reappraise.core.arms import Arms, Better
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import QUANTITIES
from reappraise.core.printed import Printed
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.printed import MODEL, located
from reappraise.survival.effect.spans import Span, error_of_limits, logs, meet, middle

type Number = str | float | Printed


def normal_likelihood(
    quantity: str,
    estimate: float,
    standard_error: float,
    *,
    better: Better,
    endpoint: str = "effect",
    arms: Arms = ("control", "experimental"),
    unit: str = "",
    patients: int | None = None,
) -> EffectLikelihood:
    """The likelihood of a normal estimate, such as a regression gives.

    Parameters
    ----------
    quantity
        Key of the effect, experimental over (or minus) control.
    estimate, standard_error
        On the scale on which it is normal: of a ratio its logarithm.
    better
        Whether a higher or a lower value favours the experimental arm.
    endpoint, arms, unit
        Key, arms (control first), and the unit of a difference.
    patients
        Patients in both arms, where known.

    Raises
    ------
    AnalysisError
        If the effect is no contrast, the estimate not finite, or the standard error not above 0.
    """
    _ratio(quantity, endpoint)
    if not isfinite(estimate):
        raise AnalysisError(f"{endpoint}: expected a finite estimate, got {estimate}")
    if not (isfinite(standard_error) and standard_error > 0):
        raise AnalysisError(f"{endpoint}: expected a standard error above 0, got {standard_error:g}")
    span = (estimate, estimate), (standard_error, standard_error)
    words = f"normal estimate {estimate:.4g}, standard error {standard_error:.4g}"
    return _made(quantity, span, better, endpoint, arms, unit, patients, words)


def printed_likelihood(
    quantity: str,
    value: Number,
    low: Number,
    high: Number,
    *,
    better: Better,
    level: float = 0.95,
    endpoint: str = "effect",
    arms: Arms = ("control", "experimental"),
    unit: str = "",
    patients: int | None = None,
) -> EffectLikelihood:
    """The likelihood of an estimate with its limits that one types in; its digits say how it was rounded.

    Parameters
    ----------
    quantity
        Key of the effect, experimental over (or minus) control.
    value, low, high
        Estimate and limits: 0.75 is anything from 0.745 to 0.755. Write text where a zero at the end was printed, as in
        ``"0.70"``.
    better
        Whether a higher or a lower value favours the experimental arm.
    level
        Coverage of the limits.
    endpoint, arms, unit
        Key, arms (control first), and the unit of a difference.
    patients
        Patients in both arms, where known.

    Raises
    ------
    AnalysisError
        If the estimate is not between its limits, or the limits are not symmetric about it on its scale.
    """
    ratio = _ratio(quantity, endpoint)
    if not 0 < level < 1:
        raise AnalysisError(f"{endpoint}: expected a level between 0 and 1, such as 0.95, got {level:g}")
    spans = [_span(number, endpoint, ratio=ratio) for number in (value, low, high)]
    said = f"{value} ({low} to {high})"
    if not all(isfinite(end) for span in spans for end in span):
        raise AnalysisError(f"{endpoint}: expected finite numbers, of a ratio above 0, got {said}")
    if not spans[1][0] <= spans[0][0] <= spans[2][1]:
        raise AnalysisError(f"{endpoint}: expected the estimate between its limits, got {said}")
    error = error_of_limits(spans[0], spans[1], spans[2], level)
    if error is None:
        raise AnalysisError(f"{endpoint}: expected limits that differ by more than their rounding, got {said}")
    if not meet(middle(spans[1], spans[2]), (spans[0][0] - 1e-9, spans[0][1] + 1e-9)):
        scale = "the logarithmic" if ratio else "its own"
        raise AnalysisError(
            f"{endpoint}: expected limits that are symmetric about the estimate on {scale} scale, as those of a normal "
            f"estimate are, got {said}: give counts instead, or an EffectLikelihood of your own"
        )
    words = f"as typed in: {said}, {100 * level:g}% limits"
    return _made(quantity, (spans[0], error), better, endpoint, arms, unit, patients, words)


def _ratio(quantity: str, endpoint: str) -> bool:
    """Whether it is a ratio; a difference otherwise."""
    form = QUANTITIES[quantity].form if quantity in QUANTITIES else ""
    if form not in {"ratio", "difference"}:
        raise AnalysisError(f"{endpoint}: expected a ratio or a difference of two arms, got {quantity!r}")
    return form == "ratio"


def _made(
    quantity: str,
    span: tuple[Span, Span],
    better: Better,
    endpoint: str,
    arms: Arms,
    unit: str,
    patients: int | None,
    words: str,
) -> EffectLikelihood:
    if better not in {"higher", "lower"}:
        raise AnalysisError(f"{endpoint}: expected better to be 'higher' or 'lower', got {better!r}")
    effect, height = located(*span, ratio=_ratio(quantity, endpoint))
    benefit: Literal[1, -1] = 1 if better == "higher" else -1
    return EffectLikelihood(
        endpoint=endpoint,
        label=endpoint,
        arms=arms,
        arm_labels=arms,
        quantity=quantity,
        unit=unit,
        benefit=benefit,
        effect=effect,
        log_likelihood=height,
        model=MODEL,
        words=words,
        patients=patients,
    )


def _span(number: Number, endpoint: str, *, ratio: bool) -> Span:
    """What rounds to a number as it is written."""
    try:
        printed = number if isinstance(number, Printed) else Printed(str(number))
    except ValueError as error:
        raise AnalysisError(f"{endpoint}: expected a number, got {number!r}") from error
    return logs(printed) if ratio else printed.bounds
