"""Which figures of depth of response a run draws, and from which of its fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from matplotlib.figure import Figure

from reappraise.depth.fit import DepthFit
from reappraise.depth.implied import Estimated
from reappraise.endpoints.ordinal_table import OrdinalTable
from reappraise.figures.depth_cuts import draw_depth_cuts
from reappraise.figures.depth_stack import draw_depth_stack

type Drawn = Iterator[tuple[str, Figure]]


class FoundDepth(Protocol):
    """What was found about an ordinal endpoint."""

    @property
    def table(self) -> OrdinalTable:
        """Its counts."""
        ...

    @property
    def fits(self) -> Sequence[DepthFit]:
        """Fits of each model with each prior, the reference prior first."""
        ...


def draw_depth(result: FoundDepth, responses: Iterable[Estimated] = ()) -> Drawn:
    """Yield every figure of one ordinal endpoint: counts and rates by model with the first prior, odds ratios by prior.

    Parameters
    ----------
    result
        Counts and fits.
    responses
        Fits of the binary endpoints that cut the scale.
    """
    key, held = result.table.endpoint, tuple(responses)
    for prior in dict.fromkeys(fit.job.prior for fit in result.fits):
        mine = [fit for fit in result.fits if fit.job.prior == prior]
        if prior == result.fits[0].job.prior:
            for fit in mine:
                yield f"{key}.stack.{fit.job.model.name}", draw_depth_stack(fit)
        yield f"{key}.cuts.{prior.name}", draw_depth_cuts(mine, held)
