"""A mean, a logarithm or a difference, known from print: a t distribution about a place that was rounded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from math import inf
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

type Floats = NDArray[np.float64]
type Span = tuple[float, float]
"""Least and largest value that the printed digits allow."""

LEAST_DEGREES: Final = 2.0
"""Degrees of freedom below which a t distribution says too little to be tabulated: an arm of two patients."""
NORMAL: Final = 1e7
"""Degrees of freedom from which on a t distribution is the normal one to every digit."""
_NODES: Final = 6
"""Gauss-Legendre nodes over the scales that print allows."""
_MOST_NODES: Final = 200
"""The same over what rounds to the print, where that is wide beside the standard error."""
TINY: Final = 1e-6
"""Rounding, in standard errors, that nobody sees."""
_HALVINGS: Final = 60


@dataclass(frozen=True, slots=True)
class Located:
    r"""Posterior of a mean under a flat prior.

    .. math:: \mu = b + s \, t_\nu, \qquad b \sim \mathrm{Uniform}(l, h), \quad s \sim \mathrm{Uniform}(s_1, s_2)

    With the mean m and standard deviation of n patients, and the reference prior 1 / sigma, mu - m over the standard
    error has Student's t distribution of n - 1 degrees of freedom. Of a mean that was rounded every value that prints
    so is as likely as any other, since the prior is flat.

    Parameters
    ----------
    place
        Least and largest value that rounds to the print; logarithms of geometric means and of their ratios.
    scale
        Least and largest standard error that the print allows, on the same scale.
    degrees
        Degrees of freedom; infinite for a normal distribution.
    """

    place: Span
    scale: Span
    degrees: float = inf

    @property
    def centre(self) -> float:
        """The middle of what rounds to the print."""
        return (self.place[0] + self.place[1]) / 2

    @property
    def error(self) -> float:
        """The middle of the standard errors."""
        return (self.scale[0] + self.scale[1]) / 2

    def turned(self) -> Self:
        """The opposite of it."""
        return type(self)((0.0 - self.place[1], 0.0 - self.place[0]), self.scale, self.degrees)

    def below(self, value: float | Floats) -> Floats:
        """Probability of a smaller mean, dims of the value; small ones keep their digits."""
        low, high = self.place
        folds = (high - low) / self.scale[0]
        scale, scale_weight = _nodes(*self.scale, 1 if self.scale[1] - self.scale[0] < TINY * self.scale[0] else _NODES)
        place, place_weight = _nodes(low, high, 1 if folds < TINY else min(_MOST_NODES, _NODES + int(3 * folds)))
        t = (np.asarray(value, dtype=np.float64)[..., None, None] - place[:, None]) / scale
        return np.asarray(np.tensordot(stdtr(min(self.degrees, NORMAL), t), np.outer(place_weight, scale_weight)))

    def above(self, value: float | Floats) -> Floats:
        """Probability of a larger mean, dims of the value; small ones keep their digits."""
        return self.turned().below(0.0 - np.asarray(value, dtype=np.float64))

    def reach(self, beyond: float) -> Span:
        """What it lies between but for this probability at either end."""
        far = -float(stdtrit(min(self.degrees, NORMAL), beyond)) * self.scale[1]
        return self.place[0] - far, self.place[1] + far

    def quantile(self, probability: float) -> float:
        """Value that is larger than the mean with this probability."""
        low, high = self.reach(min(probability, 1 - probability) / 10)
        for _ in range(_HALVINGS):  # importing an optimiser would take longer than all of it
            middle = (low + high) / 2
            low, high = (middle, high) if float(self.below(middle)) < probability else (low, middle)
        return (low + high) / 2


_legendre = cache(np.polynomial.legendre.leggauss)


def _nodes(low: float, high: float, number: int) -> tuple[Floats, Floats]:
    """Nodes and weights of the mean over an interval."""
    nodes, weights = _legendre(number)
    return low + (high - low) * (nodes + 1) / 2, weights / 2


@dataclass(frozen=True)
class Tabulated:
    """Distribution of an effect, as masses of cells of equal width.

    Parameters
    ----------
    effect
        Middles of the cells, ascending, dims (cell,).
    mass
        Probability of each, dims (cell,).
    """

    effect: Floats
    mass: Floats

    @property
    def width(self) -> float:
        """Width of a cell."""
        return float(self.effect[1] - self.effect[0])

    @cached_property
    def _edges(self) -> tuple[Floats, Floats]:
        edges = np.append(self.effect - self.width / 2, self.effect[-1] + self.width / 2)
        return edges, np.minimum(np.append(0.0, np.cumsum(self.mass)), 1.0)

    def below(self, effect: float) -> float:
        """Probability of a smaller effect."""
        edges, summed = self._edges
        return float(np.interp(effect, edges, summed))

    def quantile(self, probability: float) -> float:
        """Effect that is larger than the true one with this probability."""
        edges, summed = self._edges
        return float(np.interp(probability, summed, edges))

    def density(self, effect: Floats) -> Floats:
        """Density at each effect, dims (...)."""
        return np.asarray(np.interp(effect, self.effect, self.mass / self.width, left=0.0, right=0.0))

    def times(self, mean: float, sd: float) -> Tabulated:
        """The posterior where this is the likelihood and the prior is normal, on a grid of its own.

        Parameters
        ----------
        mean, sd
            The prior, on the scale of the effect; the table has to reach it.
        """
        with np.errstate(divide="ignore"):
            log_likelihood = np.log(self.mass)

        def log_posterior(effect: Floats) -> Floats:
            found = np.interp(effect, self.effect, log_likelihood, left=-inf, right=-inf)
            return np.asarray(found - np.square((effect - mean) / sd) / 2)

        places = np.union1d(self.effect, mean + sd * np.linspace(-_SDS, _SDS, _PLACES))
        height = log_posterior(places)
        kept = np.flatnonzero(height > height.max() - _DEPTH)
        low, high = places[max(kept[0] - 1, 0)], places[min(kept[-1] + 1, places.size - 1)]
        effect = np.linspace(low, high, _PLACES)
        height = log_posterior(effect)
        weight = np.exp(height - height.max())
        return Tabulated(effect, weight / weight.sum())


_SDS: Final = 9.0
"""Standard deviations of a prior that a posterior is looked for in."""
_DEPTH: Final = 40.0
"""Logarithms below its highest density that a posterior reaches down to."""
_PLACES: Final = 6001
"""Places of a posterior."""
FINE: Final = 50.0
"""Cells in the narrowest standard deviation that shapes a table."""
MOST_CELLS: Final = 2**15
"""Cells of an arm at most: convolved term by term, so that the smallest probabilities keep their digits."""
OUTSIDE: Final = 1e-7
"""Probability that is left out at either end of an arm."""
FARTHEST: Final = 300.0
"""Standard errors from its middle that an arm is followed to: with three patients 5 in a million lie beyond."""


def likelihood(parts: tuple[Located, ...], *, mean: float = 0.0, sd: float = inf) -> Tabulated:
    r"""Likelihood of an effect: of one printed contrast, or of the difference of two arms' means.

    .. math:: L(\delta) \propto \int p_1(\mu_0 + \delta) \, p_0(\mu_0) \, d\mu_0

    the Behrens-Fisher distribution, by convolution of the arms' masses.

    Parameters
    ----------
    parts
        The contrast, or control and experimental arm.
    mean, sd
        Prior that it will be multiplied by: the table reaches it.
    """
    sizes = [max(one.error, (one.place[1] - one.place[0]) / 4) for one in parts]
    centre = parts[-1].centre - (parts[0].centre if len(parts) == 2 else 0.0)
    away = abs(mean - centre) + _SDS * min(sd, 4 * max(sizes)) if sd < inf else 0.0
    spread = []
    for one in parts:
        low, high = one.reach(OUTSIDE)
        far = (one.place[1] - one.place[0]) / 2 + FARTHEST * one.scale[1]
        half = max(min((high - low) / 2, far), away)
        spread.append((one.centre - half, one.centre + half))
    # the wider arm shapes a difference, and the narrower one as long as it is not much narrower
    narrow = max(min(sizes), max(sizes) / 4)
    width = max(narrow / FINE, max(high - low for low, high in spread) / MOST_CELLS)
    tables = [_cells(one, ends, width) for one, ends in zip(parts, spread, strict=True)]
    if len(tables) == 1:
        return tables[0]
    control, experimental = tables
    mass = np.convolve(control.mass[::-1], experimental.mass)
    first = float(experimental.effect[0] - control.effect[-1])
    return Tabulated(first + width * np.arange(mass.size, dtype=np.float64), mass / mass.sum())


def _cells(one: Located, ends: Span, width: float) -> Tabulated:
    number = int(np.ceil((ends[1] - ends[0]) / width)) + 2
    effect: Floats = (ends[0] + ends[1]) / 2 + width * (np.arange(number, dtype=np.float64) - (number - 1) / 2)
    edges = np.append(effect - width / 2, effect[-1] + width / 2)
    split = int(np.searchsorted(edges, one.centre))
    # of either half the tail that is small, whose digits are kept
    left, right = one.below(edges[: split + 1]), one.above(edges[split:])
    mass = np.concatenate([np.diff(left), -np.diff(right)])
    mass = np.clip(mass, 0.0, None)
    return Tabulated(effect, mass / mass.sum())
