"""The order of a whole analysis: the only module that knows it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from reappraise.audit import Finding, audit
from reappraise.compare import Comparison, order
from reappraise.endpoints.classical import recompute
from reappraise.estimate import Estimate
from reappraise.fitting import Fit
from reappraise.plan import plan
from reappraise.sampling import Sampling, versions
from reappraise.store import Store, posterior_name
from reappraise.trial import Trial
from reappraise.trial.published import published_responses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

type Progress = Callable[[str, int, int], None]
"""Told what begins now, how many steps are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was found out about a trial's responses.

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
    resumed
        How many of them were found in the store.
    """

    trial: Trial
    sampling: Sampling
    findings: tuple[Finding, ...]
    comparison: Comparison
    fits: tuple[Fit, ...]
    resumed: int = 0

    @property
    def unconverged(self) -> tuple[Fit, ...]:
        """The fits that failed their diagnostics."""
        return tuple(fit for fit in self.fits if not fit.converged)

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Yield every figure with its name, drawn one at a time."""
        from reappraise.figures import draw_all  # drawing is slow to import

        yield from draw_all(self.trial, self.comparison, self.fits)


def analyse(
    trial: Trial, *, sampling: Sampling | None = None, store: Store | None = None, progress: Progress | None = None
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
        tell(f"{job.partition.endpoint}, {job.partition.factor}: {job.model.name}, {job.prior.name}", done, len(jobs))
        fit = store.read_fit(job) if store else None
        resumed += fit is not None
        if fit is None:
            fit = job.run()
            if store:
                store.write_fit(fit)
        fits.append(fit)
    analysis = Analysis(trial, settings, findings, _compare(trial, fits, settings.level), tuple(fits), resumed)
    if store:
        _write(analysis, store, tell, len(jobs))
    return analysis


def _compare(trial: Trial, fits: list[Fit], level: float) -> Comparison:
    found: list[Estimate] = list(published_responses(trial))
    for endpoint in trial.responses:
        for partition in endpoint.partitions():
            found += recompute(partition, level=level)
    found += [estimate for fit in fits for estimate in fit.estimates]
    return Comparison(order(found))


def _write(analysis: Analysis, store: Store, tell: Progress, steps: int) -> None:
    kept = {posterior_name(fit.job) for fit in analysis.fits}

    def write(name: str, content: bytes) -> None:
        store.write(name, content)
        kept.add(name)

    write("comparison.csv", analysis.comparison.to_csv().encode())
    write("audit.csv", findings_csv(analysis.findings).encode())
    for name, figure in analysis.figures():
        tell(f"figure {name}", steps, steps)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=150, metadata={"Software": None})
        write(f"figures/{name}.png", picture.getvalue())
    store.prune(kept)
    store.describe(complete=True, verdicts={fit.job.name: fit.diagnosis.verdict for fit in analysis.fits})


def findings_csv(findings: tuple[Finding, ...]) -> str:
    """The audit as CSV text, one row per finding."""
    out = io.StringIO()
    rows = [finding.as_row() for finding in findings]
    columns = list(rows[0]) if rows else ["check", "verdict"]
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
