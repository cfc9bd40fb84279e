"""The draws of a posterior given the print as an xarray DataTree: estimands, printed numbers and predicted ones."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr
from scipy.special import softmax

from reappraise.fits.layout import DRAWS, Arrays, Axis, Layout, Variable
from reappraise.fits.nuts import Sampled
from reappraise.survival.printed.cells import Floats
from reappraise.survival.printed.mode import OPEN
from reappraise.survival.printed.model import PrintData, PrintedSurvival
from reappraise.survival.printed.problem import Problem
from reappraise.survival.tree import PRIOR_DRAWS, Shape, with_estimands

OWN: Final = {
    "printed": Variable(
        dims=("printed_number",),
        description="printed numbers on the scales of their statistics: log(-log) of a curve, log of a standard error, "
        "a share, Cox's score at the printed hazard ratio",
        judged=False,
    ),
    "conditional_z": Variable(
        dims=("printed_number",),
        description="printed number less what parameters and all other printed numbers lead to expect, in standard "
        "deviations, under the draw's likeliest reading",
        judged=False,
    ),
    "misfit": Variable(description="squared distance of the printed numbers from their expectation", judged=False),
    "reading_probability": Variable(
        dims=("reading",), description="probability of each way to come to the printed numbers", judged=False
    ),
    "point": Variable(dims=("variable",), description="unconstrained variables that are sampled", judged=False),
}


def build_print_tree(
    model: PrintedSurvival,
    shape: Shape,
    problem: Problem,
    data: PrintData,
    sampled: Sampled,
    rng: np.random.Generator,
) -> xr.DataTree:
    """Assemble all groups of one fit.

    Parameters
    ----------
    model, shape, problem, data
        What was fitted, the labels, the print, and the values of the data variables.
    sampled
        What the sampler returned.
    rng
        Source of the draws from the prior, and of predicted numbers.
    """
    points = model.points(sampled.draws, data)
    likeliest, residual, beside = _residuals(problem, data, points)
    rows = np.array([problem.readings[likeliest].holds(row) for row in problem.rows])
    place = problem.places.place[rows]
    whiten = data["whiten"][likeliest][np.ix_(place, place)]
    expected = data["printed"][place] - residual[..., place]
    noise = rng.normal(size=expected.shape) @ np.linalg.inv(whiten).T
    drawn = model.draw_prior(data, PRIOR_DRAWS, rng)["point"]
    with np.errstate(all="ignore"):
        before = problem.expected(drawn[..., :-OPEN])[None][..., place]
        followed_before = problem.person_time(drawn[..., :-OPEN])[None, ..., None, :, :]
    followed = problem.person_time(points[..., :-OPEN])[..., None, :, :]
    groups: dict[str, Arrays] = {
        "posterior": with_estimands(model.complete(points, data), shape, followed),
        "agreement": {
            **_distances(problem, data, residual, beside),
            "reading_probability": beside,
            "point": points,
        },
        "posterior_predictive": {"printed": expected + noise},
        "log_prior": model.log_prior(sampled.draws, data),
        "sample_stats": dict(sampled.statistics),
        "prior": with_estimands(model.complete(drawn[None], data), shape, followed_before),
        "prior_predictive": {"printed": before},
    }
    kept = [row for row, on in zip(problem.rows, rows, strict=True) if on]
    axes = {
        **shape.layout.axes,
        "printed_number": Axis(_numbered([row.text for row in kept])),
        "reading": Axis([one.text for one in problem.readings]),
    }
    layout = Layout({**shape.layout.variables, **OWN}, axes)
    children = {
        group: layout.dataset(values, lead=DRAWS, dims={} if group in {"log_prior", "sample_stats"} else None)
        for group, values in groups.items()
    }
    children["observed_data"] = layout.dataset({"printed": data["printed"][place]})
    edges = {"edges": data["edges"], "settings": data["settings"], "prior_numbers": data["prior"]}
    children["constant_data"] = layout.dataset(edges, dims={name: (f"{name}_place",) for name in edges})
    return xr.DataTree.from_dict(children)


def _residuals(problem: Problem, data: PrintData, points: Floats) -> tuple[int, Floats, Floats]:
    """The likeliest reading, printed less expected numbers (..., row), and probabilities (..., reading)."""
    expected = np.asarray(problem.expected(points[..., :-OPEN]))
    residual = data["printed"] - np.exp(points[..., -OPEN:]) @ data["opened"].T - expected
    whitened = np.einsum("rij,...j->...ri", data["whiten"], residual)
    fit = data["log_weight"] - np.square(whitened).sum(axis=-1) / 2
    probability = softmax(fit, axis=-1)
    return int(np.argmax(probability.mean(axis=(0, 1)))), residual, probability


def _distances(problem: Problem, data: PrintData, residual: Floats, probability: Floats) -> dict[str, Floats]:
    """Squared distance of the printed numbers, and each given the others, under every draw's own likeliest reading."""
    own = probability.argmax(axis=-1)
    found: dict[str, Floats] = {}
    for index in np.unique(own):
        rows = np.array([problem.readings[index].holds(row) for row in problem.rows])
        place = problem.places.place[rows]
        whiten = data["whiten"][index][np.ix_(place, place)]
        precision = whiten.T @ whiten
        if not found:
            found = {"misfit": np.empty(own.shape), "conditional_z": np.empty((*own.shape, place.size))}
        there = residual[own == index][:, place]
        found["misfit"][own == index] = np.square(there @ whiten.T).sum(axis=-1)
        found["conditional_z"][own == index] = there @ precision / np.sqrt(np.diag(precision))
    return found


def _numbered(texts: list[str]) -> list[str]:
    """Texts that differ: a repeated one gets a number."""
    seen: dict[str, int] = {}
    found = []
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        found.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return found
