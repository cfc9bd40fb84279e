"""Binary response endpoints as published: counts by arm, ratios, subgroup factors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reappraise.core.arms import WHOLE, Arms, Timing
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.published.answers import Counted, Problem, listed, repeats
from reappraise.published.better import BetterEvent
from reappraise.published.endpoint import Context, EndpointRecord
from reappraise.published.partition import Partition
from reappraise.published.record import Count, Key, PlannedRatio, Record, Sourced, Text


class Level(Record):
    """One level of a subgroup factor."""

    key: Key
    """Key of the level, part of the population's name."""
    label: Text
    """The level in words."""
    counts: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Responders of patients, by arm."""


class Factor(Sourced):
    """A subgroup factor: disjoint levels that, with the remainder, make up each arm."""

    key: Key
    """Key of the factor."""
    label: Text
    """The factor in words."""
    timing: Timing = "baseline"
    """Whether the factor was known at randomisation; if not, no causal reading is given."""
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    """The levels as published."""
    remainder: Text | None = None
    """Words for the patients in none of the levels (complement or unknown), found by subtraction."""
    remainder_key: Key = "rest"
    """Key of that level."""


class ResponseEndpoint(EndpointRecord):
    """A binary endpoint with its published counts, contrasts and subgroups."""

    binary: ClassVar[bool] = True

    kind: Literal["response"]
    """Tag of this kind of endpoint."""
    better: BetterEvent
    """"more" where the event is good for the patient, such as a response, "fewer" where it is bad, such as death;
    "higher" and "lower" say the same of its rate."""
    margin: Annotated[Decimal | None, Field(gt=0, lt=1)] = None
    """Difference in rates that would matter to patients, as a fraction: 0.02 is two percentage points. Without it,
    nothing is said of equivalence, or of benefit beyond a margin."""
    planned_odds_ratio: PlannedRatio | None = None
    """Odds ratio of the better outcome, experimental over control, that the trial was planned for."""
    counts: Annotated[tuple[Count, ...], Field(min_length=1)]
    """Responders of patients, by arm."""
    factors: tuple[Factor, ...] = ()
    """Subgroup factors."""

    @property
    def smallest_that_matters(self) -> float | None:
        """The margin as a number; None where none is stated."""
        return None if self.margin is None else float(self.margin)

    def counted(self) -> Iterator[Counted]:
        """Yield responders of all patients, then of each level of each factor."""
        yield Counted(label=self.label, population=WHOLE, counts=self.counts, whole=True, quantity="rate")
        totals = {count.arm: count.total for count in self.counts}
        for factor in self.factors:
            for level in factor.levels:
                yield Counted(
                    label=f"{self.label}: {level.label}",
                    population=f"{factor.key}={level.key}",
                    counts=level.counts,
                    place=f"factors[{factor.key}].levels[{level.key}].counts",
                    quantity="rate",
                    within=totals,
                )

    def subgroups(self) -> Iterator[tuple[str, str]]:
        """Yield every level of every factor, the remainder as well."""
        for factor in self.factors:
            for level in factor.levels:
                yield f"{factor.key}={level.key}", f"{factor.label}: {level.label}"
            if factor.remainder is not None:
                yield f"{factor.key}={factor.remainder_key}", f"{factor.label}: {factor.remainder}"

    def references(self, context: Context) -> Iterator[Problem]:
        """Yield an arm without counts, and keys of factors and levels that repeat."""
        missing = set(context.arms) - {count.arm for count in self.counts}
        if missing:
            yield "counts", f"expected counts for every arm, missing {listed(missing)}"
        yield from repeats("factors", (factor.key for factor in self.factors))
        for factor in self.factors:
            keys = [level.key for level in factor.levels] + ([factor.remainder_key] if factor.remainder else [])
            yield from repeats(f"factors[{factor.key}].levels", keys)

    def unnamed(self, arms: Arms) -> Iterator[str]:
        """Yield factors whose levels leave patients over that nothing names."""
        for factor in self.factors_counted:
            try:
                self.partition(arms, arms, factor)
            except AnalysisError:  # what is printed, not the file: such a factor is not analysed
                continue
            except ValueError as error:
                yield str(error)

    @property
    def factors_counted(self) -> tuple[str, ...]:
        """All patients, then every factor."""
        return (WHOLE, *(factor.key for factor in self.factors))

    def factor_label(self, factor: str) -> str:
        """A factor in words."""
        return next((item.label for item in self.factors if item.key == factor), factor)

    def partition(self, arms: Arms, labels: Arms, factor: str = WHOLE) -> Partition:
        """Counts by level and arm; the remainder of an incomplete factor made explicit by subtraction.

        Parameters
        ----------
        arms, labels
            Keys and words of control and experimental arm.
        factor
            Key of a factor, or ``"all"`` for the population as a whole.

        Raises
        ------
        KeyError
            If the endpoint has no such factor.
        AnalysisError
            If a count is unknown or impossible, or levels exceed their arm.
        ValueError
            If levels leave patients over that nothing names.
        """
        whole = {count.arm: (_events(count, self.key), count.total) for count in self.counts}
        rows: list[tuple[str, str, dict[str, tuple[int, int]]]]
        timing: Timing
        if factor == WHOLE:
            rows, timing, source = [(WHOLE, "All patients", whole)], "baseline", self.source
        else:
            found = next((item for item in self.factors if item.key == factor), None)
            if found is None:
                raise KeyError(factor)
            rows, timing, source = _rows(found, whole), found.timing, found.source
        return Partition(
            endpoint=self.key,
            factor=factor,
            levels=tuple(key for key, _, _ in rows),
            level_labels=tuple(label for _, label, _ in rows),
            arms=arms,
            arm_labels=labels,
            events=tuple((cell.get(arms[0], (0, 0))[0], cell.get(arms[1], (0, 0))[0]) for _, _, cell in rows),
            totals=tuple((cell.get(arms[0], (0, 0))[1], cell.get(arms[1], (0, 0))[1]) for _, _, cell in rows),
            better=self.better,
            timing=timing,
            margin=self.smallest_that_matters,
            planned_odds_ratio=None if self.planned_odds_ratio is None else float(self.planned_odds_ratio),
            source=source,
        )


def _events(count: Count, where: str) -> int:
    events = count.known_events
    if count.impossible:
        raise AnalysisError(f"{where}, {count.arm}: {count.impossible}: as printed it cannot be analysed")
    if count.not_reported:
        raise UndeterminedError(f"{where}, {count.arm}: the number of patients with the event is not reported")
    if events is None:
        raise UndeterminedError(
            f"{where}, {count.arm}: {count.percent}% of {count.total} fits {len(count.candidates)} whole numbers of "
            f"patients {_listed(count.candidates)}, so the count is not known; add events"
        )
    return events


def _listed(numbers: Sequence[int]) -> str:
    return f"{numbers[0]} to {numbers[-1]}" if numbers else "(none)"


def _rows(factor: Factor, whole: dict[str, tuple[int, int]]) -> list[tuple[str, str, dict[str, tuple[int, int]]]]:
    rows = []
    left = {arm: whole[arm] for level in factor.levels for arm in (count.arm for count in level.counts) if arm in whole}
    for level in factor.levels:
        cells = {count.arm: (_events(count, f"{factor.key}={level.key}"), count.total) for count in level.counts}
        for arm, (events, total) in cells.items():
            left[arm] = (left[arm][0] - events, left[arm][1] - total)
        rows.append((level.key, level.label, cells))
    for arm, (events, total) in left.items():
        if not 0 <= events <= total:
            raise AnalysisError(
                f"factor {factor.key}: expected levels that are disjoint parts of arm {arm} ({whole[arm][0]} of "
                f"{whole[arm][1]} patients), got levels that leave {events} events among {total} patients over"
            )
    if any(total for _, total in left.values()):
        if factor.remainder is None:
            raise ValueError(
                f"factor {factor.key}: its levels leave patients over ({ {arm: n for arm, (_, n) in left.items()} }); "
                'expected remainder = "words for them", so that they become a level of their own'
            )
        rows.append((factor.remainder_key, factor.remainder, left))
    return rows
