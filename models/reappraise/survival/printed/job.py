"""One posterior of hazards given the print: planned, sampled, stored and judged through the frame."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr

from reappraise.core.arms import WHOLE, Better
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.fit import Fit
from reappraise.fits.job import Advance
from reappraise.fits.machine_code import compiled
from reappraise.fits.nuts import Compiled, Sampled
from reappraise.fits.sampling import ACCEPT, Sampling, settings_with
from reappraise.fits.summary import Make
from reappraise.fits.words import Attributes, contrasted
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.answers import report
from reappraise.survival.hazard import HazardPrior, hazard_prior
from reappraise.survival.hazard_job import HazardJob
from reappraise.survival.plan import UNPLANNED
from reappraise.survival.printed.misfit import Misfit, misfit_at, misfit_of
from reappraise.survival.printed.model import PRINTED, PRINTED_PROPORTIONAL, PrintData, PrintedSurvival
from reappraise.survival.printed.published import Print, print_of
from reappraise.survival.printed.tree import build_print_tree
from reappraise.survival.printed.ways import sample_ways, ways
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.tree import tree_answers

SO_FAR_APART: Final = "probability of printed numbers so far apart"
IMPOSSIBLE: Final = 1e-4
"""Joint probability of printed numbers below which they contradict each other."""
CONTRADICTORY: Final = 1e-8
"""The same at the parameters that fit best, below which nothing is sampled."""
CORRECT: Final = "check this number in the source, or leave it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedJob(HazardJob[PrintedSurvival, PrintData, "PrintedFit"]):
    """One posterior of hazards given the print, to be computed.

    Parameters
    ----------
    printed
        What was printed.
    model
        With a hazard ratio that may change with time, or without.
    grid, prior, sampling, horizons, landmarks, better
        As of every `HazardJob`; the prior for events that are bad.
    """

    layout = "reappraise printed survival posterior 3"

    printed: Print
    model: PrintedSurvival = PRINTED

    def __post_init__(self) -> None:
        """Refuse what no answer can be given to, before anything is sampled."""
        self.require_answerable(PRINTED_PROPORTIONAL.name)

    @property
    def endpoint(self) -> str:
        """Key of the endpoint."""
        return self.printed.summaries.endpoint

    @property
    def unit(self) -> str:
        """Unit of time."""
        return self.printed.summaries.unit

    @property
    def arms(self) -> tuple[str, str]:
        """Keys of control and experimental arm."""
        return self.printed.summaries.arms

    @property
    def totals(self) -> tuple[int, int]:
        """Patients of control and experimental arm."""
        return self.printed.summaries.totals

    @property
    def origin(self) -> str:
        """What is known."""
        return "printed numbers"

    @property
    def shape(self) -> tuple[int, ...]:
        """Intervals."""
        return (self.grid.intervals,)

    @property
    def compiled(self) -> Compiled:
        """One compilation serves proportional hazards and others."""
        return compiled(PRINTED, self.shape)

    @property
    def depends(self) -> dict[str, Any]:
        """Print, questions, model, prior and settings; notes are words for people."""
        summaries = {name: value for name, value in asdict(self.printed.summaries).items() if name != "notes"}
        return {
            "summaries": summaries,
            "rows": [asdict(row) for row in self.printed.rows],
            "better": self.better,
            "plan": asdict(self.plan),
            "grid": asdict(self.grid),
            "landmarks": self.landmarks,
            "horizons": self.horizons,
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
        }

    @property
    def described(self) -> Attributes:
        """Endpoint, arms, origin of the data, and intervals."""
        return {
            "endpoint": self.endpoint,
            "factor": WHOLE,
            "better": self.better,
            **contrasted(self.arms),
            "unit": self.unit,
            "data_origin": self.origin,
            "cuts": json.dumps(self.grid.cuts),
            "horizon": self.grid.horizon,
            "notes": json.dumps(self.printed.summaries.notes),
        }

    @property
    def how(self) -> str:
        """On what."""
        return f" on the likelihood of {len({row.text for row in self.printed.rows})} printed numbers"

    def data(self) -> PrintData:
        """The print, its whitening and the numbers of the prior.

        Raises
        ------
        AnalysisError
            If the printed numbers contradict each other whatever the parameters: sampling would take minutes to say so.
        """
        problem = self.printed.problem(self.entered, self.grid)
        data = self.model.data(problem)
        found = misfit_at(problem, data)
        if found.joint < CONTRADICTORY:
            raise AnalysisError(
                f"{self.endpoint}: the printed numbers contradict each other: even the parameters that fit them best "
                f"would give numbers so far apart in fewer than 1 of {1 / CONTRADICTORY:,.0f} trials. What fits the "
                f"others worst: {found.worst}. Check it in the source, or leave it out"
            )
        return data

    @property
    def first(self) -> Sampling:
        """Small steps.

        Where next to nothing is printed about follow-up, losses and the earliest data cutoff stand for each other along
        a curved ridge.
        """
        return replace(self.sampling, target_accept=max(self.sampling.target_accept, ACCEPT[0]))

    def again(self, sampling: Sampling, diagnosis: Diagnosis) -> Sampling | None:
        """Whatever was asked for: what is printed may leave ridges that nobody can foresee."""
        return sampling.after(diagnosis, self.sampling)

    def draw(self, data: PrintData, sampling: Sampling, seed: int, advance: Advance | None) -> Sampled:  # noqa: ARG002
        """Sample the posterior, way by way where the ways to the median follow-up lie apart."""
        found = ways(self.model, self.printed.problem(self.entered, self.grid), data)
        return sample_ways(self.model, self.compiled, found, data, sampling, seed)

    def assemble(self, data: PrintData, sampled: Sampled, rng: np.random.Generator) -> xr.DataTree:
        """All groups of the file."""
        problem = self.printed.problem(self.entered, self.grid)
        return build_print_tree(self.model, self.labels, problem, data, sampled, rng)

    def checks(self, tree: xr.DataTree) -> Iterator[Check]:
        """Yield whether the printed numbers can come from one trial."""
        found = misfit_of(tree)
        yield Check(
            SO_FAR_APART, found.joint, IMPOSSIBLE, found.words,
            found.joint >= IMPOSSIBLE, CORRECT,
        )  # fmt: skip

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield the answers."""
        make = partial(make, endpoint=self.endpoint)
        found = tree_answers(tree, self.labels)[WHOLE]
        yield from report(found, self.labels.questions, make, population=WHOLE, level=self.sampling.level)

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> PrintedFit:
        """The fit that has this tree and verdict."""
        return PrintedFit(job=self, tree=tree, diagnosis=diagnosis)


