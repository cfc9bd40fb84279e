"""Priors on a printed contrast: normal on the scale on which its estimate is, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log
from typing import Final, Protocol, Self

from reappraise.core.prior import ONE_SIDED_5
from reappraise.survival.effect.spans import Span

WIDE: Final = 5.0
"""Standard deviation of the reference prior on a difference, in standard errors of the print: it is worth 4% of it."""
REFERENCE: Final[dict[str, float]] = {"odds_ratio": 2.5}
"""Standard deviation of the reference prior on the logarithm of a ratio, where it is another than 1."""
UNPLANNED: Final = log(2.0)
"""Effect taken as worth planning for where none is stated, on the log scale: the half, or twice as much."""


@dataclass(frozen=True, slots=True)
class EffectPrior:
    """A normal prior on a difference or on the logarithm of a ratio, experimental over (or minus) control.

    Parameters
    ----------
    name, label
        Key and words.
    mean, sd
        Location and standard deviation, on the scale of the contrast.
    rationale
        Why one would hold it.
    """

    name: str
    label: str
    mean: float
    sd: float
    rationale: str

    @property
    def text(self) -> str:
        """The distribution in a line."""
        return f"effect ~ Normal({self.mean:.3g}, {self.sd:.3g}), of a ratio its logarithm"

    def swapped(self) -> Self:
        """The same opinion with the arms exchanged."""
        return replace(self, mean=0.0 - self.mean)


class Contrasted(Protocol):
    """What a prior has to know of a contrast: that of `PrintedContrast`."""

    @property
    def quantity(self) -> str:
        """Which contrast."""
        ...

    @property
    def ratio(self) -> bool:
        """Whether it is a ratio, held by its logarithm."""
        ...

    @property
    def standard_error(self) -> Span:
        """Least and largest standard error."""
        ...

    @property
    def benefit(self) -> int:
        """1 where a larger value favours the experimental arm, -1 where a smaller one does."""
        ...

    @property
    def planned(self) -> float | None:
        """Planned effect."""
        ...

    @property
    def margin(self) -> float | None:
        """Size of benefit that matters."""
        ...


def contrast_priors(contrast: Contrasted) -> tuple[EffectPrior, ...]:
    """Named priors on a contrast: the reference first, then the sceptical one, and the enthusiastic where it is known.

    Parameters
    ----------
    contrast
        What was printed: the sceptical and the enthusiastic prior know its planned effect.
    """
    if contrast.ratio:
        sd = REFERENCE.get(contrast.quantity, 1.0)
        low, high = exp(-1.96 * sd), exp(1.96 * sd)
        wide = f"Barely an opinion: ratios from {low:.2g} to {high:.3g} are within its 95%."
    else:
        sd = WIDE * sum(contrast.standard_error) / 2
        wide = "Barely an opinion: worth a twenty-fifth of what the printed standard error says."
    planned, whose = contrast.planned, "the planned effect"
    if planned is None and contrast.ratio:
        planned, whose = contrast.benefit * UNPLANNED, "a ratio of 2 or 1/2, in place of a planned effect"
    reference = EffectPrior("reference", "Reference", 0.0, sd, wide)
    if planned is None:
        error = sum(contrast.standard_error) / 2
        why = "Large effects are rare: centred at no effect, worth as much as the trial; no planned effect is stated."
        return reference, EffectPrior("sceptical", "Sceptical", 0.0, error, why)
    return (reference, *doubt_and_belief(planned, whose))


def doubt_and_belief(planned: float, whose: str) -> tuple[EffectPrior, EffectPrior]:
    """The sceptical and the enthusiastic prior that an effect makes.

    Parameters
    ----------
    planned
        The effect, on the scale of the contrast.
    whose
        What it is, in words.
    """
    spread = abs(planned) / ONE_SIDED_5
    return (
        EffectPrior(
            "sceptical", "Sceptical", 0.0, spread,
            f"Large effects are rare: centred at no effect, with 5% beyond {whose}.",
        ),
        EffectPrior(
            "enthusiastic", "Enthusiastic", planned, spread,
            f"Believes in {whose}: centred there, with 5% on the other side of no effect.",
        ),
    )  # fmt: skip
