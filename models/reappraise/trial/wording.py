"""Validation errors in words: the dotted key, what was expected, what came, what to do."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from reappraise.trial.keys import Keys

_KEYS = {"key", "arm", "numerator", "denominator", "population", "section", "table", "or_better", "remainder_key"}


KINDS_MEANT = {
    "ae": "adverse_events",
    "adverse_event": "adverse_events",
    "safety": "adverse_events",
    "binary": "response",
    "binomial": "response",
    "dichotomous": "response",
    "proportion": "response",
    "mortality": "response",
    "count": "event_rate",
    "rate": "event_rate",
    "rates": "event_rate",
    "mean": "continuous",
    "means": "continuous",
    "normal": "continuous",
    "ordinal": "depth",
    "contrast": "effect",
    "estimate": "effect",
    "ratio": "effect",
    "time_to_event": "survival",
    "tte": "survival",
}
"""Kinds by what people call them."""

_COMMA = re.compile(r"[<>]?\s*-?\d+,\d+")
_NOT_SIGNIFICANT = {"ns", "n.s", "not significant", "nonsignificant", "non-significant"}
_PLAIN = {"a valid tuple": "a list", "a valid integer": "a whole number", "a valid string": "text"}


SHOWN = 5
"""Problems that are told after the first."""
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
    others
        Further problems, the first few.
    left
        How many more there are.
    """

    key: str
    path: tuple[str | int, ...]
    problem: str
    remedy: str
    others: tuple[Described, ...] = ()
    left: int = 0


def describe(error: ValidationError, raw: object, model: type[BaseModel]) -> Described:
    """First problem of a validation error, the next few, and how many more there are.

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
    first, *others = (_described(item, raw, keys) for item in found[: 1 + SHOWN])
    return replace(first, others=tuple(others), left=max(len(found) - 1 - SHOWN, 0))


def _described(item: Any, raw: object, keys: Keys) -> Described:
    key, record, path = _dotted(item["loc"], raw)
    return Described(key, path, *_words(item, record, keys))


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
            meant = KINDS_MEANT.get(str(context["tag"]).lower().replace("-", "_").replace(" ", "_"))
            remedy = f"Did you mean {meant!r}?" if meant else "Correct the kind."
        case "union_tag_not_found":
            problem, remedy = "expected the key 'kind', which is missing.", "Add it."
        case "value_error":
            said = str(item["ctx"]["error"])
            asked = said.endswith("?")
            problem, remedy = (said, "") if asked else (f"{said}.", _number_advice(item["input"]))
        case "string_pattern_mismatch":
            allowed = "lower-case letters, digits, - and _" if name in _KEYS else "text on one line"
            problem = f"expected {allowed}, got {got}."
        case "string_too_short":
            problem, remedy = "expected a text that is not empty.", "Fill it in."
        case _:
            pass
    return problem, remedy


def _number_advice(given: object) -> str:
    """What to write in place of a cell that is no number."""
    if isinstance(given, str):
        text = given.strip()
        if _COMMA.fullmatch(text):
            thousands = ", or without it if it parts thousands" if re.fullmatch(r"-?\d{1,3},\d{3}", text) else ""
            return f"Write the comma as a point: {text.replace(',', '.')}{thousands}."
        if text.lower().rstrip(".") in _NOT_SIGNIFICANT:
            return 'That says only that p is above the level of the test: leave p out, and say it in note = "...".'
        if text.endswith("%"):
            return 'Leave the sign out, and write unit = "percent" beside it.'
    return "Correct the file to what was printed."


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
