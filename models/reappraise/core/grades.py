"""Grades of adverse events as papers print them: single ones, bands, and seriousness."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

type Grade = Literal["any", "1-2", "2+", "2", "3+", "3", "3-4", "3-5", "4+", "4", "5", "serious"]
"""A grade, or a band of grades, of the CTCAE scale of 1 to 5; or serious events, which are of no certain grade."""

GRADES: Final[tuple[Grade, ...]] = get_args(Grade.__value__)
"""In the order of a report."""
GRADE_WORDS: Final[Mapping[Grade, str]] = {
    "any": "any grade",
    "1-2": "grade 1 or 2",
    "2+": "grade 2 or higher",
    "2": "grade 2",
    "3+": "grade 3 or higher",
    "3": "grade 3",
    "3-4": "grade 3 or 4",
    "3-5": "grade 3 to 5",
    "4+": "grade 4 or higher",
    "4": "grade 4",
    "5": "grade 5",
    "serious": "serious",
}
_OF: Final[Mapping[Grade, frozenset[int]]] = {
    "any": frozenset(range(1, 6)),
    "serious": frozenset(),
    **{
        grade: frozenset(range(int(grade[0]), 1 + (5 if grade.endswith("+") else int(grade[-1]))))
        for grade in GRADES
        if grade not in {"any", "serious"}
    },
}
_AS_PRINTED: Final = re.compile(
    r"(?:grades?\s*)?(>=?|\u2265)?\s*([1-5])\s*"
    r"(?:(?:-|\u2013|to|or|and)\s*([1-5])|(\+|or (?:higher|more|worse)))?"
)


def read_grade(text: str) -> str:
    """A grade as this program writes it: "" where none is stated, "all" for all, else one of `GRADES`.

    Raises
    ------
    ValueError
        If it is none of these.

    Examples
    --------
    >>> read_grade("Grade 3 or 4"), read_grade("\u2265 3"), read_grade("1\u20132"), read_grade("any")
    ('3-4', '3+', '1-2', 'all')
    """
    said = text.strip().lower()
    if said in {"", "serious"}:
        return said
    if said in {"all", "any", "all grades", "any grade", "1-5", "1\u20135", "1+"}:
        return "all"
    if said in {"sae", "saes", "serious adverse events"}:
        return "serious"
    found = _AS_PRINTED.fullmatch(said)
    grade = ""
    if found:
        sign, first, last, higher = found.groups()
        grade = f"{first}+" if sign or higher else f"{first}-{last}" if last else first
    if grade not in GRADES:
        raise ValueError(f"expected a grade, one of '', 'all', {', '.join(map(repr, GRADES[1:]))}, got {text!r}")
    return grade


def grade_slug(grade: Grade) -> str:
    """Part of a file's name: "any-grade", "grade-3" for 3 and higher, "grade-3-only", "grade-1-2", "serious"."""
    if grade in {"any", "serious"}:
        return "any-grade" if grade == "any" else grade
    return f"grade-{grade[0]}" if grade.endswith("+") else f"grade-{grade}" + ("" if "-" in grade else "-only")


def is_part_of(grade: Grade, whole: Grade) -> bool:
    """Whether everybody with an event of one grade has one of the other.

    Examples
    --------
    >>> is_part_of("3-4", "3+"), is_part_of("3+", "3-4"), is_part_of("serious", "any"), is_part_of("serious", "3+")
    (True, False, True, False)
    """
    if grade == whole or "serious" in {grade, whole}:
        return grade != whole and whole == "any"
    return _OF[grade] < _OF[whole]
