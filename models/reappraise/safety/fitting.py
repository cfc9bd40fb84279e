"""A fit of adverse events: planned as a job with a digest of everything it depends on, then run, always diagnosed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from typing import Any

import xarray as xr

from reappraise.bayes.adverse_events import EVENT_MODELS, EventModel
from reappraise.bayes.event_prior import BERRY_BERRY, EventPrior
from reappraise.diagnose import Diagnosis
from reappraise.endpoints import AdverseEventsEndpoint
from reappraise.endpoints.event_table import EventKind, EventTable, Grade
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.nuts import compile_model, draw
from reappraise.posterior import Attributes, Posterior, PosteriorJob, contrasted, settings_with
from reappraise.safety.estimands import report
from reappraise.safety.flagged import Direction, FlaggedTerms, flagged_terms
from reappraise.safety.precision import contrast_precision
from reappraise.safety.selection import selection_note
from reappraise.safety.tables import tables_of
from reappraise.safety.tree import build_tree, scalars
from reappraise.sampling import Sampling
from reappraise.trial import TrialEndpoint

KEPT = 3
"""Kept draws for each draw of the settings: with one, limits of the rarest events are imprecise by chance."""
ERROR_RATE = 0.10
"""Mean posterior probability of error that flagged terms keep."""


@cache
def compiled(model: EventModel, terms: int, systems: int) -> Any:
    """The compiled model for that shape: once per process, several seconds."""
    return compile_model(model.build(terms, systems))


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyJob(PosteriorJob):
    """One posterior of adverse events to be computed.

    Parameters
    ----------
    table, model, prior
        Counts, model and prior; settings and trial are those of every `PosteriorJob`.
    width
        Terms and body systems that the model is compiled for, where those are more than the table's: tables of one
        width share one compilation.
    """

    layout = "reappraise adverse events posterior 1"

    table: EventTable
    model: EventModel
    prior: EventPrior = BERRY_BERRY
    width: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        grade = "grade-3" if self.table.grade == "3+" else "any-grade"
        return f"{self.table.key}.{grade}.{self.model.name}.{self.prior.name}"

    @property
    def shape(self) -> tuple[int, int]:
        """Terms and body systems that the model is compiled for."""
        return max(self.width[0], len(self.table.terms)), max(self.width[1], len(self.table.body_systems))

    @property
    def _depends(self) -> dict[str, Any]:
        return {
            "table": asdict(self.table),
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "kept": KEPT,
            "thinned": self.model.thinned,
            "shape": self.shape,
        }

    def run(self) -> SafetyFit:
        """Sample, assemble and diagnose."""
        seed, rng = self._randomness()
        terms, systems = self.shape
        data = self.model.data(self.table, self.prior, terms=terms, systems=systems)
        longer = replace(self.sampling, draws=KEPT * self.model.thinned * self.sampling.draws)
        sampled = draw(compiled(self.model, terms, systems), data, longer, seed)
        tree = build_tree(self.model, self.table, data, sampled, rng)
        named, reported = scalars(tree)
        diagnosis = self._judge(named, reported=reported, statistics=sampled.statistics)
        precision = contrast_precision(
            tree["posterior"].to_dataset(), level=self.sampling.level, most=self.sampling.thresholds.relative_error
        )
        diagnosis = Diagnosis((*diagnosis.checks, precision))
        tree.attrs = self._attributes(diagnosis)
        return SafetyFit(job=self, tree=tree, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> SafetyFit:
        """The fit whose stored tree carries this job's digest."""
        return SafetyFit(job=self, tree=tree, diagnosis=self._stored_diagnosis(tree))

    @property
    def _described(self) -> Attributes:
        table = self.table
        return {
            "endpoint": table.endpoint,
            "kind": table.kind,
            "grade": table.grade,
            "population": table.population,
            "better": "lower",
            "reporting_threshold_percent": json.dumps(table.reporting_threshold_percent),
            "note": selection_note(table),
            **contrasted(table.arms),
            "model": self.model.name,
            "model_formula": self.model.formula,
            "prior": self.prior.name,
            "prior_distribution": self.prior.text,
            "prior_rationale": self.prior.rationale,
        }


