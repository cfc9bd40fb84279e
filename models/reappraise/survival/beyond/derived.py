"""Numbers that follow from the draws of fits: stored, judged and shown as fits are."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

import xarray as xr

from reappraise.core.comparison import Comparison
from reappraise.core.estimate import Estimate
from reappraise.fits.diagnose import Check, Diagnosis, Judged, diagnose
from reappraise.fits.job import StoredJob
from reappraise.fits.sampling import Sampling
from reappraise.survival.fit import SurvivalFit
from reappraise.survival.printed.job import PrintedFit

type HazardFit = SurvivalFit | PrintedFit
"""A posterior of two arms' hazards, from patients or from print."""

SOURCE: Final = "checks failed by the fit that it comes from"


@dataclass(frozen=True)
class Derived[Asked: StoredJob](ABC):
    """What follows from the draws of fits, with its verdict.

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
    def converged(self) -> bool:
        """Whether it passed its diagnostics, and the fits that it comes from theirs."""
        return self.diagnosis.converged

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is, in a line for people."""

    @property
    @abstractmethod
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; each says what it rests on."""

    def _repr_html_(self) -> str:
        verdict = self.diagnosis.verdict + ("" if self.converged else f" ({self.diagnosis.failures})")
        head = "<br>".join(escape(part) for part in (self.title, verdict))
        return f"<p>{head}</p>{Comparison(self.estimates)._repr_html_()}"


def judged_with(
    judged: Mapping[str, Judged], fits: tuple[HazardFit, ...], sampling: Sampling, further: tuple[Check, ...] = ()
) -> Diagnosis:
    """Verdict on derived draws: their own convergence and precision, and that their sources passed.

    Parameters
    ----------
    judged
        Everything that is reported.
    fits
        The fits that the draws come from.
    sampling
        Settings with thresholds and level.
    further
        Checks of how they were derived.
    """
    failed = [check for fit in fits for check in fit.diagnosis.checks if not check.passed]
    names = ", ".join(dict.fromkeys(fit.job.endpoint for fit in fits))
    source = Check(
        SOURCE, len(failed), 0, names, not failed, "; ".join(dict.fromkeys(c.remedy for c in failed if c.remedy))
    )
    own = diagnose(judged, diverging=None, energy=None, thresholds=sampling.thresholds, level=sampling.level).checks
    return Diagnosis((*own, source, *further))


def restored(tree: xr.DataTree) -> Diagnosis:
    """The verdict that a stored file holds."""
    checks = json.loads(tree.attrs["diagnosis"])["checks"]
    return Diagnosis(tuple(Check(**item) for item in checks))


def attributes(job: StoredJob, diagnosis: Diagnosis, sampling: Sampling, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says of how it came about."""
    return {
        **job.provenance,
        **said,
        "seed": sampling.seed,
        "level": sampling.level,
        "verdict": diagnosis.verdict,
        "diagnosis": json.dumps(diagnosis.as_dict()),
        "inference_library": "nutpie",
    }
