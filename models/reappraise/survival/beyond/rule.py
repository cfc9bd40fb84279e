"""How hazards go on after the follow-up: a rule that is stated, never one that is silently assumed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final, Literal

from reappraise.core.errors import AnalysisError

type RuleName = Literal["constant", "waning", "external"]
RULES: Final[tuple[RuleName, ...]] = ("constant", "waning", "external")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalRow:
    """People of an outside source: of so many alive at one time, so many were alive at a later one.

    Parameters
    ----------
    start, stop
        The two times, in the endpoint's unit, from the trial's own time zero.
    n, r
        People alive at the start, and of these alive at the stop.
    arm
        Key of the arm whose patients they stand for; empty for the hazard halfway between both on the log scale.

    References
    ----------
    Jackson CH. survextrap: a package for flexible and transparent survival extrapolation. BMC Med Res Methodol
    2023;23:282. doi:10.1186/s12874-023-02094-1
    """

    start: float
    stop: float
    n: int
    r: int
    arm: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        if not 0 <= self.start < self.stop:
            raise AnalysisError(f"external row: expected 0 <= start < stop, got {self.start:g} and {self.stop:g}")
        if not 0 <= self.r <= self.n or self.n < 1:
            raise AnalysisError(
                f"external row: expected r alive of n, 0 <= r <= n and n >= 1; got {self.r} of {self.n}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Extrapolation:
    r"""What is assumed of the hazards after the follow-up.

    .. math::
        \log \lambda_a(t) = m(t) + x_a\, c(t), \qquad x = (-1/2, +1/2)

    with m the mean of both arms' log hazards and c the log hazard ratio, so that exchanging the arms mirrors it.

    ``constant``: m and c stay what they are in the last interval of the follow-up.

    ``waning``: m stays, and c goes linearly from its last value to 0 at `wane_by`, and stays there.

    ``external``: m walks on, interval by interval between the times of the rows, by the same Brownian motion as within
    the follow-up; of each row r ~ Binomial(n, S(stop) / S(start)). c stays, or wanes where `wane_by` says so. After
    the last row hazards stay constant.

    Parameters
    ----------
    rule
        One of the three.
    wane_by
        Time at which the hazard ratio is 1.
    rows
        External survival; those of one population must not overlap in time, for nobody may count twice.
    """

    rule: RuleName
    wane_by: float | None = None
    rows: tuple[ExternalRow, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a rule that does not say all that it needs."""
        if self.rule not in RULES:
            raise AnalysisError(f"unknown rule {self.rule!r}; expected one of {', '.join(RULES)}")
        if self.rule == "waning" and self.wane_by is None:
            raise AnalysisError('rule = "waning": expected wane_by, the time at which the hazard ratio is 1; write it')
        if self.rule == "constant" and self.wane_by is not None:
            raise AnalysisError(f'rule = "constant": expected no wane_by, got {self.wane_by:g}; write rule = "waning"')
        if self.rule == "external" and not self.rows:
            raise AnalysisError('rule = "external": expected rows of start, stop, n and r; write at least one')
        if self.rule != "external" and self.rows:
            raise AnalysisError(f'rule = "{self.rule}": expected no external rows; write rule = "external"')
        ordered = sorted(self.rows, key=lambda row: (row.arm, row.start))
        for _, own in groupby(ordered, key=lambda row: row.arm):
            for before, after in pairwise(own):
                if after.start < before.stop:
                    raise AnalysisError(
                        f"external rows {before.start:g} to {before.stop:g} and {after.start:g} to {after.stop:g} "
                        "overlap, so that people would count twice; give rows one after the other"
                    )

    @property
    def last(self) -> float:
        """The last time that an external row knows of; 0 without rows."""
        return max((row.stop for row in self.rows), default=0.0)

    def words(self, after: float, unit: str) -> str:
        """What is assumed, in words.

        Parameters
        ----------
        after, unit
            End of the follow-up, and the unit of time.
        """
        since = f"after {after:g} {unit}"
        wane = "" if self.wane_by is None else f"hazard ratio going to 1 by {self.wane_by:g} {unit}"
        if self.rule == "constant":
            return f"hazards constant {since}"
        if self.rule == "waning":
            return f"{wane}, mean log hazard of both arms constant {since}"
        rows = f"{len(self.rows)} external row" + ("s" if len(self.rows) > 1 else "")
        return f"hazards {since} from {rows} up to {self.last:g} {unit}, {wane or 'hazard ratio constant'}"

    def require(self, after: float, unit: str, arms: tuple[str, str]) -> None:
        """Refuse what has no meaning for an endpoint.

        Parameters
        ----------
        after, unit, arms
            End of the follow-up, the unit of time, and keys of control and experimental arm.

        Raises
        ------
        AnalysisError
            If a time lies within the follow-up, or a row names another arm.
        """
        if self.wane_by is not None and not self.wane_by > after:
            raise AnalysisError(f"expected wane_by after the follow-up of {after:g} {unit}, got {self.wane_by:g}")
        if self.rows and not self.last > after:
            raise AnalysisError(
                f"expected an external row that reaches beyond the follow-up of {after:g} {unit}; the last one ends at "
                f"{self.last:g}"
            )
        for arm in sorted({row.arm for row in self.rows if row.arm} - set(arms)):
            raise AnalysisError(f"external rows: expected an arm among {arms[0]} and {arms[1]}, or none; got {arm!r}")
