"""Means of the arms, and how far patients and means vary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Self

from reappraise.core.arms import Arms
from reappraise.core.located import Located, Span


@dataclass(frozen=True, slots=True)
class ArmMean:
    """Mean of one arm, and how far it and its patients vary, on the scale on which arms are compared.

    Parameters
    ----------
    arm, label
        Key and words.
    total
        Patients.
    mean
        Posterior of the mean under the reference prior; of its logarithm on the logarithmic scale.
    sd
        Least and largest standard deviation between patients that the print allows.
    basis
        What it was taken from, in words.
    approximate
        Whether a conversion that supposes a normal distribution lies between.
    """

    arm: str
    label: str
    total: int
    mean: Located
    sd: Span
    basis: str
    approximate: bool = False

    def turned(self) -> Self:
        """The same with the sign of what is measured changed."""
        return replace(self, mean=self.mean.turned())


@dataclass(frozen=True, slots=True)
class MeansTable:
    """Means of control and experimental arm.

    Parameters
    ----------
    endpoint
        Key of the endpoint.
    arms
        Means, control first.
    logarithmic
        Whether they are logarithms of geometric means.
    """

    endpoint: str
    arms: tuple[ArmMean, ArmMean]
    logarithmic: bool = False

    @property
    def keys(self) -> Arms:
        """Keys of the arms, control first."""
        return self.arms[0].arm, self.arms[1].arm

    @property
    def pooled_sd(self) -> float:
        """Standard deviation between patients, pooled over the arms."""
        weights = [arm.total - 1 for arm in self.arms]
        squares = [(sum(arm.sd) / 2) ** 2 for arm in self.arms]
        return sqrt(sum(w * s for w, s in zip(weights, squares, strict=True)) / sum(weights))

    def swapped(self) -> Self:
        """The same with the arms exchanged."""
        return replace(self, arms=self.arms[::-1])