@dataclass(frozen=True)
class SafetyFit(Posterior[SafetyJob]):
    """A posterior of adverse events with its verdict."""

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; a failed verdict stands in the method of each."""
        job = self.job
        posterior = self.tree["posterior"].to_dataset()
        return tuple(
            report(
                posterior, job.table, model=job.model.name, prior=job.prior.name, method=self._method(),
                level=job.sampling.level,
            )
        )  # fmt: skip

    def flagged(self, *, error_rate: float = ERROR_RATE, direction: Direction = "increase") -> FlaggedTerms:
        """Every term, and which stand out at a posterior error rate and by Fisher's test.

        Parameters
        ----------
        error_rate
            Mean posterior probability of error that the flagged terms keep.
        direction
            Whether terms are looked for that the experimental arm has more of, or less.

        Raises
        ------
        AnalysisError
            If the rate is not in 0 to 1.
        """
        ratio = self.tree["posterior"]["odds_ratio"].transpose("chain", "draw", "term").values
        holds = ratio > 1 if direction == "increase" else ratio < 1
        return flagged_terms(
            holds.mean(axis=(0, 1)).tolist(), self.job.table, model=self.job.model.name, error_rate=error_rate,
            direction=direction,
        )  # fmt: skip

    def _repr_html_(self) -> str:
        job = self.job
        title = (
            f"{job.table.key}, grade {job.table.grade}, {job.model.label}, prior {job.prior.label}: {job.prior.text}"
        )
        return self._table(title, "term", lambda item: item.item)


def fit_adverse_events(
    target: TrialEndpoint[AdverseEventsEndpoint] | EventTable,
    *,
    grade: Grade = "any",
    kind: EventKind = "terms",
    model: str | EventModel = "three-level",
    prior: EventPrior = BERRY_BERRY,
    sampling: Sampling | None = None,
    seed: int | None = None,
) -> SafetyFit:
    """Fit one model of adverse events to one table.

    Parameters
    ----------
    target
        Endpoint of a trial, or counts.
    grade, kind
        Of a trial's endpoint: any grade or 3 and higher; terms, totals of body systems, or laboratory values.
    model
        Name of a model, or a model: "three-level", or "three-level-point-mass" where terms may have no effect at all.
    prior
        What is believed beforehand.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.

    Raises
    ------
    AnalysisError
        If the data cannot answer the request.

    Examples
    --------
    >>> import reappraise as ra
    >>> trial = ra.load_trial("isatuximab-dexamethasone")
    >>> fit = ra.fit_adverse_events(trial["teae"], grade="3+", seed=1)  # doctest: +SKIP
    """
    settings = settings_with(sampling, seed)
    known = {item.name: item for item in EVENT_MODELS}
    chosen = known.get(model) if isinstance(model, str) else model
    if chosen is None:
        raise AnalysisError(f"unknown model {model!r}; expected one of {', '.join(known)}")
    if isinstance(target, EventTable):
        job = SafetyJob(table=target, model=chosen, prior=prior, sampling=settings)
        return job.run()
    if not isinstance(target, TrialEndpoint):
        raise AnalysisError(
            f'expected an endpoint such as trial["teae"], or an EventTable; got {type(target).__name__}'
        )
    tables = tables_of(target)
    found = next((table for table in tables if (table.kind, table.grade) == (kind, grade)), None)
    if found is None:
        held = "; ".join(f"{table.kind}, {table.grade}" for table in tables)
        raise AnalysisError(f"{target.published.key} has no table of {kind}, {grade}; it has {held}")
    trial = target.trial
    job = SafetyJob(
        table=found, model=chosen, prior=prior, sampling=settings, width=common_width(tables),
        trial=trial.key, trial_digest=trial.digest,
    )  # fmt: skip
    return job.run()


def common_width(tables: tuple[EventTable, ...]) -> tuple[int, int]:
    """Terms and body systems that hold every table."""
    return max(len(table.terms) for table in tables), max(len(table.body_systems) for table in tables)
