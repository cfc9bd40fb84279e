"""A fit of adverse events: rates of every term in both arms, and how much more frequent it is in one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.grades import Grade, grade_slug
from reappraise.core.silence import Evidence
from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.fit import Fit
from reappraise.fits.job import PRIOR_DRAWS, Advance, FitJob
from reappraise.fits.layout import Axis, Variable
from reappraise.fits.model import Data, Draws, Floats
from reappraise.fits.nuts import Sampled, draw
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.fits.summary import Make
from reappraise.fits.words import Attributes, contrasted, counted
from reappraise.published.trial import TrialEndpoint
from reappraise.safety.counts import tables_of
from reappraise.safety.estimands import TERM, VARIABLES, contrast_precision, estimands, report
from reappraise.safety.exposure import sentence
from reappraise.safety.flagged import Direction, FlaggedTerms, flagged_terms
from reappraise.safety.model import EVENT_MODELS, SYSTEM_WISE, TERM_WISE, EventModel
from reappraise.safety.prior import BERRY_BERRY, EventPrior
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.safety.selection import selection_note
from reappraise.safety.table import EventKind, EventTable

STORED_CELLS = 8_000_000
"""Most draws times terms that are stored of one variable: 32 MB in single precision."""
ERROR_RATE = 0.10
"""Mean posterior probability of error that flagged terms keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyJob(FitJob[EventModel, EventPrior, "SafetyFit"]):
    """One posterior of adverse events to be computed.

    Parameters
    ----------
    table
        Counts; model, prior, settings and trial are those of every `FitJob`.
    width
        Terms and body systems that the model is compiled for, where those are more than the table's: tables of one
        width share one compilation.
    """

    layout = "reappraise adverse events posterior 2"

    table: EventTable
    prior: EventPrior = BERRY_BERRY
    width: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.table.key}.{grade_slug(self.table.grade)}.{self.model.name}.{self.prior.name}"

    @property
    def title(self) -> str:
        """Table, model and prior in a line."""
        return (
            f"{self.table.key}, grade {self.table.grade}, {self.model.label}, prior {self.prior.label}: "
            f"{self.prior.text}"
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Terms and body systems that the model is compiled for."""
        return max(self.width[0], len(self.table.terms)), max(self.width[1], len(self.table.body_systems))

    @property
    def depends(self) -> dict[str, Any]:
        """Counts, model, prior, settings and shape."""
        return {
            "table": counted(self.table),
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "thinned": self.model.thinned,
            "shape": self.shape,
        }

    @property
    def described(self) -> Attributes:
        """Endpoint, kind and grade of the table, arms, and what its selection means."""
        table = self.table
        return {
            "endpoint": table.endpoint,
            "kind": table.kind,
            "grade": table.grade,
            "population": table.population,
            "better": "lower",
            "reporting_threshold_percent": json.dumps(table.reporting_threshold_percent),
            "note": " ".join(filter(None, (selection_note(table), sentence(table.exposure)))),
            **contrasted(table.arms),
        }

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Terms and body systems without the padding, and arms."""
        return {
            "term": Axis(self.table.terms),
            "system": Axis(self.table.body_systems),
            "arm": Axis(self.table.arms),
        }

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Rates, contrasts and parameters."""
        return VARIABLES

    @property
    def likelihood(self) -> Mapping[str, tuple[str, ...]]:
        """Events, by term: of a term with a point mass the arms have one likelihood, no effect or some summed over."""
        return {"events": TERM}

    @property
    def prior_draws(self) -> int:
        """Fewer of a large table."""
        return max(200, min(PRIOR_DRAWS, STORED_CELLS // len(self.table.terms)))

    def step(self, chains: int, draws: int) -> int:
        """Every so many draws are kept: as the model says, and at most `STORED_CELLS`."""
        thinned = self.model.thinned
        return thinned * -(-chains * draws * len(self.table.terms) // (thinned * STORED_CELLS))

    def data(self) -> Data:
        """Counts and structure padded to the shape, and the numbers of the prior."""
        terms, systems = self.shape
        return self.model.data(self.table, self.prior, terms=terms, systems=systems)

    def draw(self, data: Data, sampling: Sampling, seed: int, advance: Advance | None) -> Sampled:  # noqa: ARG002
        """Sample, longer where the model's draws are thinned."""
        longer = replace(sampling, draws=self.model.thinned * sampling.draws)
        return draw(self.compiled, data, longer, seed)

    def estimands(self, draws: Draws, data: Data, rng: np.random.Generator, *, posterior: bool) -> dict[str, Floats]:
        """Rates, odds ratios and differences of every term, and the parameters above them."""
        return estimands(self.model.complete(draws, data, rng, posterior=posterior), len(self.table.terms))

    def predict(self, found: Draws, data: Data, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Events of as many patients."""
        totals = np.asarray(data["totals"])[: len(self.table.terms)]
        return {"events": np.asarray(rng.binomial(totals, found["rate"]), dtype=np.int32)}

    def log_prior(self, draws: Draws, data: Data) -> dict[str, Floats]:
        """Of the parameters above all terms and systems: those below have scales that only the sampler knows."""
        below = {*TERM_WISE, *SYSTEM_WISE}
        return {name: values for name, values in self.model.log_prior(draws, data).items() if name not in below}

    def checks(self, tree: xr.DataTree) -> Iterator[Check]:
        """Yield the precision of the contrasts, in standard deviations of an effect."""
        most = self.sampling.thresholds.relative_error
        yield contrast_precision(tree["posterior"].to_dataset(), level=self.sampling.level, most=most)

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield rates, contrasts and probabilities of every term."""
        yield from report(tree["posterior"].to_dataset(), self.table, make, level=self.sampling.level)

    @property
    def caution(self) -> str:
        """That the arms were exposed for different times, where they were."""
        return self.table.exposure

    def evidence(self, estimate: Estimate) -> Evidence:
        """The counts of its term."""
        return self.table.evidence(estimate.item)

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> SafetyFit:
        """The fit that has this tree and verdict."""
        return SafetyFit(job=self, tree=tree, diagnosis=diagnosis)


@dataclass(frozen=True)
class SafetyFit(Fit[SafetyJob]):
    """A posterior of adverse events with its verdict."""

    subject = "term"

    def said(self, estimate: Estimate) -> str:
        """The term."""
        return estimate.item

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
            holds.mean(axis=(0, 1)).tolist(),
            self.job.table,
            model=self.job.model.name,
            error_rate=error_rate,
            direction=direction,
        )


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
        table=found,
        model=chosen,
        prior=prior,
        sampling=settings,
        width=common_width(tables),
        trial=trial.key,
        trial_digest=trial.digest,
    )
    return job.run()


def common_width(tables: tuple[EventTable, ...]) -> tuple[int, int]:
    """Terms and body systems that hold every table."""
    return max(len(table.terms) for table in tables), max(len(table.body_systems) for table in tables)
