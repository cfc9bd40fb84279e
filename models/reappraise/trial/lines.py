"""On which line of a TOML file a key stands: tomllib tells for what is no TOML, and for nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

type Path = tuple[str | int, ...]
"""Keys and places in lists, from the whole file down."""

LARGEST = 2_000_000
"""Characters above which no line is looked for."""
DEEPEST = 100
"""Parts that a dotted key may have: tomllib takes time with the square of them, and no trial has ten."""

_TOKEN = re.compile(
    r'#[^\n]*|[ \t\r]+|"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|[\n\[\]{}=,]'
    r"|[^\s\[\]{}=,#\"']+",
    re.DOTALL,
)
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DEEP = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{DEEPEST},}}", re.ASCII)
_STEP = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")


def too_deep(content: str) -> int | None:
    """Line of a key with more parts than any that is meant; None where there is none."""
    found = _DEEP.search(content)
    return None if found is None else content.count("\n", 0, found.start()) + 1


def line_of(content: str, path: Sequence[str | int]) -> int | None:
    """Line of a key, or of the nearest record around it; None for the file as a whole.

    Parameters
    ----------
    content
        Valid TOML.
    path
        Keys and places in lists; what is missing in the file may stand at the end.
    """
    if not path or len(content) > LARGEST:
        return None
    wanted, best, line = tuple(path), 0, None
    try:
        for found, at in _Scanner(content).places():
            shared = min(len(found), len(wanted))
            # a list of headed records stands where the first of them does
            if best < shared and found[:shared] == wanted[:shared]:
                best, line = shared, at
                if best == len(wanted):
                    break
    except (RecursionError, IndexError):
        return line
    return line


def path_of(key: str, raw: object) -> Path:
    """A dotted key such as ``endpoints[os].counts[0]`` as keys and places, as far as the file has them.

    Parameters
    ----------
    key
        Records of a list by their `key`, their number or their arm.
    raw
        The content of the file.
    """
    path: list[str | int] = []
    current = raw
    for name, item in _STEP.findall(key):
        if name:
            if not isinstance(current, dict) or name not in current:
                break
            path.append(name)
            current = current[name]
            continue
        if not isinstance(current, list):
            break
        named = [place for place, one in enumerate(current) if isinstance(one, dict) and one.get("key") == item]
        by_arm = [place for place, one in enumerate(current) if isinstance(one, dict) and one.get("arm") == item]
        place = next(iter(named), int(item) if item.isdecimal() else next(iter(by_arm), None))
        if place is None or place >= len(current):
            break
        path.append(place)
        current = current[place]
    return tuple(path)


@dataclass(slots=True)
class _Scanner:
    """Goes through valid TOML and tells where every key and every item of a list stands."""

    content: str
    tokens: list[tuple[str, int]] = field(default_factory=list)
    at: int = 0

    def __post_init__(self) -> None:
        line = 1
        for found in _TOKEN.finditer(self.content):
            text = found.group()
            if text[0] not in "# \t\r":
                self.tokens.append((text, line))
            line += text.count("\n")

    def places(self) -> Iterator[tuple[Path, int]]:
        """Yield path and line, in the order of the file."""
        table: Path = ()
        lists: Counter[Path] = Counter()
        while self.at < len(self.tokens):
            text, line = self.tokens[self.at]
            if text == "\n":
                self.at += 1
            elif text == "[":
                several = self.tokens[self.at + 1][0] == "["
                self.at += 2 if several else 1
                *parents, last = self._key("]")
                self.at += 2 if several else 1
                table = ()
                for name in parents:
                    table = (*table, name)
                    table = (*table, lists[table] - 1) if table in lists else table
                table = (*table, last)
                if several:
                    lists[table] += 1
                    table = (*table, lists[table] - 1)
                yield table, line
            else:
                yield from self._pair(table)

    def _pair(self, table: Path) -> Iterator[tuple[Path, int]]:
        line = self.tokens[self.at][1]
        path = (*table, *self._key("="))
        self.at += 1
        yield path, line
        yield from self._value(path)

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        opened = self.tokens[self.at][0]
        if opened not in {"[", "{"}:
            while self.at < len(self.tokens) and self.tokens[self.at][0] not in {"\n", ",", "]", "}"}:
                self.at += 1
            return
        self.at += 1
        place = 0
        while self.tokens[self.at][0] not in {"]", "}"}:
            text, line = self.tokens[self.at]
            if text in {"\n", ","}:
                self.at += 1
            elif opened == "{":
                yield from self._pair(path)
            else:
                yield (*path, place), line
                yield from self._value((*path, place))
                place += 1
        self.at += 1

    def _key(self, end: str) -> list[str]:
        """Parts of a dotted key up to the token that ends it."""
        parts: list[str] = []
        while self.tokens[self.at][0] != end:
            text = self.tokens[self.at][0]
            parts += [text[1:-1]] if text[0] in "\"'" else [part for part in text.split(".") if part]
            self.at += 1
        return parts
