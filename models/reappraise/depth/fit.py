"""A fit of ordered categories: rates of every category, and how much better those of one arm are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import LogRatioPrior, prior_named
from reappraise.core.silence import Evidence
from reappraise.depth import estimands
from reappraise.depth.counts import table_of
from reappraise.depth.model import CumulativeLogit
from reappraise.depth.published import DepthEndpoint
from reappraise.depth.table import OrdinalTable
from reappraise.fits.diagnose import Diagnosis
from reappraise.fits.fit import Fit
from reappraise.fits.job import FitJob
from reappraise.fits.layout import Axis, Variable
from reappraise.fits.machine_code import compiled
from reappraise.fits.model import Data, Draws, Floats
from reappraise.fits.nuts import Compiled
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.fits.summary import Make
from reappraise.fits.words import Attributes, contrasted, counted
from reappraise.published.trial import TrialEndpoint

PROPORTIONAL = CumulativeLogit()
NON_PROPORTIONAL = CumulativeLogit(proportional=False)
MODELS: tuple[CumulativeLogit, ...] = (PROPORTIONAL, NON_PROPORTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthJob(FitJob[CumulativeLogit, LogRatioPrior, "DepthFit"]):
    """One posterior of ordered categories to be computed.

    Parameters
    ----------
    table
        Counts; model, prior on the log odds ratio, settings and trial are those of every `FitJob`.
    """

    layout = "reappraise depth posterior 2"

    table: OrdinalTable
    model: CumulativeLogit = PROPORTIONAL

    def __post_init__(self) -> None:
        """Refuse what the data cannot answer, before anything is sampled."""
        if getattr(self.prior, "kind", "") != "effect":
            raise AnalysisError(
                f"{self.table.endpoint}: expected a prior on the log odds ratio, got {getattr(self.prior, 'name', '')}"
            )
        if len(self.table.categories) < 3 and not self.model.proportional:
            raise AnalysisError(
                f"{self.table.endpoint} has 2 categories and so one cut point: its odds are proportional; use "
                f"{PROPORTIONAL.name}"
            )

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.table.endpoint}.{WHOLE}.{self.model.name}.{self.prior.name}"

    @property
    def title(self) -> str:
        """Endpoint, model and prior in a line."""
        return f"{self.table.label}, {self.model.label}, prior {self.prior.label}: {self.prior.text}"

    @property
    def depends(self) -> dict[str, Any]:
        """Counts, model, prior and settings."""
        return {
            "table": counted(self.table),
            "model": asdict(self.model),
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
        }

    @property
    def described(self) -> Attributes:
        """Endpoint, assessor, categories and arms."""
        table = self.table
        return {
            "endpoint": table.endpoint,
            "factor": WHOLE,
            "assessor": table.assessor,
            "better": "higher",
            "categories": json.dumps(table.categories),
            **contrasted(table.arms, ", of better categories"),
        }

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of categories."""
        return (len(self.table.categories),)

    @property
    def compiled(self) -> Compiled:
        """One compilation serves proportional odds and others."""
        return compiled(PROPORTIONAL, self.shape)

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Categories, cuts, the gaps between cuts, and arms."""
        table = self.table
        return {
            "category": Axis(table.categories),
            "cut": Axis(table.cuts),
            "arm": Axis(table.arms),
            "gap": Axis(table.categories[1:-1]),
        }

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Rates, odds ratios and departures."""
        return estimands.PROPORTIONAL if self.model.proportional else estimands.VARIABLES

    @property
    def likelihood(self) -> Mapping[str, tuple[str, ...]]:
        """Counts, by arm."""
        return {"counts": ("arm",)}

    def data(self) -> Data:
        """Counts, and the numbers of the priors."""
        return self.model.data(self.table, self.prior)

    def estimands(
        self,
        draws: Draws,
        data: Data,
        rng: np.random.Generator,  # noqa: ARG002  # nothing is integrated out
        *,
        posterior: bool,  # noqa: ARG002
    ) -> dict[str, Floats]:
        """Rates, odds ratios and, where odds are not proportional, departures."""
        return estimands.estimands(self.model, self.model.complete(draws, data))

    def predict(self, found: Draws, data: Data, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Counts (category, arm) of as many patients of each arm."""
        totals = np.asarray(data["counts"], dtype=np.int64).sum(axis=1)
        by_arm = np.swapaxes(found["category_rate"], -1, -2)
        by_arm = by_arm / by_arm.sum(axis=-1, keepdims=True)
        drawn = np.stack([rng.multinomial(totals[arm], by_arm[..., arm, :]) for arm in range(2)], axis=-1)
        return {"counts": np.asarray(drawn, dtype=np.int32)}

    def observed(self, values: NDArray[Any]) -> NDArray[Any]:
        """Counts as files have them: category first."""
        return np.asarray(values).T

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield rates, contrasts and probabilities."""
        yield from estimands.report(tree["posterior"].to_dataset(), self.table, make, level=self.sampling.level)

    def evidence(self, estimate: Estimate) -> Evidence:
        """The counts of its cut point, or of all."""
        return self.table.evidence(estimate.item)

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> DepthFit:
        """The fit that has this tree and verdict."""
        return DepthFit(job=self, tree=tree, diagnosis=diagnosis)


@dataclass(frozen=True)
class DepthFit(Fit[DepthJob]):
    """A posterior of ordered categories with its verdict."""

    subject = "category"

    def said(self, estimate: Estimate) -> str:
        """The category in words."""
        table = self.job.table
        words = dict(zip(table.categories, table.category_labels, strict=True))
        return words.get(estimate.item, estimate.at)


def fit_depth(
    target: TrialEndpoint[DepthEndpoint] | OrdinalTable,
    *,
    prior: str | LogRatioPrior = "reference",
    model: str | CumulativeLogit = PROPORTIONAL.name,
    sampling: Sampling | None = None,
    seed: int | None = None,
) -> DepthFit:
    """Fit the cumulative logit model to one ordinal endpoint.

    Parameters
    ----------
    target
        Endpoint of a trial, or counts.
    prior
        Name of a prior on the log odds ratio, or such a prior.
    model
        "proportional-odds", "non-proportional-odds", or a model.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.

    Raises
    ------
    AnalysisError
        If the data cannot answer the request.

    Examples
    --------
    >>> import reappraise as ra
    >>> from reappraise.depth.fit import fit_depth
    >>> trial = ra.load_trial("isatuximab-dexamethasone")
    >>> fit = ra.fit_depth(trial["depth"], prior="sceptical", seed=1)  # doctest: +SKIP
    """
    if not isinstance(target, TrialEndpoint | OrdinalTable):
        raise AnalysisError(
            f'expected an endpoint such as trial["depth"], or an OrdinalTable; got {type(target).__name__}'
        )
    table = target if isinstance(target, OrdinalTable) else table_of(target)
    chosen = prior if not isinstance(prior, str) else prior_named(prior, planned=table.planned_odds_ratio)
    if getattr(chosen, "kind", "") != "effect" or not isinstance(chosen, LogRatioPrior):
        raise AnalysisError(
            f"prior {getattr(chosen, 'name', chosen)!r} is on a rate; the ordinal models take one on the log odds ratio"
        )
    trial = target.trial if isinstance(target, TrialEndpoint) else None
    job = DepthJob(
        table=table,
        model=model if not isinstance(model, str) else _model_named(model),
        prior=chosen,
        sampling=settings_with(sampling, seed),
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    )
    return job.run()


def _model_named(name: str) -> CumulativeLogit:
    for known in MODELS:
        if known.name == name:
            return known
    raise AnalysisError(f"unknown model {name!r}; expected one of {', '.join(item.name for item in MODELS)}")
