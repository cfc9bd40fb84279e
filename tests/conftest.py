"""What holds for every test: no screen, no clock in hypothesis, nothing compiled unmarked, nothing skipped in CI."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from support.analyses import DepthRun, EffectRun, Kept, SafetyRun

COMPILED = pytest.StashKey[int]()
"""Models that were compiled before a test of the fast tier began."""

os.environ.setdefault("MPLBACKEND", "Agg")
settings.register_profile("unhurried", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "unhurried")


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """A skip in CI would be a test that nobody runs: it fails, with its reason."""
    if os.environ.get("CI") and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The notebooks first: they take longest, and at the end one worker would wait for the other."""
    items.sort(key=lambda item: item.path.name != "test_notebooks.py")


# The fast tier


def _refuse_compiling(*_: object, **__: object) -> NoReturn:
    pytest.fail("compiles a PyMC model: mark it pytest.mark.sampling")


def _compilations() -> int:
    """Models that were compiled, or loaded because they were compiled once before."""
    nuts, machine_code = (sys.modules.get(f"reappraise.fits.{name}") for name in ("nuts", "machine_code"))
    return (nuts.compilations() if nuts else 0) + (machine_code.known() if machine_code else 0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Outside the marker nothing compiles, not even a fixture of wider scope."""
    if item.get_closest_marker("sampling"):
        return (yield)
    item.stash[COMPILED] = _compilations()
    with pytest.MonkeyPatch.context() as patched:
        if "nutpie" in sys.modules:
            patched.setattr("nutpie.compile_pymc_model", _refuse_compiling)
        if "pymc" in sys.modules:
            patched.setattr("pymc.Model.compile_fn", _refuse_compiling)
        return (yield)


@pytest.fixture(autouse=True)
def _nothing_was_compiled(request: pytest.FixtureRequest) -> Iterator[None]:
    """PyMC may be imported only by the test itself, and so be out of reach before: then the count tells."""
    yield
    before = request.node.stash.get(COMPILED, None)
    if before is not None and _compilations() > before:
        _refuse_compiling()


# Analyses that several files read


@pytest.fixture(scope="session")
def mini_run(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    from support.analyses import Kept, analyse_mini, kept

    return Kept(*kept("mini", analyse_mini, tmp_path_factory))


@pytest.fixture(scope="session")
def survival_run(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    from support.analyses import Kept, analyse_survival_trial, kept

    return Kept(*kept("survival", analyse_survival_trial, tmp_path_factory))


@pytest.fixture(scope="session")
def effect_run() -> EffectRun:
    from reappraise.effect.analysis import EFFECT
    from reappraise.effect.published import EffectEndpoint
    from reappraise.fits.each import Session
    from reappraise.fits.sampling import Sampling
    from reappraise.trial import load_trial
    from support.analyses import EffectRun

    (endpoint,) = load_trial("eolia").of(EffectEndpoint)
    return EffectRun(EFFECT.analyse(endpoint, Session(sampling=Sampling(seed=1))))


@pytest.fixture(scope="session")
def continuous_run() -> EffectRun:
    from reappraise.continuous.analysis import CONTINUOUS
    from reappraise.continuous.published import ContinuousEndpoint
    from reappraise.fits.each import Session
    from reappraise.fits.sampling import Sampling
    from reappraise.trial import load_trial
    from support.analyses import EffectRun
    from support.data import MEANS

    endpoint = load_trial(MEANS).of(ContinuousEndpoint)[0]
    return EffectRun(CONTINUOUS.analyse(endpoint, Session(sampling=Sampling(seed=1))))


@pytest.fixture(scope="session")
def event_rate_run() -> EffectRun:
    from reappraise.event_rate.analysis import EVENT_RATE
    from reappraise.event_rate.published import EventRateEndpoint
    from reappraise.fits.each import Session
    from reappraise.fits.sampling import Sampling
    from reappraise.trial import load_trial
    from support.analyses import EffectRun
    from support.data import EVENT_RATES

    endpoint = load_trial(EVENT_RATES).of(EventRateEndpoint)[0]
    return EffectRun(EVENT_RATE.analyse(endpoint, Session(sampling=Sampling(seed=1))))


@pytest.fixture(scope="session")
def depth_run(tmp_path_factory: pytest.TempPathFactory) -> DepthRun:
    from support.analyses import DepthRun, analyse_shipped_depth, kept

    (result, told), folder = kept("depth", analyse_shipped_depth, tmp_path_factory)
    return DepthRun(result, told, folder)


@pytest.fixture(scope="session")
def safety_run(tmp_path_factory: pytest.TempPathFactory) -> SafetyRun:
    from support.analyses import analyse_small_safety, kept

    found, folder = kept("safety", analyse_small_safety, tmp_path_factory)
    return replace(found, folder=folder)