@dataclass(frozen=True)
class PrintedFit(Fit[PrintedJob]):
    """A posterior of hazards given the print, with its verdict."""

    @property
    def misfit(self) -> Misfit:
        """How far the printed numbers lie from what any parameters give."""
        return misfit_of(self.tree)

    @property
    def readings(self) -> Mapping[str, float]:
        """Probability of each way in which the publication may have come to its numbers."""
        found = self.tree["agreement"]["reading_probability"].mean(("chain", "draw"))
        return {str(one["reading"].item()): float(one) for one in found.transpose("reading")}


def fit_printed_survival(
    target: TrialEndpoint[SurvivalEndpoint] | Summaries,
    *,
    prior: str | LogRatioPrior | HazardPrior = "reference",
    model: PrintedSurvival = PRINTED,
    landmarks: tuple[float, ...] = (),
    horizon: float | None = None,
    sampling: Sampling | None = None,
    seed: int | None = None,
    better: Better | None = None,
    progress: Advance | None = None,
) -> PrintedFit:
    """Fit survival of two arms to what was printed about them.

    Parameters
    ----------
    target
        Survival endpoint of a trial, or summaries.
    prior
        Name of a prior on the log hazard ratio, such a prior, or all that is believed about the hazards. But for the
        last, the median of the level's prior is half the follow-up.
    model
        With a hazard ratio that may change with time, or without.
    landmarks
        Times of survival probabilities.
    horizon
        Time that restricted means go to; by default the latest printed time.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.
    better
        "higher" where a longer time is good, "lower" where the event is; by default as the endpoint says.
    progress
        Told how far it has come.

    Raises
    ------
    AnalysisError
        If too little is printed, or what cannot be.
    """
    printed = print_of(target)
    plan = UNPLANNED if isinstance(target, Summaries) else target.published.plan
    own: Better = "higher" if isinstance(target, Summaries) else target.published.better
    trial = None if isinstance(target, Summaries) else target.trial
    return PrintedJob(
        printed=printed,
        grid=printed.grid,
        model=model,
        prior=hazard_prior(plan.named(prior), median=printed.grid.horizon / 2),
        sampling=settings_with(sampling, seed),
        horizons=(min(printed.reach, printed.grid.horizon) if horizon is None else horizon,),
        landmarks=tuple(sorted(landmarks)),
        better=better or own,
        plan=plan,
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    ).run(progress)
