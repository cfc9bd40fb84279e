"""Draws, patients and printed numbers that figures of survival are drawn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import inf, log
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from reappraise.core.estimate import Estimate
from reappraise.core.printed import Printed
from reappraise.survival.figures.curves import draw_survival_curves
from reappraise.survival.figures.directions import draw_directions
from reappraise.survival.figures.hazard_ratio import draw_hazard_ratio
from reappraise.survival.figures.restricted_mean import draw_restricted_mean
from reappraise.survival.figures.sensitivity import SensitivityRow
from reappraise.survival.figures.subject import SurvivalSubject

SUBJECT = SurvivalSubject(
    endpoint="Overall survival",
    arms=("Placebo", "Drug"),
    keys=("placebo", "drug"),
    unit="months",
    origin="Reference prior",
)
LONG = replace(SUBJECT, arms=("Standard of care with placebo", "Investigational product 12/3 mg b.i.d."), failed=True)
ARM = np.repeat([0, 1], [109, 55])
END = 24.0


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Draws of everything that a survival figure shows."""

    edges: np.ndarray
    log_hazard: np.ndarray
    grid: np.ndarray
    survival: np.ndarray
    median: np.ndarray
    hazard_ratio: np.ndarray
    average: np.ndarray
    restricted: np.ndarray


@cache
def posterior() -> Drawn:
    """Draws, dims (chain, draw, ...), of two Weibull-like arms on intervals of two months; the hazard of Drug rises."""
    rng = np.random.default_rng(5)
    size = (2, 200, 2, 1)
    edges = np.arange(0, END + 1, 2.0)
    middle = edges[1:] - 1
    shape = np.exp(np.array([0.0, 0.25])[:, None] + rng.normal(0, 0.12, size))
    scale = np.exp(np.array([log(26), log(35)])[:, None] + rng.normal(0, 0.2, size))
    log_hazard = np.log(shape / scale) + (shape - 1) * np.log(middle / scale)
    grid = np.linspace(0, END, 97)
    spent = np.clip(grid[:, None] - edges[:-1], 0, 2)
    survival = np.exp(-np.exp(log_hazard) @ spent.T)
    below = survival <= 0.5
    median = np.where(below.any(-1), grid[below.argmax(-1)] + rng.normal(0, 0.05, size[:3]), inf)
    contrast = log_hazard[..., 1, :] - log_hazard[..., 0, :]
    areas = np.cumsum((survival[..., 1:] + survival[..., :-1]) / 2 * np.diff(grid), axis=-1)
    return Drawn(
        edges=edges,
        log_hazard=log_hazard,
        grid=grid,
        survival=survival,
        median=median,
        hazard_ratio=np.exp(contrast),
        average=np.exp(contrast.mean(-1)),
        restricted=(areas[..., 1, :] - areas[..., 0, :])[..., 3::4],
    )


def patients(replicates: int, seed: int = 1) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    time = np.where(ARM == 0, 25.0, 30.0) * rng.weibull(np.where(ARM == 0, 1.0, 1.3), size=(1, replicates, ARM.size))
    end = np.clip(rng.uniform(1, 40, size=time.shape), 1, END)
    return np.minimum(time, end), time <= end


def printed(**more: Any) -> Estimate:
    basis: dict[str, Any] = {"endpoint": "os", "kind": "published", "method": "", "level": 0.95}
    return Estimate(**(basis | more))


MEDIANS = (
    printed(quantity="median", arm="placebo", value=Printed("18.9"), low=Printed("13.6"), high=Printed("23.1")),
    printed(quantity="median", arm="drug", value=Printed("17.3"), low=Printed("15.4"), high=inf),
)
LANDMARKS = (
    printed(quantity="survival", arm="placebo", at="12 months", value=0.635, low=0.544, high=0.727),
    printed(quantity="survival", arm="drug", at="12 months", value=0.738, low=0.62, high=0.856),
)
RATIO = printed(
    quantity="hazard_ratio",
    numerator="drug",
    denominator="placebo",
    value=Printed("0.799"),
    low=Printed("0.484"),
    high=Printed("1.321"),
)


def rows() -> list[SensitivityRow]:
    draws = posterior().average
    low, value, high = (float(number) for number in np.quantile(draws, [0.025, 0.5, 0.975]))
    found = replace(RATIO, kind="posterior", value=value, low=low, high=high, prob_benefit=0.83)
    return [
        SensitivityRow(estimate=RATIO),
        SensitivityRow(estimate=replace(RATIO, kind="recomputed", value=0.81, low=0.49, high=1.33)),
        SensitivityRow(estimate=replace(found, prior="reference"), hazard_ratio=draws, prior=(0.141, 7.1)),
        SensitivityRow(estimate=replace(found, prior="sceptical"), hazard_ratio=draws, prior=(0.5, 2.0)),
        SensitivityRow(estimate=replace(found, prior="wide", converged=False), hazard_ratio=draws),
    ]


def curves(subject: SurvivalSubject = SUBJECT, replicates: int = 80, **more: Any) -> Figure:
    time, event = patients(replicates)
    held = posterior()
    arm = more.pop("arm", ARM)
    data = (more.pop("time", time), more.pop("event", event), arm)
    inputs: dict[str, Any] = {
        "data": data,
        "totals": (int((arm == 0).sum()), int((arm == 1).sum())),
        "grid": held.grid,
        "survival": held.survival,
        "printed": (*MEDIANS, *LANDMARKS),
    }
    return draw_survival_curves(subject, **(inputs | more))


def ratio(subject: SurvivalSubject = SUBJECT, **more: Any) -> Figure:
    held = posterior()
    inputs: dict[str, Any] = {"time": held.edges[1:], "hazard_ratio": held.hazard_ratio, "published": RATIO}
    return draw_hazard_ratio(subject, **(inputs | more))


def restricted(subject: SurvivalSubject = SUBJECT, **more: Any) -> Figure:
    inputs: dict[str, Any] = {"horizon": np.arange(1, 25.0), "difference": posterior().restricted}
    return draw_restricted_mean(subject, **(inputs | more))


def directions(subject: SurvivalSubject = SUBJECT, **more: Any) -> Figure:
    held = posterior()
    inputs: dict[str, Any] = {
        "median": held.median,
        "hazard_ratio": held.average,
        "horizon": END,
        "published": (*MEDIANS, RATIO),
    }
    return draw_directions(subject, **(inputs | more))
