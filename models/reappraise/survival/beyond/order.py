r"""Two endpoints of the same patients in one posterior that keeps their order: progression-free and overall survival.

.. math::
    p(h_1, h_2 \mid \text{both}) \propto p(h_1 \mid D_1)\, p(h_2 \mid D_2)\;
        1\left[\, S_{1a}(t) \le S_{2a}(t) \text{ for all } t \le T,\ a = 0, 1 \,\right]

with h the hazards of both arms, D what is known of each endpoint, T the shorter of the two follow-ups.

What is assumed. Each posterior enters as it stands, and the order is all that is added. The data are of the same
patients, and a death without progression is an event of both endpoints; how the endpoints' errors depend on each other
is not modelled, and no patient's event is counted twice within an endpoint: a composite of two marginal posteriors.
Where the true dependence is strong, numbers about both endpoints together (the time between them, the share between
them) are surer in truth than here, for errors of the two curves then cancel. The order is that of the curves, which a
difference of hazards above 0 would imply but which does not imply it: after the first endpoint's event hazards are
free.

Cumulative hazards are straight between cuts, so the order is tested exactly: at the cuts of both grids, and at T.
Draw i of one posterior is paired with draw i + k of the other, chain by chain, with k drawn by lot; pairs in order are
kept. Each draw serves once at most, so kept pairs are independent of each other as far as the draws are, and effective
sample sizes mean what they say. The share of pairs in order is the probability of the order under independence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.fits.diagnose import MORE_DRAWS, Check, Judged
from reappraise.fits.job import Advance, StoredJob
from reappraise.fits.layout import DRAWS, Axis, Layout, Variable
from reappraise.fits.sampling import Sampling, derived_seed, settings_with
from reappraise.fits.summary import estimated
from reappraise.fits.words import contrasted
from reappraise.survival import estimands as of
from reappraise.survival.answers import report
from reappraise.survival.beyond.derived import Derived, HazardFit, attributes, judged_with, restored
from reappraise.survival.beyond.pairs import in_order, log_hazards, paired, taken
from reappraise.survival.hazard import Grid
from reappraise.survival.tree import tree_answers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

type Floats = NDArray[np.float64]

LEAST: Final = 0.01
"""Least probability of the order under independent posteriors: below it they contradict each other."""
FEWEST: Final = 25
"""Fewest kept draws of a chain that anything can be judged by."""
ORDERED: Final = "ordered"
"""Model of what concerns both endpoints, and what is added to the model of each."""
VARIABLES: Final = {
    "time_between": Variable(
        dims=("arm", "horizon"),
        description="mean time after the event of the first endpoint and before that of the second, up to the horizon",
    ),
    "time_between_difference": Variable(dims=("horizon",), description="the same, experimental minus control arm"),
    "share_between": Variable(
        dims=("arm", "landmark"),
        description="of those without the event of the second endpoint, share with that of the first",
    ),
    "share_between_difference": Variable(dims=("landmark",), description="the same, experimental minus control arm"),
}


class OrderError(AnalysisError):
    """The two posteriors contradict the order: next to no pair of their draws keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderJob(StoredJob):
    """Two posteriors to be held to an order.

    Parameters
    ----------
    first, second
        Fits of all patients by endpoint: the survival of the first never exceeds that of the second.
    horizon
        Time that restricted means go to, at most the shorter follow-up.
    landmarks
        Times of shares, ascending, at most the shorter follow-up.
    sampling
        Settings with root seed, thresholds and level.
    """

    layout = "reappraise ordered survival 1"

    first: HazardFit
    second: HazardFit
    horizon: float
    landmarks: tuple[float, ...]
    sampling: Sampling

    def __post_init__(self) -> None:
        """Refuse fits that are not of two endpoints of the same arms, and times beyond the shorter follow-up."""
        one, other = self.first.job, self.second.job
        if one.endpoint == other.endpoint:
            raise AnalysisError(f"expected two endpoints, got {one.endpoint} twice")
        for job in (one, other):
            if job.groups != (WHOLE,):
                raise AnalysisError(f"{job.endpoint}: expected a fit of all patients, got one by {job.factor}")
        if (one.arms, one.unit) != (other.arms, other.unit):
            said = "; ".join(f"{job.endpoint}: {', '.join(job.arms)}, {job.unit}" for job in (one, other))
            raise AnalysisError(f"expected the same arms and unit of time of both endpoints, got {said}")
        times = (*self.landmarks, self.horizon)
        if list(self.landmarks) != sorted(set(self.landmarks)) or any(not 0 < time <= self.end for time in times):
            raise AnalysisError(
                f"expected landmarks ascending, and they and the horizon above 0 and at most {self.end:g} {one.unit}, "
                f"the shorter follow-up; got {self.landmarks} and {self.horizon:g}"
            )

    @property
    def end(self) -> float:
        """The shorter follow-up, up to which the order is kept."""
        return min(self.first.job.grid.horizon, self.second.job.grid.horizon)

    @property
    def endpoints(self) -> tuple[str, str]:
        """Keys of the first and the second endpoint."""
        return self.first.job.endpoint, self.second.job.endpoint

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{'+'.join(self.endpoints)}.ordered.{self.first.job.model.name}.{self.first.job.prior.name}"

    @property
    def made_by(self) -> str:
        """The model of the first, and that it is ordered."""
        return f"{self.first.job.model.name}, {ORDERED}"

    @property
    def words(self) -> str:
        """What is given, in words."""
        first, second = self.endpoints
        return f"given that survival of {first} never exceeds that of {second}"

    @property
    def depends(self) -> dict[str, Any]:
        """Both fits, and what is asked."""
        return {
            "fits": [fit.job.digest for fit in (self.first, self.second)],
            "how": [fit.how for fit in (self.first, self.second)],
            "horizon": self.horizon,
            "landmarks": self.landmarks,
            "sampling": self.sampling.as_dict(),
        }

    def run(self, advance: Advance | None = None) -> OrderedFit:  # noqa: ARG002  # short
        """Pair draws by lot, keep the pairs in order, and judge.

        Raises
        ------
        OrderError
            If too few pairs are in order.
        """
        posteriors = [fit.tree["posterior"].to_dataset() for fit in (self.first, self.second)]
        hazards = [log_hazards(posterior) for posterior in posteriors]
        rng = np.random.default_rng(derived_seed(self.sampling.seed, self.name))
        places = paired([one.shape[:2] for one in hazards], rng)
        chain = np.arange(places[0].shape[0])[:, None]
        grids = self.first.job.grid, self.second.job.grid
        drawn = [one[chain, own] for one, own in zip(hazards, places, strict=True)]
        kept = in_order(drawn[0], drawn[1], grids, self.end)
        share = float(kept.mean())
        fewest = int(kept.sum(axis=1).min())
        first, second = self.endpoints
        if share < LEAST or fewest < FEWEST:
            raise OrderError(
                f"{first} and {second}: of {kept.size:,} pairs of draws of the two posteriors {int(kept.sum()):,} have "
                f"survival of {first} at or below that of {second} at all times to {self.end:g} {self.first.job.unit}; "
                f"expected at least {LEAST:.0%}, and {FEWEST} in each chain. What is known of the two endpoints "
                "contradicts that order: check which numbers belong to which endpoint, or keep more draws (--draws)"
            )
        picked = [np.flatnonzero(row)[:fewest] for row in kept]
        chosen = [np.stack([own[c, pick] for c, pick in enumerate(picked)]) for own in places]
        branches = {
            endpoint: posterior.map(partial(taken, chain=chain, chosen=own))
            for endpoint, posterior, own in zip(self.endpoints, posteriors, chosen, strict=True)
        }
        between = self._between([one[chain, own] for one, own in zip(hazards, chosen, strict=True)], grids)
        tree = xr.DataTree.from_dict(
            {"/posterior": between, **{f"/{endpoint}/posterior": branch for endpoint, branch in branches.items()}}
        )
        checks = (Check("probability of the order", share, LEAST, f"{first}, {second}", share >= LEAST, MORE_DRAWS),)
        diagnosis = judged_with(self._judged(tree), (self.first, self.second), self.sampling, checks)
        tree.attrs = attributes(self, diagnosis, self.sampling, {**self._said(), "probability_of_order": share})
        return OrderedFit(job=self, tree=tree, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> OrderedFit:
        """The result whose stored tree carries this job's digest."""
        self.require_own(tree)
        return OrderedFit(job=self, tree=tree, diagnosis=restored(tree))

    def _between(self, hazards: Sequence[Floats], grids: tuple[Grid, Grid]) -> xr.Dataset:
        means, alive = (
            [what(own, grid, times) for own, grid in zip(hazards, grids, strict=True)]
            for what, times in ((of.restricted_mean, (self.horizon,)), (of.survival, self.landmarks))
        )
        time, share = means[1] - means[0], 1 - alive[0] / alive[1]
        values = {
            "time_between": time,
            "time_between_difference": time[..., 1, :] - time[..., 0, :],
            "share_between": share,
            "share_between_difference": share[..., 1, :] - share[..., 0, :],
        }
        axes = {
            "arm": Axis(self.first.job.arms),
            "horizon": Axis((self.horizon,)),
            "landmark": Axis(self.landmarks),
        }
        return Layout(VARIABLES, axes).dataset(values, lead=DRAWS)

    def _judged(self, tree: xr.DataTree) -> dict[str, Judged]:
        named, _ = Layout(VARIABLES).scalars(tree["posterior"].to_dataset())
        found = {name: Judged(draws, reported=True) for name, draws in named.items()}
        for fit, endpoint in zip((self.first, self.second), self.endpoints, strict=True):
            for answer in tree_answers(tree.children[endpoint], fit.job.labels)[WHOLE]:
                found[f"{endpoint}: {answer.name}"] = answer.judged
        return found

    def _said(self) -> dict[str, Any]:
        job = self.first.job
        return {
            "first_endpoint": self.endpoints[0],
            "second_endpoint": self.endpoints[1],
            "given": self.words,
            **contrasted(job.arms),
            "unit": job.unit,
            "model": job.model.name,
            "prior": job.prior.name,
            "horizon": self.horizon,
        }


@dataclass(frozen=True)
class OrderedFit(Derived[OrderJob]):
    """Two endpoints in one posterior that keeps their order; the tree has one branch for each, and one for both."""

    @property
    def title(self) -> str:
        """Both endpoints, and what is given."""
        return f"{' and '.join(self.job.endpoints)}, {self.job.words}"

    @property
    def probability(self) -> float:
        """Probability of the order were the posteriors independent: the share of pairs that was kept."""
        return float(self.tree.attrs["probability_of_order"])

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """Estimates of both endpoints, and of what lies between them."""
        return (*self._of_each(), *self._between())

    def plot(self) -> Figure:
        """Both curves of each arm."""
        from reappraise.survival.beyond.order_figure import draw_order  # drawing is slow to import

        return draw_order(self)

    def _of_each(self) -> Iterator[Estimate]:
        job = self.job
        for fit, endpoint in zip((job.first, job.second), job.endpoints, strict=True):
            make = partial(
                Estimate,
                endpoint=endpoint,
                kind="posterior",
                model=f"{fit.job.model.name}-{ORDERED}",
                prior=fit.job.prior.name,
                method=f"{job.words}; posterior median, equal-tailed interval, NUTS{fit.how}",
                converged=self.converged,
            )
            labels = fit.job.labels
            found = tree_answers(self.tree.children[endpoint], labels)[WHOLE]
            yield from report(found, labels.questions, make, population=WHOLE, level=job.sampling.level)

    def _between(self) -> Iterator[Estimate]:
        job, level = self.job, self.job.sampling.level
        first, second = job.endpoints
        make = partial(
            Estimate,
            endpoint=f"{first}+{second}",
            kind="posterior",
            model=ORDERED,
            prior=job.first.job.prior.name,
            converged=self.converged,
        )
        contrast = {"numerator": job.first.job.arms[1], "denominator": job.first.job.arms[0]}
        told = f"{job.words}, errors of the two otherwise independent; posterior median, equal-tailed interval"
        posterior = self.tree["posterior"].to_dataset()
        unit = job.first.job.unit
        for quantity, dim, times, words in (
            ("time_between", "horizon", (job.horizon,), f"restricted mean of {second} minus that of {first}"),
            ("share_between", "landmark", job.landmarks, f"1 - S({first}) / S({second})"),
        ):
            for place, time in enumerate(times):
                named: Mapping[str, Any] = {"at": f"{time:g} {unit}", "method": f"{words}, {told}"}
                draws = posterior[quantity].isel({dim: place}).transpose(*DRAWS, "arm").to_numpy().astype(np.float64)
                for code, arm in enumerate(job.first.job.arms):
                    yield estimated(partial(make, quantity=quantity, arm=arm, **named), draws[..., code], level)
                difference = draws[..., 1] - draws[..., 0]
                yield estimated(
                    partial(make, quantity=f"{quantity}_difference", **contrast, **named), difference, level
                )


def order_survival(
    first: HazardFit,
    second: HazardFit,
    *,
    horizon: float | None = None,
    landmarks: Sequence[float] | None = None,
    seed: int | None = None,
) -> OrderedFit:
    """Two endpoints of the same patients in one posterior in which the first's survival never exceeds the second's.

    Parameters
    ----------
    first, second
        Fits of all patients, such as of progression-free and of overall survival, from patients or from print.
    horizon
        Time that restricted means between the endpoints go to; by default the earlier of the fits' last horizons.
    landmarks
        Times at which shares between the endpoints are asked for; by default those of both fits that both reach.
    seed
        Root seed; by default that of the first fit.

    Raises
    ------
    OrderError
        If fewer than 1% of the pairs of draws are in order: then the two posteriors contradict it.
    AnalysisError
        If the fits are not of two endpoints of the same arms.

    Examples
    --------
    >>> import reappraise as ra
    >>> both = ra.order_survival(pfs, os)  # doctest: +SKIP
    >>> both.probability, both.tree["posterior"]["time_between"]  # doctest: +SKIP
    """
    return order_job(first, second, horizon=horizon, landmarks=landmarks, seed=seed).run()


def order_job(
    first: HazardFit,
    second: HazardFit,
    *,
    horizon: float | None = None,
    landmarks: Sequence[float] | None = None,
    seed: int | None = None,
) -> OrderJob:
    """The job of `order_survival`, whose parameters these are."""
    jobs = first.job, second.job
    end = min(job.grid.horizon for job in jobs)
    own = {time for job in jobs for time in job.landmarks if time <= end} if landmarks is None else set(landmarks)
    settings = jobs[0].sampling
    return OrderJob(
        first=first,
        second=second,
        horizon=min(job.horizons[-1] for job in jobs) if horizon is None else horizon,
        landmarks=tuple(sorted(own)),
        sampling=settings_with(settings, seed),
        trial=jobs[0].trial,
        trial_digest=jobs[0].trial_digest,
    )
