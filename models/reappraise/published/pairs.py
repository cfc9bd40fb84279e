"""Trials of one arm and of more than two, as the contrasts of two that they are analysed by.

Of several arms, each contrast is a trial of two: a shared control arm is counted once in each, and no number is made
of two contrasts together, which would count it twice; all arms in one model (`response.several_arms`) count it once.
One arm stands against the benchmark that the paper states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, Final

from reappraise.published.endpoint import EndpointRecord
from reappraise.published.file import Arm, Contrast, TrialFile
from reappraise.published.patient_format import PatientFormat
from reappraise.published.record import BENCHMARK, EVERYBODY, Count, Record

REFERENCES: Final = frozenset({"among", "never_exceeds", "or_better"})
"""Keys of records that name another endpoint."""


def contrasts_of(file: TrialFile) -> tuple[Contrast, ...]:
    """The contrasts that a file asks for.

    Those it names; else each experimental arm against the control arm, and experimental arms against each other where
    the paper prints a contrast of them, in the direction of the first.
    """
    if file.contrasts or len(file.arms) == 1:
        return file.contrasts
    control = next(arm for arm in file.arms if arm.role == "control")
    experimental = tuple(arm for arm in file.arms if arm.role == "experimental")
    found = {
        frozenset({arm.key, control.key}): Contrast(experimental=arm.key, control=control.key, source=arm.source)
        for arm in experimental
    }
    for stated in (stated.published for endpoint in file.endpoints for stated in endpoint.stated()):
        above, below = stated.numerator, stated.denominator
        if above and below and frozenset({above, below}) not in found:
            contrast = Contrast(experimental=above, control=below, source=stated.source)
            found[frozenset({above, below})] = contrast
    return tuple(found.values())


def against_benchmark(file: TrialFile) -> TrialFile:
    """A file of one arm with the benchmark as its control arm."""
    (arm,) = file.arms
    benchmark = Arm(
        key=BENCHMARK, label="Benchmark stated in print", short="Benchmark", role="control", source=arm.source
    )
    return file.model_copy(update={"arms": (benchmark, arm.model_copy(update={"role": "experimental"}))})


def between(file: TrialFile, contrast: Contrast) -> TrialFile:
    """What a file says about two of its arms: of endpoints that say nothing about one of them, nothing.

    What is left of an endpoint may still be too little for these two: who reads the file leaves it out then.
    """
    by_key = {arm.key: arm for arm in file.arms}
    arms = (
        by_key[contrast.control].model_copy(update={"role": "control"}),
        by_key[contrast.experimental].model_copy(update={"role": "experimental"}),
    )
    if len(by_key) == len(arms):
        return file.model_copy(update={"arms": arms, "contrasts": (contrast,)})
    keys = frozenset({contrast.control, contrast.experimental})
    endpoints = tuple(
        _about(_scoped(item), keys) for item in file.endpoints if not (named := set(_named(item))) or keys <= named
    )
    populations = tuple(
        item.model_copy(update={"sizes": {arm: size for arm, size in item.sizes.items() if arm in keys}})
        for item in file.populations
    )
    pair = file.model_copy(update={"arms": arms, "populations": populations, "contrasts": (contrast,)})
    return with_endpoints(pair, endpoints, {item.key for item in file.endpoints})


def with_endpoints(file: TrialFile, endpoints: Iterable[EndpointRecord], every: Set[str]) -> TrialFile:
    """A file with some of its endpoints, which no longer refer to the others.

    Parameters
    ----------
    file
        The file.
    endpoints
        Those that stay. Where one is about responders of another that does not, it goes as well.
    every
        Keys of all endpoints.
    """
    kept = tuple(endpoints)
    while True:
        known: dict[str, str | None] = dict.fromkeys(every) | {item.key: item.key for item in kept}
        left = tuple(item for item in kept if known.get(getattr(item, "among", None) or "", "") is not None)
        if len(left) == len(kept):
            return file.model_copy(update={"endpoints": tuple(_with_keys(item, known) for item in kept)})
        kept = left


def concerns(record: Record, keys: frozenset[str]) -> bool:
    """Whether every arm that a record names is among some; a count of all arms together counts others as well."""
    if isinstance(record, Count) and record.arm == EVERYBODY:
        return False
    named = {getattr(record, name, None) for name in ("arm", "numerator", "denominator")}
    return named <= keys | {None, "", EVERYBODY}


def renamed(file: TrialFile, suffix: str) -> TrialFile:
    """A file whose endpoints have keys with a suffix, so that those of several contrasts stand beside each other."""
    keys = {endpoint.key: f"{endpoint.key}-{suffix}" for endpoint in file.endpoints}
    endpoints = tuple(_with_keys(item, keys).model_copy(update={"key": keys[item.key]}) for item in file.endpoints)
    return file.model_copy(update={"endpoints": endpoints})


def suffix_of(file: TrialFile, contrast: Contrast) -> str:
    """What tells a contrast from the others: its experimental arm, and its control arm where that is another one."""
    usual = {arm.key for arm in file.arms if arm.role == "control"}
    return contrast.experimental if usual == {contrast.control} else f"{contrast.experimental}-{contrast.control}"


def _about[R: Record](record: R, keys: frozenset[str]) -> R:
    """A record without what is about other arms."""
    changed: dict[str, Any] = {}
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, Record):
            changed[name] = _about(value, keys)
        elif isinstance(value, tuple):
            changed[name] = tuple(
                _about(item, keys) if isinstance(item, Record) else item
                for item in value
                if not isinstance(item, Record) or concerns(item, keys)
            )
    return record.model_copy(update=changed)


def _scoped(endpoint: EndpointRecord) -> EndpointRecord:
    """An endpoint without claims that do not say which arms they compare."""
    return endpoint.model_copy(update={"claims": tuple(claim for claim in endpoint.claims if claim.numerator)})


def _named(record: Record) -> Iterator[str]:
    """Yield every arm that a record, or one inside it, names."""
    if isinstance(record, PatientFormat):  # its arm is the name of a column
        return
    for name in ("arm", "numerator", "denominator"):
        key = getattr(record, name, None)
        if key and key != EVERYBODY:
            yield str(key)
    for name in type(record).model_fields:
        value = getattr(record, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Record):
                yield from _named(item)


def _with_keys[R: Record](record: R, keys: Mapping[str, str | None]) -> R:
    """A record that names endpoints by their new keys; not those that have none."""
    changed: dict[str, Any] = {}
    for name in type(record).model_fields:
        value = getattr(record, name)
        if name in REFERENCES and value in keys:
            changed[name] = keys[value]
        elif isinstance(value, Record):
            changed[name] = _with_keys(value, keys)
        elif isinstance(value, tuple):
            changed[name] = tuple(_with_keys(item, keys) if isinstance(item, Record) else item for item in value)
    return record.model_copy(update=changed)
