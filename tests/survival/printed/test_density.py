"""The compiled density against the same formulas written plainly, and its gradient against differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reappraise.survival.printed.complex_step import derivative
from reappraise.survival.printed.density import DATA, density
from reappraise.survival.printed.kernel import follow, pull, push
from reappraise.survival.printed.mode import OPEN
from reappraise.survival.printed.model import PRINTED
from reappraise.survival.printed.pivot import plain
from reappraise.survival.printed.rows import Row, readings
from reappraise.survival.printed.shares import CENSORING, expected, log_hazards, log_prior
from reappraise.survival.printed.statistics import statistics
from support.prints import every_kind_of_row, problem

GRID = ("edges", "interval", "stretch", "settings")
PLACES = ("bands", "spreads", "observed_at", "potentials")


@pytest.mark.parametrize("longest", [True, False])
@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_statistics_and_their_derivatives_are_those_of_complex_steps(*, longest: bool, spread: float) -> None:
    found = problem(longest=longest, totals=(80, 55))
    rng = np.random.default_rng(1)
    latent = spread * rng.normal(size=found.parameters)
    hazards, censoring = log_hazards(latent, found.data), latent[-CENSORING:]
    grid, places = ([found.data[name] for name in names] for names in (GRID, PLACES))
    followed = follow(hazards, censoring, *grid)
    assert push(followed, found.data["settings"], *places) == pytest.approx(found.expected(latent), rel=1e-12)
    weight = rng.normal(size=found.expected(latent).size)

    def flat(point):  # type: ignore[no-untyped-def]  # of complex numbers
        shaped = point[..., : hazards.size].reshape(*point.shape[:-1], *hazards.shape)
        return statistics(expected(shaped, point[..., hazards.size :], found.data), found.data)

    slopes = derivative(flat, np.concatenate([hazards.ravel(), censoring])) @ weight
    by_hazard, by_censoring = pull(followed, censoring, *grid, hazards.shape[1], *places, weight)
    assert np.concatenate([by_hazard.ravel(), by_censoring]) == pytest.approx(slopes, abs=1e-12)


def rows_of_one_trial(*, longest: bool) -> tuple[Row, ...]:
    """Numbers that one trial could have, so that the density is of an order at which differences are exact."""
    rows = every_kind_of_row()
    plain = problem(rows, longest=longest)
    at_middle = plain.expected(np.zeros(plain.parameters))[plain.places.place]
    return tuple(replace(row, observed=float(value)) for row, value in zip(rows, at_middle, strict=True))


@pytest.mark.parametrize("open_level", [True, False])
@pytest.mark.parametrize("longest", [True, False])
def test_the_gradient_is_that_of_the_density(*, open_level: bool, longest: bool) -> None:
    rows = rows_of_one_trial(longest=longest)
    if open_level:
        rows = (replace(rows[0], open=True), *rows[1:])
    found = replace(problem(rows, longest=longest), readings=readings(rows))
    data = PRINTED.data(found)
    values = [data[name] for name in DATA]
    point = data["centre"] + 0.1 * np.random.default_rng(2).normal(size=data["centre"].size)
    _, gradient = density(point, *values)
    step = 1e-6
    differences = [
        (density(point + step * unit, *values)[0] - density(point - step * unit, *values)[0]) / (2 * step)
        for unit in np.eye(point.size)
    ]
    assert gradient == pytest.approx(np.array(differences), abs=1e-6 * np.abs(gradient).max() + 1e-6)


def test_the_density_is_prior_times_normal_likelihood_summed_over_readings() -> None:
    found = problem(rows_of_one_trial(longest=False), longest=False)
    data = PRINTED.data(found)
    rng = np.random.default_rng(3)
    points = data["centre"] + 0.1 * rng.normal(size=(2, data["centre"].size))

    def written_out(sampled: np.ndarray) -> float:
        point = plain(sampled, data)
        residual = data["printed"] - found.expected(point[:-OPEN])
        fit = data["log_weight"] - np.square(data["whiten"] @ residual).sum(axis=-1) / 2
        return float(np.logaddexp.reduce(fit) + log_prior(point[:-OPEN]) - np.square(point[-OPEN:]).sum() / 2)

    compiled = [density(point, *(data[name] for name in DATA))[0] for point in points]
    assert compiled[1] - compiled[0] == pytest.approx(written_out(points[1]) - written_out(points[0]), rel=1e-9)


@pytest.mark.parametrize("open_level", [True, False])
@pytest.mark.parametrize("longest", [True, False])
def test_the_middle_of_what_is_sampled_is_the_most_probable_point(*, open_level: bool, longest: bool) -> None:
    """Longest follow-ups and open levels included: they had been left out, and the middle lay up to 5 sds away."""
    rows = rows_of_one_trial(longest=longest)
    if open_level:
        rows = (replace(rows[0], open=True), *rows[1:])
    one = readings(rows, scale="log-log", follow_up="observed time")
    data = PRINTED.data(replace(problem(rows, longest=longest), readings=one))
    _, gradient = density(data["centre"], *(data[name] for name in DATA))
    # in standard deviations of the posterior's own axes, for which the gradient of a normal one is the distance
    assert np.abs(data["factor"].T @ gradient).max() < 0.05
