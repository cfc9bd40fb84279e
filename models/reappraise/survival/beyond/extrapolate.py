"""Survival beyond the follow-up by a stated rule, from the draws of a fit: every number says so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.fits.diagnose import Check
from reappraise.fits.job import Advance, StoredJob
from reappraise.fits.layout import DRAWS, Axis, Layout, Variable
from reappraise.fits.sampling import derived_seed
from reappraise.fits.words import contrasted
from reappraise.survival import estimands as of
from reappraise.survival.answers import Answer, Questions, answers, report
from reappraise.survival.beyond.derived import Derived, HazardFit, attributes, judged_with, restored
from reappraise.survival.beyond.external import propose, resampled
from reappraise.survival.beyond.hazards import Floats, Walk, longer, remaining
from reappraise.survival.beyond.pairs import log_hazards
from reappraise.survival.beyond.rule import ExternalRow, Extrapolation, RuleName
from reappraise.survival.hazard import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WEIGHTED_ERROR: Final = 0.2
"""Largest Monte Carlo error of a reported number, in posterior sds, of draws that external rows weigh: fewer are left,
and fewer digits are printed. As of reconstructed data; it adds a fiftieth to the standard deviation of a limit."""
TIMES: Final = 61
"""Times of the curves within the follow-up, and as many beyond it."""
VARIABLES: Final = {
    "log_hazard": Variable(
        dims=("arm", "interval"), description="log hazard per unit of time; coordinate: start of the interval"
    ),
    "effect": Variable(description="log hazard ratio, experimental over control, averaged over the follow-up"),
    "survival": Variable(dims=("arm", "time"), description="probability of no event by each time"),
    "survival_at": Variable(
        dims=("arm", "landmark"), description="probability of no event by each landmark, extrapolated"
    ),
    "survival_difference": Variable(
        dims=("landmark",), description="probability of no event, experimental minus control arm, extrapolated"
    ),
    "restricted_mean": Variable(
        dims=("arm", "horizon"), description="mean event-free time up to each horizon, extrapolated"
    ),
    "restricted_mean_difference": Variable(
        dims=("horizon",), description="mean event-free time, experimental minus control arm, extrapolated"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtrapolationJob(StoredJob):
    """An extrapolation to be computed.

    Parameters
    ----------
    source
        The fit whose hazards go on.
    rule
        How they go on.
    to
        End of the curves, in the fit's unit of time; medians beyond it are not reached.
    landmarks, horizons
        Times of survival probabilities, and times that restricted means go to; after the follow-up, at most `to`.
    """

    layout = "reappraise extrapolation 1"

    source: HazardFit
    rule: Extrapolation
    to: float
    landmarks: tuple[float, ...]
    horizons: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse times that are not beyond the follow-up, and rules without meaning here."""
        job = self.source.job
        if job.groups != (WHOLE,):
            raise AnalysisError(f"{job.endpoint}: expected a fit of all patients, got one by {job.factor}; fit without")
        if not self.to > self.after:
            raise AnalysisError(
                f"{job.endpoint}: expected times beyond the follow-up of {self.after:g} {job.unit}, got {self.to:g}"
            )
        for what, times in (("landmarks", self.landmarks), ("horizons", self.horizons)):
            if list(times) != sorted(set(times)) or any(not self.after < time <= self.to for time in times):
                raise AnalysisError(
                    f"{job.endpoint}: expected {what} of an extrapolation ascending, after the follow-up of "
                    f"{self.after:g} {job.unit} and at most {self.to:g}; got {times}. Ask the fit itself for earlier "
                    "ones"
                )
        self.rule.require(self.after, job.unit, job.arms)

    @property
    def after(self) -> float:
        """End of the follow-up: the horizon of the fit's grid."""
        return self.source.job.grid.horizon

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.source.job.name}.extrapolated-{self.rule.rule}"

    @property
    def made_by(self) -> str:
        """The model, and that it was extrapolated."""
        return f"{self.source.job.model.name}, extrapolated"

    @property
    def words(self) -> str:
        """What is assumed."""
        return self.rule.words(self.after, self.source.job.unit)

    @property
    def depends(self) -> dict[str, Any]:
        """The fit, the rule, and what is asked."""
        return {
            "source": self.source.job.digest,
            "how": self.source.how,
            "rule": asdict(self.rule),
            "to": self.to,
            "landmarks": self.landmarks,
            "horizons": self.horizons,
        }

    def run(self, advance: Advance | None = None) -> ExtrapolatedFit:  # noqa: ARG002  # short
        """Go on with every draw, weigh the draws by external rows where there are any, and judge."""
        job = self.source.job
        posterior = self.source.tree["posterior"].to_dataset()
        log_hazard = log_hazards(posterior)
        effect = posterior["effect"].transpose(*DRAWS).to_numpy().astype(np.float64)
        walk: Walk | None = None
        checks: tuple[Check, ...] = ()
        if self.rule.rows:
            rng = np.random.default_rng(derived_seed(job.sampling.seed, self.name))
            scale = posterior["walk_sd"].transpose(*DRAWS).to_numpy().astype(np.float64)
            found = propose(log_hazard, scale, job.grid, self.rule, job.arms, rng)
            chosen, checks = resampled(found.log_weight, rng)
            chain = np.arange(chosen.shape[0])[:, None]
            log_hazard, effect = log_hazard[chain, chosen], effect[chain, chosen]
            walk = Walk(found.walk.starts, found.walk.level[chain, chosen])
        whole = longer(
            log_hazard,
            job.grid,
            to=self.to,
            times=(*self.landmarks, *self.horizons),
            wane_by=self.rule.wane_by,
            walk=walk,
        )
        tree = self._tree(whole.log_hazard, whole.grid, effect)
        answered = self.answers(tree)
        late = self.late(answered)
        judged = {
            answer.name: answer.judged for answer in answered if answer.quantity != "median" or answer.arm in late
        }
        thresholds = job.sampling.thresholds
        if self.rule.rows:
            error = max(thresholds.relative_error, WEIGHTED_ERROR)
            thresholds = replace(thresholds, relative_error=error)
        diagnosis = judged_with(judged, (self.source,), replace(job.sampling, thresholds=thresholds), checks)
        tree.attrs = attributes(self, diagnosis, job.sampling, self._said(whole.grid))
        return ExtrapolatedFit(job=self, tree=tree, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> ExtrapolatedFit:
        """The extrapolation whose stored tree carries this job's digest."""
        self.require_own(tree)
        return ExtrapolatedFit(job=self, tree=tree, diagnosis=restored(tree))

    def questions(self, tree: xr.DataTree) -> Questions:
        """What is asked, on the longer grid of a tree."""
        job = self.source.job
        starts = tree["posterior"]["interval"].to_numpy()
        return Questions(
            grid=Grid(tuple(float(start) for start in starts[1:]), self.to),
            unit=job.unit,
            arms=job.arms,
            better=job.better,
            landmarks=self.landmarks,
            horizons=self.horizons,
            proportional=job.model.proportional and self.rule.wane_by is None,
            plan=job.plan,
        )

    def answers(self, tree: xr.DataTree) -> tuple[Answer, ...]:
        """Everything that is extrapolated; the hazard ratio averaged over the follow-up is not."""
        asked = self.questions(tree)
        posterior = tree["posterior"].to_dataset()
        log_hazard = log_hazards(posterior)
        effect = posterior["effect"].transpose(*DRAWS).to_numpy().astype(np.float64)
        return tuple(
            self._exact(answers(log_hazard, asked, hazard_ratio=np.exp(effect), effect=effect), log_hazard, asked)
        )

    def late(self, found: Sequence[Answer]) -> frozenset[str]:
        """Arms whose median, or its upper limit, lies beyond the follow-up: of the others the fit itself tells it."""
        tail = (1 - self.source.job.sampling.level) / 2
        return frozenset(
            answer.arm for answer in found if answer.quantity == "median" and np.mean(answer.draws > self.after) > tail
        )

    def _exact(self, found: Iterator[Answer], log_hazard: Floats, asked: Questions) -> Iterator[Answer]:
        """Yield answers, of a waning hazard ratio that at the time itself and not the mean of a step."""
        last = int(np.searchsorted(asked.grid.starts, self.after)) - 1
        ratio = log_hazard[..., 1, last] - log_hazard[..., 0, last]
        at = {f"{time:g} {asked.unit}": time for time in self.landmarks}
        for answer in found:
            if not answer.at and answer.quantity.endswith("hazard_ratio"):
                continue  # an average over the follow-up
            if answer.quantity != "hazard_ratio":
                yield answer
            else:
                share = remaining(np.array([at[answer.at]]), self.after, self.rule.wane_by)[0]
                if share > 0:  # later it is 1 because the rule says so
                    draws = np.exp(share * ratio)
                    yield replace(answer, draws=draws, longer=draws < 1)

    def _tree(self, log_hazard: Floats, grid: Grid, effect: Floats) -> xr.DataTree:
        within = np.linspace(0.0, self.after, TIMES)
        times = np.concatenate([within, np.linspace(self.after, self.to, TIMES)[1:]])
        at = of.survival(log_hazard, grid, self.landmarks)
        means = of.restricted_mean(log_hazard, grid, self.horizons)
        axes = {
            "arm": Axis(self.source.job.arms),
            "interval": Axis(grid.starts),
            "time": Axis(times),
            "landmark": Axis(self.landmarks),
            "horizon": Axis(self.horizons),
        }
        values = {
            "log_hazard": log_hazard,
            "effect": effect,
            "survival": of.survival(log_hazard, grid, times),
            "survival_at": at,
            "survival_difference": at[..., 1, :] - at[..., 0, :],
            "restricted_mean": means,
            "restricted_mean_difference": means[..., 1, :] - means[..., 0, :],
        }
        children = {"posterior": Layout(VARIABLES, axes).dataset(values, lead=DRAWS)}
        if self.rule.rows:
            columns = {name: ("row", [getattr(row, name) for row in self.rule.rows]) for name in _COLUMNS}
            children["external_data"] = xr.Dataset(columns)
        return xr.DataTree.from_dict(children)

    def _said(self, grid: Grid) -> dict[str, Any]:
        job = self.source.job
        return {
            "endpoint": job.endpoint,
            "better": job.better,
            **contrasted(job.arms),
            "unit": job.unit,
            "model": job.model.name,
            "prior": job.prior.name,
            "extrapolated": self.words,
            "follow_up": self.after,
            "cuts": json.dumps(grid.cuts),
            "horizon": self.to,
        }


_COLUMNS = ("start", "stop", "n", "r", "arm")


@dataclass(frozen=True)
class ExtrapolatedFit(Derived[ExtrapolationJob]):
    """Survival beyond the follow-up: curves, landmarks and restricted means that rest on a rule."""

    @property
    def title(self) -> str:
        """Endpoint and rule in a line."""
        return f"{self.job.source.job.endpoint}, extrapolated: {self.job.words}"

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates, each marked as extrapolated and by which rule."""
        job, source = self.job, self.job.source
        asked = job.questions(self.tree)
        found = job.answers(self.tree)

        def make(*, at: str = "", **more: Any) -> Estimate:
            return Estimate(
                endpoint=source.job.endpoint,
                kind="posterior",
                model=source.job.model.name,
                prior=source.job.prior.name,
                method=f"extrapolated: {job.words}; posterior median, equal-tailed interval, NUTS{source.how}",
                extrapolated=job.words,
                converged=self.converged,
                at=f"{at}, extrapolated" if at else "extrapolated",
                **more,
            )

        level = source.job.sampling.level
        told = report(found, asked, make, population=WHOLE, level=level)
        late = job.late(found)
        return tuple(item for item in told if not _within(item, late))

    def plot(self) -> Figure:
        """Survival of both arms, what lies beyond the follow-up dashed on a shaded ground."""
        from reappraise.survival.beyond.figure import draw_extrapolation  # drawing is slow to import

        return draw_extrapolation(self)


def _within(item: Estimate, late: frozenset[str]) -> bool:
    """Whether it is about medians that the follow-up tells by itself: extrapolated are those of the late arms."""
    if item.quantity in {"median", "not_reached"}:
        return item.arm not in late
    return item.at.startswith("median") and not late


def extrapolate(
    fit: HazardFit,
    *,
    rule: RuleName,
    to: float | None = None,
    landmarks: Sequence[float] = (),
    horizons: Sequence[float] = (),
    wane_by: float | None = None,
    rows: Sequence[ExternalRow] = (),
) -> ExtrapolatedFit:
    """Survival beyond the follow-up of a fit, by an explicit rule.

    No data speak of what lies beyond but external rows, where they are given: every estimate says so (`extrapolated`,
    `at`, `method`), and figures draw it dashed. `Extrapolation` has the rules as formulas.

    Parameters
    ----------
    fit
        Fit of all patients of an endpoint: `fit_survival` or `fit_printed_survival`.
    rule
        "constant": hazards of the last interval go on in each arm. "waning": the hazard ratio goes to 1 by `wane_by`,
        both arms' mean log hazard goes on. "external": the mean log hazard walks on and is informed by `rows`.
    to
        End of the curves, in the fit's unit of time; by default the last time asked for.
    landmarks
        Times of survival probabilities.
    horizons
        Times that restricted means go to; by default `to`.
    wane_by
        Time at which the hazard ratio is 1; with "waning", and perhaps with "external".
    rows
        External survival, for "external".

    Raises
    ------
    AnalysisError
        If the rule does not say all that it needs, or a time lies within the follow-up.

    Examples
    --------
    >>> import reappraise as ra
    >>> beyond = ra.extrapolate(fit, rule="constant", landmarks=(60, 120))  # doctest: +SKIP
    >>> beyond.plot()  # doctest: +SKIP
    """
    assumed = Extrapolation(rule=rule, wane_by=wane_by, rows=tuple(rows))
    return extrapolation_job(fit, assumed, to=to, landmarks=landmarks, horizons=horizons).run()


def extrapolation_job(
    fit: HazardFit,
    rule: Extrapolation,
    *,
    to: float | None = None,
    landmarks: Sequence[float] = (),
    horizons: Sequence[float] = (),
) -> ExtrapolationJob:
    """The job of `extrapolate`, whose parameters these are."""
    asked = (*landmarks, *horizons, *(() if to is None else (to,)))
    if not asked:
        raise AnalysisError("expected landmarks, horizons or to: the times beyond the follow-up that are asked for")
    end = float(max(asked))
    return ExtrapolationJob(
        source=fit,
        rule=rule,
        to=end,
        landmarks=tuple(sorted(float(time) for time in landmarks)),
        horizons=tuple(sorted(float(time) for time in horizons)) or (end,),
        trial=fit.job.trial,
        trial_digest=fit.job.trial_digest,
    )
