"""Priors on an effect from what clinicians say: what was planned, what would be incredible, what a trial found."""

from __future__ import annotations

from math import isfinite, log, sqrt
from statistics import NormalDist
from typing import Final, Literal, get_args

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.prior import MixturePrior
from reappraise.evidence.worth import unit_of

type Belief = Literal["neutral", "optimistic", "pessimistic"]
type Strength = Literal["weak", "moderate", "strong"]

NEUTRAL: Final[dict[Strength, float]] = {"weak": 5.0, "moderate": 0.355, "strong": 0.205}
"""Standard deviation of a neutral prior on a log ratio: no limits; 95% in 1/2 to 2; 95% in 2/3 to 3/2."""
NEUTRAL_SAYS: Final[dict[Strength, str]] = {
    "weak": "any ratio that was ever seen is plausible",
    "moderate": "95% of it lies between ratios of 1/2 and 2",
    "strong": "95% of it lies between ratios of 2/3 and 3/2",
}
WRONG_SIDE: Final[dict[Strength, float]] = {"weak": 0.30, "moderate": 0.15, "strong": 0.05}
"""Chance that an optimistic prior gives harm, and a pessimistic one benefit."""
UNPLANNED: Final = log(1.5)
"""Log ratio that optimists expect where no benefit is planned for: 2/3 of what is bad, or 3/2 of what is good."""

_NORMAL: Final = NormalDist()


def planned_prior(
    likelihood: EffectLikelihood,
    planned: float | None = None,
    *,
    wrong_side: float = 0.05,
    name: str = "enthusiastic",
    label: str = "Enthusiastic",
) -> MixturePrior:
    """A prior centred at an effect, with a chance that the truth lies on the other side of no effect.

    Parameters
    ----------
    likelihood
        Of which effect.
    planned
        The effect as people read it; None takes the planned one that the trial states.
    wrong_side
        Chance of the other side.
    name, label
        Key and words of the prior.

    Raises
    ------
    AnalysisError
        If the effect is none at all or not of this scale, or the chance not between 0 and 1/2.
    """
    if planned is None and likelihood.planned is None:
        raise UndeterminedError(f"{likelihood.endpoint}: no planned effect is stated: say which one the prior expects")
    centre = likelihood.scaled(planned) if planned is not None else float(likelihood.planned or 0.0)
    if centre == 0:
        raise AnalysisError(f"prior {name}: expected an effect other than none, got {likelihood.natural(0.0):g}")
    if not 0 < wrong_side < 0.5:
        raise AnalysisError(
            f"prior {name}: expected a chance of the wrong side between 0 and 0.5, both excluded, got {wrong_side:g}"
        )
    sd = abs(centre) / _NORMAL.inv_cdf(1 - wrong_side)
    said = f"{likelihood.natural(centre):.3g}"
    return MixturePrior.normal(
        name, label, centre, sd,
        f"Expects {likelihood.one} of {said}, with a chance of {wrong_side:.3g} of the other side of no effect.",
    )  # fmt: skip


def prior_beyond(
    likelihood: EffectLikelihood,
    beyond: float,
    *,
    chance: float = 0.05,
    centre: float | None = None,
    name: str = "sceptical",
    label: str = "Sceptical",
) -> MixturePrior:
    """A prior with a chance that the effect lies farther from its centre, on one side, than a value.

    Parameters
    ----------
    likelihood
        Of which effect.
    beyond
        The effect that is exceeded with this chance, as people read it.
    chance
        The chance.
    centre
        The middle of the prior, as people read it; None for no effect.
    name, label
        Key and words of the prior.

    Raises
    ------
    AnalysisError
        If the value is not of this scale or is the centre, or the chance not between 0 and 1/2.
    """
    middle = 0.0 if centre is None else likelihood.scaled(centre)
    end = likelihood.scaled(beyond)
    if end == middle:
        raise AnalysisError(f"prior {name}: expected an effect away from the centre of the prior, got {beyond:g}")
    if not 0 < chance < 0.5:
        raise AnalysisError(f"prior {name}: expected a chance between 0 and 0.5, both excluded, got {chance:g}")
    sd = abs(end - middle) / _NORMAL.inv_cdf(1 - chance)
    about = "no effect" if centre is None else f"{likelihood.one} of {centre:.3g}"
    return MixturePrior.normal(
        name, label, middle, sd,
        f"Centred at {about}, with a chance of {chance:.3g} that the {likelihood.name} is beyond {beyond:.3g}.",
    )  # fmt: skip


