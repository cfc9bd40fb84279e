"""A fit of adverse events: planned as a job with a digest of everything it depends on, then run, always diagnosed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from html import escape
from typing import Any

import numpy as np
import xarray as xr

from reappraise.bayes.adverse_events import EVENT_MODELS, EventModel
from reappraise.bayes.event_prior import BERRY_BERRY, EventPrior
from reappraise.diagnose import Check, Diagnosis, diagnose
from reappraise.endpoints.event_table import EventKind, EventTable, Grade
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.nuts import compile_model, draw
from reappraise.safety.estimands import report
from reappraise.safety.flagged import Direction, FlaggedTerms, flagged_terms
from reappraise.safety.precision import contrast_precision
from reappraise.safety.selection import selection_note
from reappraise.safety.tables import tables_of
from reappraise.safety.tree import build_tree, scalars
from reappraise.sampling import Sampling, derived_seed, versions
from reappraise.trial import TrialEndpoint

FORMAT = "reappraise adverse events posterior 1"
"""Version of the layout of posterior files; part of every digest."""
KEPT = 3
"""Kept draws for each draw of the settings: with one, limits of the rarest events are imprecise by chance."""
ERROR_RATE = 0.10
"""Mean posterior probability of error that flagged terms keep."""


@cache
def compiled(model: EventModel, terms: int, systems: int) -> Any:
    """The compiled model for that shape: once per process, several seconds."""
    return compile_model(model.build(terms, systems))


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyJob:
    """One posterior of adverse events to be computed.

    Parameters
    ----------
    table, model, prior, sampling
        Counts, model, prior and settings; the settings hold the root seed.
    width
        Terms and body systems that the model is compiled for, where those are more than the table's: tables of one
        width share one compilation.
    trial, trial_digest
        Key and digest of the trial that the counts come from; empty for counts of no trial file.
    """

    table: EventTable
    model: EventModel
    prior: EventPrior = BERRY_BERRY
    sampling: Sampling
    width: tuple[int, int] = (0, 0)
    trial: str = ""
    trial_digest: str = ""

    def __post_init__(self) -> None:
        """Refuse settings without a seed: nothing could be repeated."""
        if self.sampling.seed is None:
            raise ValueError("a job needs a seed; use Sampling.seeded()")

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
    def inputs(self) -> dict[str, Any]:
        """Everything that the posterior depends on."""
        return {
            "format": FORMAT,
            "trial": self.trial,
            "trial_digest": self.trial_digest,
            "table": asdict(self.table),
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "kept": KEPT,
            "thinned": self.model.thinned,
            "shape": self.shape,
            "versions": versions(),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the inputs: equal digests mean the same posterior."""
        return hashlib.sha256(json.dumps(self.inputs, sort_keys=True).encode()).hexdigest()

    def run(self) -> SafetyFit:
        """Sample, assemble and diagnose."""
        seed = derived_seed(self.sampling.seed or 0, self.name)
        terms, systems = self.shape
        data = self.model.data(self.table, self.prior, terms=terms, systems=systems)
        longer = replace(self.sampling, draws=KEPT * self.model.thinned * self.sampling.draws)
        sampled = draw(compiled(self.model, terms, systems), data, longer, seed)
        rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
        tree = build_tree(self.model, self.table, data, sampled, rng)
        named, reported = scalars(tree)
        diagnosis = diagnose(
            named,
            reported=reported,
            diverging=sampled.statistics["diverging"],
            energy=sampled.statistics["energy"],
            thresholds=self.sampling.thresholds,
            level=self.sampling.level,
        )
        precision = contrast_precision(
            tree["posterior"].to_dataset(), level=self.sampling.level, most=self.sampling.thresholds.relative_error
        )
        diagnosis = Diagnosis((*diagnosis.checks, precision))
        tree.attrs = self._attributes(diagnosis)
        return SafetyFit(job=self, tree=tree, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> SafetyFit:
        """The fit whose stored tree carries this job's digest."""
        if tree.attrs.get("inputs_digest") != self.digest:
            raise ValueError(f"{self.name}: the stored posterior belongs to other inputs")
        checks = json.loads(tree.attrs["diagnosis"])["checks"]
        return SafetyFit(job=self, tree=tree, diagnosis=Diagnosis(tuple(Check(**check) for check in checks)))

    def _attributes(self, diagnosis: Diagnosis) -> dict[str, str | int | float]:
        table = self.table
        return {
            "creator": "reappraise",
            "format": FORMAT,
            "trial": self.trial,
            "trial_digest": self.trial_digest,
            "endpoint": table.endpoint,
            "kind": table.kind,
            "grade": table.grade,
            "population": table.population,
            "better": "lower",
            "reporting_threshold_percent": json.dumps(table.reporting_threshold_percent),
            "note": selection_note(table),
            "control_arm": table.arms[0],
            "experimental_arm": table.arms[1],
            "direction": f"contrasts are {table.arms[1]} over (or minus) {table.arms[0]}",
            "model": self.model.name,
            "model_formula": self.model.formula,
            "prior": self.prior.name,
            "prior_distribution": self.prior.text,
            "prior_rationale": self.prior.rationale,
            "seed": self.sampling.seed or 0,
            "level": self.sampling.level,
            "versions": json.dumps(versions()),
            "thresholds": json.dumps(asdict(self.sampling.thresholds)),
            "verdict": diagnosis.verdict,
            "diagnosis": json.dumps(diagnosis.as_dict()),
            "inputs": json.dumps(self.inputs, sort_keys=True),
            "inputs_digest": self.digest,
        }


@dataclass(frozen=True)
class SafetyFit:
    """A posterior of adverse events with its verdict.

    Parameters
    ----------
    job
        What was asked.
    tree
        Draws as an xarray DataTree: any ArviZ function takes it.
    diagnosis
        Whether it can be trusted.
    """

    job: SafetyJob
    tree: xr.DataTree = field(repr=False)
    diagnosis: Diagnosis

    @property
    def converged(self) -> bool:
        """Whether the fit passed its diagnostics."""
        return self.diagnosis.converged

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; a failed verdict stands in the method of each."""
        job = self.job
        method = "posterior median, equal-tailed interval, NUTS"
        if not self.converged:
            method = f"{self.diagnosis.verdict}: {method}"
        posterior = self.tree["posterior"].to_dataset()
        return tuple(
            report(
                posterior, job.table, model=job.model.name, prior=job.prior.name, method=method,
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
        rows = "".join(
            f"<tr><td>{escape(item.item)}</td><td>{escape(item.quantity.replace('_', ' '))}</td>"
            f"<td>{escape(item.arm or f'{item.numerator} vs {item.denominator}')}</td>"
            f"<td>{'' if item.value is None else f'{item.value:.3g}'}</td>"
            f"<td>{'' if item.low is None else f'{item.low:.3g} to {item.high:.3g}'}</td></tr>"
            for item in self.estimates
        )
        job = self.job
        title = (
            f"{job.table.key}, grade {job.table.grade}, {job.model.label}, prior {job.prior.label}: {job.prior.text}"
        )
        verdict = self.diagnosis.verdict + (f" ({self.diagnosis.failures})" if not self.converged else "")
        head = f"<tr><th>term</th><th>quantity</th><th>arm</th><th>median</th><th>{job.sampling.level:.0%}</th></tr>"
        return f"<table><caption>{escape(title)}<br>{escape(verdict)}</caption>{head}{rows}</table>"


def fit_adverse_events(
    target: TrialEndpoint | EventTable,
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
    settings = sampling or Sampling()
    if seed is not None:
        settings = replace(settings, seed=seed)
    known = {item.name: item for item in EVENT_MODELS}
    chosen = known.get(model) if isinstance(model, str) else model
    if chosen is None:
        raise AnalysisError(f"unknown model {model!r}; expected one of {', '.join(known)}")
    if isinstance(target, EventTable):
        job = SafetyJob(table=target, model=chosen, prior=prior, sampling=settings.seeded())
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
        table=found, model=chosen, prior=prior, sampling=settings.seeded(), width=common_width(tables),
        trial=trial.key, trial_digest=trial.digest,
    )  # fmt: skip
    return job.run()


def common_width(tables: tuple[EventTable, ...]) -> tuple[int, int]:
    """Terms and body systems that hold every table."""
    return max(len(table.terms) for table in tables), max(len(table.body_systems) for table in tables)
