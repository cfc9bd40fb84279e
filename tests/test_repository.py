"""The repository's own promises: one list of dependencies, no machine's paths, small files, one version."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import reappraise

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LONGEST = 400
COMES_WITH = {"pydantic_core": "pydantic"}
"""Modules that are the other half of a declared package, which pins them exactly."""


def group(name: str) -> list[str]:
    """Requirements of a dependency group, the groups it includes unfolded."""
    found: list[str] = []
    for item in PROJECT["dependency-groups"][name]:
        found += group(item["include-group"]) if isinstance(item, dict) else [item]
    return found


def bounds(requirements: list[str]) -> dict[str, str]:
    """Bounds by canonical name, written in one way."""
    parsed = [Requirement(text) for text in requirements]
    return {canonicalize_name(item.name): str(item.specifier) for item in parsed}


def tracked() -> list[Path]:
    """Files that are, or would be, in version control; outside a checkout, those of the folders it has."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    if (ROOT / ".git").exists():
        output = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        files = [ROOT / name for name in output.split("\0") if name]
    else:
        folders = ("models", "tests", "notebooks", "benchmarks", "tools", ".ci")
        files = [path for folder in folders for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
        files += list(ROOT.iterdir())
    return [path for path in files if path.is_file()]


def imported(folder: str) -> dict[str, str]:
    """Top-level modules that the Python files of a folder import, each with one file that does."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                found.setdefault(name.split(".")[0], str(path.relative_to(ROOT)))
    return found


def lock() -> Iterator[tuple[str, str]]:
    """Lines of constraints.txt as name and version."""
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"([a-z0-9][a-z0-9-]*)==([0-9][0-9a-z.]*)", line)
        assert match, f"constraints.txt: expected name==version, got {line!r}"
        yield match[1], match[2]


def test_conda_environment_has_the_bounds_of_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [item for item in environment["dependencies"] if isinstance(item, str) and item != "pip"]
    nested = [item for item in environment["dependencies"] if not isinstance(item, str)]
    expected = [f"python{PROJECT['project']['requires-python']}", *PROJECT["project"]["dependencies"], *group("dev")]
    assert bounds(plain) == bounds(expected)
    assert len(plain) == len(expected), "a dependency is listed twice"
    assert nested == [{"pip": ["--editable ."]}]
    assert environment["channels"] == ["conda-forge", "nodefaults"]


def test_lock_satisfies_pyproject() -> None:
    locked = dict(lock())
    for text in [*PROJECT["project"]["dependencies"], *group("dev")]:
        requirement = Requirement(text)
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"constraints.txt lacks {requirement.name}: run `make lock`"
        assert requirement.specifier.contains(version), f"constraints.txt: {requirement.name} {version} is not {text}"


def test_lock_names_each_package_once_in_order() -> None:
    names = [name for name, _ in lock()]
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    ("folder", "requirements"),
    [("models", PROJECT["project"]["dependencies"]), ("tests", [*PROJECT["project"]["dependencies"], *group("dev")])],
)
def test_what_is_imported_is_declared(folder: str, requirements: list[str]) -> None:
    """A package that merely happens to be installed is missing on the next machine."""
    declared = {*bounds(requirements), "reappraise"}
    distributions = packages_distributions()
    own = {"support"} if folder == "tests" else set()
    undeclared = {
        f"{module} in {path}"
        for module, path in imported(folder).items()
        if module not in sys.stdlib_module_names
        and module not in own
        and COMES_WITH.get(module) not in declared
        and not declared & {canonicalize_name(name) for name in distributions.get(module, [module])}
    }
    assert not undeclared


def test_no_file_names_a_package_host_or_a_machine() -> None:
    forbidden = re.compile(rb"\bpyp[i]\.|index[-_]ur[l]|https://file[s]|/wor[k]/|/roo[t]/")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]!r}"
        for path in tracked()
        for line in path.read_bytes().splitlines()
        if path.suffix != ".png" and forbidden.search(line)
    ]
    assert not found


def test_no_module_needs_one_operating_system() -> None:
    assert not {"fcntl", "grp", "msvcrt", "posix", "pwd", "resource", "termios", "winreg"} & imported("models").keys()


def test_models_is_a_source_root_and_not_a_package() -> None:
    assert not (ROOT / "models" / "__init__.py").exists()
    assert Path(reappraise.__file__).parent == ROOT / "models" / "reappraise"


def test_files_stay_short() -> None:
    paths = [path for folder in ("models", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    long = {
        str(path.relative_to(ROOT)): count
        for path in paths
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert paths
    assert not long


def test_one_version_everywhere() -> None:
    version = PROJECT["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert reappraise.__version__ == version
    assert citation["version"] == version
    assert next(change for change in changes if change != "Unreleased") == version


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "models/README.md", "CHANGELOG.md"])
def test_links_between_documents_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    missing = [target for target in targets if not ((ROOT / document).parent / target).exists()]
    assert not missing
