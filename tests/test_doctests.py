"""Every example in a docstring gives what it says it gives; those that sample are marked and only read."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "models"
EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_true(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0, "an example that is in no docstring"
    assert found.failed == 0, capsys.readouterr().out


def test_a_false_example_would_be_found() -> None:
    false = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "false", None, None)
    assert doctest.DocTestRunner(verbose=False).run(false, out=lambda _: None).failed == 1
    assert {"reappraise", "reappraise.fits.summary", "reappraise.testing"} <= set(EXAMPLES)
