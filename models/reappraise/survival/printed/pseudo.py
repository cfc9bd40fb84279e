"""Pseudo individual data that a posterior given the print leads to: for pictures, and for other software."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.published.patients import PatientData
from reappraise.survival.printed.cells import Cells, Floats
from reappraise.survival.printed.job import PrintedFit
from reappraise.survival.printed.shares import Followed
from reappraise.survival.pseudo_ipd.recompute import replicate_statistics

TRIED: Final = 30
"""Data sets that are drawn for one replicate; the one nearest to the print is kept."""
FARTHEST: Final = 10.0
"""Standard errors that a level counts for, in the choice of the nearest, which one of the two does not reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoPatients:
    """Data sets that could have been printed so, nearly.

    They are not observed, and not a sample from p(data | everything printed), which `reconstruct` draws: each has the
    course of one posterior draw and the printed numbers of events, and misses other printed numbers by `misfit`.
    An analysis of one of them takes its curve between printed times for observed.

    Parameters
    ----------
    data
        One chain of replicates.
    numbers
        The printed numbers in words.
    misfit
        Distance of every replicate's numbers from what rounds to the printed ones, in standard errors; infinite where
        a level is reached by one of the two only. Dims (replicate, number).
    """

    data: PatientData
    numbers: tuple[str, ...]
    misfit: Floats

    @property
    def worst(self) -> Floats:
        """The largest finite distance of every replicate, in standard errors; dims (replicate,)."""
        return np.where(np.isfinite(self.misfit), self.misfit, 0.0).max(axis=1)

    @property
    def text(self) -> str:
        """How near they come to the print."""
        finite = np.isfinite(self.misfit)
        far = np.where(finite, self.misfit, 0.0).mean(axis=0)
        place = int(np.argmax(far))
        otherwise = [
            f"{number} is reached in print or in the data alone in {missed} of {len(finite)}"
            for number, missed in zip(self.numbers, (~finite).sum(axis=0), strict=True)
            if missed
        ]
        return "; ".join(
            [
                (
                    f"{self.data.replicates} data sets; half of them miss no printed number by more than "
                    f"{np.median(self.worst):.2g} standard errors; farthest on average is {self.numbers[place]} "
                    f"({far[place]:.2g})"
                ),
                *otherwise,
            ]
        )

    def frame(self) -> pd.DataFrame:
        """Patients in rows: replicate, arm, time, event."""
        data = self.data
        count, patients = data.replicates, data.arm.size
        return pd.DataFrame(
            {
                "replicate": np.repeat(np.arange(count), patients),
                "arm": np.tile(np.array(data.arms)[data.arm], count),
                f"time_{data.unit}": data.time[0].ravel(),
                "event": data.event[0].ravel().astype(np.int64),
            }
        )


def pseudo_patients(fit: PrintedFit, *, replicates: int = 100, seed: int = 1) -> PseudoPatients:
    """Draw pseudo individual data, one data set for each of some posterior draws.

    Patients are laid evenly along the course that the draw expects, from a random start, so that their curves follow
    it; numbers of events are the printed ones. Of several starts the one is kept that comes nearest to the print.

    Parameters
    ----------
    fit
        Posterior given the print.
    replicates
        Number of data sets.
    seed
        Seed of the choice of draws and of the starts.

    Raises
    ------
    AnalysisError
        If less than one data set is asked for, or more than there are draws.
    """
    job = fit.job
    problem, summaries = job.printed.problem(job.entered, job.grid), job.printed.summaries
    points = fit.tree["agreement"]["point"].transpose("chain", "draw", "variable").to_numpy().astype(np.float64)
    latent = points.reshape(-1, points.shape[-1])[:, : problem.parameters]
    if not 1 <= replicates <= len(latent):
        raise AnalysisError(f"expected from 1 to {len(latent)} data sets, one for a posterior draw, got {replicates}")
    rng = np.random.default_rng(seed)
    arm = np.repeat(np.array([0, 1], dtype=np.int8), summaries.totals)
    low, high, scale = (
        np.array([getattr(target, name) for target in summaries.targets]) for name in ("low", "high", "scale")
    )
    kept, misses = [], []
    for place in rng.choice(len(latent), replicates, replace=False):
        seen = problem.followed(latent[place])
        drawn = [_patients(seen, problem.cells, summaries.totals, summaries.events, rng) for _ in range(TRIED)]
        several = PatientData(
            endpoint=summaries.endpoint,
            arms=summaries.arms,
            arm=arm,
            time=np.array([time for time, _ in drawn])[None],
            event=np.array([event for _, event in drawn])[None],
            unit=summaries.unit,
            origin="summaries",
        )
        values = replicate_statistics(several, summaries.targets)[0]
        with np.errstate(invalid="ignore"):  # both of a level that is not reached are infinite
            missed = np.maximum(np.maximum(low - values, values - high), 0.0) / scale
        missed = np.where(np.isnan(missed), 0.0, missed)
        best = int(np.argmin(np.square(np.minimum(missed, FARTHEST)).sum(axis=1)))
        kept.append(drawn[best])
        misses.append(missed[best])
    data = PatientData(
        endpoint=summaries.endpoint,
        arms=summaries.arms,
        arm=arm,
        time=np.array([time for time, _ in kept])[None],
        event=np.array([event for _, event in kept])[None],
        unit=summaries.unit,
        origin="summaries",
    )
    return PseudoPatients(
        data=data, numbers=tuple(target.text for target in summaries.targets), misfit=np.array(misses)
    )


def _patients(
    seen: Followed,
    cells: Cells,
    totals: tuple[int, int],
    events: tuple[int | None, int | None],
    rng: np.random.Generator,
) -> tuple[Floats, NDArray[np.bool_]]:
    """Times and events of both arms."""
    times, happened = [], []
    for arm, (total, known) in enumerate(zip(totals, events, strict=True)):
        share = np.asarray(seen.events[arm])
        number = round(total * float(share.sum())) if known is None else known
        ended = np.append(np.asarray(seen.ended[arm]), seen.edges[arm, -1])
        for count, shares, event in ((number, share, True), (total - number, ended, False)):
            times.append(_evenly(count, shares, cells.edges, rng))
            happened.append(np.full(count, event))
    return np.concatenate(times), np.concatenate(happened)


def _evenly(count: int, share: Floats, edges: Floats, rng: np.random.Generator) -> Floats:
    """Times at equal steps of a distribution by cell, the rest beyond the cells at the end; from a random start."""
    places = (np.arange(count) + rng.random()) / max(count, 1) * share.sum()
    reached = np.concatenate([[0.0], np.cumsum(share[: edges.size - 1])])
    return np.interp(places, reached, edges)
