"""An integrated likelihood: what the data say of one effect, with all else that they depend on integrated out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import exp, inf, isfinite, log
from typing import Final, Literal, Self

import numpy as np

from reappraise.core.arms import WHOLE, Arms
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.estimate import QUANTITIES
from reappraise.evidence.grid import REACH, Floats, between, places
from reappraise.evidence.prior import MixturePrior

LEAST: Final = 16
"""Places that a likelihood has at least."""
FINE: Final = 101
"""Places between two of its own that a peak, or a height, is looked for at."""
ONE: Final = -0.5
"""Logarithm of a normal likelihood one standard error from its middle."""
TWO: Final = -2.0
"""The same at two standard errors."""
GONE: Final = -12.0
"""The same where there is nothing left of it: a t distribution of two degrees of freedom gets there."""
RATIOS: Final = (0.9, 0.8)
"""Ratios of what is bad beyond which benefit is asked for: a tenth less, and a fifth less."""
LARGEST: Final = 700.0
"""Logarithm of a ratio that is too large for a number."""
FARTHEST: Final = 60.0
"""Logarithm of a ratio that nobody asks about."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EffectLikelihood:
    r"""Log likelihood of one effect, experimental over (or minus) control, all else integrated out.

    .. math:: \ell(\theta) = \log \int p(\mathrm{data} \mid \theta, \eta) \, p(\eta) \, d\eta

    Parameters
    ----------
    endpoint, label
        Key and words.
    population
        Whose effect: ``"all"`` or ``"factor=level"``.
    arms, arm_labels
        Keys and words of control and experimental arm.
    quantity
        Key of the effect; ratios are held by their logarithms.
    unit
        Unit of a difference that has one.
    at
        Time or condition that it refers to.
    benefit
        1 where a larger value favours the experimental arm, -1 where a smaller one does.
    effect, log_likelihood
        Places, ascending, and the log likelihood there up to a constant, dims (place,).
    bounds
        Values that the effect can have.
    model
        Key of the model behind it.
    words
        How it came about, in words.
    patients
        Patients in both arms; None where not known.
    planned, margin
        Planned effect and size of benefit that matters, on this scale; None where none is stated.
    named
        The priors that this kind of endpoint is analysed with, as they enter.
    source
        Where the numbers stand.
    """

    endpoint: str
    label: str = ""
    population: str = WHOLE
    arms: Arms
    arm_labels: tuple[str, str] = ("control", "experimental")
    quantity: str
    unit: str = ""
    at: str = ""
    benefit: Literal[1, -1]
    effect: Floats
    log_likelihood: Floats
    bounds: tuple[float, float] = (-inf, inf)
    model: str
    words: str
    patients: int | None = None
    planned: float | None = None
    margin: float | None = None
    named: tuple[MixturePrior, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no likelihood of a contrast; its largest value becomes 0."""
        form = None if self.quantity not in QUANTITIES else QUANTITIES[self.quantity].form
        if form not in {"ratio", "difference"} or self.quantity == "number_needed_to_treat":
            raise AnalysisError(f"{self.endpoint}: expected a ratio or a difference of two arms, got {self.quantity!r}")
        effect, height = (np.asarray(array, dtype=np.float64) for array in (self.effect, self.log_likelihood))
        if effect.ndim != 1 or effect.shape != height.shape or effect.size < LEAST:
            raise AnalysisError(
                f"{self.endpoint}: expected a log likelihood at {LEAST} effects or more, got shapes {effect.shape} and "
                f"{height.shape}"
            )
        if not (np.all(np.isfinite(effect)) and np.all(np.diff(effect) > 0)):
            raise AnalysisError(f"{self.endpoint}: expected effects that ascend")
        if not np.all(np.isfinite(height)):
            raise AnalysisError(f"{self.endpoint}: expected a finite log likelihood at every effect")
        object.__setattr__(self, "effect", effect)
        object.__setattr__(self, "log_likelihood", height - height.max())

    def __repr__(self) -> str:
        return f"<likelihood of {self.one} of {self.endpoint}, {self.direction}>"

    @property
    def ratio(self) -> bool:
        """Whether it is a ratio, held by its logarithm."""
        return QUANTITIES[self.quantity].form == "ratio"

    @property
    def name(self) -> str:
        """The effect in words, such as "odds ratio"."""
        return self.quantity.replace("_", " ")

    @property
    def one(self) -> str:
        """The effect in words with its article, such as "an odds ratio"."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name}"

    @property
    def direction(self) -> str:
        """What is over, or minus, what."""
        return f"{self.arm_labels[1]} {'over' if self.ratio else 'minus'} {self.arm_labels[0]}"

    def at_effect(self, effect: Floats) -> Floats:
        """Log likelihood at each effect, dims (...); minus infinity beyond the places."""
        return between(np.asarray(effect, dtype=np.float64), self.effect, self.log_likelihood)

    def natural(self, effect: float) -> float:
        """An effect as people read it: the ratio of its logarithm, a difference as it is."""
        if not self.ratio:
            return effect
        return exp(effect) if effect < LARGEST else inf

    def scaled(self, value: float) -> float:
        """A ratio or difference as people write it, on the scale of the likelihood.

        Raises
        ------
        AnalysisError
            If it cannot be one.
        """
        if not isfinite(value) or (self.ratio and value <= 0):
            expected = "a ratio above 0, such as 0.9" if self.ratio else "a finite difference"
            raise AnalysisError(f"{self.endpoint}: expected {expected} as {self.name}, got {value:g}")
        effect = log(value) if self.ratio else value
        if not self.bounds[0] < effect < self.bounds[1]:
            raise AnalysisError(
                f"{self.endpoint}: expected {self.one} between {self.bounds[0]:g} and {self.bounds[1]:g}, such as "
                f"0.02 for two percentage points, got {value:g}"
            )
        return effect

    @cached_property
    def _peak(self) -> float:
        """Effect of the largest likelihood: the vertex of the parabola through its three highest places."""
        index = int(np.clip(np.argmax(self.log_likelihood), 1, self.effect.size - 2))
        fine = np.linspace(self.effect[index - 1], self.effect[index + 1], FINE)
        height = self.at_effect(fine)
        top = int(np.clip(np.argmax(height), 1, FINE - 2))
        before, most, after = height[top - 1 : top + 2]
        bend = before - 2 * most + after
        share = float(np.clip((before - after) / (2 * bend), -1.0, 1.0)) if bend < 0 else 0.0
        return float(fine[top] + (fine[1] - fine[0]) * share)

    def _falls(self, sign: int, level: float) -> float:
        """Distance from the peak, on one side, at which the likelihood has fallen to a level; infinite if never."""
        distance = sign * (self.effect - self._peak)
        order = np.argsort(distance)
        away, height = distance[order], self.log_likelihood[order]
        level += float(self.at_effect(np.array(self._peak)))  # which lies between two places, and is higher than both
        outward = (away > 0) & (height < level)
        if not outward.any():
            return inf
        first = int(np.argmax(outward))
        fine = np.linspace(max(away[first - 1], 0.0) if first else 0.0, away[first], FINE)
        falling = -self.at_effect(self._peak + sign * fine)
        return float(np.interp(-level, falling, fine))

    @cached_property
    def _flanks(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """To the left and to the right of the peak: the distances at which a normal one has 1 and 2 standard errors."""
        left, right = ((self._falls(sign, ONE), self._falls(sign, TWO)) for sign in (-1, 1))
        return left, right

    @property
    def narrowest(self) -> float:
        """Distance over which it falls from one to two standard errors of a normal likelihood, on its steeper side.

        Raises
        ------
        UndeterminedError
            If it falls nowhere.
        """
        widths = [two - one for one, two in self._flanks if isfinite(two)]
        if not widths:
            raise UndeterminedError(f"{self.endpoint}: the data say nothing of the {self.name}: its likelihood is flat")
        return min(widths)

    @property
    def falls(self) -> bool:
        """Whether the likelihood falls at all: else the data say nothing of the effect."""
        return any(isfinite(two) for _, two in self._flanks)

    @property
    def ends(self) -> tuple[bool, bool]:
        """Whether the likelihood falls away to the left, and to the right, so that a flat prior leaves no more open."""
        left, right = self.log_likelihood[0] < GONE, self.log_likelihood[-1] < GONE
        closed = [isfinite(bound) for bound in self.bounds]
        return bool(left) or closed[0], bool(right) or closed[1]

    @property
    def estimate(self) -> float:
        """Effect of the largest likelihood.

        Raises
        ------
        UndeterminedError
            If the likelihood has no peak.
        """
        self._peaked()
        return self._peak

    @property
    def standard_error(self) -> float:
        """Half the width of the likelihood where a normal one is one standard error from its middle.

        Raises
        ------
        UndeterminedError
            If the likelihood has no peak.
        """
        self._peaked()
        (left, _), (right, _) = self._flanks
        return (left + right) / 2

    def _peaked(self) -> None:
        if not all(isfinite(one) for one, _ in self._flanks):
            raise UndeterminedError(
                f"{self.endpoint}: the data give no estimate of the {self.name} with a standard error: its likelihood "
                "does not fall on one side"
            )

    @property
    def z(self) -> float:
        """Estimate over standard error."""
        return self.estimate / self.standard_error

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Effects, as people read them, beyond which benefit is asked for: stated ones, and of ratios two by custom."""
        planned = (self.planned or 0.0) * self.benefit
        sizes = {size for size in (self.margin, planned) if size is not None and size > 0}
        if self.ratio:
            sizes |= {-log(ratio) for ratio in RATIOS}
        return tuple(self.natural(self.benefit * size) for size in sorted(sizes))

    def beyond_words(self, threshold: float) -> str:
        """In words: better than a threshold."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name} {'>' if self.benefit > 0 else '<'} {threshold:.3g}{unit}"

    def swapped(self) -> Self:
        """The same data with control and experimental arm exchanged."""
        return replace(
            self,
            arms=self.arms[::-1],
            arm_labels=self.arm_labels[::-1],
            benefit=-self.benefit,
            effect=0.0 - self.effect[::-1],
            log_likelihood=self.log_likelihood[::-1],
            bounds=(0.0 - self.bounds[1], 0.0 - self.bounds[0]),
            planned=None if self.planned is None else 0.0 - self.planned,
            named=tuple(prior.swapped() for prior in self.named),
        )


def tabulated(
    log_likelihood: Callable[[Floats], Floats], centre: float, scale: float, *, ratio: bool
) -> tuple[Floats, Floats]:
    """Places about a centre and the log likelihood there, where it is finite.

    Parameters
    ----------
    log_likelihood
        The function.
    centre, scale
        Where it is large, and about how wide.
    ratio
        Whether the effect is the logarithm of a ratio.
    """
    reach = max(REACH, 3 * abs(centre) / scale)  # so that no effect at all, which priors are about, is among them
    effect = places(centre, scale, farthest=max(FARTHEST, 12 * scale) if ratio else inf, reach=reach)
    height = log_likelihood(effect)
    finite = np.isfinite(height)
    return effect[finite], height[finite]
