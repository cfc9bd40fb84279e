"""What was not analysed, and why: named in the result, so that one endpoint does not keep the others from theirs."""

from __future__ import annotations

from dataclasses import dataclass

from reappraise.core.errors import AnalysisError, UndeterminedError


@dataclass(frozen=True, slots=True)
class Refusal:
    """An endpoint that was not analysed, and why.

    Parameters
    ----------
    endpoint
        Key of the endpoint, with the assessor in brackets where it is not the endpoint's own.
    reason
        Why, in words.
    contradiction
        Whether the printed numbers contradict each other, rather than being too few.
    """

    endpoint: str
    reason: str
    contradiction: bool


def refusal_of(endpoint: str, error: AnalysisError) -> Refusal:
    """The refusal that an error amounts to."""
    return Refusal(endpoint, str(error), contradiction=not isinstance(error, UndeterminedError))
