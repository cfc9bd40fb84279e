"""Two arms, one binary outcome: the table that every classical contrast is computed from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TwoByTwo:
    """Events of totals in two arms; contrasts are first arm over, or minus, reference arm.

    Parameters
    ----------
    events, total
        Patients with the event, and all patients, of the arm above the line (or before the minus).
    reference_events, reference_total
        The same of the arm below the line (or after the minus).

    Raises
    ------
    ValueError
        If an arm is empty or has more events than patients.
    """

    events: int
    total: int
    reference_events: int
    reference_total: int

    def __post_init__(self) -> None:
        """Refuse counts that no contrast can be computed from."""
        for events, total in ((self.events, self.total), (self.reference_events, self.reference_total)):
            if not (0 <= events <= total and total > 0):
                raise ValueError(f"expected 0 <= events <= total and total > 0, got {events} of {total}")

    @property
    def rate(self) -> float:
        """Rate of the first arm."""
        return self.events / self.total

    @property
    def reference_rate(self) -> float:
        """Rate of the reference arm."""
        return self.reference_events / self.reference_total

    @property
    def cells(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows: first arm, reference arm; columns: with, without the event."""
        return (
            (self.events, self.total - self.events),
            (self.reference_events, self.reference_total - self.reference_events),
        )

    @property
    def uninformative(self) -> bool:
        """Whether nobody, or everybody, had the event, so that no ratio is defined."""
        return self.events + self.reference_events in {0, self.total + self.reference_total}

    @property
    def has_zero_cell(self) -> bool:
        """Whether one of the four cells is empty."""
        return any(cell == 0 for row in self.cells for cell in row)

    @property
    def excess(self) -> tuple[float, float]:
        """Events of the first arm beyond those expected without a difference, and their hypergeometric variance."""
        patients, events = self.total + self.reference_total, self.events + self.reference_events
        beyond = self.events - self.total * events / patients
        variance = self.total * self.reference_total * events * (patients - events) / (patients**2 * (patients - 1))
        return beyond, variance

    def swapped(self) -> TwoByTwo:
        """The same table with the arms exchanged."""
        return TwoByTwo(self.reference_events, self.reference_total, self.events, self.total)
