"""The order of a whole analysis: the only module that knows it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

from reappraise.audit import Finding, audit
from reappraise.compare import Comparison, order
from reappraise.depth.workflow import DepthResult, analyse_depth
from reappraise.diagnose import Diagnosis
from reappraise.endpoints import DepthEndpoint
from reappraise.endpoints.classical import recompute
from reappraise.estimate import Estimate
from reappraise.fitting import Fit
from reappraise.fitting import Job as ResponseJob
from reappraise.manifest import Run
from reappraise.plan import plan, plan_singles
from reappraise.pseudo_ipd.reconstruct import Effort
from reappraise.refusal import Refusal
from reappraise.safety.workflow import SafetyResult, analyse_safety, safety_jobs
from reappraise.sampling import Sampling, versions
from reappraise.store import Job, Store, posterior_name
from reappraise.survival_workflow import SurvivalEndpointResult, analyse_survival
from reappraise.trial import Trial
from reappraise.trial.published import published_responses, published_survivals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SURVIVAL_STEPS = 60
"""Steps that a survival endpoint counts for: it takes about as long as so many response fits."""
SAFETY_STEPS = 5
"""Steps that a fit of adverse events counts for."""
DEPTH_STEPS = 8
"""Steps that an ordinal endpoint counts for."""

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


class _Estimated(Protocol):
    """What has estimates."""

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """They."""
        ...


class _Part(Protocol):
    """One endpoint's result, of any kind."""

    @property
    def fits(self) -> Sequence[_Estimated]:
        """Its fits."""
        ...

    def recomputed(self, level: float) -> Iterator[Estimate]:
        """Its classical answers."""
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
        Every survival endpoint that enough is printed about: data, reconstructed or known, fits, and evidence on
        proportional hazards.
    refused
        Endpoints that were not analysed, and why.
    safety, singles
        Every endpoint of adverse events, and the response fits of its rows that stand for themselves.
    depth
        Every ordinal endpoint whose counts are known.
    resumed
        How many of the response fits were found in the store.
    """

    trial: Trial
    sampling: Sampling
    findings: tuple[Finding, ...]
    comparison: Comparison
    fits: tuple[Fit, ...]
    survival: tuple[SurvivalEndpointResult, ...] = ()
    safety: tuple[SafetyResult, ...] = ()
    singles: tuple[Fit, ...] = ()
    depth: tuple[DepthResult, ...] = ()
    refused: tuple[Refusal, ...] = ()
    resumed: int = 0

    @property
    def everything(self) -> tuple[Diagnosed, ...]:
        """All that was diagnosed: response fits, reconstructions, survival fits, adverse events, depth of response."""
        found: list[Diagnosed] = [*self.fits, *self.singles]
        for item in self.survival:
            found += [item.replicates] if item.replicates is not None else []
            found += item.fits
        for adverse in self.safety:
            found += adverse.fits
        for ordinal in self.depth:
            found += ordinal.fits
        return tuple(found)

    @property
    def unconverged(self) -> tuple[Diagnosed, ...]:
        """What failed its diagnostics."""
        return tuple(item for item in self.everything if not item.converged)

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Yield every figure with its name, drawn one at a time."""
        from reappraise.figures import draw_all, draw_depth, draw_safety, draw_survival  # drawing is slow to import

        yield from draw_all(self.trial, self.comparison, self.fits)
        published, recomputed = (self.comparison.select(kind=kind).estimates for kind in ("published", "recomputed"))
        for item in self.survival:
            yield from draw_survival(item, published, recomputed)
        for adverse in self.safety:
            yield from draw_safety(adverse)
        for ordinal in self.depth:
            yield from draw_depth(ordinal, self.fits)


