"""The order of a whole analysis. It knows no kind of endpoint: what there is, it is handed."""

from __future__ import annotations

import csv
import hashlib
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.metadata import version
from itertools import chain
from typing import Any, Final

from reappraise.audit import FINDING_COLUMNS, Finding, audit
from reappraise.audit.walk import impossible_facts
from reappraise.core.comparison import Comparison, order
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.refusal import Refusal, refusal_of
from reappraise.core.side_by_side import side_by_side
from reappraise.fits.each import Session, Tally, Tell
from reappraise.fits.machine_code import source
from reappraise.fits.manifest import Run
from reappraise.fits.overview import diagnostics_plot
from reappraise.fits.result import Diagnosed, Drawn, NotAnalysed, Result
from reappraise.fits.sampling import Effort, Sampling, versions
from reappraise.fits.store import Store, posterior_name
from reappraise.kind import Kind
from reappraise.kinds import KINDS, kind_of
from reappraise.one_arm.analysis import analyse_one_arm
from reappraise.published.estimates import published_estimates
from reappraise.published.names import names_of
from reappraise.published.trial import Trial, TrialEndpoint

COMPARISON: Final = "comparison.csv"
"""The table of every number, written when all figures are."""

type Progress = Callable[[str, int, int], None]
"""Told what begins now, how many steps are done, and of how many."""


