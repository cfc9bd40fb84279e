"""Which tables of ordered categories a trial's published numbers give, and which they do not."""

from __future__ import annotations

from reappraise.core.errors import AnalysisError
from reappraise.core.refusal import Refusal
from reappraise.depth.published import DepthEndpoint
from reappraise.depth.table import OrdinalTable, ordinal_table
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.response.published import ResponseEndpoint


def table_of(endpoint: TrialEndpoint[DepthEndpoint]) -> OrdinalTable:
    """Counts by category and arm of an endpoint of a trial.

    Raises
    ------
    UndeterminedError
        If what is printed leaves a count open.
    AnalysisError
        If the endpoint is no depth of response, or printed numbers contradict each other.
    """
    published, trial = endpoint.published, endpoint.trial
    if not isinstance(published, DepthEndpoint):
        raise AnalysisError(f"endpoint {published.key} is of kind {published.kind}; expected a depth endpoint")
    control, experimental = trial.arms
    return ordinal_table(
        published, _responses(trial), (control.key, experimental.key), (control.short, experimental.short)
    )


def other_assessors(trial: Trial) -> tuple[Refusal, ...]:
    """Name every assessor whose response endpoints give no table of three or more ordered categories, and why.

    Which endpoints count a category and all better ones is said by the `or_better` of a depth endpoint alone. An
    assessor without a depth endpoint has cut points that nothing orders: one of them makes two categories, which is the
    binary endpoint itself.
    """
    refused = []
    depths = [item.published for item in trial.of(DepthEndpoint)]
    for depth in depths:
        covered = {other.assessor for other in depths if other.population == depth.population}
        by_assessor: dict[str, list[ResponseEndpoint]] = {}
        for response in _responses(trial).values():
            if response.population == depth.population and response.assessor and response.assessor not in covered:
                by_assessor.setdefault(response.assessor, []).append(response)
        if depth is not next(other for other in depths if other.population == depth.population):
            continue  # said once for each population
        for assessor, found in by_assessor.items():
            refused.append(Refusal(f"{depth.key} ({assessor})", _why(assessor, found), contradiction=False))
    return tuple(refused)


def _why(assessor: str, found: list[ResponseEndpoint]) -> str:
    named = "; ".join(f"{item.label} ({item.key})" for item in found)
    if len(found) == 1:
        return (
            f"by {assessor}: one binary endpoint is printed, {named}. It cuts the scale once, into two categories, and "
            "depth of response needs at least three; its binary analysis stands."
        )
    return (
        f"by {assessor}: {len(found)} binary endpoints are printed, {named}, but nothing says which of them count a "
        "category and all better ones. If they do, add a depth endpoint of that assessor that names them in or_better."
    )


def _responses(trial: Trial) -> dict[str, ResponseEndpoint]:
    return {item.published.key: item.published for item in trial.of(ResponseEndpoint)}