def prior_as_trial(
    likelihood: EffectLikelihood,
    size: float,
    result: float | None = None,
    *,
    name: str = "as-trial",
    label: str = "As a trial",
) -> MixturePrior:
    """A prior that says what an earlier trial would: so many patients or events, with this result.

    Parameters
    ----------
    likelihood
        Of which effect.
    size
        Patients, or events where the effect is a ratio of hazards or event rates, of both arms of a 1:1 trial.
    result
        The estimate of that trial, as people read it; None for no effect.
    name, label
        Key and words of the prior.

    Raises
    ------
    AnalysisError
        If the size is not above 0, or the result not of this scale.
    """
    if not (isfinite(size) and size > 0):
        raise AnalysisError(f"prior {name}: expected a trial of more than 0 patients or events, got {size:g}")
    unit = unit_of(likelihood)
    centre = 0.0 if result is None else likelihood.scaled(result)
    found = "no effect" if result is None else f"{likelihood.one} of {result:.3g}"
    return MixturePrior.normal(
        name, label, centre, sqrt(unit.variance / size), f"Worth a trial of {size:g} {unit.name} that found {found}."
    )


def zampieri_prior(
    likelihood: EffectLikelihood, belief: Belief, strength: Strength, *, expected: float | None = None
) -> MixturePrior:
    """A prior of the grid of beliefs and strengths that was proposed for trials in critical care.

    Neutral ones are centred at no effect, with a standard deviation of the log ratio of 5, 0.355 or 0.205. Optimistic
    ones are centred at the effect that was expected, with a chance of harm of 30%, 15% or 5%; pessimistic ones are
    their mirror images.

    Parameters
    ----------
    likelihood
        Of which ratio.
    belief, strength
        Which prior.
    expected
        The expected ratio; None takes the planned one that the trial states, or where it states none in favour of the
        experimental arm 2/3 of what is bad (3/2 of what is good).

    Raises
    ------
    AnalysisError
        If there is no such prior, the effect is no ratio, or no benefit is expected.

    References
    ----------
    Zampieri FG, Casey JD, Shankar-Hari M, Harrell FE, Harhay MO. Using Bayesian methods to augment the interpretation
    of critical care trials. Am J Respir Crit Care Med 2021;203:543-552. doi:10.1164/rccm.202006-2381CP
    """
    if belief not in get_args(Belief.__value__) or strength not in NEUTRAL:
        raise AnalysisError(
            f"expected a belief of neutral, optimistic, pessimistic and a strength of weak, moderate, strong, got "
            f"{belief!r} and {strength!r}"
        )
    if not likelihood.ratio:
        raise AnalysisError(
            f"{likelihood.endpoint}: the grid of beliefs and strengths is of ratios, and {likelihood.one} is none"
        )
    name, label = f"{belief}-{strength}", f"{belief.capitalize()}, {strength}"
    if belief == "neutral":
        why = f"Holds benefit and harm equally plausible: {NEUTRAL_SAYS[strength]}."
        return MixturePrior.normal(name, label, 0.0, NEUTRAL[strength], why)
    centre, whose = _expected(likelihood, expected)
    if centre * likelihood.benefit <= 0:
        raise AnalysisError(
            f"{likelihood.endpoint}: expected {likelihood.one} that favours the experimental arm, got "
            f"{likelihood.natural(centre):.3g}"
        )
    chance = WRONG_SIDE[strength]
    sd = abs(centre) / _NORMAL.inv_cdf(1 - chance)
    turned = belief == "pessimistic"
    why = (
        f"Believes in {'the opposite of ' if turned else ''}{whose}, and leaves {100 * chance:g}% to "
        f"{'benefit' if turned else 'harm'}."
    )
    return MixturePrior.normal(name, label, 0.0 - centre if turned else centre, sd, why)


def zampieri_priors(likelihood: EffectLikelihood, *, expected: float | None = None) -> tuple[MixturePrior, ...]:
    """The whole grid: neutral, optimistic and pessimistic, each weak, moderate and strong.

    Parameters
    ----------
    likelihood
        Of which ratio.
    expected
        As `zampieri_prior` takes it.
    """
    return tuple(
        zampieri_prior(likelihood, belief, strength, expected=expected)
        for belief in get_args(Belief.__value__)
        for strength in get_args(Strength.__value__)
    )


def _expected(likelihood: EffectLikelihood, expected: float | None) -> tuple[float, str]:
    """The log ratio that optimists expect, and its words."""
    if expected is not None:
        return likelihood.scaled(expected), f"{likelihood.one} of {expected:.3g}"
    if likelihood.planned is not None and likelihood.planned * likelihood.benefit > 0:
        said = f"{likelihood.natural(likelihood.planned):.3g}"
        return likelihood.planned, f"the planned {likelihood.name} of {said}"
    centre = likelihood.benefit * UNPLANNED
    return centre, f"{likelihood.one} of {likelihood.natural(centre):.2g}, as no benefit is planned for"