@dataclass(frozen=True)
class Analysis:
    """Everything that was found out about a trial.

    Parameters
    ----------
    trial, sampling
        The trial, and the settings with the seed used.
    kinds
        The kinds of endpoints that were known.
    findings
        The audit.
    results
        What was found out about every endpoint, by its key.
    notes
        What the trial as a whole leaves unanswered.
    tally
        How many posteriors were found in the store, and how many computed.
    """

    trial: Trial
    sampling: Sampling
    kinds: tuple[Kind[Any], ...]
    findings: tuple[Finding, ...]
    results: Mapping[str, Result[Any, Any]]
    notes: tuple[Refusal, ...]
    tally: Tally

    def __getitem__(self, key: str) -> Result[Any, Any]:
        """What was found out about the endpoint of that key.

        Raises
        ------
        AnalysisError
            If there is none; the error lists those there are.
        """
        if key not in self.results:
            raise AnalysisError(f"trial {self.trial.key} has no endpoint {key!r}; it has {', '.join(self.results)}")
        return self.results[key]

    @property
    def fits(self) -> tuple[Any, ...]:
        """Every fit."""
        return tuple(fit for result in self.results.values() for fit in result.fits)

    @property
    def diagnosed(self) -> tuple[Diagnosed, ...]:
        """Everything that a verdict stands on: fits, and data that were reconstructed for them."""
        return tuple(item for result in self.results.values() for item in result.diagnosed)

    @property
    def unconverged(self) -> tuple[Diagnosed, ...]:
        """What failed its diagnostics."""
        return tuple(item for item in self.diagnosed if not item.converged)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What was not analysed, and why."""
        return (*chain.from_iterable(result.refusals for result in self.results.values()), *self.notes)

    @cached_property
    def comparison(self) -> Comparison:
        """Published, recomputed and posterior estimates of all endpoints."""
        published = (result.published() for result in self.results.values())
        rest = (result.estimated() for result in self.results.values())
        return Comparison(order(chain(chain.from_iterable(published), chain.from_iterable(rest))))

    def figures(self) -> Drawn:
        """Yield every figure with its name, drawn one at a time."""
        results = tuple(self.results.values())
        for result in results:
            yield from result.figures(results)
        if self.diagnosed:
            yield "diagnostics", diagnostics_plot(self.diagnosed)

    def tables(self) -> Iterator[tuple[str, str]]:
        """Yield every table as CSV text, by the name of its file."""
        yield "comparison", self.comparison.to_csv()
        yield "audit", _csv((finding.as_row() for finding in self.findings), FINDING_COLUMNS)
        for kind in self.kinds:
            for name, columns in kind.tables.items():
                mine = (result.tables.get(name, ()) for result in self.results.values())
                yield name, _csv(chain.from_iterable(mine), columns)


def analyse(
    trial: Trial,
    *,
    sampling: Sampling | None = None,
    effort: Effort | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
    kinds: Sequence[Kind[Any]] = KINDS,
) -> Analysis:
    """Audit, recompute, fit and compare; with a store, resume from it and write everything to it.

    Parameters
    ----------
    trial
        The trial.
    sampling
        Settings with the root seed; without any, a seed is generated and recorded.
    effort
        How much to reconstruct where only summaries are printed.
    store
        Where results are found and kept.
    progress
        Told what begins, and how far the whole has come.
    kinds
        The kinds of endpoints that are known; a caller may add its own to `KINDS`.

    Raises
    ------
    AnalysisError
        If the trial has an endpoint of no such kind.
    OutputError
        If the store holds the results of another trial or seed and was not opened with ``replace=True``, or cannot be
        written.
    """
    settings, known = sampling or Sampling(), tuple(kinds)
    tell = progress or (lambda *_: None)
    planned = [(kind_of(endpoint.published, known), endpoint) for endpoint in trial]
    planned.sort(key=lambda pair: known.index(pair[0]))
    findings = audit(trial)
    if store:
        store.begin(_run_of(trial, settings))
        _write_first_page(trial, settings, findings, store)
    sizes = [_steps(kind, endpoint) for kind, endpoint in planned]
    so_far = _SoFar(tell, sizes)

    last = Session(sampling=settings, effort=effort or Effort(), store=store, tell=so_far.of(None), tally=Tally())
    tasks = [
        partial(_analysed, kind, endpoint, replace(last, tell=so_far.of(place)))
        for place, (kind, endpoint) in enumerate(planned)
    ]
    found = side_by_side(tasks, stop=so_far.stop)
    results: dict[str, Result[Any, Any]] = {result.key: result for result in found}
    for kind in known:
        results |= kind.joined(trial, results, last)
    notes = (*_left_out(trial), *(refusal for kind in known for part in trial.parts for refusal in kind.refused(part)))
    analysis = Analysis(
        trial=trial, sampling=settings, kinds=known, findings=findings, results=results, notes=notes, tally=last.tally
    )
    if store:
        _write(analysis, store, lambda words: last.tell(words, 1.0))
    return analysis


@dataclass
class _SoFar:
    """How far the endpoints have come together, told by each from its thread."""

    tell: Progress
    sizes: Sequence[int]
    stopped: bool = False

    def __post_init__(self) -> None:
        self._done = [0.0] * len(self.sizes)
        self._telling = threading.Lock()

    def stop(self) -> None:
        """Whoever tells something from now on is stopped."""
        self.stopped = True

    def of(self, place: int | None) -> Tell:
        """Who tells of the endpoint at a place, or of what comes after them all."""

        def told(words: str, fraction: float) -> None:
            if self.stopped:
                raise CancelledError
            with self._telling:
                if place is None:
                    self._done = list(self.sizes)
                else:
                    self._done[place] = max(self._done[place], self.sizes[place] * fraction)
                self.tell(words, int(sum(self._done)), sum(self.sizes))

        return told


def _analysed(kind: Kind[Any], endpoint: TrialEndpoint[Any], session: Session) -> Result[Any, Any]:
    """What is found out about an endpoint; its estimates are there as well, for others may still be sampled."""
    key = endpoint.published.key
    named = replace(session, tell=lambda words, fraction: session.tell(f"{key}: {words}", fraction))
    try:
        result = analyse_one_arm(endpoint, named) if endpoint.trial.single else kind.analyse(endpoint, named)
    except AnalysisError as error:
        # one endpoint that cannot be analysed does not keep the others from it; it is named in the result
        return NotAnalysed(endpoint=endpoint, refusals=(refusal_of(key, error),))
    for fit in result.fits:
        _ = fit.estimates
    session.tell(key, 1.0)
    return result


def _steps(kind: Kind[Any], endpoint: TrialEndpoint[Any]) -> int:
    """How long an endpoint takes; one step where it will be refused, or is of one arm."""
    if endpoint.trial.single:
        return 1
    try:
        return max(1, kind.steps(endpoint))
    except AnalysisError:
        return 1


def _left_out(trial: Trial) -> Iterator[Refusal]:
    """Contrasts of several arms of which too little is printed, and numbers that no patients could give."""
    for part in dict.fromkeys((trial.left_out, *(pair.left_out for pair in trial.pairs))):
        for key, reason in part:
            yield Refusal(key, reason, contradiction=False)
    for fact in impossible_facts(trial):
        yield Refusal(
            fact.owner, f"{fact.owner}: {fact.subject}: {fact.reason}. Nothing was taken from it", contradiction=True
        )


def _write(analysis: Analysis, store: Store, tell: Callable[[str], None]) -> None:
    kept = {posterior_name(item.job) for item in analysis.diagnosed}

    inputs = _inputs(analysis)

    def write(name: str, content: bytes) -> None:
        store.write(name, content, inputs=inputs)
        kept.add(name)

    figures = list(_drawn_before(store, inputs))
    kept |= set(figures)
    for name, figure in () if figures else analysis.figures():
        tell(f"figure {name}")
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=150, metadata={"Software": None})
        figures.append(f"figures/{name}.png")
        write(figures[-1], picture.getvalue())
    for name, text in analysis.tables():  # after the figures: where these stand, all of those do
        write(f"{name}.csv", text.encode())
    for name, text in _page(analysis, sorted(figures)):
        write(name, text.encode())
    store.prune(kept)
    verdicts = {item.job.name: item.diagnosis.verdict for item in analysis.diagnosed}
    refused = {item.endpoint: item.reason for item in analysis.refused}
    store.finish({"complete": True, "verdicts": verdicts, "refused": refused})


def _inputs(analysis: Analysis) -> str:
    """Digest of all that tables and figures are made of: the trial, every posterior with its verdict, and the code."""
    judged = sorted((item.job.name, item.job.digest, item.diagnosis.verdict) for item in analysis.diagnosed)
    known = (analysis.trial.digest, analysis.sampling.as_dict(), judged, source(), versions())
    return hashlib.sha256(repr(known).encode()).hexdigest()


def _drawn_before(store: Store, inputs: str) -> tuple[str, ...]:
    """Figures that an earlier run drew of the same, if all of them are there and whole."""
    entries = store.manifest.entries
    if COMPARISON not in entries or entries[COMPARISON].inputs != inputs:
        return ()
    found = tuple(name for name, one in entries.items() if name.startswith("figures/") and one.inputs == inputs)
    return found if all(store.holds(name) for name in found) else ()


def _page(analysis: Analysis, figures: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the page and what it says beside numbers, by the names of their files."""
    from reappraise.report.facts import FILE, facts_of
    from reappraise.report.page import FILE as PAGE
    from reappraise.report.page import render
    from reappraise.report.weighed import weighed_effects

    facts = facts_of(
        analysis.trial,
        results=analysis.results.values(),
        diagnosed=analysis.diagnosed,
        weighed=weighed_effects(analysis.trial),
        refused=(refusal.reason for refusal in analysis.refused),
        program=f"reappraise {version('reappraise')}",
        seed=analysis.sampling.seed,
    )
    yield FILE, facts.as_json()
    yield PAGE, render(facts, analysis.comparison.estimates, analysis.findings, pictures=figures)


