"""Depth of response as published: ordered categories and the binary endpoints they add up to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reappraise.endpoints.record import Count, Key, Record, Sourced, Text


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


class DepthEndpoint(Sourced):
    """An ordinal endpoint: best response, from best to worst."""

    kind: Literal["depth"]
    """Tag of this kind of endpoint."""
    key: Key
    """Key of the endpoint."""
    label: Text
    """The endpoint in words."""
    population: Key
    """Key of the population analysed."""
    assessor: str = ""
    """Who assessed it."""
    categories: Annotated[tuple[Category, ...], Field(min_length=2)]
    """Categories, best first."""
