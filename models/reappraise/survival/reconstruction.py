"""A reconstruction as a job: planned with a digest of everything it depends on, run, and stored like a posterior."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from reappraise.core.errors import AnalysisError
from reappraise.core.prior import hazard_ratio_priors
from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.job import Advance, StoredJob
from reappraise.fits.sampling import Effort, derived_seed, settings_with
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.curve_not_kept import CurveNotKeptError
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.pseudo_ipd.published import summaries_of
from reappraise.survival.pseudo_ipd.quality import judge
from reappraise.survival.pseudo_ipd.reconstruct import Misses, NotFoundError, reaches
from reappraise.survival.pseudo_ipd.reconstruct import reconstruct as draw_replicates
from reappraise.survival.pseudo_ipd.summaries import Estimators, Summaries
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.reconstructed import ReconstructedData

INTERVALS = 10
"""Intervals of constant hazard."""
STEPS = 1000
"""Steps that the progress of a reconstruction is told in."""
LARGEST_R_HAT = 1.06
"""Above it the chains of a reconstruction do not agree on what the data are."""
FEWEST = 50.0
"""Effective replicates of the feature that mixes worst, such as how many were censored by some time: features that
hardly bear on the hazards. What is reported is judged by the fit, more strictly (`diagnose.ENSEMBLE`)."""


MORE_REPLICATES = "keep more reconstructions (replicates of Effort, --replicates)"
LONGER_SEARCH = "search for longer (patience of Effort)"
FEWEST_STARTS = 2
"""Chains with a start of their own: R-hat cannot tell one chain from the others that went on from it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Estimators that the publication may have used, and whether data give back the printed numbers under them.

    Parameters
    ----------
    estimators
        In words.
    reached
        Whether data were found.
    missed
        What the nearest data of a short search miss; empty if nothing.
    """

    estimators: str
    reached: bool
    missed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconstructionJob(StoredJob):
    """Individual data to be reconstructed.

    Parameters
    ----------
    summaries, prior
        What was printed, and the prior on the hazards as it enters: mirrored already where the event is good.
    effort, seed
        How much to sample, and the root seed.
    try_estimators
        Whether a short search is made under each other estimator that the publication may have used.
    """

    layout = "reappraise reconstruction 3"

    summaries: Summaries
    prior: HazardPrior
    effort: Effort
    seed: int
    try_estimators: bool = False

    @property
    def grid(self) -> Grid:
        """Intervals of equal length: event times, at whose quantiles they could be cut, are not known."""
        return Grid.regular(INTERVALS, self.summaries.horizon)

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.summaries.endpoint}.reconstruction.{self.prior.effect.name}"

    @property
    def made_by(self) -> str:
        """The search for data that keep all printed numbers."""
        return "reconstruction"

    @property
    def depends(self) -> dict[str, Any]:
        """What was printed, the prior, and how much is sampled; notes are words for people."""
        return {
            "summaries": {name: value for name, value in asdict(self.summaries).items() if name != "notes"},
            "prior": asdict(self.prior),
            "grid": asdict(self.grid),
            "effort": asdict(self.effort),
            "seed": self.seed,
            "try_estimators": self.try_estimators,
        }

    def run(self, advance: Advance | None = None) -> Replicates:
        """Reconstruct.

        Parameters
        ----------
        advance
            Told how far it has come.

        Raises
        ------
        UnreachableError
            If no data were found that keep all printed numbers; it says under which other estimators they were.
        """
        try:
            found = draw_replicates(
                self.summaries,
                prior=self.prior,
                grid=self.grid,
                seed=derived_seed(self.seed, self.name),
                effort=self.effort,
                progress=(lambda done: advance(round(STEPS * done), STEPS)) if advance else None,
            )
        except NotFoundError as error:
            tried = tuple((other, not missed) for other, missed in self._others())
            refused = CurveNotKeptError if self.summaries.origin == "curve" else NotFoundError
            raise refused(self.summaries, error.misses, tried) from None
        data = found.data
        lead = ("chain", "replicate")
        tree = xr.Dataset(
            {
                "time": (
                    (*lead, "patient"),
                    data.time,
                    {"unit": data.unit, "description": "time to event or censoring"},
                ),
                "event": ((*lead, "patient"), data.event.astype(np.int8), {"description": "1 event, 0 censored"}),
                "arm": (("patient",), data.arm, {"description": f"0 {data.arms[0]}, 1 {data.arms[1]}"}),
                "statistic": ((*lead, "target"), found.values, {"description": "what each printed number is here"}),
                "lowest": (("target",), [target.low for target in self.summaries.targets]),
                "highest": (("target",), [target.high for target in self.summaries.targets]),
            },
            coords={"target": [f"{target.text}: {target.statistic}" for target in self.summaries.targets]},
        )
        root = xr.DataTree.from_dict({"reconstruction": tree})
        root.attrs = {
            **self.provenance,
            "endpoint": self.summaries.endpoint,
            "estimators": self.summaries.estimators.text,
            "estimators_tried": json.dumps([asdict(item) for item in self._tried()]),
            "origin": self.summaries.origin,
            "notes": json.dumps(self.summaries.notes),
            "started_again": json.dumps(found.restarted),
            "prior_distribution": self.prior.text,
            "seed": self.seed,
        }
        return Replicates(job=self, tree=root)

    def _tried(self) -> Iterator[Tried]:
        yield Tried(self.summaries.estimators.text, reached=True, missed="")
        for other, missed in self._others():
            words = "; ".join(
                f"{target.text} {target.low:.4g} to {target.high:.4g}, nearest {value:.4g}" for target, value in missed
            )
            yield Tried(other.text, reached=not missed, missed=words)

    def _others(self) -> Iterator[tuple[Estimators, Misses]]:
        """Yield the other estimators, and what the nearest data of a short search under them miss."""
        for other in self.summaries.alternatives if self.try_estimators else ():
            seed = derived_seed(self.seed, self.name, other.text)
            try:
                missed = reaches(self.summaries.assuming(other), prior=self.prior, seed=seed)
            except AnalysisError:
                missed = ()  # data were found, if few: only numbers that no data keep are a miss
            yield other, missed

    def restore(self, tree: xr.DataTree) -> Replicates:
        """The replicates whose stored tree carries this job's digest."""
        self.require_own(tree)
        return Replicates(job=self, tree=tree)


