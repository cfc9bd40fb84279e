"""The exact posterior of one contrast of the arms, on the scale that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from reappraise.core.arms import Arms
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.located import Located
from reappraise.fits.exact import Draw, ExactPosterior
from reappraise.fits.layout import Variable
from reappraise.fits.model import Floats, NamedPrior
from reappraise.fits.words import contrasted


class Contrast(Protocol):
    """What is known of a contrast of the arms."""

    @property
    def endpoint(self) -> str:
        """Key of the endpoint."""
        ...

    @property
    def label(self) -> str:
        """The endpoint in words."""
        ...

    @property
    def arms(self) -> Arms:
        """Keys of control and experimental arm."""
        ...

    @property
    def quantity(self) -> str:
        """Key of the quantity."""
        ...

    @property
    def unit(self) -> str:
        """Unit of a difference; empty of a ratio."""
        ...

    @property
    def benefit(self) -> int:
        """1 where a larger value favours the experimental arm, -1 where a smaller one does."""
        ...


class NormalPrior(NamedPrior, Protocol):
    """A normal prior on the scale of the contrast."""

    @property
    def mean(self) -> float:
        """Location."""
        ...

    @property
    def sd(self) -> float:
        """Standard deviation."""
        ...


def exact_of_contrast(
    contrast: Contrast,
    prior: NormalPrior,
    *,
    place: int,
    model: str,
    formula: str,
    logarithmic: bool,
    effect: Callable[[np.random.Generator, int], Floats],
    printed: Mapping[str, float],
    estimates: Callable[[], Iterator[Estimate]],
) -> ExactPosterior:
    """The posterior of a difference, or of a ratio held by its logarithm.

    Parameters
    ----------
    contrast, prior
        What is known, and what is believed.
    place
        Its place among the contrasts of its endpoint: the first has no number in its name.
    model, formula
        Key of the model, and likelihood and prior in a line.
    logarithmic
        Whether `effect` is the logarithm of what people read.
    effect
        Independent draws of the posterior on the scale of the prior, dims (draw,).
    printed, estimates
        As of `ExactPosterior`.
    """
    name, known = contrast.quantity, QUANTITIES[contrast.quantity]
    unit = f", {contrast.unit}" if contrast.unit else ""
    sign = "over" if logarithmic else "minus"
    variable = Variable(
        description=f"{known.label.lower()}, experimental {sign} control arm{unit}",
        scale="logarithm" if logarithmic else "plain",
        reported=True,
    )

    def read(draw: Callable[[np.random.Generator, int], Floats]) -> Draw:
        def drawn(rng: np.random.Generator, number: int) -> Mapping[str, Floats]:
            found = draw(rng, number)
            return {name: np.exp(found) if logarithmic else found}

        return drawn

    return ExactPosterior(
        endpoint=contrast.endpoint,
        subject=f"{name.replace('_', '-')}{f'-{place + 1}' if place else ''}",
        title=f"{contrast.label}, {known.label.lower()}",
        model=model,
        formula=formula,
        prior=prior,
        variables={name: variable},
        draw=read(effect),
        draw_prior=read(lambda rng, number: rng.normal(prior.mean, prior.sd, size=number)),
        printed=printed,
        described={
            **contrasted(contrast.arms),
            "better": "higher" if contrast.benefit > 0 else "lower",
            "unit": contrast.unit,
        },
        estimates=estimates,
    )


def located_numbers(parts: Sequence[Located]) -> dict[str, float]:
    """What is known of one contrast, or of the means of control and experimental arm, as named numbers."""
    names = ("",) if len(parts) == 1 else ("control_", "experimental_")
    return {
        f"{name}{what}": number
        for name, part in zip(names, parts, strict=True)
        for what, number in (
            ("lowest_estimate", part.place[0]),
            ("highest_estimate", part.place[1]),
            ("least_standard_error", part.scale[0]),
            ("largest_standard_error", part.scale[1]),
            ("degrees_of_freedom", part.degrees),
        )
    }
