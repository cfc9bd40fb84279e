"""Depth of response as published: ordered categories and the binary endpoints they add up to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from reappraise.core.arms import WHOLE
from reappraise.published.answers import Counted, Problem, unknown
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.record import Count, Key, Record, Text
from reappraise.response.published import ResponseEndpoint


class Category(Record):
    """One ordered, exclusive category of response."""

    key: Key
    """Key of the category."""
    label: Text
    """The category in words."""
    or_better: Key | None = None
    """Key of the response endpoint that counts this category and all better ones."""
    counts: tuple[Count, ...] = ()
    """Patients whose best response is exactly this category, by arm, where printed."""


class DepthEndpoint(EndpointRecord):
    """An ordinal endpoint: best response, from best to worst."""

    kind: Literal["depth"]
    """Tag of this kind of endpoint."""
    better: Literal["higher"] = "higher"
    """A better category is better: categories stand best first."""
    categories: Annotated[tuple[Category, ...], Field(min_length=2)]
    """Categories, best first."""

    @property
    def section(self) -> str:
        """Part of the publication's results that it belongs to."""
        return "response"

    def counted(self) -> Iterator[Counted]:
        """Yield the counts of each category, which stand for a part of the endpoint only."""
        for category in self.categories:
            yield Counted(
                label=f"{self.label}: {category.label}",
                population=WHOLE,
                counts=category.counts,
                place=f"categories[{category.key}].counts",
            )

    def references(self, context: Context) -> Iterator[Problem]:
        """Yield every endpoint that a category is said to add up to and that is no response endpoint."""
        responses = context.of(ResponseEndpoint)
        for category in self.categories:
            if category.or_better is not None:
                yield from unknown(f"categories[{category.key}].or_better", {category.or_better}, responses)
