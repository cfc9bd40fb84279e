"""A fit of several arms together: the rate of each, the contrasts that are asked for, and which arm is best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import LogRatioPrior, prior_named
from reappraise.core.silence import Evidence
from reappraise.fits.diagnose import Diagnosis
from reappraise.fits.fit import Fit
from reappraise.fits.job import FitJob
from reappraise.fits.layout import Axis, Variable
from reappraise.fits.model import Data, Draws, Floats
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.fits.summary import Make, estimated, probability
from reappraise.fits.words import Attributes, counted
from reappraise.published.trial import Trial
from reappraise.response.estimands import CONTRASTS, SMALLEST_RATE, contrasts, report
from reappraise.response.estimands import VARIABLES as OF_TWO
from reappraise.response.published import ResponseEndpoint
from reappraise.response.several_arms.model import SharedEffects
from reappraise.response.several_arms.table import SeveralArms, several_arms

MODEL = SharedEffects()
ARM, CONTRAST = ("arm",), ("contrast",)
VARIABLES: Mapping[str, Variable] = {
    "rate": Variable(dims=ARM, description="probability of the event, by arm", reported=True),
    **{
        name: Variable(
            dims=CONTRAST,
            description=OF_TWO[name].description.replace(", by level", ", by contrast"),
            scale=OF_TWO[name].scale,
            reported=True,
        )
        for name in CONTRASTS
    },
    "best": Variable(dims=ARM, description="1 where the arm is better than every other", judged=False),
    "events": Variable(dims=ARM, description="patients with the event"),
    "totals": Variable(dims=ARM, description="patients"),
    "mean_logit": Variable(description="log odds of the event, mean of the control arm and of all others together"),
    "effect": Variable(description="mean of the prior that the log odds ratios of all arms over control share"),
    "effect_sd": Variable(description="standard deviation of that prior: how far effects of arms lie apart"),
}
"""What is declared of every variable of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTheMean:
    """A prior as it enters: on the mean of the effects of several arms, of each of which it is wider."""

    name: str
    label: str
    text: str
    rationale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralArmsJob(FitJob[SharedEffects, LogRatioPrior, "SeveralArmsFit"]):
    """One posterior of all arms of an endpoint to be computed.

    Parameters
    ----------
    table
        Counts by arm; model, prior, settings and trial are those of every `FitJob`.
    """

    layout = "reappraise several arms 1"

    table: SeveralArms

    def __post_init__(self) -> None:
        """Refuse a prior on something else."""
        if self.prior.kind != "effect":
            raise AnalysisError(
                f"model {self.model.name} takes a prior on the log odds ratio, got {self.prior.name}, which is none"
            )

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.table.endpoint}.every-arm.{self.model.name}.{self.prior.name}"

    @property
    def title(self) -> str:
        """Endpoint, model and prior in a line."""
        return f"{self.table.endpoint}, {self.model.label}, prior {self.prior.label}: {self.prior.text}"

    @property
    def entered(self) -> OfTheMean:
        """The prior as it enters."""
        spread = float(self.data()["effect_sd_scale"])
        return OfTheMean(
            name=self.prior.name,
            label=self.prior.label,
            text=f"of the mean effect of the arms over control, {self.prior.text}; each arm's own effect "
            f"~ Normal(mean, tau), tau ~ HalfNormal({spread:.3g})",
            rationale=self.prior.rationale,
        )

    @property
    def depends(self) -> dict[str, Any]:
        """Counts, model, prior and settings."""
        return {
            "table": {name: value for name, value in counted(self.table).items() if name != "margin"},
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
        }

    @property
    def described(self) -> Attributes:
        """Endpoint, arms and which is over which."""
        control, *others = self.table.arms
        return {
            "endpoint": self.table.endpoint,
            "better": self.table.better,
            "control_arm": control,
            "experimental_arms": ", ".join(others),
            "direction": "contrasts are the first arm named over (or minus) the second",
        }

    @property
    def shape(self) -> tuple[int, ...]:
        """Arms beside control."""
        return (len(self.table.arms) - 1,)

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Arms, and contrasts by the keys of their arms."""
        return {
            "arm": Axis(self.table.arms),
            "contrast": Axis([f"{above} over {below}" for above, below in self.table.contrasts]),
        }

    @property
    def variables(self) -> Mapping[str, Variable]:
        """Rates, contrasts, parameters."""
        return VARIABLES

    @property
    def likelihood(self) -> Mapping[str, tuple[str, ...]]:
        """Events, by arm."""
        return {"events": ARM}

    def data(self) -> Data:
        """Counts, and the numbers of the prior."""
        return self.model.data(self.table, self.prior)

    def estimands(self, draws: Draws, data: Data, rng: np.random.Generator, *, posterior: bool) -> dict[str, Floats]:  # noqa: ARG002
        """Rates, contrasts, the arm that is best, and the model's parameters."""
        found = self.model.complete(draws, data, rng)
        rate = np.clip(found["rate"], SMALLEST_RATE, 1 - np.finfo(float).eps)
        good = rate if self.table.better == "higher" else -rate
        return {
            "rate": rate,
            **contrasts(np.stack([rate[..., place] for place in self._places], axis=-2), (True,) * len(self._places)),
            "best": (good == good.max(axis=-1, keepdims=True)).astype(np.float64),
            **{name: found[name] for name in ("mean_logit", "effect", "effect_sd")},
        }

    @property
    def _places(self) -> list[list[int]]:
        """Places of control and experimental arm of each contrast."""
        arms = self.table.arms
        return [[arms.index(below), arms.index(above)] for above, below in self.table.contrasts]

    def predict(self, found: Draws, data: Data, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Events of as many patients."""
        return {"events": np.asarray(rng.binomial(data["totals"].astype(np.int64), found["rate"]), dtype=np.int32)}

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield the rate of each arm once, every contrast, and the probability of each arm that it is the best."""
        posterior = tree["posterior"].to_dataset()
        rate = posterior["rate"].transpose("chain", "draw", "arm").values
        seen: set[str] = set()
        for place, (arms, pair) in enumerate(zip(self._places, self.table.pairs, strict=True)):
            draws = {name: posterior[name].isel(contrast=[place]).values for name in CONTRASTS}
            draws["rate"] = rate[..., None, :][..., arms]
            for item in report(draws, pair, make, level=self.sampling.level):
                if item.arm not in seen:
                    yield item
            seen |= set(pair.arms)
        for arm in (one for one in self.table.arms if one not in seen):  # of an arm that nobody compares, its rate
            draws_of = posterior["rate"].sel(arm=arm).transpose("chain", "draw").values
            yield estimated(
                partial(make, endpoint=self.table.endpoint, quantity="rate", arm=arm), draws_of, self.sampling.level
            )
        for arm in self.table.arms:
            best = posterior["best"].sel(arm=arm).transpose("chain", "draw").values > 0
            said = f"{'highest' if self.table.better == 'higher' else 'lowest'} rate of {len(self.table.arms)} arms"
            yield make(
                endpoint=self.table.endpoint,
                quantity="probability_of_best",
                arm=arm,
                at=said,
                value=probability(best),
            )

    def evidence(self, estimate: Estimate) -> Evidence | None:
        """The counts of a contrast; other arms say something as well."""
        for pair in self.table.pairs:
            if pair.arms == (estimate.denominator, estimate.numerator):
                return Evidence(tables=pair.tables, others="other arms")
        return None

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> SeveralArmsFit:
        """The fit that has this tree and verdict."""
        return SeveralArmsFit(job=self, tree=tree, diagnosis=diagnosis)


@dataclass(frozen=True)
class SeveralArmsFit(Fit[SeveralArmsJob]):
    """A posterior of all arms of an endpoint with its verdict."""

    subject = "contrast"

    def said(self, estimate: Estimate) -> str:
        """The arms of a contrast by their names."""
        names = dict(zip(self.job.table.arms, self.job.table.arm_labels, strict=True))
        if estimate.numerator:
            return f"{names[estimate.numerator]} over {names[estimate.denominator]}"
        return names[estimate.arm]


def fit_several_arms(
    trial: Trial,
    endpoint: str,
    *,
    prior: str | LogRatioPrior = "reference",
    sampling: Sampling | None = None,
    seed: int | None = None,
) -> SeveralArmsFit:
    """Fit all arms of a binary endpoint together.

    Parameters
    ----------
    trial
        A trial of more than two arms.
    endpoint
        Key of the endpoint in the trial file.
    prior
        Name of a prior on the log odds ratio, or such a prior: of the mean of the effects of all arms over control.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.

    Raises
    ------
    AnalysisError
        If fewer than three arms have counts, or one is not known.
    """
    known = {item.key: item for item in trial.file.endpoints if isinstance(item, ResponseEndpoint)}
    if endpoint not in known or not trial.pairs:
        held = ", ".join(known) if trial.pairs else "fewer than three arms"
        raise AnalysisError(f"trial {trial.key} has no binary endpoint {endpoint!r} of several arms; it has {held}")
    table = several_arms(trial, known[endpoint])
    if table is None:
        raise AnalysisError(f"{endpoint}: expected counts of control and of two more arms")
    chosen = prior_named(prior, planned=table.planned_odds_ratio) if isinstance(prior, str) else prior
    if not isinstance(chosen, LogRatioPrior):
        raise AnalysisError(f"expected a prior on the log odds ratio, got {chosen.name}, which is one on rates")
    return SeveralArmsJob(
        table=table,
        model=MODEL,
        prior=chosen,
        sampling=settings_with(sampling, seed),
        trial=trial.key,
        trial_digest=trial.digest,
    ).run()
