"""The order of a whole analysis: the only module that knows it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

from reappraise.audit import Finding, audit
from reappraise.compare import Comparison, order
from reappraise.diagnose import Diagnosis
from reappraise.endpoints.classical import recompute
from reappraise.estimate import Estimate
from reappraise.fitting import Fit
from reappraise.plan import plan
from reappraise.pseudo_ipd.reconstruct import Effort
from reappraise.sampling import Sampling, versions
from reappraise.store import Job, Store, posterior_name
from reappraise.survival_workflow import Refusal, SurvivalEndpointResult, analyse_survival
from reappraise.trial import Trial
from reappraise.trial.published import published_responses, published_survivals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SURVIVAL_STEPS = 60
"""Steps that a survival endpoint counts for: it takes about as long as so many response fits."""

type Progress = Callable[[str, int, int], None]
"""Told what begins now, how many steps are done, and of how many."""


class Diagnosed(Protocol):
    """What was sampled and judged."""

    @property
    def job(self) -> Job[Any]:
        """What was asked for."""
        ...

    @property
    def diagnosis(self) -> Diagnosis:
        """The verdict and the checks behind it."""
        ...

    @property
    def converged(self) -> bool:
        """Whether it passed."""
        ...


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was found out about a trial.

    Parameters
    ----------
    trial, sampling
        The trial, and the settings with the seed used.
    findings
        The audit.
    comparison
        Published, recomputed and posterior estimates.
    fits
        Every fit, with its draws and verdict.
    survival
        Every survival endpoint that enough is printed about: data, reconstructed or known, and fits.
    refused
        Survival endpoints that were not analysed, and why.
    resumed
        How many of the response fits were found in the store.
    """

    trial: Trial
    sampling: Sampling
    findings: tuple[Finding, ...]
    comparison: Comparison
    fits: tuple[Fit, ...]
    survival: tuple[SurvivalEndpointResult, ...] = ()
    refused: tuple[Refusal, ...] = ()
    resumed: int = 0

    @property
    def everything(self) -> tuple[Diagnosed, ...]:
        """All that was diagnosed: response fits, reconstructions, survival fits."""
        found: list[Diagnosed] = list(self.fits)
        for item in self.survival:
            found += [item.replicates] if item.replicates is not None else []
            found += item.fits
        return tuple(found)

    @property
    def unconverged(self) -> tuple[Diagnosed, ...]:
        """What failed its diagnostics."""
        return tuple(item for item in self.everything if not item.converged)

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Yield every figure with its name, drawn one at a time."""
        from reappraise.figures import draw_all, draw_survival  # drawing is slow to import

        yield from draw_all(self.trial, self.comparison, self.fits)
        published, recomputed = (self.comparison.select(kind=kind).estimates for kind in ("published", "recomputed"))
        for item in self.survival:
            yield from draw_survival(item, published, recomputed)


def analyse(
    trial: Trial,
    *,
    sampling: Sampling | None = None,
    effort: Effort | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Audit, recompute, fit and compare; with a store, resume from it and write everything to it."""
    settings = (sampling or Sampling()).seeded()
    tell = progress or (lambda *_: None)
    findings = audit(trial)
    jobs = list(plan(trial, settings))
    if store:
        facts = {"program": f"reappraise {version('reappraise')}", "trial": trial.key, "trial_digest": trial.digest}
        store.describe(**facts, sampling=settings.as_dict(), versions=versions(), complete=False)
    fits = []
    resumed = 0
    for done, job in enumerate(jobs):
        words = f"{job.partition.endpoint}, {job.partition.factor}: {job.model.name}, {job.prior.name}"
        tell(words, done, len(jobs) + SURVIVAL_STEPS * len(trial.survivals))
        fit = store.read_fit(job) if store else None
        resumed += fit is not None
        if fit is None:
            fit = job.run()
            if store:
                store.write_fit(fit)
        fits.append(fit)
    span = SURVIVAL_STEPS * len(trial.survivals)

    def advance(text: str, fraction: float) -> None:
        tell(text, len(jobs) + int(span * fraction), len(jobs) + span)

    survival, refused = analyse_survival(trial, settings, effort or Effort(), store, advance)
    comparison = _compare(trial, fits, survival, settings.level)
    analysis = Analysis(trial, settings, findings, comparison, tuple(fits), survival, refused, resumed)
    if store:
        _write(analysis, store, tell, len(jobs) + span)
    return analysis


def _compare(trial: Trial, fits: list[Fit], survival: tuple[SurvivalEndpointResult, ...], level: float) -> Comparison:
    found: list[Estimate] = [*published_responses(trial), *published_survivals(trial)]
    for endpoint in trial.responses:
        for partition in endpoint.partitions():
            found += recompute(partition, level=level)
    found += [estimate for fit in fits for estimate in fit.estimates]
    for item in survival:
        found += item.recomputed(level)
        found += [estimate for fit in item.fits for estimate in fit.estimates]
    return Comparison(order(found))


def _write(analysis: Analysis, store: Store, tell: Progress, steps: int) -> None:
    kept = {posterior_name(item.job) for item in analysis.everything}

    def write(name: str, content: bytes) -> None:
        store.write(name, content)
        kept.add(name)

    write("comparison.csv", analysis.comparison.to_csv().encode())
    write("audit.csv", findings_csv(analysis.findings).encode())
    write("estimators.csv", estimators_csv(analysis.survival).encode())
    for name, figure in analysis.figures():
        tell(f"figure {name}", steps, steps)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=150, metadata={"Software": None})
        write(f"figures/{name}.png", picture.getvalue())
    store.prune(kept)
    store.describe(
        complete=True,
        verdicts={item.job.name: item.diagnosis.verdict for item in analysis.everything},
        refused={item.endpoint: item.reason for item in analysis.refused},
    )


def findings_csv(findings: tuple[Finding, ...]) -> str:
    """The audit as CSV text, one row per finding."""
    out = io.StringIO()
    rows = [finding.as_row() for finding in findings]
    columns = list(rows[0]) if rows else ["check", "verdict"]
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def estimators_csv(survival: tuple[SurvivalEndpointResult, ...]) -> str:
    """The estimators that a publication may have used as CSV text, and whether the printed numbers allow them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("endpoint", "estimators", "reached", "missed"))
    for item in survival:
        if item.replicates is not None:
            for tried in item.replicates.tried:
                writer.writerow((item.endpoint.published.key, tried.estimators, tried.reached, tried.missed))
    return out.getvalue()
