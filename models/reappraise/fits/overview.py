"""The diagnostics of everything that was judged, in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reappraise.fits.result import Diagnosed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def diagnostics_plot(judged: Sequence[Diagnosed]) -> Figure:
    """Draw the worst value of every diagnostic of everything that was judged, a lane for each model.

    Parameters
    ----------
    judged
        Fits of any kind, and data that were reconstructed for them.

    Raises
    ------
    AnalysisError
        If there is none.
    """
    from reappraise.drawing.diagnostics import Judged, draw_diagnostics  # drawing is slow to import

    return draw_diagnostics(
        [
            Judged(name=item.job.name.replace(".", ", "), lane=item.job.made_by, checks=item.diagnosis.checks)
            for item in judged
        ]
    )
