"""The way down to the printed digits: tolerances join one by one, each with a copy of the data at the one before.

From random data a tight tolerance finds nothing but the nearest corner, and stays there for long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reappraise.survival.pseudo_ipd.chain import State

DESCENT: Final = 60
"""Sweeps before the next tighter tolerance joins."""
AT_FIRST: Final = 4
"""Tolerances, the loosest, that begin."""

type Floats = NDArray[np.float64]
type Advance = Callable[[State, Floats, int], None]
"""Runs sweeps over the tolerances given, and tunes."""


def descend(state: State, tolerances: Floats, advance: Advance) -> None:
    """Bring the data in every slot to its tolerance.

    Parameters
    ----------
    state
        One slot for each tolerance; changed in place.
    tolerances
        Ascending.
    advance
        What runs the sweeps.
    """
    first = max(tolerances.size - AT_FIRST, 0)
    while True:
        part = _from(state, first)
        advance(part, tolerances[first:], DESCENT)
        _put_in_order(part)
        if first == 0:
            return
        first -= 1
        _repeat(state, first)


def _from(state: State, first: int) -> State:
    """The slots from the first on, as views, each at its own tolerance."""
    return State(
        time=state.time[first:],
        event=state.event[first:],
        arm=state.arm[first:],
        latent=state.latent[first:],
        values=state.values[first:],
        misfit=state.misfit[first:],
        cox=state.cox[first:],
        slot=np.arange(state.slot.size - first),
        changes=state.changes[first:],
    )


def _put_in_order(part: State) -> None:
    """Move the data to the slot of their tolerance."""
    arrays: tuple[NDArray[np.generic], ...] = part[:7]
    for array in arrays:
        array[:] = array[part.slot]


def _repeat(state: State, place: int) -> None:
    """Give a slot what the next looser one holds."""
    arrays: tuple[NDArray[np.generic], ...] = (*state[:7], state.changes)
    for array in arrays:
        array[place] = array[place + 1]
