"""Prior distributions by name, each with its reason and, where defined, the patients it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp, log
from typing import Literal, Self

from reappraise.core.errors import AnalysisError

type Ratio = Literal["odds", "hazard"]
"""What a log ratio is of."""

UNSTATED: Mapping[Ratio, float] = {"odds": 2.0, "hazard": 0.5}
"""Ratio taken as worth planning for where the publication states none: the odds doubled, the hazard halved."""

ONE_SIDED_5 = 1.645
"""95th percentile of the standard normal distribution."""


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
class LogRatioPrior:
    """Normal prior on a log odds ratio or a log hazard ratio, experimental over control arm.

    The odds ratio is that of the better outcome: above 1 is benefit. The hazard ratio is of events that are bad: below
    1 is benefit.

    Parameters
    ----------
    name, label
        Key and words.
    mean, sd
        Location and standard deviation on the log scale.
    rationale
        Why one would hold it.
    ratio
        Which ratio.
    """

    name: str
    label: str
    mean: float
    sd: float
    rationale: str
    ratio: Ratio = "odds"

    def __post_init__(self) -> None:
        """Refuse what is not a normal distribution."""
        if not self.sd > 0:
            raise ValueError(f"prior {self.name}: expected sd > 0, got {self.sd}")

    @property
    def kind(self) -> Literal["effect", "hazard"]:
        """Scale of the prior."""
        return "effect" if self.ratio == "odds" else "hazard"

    @property
    def effective_sample_size(self) -> float:
        """Patients that a prior on odds is worth: 16 / sd^2, as of a 1:1 trial at rate 1/2 with that standard error."""
        return 16 / self.sd**2

    @property
    def effective_events(self) -> float:
        """Events that a prior on hazards is worth: 4 / sd^2, as of a 1:1 trial with that standard error."""
        return 4 / self.sd**2

    @property
    def text(self) -> str:
        """The distribution in a line, with the ratios it holds plausible."""
        low, high = exp(self.mean - 1.96 * self.sd), exp(self.mean + 1.96 * self.sd)
        short = "OR" if self.ratio == "odds" else "HR"
        return (
            f"log {short} ~ Normal({self.mean:.3g}, {self.sd:.3g}): {self.ratio} ratio {low:.2g} to {high:.3g} with 95%"
        )

    def mirrored(self) -> Self:
        """The same opinion with the arms exchanged."""
        return replace(self, mean=0.0 - self.mean)  # a plain minus makes -0 of 0


type Prior = RatePrior | LogRatioPrior

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


def effect_priors(planned: float | None = None) -> tuple[LogRatioPrior, ...]:
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
    reference = LogRatioPrior(
        "reference",
        "Reference",
        0.0,
        2.5,
        "Barely an opinion: odds ratios from 1/130 to 130 are within its 95%, so the data decide.",
    )
    return reference, *_doubt_and_belief("odds", planned)


def hazard_ratio_priors(planned: float | None = None) -> tuple[LogRatioPrior, ...]:
    """Priors on the log hazard ratio, experimental over control.

    Parameters
    ----------
    planned
        Hazard ratio the trial was planned for; None where the publication states none, and then 1/2 stands in.

    References
    ----------
    Spiegelhalter DJ, Freedman LS, Parmar MKB. Bayesian approaches to randomized trials. J R Stat Soc A
    1994;157:357-416.
    """
    reference = LogRatioPrior(
        "reference",
        "Reference",
        0.0,
        1.0,
        "Barely an opinion: hazard ratios from 1/7 to 7 are within its 95%; worth four events.",
        "hazard",
    )
    wide = LogRatioPrior(
        "wide",
        "Wide",
        0.0,
        2.5,
        "No opinion: hazard ratios from 1/134 to 134 are within its 95%; less than one event.",
        "hazard",
    )
    return reference, wide, *_doubt_and_belief("hazard", planned)


def _doubt_and_belief(ratio: Ratio, planned: float | None) -> tuple[LogRatioPrior, LogRatioPrior]:
    """The sceptical and the enthusiastic prior: around no effect, and around the planned one."""
    effect = log(UNSTATED[ratio] if planned is None else planned)
    if planned is None:
        changed = "odds doubled" if ratio == "odds" else "hazard halved"
        whose = f"{changed}, in place of a planned effect, which is not stated"
        doubt, reach = 0.355, f"95% of it lies between {ratio} ratios of 1/2 and 2"
    else:
        whose, doubt, reach = "the planned effect", abs(effect) / ONE_SIDED_5, "5% of it lies beyond the planned effect"
    return (
        LogRatioPrior(
            "sceptical", "Sceptical", 0.0, doubt, f"Large effects are rare: centred at no effect, {reach}.", ratio
        ),
        LogRatioPrior(
            "enthusiastic",
            "Enthusiastic",
            effect,
            abs(effect) / ONE_SIDED_5,
            f"Believes in {whose}: centred there, with 5% on the side of harm.",
            ratio,
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
