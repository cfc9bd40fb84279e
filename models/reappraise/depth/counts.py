"""Which tables of ordered categories a trial's published numbers give, and which they do not."""

from __future__ import annotations

from collections.abc import Mapping

from reappraise.core.arms import Arms
from reappraise.core.errors import AnalysisError
from reappraise.core.refusal import Refusal
from reappraise.depth.published import DepthEndpoint
from reappraise.depth.solve import ArmCounts, Solved, solve
from reappraise.depth.table import OrdinalTable
from reappraise.published.record import Count
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


def ordinal_table(
    endpoint: DepthEndpoint, responses: Mapping[str, ResponseEndpoint], arms: Arms, arm_labels: Arms
) -> OrdinalTable:
    """Counts by category and arm from all that is printed: categories, and binary endpoints that they add up to.

    Parameters
    ----------
    endpoint
        The ordinal endpoint.
    responses
        Binary endpoints by key.
    arms, arm_labels
        Keys and words of control and experimental arm.

    Raises
    ------
    UndeterminedError
        If what is printed leaves a count open.
    AnalysisError
        If printed numbers contradict each other, or a binary endpoint is of another population or assessor.
    """
    wholes: dict[str, ResponseEndpoint] = {}
    for category in endpoint.categories:
        if category.or_better is not None:
            wholes[category.key] = _whole(endpoint, category.key, category.or_better, responses)
    labels = tuple(category.label for category in endpoint.categories)
    solved: list[tuple[Solved, ...]] = []
    for arm in arms:
        printed = tuple(_of_arm(category.counts, arm) for category in endpoint.categories)
        cumulated = tuple(
            _of_arm(wholes[category.key].counts, arm) if category.key in wholes else None
            for category in endpoint.categories
        )
        for count in (*printed, *cumulated):
            if count is not None and count.impossible:
                raise AnalysisError(f"{endpoint.key}, {arm}: {count.impossible}: as printed it cannot be analysed")
        named = tuple(category.or_better or "" for category in endpoint.categories)
        solved.append(solve(ArmCounts(f"{endpoint.key}, {arm}", labels, printed, cumulated, named)))
    planned = sorted(
        (whole for whole in wholes.values() if whole.planned_odds_ratio), key=lambda item: not item.primary
    )
    return OrdinalTable(
        endpoint=endpoint.key,
        label=endpoint.label,
        assessor=endpoint.assessor,
        population=endpoint.population,
        arms=arms,
        arm_labels=arm_labels,
        categories=tuple(category.key for category in endpoint.categories),
        category_labels=labels,
        or_better=tuple(category.or_better or "" for category in endpoint.categories),
        counts=tuple((a.count, b.count) for a, b in zip(*solved, strict=True)),
        origins=tuple((a.origin, b.origin) for a, b in zip(*solved, strict=True)),
        subtracted=tuple((a.subtracted, b.subtracted) for a, b in zip(*solved, strict=True)),
        planned_odds_ratio=float(planned[0].planned_odds_ratio or 0) if planned else None,
        source=endpoint.source,
    )


def _whole(
    endpoint: DepthEndpoint, category: str, key: str, responses: Mapping[str, ResponseEndpoint]
) -> ResponseEndpoint:
    """The binary endpoint of a category, refused unless it counts the same patients in the same way."""
    whole = responses.get(key)
    where = f"{endpoint.key}, category {category}: or_better = {key!r}"
    if whole is None:
        raise AnalysisError(f"{where} is no response endpoint of the trial; expected one of {', '.join(responses)}")
    for what in ("population", "assessor"):
        own, other = getattr(endpoint, what), getattr(whole, what)
        if own and other and own != other:
            raise AnalysisError(
                f"{where} is of {what} {other!r}, the categories are of {own!r}. Name an endpoint of the same {what}, "
                "or leave or_better out."
            )
    if whole.better != "higher":
        raise AnalysisError(
            f"{where} has better = {whole.better!r}, but categories stand best first; expected 'higher'"
        )
    return whole


def _of_arm(counts: tuple[Count, ...], arm: str) -> Count | None:
    return next((count for count in counts if count.arm == arm), None)
