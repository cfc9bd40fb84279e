"""Whether the chains of a reconstruction agree, and how many independent replicates they amount to."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from reappraise.published.patients import PatientData

type Floats = NDArray[np.float64]

SETTLED_R_HAT = 1.05
SETTLED = 100.0
"""Chains that agree so well, with so many effective replicates of the feature that mixes worst, need not go on: what is
reported bears on such features little, and has several times as many effective draws."""
FRACTIONS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Places of the follow-up at which replicates are compared."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Agreement of chains over features of the data: patients with events, and censored, by certain times.

    Parameters
    ----------
    features
        Names of the features that vary.
    r_hat
        Rank-normalised split R-hat of each.
    effective
        Bulk effective number of replicates of each.
    """

    features: tuple[str, ...]
    r_hat: tuple[float, ...]
    effective: tuple[float, ...]

    @property
    def effective_replicates(self) -> float:
        """Effective number of replicates of the feature that mixes worst."""
        return min(self.effective, default=float("inf"))

    @property
    def typical_replicates(self) -> float:
        """Median effective number of replicates over features."""
        return float(np.median(self.effective)) if self.effective else float("inf")

    @property
    def worst_r_hat(self) -> float:
        """Largest R-hat."""
        return max(self.r_hat, default=1.0)

    @property
    def settled(self) -> bool:
        """Whether the chains have gone on for long enough."""
        return self.worst_r_hat <= SETTLED_R_HAT and self.effective_replicates >= SETTLED

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{r_hat:.3f}</td><td>{effective:.0f}</td></tr>"
            for name, r_hat, effective in zip(self.features, self.r_hat, self.effective, strict=True)
        )
        return f"<table><tr><th>feature</th><th>R-hat</th><th>effective replicates</th></tr>{rows}</table>"


def _varies(values: NDArray[np.int64] | Floats) -> bool:
    """Whether values vary in every half of a chain, and their distances from the median in any: R-hat divides by it."""
    half = values.shape[-1] // 2
    halves = np.concatenate([values[..., :half], values[..., -half:]])
    folded = np.abs(halves - np.median(halves))
    return bool((np.ptp(halves, axis=-1) > 0).all() and (np.ptp(folded, axis=-1) > 0).any())


def judge(data: PatientData, restarted: tuple[int, ...] = ()) -> Quality:
    """Compare the chains of reconstructed data.

    Parameters
    ----------
    data
        The replicates.
    restarted
        Chains that started from what another held. They agree with it whatever there is elsewhere: R-hat is the larger
        one of all chains and of those that had a start of their own, where there are two.
    """
    features = {}
    for arm, name in enumerate(data.arms):
        own = data.arm == arm
        time, event = data.time[..., own], data.event[..., own]
        for fraction in FRACTIONS:
            by = fraction * data.horizon
            features[f"events by {by:.3g} {data.unit}, {name}"] = np.sum(event & (time <= by), axis=-1)
            features[f"censored by {by:.3g} {data.unit}, {name}"] = np.sum(~event & (time <= by), axis=-1)
    # halves of chains are compared: what never changes in one of them gives no variance to compare with
    varying = {name: values.astype(float) for name, values in features.items() if _varies(values)}
    own_start = [chain for chain in range(data.chains) if chain not in restarted]
    judged = [list(range(data.chains)), *([own_start] if restarted and len(own_start) > 1 else [])]
    return Quality(
        features=tuple(varying),
        r_hat=tuple(
            max(
                float(array_stats.rhat(values[chains], chain_axis=0, draw_axis=1))
                for chains in judged
                if _varies(values[chains])
            )
            for values in varying.values()
        ),
        effective=tuple(
            float(array_stats.ess(values, chain_axis=0, draw_axis=1, method="bulk")) for values in varying.values()
        ),
    )
