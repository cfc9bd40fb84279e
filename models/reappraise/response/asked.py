"""What is asked of the difference of two rates: any benefit, more than the margin, less than the margin apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from reappraise.core.arms import Better


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A range of benefits whose probability is asked for.

    Parameters
    ----------
    quantity
        Name of the probability.
    at
        The range in words, with its direction.
    low, high
        Ends of the range: difference of the rates in favour of the experimental arm (fraction).
    """

    quantity: str
    at: str
    low: float
    high: float = inf


def questions(better: Better, margin: float | None) -> Iterator[Asked]:
    """Yield what is asked of a difference of rates; of margin and equivalence only where the trial file states one.

    What difference matters depends on the event: of deaths two points may be much, of responses ten may be little, and
    where one patient in a hundred has the event any two arms are within ten points of each other. A margin that nobody
    stated would say of rare harms that they are equivalent.

    Parameters
    ----------
    better
        Whether a higher or a lower rate is good for the patient.
    margin
        Difference in rates that matters to patients (fraction); None where none is stated.
    """
    yield Asked(quantity="probability_of_benefit", at=f"rate {better}", low=0.0)
    if margin is not None:
        points = f"{100 * margin:.3g}"
        said = f"{points} percentage point{'' if points == '1' else 's'}, the stated margin"
        yield Asked(quantity="probability_above_margin", at=f"rate {better} by more than {said}", low=margin)
        yield Asked(
            quantity="probability_of_equivalence", at=f"rates differ by less than {said}", low=-margin, high=margin
        )
