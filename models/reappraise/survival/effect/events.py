"""Whether a printed hazard ratio is as sure as its events allow: a check value for audit and reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reappraise.survival.effect.published import PrintedEffect
from reappraise.survival.effect.spans import Span, error_of_events

type Surety = Literal["surer than its events allow", "as sure as its events make it", "less sure than its events"]

LEAST, USUAL = 0.95, 1.10
"""Standard error over that of the events: a log-rank information at no difference may make it 5% smaller, and weights
that drift from 0.2 to 0.8 during follow-up 7% larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsCheck:
    """The standard error of a log hazard ratio beside that which its events imply.

    Parameters
    ----------
    ratio
        Span of the first over the second, as far as the printed digits allow.
    surety
        What that amounts to.
    words
        The same in a sentence.
    """

    ratio: Span
    surety: Surety
    words: str


def check_events(effect: PrintedEffect) -> EventsCheck | None:
    r"""Standard error from limits or p value over that which the events imply; None where there are not both.

    .. math:: r = s \Big/ \sqrt{1/d_0 + 1/d_1}

    A hazard ratio cannot be surer than its events allow, so r is at least 1, but for rounding and for 5% of a log-rank
    information. It may be less sure: after adjustment, with many ties, or far from no difference.

    Parameters
    ----------
    effect
        A hazard ratio as printed.
    """
    bound = error_of_events(effect.events)
    if bound is None or effect.basis == "events":
        return None
    ratio = effect.standard_error[0] / bound, effect.standard_error[1] / bound
    surety: Surety = "as sure as its events make it"
    if ratio[1] < LEAST:
        surety = "surer than its events allow"
    elif ratio[0] > USUAL:
        surety = "less sure than its events"
    control, experimental = effect.events
    said = (
        f"The {effect.basis} give{'s' * (effect.basis == 'p value')} the log hazard ratio a standard error of "
        f"{_span(effect.standard_error)}, {_span(ratio)} times the {bound:.3g} of {control} "
        f"({effect.arm_labels[0]}) and {experimental} ({effect.arm_labels[1]}) events: {surety}."
    )
    return EventsCheck(ratio=ratio, surety=surety, words=said)


def _span(span: Span) -> str:
    low, high = (f"{end:.3g}" for end in span)
    return low if low == high else f"{low} to {high}"