def _write_first_page(trial: Trial, sampling: Sampling, findings: Sequence[Finding], store: Store) -> None:
    """What is known before anything is sampled: the audit, and every exact posterior."""
    from reappraise.exact_answers import exact_answers
    from reappraise.report.facts import FILE, facts_of
    from reappraise.report.page import FILE as PAGE
    from reappraise.report.page import render
    from reappraise.report.weighed import weighed_effects

    estimates: list[Estimate] = []
    for part in trial.parts:
        for endpoint, found in exact_answers(part.with_contrast(trial) if trial.pairs else part).endpoints:
            with suppress(AnalysisError):  # why is said once all is there
                estimates += [*published_estimates(endpoint), *found]
    facts = facts_of(
        trial,
        weighed=weighed_effects(trial),
        pending=(item.published.label for item in trial),
        program=f"reappraise {version('reappraise')}",
        seed=sampling.seed,
    )
    store.write(FILE, facts.as_json().encode())
    store.write(PAGE, render(facts, order(estimates), findings, pictures=()).encode())


def _run_of(trial: Trial, settings: Sampling) -> Run:
    facts = {
        "program": f"reappraise {version('reappraise')}",
        "sampling": settings.as_dict(),
        "versions": versions(),
        "complete": False,
        "names": names_of(trial).as_plain(),
    }
    return Run(trial=trial.key, trial_digest=trial.digest, seed=settings.seed, part=trial.part, facts=facts)


def _csv(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
