"""Subgroups of a time-to-event endpoint as published: hazard ratios, events and medians by level of a factor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from reappraise.core.arms import Timing
from reappraise.core.printed import Printed
from reappraise.published.answers import Counted, Problem, Stated, repeats
from reappraise.published.record import Count, Key, Published, Record, Sourced, Text, sound

QUANTITIES_OF_LEVELS = ("hazard_ratio", "median")
"""What a level may print beside its counts."""


class SurvivalLevel(Record):
    """One level of a subgroup factor of a time-to-event endpoint."""

    key: Key
    """Key of the level, part of the population's name."""
    label: Text
    """The level in words."""
    counts: tuple[Count, ...] = ()
    """Patients with an event, by arm."""
    printed: tuple[Published, ...] = Field(default=(), alias="estimates")
    """Hazard ratio with its limits, and medians where printed."""

    @property
    def estimates(self) -> tuple[Published, ...]:
        """Those that some patients could give: what can be analysed."""
        return sound(self.printed)


class SurvivalFactor(Sourced):
    """A subgroup factor of a time-to-event endpoint: disjoint levels that, with the remainder, make up the patients."""

    key: Key
    """Key of the factor."""
    label: Text
    """The factor in words."""
    timing: Timing = "baseline"
    """Whether the factor was known at randomisation; if not, no causal reading is given."""
    levels: Annotated[tuple[SurvivalLevel, ...], Field(min_length=1)]
    """The levels as published."""
    remainder: Text | None = None
    """Words for the patients in none of the levels (complement or unknown)."""
    remainder_key: Key = "rest"
    """Key of that level."""
    p_interaction: Printed | None = None
    """p value of the interaction of treatment and factor, as printed."""
    interaction_test: str = ""
    """Test of interaction, as stated."""

    @model_validator(mode="after")
    def _has_a_probability(self) -> Self:
        if self.p_interaction is not None and not 0 <= self.p_interaction <= 1:
            raise ValueError(f"expected p_interaction in 0 to 1, got {self.p_interaction}")
        return self

    def population(self, level: str) -> str:
        """Name of a level's population, ``"factor=level"``."""
        return f"{self.key}={level}"

    def counted(self, label: str, whole: tuple[Count, ...]) -> Iterator[Counted]:
        """Yield patients with an event of each level.

        Parameters
        ----------
        label
            The endpoint in words.
        whole
            Counts of all patients, which those of a level are a part of.
        """
        totals = {count.arm: count.total for count in whole}
        for level in self.levels:
            yield Counted(
                label=self._named(label, level),
                population=self.population(level.key),
                counts=level.counts,
                place=f"factors[{self.key}].levels[{level.key}].counts",
                within=totals or None,
            )

    def stated(self, label: str, population: str) -> Iterator[Stated]:
        """Yield the numbers of each level, then the p value of the interaction.

        Parameters
        ----------
        label
            The endpoint in words.
        population
            Name of all patients.
        """
        for level in self.levels:
            for index, published in enumerate(level.printed):
                yield Stated(
                    label=self._named(label, level),
                    population=self.population(level.key),
                    published=published,
                    place=f"factors[{self.key}].levels[{level.key}].estimates[{index}]",
                    causal=self.timing == "baseline",
                )
        if self.p_interaction is not None:
            yield Stated(
                label=f"{label}, {self.label}",
                population=population,
                published=Published(
                    quantity="ratio_of_hazard_ratios",
                    at=self.spread_at,
                    p=self.p_interaction,
                    sides=2,
                    method=self.interaction_test,
                    source=self.source,
                ),
                place=f"factors[{self.key}].p_interaction",
            )

    @property
    def spread_at(self) -> str:
        """What a ratio of hazard ratios refers to, in words."""
        return spread_at(self.label)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the levels, by keys within the endpoint."""
        where = f"factors[{self.key}]"
        keys = [level.key for level in self.levels] + ([self.remainder_key] if self.remainder else [])
        yield from repeats(f"{where}.levels", keys)
        if len(keys) < 2:
            yield f"{where}.levels", "expected two levels, or one and words for the remainder, got one level"
        for level in self.levels:
            yield from _problems_of(level, f"{where}.levels[{level.key}]")

    def excess(self, arm: str, whole: tuple[Count, ...], sizes: Mapping[str, int]) -> str:
        """Why the levels cannot be disjoint parts of an arm, in words; empty where they can.

        Parameters
        ----------
        arm
            Key of the arm.
        whole
            Counts of all patients.
        sizes
            Patients by arm of the endpoint's population.
        """
        counts = [count for level in self.levels for count in level.counts if count.arm == arm]
        all_of_it = next((count for count in whole if count.arm == arm), None)
        most = sizes.get(arm) if all_of_it is None else all_of_it.total
        totals = [count.total for count in counts]
        if most is not None and sum(totals) > most:
            return f"the levels hold {_added(totals)} patients, more than the {most} of the arm"
        events = None if all_of_it is None else all_of_it.known_events
        known = [count.known_events for count in counts if count.known_events is not None]
        if events is not None and sum(known) > events:
            return f"the levels hold {_added(known)} events, more than the {events} of the arm"
        return ""

    def _named(self, label: str, level: SurvivalLevel) -> str:
        return f"{label}, {self.label}: {level.label}"


def spread_at(factor: str) -> str:
    """What a ratio of hazard ratios between the levels of a factor refers to, in words."""
    return f"largest over smallest level of {factor}"


def _problems_of(level: SurvivalLevel, where: str) -> Iterator[Problem]:
    for index, published in enumerate(level.printed):
        if published.quantity not in QUANTITIES_OF_LEVELS:
            known = " or ".join(QUANTITIES_OF_LEVELS)
            yield f"{where}.estimates[{index}].quantity", f"expected {known}, got {published.quantity}"
    if not level.counts and not any(item.quantity == "hazard_ratio" for item in level.estimates):
        yield where, "expected a hazard ratio with its limits, or events by arm, got neither"


def _added(numbers: Sequence[int]) -> str:
    return f"{' + '.join(map(str, numbers))} = {sum(numbers)}" if len(numbers) > 1 else str(sum(numbers))
