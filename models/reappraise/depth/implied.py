"""What a fit of ordered categories implies for the binary endpoints, beside what their own models say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import Estimate
from reappraise.depth.fit import DepthFit


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedRate:
    """The rate of one category or better in one arm, by the ordinal model and by binary models.

    Parameters
    ----------
    category, label
        Key of the worst category that counts, and the cut in words.
    endpoint
        Key of the binary endpoint that counts the same patients; empty where there is none.
    arm, arm_label
        Key and words of the arm.
    events, total
        Patients in the category or a better one, of all.
    ordinal
        Posterior of the ordinal model.
    binary
        Posteriors of binary models, in the order in which they were given; empty where there are none.
    """

    category: str
    label: str
    endpoint: str
    arm: str
    arm_label: str
    events: int
    total: int
    ordinal: Estimate
    binary: tuple[Estimate, ...]

    @property
    def observed(self) -> float:
        """Observed rate."""
        return self.events / self.total

    @property
    def furthest(self) -> float | None:
        """Largest distance of a binary model's median from the ordinal model's; None without binary models."""
        own = self.ordinal.value
        others = [item.value for item in self.binary if item.value is not None]
        return None if own is None or not others else max(abs(value - own) for value in others)


def implied_rates(fit: DepthFit, responses: Iterable[Estimate] = ()) -> tuple[ImpliedRate, ...]:
    """Set the rates that an ordinal posterior implies beside counts and binary models, by cut point and arm.

    Both see the same patients: the ordinal model tells about a cut point from all of them, the binary model from those
    on either side of it alone. Distances far beyond the width of the intervals speak against the ordinal model.

    Parameters
    ----------
    fit
        Fit of the ordinal model.
    responses
        Posterior estimates of the binary endpoints; those of subgroups, and of other quantities, are left out.
    """
    table = fit.job.table
    own = {(item.item, item.arm): item for item in fit.estimates if item.quantity == "rate_or_better"}
    rates = [
        item for item in responses if item.quantity == "rate" and item.kind == "posterior" and item.population == WHOLE
    ]
    found = []
    keys = table.or_better or ("",) * len(table.categories)
    for place, (category, label, endpoint) in enumerate(zip(table.cuts, table.cut_labels, keys, strict=False)):
        for arm, arm_label, events, total in zip(
            table.arms, table.arm_labels, table.or_better_counts[place], table.totals, strict=True
        ):
            found.append(
                ImpliedRate(
                    category=category,
                    label=label,
                    endpoint=endpoint,
                    arm=arm,
                    arm_label=arm_label,
                    events=events,
                    total=total,
                    ordinal=own[category, arm],
                    binary=tuple(item for item in rates if endpoint and item.endpoint == endpoint and item.arm == arm),
                )
            )
    return tuple(found)
