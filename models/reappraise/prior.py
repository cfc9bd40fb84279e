"""Prior distributions by name, each with its reason and, where defined, the patients it is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log
from typing import Literal, Self

from reappraise.errors import AnalysisError

ONE_SIDED_5 = 1.645
"""95th percentile of the standard normal distribution."""

UNSTATED_PLAN = 2.0
"""Odds ratio taken as worth planning for where the publication states none: a doubling of the odds."""


@dataclass(frozen=True, slots=True)
class RatePrior:
    """Beta prior on a response rate: rate ~ Beta(alpha, beta).

    Parameters
    ----------
    name, label
        Key and words.
    alpha, beta
        Prior responders and non-responders.
    rationale
        Why one would hold it.
    """

    name: str
    label: str
    alpha: float
    beta: float
    rationale: str

    def __post_init__(self) -> None:
        """Refuse what is not a Beta distribution."""
        if not (self.alpha > 0 and self.beta > 0):
            raise ValueError(f"prior {self.name}: expected alpha > 0 and beta > 0, got {self.alpha} and {self.beta}")

    @property
    def kind(self) -> Literal["rate"]:
        """Scale of the prior."""
        return "rate"

    @property
    def effective_sample_size(self) -> float:
        """Patients that the prior is worth: alpha + beta."""
        return self.alpha + self.beta

    @property
    def text(self) -> str:
        """The distribution in a line."""
        return f"rate ~ Beta({self.alpha:g}, {self.beta:g})"


@dataclass(frozen=True, slots=True)
class EffectPrior:
    """Normal prior on a log odds ratio: log OR ~ Normal(mean, sd).

    The odds ratio is that of the better outcome, experimental over control arm: above 1 is benefit.

    Parameters
    ----------
    name, label
        Key and words.
    mean, sd
        Location and standard deviation on the log scale.
    rationale
        Why one would hold it.
    """

    name: str
    label: str
    mean: float
    sd: float
    rationale: str

    def __post_init__(self) -> None:
        """Refuse what is not a normal distribution."""
        if not self.sd > 0:
            raise ValueError(f"prior {self.name}: expected sd > 0, got {self.sd}")

    @property
    def kind(self) -> Literal["effect"]:
        """Scale of the prior."""
        return "effect"

    @property
    def effective_sample_size(self) -> float:
        """Patients that the prior is worth: 16 / sd^2, as of a 1:1 trial at rate 1/2 with that standard error."""
        return 16 / self.sd**2

    @property
    def text(self) -> str:
        """The distribution in a line, with the odds ratios it holds plausible."""
        low, high = exp(self.mean - 1.96 * self.sd), exp(self.mean + 1.96 * self.sd)
        return f"log OR ~ Normal({self.mean:.3g}, {self.sd:.3g}): odds ratio {low:.2g} to {high:.3g} with 95%"

    def mirrored(self) -> Self:
        """The same opinion with the arms exchanged."""
        return replace(self, mean=-self.mean)


type Prior = RatePrior | EffectPrior

RATE_PRIORS: tuple[RatePrior, ...] = (
    RatePrior("uniform", "Uniform", 1.0, 1.0, "Every rate equally plausible (Bayes, Laplace); worth two patients."),
    RatePrior(
        "jeffreys",
        "Jeffreys",
        0.5,
        0.5,
        "Invariant to the scale on which the rate is measured; its intervals cover close to their level. "
        "Worth one patient.",
    ),
    RatePrior(
        "weakly-informative",
        "Weakly informative",
        2.0,
        2.0,
        "Adds two responders and two non-responders (the Agresti-Coull 'plus four'): rates near 0 or 1 are not "
        "believed on a handful of patients. 95% of it lies between 0.09 and 0.91.",
    ),
)


def effect_priors(planned: float | None = None) -> tuple[EffectPrior, ...]:
    """Priors on the log odds ratio of the better outcome, experimental over control.

    Parameters
    ----------
    planned
        Odds ratio the trial was planned for; None where the publication states none, and then 2 stands in.

    References
    ----------
    Spiegelhalter DJ, Freedman LS, Parmar MKB. Bayesian approaches to randomized trials. J R Stat Soc A
    1994;157:357-416.
    """
    effect = log(UNSTATED_PLAN if planned is None else planned)
    whose = (
        "odds doubled, in place of a planned effect, which is not stated" if planned is None else "the planned effect"
    )
    if planned is None:
        doubt, reach = 0.355, "95% of it lies between odds ratios of 1/2 and 2"
    else:
        doubt, reach = abs(effect) / ONE_SIDED_5, "5% of it lies beyond the planned effect"
    return (
        EffectPrior(
            "reference",
            "Reference",
            0.0,
            2.5,
            "Barely an opinion: odds ratios from 1/130 to 130 are within its 95%, so the data decide.",
        ),
        EffectPrior("sceptical", "Sceptical", 0.0, doubt, f"Large effects are rare: centred at no effect, {reach}."),
        EffectPrior(
            "enthusiastic",
            "Enthusiastic",
            effect,
            abs(effect) / ONE_SIDED_5,
            f"Believes in {whose}: centred there, with 5% on the side of harm.",
        ),
    )


def prior_named(name: str, *, planned: float | None = None) -> Prior:
    """Prior of that name.

    Raises
    ------
    AnalysisError
        If there is none; the error lists those there are.
    """
    priors: tuple[Prior, ...] = (*RATE_PRIORS, *effect_priors(planned))
    known = {prior.name: prior for prior in priors}
    if name not in known:
        raise AnalysisError(f"unknown prior {name!r}; expected one of {', '.join(known)}, or a prior object")
    return known[name]
