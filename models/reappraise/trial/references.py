"""What a trial file must keep across its records: keys that exist, are unique, and fit their population."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reappraise.published.answers import Problem, listed, repeats, unknown
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.file import CountTable, TrialFile
from reappraise.published.record import EVERYBODY, Count, Published


def problems(file: TrialFile) -> Iterator[Problem]:
    """Yield every reference of the file that does not hold."""
    yield from repeats("arms", (arm.key for arm in file.arms))
    yield from repeats("populations", (population.key for population in file.populations))
    yield from repeats("endpoints", (endpoint.key for endpoint in file.endpoints))
    yield from repeats("tables", (table.key for table in file.tables))
    roles = sorted(arm.role for arm in file.arms)
    if roles != ["control", "experimental"]:
        yield "arms", f"expected one arm with role control and one experimental, got {' and '.join(roles)}"
    arms = {arm.key for arm in file.arms}
    if EVERYBODY in arms:
        yield "arms", f'"{EVERYBODY}" is reserved for all arms together'
    for population in file.populations:
        yield from unknown(f"populations[{population.key}].sizes", set(population.sizes), arms)
    populations = {population.key: population.sizes for population in file.populations}
    for table in file.tables:
        yield from unknown(f"tables[{table.key}].population", {table.population}, set(populations))
    for endpoint in file.endpoints:
        where = f"endpoints[{endpoint.key}]"
        yield from unknown(f"{where}.population", {endpoint.population}, populations)
        for counted in endpoint.counted():
            within = populations.get(endpoint.population, {}) if counted.within is None else counted.within
            yield from _counts(f"{where}.{counted.place}", counted.counts, within, arms)
        for stated in endpoint.stated():
            everybody = {EVERYBODY} if stated.published.arm == EVERYBODY else set()
            yield from unknown(f"{where}.{stated.place}", _arms_of(stated.published), arms | everybody)
        if endpoint.test is not None and endpoint.test.strata is not None:
            yield from unknown(f"{where}.test.strata", {endpoint.test.strata}, endpoint.factors_counted[1:])
        for key, problem in endpoint.references(context_of(file, endpoint)):
            yield f"{where}.{key}", problem


def context_of(file: TrialFile, endpoint: EndpointRecord) -> Context:
    """The rest of a file, as far as one of its endpoints may refer to it."""
    by_role = {arm.role: arm.key for arm in file.arms}
    sizes = {population.key: population.sizes for population in file.populations}
    return Context(
        arms=(by_role.get("control", ""), by_role.get("experimental", "")),
        sizes=sizes.get(endpoint.population, {}),
        records={record.key: record for record in file.endpoints},
        tables=frozenset(table.key for table in file.tables if isinstance(table, CountTable)),
    )


def row_problem(count: Count | Published, sizes: Mapping[str, int], arms: set[str]) -> str | None:
    """What is wrong with the arm or the total of one table row, or None."""
    named = set(_arms_of(count)) - {EVERYBODY}
    if not named <= arms:
        return f"expected arms among {listed(arms | {EVERYBODY})}, got {listed(named - arms)}"
    if isinstance(count, Count):
        size = sum(sizes.values()) if count.arm == EVERYBODY else sizes.get(count.arm)
        if size is not None and count.total > size:
            return f"expected a total of at most {size} patients in {count.arm}, got {count.total}"
    return None


def _counts(where: str, counts: Iterable[Count], sizes: Mapping[str, int], arms: set[str]) -> Iterator[Problem]:
    counts = list(counts)
    yield from repeats(where, (count.arm for count in counts))
    for index, count in enumerate(counts):
        problem = row_problem(count, sizes, arms)
        if problem or count.arm == EVERYBODY:
            yield f"{where}[{index}]", problem or f"expected one arm, got {EVERYBODY}"


def _arms_of(record: Count | Published) -> tuple[str, ...]:
    if isinstance(record, Count):
        return (record.arm,)
    return tuple(arm for arm in (record.arm, record.numerator, record.denominator) if arm)
