"""What is asked for: a posterior planned with a digest of everything that it depends on, then run and judged."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.estimate import Estimate
from reappraise.core.silence import Evidence
from reappraise.fits.diagnose import Check, Diagnosis, Judged, diagnose
from reappraise.fits.layout import DRAWS, Arrays, Axis, Layout, Variable
from reappraise.fits.machine_code import compiled
from reappraise.fits.model import Data, Draws, FitModel, Floats, NamedPrior
from reappraise.fits.nuts import Compiled, Sampled, draw
from reappraise.fits.sampling import Sampling, derived_seed, versions
from reappraise.fits.summary import Make
from reappraise.fits.words import Attributes

type Advance = Callable[[int, int], None]
"""Told how many pieces of a long fit are done, and of how many."""

PRIOR_DRAWS = 2000
"""Draws from the prior that a file holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJob(ABC):
    """Numbers to be computed and stored, known by a digest of everything that they depend on.

    Parameters
    ----------
    trial, trial_digest
        Key and digest of the trial that the data come from; empty for data of no trial file. The file says them, but
        no number depends on them: what the numbers depend on is what they are computed from.
    """

    layout: ClassVar[str]
    """Version of the layout of its files; part of every digest."""

    trial: str = ""
    trial_digest: str = ""

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the job, and of its file."""

    @property
    @abstractmethod
    def made_by(self) -> str:
        """What makes the numbers, such as the model, in a word or two."""

    @property
    @abstractmethod
    def depends(self) -> dict[str, Any]:
        """What the numbers depend on beside layout and versions."""

    @property
    def inputs(self) -> dict[str, Any]:
        """Everything that the numbers depend on."""
        return {"format": self.layout, "name": self.name, **self.depends, "versions": versions()}

    @property
    def digest(self) -> str:
        """SHA-256 of the inputs: equal digests mean equal numbers."""
        return hashlib.sha256(json.dumps(self.inputs, sort_keys=True).encode()).hexdigest()

    @property
    def provenance(self) -> Attributes:
        """What every file says of how it came about, in ArviZ's names where it has them."""
        known = versions()
        return {
            "creator": "reappraise",
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "format": self.layout,
            "trial": self.trial,
            "trial_digest": self.trial_digest,
            "versions": json.dumps(known),
            "inputs": json.dumps(self.inputs, sort_keys=True),
            "inputs_digest": self.digest,
        }

    def require_own(self, tree: xr.DataTree) -> None:
        """Refuse a stored tree that belongs to other inputs.

        Raises
        ------
        ValueError
            If it does.
        """
        if tree.attrs.get("inputs_digest") != self.digest:
            raise ValueError(f"{self.name}: the stored posterior belongs to other inputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class PosteriorJob[ModelT: FitModel, PriorT: NamedPrior, DataT, FitT](StoredJob):
    """One posterior to be sampled: data, a model, a prior, settings. Sampling, verdict and file are the same for all.

    Parameters
    ----------
    model, prior
        Model and prior.
    sampling
        Settings with the root seed.
    """

    model: ModelT
    prior: PriorT
    sampling: Sampling

    @property
    @abstractmethod
    def title(self) -> str:
        """What was fitted, in a line for people."""

    @property
    @abstractmethod
    def described(self) -> Attributes:
        """What the file says of endpoint, arms and data."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Sizes that the model is compiled for: what its `build` takes."""

    @abstractmethod
    def data(self) -> DataT:
        """Values of the model's data variables."""

    @abstractmethod
    def draw(self, data: DataT, sampling: Sampling, seed: int, advance: Advance | None) -> Sampled:
        """Sample the posterior with these settings, those of the job or what `again` asked for."""

    @abstractmethod
    def assemble(self, data: DataT, sampled: Sampled, rng: np.random.Generator) -> xr.DataTree:
        """All groups of the file.

        Parameters
        ----------
        data
            What the model was fitted to.
        sampled
            What the sampler returned.
        rng
            Source of the predictive and conditional draws.
        """

    @abstractmethod
    def judged(self, tree: xr.DataTree) -> dict[str, Judged]:
        """Draws of all that the verdict looks at."""

    @abstractmethod
    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield the posterior estimates.

        Parameters
        ----------
        tree
            The file.
        make
            Makes an estimate that names model, prior and method.
        """

    def evidence(self, estimate: Estimate) -> Evidence | None:  # noqa: ARG002  # times are not counts
        """The counts that a contrast is about; None where it is not about counts."""
        return None

    @property
    def caution(self) -> str:
        """What `method` says of every contrast of the arms beside how it was obtained; mostly nothing."""
        return ""

    @abstractmethod
    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> FitT:
        """The fit that has this tree and verdict."""

    @property
    def made_by(self) -> str:
        """The model."""
        return self.model.name

    @property
    def how(self) -> str:
        """How the posterior came about, after the sampler; empty where it is a plain fit."""
        return ""

    @property
    def sampler(self) -> str:
        """What drew from the posterior."""
        return "NUTS"

    @property
    def compiled(self) -> Compiled:
        """The compiled model, one for every job of this shape."""
        return compiled(self.model, self.shape)

    @property
    def entered(self) -> NamedPrior:
        """The prior as it enters, such as mirrored where the event is good."""
        return self.prior

    def checks(self, tree: xr.DataTree) -> Iterator[Check]:  # noqa: ARG002  # most need no more
        """Yield checks beside those that every fit passes or fails."""
        yield from ()

    @property
    def first(self) -> Sampling:
        """Settings that are tried first."""
        return self.sampling

    def again(self, sampling: Sampling, diagnosis: Diagnosis) -> Sampling | None:
        """Settings to sample with once more after this verdict; None where it stands, as where less was asked for."""
        if self.sampler != "NUTS" or not self.sampling.usual:
            return None
        return sampling.after(diagnosis, self.sampling)

    def run(self, advance: Advance | None = None) -> FitT:
        """Sample, assemble and judge.

        Parameters
        ----------
        advance
            Told, of a long fit, how far it has come.
        """
        data = self.data()
        tree, diagnosis = self.attempt(data, self.first, advance)
        more = self.again(self.first, diagnosis)
        while more is not None:
            found = self.attempt(data, more, advance)
            if found[1].missed <= diagnosis.missed:
                tree, diagnosis = found
            more = self.again(more, found[1])
        tree.attrs = self.attributes(diagnosis)
        for group in tree.children.values():
            group.attrs |= {name: tree.attrs[name] for name in ("created_at", "inference_library")}
        return self.fitted(tree, diagnosis)

    def attempt(self, data: DataT, sampling: Sampling, advance: Advance | None) -> tuple[xr.DataTree, Diagnosis]:
        """Draws with these settings, and the verdict on them."""
        seed, rng = self.randomness()
        sampled = self.draw(data, sampling, seed, advance)
        tree = self.assemble(data, sampled, rng)
        diagnosis = self.judge(self.judged(tree), sampled.statistics)
        return tree, Diagnosis((*diagnosis.checks, *sampled.checks, *self.checks(tree)))

    def restore(self, tree: xr.DataTree) -> FitT:
        """The fit whose stored tree carries this job's digest."""
        self.require_own(tree)
        checks = json.loads(tree.attrs["diagnosis"])["checks"]
        return self.fitted(tree, Diagnosis(tuple(Check(**check) for check in checks)))

    def randomness(self) -> tuple[int, np.random.Generator]:
        """Seed of the sampler, and the source of predictive and conditional draws."""
        seed = derived_seed(self.sampling.seed, self.name)
        return seed, np.random.default_rng(np.random.SeedSequence([seed, 1]))

    def judge(self, judged: Mapping[str, Judged], statistics: Arrays) -> Diagnosis:
        """The verdict on draws with these statistics of the sampler."""
        return diagnose(
            judged,
            diverging=statistics.get("diverging"),
            energy=statistics.get("energy"),
            thresholds=self.sampling.thresholds,
            level=self.sampling.level,
        )

    def attributes(self, diagnosis: Diagnosis) -> Attributes:
        """What the file says of the fit."""
        library = "nutpie" if self.sampler == "NUTS" else "reappraise"
        return {
            **self.provenance,
            **self.described,
            "model": self.model.name,
            "model_formula": self.model.formula,
            "prior": self.prior.name,
            "prior_distribution": self.entered.text,
            "prior_rationale": self.prior.rationale,
            "seed": self.sampling.seed,
            "level": self.sampling.level,
            "thresholds": json.dumps(asdict(self.sampling.thresholds)),
            "verdict": diagnosis.verdict,
            "diagnosis": json.dumps(diagnosis.as_dict()),
            "inference_library": library,
            "inference_library_version": versions()[library],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FitJob[ModelT: FitModel, PriorT: NamedPrior, FitT](PosteriorJob[ModelT, PriorT, Data, FitT]):
    """A posterior of one data set.

    A kind of endpoint says what it alone knows: its data, its estimands, what they are called.
    """

    @property
    @abstractmethod
    def axes(self) -> Mapping[str, Axis]:
        """Labels of the dims."""

    @property
    @abstractmethod
    def variables(self) -> Mapping[str, Variable]:
        """What is declared of every variable of the file."""

    @property
    @abstractmethod
    def likelihood(self) -> Mapping[str, tuple[str, ...]]:
        """Name of what was observed, among the data, and dims of its log likelihood."""

    @abstractmethod
    def estimands(self, draws: Draws, data: Data, rng: np.random.Generator, *, posterior: bool) -> dict[str, Floats]:
        """Named quantities from draws of the sampled variables, given the data (`posterior`) or before them."""

    @abstractmethod
    def predict(self, found: Draws, data: Data, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """What is observed, drawn given the estimands."""

    def step(self, chains: int, draws: int) -> int:  # noqa: ARG002  # most keep every draw
        """Every so many draws are kept."""
        return 1

    @property
    def prior_draws(self) -> int:
        """Draws from the prior that the file holds."""
        return PRIOR_DRAWS

    def log_prior(self, draws: Draws, data: Data) -> dict[str, Floats]:
        """Log prior density of the variables that a reader can weigh."""
        return self.model.log_prior(draws, data)

    def judged(self, tree: xr.DataTree) -> dict[str, Judged]:
        """Draws of all that the verdict looks at."""
        named, reported = Layout(self.variables).scalars(tree["posterior"].to_dataset())
        return {name: Judged(draws, reported=name in reported) for name, draws in named.items()}

    def draw(self, data: Data, sampling: Sampling, seed: int, advance: Advance | None) -> Sampled:  # noqa: ARG002
        """Sample the posterior."""
        return draw(self.compiled, data, sampling, seed)

    def assemble(self, data: Data, sampled: Sampled, rng: np.random.Generator) -> xr.DataTree:
        """All groups of the file.

        Parameters
        ----------
        data
            What the model was fitted to.
        sampled
            What the sampler returned.
        rng
            Source of the predictive and conditional draws.
        """
        step = self.step(*sampled.statistics["energy"].shape)
        kept = {name: values[:, ::step] for name, values in sampled.draws.items()}
        posterior = self.estimands(kept, data, rng, posterior=True)
        drawn = self.model.draw_prior(data, self.prior_draws, rng)
        prior = self.estimands({name: values[None] for name, values in drawn.items()}, data, rng, posterior=False)
        observed = dict(data)
        name, own = next(iter(self.likelihood.items()))
        groups: dict[str, Arrays] = {
            "posterior": posterior,
            "posterior_predictive": self.predict(posterior, data, rng),
            "log_prior": self.log_prior(kept, data),
            "sample_stats": {name: values[:, ::step] for name, values in sampled.statistics.items()},
            "prior": prior,
            "prior_predictive": self.predict(prior, data, rng),
        }
        layout = Layout(self.variables, self.axes)
        children = {
            group: layout.dataset(values, lead=DRAWS, dims={} if group in {"log_prior", "sample_stats"} else None)
            for group, values in groups.items()
        }
        density = {name: self.model.log_likelihood(kept, data)}
        children["log_likelihood"] = layout.dataset(density, lead=DRAWS, dims={name: own})
        children["observed_data"] = layout.dataset({name: self.observed(observed.pop(name))})
        children["constant_data"] = layout.dataset({name: np.asarray(value) for name, value in observed.items()})
        return xr.DataTree.from_dict(children)

    def observed(self, values: NDArray[Any]) -> NDArray[Any]:
        """What was observed, with the dims that are declared of it."""
        return values