@dataclass(frozen=True)
class Replicates:
    """Replicates of individual data, stored or just made.

    Parameters
    ----------
    job
        What was asked.
    tree
        Times and events of every patient in every replicate.
    """

    job: ReconstructionJob
    tree: xr.DataTree = field(repr=False)

    @cached_property
    def data(self) -> ReconstructedData:
        """The replicates as patients' data, which know what they were drawn under."""
        stored = self.tree["reconstruction"].to_dataset()
        return ReconstructedData(
            endpoint=self.job.summaries.endpoint,
            arms=self.job.summaries.arms,
            arm=np.asarray(stored["arm"].values, dtype=np.int8),
            time=np.asarray(stored["time"].values, dtype=np.float64),
            event=np.asarray(stored["event"].values, dtype=np.bool_),
            unit=self.job.summaries.unit,
            origin=self.job.summaries.origin,
            prior=self.job.prior,
            grid=self.job.grid,
        )

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """Whether every printed number holds in every replicate, and the chains agree.

        A chain that found no data of its own went on from what another held, and agrees with it from then on: R-hat is
        also that of the other chains alone, of which there have to be two.
        """
        stored = self.tree["reconstruction"].to_dataset()
        values = np.asarray(stored["statistic"])
        missed = [
            target.text
            for place, target in enumerate(self.job.summaries.targets)
            if max(target.miss(float(values[..., place].min())), target.miss(float(values[..., place].max()))) > 0
        ]
        restarted = tuple(json.loads(self.tree.attrs["started_again"]))
        quality = judge(self.data, restarted)
        most = self.data.chains - FEWEST_STARTS
        which = f"chains {', '.join(map(str, restarted))}" if restarted else "none"
        r_hat, effective = quality.worst_r_hat, quality.effective_replicates
        worst = quality.features[int(np.argmax(quality.r_hat))] if quality.features else "nothing varies"
        slowest = quality.features[int(np.argmin(quality.effective))] if quality.features else "nothing varies"
        return Diagnosis(
            (
                Check("printed numbers missed", len(missed), 0, "; ".join(missed) or "none", not missed, LONGER_SEARCH),
                Check("chains started again", len(restarted), most, which, len(restarted) <= most, LONGER_SEARCH),
                Check("R-hat", r_hat, LARGEST_R_HAT, worst, r_hat <= LARGEST_R_HAT, MORE_REPLICATES),
                Check("effective replicates", effective, FEWEST, slowest, effective >= FEWEST, MORE_REPLICATES),
            )
        )

    @property
    def tried(self) -> tuple[Tried, ...]:
        """The estimators that were tried."""
        return tuple(Tried(**item) for item in json.loads(self.tree.attrs["estimators_tried"]))

    @property
    def converged(self) -> bool:
        """Whether the replicates passed their diagnostics."""
        return self.diagnosis.converged


def widest_prior(summaries: Summaries) -> HazardPrior:
    """The prior that a reconstruction is drawn under, so that it serves every named one."""
    effect = max(hazard_ratio_priors(), key=lambda prior: prior.sd)
    return HazardPrior(effect=effect, median=summaries.horizon / 2)


def reconstruct(
    target: TrialEndpoint[SurvivalEndpoint] | Summaries,
    *,
    prior: HazardPrior | None = None,
    seed: int | None = None,
    effort: Effort | None = None,
    progress: Advance | None = None,
) -> Replicates:
    """Reconstruct individual data from what was printed about an endpoint.

    Parameters
    ----------
    target
        Survival endpoint of a trial, or summaries.
    prior
        Prior on the hazards, for events that are bad; of a trial's endpoint whose events are good the effect is
        mirrored, as `fit_survival` does with ``better="lower"``. Summaries do not say which they are: their prior is
        taken as it is. By default the widest named prior, with a median survival of half the follow-up: fits under
        narrower ones weight the replicates, and wider ones are refused.
    seed
        Root seed; without one, a seed is generated and recorded.
    effort
        How much to sample.
    progress
        Told how far it has come.

    Returns
    -------
    Replicates
        Its ``data`` is what `fit_survival` takes.

    Raises
    ------
    UnreachableError
        If no data were found that keep all printed numbers; it names them.

    Examples
    --------
    >>> import reappraise as ra
    >>> trial = ra.load_trial("isatuximab-dexamethasone")
    >>> replicates = ra.reconstruct(trial["pfs"], seed=1)  # doctest: +SKIP
    >>> fit = ra.fit_survival(replicates.data, seed=1)  # doctest: +SKIP
    """
    summaries = target if isinstance(target, Summaries) else summaries_of(target)
    trial = None if isinstance(target, Summaries) else target.trial
    given = prior or widest_prior(summaries)
    published = None if isinstance(target, Summaries) else target.published
    return ReconstructionJob(
        summaries=summaries,
        prior=given.held(published.better) if isinstance(published, SurvivalEndpoint) else given,
        effort=effort or Effort(),
        seed=settings_with(None, seed).seed,
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    ).run(progress)
