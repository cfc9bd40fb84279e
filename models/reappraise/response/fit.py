"""A fit of a response model: rates of both arms in every level, and their contrasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import LogRatioPrior, Prior, RatePrior, prior_named
from reappraise.core.silence import Evidence
from reappraise.fits.diagnose import Diagnosis
from reappraise.fits.fit import Fit
from reappraise.fits.job import FitJob
from reappraise.fits.layout import Axis, Variable
from reappraise.fits.model import Data, Draws, Floats
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.fits.summary import Make
from reappraise.fits.words import Attributes, contrasted, counted
from reappraise.published.partition import Partition
from reappraise.published.trial import TrialEndpoint
from reappraise.response.estimands import CELLS, CONTRASTS, VARIABLES, report, with_contrasts
from reappraise.response.models import MODELS, ResponseModel
from reappraise.response.published import ResponseEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseJob(FitJob[ResponseModel, Prior, "ResponseFit"]):
    """One posterior of response rates to be computed.

    Parameters
    ----------
    table
        Counts by level and arm; model, prior, settings and trial are those of every `FitJob`.
    width
        Levels that the model is compiled for, at least those of the counts.
    """

    layout = "reappraise posterior 2"

    table: Partition
    width: int

    def __post_init__(self) -> None:
        """Refuse what the data cannot answer, before anything is sampled."""
        if self.model.prior_kind != self.prior.kind:
            raise AnalysisError(
                f"model {self.model.name} takes a prior on the {self.model.prior_kind}, "
                f"but prior {self.prior.name} is on the {self.prior.kind}"
            )
        if self.model.contrasts and not self.table.causal:
            raise AnalysisError(
                f"factor {self.table.factor} was determined after randomisation: model {self.model.name} would "
                "read its subgroups as effects of treatment; use independent or beta-binomial"
            )
        if self.model.contrasts and not any(self.table.comparable):
            raise AnalysisError(f"{self.table.endpoint}, {self.table.factor}: no level has patients in both arms")

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.table.endpoint}.{self.table.factor}.{self.model.name}.{self.prior.name}"

    @property
    def title(self) -> str:
        """Endpoint, model and prior in a line."""
        return f"{self.table.endpoint}, {self.model.label}, prior {self.prior.label}: {self.prior.text}"

    @property
    def depends(self) -> dict[str, Any]:
        """Counts, model, prior, settings and width; not the margin, which is asked of the draws afterwards."""
        return {
            "table": {name: value for name, value in counted(self.table).items() if name != "margin"},
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "width": self.width,
        }

    @property
    def described(self) -> Attributes:
        """Endpoint, factor and arms."""
        part = self.table
        return {
            "endpoint": part.endpoint,
            "factor": part.factor,
            "timing": part.timing,
            "better": part.better,
            **contrasted(part.arms),
        }

    @property
    def shape(self) -> tuple[int, ...]:
        """Levels that the model is compiled for."""
        return (self.width,)

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Levels without the padding, and arms that have patients."""
        arms = tuple(arm for arm in range(2) if any(totals[arm] for totals in self.table.totals))
        return {
            "level": Axis(self.table.levels),
            "arm": Axis([self.table.arms[arm] for arm in arms], arms),
        }

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Rates, contrasts and parameters, those of a caller's own model included."""
        own = self.model.parameters(len(self.table.levels))
        return {**{name: Variable(dims=dims) for name, dims in own.items()}, **VARIABLES}

    @property
    def likelihood(self) -> Mapping[str, tuple[str, ...]]:
        """Events, by level and arm."""
        return {"events": CELLS}

    def data(self) -> Data:
        """Counts padded to the width, and the numbers of the prior."""
        return self.model.data(self.table, self.prior, self.width)

    def estimands(self, draws: Draws, data: Data, rng: np.random.Generator, *, posterior: bool) -> dict[str, Floats]:
        """Rates, contrasts where arms may be compared, and the model's parameters."""
        part = self.table
        found: dict[str, Floats] = with_contrasts(self.model.complete(draws, data, rng, posterior=posterior), part)
        contrasted = CONTRASTS if part.causal and any(part.comparable) else ()
        return {name: found[name] for name in ("rate", *contrasted, *self.model.parameters(len(part.levels)))}

    def predict(self, found: Draws, data: Data, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Events of as many patients."""
        return {"events": np.asarray(rng.binomial(data["totals"].astype(np.int64), found["rate"]), dtype=np.int32)}

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield rates, contrasts and probabilities of every level."""
        posterior = tree["posterior"].to_dataset()
        names = [name for name in ("rate", *CONTRASTS) if name in posterior]
        draws = {name: _both_arms(posterior[name], self.table) for name in names}
        yield from report(draws, self.table, make, level=self.sampling.level)

    @property
    def caution(self) -> str:
        """That of its counts."""
        return self.table.caution

    def evidence(self, estimate: Estimate) -> Evidence | None:
        """The counts of its population; where a model has parameters above rates, levels learn from each other."""
        return self.table.evidence(estimate.population, shared=bool(self.model.parameters(len(self.table.levels))))

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> ResponseFit:
        """The fit that has this tree and verdict."""
        return ResponseFit(job=self, tree=tree, diagnosis=diagnosis)


@dataclass(frozen=True)
class ResponseFit(Fit[ResponseJob]):
    """A posterior of response rates with its verdict."""


def fit(
    target: TrialEndpoint[ResponseEndpoint] | Partition,
    *,
    prior: str | Prior = "reference",
    model: str | ResponseModel | None = None,
    by: str = WHOLE,
    sampling: Sampling | None = None,
    seed: int | None = None,
) -> ResponseFit:
    """Fit one response model to one endpoint.

    Parameters
    ----------
    target
        Endpoint of a trial, or counts.
    prior
        Name of a prior, or a prior. A prior on rates goes with the models of rates, one on the log odds ratio
        with the model of effects.
    model
        Name of a model, or a model. By default the logit-normal model for priors on the effect, the independent
        model for priors on rates.
    by
        Subgroup factor, "all" for none; of a trial's endpoint only.
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
    >>> fit = ra.fit(trial["orr"], prior="sceptical", seed=1)  # doctest: +SKIP
    """
    if not isinstance(target, TrialEndpoint | Partition):
        raise AnalysisError(f'expected an endpoint such as trial["orr"], or a Partition; got {type(target).__name__}')
    if isinstance(target, TrialEndpoint) and target.trial.single:
        key = target.trial.key
        raise AnalysisError(f"trial {key} has one arm, and this model compares two; exact_one_arm is its posterior")
    partition = target.partition(by) if isinstance(target, TrialEndpoint) else target
    chosen = (
        prior
        if isinstance(prior, RatePrior | LogRatioPrior)
        else prior_named(prior, planned=partition.planned_odds_ratio)
    )
    trial = target.trial if isinstance(target, TrialEndpoint) else None
    job = ResponseJob(
        table=partition,
        model=_model(model, chosen),
        prior=chosen,
        sampling=settings_with(sampling, seed),
        width=trial_width(trial.of(ResponseEndpoint)) if trial else len(partition.levels),
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    )
    return job.run()


def trial_width(responses: tuple[TrialEndpoint[ResponseEndpoint], ...]) -> int:
    """Levels of the largest partition, which every model of the trial is compiled for."""
    return max((len(item.levels) for endpoint in responses for item in endpoint.partitions()), default=1)


def _model(model: str | ResponseModel | None, prior: Prior) -> ResponseModel:
    if model is not None and not isinstance(model, str):
        return model
    name = model or ("logit-normal" if prior.kind == "effect" else "independent")
    for known in MODELS:
        if known.name == name:
            return known
    raise AnalysisError(f"unknown model {name!r}; expected one of {', '.join(item.name for item in MODELS)}")


def _both_arms(variable: xr.DataArray, partition: Partition) -> Any:
    lead = variable.transpose("chain", "draw", ...)
    if "arm" not in lead.dims:
        return lead.values
    return lead.reindex(arm=list(partition.arms)).values
