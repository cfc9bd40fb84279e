"""Times, events and arms of patients: known, read off a curve, or reconstructed many times over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError

type Floats = NDArray[np.float64]
type Origin = Literal["individual data", "summaries", "curve"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatientData:
    """Individual survival data of two arms, as one data set or as an ensemble of replicates.

    Known data are one chain of one replicate. Reconstructed data are draws from p(data | what was printed): the
    spread between replicates is what the print leaves open.

    Parameters
    ----------
    endpoint
        Key of the endpoint.
    arms
        Keys of control and experimental arm.
    arm
        0 for control, 1 for experimental; dims (patient,), the same in every replicate.
    time
        Time to event or end of observation; dims (chain, replicate, patient), in `unit`. 0 only of an event.
    event
        Whether the time is that of an event; dims (chain, replicate, patient).
    unit
        Unit of time, such as "months".
    origin
        How the data came about.
    subgroup
        Level of each patient, dims (patient,); empty without subgroups. Known data only.
    notes
        What was left out or converted when the data were read, in sentences.
    """

    endpoint: str
    arms: tuple[str, str]
    arm: NDArray[np.int8]
    time: Floats
    event: NDArray[np.bool_]
    unit: str
    origin: Origin
    subgroup: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together, and times that are none."""
        if self.time.ndim != 3 or self.event.shape != self.time.shape or self.arm.shape != self.time.shape[2:]:
            raise ValueError(
                f"{self.endpoint}: expected time and event (chain, replicate, patient) and arm (patient,), "
                f"got {self.time.shape}, {self.event.shape} and {self.arm.shape}"
            )
        if self.subgroup and len(self.subgroup) != self.arm.size:
            raise ValueError(f"{self.endpoint}: expected a subgroup for each of {self.arm.size} patients")
        if not (np.isfinite(self.time).all() and (self.time >= 0).all()):
            raise AnalysisError(f"{self.endpoint}: expected finite times above 0 {self.unit}, or 0 of an event")
        if not self.event[self.time == 0].all():
            raise AnalysisError(
                f"{self.endpoint}: expected times above 0 {self.unit} of patients without the event, got 0; "
                "they tell nothing: leave them out"
            )
        if self.time.size and not (self.time > 0).any(axis=-1).all():
            raise AnalysisError(f"{self.endpoint}: expected a time above 0 {self.unit}, got none")
        if not np.isin(self.arm, (0, 1)).all():
            raise AnalysisError(f"{self.endpoint}: expected arms coded 0 (control) and 1 (experimental)")

    @classmethod
    def known(
        cls,
        time: Floats,
        event: NDArray[np.bool_],
        arm: NDArray[np.int8],
        *,
        endpoint: str,
        arms: tuple[str, str] = ("control", "experimental"),
        unit: str = "months",
        subgroup: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Self:
        """Individual data as they were observed; arrays of dims (patient,)."""
        return cls(
            endpoint=endpoint,
            arms=arms,
            arm=np.asarray(arm, dtype=np.int8),
            time=np.asarray(time, dtype=np.float64)[None, None],
            event=np.asarray(event, dtype=np.bool_)[None, None],
            unit=unit,
            origin="individual data",
            subgroup=subgroup,
            notes=notes,
        )

    @property
    def chains(self) -> int:
        """Independent chains of the reconstruction."""
        return int(self.time.shape[0])

    @property
    def replicates(self) -> int:
        """Replicates of each chain."""
        return int(self.time.shape[1])

    @property
    def patients(self) -> tuple[int, int]:
        """Patients of control and experimental arm."""
        return int(np.sum(self.arm == 0)), int(np.sum(self.arm == 1))

    @property
    def horizon(self) -> float:
        """Longest time of any replicate."""
        return float(self.time.max())

    @property
    def at_once(self) -> int:
        """Events at time 0, in all replicates."""
        return int((self.time == 0).sum())

    @property
    def exposed(self) -> Floats:
        """Times as a hazard needs them, which no event can meet at once; dims (chain, replicate, patient).

        An event at time 0 happened within the first unit that times were counted in: it gets half of the shortest time
        above 0. Curves, tests and restricted means have no need of this, and keep the 0.
        """
        if not self.at_once:
            return self.time
        return np.where(self.time == 0, self.time[self.time > 0].min() / 2, self.time)

    def swapped(self) -> Self:
        """The same data with the roles of the arms exchanged."""
        return type(self)(
            endpoint=self.endpoint,
            arms=(self.arms[1], self.arms[0]),
            arm=(1 - self.arm).astype(np.int8),
            time=self.time,
            event=self.event,
            unit=self.unit,
            origin=self.origin,
            subgroup=self.subgroup,
            notes=self.notes,
        )
