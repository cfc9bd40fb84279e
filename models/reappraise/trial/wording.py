"""Validation errors in words: the dotted key, what was expected, what came, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

_KINDS_HINT = "Correct the value, or the kind of the record."


def describe(error: ValidationError, raw: object, model: type[BaseModel]) -> tuple[str, str, str]:
    """First problem of a validation error as key, problem and remedy; further problems are counted.

    Parameters
    ----------
    error
        What pydantic found.
    raw
        The data it found it in, to name records by their key instead of by number.
    model
        The type expected, to suggest a key where one was misspelt.
    """
    every = error.errors(include_url=False, include_input=True)
    # a list loses its invalid items and is then found too short: the same problem twice
    deepest = [
        item
        for item in every
        if item["type"] != "too_short" or not any(len(other["loc"]) > len(item["loc"]) for other in every)
    ]
    found = sorted(deepest, key=lambda item: item["type"] != "extra_forbidden")
    first = found[0]
    key, record = _dotted(first["loc"], raw)
    problem, remedy = _words(first, record, model)
    more = len(found) - 1
    if more:
        others = "; ".join(_dotted(item["loc"], raw)[0] for item in found[1:4])
        remedy += f" ({more} more {'problem' if more == 1 else 'problems'}, at {others}{', ...' if more > 3 else ''})"
    return key, problem, remedy


def _words(item: Any, record: object, model: type[BaseModel]) -> tuple[str, str]:
    name = str(item["loc"][-1]) if item["loc"] else ""
    got = _short(item["input"])
    match item["type"]:
        case "extra_forbidden":
            near = get_close_matches(name, _all_keys(model), n=1, cutoff=0.6)
            return (
                "unknown key.",
                f"Did you mean {near[0]!r}?" if near else "Remove it, or look the keys up in the schema.",
            )
        case "missing":
            keys = ", ".join(record) if isinstance(record, Mapping) else "nothing"
            return f"expected the key {name!r}, which is missing (there are: {keys}).", "Add it."
        case "union_tag_invalid":
            context = item["ctx"]
            return f"unknown kind {context['tag']!r}; expected one of {context['expected_tags']}.", "Correct the kind."
        case "union_tag_not_found":
            return "expected the key 'kind', which is missing.", "Add it."
        case "value_error":
            return f"{item['ctx']['error']}.", "Correct the file to what was printed."
        case _:
            return f"{_lower(item['msg'])}, got {got}.", _KINDS_HINT


def _lower(message: str) -> str:
    text = message.removeprefix("Input should be ")
    if text != message:
        return f"expected {text.replace('a valid tuple', 'a list').replace('a valid integer', 'a whole number').replace('a valid string', 'text')}"
    return message.replace("Tuple should have", "expected").replace(" after validation", "")


def _short(value: object) -> str:
    text = repr(str(value)) if not isinstance(value, (int, str)) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _dotted(location: Sequence[int | str], raw: object) -> tuple[str, object]:
    parts: list[str] = []
    current: object = raw
    for step in location:
        if isinstance(step, int):
            current = current[step] if isinstance(current, (list, tuple)) and step < len(current) else None
            name = current.get("key") if isinstance(current, Mapping) else None
            parts[-1] += f"[{name if isinstance(name, str) else step}]"
        elif isinstance(current, Mapping) and step not in current and current.get("kind") == step:
            continue
        else:
            parts.append(step)
            nearer = current.get(step) if isinstance(current, Mapping) else None
            if nearer is None:
                return ".".join(parts), current
            current = nearer
    return ".".join(parts), current


def _all_keys(model: type[BaseModel]) -> list[str]:
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for part in parts for key in part.get("properties", {})})
