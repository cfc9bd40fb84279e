"""The integral of a density by bridge sampling, against integrals that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import norm

from reappraise.survival.printed.evidence import Evidence, evidence

SHAPE = 2.5


def estimated(seed: int) -> Evidence:
    """Of eight normal variables with other scales, and two logarithms of gamma variables, which are skewed."""
    rng = np.random.default_rng(seed)
    spread = np.linspace(0.2, 3, 8)
    normal = rng.normal(size=(4, 500, 8)) * spread
    skewed = np.log(rng.gamma(SHAPE, size=(4, 500, 2)))

    def log_density(points: np.ndarray) -> np.ndarray:
        first, second = points[..., :8], points[..., 8:]
        return -np.square(first / spread).sum(axis=-1) / 2 + (SHAPE * second - np.exp(second)).sum(axis=-1)

    return evidence(np.concatenate([normal, skewed], axis=-1), log_density, rng)


def test_it_is_the_known_integral_within_its_standard_error() -> None:
    spread = np.linspace(0.2, 3, 8)
    known = 4 * np.log(2 * np.pi) + np.log(spread).sum() + 2 * gammaln(SHAPE)
    found = [estimated(seed) for seed in range(60)]
    z = np.array([(one.log - known) / one.error for one in found])
    # 60 standard normal variables: mean beyond 4 standard errors once in 16,000, sd beyond 30% once in 1,000
    assert abs(z.mean()) < 4 / np.sqrt(60)
    assert z.std() == pytest.approx(1, abs=0.3)
    assert max(one.error for one in found) < 0.05


def test_a_density_that_is_the_normal_one_itself_has_no_error_to_speak_of() -> None:
    draws = np.random.default_rng(1).normal(size=(4, 4000, 1))
    found = evidence(draws, lambda points: norm.logpdf(points[..., 0]), np.random.default_rng(2))
    assert found.log == pytest.approx(0, abs=0.01)
    assert found.error < 0.01
