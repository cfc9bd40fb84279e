"""Validation errors in words: the dotted key, what was expected, what came, what to do."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

_KEYS = {"key", "arm", "numerator", "denominator", "population", "section", "table", "or_better", "remainder_key"}


_PLAIN = {"a valid tuple": "a list", "a valid integer": "a whole number", "a valid string": "text"}


MOST = 20
"""Unknown keys that are compared with those there are: of thousands no two are told."""


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
    strange = [item for item in every if item["type"] == "extra_forbidden"]
    misspelt = {
        (*item["loc"][:-1], near)
        for item in strange[:MOST]
        for near in get_close_matches(str(item["loc"][-1]), _all_keys(model), n=1, cutoff=0.6)
    }
    # a misspelt key is also missing: the same problem twice
    told = [item for item in deepest if item["type"] != "missing" or item["loc"] not in misspelt]
    found = sorted(told, key=lambda item: item["type"] != "extra_forbidden")
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
    problem, remedy = f"{_lower(item['msg'])}, got {got}.", "Correct the value."
    match item["type"]:
        case "extra_forbidden":
            near = get_close_matches(name, _all_keys(model), n=1, cutoff=0.6)
            advice = f"Did you mean {near[0]!r}?" if near else "Remove it, or look the keys up in the schema."
            problem, remedy = "unknown key.", advice
        case "missing":
            keys = ", ".join(record) if isinstance(record, Mapping) else "nothing"
            problem, remedy = f"expected the key {name!r}, which is missing (there are: {keys}).", "Add it."
        case "union_tag_invalid":
            context = item["ctx"]
            problem = f"unknown kind {context['tag']!r}; expected one of {context['expected_tags']}."
            remedy = "Correct the kind."
        case "union_tag_not_found":
            problem, remedy = "expected the key 'kind', which is missing.", "Add it."
        case "value_error":
            problem, remedy = f"{item['ctx']['error']}.", "Correct the file to what was printed."
        case "string_pattern_mismatch":
            allowed = "lower-case letters, digits, - and _" if name in _KEYS else "text on one line"
            problem = f"expected {allowed}, got {got}."
        case "string_too_short":
            problem, remedy = "expected a text that is not empty.", "Fill it in."
        case _:
            pass
    return problem, remedy


def _lower(message: str) -> str:
    text = message.removeprefix("Input should be ")
    if text != message:
        for technical, plain in _PLAIN.items():
            text = text.replace(technical, plain)
        return f"expected {text}"
    return message.replace("Tuple should have", "expected").replace(" after validation", "")


def _short(value: object) -> str:
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except RecursionError:  # a thousand tables within each other
        text = reprlib.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _dotted(location: Sequence[int | str], raw: object) -> tuple[str, object]:
    parts: list[str] = []
    current: object = raw
    for step in location:
        if isinstance(step, int):
            current = current[step] if isinstance(current, (list, tuple)) and step < len(current) else None
            name = current.get("key", current.get("arm")) if isinstance(current, Mapping) else None
            parts[-1] += f"[{name if isinstance(name, str) and name.isprintable() else step}]"
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
