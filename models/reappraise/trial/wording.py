"""Validation errors in words: the dotted key, what was expected, what came, what to do."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from reappraise.trial.keys import Keys

_KEYS = {"key", "arm", "numerator", "denominator", "population", "section", "table", "or_better", "remainder_key"}


_PLAIN = {"a valid tuple": "a list", "a valid integer": "a whole number", "a valid string": "text"}


MOST = 20
"""Unknown keys that are compared with those there are: of thousands no two are told."""


@dataclass(frozen=True, slots=True)
class Described:
    """A problem in words.

    Parameters
    ----------
    key
        Dotted key, records of a list by their own key or arm.
    path
        The same as keys and places in lists, as far as the file has them.
    problem, remedy
        What was expected and what came, and what to do.
    """

    key: str
    path: tuple[str | int, ...]
    problem: str
    remedy: str


def describe(error: ValidationError, raw: object, model: type[BaseModel]) -> Described:
    """First problem of a validation error; further problems are counted.

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
    keys = Keys(model)
    misspelt = {(*item["loc"][:-1], keys.near(item["loc"])) for item in strange[:MOST]}
    # a misspelt key is also missing: the same problem twice
    told = [item for item in deepest if item["type"] != "missing" or item["loc"] not in misspelt]
    found = sorted(told, key=lambda item: item["type"] != "extra_forbidden")
    first = found[0]
    key, record, path = _dotted(first["loc"], raw)
    problem, remedy = _words(first, record, keys)
    more = len(found) - 1
    if more:
        others = "; ".join(_dotted(item["loc"], raw)[0] for item in found[1:4])
        remedy += f" ({more} more {'problem' if more == 1 else 'problems'}, at {others}{', ...' if more > 3 else ''})"
    return Described(key, path, problem, remedy)


def _words(item: Any, record: object, keys: Keys) -> tuple[str, str]:
    name = str(item["loc"][-1]) if item["loc"] else ""
    got = _short(item["input"])
    problem, remedy = f"{_lower(item['msg'])}, got {got}.", "Correct the value."
    match item["type"]:
        case "extra_forbidden":
            problem, remedy = "unknown key.", keys.advice(item["loc"])
        case "missing":
            there = ", ".join(record) if isinstance(record, Mapping) else "nothing"
            problem, remedy = f"expected the key {name!r}, which is missing (there are: {there}).", "Add it."
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


def _dotted(location: Sequence[int | str], raw: object) -> tuple[str, object, tuple[str | int, ...]]:
    """Dotted key, the record that it is in, and the same as keys and places."""
    parts: list[str] = []
    path: list[str | int] = []
    current: object = raw
    for step in location:
        if isinstance(step, int):
            path.append(step)
            current = current[step] if isinstance(current, (list, tuple)) and step < len(current) else None
            name = current.get("key", current.get("arm")) if isinstance(current, Mapping) else None
            parts[-1] += f"[{name if isinstance(name, str) and name.isprintable() else step}]"
        elif isinstance(current, Mapping) and step not in current and current.get("kind") == step:
            continue
        else:
            parts.append(step)
            path.append(step)
            nearer = current.get(step) if isinstance(current, Mapping) else None
            if nearer is None:
                return ".".join(parts), current, tuple(path)
            current = nearer
    return ".".join(parts), current, tuple(path)
