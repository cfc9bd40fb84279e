"""Analyses that several tests read: sampled once, and kept where every worker finds them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from reappraise.analysis import Analysis, analyse
from reappraise.continuous.analysis import ContinuousResult
from reappraise.depth.analysis import DEPTH, DepthResult
from reappraise.depth.published import DepthEndpoint
from reappraise.effect.analysis import ContrastResult
from reappraise.event_rate.analysis import EventRateResult
from reappraise.fits.each import Session, Tally
from reappraise.fits.sampling import Effort, Sampling
from reappraise.fits.store import Store
from reappraise.safety import analysis as safety
from reappraise.safety.analysis import SafetyResult
from reappraise.safety.counts import tables_of
from reappraise.safety.model import THREE_LEVEL
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.trial import load_trial
from support.data import MINI, SURVIVAL

MINI_SETTINGS = Sampling(seed=5)
SURVIVAL_SETTINGS = Sampling(seed=3, draws=1000)
SURVIVAL_EFFORT = Effort(chains=2, replicates=40, thin=15, patience=5)
DEPTH_SETTINGS = Sampling(draws=1500, tune=400, seed=7)


WIDTH = (12, 6)
"""Terms and systems that the tests compile models of adverse events for: one compilation of each in a process."""
SAFETY_SETTINGS = Sampling(seed=5, draws=750, tune=300)


@dataclass(frozen=True)
class Kept:
    """An analysis, and a folder of its own with its files."""

    analysis: Analysis
    folder: Path


@dataclass(frozen=True)
class EffectRun:
    """A printed effect, means or event rates, whose posteriors are exact."""

    result: ContrastResult | ContinuousResult | EventRateResult


@dataclass(frozen=True)
class DepthRun:
    """An ordinal endpoint, a folder of its own with its posteriors, and what was told meanwhile."""

    result: DepthResult
    told: tuple[tuple[str, float], ...]
    folder: Path


@dataclass(frozen=True)
class SafetyRun:
    """Laboratory values of the shipped trial by one model, and what was told meanwhile."""

    result: SafetyResult
    told: tuple[tuple[str, float], ...]
    tally: Tally
    folder: Path


def analyse_mini(store: Store) -> Analysis:
    return analyse(load_trial(MINI), sampling=MINI_SETTINGS, store=store)


def analyse_survival_trial(store: Store) -> Analysis:
    return analyse(load_trial(SURVIVAL), sampling=SURVIVAL_SETTINGS, effort=SURVIVAL_EFFORT, store=store)


def analyse_shipped_depth(store: Store) -> tuple[DepthResult, tuple[tuple[str, float], ...]]:
    told: list[tuple[str, float]] = []
    session = Session(sampling=DEPTH_SETTINGS, store=store, tell=lambda *said: told.append(said))
    (endpoint,) = load_trial("isatuximab-dexamethasone").of(DepthEndpoint)
    return DEPTH.analyse(endpoint, session), tuple(told)


def analyse_small_safety(store: Store) -> SafetyRun:
    told: list[tuple[str, float]] = []
    session = Session(sampling=SAFETY_SETTINGS, store=store, tell=lambda *said: told.append(said))
    (endpoint,) = load_trial("isatuximab-dexamethasone").of(AdverseEventsEndpoint)
    small = tuple(table for table in tables_of(endpoint) if table.kind == "laboratory")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(safety, "tables_of", lambda _: small)
        patched.setattr(safety, "common_width", lambda _: WIDTH)
        patched.setattr(safety, "EVENT_MODELS", (THREE_LEVEL,))
        result = safety.SAFETY.analyse(endpoint, session)
    return SafetyRun(result, tuple(told), session.tally, store.folder)


def kept[Found](name: str, work: Callable[[Store], Found], temporary: pytest.TempPathFactory) -> tuple[Found, Path]:
    """What work finds, and a copy of the folder that it fills: the first to ask samples, all others resume.

    Parameters
    ----------
    name
        Name of the folder.
    work
        What is done with its store.
    temporary
        Folders of this run of the tests.
    """
    base = temporary.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    found, source, own = None, shared / f"kept-{name}", temporary.mktemp(name) / "results"
    with FileLock(shared / f"kept-{name}.lock"):
        if not (source / "complete").exists():
            with Store.open(source / "results") as store:
                found = work(store)
            (source / "complete").touch()
    shutil.copytree(source / "results", own)
    if found is None:
        with Store.open(own) as store:
            found = work(store)
    return found, own
