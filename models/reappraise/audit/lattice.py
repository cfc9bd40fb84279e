r"""Sums and sums of squares that whole numbers of steps can have: arithmetic in whole numbers, without rounding.

Of n patients with values in steps, counted from the least value, the sum T is a whole number within n times the
printed mean; their squares add up to a whole number Q as even as T,

.. math:: n q^2 + r (2 q + 1) \le Q \le k m^2 + l^2, \qquad T = n q + r = k m + l,

least where all are as near to each other as they can be, most where all but one have the least or the greatest value, m
steps apart. Of values 0 and 1 both ends are T: mean and number of patients determine the standard deviation (DEBIT).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, sqrt

from reappraise.core.printed import Printed


@dataclass(frozen=True, slots=True)
class Lattice:
    """Values that a patient can have.

    Parameters
    ----------
    step
        Difference of two neighbours.
    lowest, highest
        Least and greatest value; None where nothing says.
    """

    step: Fraction
    lowest: Decimal | None = None
    highest: Decimal | None = None

    @property
    def origin(self) -> Fraction:
        """A value that a patient can have: the least one, if it is known, else 0."""
        return Fraction(self.lowest or 0)

    @property
    def width(self) -> int | None:
        """Steps from the least to the greatest value; None where one of them is not known."""
        if self.lowest is None or self.highest is None:
            return None
        return floor((Fraction(self.highest) - Fraction(self.lowest)) / self.step)

    def sums(self, mean: Printed, patients: int) -> range:
        """Sums of so many patients' values, in steps from the origin, whose mean is printed so."""
        low, high = ((end - self.origin) / self.step * patients for end in ends(mean))
        first, last = ceil(low), floor(high)
        if self.lowest is not None:
            first = max(first, 0)
            last = last if self.width is None else min(last, patients * self.width)
        return range(first, last + 1)

    def squares(self, total: int, patients: int) -> tuple[int, int | None]:
        """Least and greatest sum of squares of values with a sum; None where nothing limits it."""
        whole, rest = divmod(total, patients)
        least = patients * whole**2 + rest * (2 * whole + 1)
        if self.lowest is None:
            return least, None
        full, rest = divmod(total, self.width or 1) if self.width is not None else (0, total)
        return least, full * (self.width or 0) ** 2 + rest**2

    def gives(self, sd: Printed, total: int, patients: int, *, divisor: int) -> bool:
        """Whether some values with a sum may have a standard deviation that is printed so.

        Parameters
        ----------
        sd
            The standard deviation.
        total
            Their sum, in steps from the origin.
        patients
            How many there are.
        divisor
            What the squares are divided by: patients, or one fewer.
        """
        low, high = ((max(end, Fraction(0)) / self.step) ** 2 * divisor for end in ends(sd))
        own = total * total
        # of fractions by hand: ten times as fast
        first = -((-low.numerator * patients - own * low.denominator) // (low.denominator * patients))
        last = (high.numerator * patients + own * high.denominator) // (high.denominator * patients)
        least, most = self.squares(total, patients)
        first, last = max(first, least), last if most is None else min(last, most)
        return last > first or (last == first and (first - total) % 2 == 0)

    def deviations(self, total: int, patients: int) -> tuple[float, float | None]:
        """Least and greatest standard deviation of values with a sum, in the unit of the values."""
        least, most = self.squares(total, patients)
        return self._deviation(least, total, patients), None if most is None else self._deviation(most, total, patients)

    def _deviation(self, squares: int, total: int, patients: int) -> float:
        return float(self.step) * sqrt(Fraction(squares * patients - total * total, patients * max(patients - 1, 1)))

    def within(self, number: Printed) -> bool:
        """Whether a number lies between the least and the greatest value, as far as they are known."""
        low, high = ends(number)
        above = self.lowest is None or high >= self.lowest
        return above and (self.highest is None or low <= self.highest)

    def holds(self, number: Printed, parts: int = 1) -> bool:
        """Whether a value, or one that lies between two in so many parts of a step, may be printed so."""
        low, high = ((end - self.origin) / self.step * parts for end in ends(number))
        return ceil(low) <= floor(high)


def ends(printed: Printed) -> tuple[Fraction, Fraction]:
    """Least and greatest number that is printed so, exactly; of a printed number, not of a bound."""
    return Fraction(printed.digits - printed.half_unit), Fraction(printed.digits + printed.half_unit)
