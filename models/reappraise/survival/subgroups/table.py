"""Hazard ratios of the levels of one factor with their errors, beside that of all patients: what is fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

from reappraise.core.arms import Arms, Better, Timing
from reappraise.core.errors import AnalysisError
from reappraise.survival.effect.spans import Span, known, turned
from reappraise.survival.plan import UNPLANNED, Plan

type Events = tuple[int | None, int | None]
type Basis = Literal["limits", "medians", "events", "what the others leave"]
"""What is known of a level: a ratio with limits, medians and events, or only how much it weighs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupLevel:
    """One level: its hazard ratio as printed, on the log scale, experimental over control.

    Parameters
    ----------
    key, label
        Key and words.
    log_ratio
        Least and largest log hazard ratio that rounds to the print, or as wide as medians leave it; None where none is
        printed.
    standard_error
        Least and largest standard error of it that the print allows.
    basis
        What is known of the level.
    events, totals
        Patients with the event, and patients, control and experimental arm; None where not printed.
    printed
        The ratio as it stands in print.
    """

    key: str
    label: str
    log_ratio: Span | None
    standard_error: Span
    basis: Basis = "limits"
    events: Events = (None, None)
    totals: Events = (None, None)
    printed: str = ""

    @property
    def centre(self) -> float:
        """Log hazard ratio in the middle of what rounds to the print; 0 where none is printed."""
        return 0.0 if self.log_ratio is None else sum(self.log_ratio) / 2

    @property
    def error(self) -> float:
        """Standard error in the middle of those that the print allows."""
        return sum(self.standard_error) / 2

    def swapped(self) -> Self:
        """The same print with control and experimental arm exchanged."""
        ratio = None if self.log_ratio is None else turned(self.log_ratio)
        return replace(self, log_ratio=ratio, events=self.events[::-1], totals=self.totals[::-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupTable:
    """Hazard ratios of an endpoint by the levels of one factor, disjoint parts of the same patients, and of them all.

    Parameters
    ----------
    endpoint, label
        Key and words of the endpoint.
    factor, factor_label
        Key and words of the factor.
    arms, arm_labels
        Keys and words of control and experimental arm.
    levels
        Levels that print says something about.
    whole, whole_error
        Spans of log ratio and standard error of all patients; None where no ratio of them is printed.
    better
        "higher" where a longer time is good, so that a ratio below 1 is benefit; "lower" where the event is.
    timing
        When the factor was determined: after randomisation it has no causal reading.
    plan
        What the trial was planned for.
    whole_printed, source
        The ratio of all patients as it stands in print, and where the levels stand.
    notes
        Readings of the print that this rests on, in words.
    """

    endpoint: str
    label: str
    factor: str
    factor_label: str
    arms: Arms
    arm_labels: tuple[str, str]
    levels: tuple[SubgroupLevel, ...]
    whole: Span | None
    whole_error: Span | None
    better: Better
    timing: Timing = "baseline"
    plan: Plan = UNPLANNED
    whole_printed: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no set of levels with ratios and errors."""
        if len(self.levels) < 2 or not any(self.shown):
            raise AnalysisError(
                f"{self.endpoint}, {self.factor}: expected two levels or more, one at least with a hazard ratio, got "
                f"{sum(self.shown)} ratios of {len(self.levels)} levels"
            )
        for level in self.levels:
            spans = [level.standard_error, *([level.log_ratio] if level.log_ratio else [])]
            if not all(known(span) and span[0] <= span[1] for span in spans) or not level.standard_error[0] > 0:
                raise AnalysisError(
                    f"{self.endpoint}, {self.population(level.key)}: expected finite spans and a positive standard "
                    f"error, got {level}"
                )

    @property
    def shown(self) -> tuple[bool, ...]:
        """By level: whether a hazard ratio of it is printed, or medians that stand for one."""
        return tuple(level.log_ratio is not None for level in self.levels)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the levels."""
        return tuple(level.key for level in self.levels)

    def population(self, level: str) -> str:
        """Name of a level's population, ``"factor=level"``."""
        return f"{self.factor}={level}"

    def swapped(self) -> Self:
        """The same print with control and experimental arm exchanged."""
        return replace(
            self,
            arms=self.arms[::-1],
            arm_labels=self.arm_labels[::-1],
            levels=tuple(level.swapped() for level in self.levels),
            whole=None if self.whole is None else turned(self.whole),
            plan=self.plan.swapped(),
        )
