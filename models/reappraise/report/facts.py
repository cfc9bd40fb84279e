"""What a page says that is no number: the trial, its arms and endpoints, models and priors in words. Kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from reappraise.core.errors import OutputError
from reappraise.core.estimate import Estimate
from reappraise.fits.result import Diagnosed, Result
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.trial import Trial
from reappraise.report.weighed import Weighed

FILE = "facts.json"
_FORMAT = "reappraise facts 1"
_MOST_BYTES = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFacts:
    """An arm: its key, its words, its short name and its role."""

    key: str
    label: str
    short: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFacts:
    """An endpoint as a reader meets it.

    Parameters
    ----------
    key, label, kind
        Its key, words and kind.
    better
        Whether more or less of it is good for the patient; empty where that is not asked.
    primary
        Whether it is the primary endpoint.
    population, source
        In whom, and where in the publication; empty where not said.
    labels
        Subgroup factors and their levels in words, by ``"factor"`` and ``"factor=level"``.
    words
        What was computed, in a line; empty where nothing was.
    """

    key: str
    label: str
    kind: str
    better: str = ""
    primary: bool = False
    population: str = ""
    source: str = ""
    words: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A model and a prior that numbers stand on.

    Parameters
    ----------
    model, formula
        Key of the model, and its likelihood and priors in a line.
    prior, distribution, rationale
        Key of the prior, its distribution, and why one would hold it.
    """

    model: str
    formula: str
    prior: str
    distribution: str
    rationale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verdict on a fit: its name, what failed (empty where nothing did), and the worst value of each check."""

    name: str
    failures: str
    checks: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything on a page that is no estimate and no finding.

    Parameters
    ----------
    title, citation, doi, registration, design
        Of the publication.
    arms, endpoints
        Arms and endpoints, in the order of the file.
    believed
        Models and priors.
    judged
        Verdicts on fits.
    weighed
        The main effect of each endpoint under every prior.
    refused
        What was not analysed, and why.
    pending
        What is still being computed; empty when all is there.
    program, seed
        Version of this program, and root seed.
    """

    title: str
    citation: str
    doi: str
    registration: str
    design: str
    arms: tuple[ArmFacts, ...]
    endpoints: tuple[EndpointFacts, ...]
    believed: tuple[Believed, ...] = ()
    judged: tuple[Judged, ...] = ()
    weighed: tuple[Weighed, ...] = ()
    refused: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    program: str = ""
    seed: int | None = None

    def as_json(self) -> str:
        """The facts as JSON text."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, ensure_ascii=False, indent=1, allow_nan=True)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what a run wrote.

        Raises
        ------
        OutputError
            If there is no such file, or it is none of this program's, or of another version.
        """
        path = folder / FILE
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise OutputError(f"{path}: expected the facts of a run, got a file of more than {_MOST_BYTES} bytes")
            read = json.loads(path.read_text(encoding="utf-8"))
            found: dict[str, Any] = dict(read) if isinstance(read, dict) else {}
        except FileNotFoundError:
            raise OutputError(f"{path}: no such file; make it with: reappraise run TRIAL --out {folder}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise OutputError(f"{path}: cannot be read as the facts of a run: {error}") from None
        if found.pop("format", None) != _FORMAT:
            raise OutputError(f"{path}: expected {_FORMAT!r}, which this version writes; run the trial again")
        try:
            return cls(
                **{
                    **found,
                    "arms": tuple(ArmFacts(**one) for one in found["arms"]),
                    "endpoints": tuple(EndpointFacts(**one) for one in found["endpoints"]),
                    "believed": tuple(Believed(**one) for one in found["believed"]),
                    "judged": tuple(
                        Judged(**{**one, "checks": tuple((str(n), float(v), float(t)) for n, v, t in one["checks"])})
                        for one in found["judged"]
                    ),
                    "weighed": tuple(
                        Weighed(
                            **{
                                **one,
                                "columns": tuple(one["columns"]),
                                "rows": tuple(tuple(row) for row in one["rows"]),
                                "notes": tuple(one["notes"]),
                            }
                        )
                        for one in found["weighed"]
                    ),
                    "refused": tuple(map(str, found["refused"])),
                    "pending": tuple(map(str, found["pending"])),
                }
            )
        except (TypeError, KeyError, ValueError) as error:
            raise OutputError(f"{path}: cannot be read as the facts of a run: {error}") from None


def facts_of(
    trial: Trial,
    *,
    results: Iterable[Result[Any, Any]] = (),
    diagnosed: Iterable[Diagnosed] = (),
    weighed: Iterable[Weighed] = (),
    refused: Iterable[str] = (),
    pending: Iterable[str] = (),
    program: str = "",
    seed: int | None = None,
) -> Facts:
    """The facts of a trial and of what was found out about it so far.

    Parameters
    ----------
    trial
        The trial.
    results, diagnosed, weighed
        What was found out, what has a verdict, and the main effects under every prior.
    refused, pending
        What was not analysed and why; what is still being computed.
    program, seed
        Version of this program, and root seed.
    """
    file, held, judged = trial.file, {result.key: result for result in results}, tuple(diagnosed)
    populations = {item.key: item.label for item in file.populations}
    records = {item.published.key: item.published for item in trial.endpoints}
    records |= {key: result.endpoint.published for key, result in held.items()}
    return Facts(
        title=file.title,
        citation=file.citation,
        doi=file.doi,
        registration=file.registration,
        design=file.design,
        arms=tuple(ArmFacts(key=arm.key, label=arm.label, short=arm.short, role=arm.role) for arm in file.arms),
        endpoints=tuple(
            EndpointFacts(
                key=key,
                label=record.label,
                kind=record.kind,
                better=record.better,
                primary=record.primary,
                population=populations.get(record.population, ""),
                source=record.source,
                words=_words(held[key]) if key in held and held[key].analysed else "",
                labels=_labels(record),
            )
            for key, record in records.items()
        ),
        believed=tuple(dict.fromkeys(one for item in judged if (one := _believed(item)) is not None)),
        judged=tuple(
            Judged(
                name=item.job.name,
                failures=item.diagnosis.failures,
                checks=tuple((check.name, check.value, check.threshold) for check in item.diagnosis.checks),
            )
            for item in judged
        ),
        weighed=tuple(weighed),
        refused=tuple(refused),
        pending=tuple(pending),
        program=program,
        seed=seed,
    )


def _words(result: Result[Any, Any]) -> str:
    """What was computed, without the key that it begins with."""
    said = result.words.removeprefix(f"{result.key}: ")
    return f"{said[:1].upper()}{said[1:]}"


def _labels(record: EndpointRecord) -> dict[str, str]:
    """Factors and levels in words."""
    levels = dict(record.subgroups())
    factors = {population.partition("=")[0] for population in levels}
    return {factor: record.factor_label(factor) for factor in sorted(factors)} | levels


def _believed(item: Diagnosed) -> Believed | None:
    """Model and prior of a fit, from what its file says; None of data that were reconstructed."""
    attributes = getattr(getattr(item, "tree", None), "attrs", {})
    if "model" not in attributes:
        return None
    return Believed(
        model=str(attributes["model"]),
        formula=str(attributes.get("model_formula", "")),
        prior=str(attributes.get("prior", "")),
        distribution=str(attributes.get("prior_distribution", "")),
        rationale=str(attributes.get("prior_rationale", "")),
    )


def in_order(facts: Facts, estimates: Iterable[Estimate]) -> dict[str, tuple[Estimate, ...]]:
    """Estimates by endpoint, in the order of the facts, the primary endpoints first."""
    found: dict[str, list[Estimate]] = {}
    for item in estimates:
        found.setdefault(item.endpoint, []).append(item)
    known = [one.key for one in sorted(facts.endpoints, key=lambda one: not one.primary)]
    rest = [key for key in found if key not in known]
    order: list[str] = []
    for key in known:
        longer = [other for other in known if other != key and other.startswith(f"{key}-")]
        mine = [one for one in rest if one.startswith(f"{key}-") and not any(one.startswith(f"{o}-") for o in longer)]
        order += [key, *mine]
    order += [key for key in rest if key not in order]
    return {key: tuple(found.get(key, ())) for key in order}
