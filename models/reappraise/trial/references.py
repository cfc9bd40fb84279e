"""What a trial file must keep across its records: keys that exist, are unique, and fit their population."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reappraise.published.answers import Problem, listed, repeats, unknown
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.file import CountTable, TrialFile
from reappraise.published.record import BENCHMARK, EVERYBODY, Count, Published


def problems(file: TrialFile) -> Iterator[Problem]:
    """Yield every reference of the file that does not hold."""
    yield from repeats("arms", (arm.key for arm in file.arms))
    yield from repeats("populations", (population.key for population in file.populations))
    yield from repeats("endpoints", (endpoint.key for endpoint in file.endpoints))
    yield from repeats("tables", (table.key for table in file.tables))
    arms = {arm.key for arm in file.arms}
    yield from _roles(file, arms)
    for key, of in ((EVERYBODY, "all arms together"), (BENCHMARK, "what one arm is held against")):
        if key in arms:
            yield "arms", f'"{key}" is reserved for {of}'
    for population in file.populations:
        yield from unknown(f"populations[{population.key}].sizes", set(population.sizes), arms)
    populations = {population.key: population.sizes for population in file.populations}
    for table in file.tables:
        yield from unknown(f"tables[{table.key}].population", {table.population}, set(populations))
    for endpoint in file.endpoints:
        where = f"endpoints[{endpoint.key}]"
        yield from unknown(f"{where}.population", {endpoint.population}, populations)
        for counted in endpoint.counted():
            yield from _counts(f"{where}.{counted.place}", counted.counts, arms)
        for stated in endpoint.stated():
            reserved = {EVERYBODY, BENCHMARK} if len(arms) == 1 else {EVERYBODY}
            also = {key for key in reserved if key == stated.published.arm}
            yield from unknown(f"{where}.{stated.place}", _arms_of(stated.published), arms | also)
        for index, claim in enumerate(endpoint.claims):
            yield from unknown(
                f"{where}.claims[{index}]", {arm for arm in (claim.numerator, claim.denominator) if arm}, arms
            )
        if endpoint.test is not None and endpoint.test.strata is not None:
            yield from unknown(f"{where}.test.strata", {endpoint.test.strata}, endpoint.factors_counted[1:])
        if len(arms) <= 2:  # of more arms, each contrast is asked
            yield from problems_of(file, endpoint, every_arm=frozenset(arms))


def problems_of(file: TrialFile, endpoint: EndpointRecord, *, every_arm: frozenset[str]) -> Iterator[Problem]:
    """Yield what a record refers to and its file, perhaps a contrast of several arms, does not hold.

    Parameters
    ----------
    file, endpoint
        The file, and one of its records.
    every_arm
        Keys of all arms of the trial.
    """
    for key, problem in endpoint.references(replace(context_of(file, endpoint), every_arm=every_arm)):
        yield f"endpoints[{endpoint.key}].{key}", problem


def _roles(file: TrialFile, arms: set[str]) -> Iterator[Problem]:
    """Yield roles that leave open what is compared with what, and contrasts of arms that are not there."""
    roles = sorted(arm.role for arm in file.arms)
    for index, contrast in enumerate(file.contrasts):
        where = f"contrasts[{index}]"
        yield from unknown(where, {contrast.experimental, contrast.control}, arms)
        if contrast.experimental == contrast.control:
            yield where, f"expected two different arms, got {contrast.control} twice"
    pairs = [f"{one.experimental} with {one.control}" for one in file.contrasts]
    yield from repeats("contrasts", pairs)
    if len(arms) == 1 and file.contrasts:
        yield "contrasts", "expected none, for there is one arm"
    elif len(arms) > 1 and not file.contrasts and roles != ["control", *["experimental"] * (len(roles) - 1)]:
        got = " and ".join(f"{roles.count(role)} {role}" for role in dict.fromkeys(roles))
        remedy = "" if len(roles) == 2 else ", or contrasts that say which arms are compared"
        yield "arms", f"expected one arm with role control, and the others experimental{remedy}; got {got}"


def context_of(file: TrialFile, endpoint: EndpointRecord) -> Context:
    """The rest of a file, as far as one of its endpoints may refer to it."""
    by_role = {arm.role: arm.key for arm in file.arms if arm.key != BENCHMARK}
    sizes = {population.key: population.sizes for population in file.populations}
    return Context(
        arms=tuple(by_role[role] for role in ("control", "experimental") if role in by_role),
        every_arm=frozenset(arm.key for arm in file.arms),
        sizes=sizes.get(endpoint.population, {}),
        records={record.key: record for record in file.endpoints},
        tables=frozenset(table.key for table in file.tables if isinstance(table, CountTable)),
    )


def row_problem(row: Count | Published, arms: set[str]) -> str | None:
    """What is wrong with the arms of one table row, or None."""
    named = set(_arms_of(row)) - {EVERYBODY}
    if not named <= arms:
        return f"expected arms among {listed(arms | {EVERYBODY})}, got {listed(named - arms)}"
    return None


def _counts(where: str, counts: Iterable[Count], arms: set[str]) -> Iterator[Problem]:
    counts = list(counts)
    yield from repeats(where, (count.arm for count in counts))
    for index, count in enumerate(counts):
        problem = row_problem(count, arms)
        if problem or count.arm == EVERYBODY:
            yield f"{where}[{index}]", problem or f"expected one arm, got {EVERYBODY}"


def _arms_of(record: Count | Published) -> tuple[str, ...]:
    if isinstance(record, Count):
        return (record.arm,)
    return tuple(arm for arm in (record.arm, record.numerator, record.denominator) if arm)