def analyse(
    trial: Trial,
    *,
    sampling: Sampling | None = None,
    effort: Effort | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Audit, recompute, fit and compare; with a store, resume from it and write everything to it.

    Raises
    ------
    OutputError
        If the store holds the results of another trial or seed and was not opened with ``replace=True``, or cannot be
        written.
    """
    settings = (sampling or Sampling()).seeded()
    tell = progress or (lambda *_: None)
    findings = audit(trial)
    steps = _Steps(trial, settings, tell)
    if store:
        store.begin(_run_of(trial, settings))
    fits, resumed = _respond(steps.responses, store, steps.one_by_one(0))
    singles, found_singles = _respond(steps.singles, store, steps.one_by_one(len(steps.responses)))
    depth, unordered = analyse_depth(trial, settings, store, steps.part("depth"))
    safety = analyse_safety(trial, settings, store, steps.part("safety"))
    survival, refused = analyse_survival(trial, settings, effort or Effort(), store, steps.part("survival"))
    analysis = Analysis(
        trial=trial,
        sampling=settings,
        findings=findings,
        comparison=Comparison(()),
        fits=fits,
        survival=survival,
        safety=safety,
        singles=singles,
        depth=depth,
        refused=(*unordered, *refused),
        resumed=resumed + found_singles,
    )
    analysis = replace(analysis, comparison=_compare(analysis))
    if store:
        _write(analysis, store, tell, steps.total)
    return analysis


def _run_of(trial: Trial, settings: Sampling) -> Run:
    facts = {
        "program": f"reappraise {version('reappraise')}",
        "sampling": settings.as_dict(),
        "versions": versions(),
        "complete": False,
    }
    return Run(trial=trial.key, trial_digest=trial.digest, seed=settings.seed or 0, part=trial.part, facts=facts)


class _Steps:
    """How far an analysis has come: jobs counted one by one, the longer parts as so many jobs."""

    def __init__(self, trial: Trial, settings: Sampling, tell: Progress) -> None:
        self.tell = tell
        self.responses = tuple(plan(trial, settings))
        self.singles = tuple(plan_singles(trial, settings))
        self.spans = {
            "depth": DEPTH_STEPS * sum(isinstance(item.published, DepthEndpoint) for item in trial),
            "safety": SAFETY_STEPS * sum(len(jobs) for _, jobs in safety_jobs(trial, settings)),
            "survival": SURVIVAL_STEPS * len(trial.survivals),
        }
        self.total = len(self.responses) + len(self.singles) + sum(self.spans.values())

    def one_by_one(self, before: int) -> Callable[[str, int], None]:
        return lambda text, done: self.tell(text, before + done, self.total)

    def part(self, name: str) -> Callable[[str, float], None]:
        names = list(self.spans)
        before = len(self.responses) + len(self.singles)
        before += sum(self.spans[earlier] for earlier in names[: names.index(name)])
        return lambda text, fraction: self.tell(text, before + int(self.spans[name] * fraction), self.total)


def _respond(
    jobs: Sequence[ResponseJob], store: Store | None, tell: Callable[[str, int], None]
) -> tuple[tuple[Fit, ...], int]:
    """Fits of binary endpoints, and how many of them were found in the store."""
    fits = []
    resumed = 0
    for done, job in enumerate(jobs):
        tell(f"{job.partition.endpoint}, {job.partition.factor}: {job.model.name}, {job.prior.name}", done)
        fit = store.read_fit(job) if store else None
        resumed += fit is not None
        if fit is None:
            fit = job.run()
            if store:
                store.write_fit(fit)
        fits.append(fit)
    return tuple(fits), resumed


def _compare(analysis: Analysis) -> Comparison:
    trial, level = analysis.trial, analysis.sampling.level
    found: list[Estimate] = [*published_responses(trial), *published_survivals(trial)]
    for endpoint in trial.responses:
        for partition in endpoint.partitions():
            found += recompute(partition, level=level)
    parts: tuple[_Part, ...] = (*analysis.depth, *analysis.safety, *analysis.survival)
    for part in parts:
        found += part.recomputed(level)
        found += [estimate for fit in part.fits for estimate in fit.estimates]
    for result in analysis.safety:
        for single in result.singles:
            found += recompute(single.partition, level=level)
    found += [estimate for fit in (*analysis.fits, *analysis.singles) for estimate in fit.estimates]
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
    verdicts = {item.job.name: item.diagnosis.verdict for item in analysis.everything}
    refused = {item.endpoint: item.reason for item in analysis.refused}
    store.finish({"complete": True, "verdicts": verdicts, "refused": refused})


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
