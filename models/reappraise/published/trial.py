"""A trial as loaded: its file, its tables, and its endpoints bound to its arms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.published.curve import Curve, NumbersAtRisk
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.file import Arm, CountRow, Population, QuantityRow, TrialFile
from reappraise.published.pairs import renamed, suffix_of
from reappraise.published.partition import Partition
from reappraise.published.patients import PatientData
from reappraise.published.record import BENCHMARK


@dataclass(frozen=True, slots=True, repr=False)
class TrialEndpoint[Record: EndpointRecord]:
    """An endpoint with the arms of its trial: what is handed to a fit.

    Parameters
    ----------
    trial
        The trial.
    published
        What was published about the endpoint.
    """

    trial: Trial
    published: Record

    @property
    def factors(self) -> tuple[str, ...]:
        """Keys of the subgroup factors that can be analysed; empty for an endpoint without counts by subgroup."""
        refused = self.refused
        return tuple(factor for factor in self.published.factors_counted[1:] if factor not in refused)

    @property
    def refused(self) -> dict[str, AnalysisError]:
        """Why counts cannot be analysed as they are printed, by factor; ``"all"`` where the whole cannot."""
        found = {}
        for factor in self.published.factors_counted:
            try:
                self.partition(factor)
            except AnalysisError as error:
                found[factor] = error
        return found

    def partition(self, factor: str = WHOLE) -> Partition:
        """Counts by level of a factor and arm; of the whole population by default.

        Raises
        ------
        AnalysisError
            If the endpoint is not binary, has no such factor, or its counts cannot be analysed as they are printed.
        """
        control, experimental = self.trial.control, self.trial.experimental
        try:
            return self.published.partition(
                (control.key, experimental.key), (control.short, experimental.short), factor
            )
        except KeyError:
            known = ", ".join(self.published.factors_counted)
            raise AnalysisError(f"endpoint {self.published.key} has no factor {factor!r}; it has {known}") from None

    def partitions(self) -> tuple[Partition, ...]:
        """The whole population, then every factor, of what can be analysed.

        They cut the same patients: never combine them.
        """
        if not self.published.factors_counted:
            return (self.partition(),)
        refused = self.refused
        return tuple(self.partition(factor) for factor in self.published.factors_counted if factor not in refused)

    def __repr__(self) -> str:
        return f"<{self.published.kind} endpoint {self.published.key} of {self.trial.key}>"

    def _repr_html_(self) -> str:
        label = escape(self.published.label)
        if not self.published.factors_counted:
            return f"<b>{label}</b> ({self.published.kind})"
        head = "".join(f"<th>{escape(arm.short)}</th>" for arm in self.trial.arms)
        body = ""
        for part in self.partitions():
            for name, events, totals in zip(part.level_labels, part.events, part.totals, strict=True):
                cells = "".join(
                    f"<td>{k} of {n} ({k / n:.1%})</td>" if n else "<td></td>"
                    for k, n in zip(events, totals, strict=True)
                )
                body += f"<tr><td>{escape(name)}</td>{cells}</tr>"
        return f"<table><caption>{label}</caption><tr><th></th>{head}</tr>{body}</table>"


@dataclass(frozen=True, slots=True, repr=False)
class Trial:
    """A published trial.

    Parameters
    ----------
    file
        The trial file, parsed.
    path
        Where it was read from.
    digest
        SHA-256 of the trial file and its tables: two trials with the same digest hold the same facts.
    counts, quantities
        Rows of the long tables, by table key.
    curves
        Digitised curves and numbers at risk, by endpoint key.
    patients
        Individual data, by endpoint key.
    part
        Keys of the endpoints that `only` chose; empty for the whole trial.
    left_out
        Endpoints of several arms that cannot be read for these, with the reason.
    pairs
        Of a trial of more than two arms its contrasts, each a trial of two; empty for any other.
    """

    file: TrialFile
    path: Path
    digest: str
    counts: Mapping[str, tuple[CountRow, ...]]
    quantities: Mapping[str, tuple[QuantityRow, ...]]
    curves: Mapping[str, tuple[tuple[Curve, ...], tuple[NumbersAtRisk, ...]]] = field(default_factory=dict)
    patients: Mapping[str, PatientData] = field(default_factory=dict)
    part: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    pairs: tuple[Trial, ...] = ()

    @property
    def parts(self) -> tuple[Trial, ...]:
        """Trials of two arms that it consists of: its contrasts, or itself."""
        return self.pairs or (self,)

    @property
    def single(self) -> bool:
        """Whether there is one arm, which stands against a benchmark."""
        return not self.pairs and self.control.key == BENCHMARK

    @property
    def key(self) -> str:
        """Key of the trial."""
        return self.file.key

    @property
    def control(self) -> Arm:
        """The control arm.

        Raises
        ------
        AnalysisError
            If there are more than two arms.
        """
        self._of_two()
        return next(arm for arm in self.file.arms if arm.role == "control")

    @property
    def experimental(self) -> Arm:
        """The experimental arm.

        Raises
        ------
        AnalysisError
            If there are more than two arms.
        """
        self._of_two()
        return next(arm for arm in self.file.arms if arm.role == "experimental")

    @property
    def arms(self) -> tuple[Arm, Arm]:
        """Control, then experimental arm."""
        return self.control, self.experimental

    def _of_two(self) -> None:
        if self.pairs:
            said = " and ".join(f"{pair.experimental.key} with {pair.control.key}" for pair in self.pairs)
            raise AnalysisError(f"trial {self.key} has {len(self.file.arms)} arms; take a contrast from pairs: {said}")

    @property
    def endpoints(self) -> tuple[TrialEndpoint[EndpointRecord], ...]:
        """Every endpoint; of more than two arms, those of each contrast, with the contrast in their keys."""
        if self.pairs:
            return tuple(item for pair in self.pairs for item in pair.with_contrast(self).endpoints)
        return tuple(TrialEndpoint(self, endpoint) for endpoint in self.file.endpoints)

    def with_contrast(self, whole: Trial) -> Trial:
        """A contrast of a trial of several arms, its endpoints with the contrast in their keys."""
        suffix = suffix_of(whole.file, self.file.contrasts[0])
        return replace(
            self,
            file=renamed(self.file, suffix),
            curves={f"{key}-{suffix}": value for key, value in self.curves.items()},
            patients={f"{key}-{suffix}": value for key, value in self.patients.items()},
        )

    def of[R: EndpointRecord](self, kind: type[R]) -> tuple[TrialEndpoint[R], ...]:
        """The endpoints of one kind, in the order of the file."""
        return tuple(
            TrialEndpoint(item.trial, item.published) for item in self.endpoints if isinstance(item.published, kind)
        )

    def population(self, key: str) -> Population:
        """Population of that key."""
        return next(item for item in self.file.populations if item.key == key)

    def __getitem__(self, key: str) -> TrialEndpoint[Any]:
        """Endpoint of that key; of which kind, a key does not say.

        Raises
        ------
        AnalysisError
            If there is none; the error lists those there are.
        """
        for endpoint in self.endpoints:
            if endpoint.published.key == key:
                return endpoint
        known = ", ".join(endpoint.published.key for endpoint in self.endpoints)
        raise AnalysisError(f"trial {self.key} has no endpoint {key!r}; it has {known}")

    def only(self, *keys: str) -> Trial:
        """The trial with nothing but the endpoints of these keys: a smaller analysis.

        Its digest is another, so that its results are not taken for those of the whole trial.

        Raises
        ------
        AnalysisError
            If there is no endpoint of one of these keys.
        """
        if self.pairs:
            known = {endpoint.key: endpoint for endpoint in self.file.endpoints}
            for key in keys:
                if key not in known:
                    raise AnalysisError(f"trial {self.key} has no endpoint {key!r}; it has {', '.join(known)}")
            chosen = tuple(known[key] for key in dict.fromkeys(keys))
        else:
            chosen = tuple(self[key].published for key in dict.fromkeys(keys))
        digest = hashlib.sha256("\0".join((self.digest, *(item.key for item in chosen))).encode()).hexdigest()
        part = tuple(item.key for item in chosen)
        pairs = tuple(
            pair.only(*(key for key in part if any(key == item.key for item in pair.file.endpoints)))
            for pair in self.pairs
        )
        file = self.file.model_copy(update={"endpoints": chosen})
        return replace(self, file=file, digest=digest, part=part, pairs=pairs)

    def __iter__(self) -> Iterator[TrialEndpoint[EndpointRecord]]:
        return iter(self.endpoints)

    def __repr__(self) -> str:
        keys = ", ".join(endpoint.published.key for endpoint in self.endpoints)
        return f"<trial {self.key}: {keys}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><code>{escape(item.published.key)}</code></td><td>{escape(item.published.label)}</td>"
            f"<td>{escape(item.published.kind)}</td></tr>"
            for item in self.endpoints
        )
        arms = " versus ".join(escape(arm.label) for arm in reversed(self.file.arms))
        return (
            f"<b>{escape(self.file.title)}</b><br>{arms}<br><i>{escape(self.file.citation)}</i>"
            f"<table><tr><th>key</th><th>endpoint</th><th>kind</th></tr>{rows}</table>"
        )
