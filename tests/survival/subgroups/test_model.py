"""The model's density against a dense normal one, and its exact posterior: what counts once, and who informs whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from math import log
from typing import Any

import numpy as np
import pytest
from scipy import stats

from reappraise.core.prior import LogRatioPrior, hazard_ratio_priors
from reappraise.survival.subgroups.exact import ExactSubgroups
from reappraise.survival.subgroups.model import PRINTED_SUBGROUPS
from reappraise.survival.subgroups.reading import subgroups_of
from reappraise.survival.subgroups.table import SubgroupTable
from support.subgroups import ASIA, ASIA_EVENTS

REFERENCE, _, SCEPTICAL, ENTHUSIASTIC = hazard_ratio_priors()


@pytest.fixture
def hidden(altered: Callable[..., Any]) -> SubgroupTable:
    """The last level without its ratio."""
    return subgroups_of(altered((ASIA, ASIA_EVENTS)), "region")


@pytest.fixture(params=["all printed", "one hidden", "no whole", "one decimal"])
def print_of(request: pytest.FixtureRequest, table: SubgroupTable, hidden: SubgroupTable) -> SubgroupTable:
    return {
        "all printed": table,
        "one hidden": hidden,
        "no whole": replace(table, whole=None, whole_error=None),
        "one decimal": coarse(hidden),
    }[request.param]


def coarse(table: SubgroupTable) -> SubgroupTable:
    """The same ratios, each as if printed with one decimal and limits that leave a third of the error open."""
    levels = tuple(
        replace(
            level,
            log_ratio=None if level.log_ratio is None else (level.centre - 0.06, level.centre + 0.06),
            standard_error=(0.85 * level.error, 1.15 * level.error),
        )
        for level in table.levels
    )
    return replace(table, levels=levels)


def points(number: int, width: int) -> dict[str, np.ndarray]:
    return PRINTED_SUBGROUPS.draw_prior(
        {
            "effect_mean": np.array(-0.2),
            "effect_sd": np.array(0.5),
            "interaction_sd_scale": np.array(0.35),
            "held": np.ones(width),
        },
        number,
        np.random.default_rng(5),
    )


def dense(table: SubgroupTable, draws: dict[str, np.ndarray], place: int) -> float:
    """Log density of all that is printed, by one multivariate normal of SciPy."""
    number = len(table.levels)
    spans = np.array([level.standard_error for level in table.levels])
    error = spans[:, 0] + (spans[:, 1] - spans[:, 0]) * draws["place"][place, :number]
    weight = error**-2 / np.sum(error**-2)
    data = PRINTED_SUBGROUPS.data(table, REFERENCE, number)
    design = np.vstack([np.eye(number), weight])
    noise = data["rounding"] ** 2 / 12 + np.array([*np.zeros(number), data["discrepancy"] ** 2])
    covariance = design @ np.diag(draws["interaction_sd"][place] ** 2 + error**2) @ design.T + np.diag(noise)
    kept = data["shown"] > 0
    mean = np.full(number + 1, draws["effect"][place])
    return float(stats.multivariate_normal.logpdf(data["log_ratio"][kept], mean[kept], covariance[np.ix_(kept, kept)]))


def test_the_density_is_one_normal_of_everything_printed(print_of: SubgroupTable) -> None:
    """The chain of conditionals, padded to more levels, against a dense covariance: the same to the last digits."""
    draws = points(20, 6)
    found = PRINTED_SUBGROUPS.log_likelihood(draws, PRINTED_SUBGROUPS.data(print_of, REFERENCE, 6))
    assert found.shape == (20, 7)
    assert found.sum(axis=-1) == pytest.approx([dense(print_of, draws, place) for place in range(20)], rel=1e-9)


@pytest.mark.sampling
def test_the_pymc_model_has_that_density(hidden: SubgroupTable) -> None:
    data = PRINTED_SUBGROUPS.data(coarse(hidden), ENTHUSIASTIC, 6)
    model = PRINTED_SUBGROUPS.build(6)
    model.set_data("log_ratio", data["log_ratio"])
    for name, values in data.items():
        model.set_data(name, values)
    density = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    draws = points(5, 6)
    ours = PRINTED_SUBGROUPS.log_likelihood(draws, data).sum(axis=-1)
    ours = ours + sum(PRINTED_SUBGROUPS.log_prior(draws, data).values())
    names = {value.name: value for value in model.value_vars}
    for place in range(5):
        own = draws["place"][place]
        point = {"effect": draws["effect"][place], "interaction_sd_log__": np.log(draws["interaction_sd"][place])}
        point["place_interval__"] = np.log(own) - np.log1p(-own)
        assert set(point) == set(names)
        assert float(density(point)) == pytest.approx(ours[place], rel=1e-9)


@pytest.mark.parametrize("prior", [REFERENCE, SCEPTICAL, ENTHUSIASTIC], ids=lambda prior: prior.name)
def test_exchanging_the_arms_mirrors_the_exact_posterior(hidden: SubgroupTable, prior: LogRatioPrior) -> None:
    here, there = ExactSubgroups.of(hidden, prior), ExactSubgroups.of(hidden.swapped(), prior.mirrored())
    for level in (0, 1, 2, None):
        assert here.moments(level)[0] == pytest.approx(-there.moments(level)[0])
        assert here.below(0.0, level) == pytest.approx(1 - there.below(0.0, level))
    assert here.evidence == pytest.approx(there.evidence)


def test_the_whole_counts_nobody_twice(table: SubgroupTable) -> None:
    """Where every level is printed, a whole of any ratio leaves their effects as they are, but for rounding.

    With rounding of a hundredth of a standard error it may tell where in its rounding a ratio lies; counted as further
    patients it would move the average by half of what it differs. The average is no surer than all patients are.
    """
    without = ExactSubgroups.of(replace(table, whole=None, whole_error=None), REFERENCE)
    error = sum(table.whole_error or ()) / 2
    for shift in (0.0, 0.4, -0.4):
        low, high = table.whole or (0.0, 0.0)
        found = ExactSubgroups.of(replace(table, whole=(low + shift, high + shift)), REFERENCE)
        for level in (0, 1, 2, None):
            assert found.moments(level) == pytest.approx(without.moments(level), abs=0.005)
    assert without.moments()[1] > 0.97 * error


def test_the_whole_informs_the_level_that_is_not_printed(table: SubgroupTable, hidden: SubgroupTable) -> None:
    """Asia, printed with 0.98, is guessed nearer to it from the whole and the others than from the others alone."""
    without = ExactSubgroups.of(replace(hidden, whole=None, whole_error=None), REFERENCE)
    found, known = ExactSubgroups.of(hidden, REFERENCE), ExactSubgroups.of(table, REFERENCE)
    assert known.moments(2)[1] < found.moments(2)[1] < 0.97 * without.moments(2)[1]
    assert without.moments(2)[0] < found.moments(2)[0] < known.moments(2)[0]
    far = ExactSubgroups.of(replace(hidden, whole=(log(1.0), log(1.01))), REFERENCE)
    assert far.moments(2)[0] > found.moments(2)[0] + 0.05


def test_levels_learn_from_each_other_as_far_as_they_may_differ(table: SubgroupTable) -> None:
    found = ExactSubgroups.of(table, REFERENCE)
    average = found.moments()[0]
    for place, level in enumerate(table.levels):
        mean, sd = found.moments(place)
        assert abs(mean - average) < abs(level.centre - average)
        assert sd < level.error


def test_two_levels_without_error_spans_are_the_textbook_normal(table: SubgroupTable) -> None:
    """At a spread of next to nothing both levels are one: the conjugate posterior of their average."""
    levels = tuple(
        replace(level, log_ratio=(level.centre - 1e-6, level.centre + 1e-6), standard_error=(level.error,) * 2)
        for level in table.levels[:2]
    )
    two = replace(table, levels=levels, whole=None, whole_error=None)
    data = PRINTED_SUBGROUPS.data(two, REFERENCE, 2)
    effect = np.linspace(-3, 3, 6001)
    draws = {"effect": effect, "interaction_sd": np.full(6001, 1e-6), "place": np.full((6001, 2), 0.5)}
    density = np.exp(PRINTED_SUBGROUPS.log_likelihood(draws, data).sum(axis=-1)) * stats.norm.pdf(effect)
    density /= density.sum()
    precision = 1 + sum(level.error**-2 for level in levels)
    mean = sum(level.centre * level.error**-2 for level in levels) / precision
    assert float(density @ effect) == pytest.approx(mean, abs=1e-6)
    assert float(density @ (effect - mean) ** 2) == pytest.approx(1 / precision, rel=1e-4)


def test_rounding_as_a_normal_is_as_good_as_uniform(table: SubgroupTable) -> None:
    """Ratios of two levels as coarse as 0.8 (0.75 to 0.85): integrated over what rounds to them, moments stay.

    Tolerance: a fiftieth of a posterior standard deviation, next to nothing beside the posterior.
    """
    levels = tuple(
        replace(level, log_ratio=(level.centre - 0.06, level.centre + 0.06), standard_error=(level.error,) * 2)
        for level in table.levels[:2]
    )
    two = replace(table, levels=levels, whole=None, whole_error=None)
    nodes, shares = np.polynomial.legendre.leggauss(4)
    weights, means, squares = [], [], []
    for first, second in product(range(4), repeat=2):
        exact = []
        for level, node in zip(levels, (first, second), strict=True):
            at = level.centre + 0.06 * nodes[node]
            exact.append(replace(level, log_ratio=(at - 1e-9, at + 1e-9)))
        one = ExactSubgroups.of(replace(two, levels=tuple(exact)), REFERENCE)
        mean, sd = one.moments(0)
        weights.append(shares[first] * shares[second] * one.evidence)
        means.append(mean)
        squares.append(mean**2 + sd**2)
    mean = float(np.average(means, weights=weights))
    sd = float(np.average(squares, weights=weights) - mean**2) ** 0.5
    found = ExactSubgroups.of(two, REFERENCE).moments(0)
    assert found == pytest.approx((mean, sd), abs=sd / 50)


def test_levels_that_do_not_fit_the_width_are_refused(table: SubgroupTable) -> None:
    with pytest.raises(ValueError, match="os, region: 3 levels, width 2"):
        PRINTED_SUBGROUPS.data(table, REFERENCE, 2)


def test_the_prior_is_what_it_is_said_to_be() -> None:
    """A level within a factor of 2 of the mean with 95% at the scale; two levels differ by 1.25 as often as not.

    Of 200,000 draws the median of a ratio is right to 0.003 (one standard error), and the tolerance is seven.
    """
    assert 2 * stats.norm.cdf(log(2) / PRINTED_SUBGROUPS.interaction) - 1 == pytest.approx(0.95, abs=0.005)
    rng = np.random.default_rng(1)
    spread = np.abs(rng.normal(0.0, PRINTED_SUBGROUPS.interaction, size=200_000))
    apart = np.exp(np.sqrt(2) * spread * np.abs(rng.normal(size=200_000)))
    assert stats.halfnorm.median(scale=PRINTED_SUBGROUPS.interaction) == pytest.approx(0.236, abs=1e-3)
    at_median = np.exp(np.sqrt(2) * 0.236 * stats.halfnorm.median())
    assert at_median == pytest.approx(1.25, abs=0.01)
    assert float(np.median(apart)) == pytest.approx(1.2, abs=0.03)
