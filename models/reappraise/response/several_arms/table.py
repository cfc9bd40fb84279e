"""Counts of several arms of one binary endpoint: what the model of all arms together is fitted to."""

from __future__ import annotations

from dataclasses import dataclass

from reappraise.core.arms import WHOLE, Better
from reappraise.core.errors import AnalysisError
from reappraise.published.partition import Partition
from reappraise.published.trial import Trial
from reappraise.response.published import ResponseEndpoint

FEWEST = 3
"""Arms that there must be: two are a contrast, and have their own models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralArms:
    """Events of totals in a control arm and two or more others, each patient in one arm.

    Parameters
    ----------
    endpoint
        Key of the endpoint.
    arms, arm_labels
        Keys and words of the arms, control first.
    events, totals
        Patients, ``[arm]``.
    contrasts
        Keys of experimental and control arm of each contrast that is asked for.
    better
        Whether a higher or a lower rate is good for the patient.
    margin
        Risk difference that would matter to patients (fraction); None where the publication states none.
    planned_odds_ratio
        Effect the trial was planned for, as odds of the better outcome, experimental over control; None if not stated.
    source
        Where the counts stand in the publication.
    """

    endpoint: str
    arms: tuple[str, ...]
    arm_labels: tuple[str, ...]
    events: tuple[int, ...]
    totals: tuple[int, ...]
    contrasts: tuple[tuple[str, str], ...]
    better: Better
    margin: float | None = None
    planned_odds_ratio: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse counts that cannot be counts, and contrasts of other arms."""
        if not FEWEST <= len(self.arms) == len(self.arm_labels) == len(self.events) == len(self.totals):
            raise ValueError(f"{self.endpoint}: expected labels, events and totals of three arms or more")
        for arm, k, n in zip(self.arms, self.events, self.totals, strict=True):
            if not 0 <= k <= n or n == 0:
                raise ValueError(f"{self.endpoint}, {arm}: expected 0 <= events <= total > 0, got {k} of {n}")
        for pair in self.contrasts:
            if not set(pair) <= set(self.arms):
                raise ValueError(f"{self.endpoint}: expected contrasts of {', '.join(self.arms)}, got {pair}")

    @property
    def pairs(self) -> tuple[Partition, ...]:
        """The counts of each contrast by itself."""
        return tuple(self._pair(*contrast) for contrast in self.contrasts)

    def _pair(self, experimental: str, control: str) -> Partition:
        places = self.arms.index(control), self.arms.index(experimental)
        events, totals = self.events, self.totals
        return Partition(
            endpoint=self.endpoint,
            factor=WHOLE,
            levels=(WHOLE,),
            level_labels=("All patients",),
            arms=(control, experimental),
            arm_labels=(self.arm_labels[places[0]], self.arm_labels[places[1]]),
            events=((events[places[0]], events[places[1]]),),
            totals=((totals[places[0]], totals[places[1]]),),
            better=self.better,
            margin=self.margin,
            planned_odds_ratio=self.planned_odds_ratio,
            source=self.source,
        )


def several_arms(trial: Trial, endpoint: ResponseEndpoint) -> SeveralArms | None:
    """Counts of all arms of an endpoint; None where fewer than three arms have any, or control has none.

    Parameters
    ----------
    trial
        A trial of more than two arms.
    endpoint
        The endpoint, with the counts of all arms.

    Raises
    ------
    AnalysisError
        If a count is not known, or cannot be analysed as it is printed.
    """
    counted = {count.arm for count in endpoint.counts if not count.not_reported}
    control = next(arm for arm in trial.file.arms if arm.role == "control")
    others = tuple(arm for arm in trial.file.arms if arm is not control and arm.key in counted)
    if control.key not in counted or len(others) + 1 < FEWEST:
        return None
    arms, keys = (control, *others), {control.key, *(arm.key for arm in others)}
    # pair by pair, for a pair knows what keeps its counts from being analysed
    pairs = [endpoint.partition((control.key, arm.key), (control.short, arm.short)) for arm in others]
    known = {
        arm: (events, total)
        for pair in pairs
        for arm, events, total in zip(pair.arms, pair.events[0], pair.totals[0], strict=True)
    }
    stated = tuple((pair.experimental.key, pair.control.key) for pair in trial.pairs)
    if any(known[arm.key][1] == 0 for arm in arms):
        raise AnalysisError(f"{endpoint.key}: expected patients in every arm that has counts")
    return SeveralArms(
        endpoint=endpoint.key,
        arms=tuple(arm.key for arm in arms),
        arm_labels=tuple(arm.short for arm in arms),
        events=tuple(known[arm.key][0] for arm in arms),
        totals=tuple(known[arm.key][1] for arm in arms),
        contrasts=tuple(pair for pair in stated if set(pair) <= keys),
        better=endpoint.better,
        margin=endpoint.smallest_that_matters,
        planned_odds_ratio=None if endpoint.planned_odds_ratio is None else float(endpoint.planned_odds_ratio),
        source=endpoint.source,
    )
