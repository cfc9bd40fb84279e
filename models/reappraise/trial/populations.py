"""Every total of a file held against the population, or the arm, that its patients are a part of.

More patients than there are cannot be: that is a finding of the audit, and no error of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from reappraise.published.endpoint import EndpointRecord
from reappraise.published.file import CountRow, TrialFile
from reappraise.published.record import EVERYBODY, OfPatients


def told(file: TrialFile) -> TrialFile:
    """The same file, in which a total beyond its population says so."""
    sizes = {population.key: population.sizes for population in file.populations}
    endpoints = tuple(_endpoint(endpoint, sizes.get(endpoint.population, {})) for endpoint in file.endpoints)
    changed = any(new is not old for new, old in zip(endpoints, file.endpoints, strict=True))
    return file.model_copy(update={"endpoints": endpoints}) if changed else file


def told_row(row: CountRow, sizes: Mapping[str, int]) -> CountRow:
    """The same row of a table, held against the size of its arm; of all arms together, of all."""
    size = sum(sizes.values()) if row.arm == EVERYBODY else sizes.get(row.arm)
    return row if size is None else row.among(size)


def _endpoint(endpoint: EndpointRecord, sizes: Mapping[str, int]) -> EndpointRecord:
    """An endpoint whose totals are part of its population, or of what its record says."""
    narrower = {
        id(count): counted.within.get(count.arm)
        for counted in endpoint.counted()
        if counted.within is not None
        for count in counted.counts
    }

    def rebuilt(value: Any) -> Any:
        if isinstance(value, OfPatients):
            size = narrower.get(id(value), sizes.get(value.arm))
            return value if size is None else value.among(size)
        if isinstance(value, BaseModel):
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            changed = {name: new for name, old in fields.items() if (new := rebuilt(old)) is not old}
            return value.model_copy(update=changed) if changed else value
        if isinstance(value, tuple):
            items = tuple(map(rebuilt, value))
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        return value

    found: EndpointRecord = rebuilt(endpoint)
    return found
