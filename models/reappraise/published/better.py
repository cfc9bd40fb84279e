"""Words for what is good for the patient, of times and of events, and what the words of an endpoint say of it.

A trial file is typed, and "higher" or "lower" may be read of the event where the time to it is meant: fewer deaths are
better, longer times to death are. Words that name what they are about ("longer", "shorter", "more", "fewer") cannot be
read in two ways and are always taken; the others are refused where the endpoint's own words contradict them.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator

from reappraise.core.arms import Better

_OF_TIMES: Final = {"longer": "higher", "shorter": "lower"}
_OF_EVENTS: Final = {"more": "higher", "fewer": "lower"}

_BAD: Final = re.compile(
    r"\b(deaths?|died|dead|mortality|fatal\w*|progression|relapses?|recurrences?|strokes?|infarctions?"
    r"|ha?emorrhages?|bleeding|(?:re)?hospitali[sz]ations?|readmissions?|amputations?|failures?|exacerbations?"
    r"|infections?|intubations?|thrombos[ie]s|embolisms?|fractures?|toxicity|adverse)\b"
)
_GOOD: Final = re.compile(
    r"\b(recover(?:y|ed)|discharged?|remissions?|respon(?:se|ses|ders?|ded)|improve(?:d|ments?)|heal(?:ed|ing)|cured?"
    r"|engraftment|extubations?|weaning|clearance|live births?|conversion)\b"
)
_OTHERWISE: Final = re.compile(
    r"\b(free|freedom|surviv\w*|alive|without|no|not|non|duration|loss|lost|until|avoid\w*|absence|next|reduction|gain"
    r"|score|scale)\b"
)
"""Words beside which an event may be meant for its opposite."""
_KEPT: Final = re.compile(r"\b(free|freedom|survival|duration of (?:\w+ )?(?:response|remission))\b")
"""What is good as long as it lasts."""


def good_events(label: str) -> Better | None:
    """Whether more or fewer of the events that a label names are good; None where it does not name them plainly.

    Examples
    --------
    >>> good_events("Death by day 60"), good_events("Recovery"), good_events("Progression-free survival")
    ('lower', 'higher', None)
    """
    words = label.lower()
    bad, good = bool(_BAD.search(words)), bool(_GOOD.search(words))
    if bad == good or _OTHERWISE.search(words):
        return None
    return "higher" if good else "lower"


def good_times(label: str) -> Better | None:
    """Whether longer or shorter times to what a label names are good; None where it does not name it plainly.

    Examples
    --------
    >>> good_times("Death by day 60"), good_times("Time to recovery"), good_times("Progression-free survival")
    ('higher', 'lower', 'higher')
    """
    if _KEPT.search(label.lower()):
        return "higher"
    events = good_events(label)
    return None if events is None else opposite(events)


def opposite(better: Better) -> Better:
    """The other way round."""
    return "lower" if better == "higher" else "higher"


def refuse_of_times(label: object, typed: object) -> None:
    """Refuse "higher" or "lower" of times to an event whose words contradict it.

    Raises
    ------
    ValueError
        If they do: then the word was meant of the event, or must be said so that it cannot be.
    """
    if not isinstance(label, str) or typed not in {"higher", "lower"}:
        return
    expected = good_times(label)
    if expected is not None and typed != expected:
        meant = "longer" if typed == "higher" else "shorter"
        other = "shorter" if typed == "higher" else "longer"
        raise ValueError(
            f'better = "{typed}" is about the time: it says that {meant} times are good, of {label!r}; '
            f'expected "{other}" if they are not, or "{meant}" if that is meant'
        )


def refuse_of_hazards(label: object, typed: object, ratio: str) -> None:
    """Refuse "higher" or "lower" of events with a ratio of hazards, unless the endpoint's words say the same.

    Parameters
    ----------
    label, typed
        The endpoint's words, and the word for what is better.
    ratio
        The ratio of hazards in words.

    Raises
    ------
    ValueError
        If "higher" stands beside what is not plainly good, or "lower" beside what is.
    """
    if typed not in {"higher", "lower"}:
        return
    expected = good_events(label) if isinstance(label, str) else None
    if typed != (expected or "lower"):
        raise ValueError(
            f'better = "{typed}" beside a {ratio} may be meant of the events or of the time to them; expected "fewer" '
            'where the event is bad, such as death, or "more" where it is good, such as recovery'
        )


OF_TIMES: Final = frozenset(
    {"median_ratio", "restricted_mean_difference", "restricted_mean_ratio", "survival_difference"}
)
"""Contrasts that grow where the event comes later, or to fewer."""
OF_EVENTS: Final = frozenset({"risk_difference", "risk_ratio", "odds_ratio", "rate_ratio"})
"""Contrasts that grow where there are more events."""


def refuse_of_lengths(label: object, typed: object, contrast: str, *, mixed: bool) -> None:
    """Refuse a word about events beside a contrast of times: what fewer events make longer has the other direction.

    Parameters
    ----------
    label, typed
        The endpoint's words, and the word for what is better.
    contrast
        The contrast in words.
    mixed
        Whether a ratio of events or hazards stands beside it.

    Raises
    ------
    ValueError
        If it does, or "fewer" or "more" stands there, or "lower" where times are plainly better the longer.
    """
    expected = good_times(label) if isinstance(label, str) else None
    if mixed or typed in {"fewer", "more"} or (typed in {"higher", "lower"} and expected not in {None, typed}):
        raise ValueError(
            f'better = "{typed}" beside a {contrast}, which grows with the time to the event; expected "higher" where '
            'later is better, or "lower" where sooner is. Beside a ratio of events or hazards it means the opposite: '
            "give these an endpoint of their own"
        )


def _time(given: object) -> object:
    return _OF_TIMES.get(given, given) if isinstance(given, str) else given


def _event(given: object) -> object:
    return _OF_EVENTS.get(given, given) if isinstance(given, str) else given


type BetterTime = Annotated[
    Better, BeforeValidator(_time, json_schema_input_type=Literal["longer", "shorter", "higher", "lower"])
]
"""Whether longer or shorter times to an event are good; "higher" and "lower" say the same of the time."""
type BetterEvent = Annotated[
    Better, BeforeValidator(_event, json_schema_input_type=Literal["more", "fewer", "higher", "lower"])
]
"""Whether more or fewer events, or a higher or lower value, are good."""
