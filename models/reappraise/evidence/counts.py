"""The likelihood of odds ratio, risk ratio or risk difference from counts, the level of the rates integrated out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import atanh, log, sqrt
from typing import Final, Literal

import numpy as np
from scipy.special import gammaln, log_expit, logsumexp

from reappraise.core.errors import AnalysisError
from reappraise.evidence.grid import REACH, Floats, between, places
from reappraise.evidence.likelihood import tabulated

type BinaryEffect = Literal["odds_ratio", "risk_ratio", "risk_difference"]

MEAN_LOGIT_SD: Final = 1.5
"""Standard deviation of the mean logit of both arms: that of the logit-normal model."""
NODES: Final = 129
"""Places of the mean logit that are summed over: more than six in its standard deviation, however narrow that is."""
DEEP: Final = 40.0
"""Logarithms below its largest value that an integrand is followed down to."""
WIDEST: Final = MEAN_LOGIT_SD * sqrt(2 * DEEP)
"""Distance at which the prior of the mean logit alone has fallen so far."""
_SCAN: Final = np.linspace(-WIDEST, WIDEST, 61)
_ZOOMS: Final = 6
_ZOOM: Final = np.linspace(-1.0, 1.0, 9)
_HALVINGS: Final = 24
ATANH: Final = 9.0
"""Inverse hyperbolic tangent of the largest risk difference: 1 but for 3 in 100 million."""


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """Patients with the event in one arm, known or known within rounding.

    Parameters
    ----------
    events
        The counts that the print allows, ascending.
    total
        Patients.
    """

    events: Sequence[int]
    total: int

    def __post_init__(self) -> None:
        """Refuse counts that cannot be counts."""
        if not (self.events and self.total > 0 and 0 <= self.events[0] <= self.events[-1] <= self.total):
            raise AnalysisError(
                f"expected counts between 0 and the patients of the arm, got {list(self.events)[:3]} of {self.total}"
            )

    @property
    def rate(self) -> float:
        """Rate of the middle of the counts, half a patient with and half a patient without added."""
        return ((self.events[0] + self.events[-1]) / 2 + 0.5) / (self.total + 1)

    @property
    def logit_error(self) -> float:
        """Standard error of the logit of the rate, of one count."""
        return 1 / sqrt((self.total + 1) * self.rate * (1 - self.rate))

    def log_likelihood(self) -> Callable[[Floats], Floats]:
        """Log probability of what is printed, as a function of the logit of the rate, dims (...).

        Of several counts each is as good as any other before the rate is known: their probabilities add up.
        """
        if len(self.events) == 1:
            events = self.events[0]

            def one(logit: Floats) -> Floats:
                return np.asarray(events * log_expit(logit) + (self.total - events) * log_expit(-logit))

            return one
        count = np.array(self.events, dtype=np.float64)
        known = places(log(self.rate / (1 - self.rate)), self.logit_error, reach=100 / self.logit_error)
        binomial = -gammaln(count + 1) - gammaln(self.total - count + 1)
        each = binomial + count * log_expit(known)[:, None] + (self.total - count) * log_expit(-known)[:, None]
        summed = np.asarray(logsumexp(each, axis=-1))

        def several(logit: Floats) -> Floats:
            return between(np.clip(logit, known[0], known[-1]), known, summed)

        return several


def log_odds_ratio(effect: Floats, mean_logit: Floats) -> Floats:  # noqa: ARG001 - the three have one signature
    """The log odds ratio itself, whatever the mean logit is."""
    return effect


def of_log_risk_ratio(effect: Floats, mean_logit: Floats) -> Floats:
    r"""Log odds ratio of two rates with this log risk ratio whose logits have this mean.

    .. math::
        t^2 - a (R - 1) t - R = 0, \qquad a = e^\mu, \quad t = e^{\delta / 2}
    """
    ratio, level = np.exp(effect), np.exp(mean_logit)
    lean = level * (ratio - 1)
    root = np.sqrt(lean**2 + 4 * ratio)
    larger = (np.abs(lean) + root) / 2
    return np.asarray(2 * np.log(np.where(lean >= 0, larger, ratio / larger)))


def of_risk_difference(effect: Floats, mean_logit: Floats) -> Floats:
    r"""Log odds ratio of two rates with this difference whose logits have this mean.

    .. math::
        a (1 - d) t^2 - d (1 + a^2) t - a (1 + d) = 0, \qquad a = e^\mu, \quad t = e^{\delta / 2}
    """
    level = np.exp(mean_logit)
    lean = effect * (1 + level**2)
    root = np.sqrt(lean**2 + 4 * level**2 * (1 - effect**2))
    larger = (np.abs(lean) + root) / (2 * level * (1 - np.abs(effect)))
    return np.asarray(2 * np.sign(effect) * np.log(larger))


OF: Final[dict[BinaryEffect, Callable[[Floats, Floats], Floats]]] = {
    "odds_ratio": log_odds_ratio,
    "risk_ratio": of_log_risk_ratio,
    "risk_difference": of_risk_difference,
}
"""By effect, the log odds ratio that it amounts to at a mean logit."""


def integrated(
    control: ArmCounts, experimental: ArmCounts, quantity: BinaryEffect, *, mean_logit_sd: float = MEAN_LOGIT_SD
) -> Callable[[Floats], Floats]:
    r"""Log likelihood of an effect on two rates, their level integrated out, as a function of the effect.

    .. math::
        L(\theta) = \int \mathrm{N}(\mu \mid 0, 1.5) \, p(y_0 \mid \mu - \delta / 2) \, p(y_1 \mid \mu + \delta / 2) \,
        d\mu, \qquad \delta = \delta(\theta, \mu)

    mu is the mean of the logits of both rates, delta the log odds ratio, which the effect and mu make. For the odds
    ratio this is the logit-normal model; neither arm is the baseline. The integral is a sum over equal steps between
    the places where the integrand has vanished, which is exact to rounding for a function as smooth as this one.

    Parameters
    ----------
    control, experimental
        Counts of each arm.
    quantity
        Which effect: ratios by their logarithms.
    mean_logit_sd
        Standard deviation of the prior of the mean logit.
    """
    first, second, shift = control.log_likelihood(), experimental.log_likelihood(), OF[quantity]

    def integrand(effect: Floats, mean_logit: Floats) -> Floats:
        half = shift(effect, mean_logit) / 2
        data = first(mean_logit - half) + second(mean_logit + half)
        return data - np.square(mean_logit / mean_logit_sd) / 2

    def log_likelihood(effect: Floats) -> Floats:
        column = effect[:, None]
        middle, width = _mode(integrand, column)
        top = integrand(column, middle[:, None])[:, 0]
        low, high = (_reach(integrand, column, middle, top, sign, width) for sign in (-1.0, 1.0))
        step = (low + high) / (NODES - 1)
        nodes = middle[:, None] - low[:, None] + step[:, None] * np.arange(NODES)
        height = integrand(column, nodes)
        most = height.max(axis=-1)
        return np.asarray(most + np.log(np.exp(height - most[:, None]).sum(axis=-1) * step))

    return log_likelihood


def _mode(integrand: Callable[[Floats, Floats], Floats], column: Floats) -> tuple[Floats, float]:
    """Mean logit of the largest integrand, for each effect; and the last step of the search."""
    middle = _SCAN[np.argmax(integrand(column, _SCAN[None, :]), axis=-1)]
    step = float(_SCAN[1] - _SCAN[0])
    for _ in range(_ZOOMS):
        near = middle[:, None] + step * _ZOOM
        middle = near[np.arange(near.shape[0]), np.argmax(integrand(column, near), axis=-1)]
        step /= 4
    return middle, step


def _reach(
    integrand: Callable[[Floats, Floats], Floats],
    column: Floats,
    middle: Floats,
    top: Floats,
    sign: float,
    least: float,
) -> Floats:
    """Distance from the mode, on one side, at which the integrand has vanished."""
    low, high = np.full(middle.shape, least), np.full(middle.shape, WIDEST + 1.0)
    for _ in range(_HALVINGS):
        distance = np.sqrt(low * high)
        alive = integrand(column, (middle + sign * distance)[:, None])[:, 0] > top - DEEP
        low, high = np.where(alive, distance, low), np.where(alive, high, distance)
    return high


def tabulated_counts(
    control: ArmCounts, experimental: ArmCounts, quantity: BinaryEffect
) -> tuple[Floats, Floats, float]:
    """Places of an effect of counts, the log likelihood there, and about how wide it is.

    Parameters
    ----------
    control, experimental
        Counts of each arm.
    quantity
        Which effect.
    """
    centre, scale = _about(control, experimental, quantity)
    likelihood = integrated(control, experimental, quantity)
    if quantity != "risk_difference":
        return *tabulated(likelihood, centre, scale, ratio=True), scale
    slope = 1 - centre**2
    middle, width = atanh(centre), scale / slope
    # so that no difference, which priors are about, is among them
    far = places(middle, width, farthest=ATANH - abs(middle), reach=max(REACH, 3 * abs(middle) / width))
    effect = np.tanh(far)
    return effect, likelihood(effect), scale


def _about(control: ArmCounts, experimental: ArmCounts, quantity: BinaryEffect) -> tuple[float, float]:
    """Where the likelihood of an effect is large, and about how wide it is: Wald's, with half a patient added."""
    rates = control.rate, experimental.rate
    sizes = control.total + 1, experimental.total + 1
    if quantity == "risk_difference":
        error = sum(rate * (1 - rate) / size for rate, size in zip(rates, sizes, strict=True))
        return rates[1] - rates[0], sqrt(error)
    if quantity == "risk_ratio":
        error = sum((1 - rate) / (rate * size) for rate, size in zip(rates, sizes, strict=True))
        return log(rates[1] / rates[0]), sqrt(error)
    error = sum(arm.logit_error**2 for arm in (control, experimental))
    odds = [rate / (1 - rate) for rate in rates]
    return log(odds[1] / odds[0]), sqrt(error)
