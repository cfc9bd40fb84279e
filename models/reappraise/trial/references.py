"""What a trial file must keep across its records: keys that exist, are unique, and fit their population."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from reappraise.endpoints import DepthEndpoint, ResponseEndpoint, SurvivalEndpoint
from reappraise.endpoints.record import EVERYBODY, Count, Published
from reappraise.trial.schema import CountTable, TrialFile

type Problem = tuple[str, str]
"""Dotted key, and what was expected and came."""


def problems(file: TrialFile) -> Iterator[Problem]:
    """Yield every reference of the file that does not hold."""
    yield from _repeats("arms", (arm.key for arm in file.arms))
    yield from _repeats("populations", (population.key for population in file.populations))
    yield from _repeats("endpoints", (endpoint.key for endpoint in file.endpoints))
    yield from _repeats("tables", (table.key for table in file.tables))
    roles = sorted(arm.role for arm in file.arms)
    if roles != ["control", "experimental"]:
        yield "arms", f"expected one arm with role control and one experimental, got {' and '.join(roles)}"
    arms = {arm.key for arm in file.arms}
    if EVERYBODY in arms:
        yield "arms", f'"{EVERYBODY}" is reserved for all arms together'
    for population in file.populations:
        yield from _known(f"populations[{population.key}].sizes", set(population.sizes), arms)
    populations = {population.key: population.sizes for population in file.populations}
    for table in file.tables:
        yield from _known(f"tables[{table.key}].population", {table.population}, set(populations))
    for endpoint in file.endpoints:
        where = f"endpoints[{endpoint.key}]"
        yield from _known(f"{where}.population", {endpoint.population}, set(populations))
        sizes = populations.get(endpoint.population, {})
        match endpoint:
            case ResponseEndpoint():
                yield from _response(endpoint, where, sizes, arms)
            case SurvivalEndpoint():
                yield from _counts(f"{where}.counts", endpoint.counts, sizes, arms)
                yield from _estimates(where, endpoint.estimates, arms)
                if endpoint.among is not None:
                    counted = {item.key for item in file.endpoints if isinstance(item, ResponseEndpoint)}
                    yield from _known(f"{where}.among", {endpoint.among}, counted)
                if endpoint.numbers_at_risk and not endpoint.curves:
                    yield f"{where}.numbers_at_risk", "expected curves beside the numbers at risk, got none"
            case DepthEndpoint():
                responses = {item.key for item in file.endpoints if isinstance(item, ResponseEndpoint)}
                for category in endpoint.categories:
                    if category.or_better is not None:
                        yield from _known(
                            f"{where}.categories[{category.key}].or_better", {category.or_better}, responses
                        )
                    yield from _counts(f"{where}.categories[{category.key}].counts", category.counts, sizes, arms)
            case _:
                tables = {table.key for table in file.tables if isinstance(table, CountTable)}
                yield from _known(f"{where}.table", {endpoint.table}, tables)


def row_problem(count: Count | Published, sizes: dict[str, int], arms: set[str]) -> str | None:
    """What is wrong with the arm or the total of one table row, or None."""
    named = set(_arms_of(count)) - {EVERYBODY}
    if not named <= arms:
        return f"expected arms among {_listed(arms | {EVERYBODY})}, got {_listed(named - arms)}"
    if isinstance(count, Count):
        size = sum(sizes.values()) if count.arm == EVERYBODY else sizes.get(count.arm)
        if size is not None and count.total > size:
            return f"expected a total of at most {size} patients in {count.arm}, got {count.total}"
    return None


def _response(endpoint: ResponseEndpoint, where: str, sizes: dict[str, int], arms: set[str]) -> Iterator[Problem]:
    yield from _counts(f"{where}.counts", endpoint.counts, sizes, arms)
    missing = arms - {count.arm for count in endpoint.counts}
    if missing:
        yield f"{where}.counts", f"expected counts for every arm, missing {_listed(missing)}"
    yield from _estimates(where, endpoint.estimates, arms)
    yield from _repeats(f"{where}.factors", (factor.key for factor in endpoint.factors))
    for factor in endpoint.factors:
        here = f"{where}.factors[{factor.key}]"
        keys = [level.key for level in factor.levels] + ([factor.remainder_key] if factor.remainder else [])
        yield from _repeats(f"{here}.levels", keys)
        for level in factor.levels:
            totals = {count.arm: count.total for count in endpoint.counts}
            yield from _counts(f"{here}.levels[{level.key}].counts", level.counts, totals, arms)


def _counts(where: str, counts: Iterable[Count], sizes: dict[str, int], arms: set[str]) -> Iterator[Problem]:
    counts = list(counts)
    yield from _repeats(where, (count.arm for count in counts))
    for index, count in enumerate(counts):
        problem = row_problem(count, sizes, arms)
        if problem or count.arm == EVERYBODY:
            yield f"{where}[{index}]", problem or f"expected one arm, got {EVERYBODY}"


def _estimates(where: str, estimates: Iterable[Published], arms: set[str]) -> Iterator[Problem]:
    for index, estimate in enumerate(estimates):
        yield from _known(f"{where}.estimates[{index}]", set(_arms_of(estimate)), arms)


def _arms_of(record: Count | Published) -> tuple[str, ...]:
    if isinstance(record, Count):
        return (record.arm,)
    return tuple(arm for arm in (record.arm, record.numerator, record.denominator) if arm)


def _known(where: str, got: set[str], known: set[str]) -> Iterator[Problem]:
    if not got <= known:
        yield where, f"expected one of {_listed(known)}, got {_listed(got - known)}"


def _repeats(where: str, keys: Iterable[str]) -> Iterator[Problem]:
    for key, times in Counter(keys).items():
        if times > 1:
            yield where, f"expected each key once, got {key!r} {times} times"


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys)) or "none"
