"""A fit of printed subgroups: the effect in each level of a factor, and how far the levels lie apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import exp
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.diagnose import Diagnosis
from reappraise.fits.fit import Fit
from reappraise.fits.job import FitJob
from reappraise.fits.layout import Axis, Variable
from reappraise.fits.model import Data, Draws, Floats
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.fits.summary import Make
from reappraise.fits.words import Attributes, contrasted
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.classical import OWN_NOISE, OWN_SHIFT, addition
from reappraise.survival.subgroups.estimands import ALIKE, PRINTED, VARIABLES, named, report
from reappraise.survival.subgroups.model import LEAST_WIDTH, PRINTED_SUBGROUPS, PrintedSubgroups
from reappraise.survival.subgroups.reading import subgroups_of
from reappraise.survival.subgroups.table import SubgroupTable


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupJob(FitJob[PrintedSubgroups, LogRatioPrior, "SubgroupFit"]):
    """One posterior of the subgroups by one factor to be computed.

    Parameters
    ----------
    table
        What was printed; prior on the log hazard ratio of events that are bad, settings and trial are those of every
        `FitJob`.
    width
        Levels that the model is compiled for, at least those of the factor.
    """

    layout = "reappraise printed subgroups posterior 1"

    table: SubgroupTable
    width: int = LEAST_WIDTH
    model: PrintedSubgroups = PRINTED_SUBGROUPS

    def __post_init__(self) -> None:
        """Refuse what the model cannot take, before anything is sampled."""
        if getattr(self.prior, "kind", "") != "hazard":
            raise AnalysisError(
                f"{self.table.endpoint}: expected a prior on the log hazard ratio, got "
                f"{getattr(self.prior, 'name', self.prior)!r}"
            )
        if self.table.timing != "baseline":
            raise UndeterminedError(
                f"{self.table.endpoint}, {self.table.factor}: the factor was determined after randomisation, so that "
                "ratios of its levels are no effects of treatment; they stand as printed"
            )
        if self.width < len(self.table.levels):
            raise AnalysisError(
                f"{self.table.endpoint}, {self.table.factor}: expected a width of {len(self.table.levels)} levels or "
                f"more, got {self.width}"
            )

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.table.endpoint}.{self.table.factor}.{self.model.name}.{self.prior.name}"

    @property
    def title(self) -> str:
        """Endpoint, factor, model and prior in a line."""
        table = self.table
        return (
            f"{table.label} by {table.factor_label}, {self.model.label}, prior {self.prior.label}: {self.entered.text}"
        )

    @property
    def entered(self) -> LogRatioPrior:
        """The prior as it enters: mirrored where the event is good."""
        return self.prior if self.table.better == "higher" else self.prior.mirrored()

    @property
    def depends(self) -> dict[str, Any]:
        """Numbers as printed, arms, direction, model, prior, settings and width; not the words for people."""
        table = self.table
        return {
            "endpoint": table.endpoint,
            "factor": table.factor,
            "arms": table.arms,
            "levels": [(level.key, level.log_ratio, level.standard_error, level.basis) for level in table.levels],
            "whole": (table.whole, table.whole_error),
            "better": table.better,
            "plan": asdict(table.plan),
            "alike": ALIKE,
            "discrepancy": (OWN_NOISE, OWN_SHIFT),
            "model": asdict(self.model),
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "width": self.width,
        }

    @property
    def described(self) -> Attributes:
        """Endpoint, factor, arms, what is printed, and how it was read."""
        table = self.table
        return {
            "endpoint": table.endpoint,
            "factor": table.factor,
            "timing": table.timing,
            "better": table.better,
            **contrasted(table.arms, ", of hazards"),
            "data_origin": "printed hazard ratios of subgroups and of all patients",
            "printed": json.dumps({level.key: level.printed for level in table.levels}),
            "printed_whole": table.whole_printed,
            "printed_source": table.source,
            "events": json.dumps({level.key: level.events for level in table.levels}),
            "adds_up": self.adds_up,
            "notes": json.dumps(table.notes),
        }

    @property
    def adds_up(self) -> str:
        """Whether the levels add up to the whole, in words; empty where print leaves it open."""
        found = addition(self.table)
        if found is None:
            return ""
        said = "add up" if found.holds else "do not add up"
        whole, average = exp(found.whole), exp(found.average)
        return (
            f"levels {said} to all patients: hazard ratio {whole:.3g} against {average:.3g} of the levels together, "
            f"predictive p {found.p:.2g}"
        )

    @property
    def how(self) -> str:
        """What the likelihood is of, and what it rests on."""
        found = addition(self.table)
        warned = f"; {self.adds_up}" if found is not None and not found.holds else ""
        notes = "".join(f"; {note}" for note in self.table.notes)
        return (
            "; normal likelihood of the printed hazard ratios of disjoint levels, whose effects share a prior; all "
            f"patients together are made of them and count once{warned}{notes}"
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Levels that the model is compiled for."""
        return (self.width,)

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Levels without the padding, and what is printed."""
        table = self.table
        shown = [(key, place) for place, (key, here) in enumerate(zip(table.keys, table.shown, strict=True)) if here]
        if table.whole is not None:
            shown.append((WHOLE, self.width))
        return {
            "level": Axis(table.keys),
            "printed": Axis([key for key, _ in shown], tuple(place for _, place in shown)),
        }

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Effects on both scales, their spread, and what was printed."""
        return VARIABLES

    @property
    def likelihood(self) -> Mapping[str, tuple[str, ...]]:
        """The printed ratios."""
        return {"log_ratio": PRINTED}

    def data(self) -> Data:
        """What was printed, and the numbers of the prior."""
        return self.model.data(self.table, self.entered, self.width)

    def estimands(self, draws: Draws, data: Data, rng: np.random.Generator, *, posterior: bool) -> dict[str, Floats]:
        """Effects of levels and their average on both scales, and how far they lie apart."""
        effect, weight, error = self.model.complete(draws, data, rng, posterior=posterior)
        found = named(effect, weight, levels=len(self.table.levels))
        return {"effect": draws["effect"], "interaction_sd": draws["interaction_sd"], **found, "standard_error": error}

    def predict(self, found: Draws, data: Data, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """What trials like this one would print."""
        printed = self.model.predict(found["level_effect"], found["weight"], found["standard_error"], data, rng)
        return {"log_ratio": printed}

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield the hazard ratio of each level with how probable benefit is, the average, and how far levels differ."""
        yield from report(tree["posterior"].to_dataset(), self.table, make, level=self.sampling.level)

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> SubgroupFit:
        """The fit that has this tree and verdict."""
        return SubgroupFit(job=self, tree=tree, diagnosis=diagnosis)


@dataclass(frozen=True)
class SubgroupFit(Fit[SubgroupJob]):
    """A posterior of printed subgroups with its verdict."""


def trial_width(trial: Trial) -> int:
    """Levels that every subgroup model of a trial is compiled for."""
    levels = [len(factor.levels) + 1 for item in trial.of(SurvivalEndpoint) for factor in item.published.factors]
    return max([LEAST_WIDTH, *levels])


def fit_survival_subgroups(
    target: TrialEndpoint[SurvivalEndpoint] | SubgroupTable,
    *,
    by: str = "",
    prior: str | LogRatioPrior = "reference",
    sampling: Sampling | None = None,
    seed: int | None = None,
) -> SubgroupFit:
    """Fit the effects in the levels of a subgroup factor, from the hazard ratios that a forest plot prints.

    Parameters
    ----------
    target
        A time-to-event endpoint of a trial, or its subgroups as read.
    by
        Key of the factor; needed with an endpoint.
    prior
        Name of a prior on the log hazard ratio, or such a prior, of events that are bad: it is mirrored where the
        event is good.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.

    Raises
    ------
    UndeterminedError
        If print leaves open what the effects of the levels are.
    AnalysisError
        If there is no such factor or prior, or the prior is on another ratio.
    """
    if not isinstance(target, TrialEndpoint | SubgroupTable):
        raise AnalysisError(
            f'expected an endpoint such as trial["survival"], or a SubgroupTable; got {type(target).__name__}'
        )
    trial = target.trial if isinstance(target, TrialEndpoint) else None
    table = subgroups_of(target, by) if isinstance(target, TrialEndpoint) else target
    job = SubgroupJob(
        table=table,
        prior=table.plan.named(prior),
        sampling=settings_with(sampling, seed),
        width=trial_width(trial) if trial else max(LEAST_WIDTH, len(table.levels)),
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    )
    return job.run()
