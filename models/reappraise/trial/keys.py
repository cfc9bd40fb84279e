"""Which keys a record may have, and which records have a key: what an unknown key may have been meant for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel

CUTOFF: Final = 0.6
"""Likeness from which on one key may be meant for another."""
MOST_OWNERS: Final = 4
"""Records that are named as those that have a key."""

MEANT: Final = {
    "name": ("label",),
    "title": ("label",),
    "ci": ("low", "high"),
    "conf_int": ("low", "high"),
    "interval": ("low", "high"),
    "lower": ("low",),
    "lcl": ("low",),
    "upper": ("high",),
    "ucl": ("high",),
    "n": ("total",),
    "size": ("total",),
    "x": ("events",),
    "responders": ("events",),
    "pvalue": ("p",),
    "p_value": ("p",),
    "estimate": ("value",),
    "time": ("at",),
    "direction": ("better",),
    "reference": ("source",),
    "where": ("source",),
    "comment": ("note",),
    "treatment": ("numerator",),
    "comparator": ("denominator",),
}
"""Keys by what people write for them, tried before keys that look alike."""


class Keys:
    """Keys of every record that a type holds.

    Parameters
    ----------
    model
        The type.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self._schema: Mapping[str, Any] = model.model_json_schema()
        self._parts: Mapping[str, Mapping[str, Any]] = self._schema.get("$defs", {})

    def of(self, location: Sequence[str | int]) -> frozenset[str]:
        """Keys of the record at a place; of the whole file where the place is not in it."""
        current: Mapping[str, Any] = self._schema
        for step in location:
            inner = next((found for one in self._choices(current) for found in self._within(one, step)), None)
            if inner is None:
                break
            current = inner
        return frozenset(key for one in self._choices(current) for key in one.get("properties", {}))

    def near(self, location: Sequence[str | int]) -> str:
        """The key at a place that the last part of it stands for, or is most like; empty if none is."""
        meant = self._meant(location)
        if meant:
            return meant[0]
        found = get_close_matches(str(location[-1]), sorted(self.of(location[:-1])), n=1, cutoff=CUTOFF)
        return found[0] if found else ""

    def advice(self, location: Sequence[str | int]) -> str:
        """What an unknown key may have been meant for."""
        name, own = str(location[-1]), self.of(location[:-1])
        meant = self._meant(location)
        if meant:
            return f"Did you mean {' and '.join(map(repr, meant))}?"
        near = self.near(location)
        if near:
            return f"Did you mean {near!r}?"
        if name in self._everywhere:
            return f"{self._owned(name)} Move it there, or remove it."
        elsewhere = get_close_matches(name, sorted(self._everywhere - own), n=1, cutoff=CUTOFF)
        if elsewhere:
            return f"Did you mean {elsewhere[0]!r}? {self._owned(elsewhere[0])}"
        return "Remove it, or look the keys up: reappraise schema."

    def _meant(self, location: Sequence[str | int]) -> list[str]:
        own = self.of(location[:-1])
        return [key for key in MEANT.get(str(location[-1]).lower(), ()) if key in own]

    @property
    def _everywhere(self) -> frozenset[str]:
        return frozenset(key for part in (self._schema, *self._parts.values()) for key in part.get("properties", {}))

    def _owned(self, name: str) -> str:
        """Where a key exists, in a sentence."""
        kinds, others = [], []
        for title, part in self._parts.items():
            if name in part.get("properties", {}):
                kind = part["properties"].get("kind", {}).get("const")
                others += [] if kind else sorted(self._called(title))
                kinds += [f'kind = "{kind}"'] if kind else []
        said = []
        if kinds:
            said.append(f"records with {_listed(kinds)}")
        if others:
            said.append(f"{_listed(list(dict.fromkeys(others)))}")
        if name in self._schema.get("properties", {}):
            said.append("the file as a whole")
        return f"{name!r} exists for {' and for '.join(said)}." if said else ""

    def _called(self, title: str) -> Iterator[str]:
        """Yield the keys under which records of a type stand."""
        pointer = f"#/$defs/{title}"
        for part in (self._schema, *self._parts.values()):
            yield from (key for key, value in part.get("properties", {}).items() if pointer in _references(value))

    def _choices(self, part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """A part of the schema without references and unions."""
        if "$ref" in part:
            return self._choices(self._parts[str(part["$ref"]).rpartition("/")[2]])
        several = [*part.get("oneOf", ()), *part.get("anyOf", ())]
        return [found for one in several for found in self._choices(one)] if several else [part]

    def _within(self, part: Mapping[str, Any], step: str | int) -> Iterator[Mapping[str, Any]]:
        """Yield what is one step below; a step may also be the kind of the record itself."""
        if isinstance(step, int):
            if isinstance(part.get("items"), Mapping):
                yield part["items"]
            return
        properties = part.get("properties", {})
        if properties.get("kind", {}).get("const") == step:
            yield part
        elif step in properties:
            yield properties[step]


def _references(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [
            *([str(value["$ref"])] if "$ref" in value else []),
            *(found for one in value.values() for found in _references(one)),
        ]
    return [found for one in value for found in _references(one)] if isinstance(value, list) else []


def _listed(names: list[str]) -> str:
    shown = names[:MOST_OWNERS]
    more = [f"{len(names) - MOST_OWNERS} more"] if len(names) > MOST_OWNERS else []
    *first, last = [*shown, *more]
    return f"{', '.join(first)} and {last}" if first else last
