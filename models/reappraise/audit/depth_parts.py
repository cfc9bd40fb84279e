"""Categories of response against the endpoints that they add up to.

Where only percentages are printed, every whole number of patients that rounds to them is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.depth.published import Category, DepthEndpoint
from reappraise.published.record import Count
from reappraise.published.trial import Trial
from reappraise.response.published import ResponseEndpoint

NAME = "parts of a depth scale"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every category that a response endpoint counts together with the better ones, and arm."""
    responses = {item.published.key: item.published for item in trial.of(ResponseEndpoint)}
    for item in trial.of(DepthEndpoint):
        for arm in trial.arms:
            yield from _sums(item.published, responses, arm.key, arm.short)
            yield from _orders(item.published, responses, arm.key, arm.short)
            yield from _total(item.published, arm.key, arm.short)


def _sums(endpoint: DepthEndpoint, responses: dict[str, ResponseEndpoint], arm: str, short: str) -> Iterator[Finding]:
    for index, category in enumerate(endpoint.categories):
        whole = _count(responses[category.or_better].counts, arm) if category.or_better in responses else None
        if whole is None:
            continue
        better = endpoint.categories[: index + 1]
        parts = [_count(item.counts, arm) for item in better]
        printed = f"{_printed(better, parts)}; together {words.count(whole)}"
        low, high = _span([part for part in parts if part])
        least, most = _span([whole])
        missing = [item.label for item, part in zip(better, parts, strict=True) if part is None]
        verdict: Verdict
        if low > most or (not missing and high < least):
            verdict = "inconsistent"
            message = f"The categories make up {words.span(low, high)} patients, not {words.span(least, most)}."
        elif missing:
            verdict = "cannot judge"
            left = words.span(least - high, most - low)
            message = f"{words.listed(missing)} alone is not printed; {left} patients remain for it."
        elif any(part is not None and part.total != whole.total for part in parts):
            verdict = "cannot judge"
            message = "The categories have another denominator than the endpoint, and what differs is not printed."
        else:
            verdict, message = "consistent", "The categories up to this one add up to the endpoint."
        about = _about(endpoint, category.label, short, printed)
        yield about.finding(NAME, verdict, message, f"sum {words.span(low, high)}")


def _orders(endpoint: DepthEndpoint, responses: dict[str, ResponseEndpoint], arm: str, short: str) -> Iterator[Finding]:
    wholes = [
        (category, count)
        for category in endpoint.categories
        if category.or_better in responses and (count := _count(responses[category.or_better].counts, arm))
    ]
    for (better, fewer), (category, more) in pairwise(wholes):
        (least, _), (_, most) = _span([fewer]), _span([more])
        if fewer.total == more.total:
            holds = least <= most
            label = f"{category.label} or better against {better.label} or better"
            yield _about(endpoint, label, short, f"{words.count(fewer)}; {words.count(more)}").finding(
                NAME,
                "consistent" if holds else "inconsistent",
                "The wider category holds at least as many patients as the narrower one."
                if holds
                else "The wider category holds fewer patients than the narrower one that is part of it.",
                f"at least {least} expected",
            )


def _total(endpoint: DepthEndpoint, arm: str, short: str) -> Iterator[Finding]:
    parts = [_count(category.counts, arm) for category in endpoint.categories]
    found = [part for part in parts if part]
    if len(found) < len(parts) or len({part.total for part in found}) > 1:
        return
    total = found[0].total
    low, high = _span(found)
    verdict: Verdict = "consistent" if low <= total <= high else "inconsistent" if low > total else "cannot judge"
    message = {
        "consistent": "All categories together make up the arm.",
        "inconsistent": "All categories together hold more patients than the arm.",
        "cannot judge": f"{words.span(total - high, total - low)} patients are in no printed category.",
    }[verdict]
    about = _about(endpoint, "all categories", short, _printed(endpoint.categories, parts))
    yield about.finding(NAME, verdict, message, f"sum {words.span(low, high)}")


def _count(counts: tuple[Count, ...], arm: str) -> Count | None:
    return next((count for count in counts if count.arm == arm), None)


def _span(counts: list[Count]) -> tuple[int, int]:
    fitting = [count.candidates or (0, count.total) for count in counts]
    return sum(numbers[0] for numbers in fitting), sum(numbers[-1] for numbers in fitting)


def _printed(categories: tuple[Category, ...], parts: list[Count | None]) -> str:
    return ", ".join(
        f"{category.label} {words.count(part) if part else words.NOTHING}"
        for category, part in zip(categories, parts, strict=True)
    )


def _about(endpoint: DepthEndpoint, label: str, short: str, printed: str) -> About:
    return About(
        endpoint=endpoint.key, subject=f"{endpoint.label}: {label}, {short}", printed=printed, source=endpoint.source
    )
