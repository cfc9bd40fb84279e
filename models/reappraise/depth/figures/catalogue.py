"""Which figures of depth of response a run draws, and from which of its fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from matplotlib.figure import Figure

from reappraise.core.estimate import Estimate
from reappraise.depth.figures.cuts import draw_depth_cuts
from reappraise.depth.figures.stack import draw_depth_stack
from reappraise.depth.fit import DepthFit

type Drawn = Iterator[tuple[str, Figure]]


def draw_depth(fits: Sequence[DepthFit], responses: Iterable[Estimate] = ()) -> Drawn:
    """Yield every figure of one ordinal endpoint: counts and rates by model with the first prior, odds ratios by prior.

    Parameters
    ----------
    fits
        Fits of each model with each prior, the reference prior first.
    responses
        Posterior estimates of the binary endpoints that cut the scale.
    """
    key, held = fits[0].job.table.endpoint, tuple(responses)
    for prior in dict.fromkeys(fit.job.prior for fit in fits):
        mine = [fit for fit in fits if fit.job.prior == prior]
        if prior == fits[0].job.prior:
            for fit in mine:
                yield f"{key}.stack.{fit.job.model.name}", draw_depth_stack(fit)
        yield f"{key}.cuts.{prior.name}", draw_depth_cuts(mine, held)
