"""What a page says that is no number: the trial, its arms and endpoints, models and priors in words. Kept as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from reappraise.core.errors import OutputError
from reappraise.core.estimate import Estimate
from reappraise.core.names import EndpointName, Names
from reappraise.fits.result import Diagnosed, Result
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.trial import Trial
from reappraise.report.weighed import Weighed

FILE = "facts.json"
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
    form
        Version of the form of the file.
    """

    __pydantic_config__ = ConfigDict(ser_json_inf_nan="constants", extra="forbid")

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
    form: Literal["reappraise facts 1"] = "reappraise facts 1"

    @property
    def names(self) -> Names:
        """What arms and endpoints are called."""
        return Names(
            arms={arm.key: arm.short for arm in self.arms},
            endpoints={one.key: EndpointName(label=one.label, kind=one.kind) for one in self.endpoints},
        )

    def as_json(self) -> str:
        """The facts as JSON text."""
        return _adapter().dump_json(self, indent=1).decode()

    @classmethod
    def read(cls, folder: Path) -> Facts:
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
            return _adapter().validate_json(path.read_bytes())
        except FileNotFoundError:
            raise OutputError(f"{path}: no such file; make it with: reappraise run TRIAL --out {folder}") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            got = f"got at {where}: {first['msg']}"
            raise OutputError(
                f"{path}: expected the facts of a run of this version, {got}; run the trial again"
            ) from None
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error}") from None


@cache
def _adapter() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)


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
    names = facts.names
    order = [one for key in known for one in (key, *(row for row in found if row != key and names.whole(row) == key))]
    order += [key for key in found if key not in order]
    return {key: tuple(found.get(key, ())) for key in order}
