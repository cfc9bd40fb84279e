"""A factor all of whose levels point against the whole: named, in either direction, and only then."""

from __future__ import annotations

import pytest

from reappraise.audit import reversals
from reappraise.audit.finding import Finding
from support.audit_trials import RESPONSE, unchecked


def factor(levels: dict[str, tuple[int, int, int, int]]) -> Finding:
    """Events and patients of both arms by level; the whole is their sum."""
    rows = {**levels, "": tuple(sum(numbers) for numbers in zip(*levels.values(), strict=True))}

    def counts(numbers: tuple[int, ...]) -> str:
        cells = zip(("c", "e"), numbers[::2], numbers[1::2], strict=True)
        said = (f'{{ arm = "{arm}", events = {k}, total = {n}, source = "Results" }}' for arm, k, n in cells)
        return f"[{', '.join(said)}]"

    listed = ", ".join(
        f'{{ key = "{name}", label = "{name}", counts = {counts(numbers)} }}' for name, numbers in levels.items()
    )
    text = RESPONSE + f"counts = {counts(rows['']).strip()}\n"
    text += f'[[endpoints.factors]]\nkey = "size"\nlabel = "Size"\nsource = "Results"\nlevels = [{listed}]\n'
    (found,) = reversals.check(unchecked(text))
    return found


KIDNEY = {"small": (81, 87, 234, 270), "large": (192, 263, 55, 80)}  # Charig et al., BMJ 1986;292:879


@pytest.mark.parametrize(
    ("levels", "verdict"),
    [
        (KIDNEY, "cannot judge"),
        ({name: (c, d, a, b) for name, (a, b, c, d) in KIDNEY.items()}, "cannot judge"),
        ({"small": (81, 87, 264, 270), "large": (192, 263, 55, 80)}, "consistent"),
        ({"small": (10, 40, 20, 40), "large": (10, 40, 20, 40)}, "consistent"),
        ({"small": (10, 40, 10, 40), "large": (10, 40, 10, 40)}, "consistent"),
    ],
)
def test_only_a_reversal_by_every_level_is_one(levels: dict[str, tuple[int, int, int, int]], verdict: str) -> None:
    assert factor(levels).verdict == verdict


def test_a_reversal_shows_both() -> None:
    found = factor(KIDNEY)
    assert found.recomputed == "E minus C, all +4.6%; small -6.4%; large -4.3%"
    assert found.message.startswith("Every level points the other way than all patients together.")
