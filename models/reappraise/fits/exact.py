"""Posteriors that are known exactly, as files: independent draws, so that any tool that reads a fit reads them too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.estimate import Estimate
from reappraise.fits.diagnose import Check, Diagnosis, Judged, Thresholds, diagnose
from reappraise.fits.each import Session
from reappraise.fits.job import StoredJob
from reappraise.fits.layout import DRAWS, Axis, Layout, Variable
from reappraise.fits.model import Floats, NamedPrior
from reappraise.fits.sampling import derived_seed
from reappraise.fits.words import Attributes
from reappraise.published.trial import Trial

CHAINS: Final = 4
KEPT: Final = 2000
"""Draws of each chain: they are independent and cost nothing, so that nobody has to ask for more."""
PRIOR_DRAWS: Final = 2000

type Draw = Callable[[np.random.Generator, int], Mapping[str, Floats]]
"""Independent draws of every variable, leading dim the draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactPosterior:
    """A posterior that needs no sampler.

    Parameters
    ----------
    endpoint
        Key of the endpoint.
    subject
        What it is about, for the name of its file, such as ``"risk-ratio"``.
    title
        The same in a line, for people.
    model, formula
        Key of the model, and likelihood and prior in a line.
    prior
        The prior.
    variables
        What is declared of every variable.
    draw, draw_prior
        Draws of the variables from posterior and prior.
    printed
        The numbers that it was made from, by name; NaN where one is not printed.
    described
        What the file says of endpoint and arms.
    estimates
        Yields what is reported of it, in closed form.
    axes
        Labels of the dims of variables that have any.
    """

    endpoint: str
    subject: str
    title: str
    model: str
    formula: str
    prior: NamedPrior
    variables: Mapping[str, Variable]
    draw: Draw
    draw_prior: Draw
    printed: Mapping[str, float]
    described: Attributes
    estimates: Callable[[], Iterator[Estimate]]
    axes: Mapping[str, Axis] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactJob(StoredJob):
    """Draws of an exact posterior to be exported.

    Parameters
    ----------
    posterior
        The posterior.
    seed
        Root seed.
    level
        Coverage of the intervals whose limits the verdict looks at.
    """

    layout = "reappraise exact 1"

    posterior: ExactPosterior
    seed: int
    level: float = 0.95

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        one = self.posterior
        return f"{one.endpoint}.{one.subject}.{one.model}.{one.prior.name}"

    @property
    def made_by(self) -> str:
        """The model."""
        return self.posterior.model

    @property
    def title(self) -> str:
        """What it is about, in a line."""
        return f"{self.posterior.title}, prior {self.posterior.prior.label}: {self.posterior.prior.text}"

    @property
    def depends(self) -> dict[str, Any]:
        """Printed numbers, model, prior and seed."""
        one = self.posterior
        return {
            "printed": {name: repr(value) for name, value in one.printed.items()},
            "described": one.described,
            "model": one.model,
            "formula": one.formula,
            "prior": repr(one.prior),
            "variables": {name: asdict(declared) for name, declared in one.variables.items()},
            "seed": self.seed,
            "level": self.level,
        }

    def run(self, advance: Any = None) -> ExactFit:  # noqa: ARG002  # done at once
        """Draw, label and judge: draws are independent, and the verdict says whether they are enough."""
        one = self.posterior
        rng = np.random.default_rng(derived_seed(self.seed, self.name))
        layout = Layout(one.variables, one.axes)
        drawn = {name: _by_chain(values) for name, values in one.draw(rng, CHAINS * KEPT).items()}
        prior = {name: values[None] for name, values in one.draw_prior(rng, PRIOR_DRAWS).items()}
        printed = {name: np.asarray(value) for name, value in one.printed.items()}
        tree = xr.DataTree.from_dict(
            {
                "posterior": layout.dataset(drawn, lead=DRAWS),
                "prior": layout.dataset(prior, lead=DRAWS),
                "observed_data": layout.dataset(printed, dims={}),
            }
        )
        named, reported = layout.scalars(tree["posterior"].to_dataset())
        judged = {name: Judged(draws, reported=name in reported) for name, draws in named.items()}
        diagnosis = diagnose(judged, diverging=None, energy=None, thresholds=Thresholds(), level=self.level)
        tree.attrs = {
            **self.provenance,
            **one.described,
            "endpoint": one.endpoint,
            "model": one.model,
            "model_formula": one.formula,
            "prior": one.prior.name,
            "prior_distribution": one.prior.text,
            "prior_rationale": one.prior.rationale,
            "seed": self.seed,
            "level": self.level,
            "verdict": diagnosis.verdict,
            "diagnosis": json.dumps(diagnosis.as_dict()),
            "inference_library": "reappraise",
            "sampling": "independent draws of a posterior known in closed form or by quadrature",
        }
        return ExactFit(self, tree, diagnosis)

    def restore(self, tree: xr.DataTree) -> ExactFit:
        """The fit whose stored tree carries this job's digest."""
        self.require_own(tree)
        checks = json.loads(tree.attrs["diagnosis"])["checks"]
        return ExactFit(self, tree, Diagnosis(tuple(Check(**check) for check in checks)))


@dataclass(frozen=True)
class ExactFit:
    """An exact posterior with draws of it: what is reported comes from the former, what is exported are the latter.

    Parameters
    ----------
    job
        What was asked.
    tree
        Independent draws as an xarray DataTree: any ArviZ function takes it.
    diagnosis
        Whether there are enough of them.
    """

    job: ExactJob
    tree: xr.DataTree = field(repr=False)
    diagnosis: Diagnosis

    @property
    def converged(self) -> bool:
        """Whether there are enough draws."""
        return self.diagnosis.converged

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates, without Monte Carlo error."""
        return tuple(self.job.posterior.estimates())


def exact_fits(posteriors: Iterator[ExactPosterior], trial: Trial, session: Session) -> tuple[ExactFit, ...]:
    """Draws of exact posteriors, found in the store or made.

    Parameters
    ----------
    posteriors
        The posteriors.
    trial
        The trial that their numbers come from.
    session
        Where draws are found and kept.
    """
    sampling = session.sampling
    jobs = [
        ExactJob(posterior=one, seed=sampling.seed, level=sampling.level, trial=trial.key, trial_digest=trial.digest)
        for one in posteriors
    ]
    return session.each(jobs, lambda job: f"{job.posterior.subject}, {job.posterior.prior.name}")


def by_quantile(quantile: Callable[[float], float], rng: np.random.Generator, number: int) -> Floats:
    """Independent draws of what has a quantile function, dims (draw,)."""
    return np.array([quantile(float(place)) for place in rng.uniform(size=number)])


def _by_chain(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(CHAINS, KEPT, *values.shape[1:])
