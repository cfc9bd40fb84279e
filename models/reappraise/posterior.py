"""What posteriors of every kind share: a digest of all they depend on, a verdict, a file that says what it is."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from html import escape
from typing import Any, ClassVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.diagnose import Check, Diagnosis, diagnose
from reappraise.estimate import Estimate
from reappraise.sampling import Sampling, derived_seed, versions

type Attributes = dict[str, str | int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJob(ABC):
    """Numbers to be computed and stored, known by a digest of everything that they depend on.

    Parameters
    ----------
    trial, trial_digest
        Key and digest of the trial that the data come from; empty for data of no trial file.
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
    def _depends(self) -> dict[str, Any]:
        """What the numbers depend on beside layout, trial and versions."""

    @property
    def inputs(self) -> dict[str, Any]:
        """Everything that the numbers depend on."""
        return {
            "format": self.layout,
            "trial": self.trial,
            "trial_digest": self.trial_digest,
            **self._depends,
            "versions": versions(),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the inputs: equal digests mean equal numbers."""
        return hashlib.sha256(json.dumps(self.inputs, sort_keys=True).encode()).hexdigest()

    def _require_own(self, tree: xr.DataTree) -> None:
        if tree.attrs.get("inputs_digest") != self.digest:
            raise ValueError(f"{self.name}: the stored posterior belongs to other inputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class PosteriorJob(StoredJob):
    """One posterior to be sampled.

    Parameters
    ----------
    sampling
        Settings with the root seed.
    """

    sampling: Sampling

    def __post_init__(self) -> None:
        """Refuse settings without a seed: nothing could be repeated."""
        if self.sampling.seed is None:
            raise ValueError("a job needs a seed; use Sampling.seeded()")

    @property
    @abstractmethod
    def _described(self) -> Attributes:
        """What the file says of endpoint, arms, model and prior."""

    def _randomness(self) -> tuple[int, np.random.Generator]:
        """Seed of the sampler, and the source of predictive and conditional draws."""
        seed = derived_seed(self.sampling.seed or 0, self.name)
        return seed, np.random.default_rng(np.random.SeedSequence([seed, 1]))

    def _judge(
        self,
        scalars: Mapping[str, NDArray[np.floating]],
        *,
        reported: Collection[str],
        statistics: Mapping[str, NDArray[Any]],
    ) -> Diagnosis:
        return diagnose(
            scalars,
            reported=reported,
            diverging=statistics["diverging"],
            energy=statistics["energy"],
            thresholds=self.sampling.thresholds,
            level=self.sampling.level,
        )

    def _attributes(self, diagnosis: Diagnosis) -> Attributes:
        return {
            "creator": "reappraise",
            "format": self.layout,
            "trial": self.trial,
            "trial_digest": self.trial_digest,
            **self._described,
            "seed": self.sampling.seed or 0,
            "level": self.sampling.level,
            "versions": json.dumps(versions()),
            "thresholds": json.dumps(asdict(self.sampling.thresholds)),
            "verdict": diagnosis.verdict,
            "diagnosis": json.dumps(diagnosis.as_dict()),
            "inputs": json.dumps(self.inputs, sort_keys=True),
            "inputs_digest": self.digest,
        }

    def _stored_diagnosis(self, tree: xr.DataTree) -> Diagnosis:
        self._require_own(tree)
        return Diagnosis(tuple(Check(**check) for check in json.loads(tree.attrs["diagnosis"])["checks"]))


@dataclass(frozen=True)
class Posterior[Asked: PosteriorJob](ABC):
    """A posterior with its verdict.

    Parameters
    ----------
    job
        What was asked.
    tree
        Draws as an xarray DataTree: any ArviZ function takes it.
    diagnosis
        Whether it can be trusted.
    """

    job: Asked
    tree: xr.DataTree = field(repr=False)
    diagnosis: Diagnosis

    @property
    @abstractmethod
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; a failed verdict stands in the method of each."""

    @property
    def converged(self) -> bool:
        """Whether the fit passed its diagnostics."""
        return self.diagnosis.converged

    def _method(self, more: str = "") -> str:
        method = f"posterior median, equal-tailed interval, NUTS{more}"
        return method if self.converged else f"{self.diagnosis.verdict}: {method}"

    def _table(self, title: str, subject: str, named: Callable[[Estimate], str], *, times: bool = False) -> str:
        """The estimates as HTML, below title and verdict; the first column says what each is about."""
        columns: dict[str, Callable[[Estimate], str]] = {
            subject: named,
            "quantity": lambda item: item.quantity.replace("_", " "),
            "arm": lambda item: item.arm or f"{item.numerator} vs {item.denominator}",
            **({"at": lambda item: item.at} if times else {}),
            "median": lambda item: "" if item.value is None else f"{item.value:.3g}",
            f"{self.job.sampling.level:.0%}": (
                lambda item: "" if item.low is None else f"{item.low:.3g} to {item.high:.3g}"
            ),
        }
        verdict = self.diagnosis.verdict + ("" if self.converged else f" ({self.diagnosis.failures})")
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(text(item))}</td>' for text in columns.values())}</tr>"
            for item in self.estimates
        )
        return f"<table><caption>{escape(title)}<br>{escape(verdict)}</caption><tr>{head}</tr>{rows}</table>"


def contrasted(arms: tuple[str, str], of: str = "") -> Attributes:
    """What a file says of the arms, control and experimental, and which is over which."""
    control, experimental = arms
    return {
        "control_arm": control,
        "experimental_arm": experimental,
        "direction": f"contrasts are {experimental} over (or minus) {control}{of}",
    }


def settings_with(sampling: Sampling | None, seed: int | None) -> Sampling:
    """The settings given, or the usual ones, with the seed given, theirs, or a generated one."""
    settings = sampling or Sampling()
    return (settings if seed is None else replace(settings, seed=seed)).seeded()
