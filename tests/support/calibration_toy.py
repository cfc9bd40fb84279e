"""An analysis whose posterior is known exactly, so that calibration itself can be tested in seconds."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reappraise.calibrate.calibration import Ranks, Refused
from reappraise.calibrate.rank import rank
from reappraise.fits.sampling import derived_seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Toy:
    """Mean of normal observations: theta ~ Normal(0, 1), four y ~ Normal(theta, 1), posterior Normal(4/5 ybar, 1/5).

    Parameters
    ----------
    narrow
        Factor by which the posterior is too narrow; 1 is right.
    shift
        Error of the wrong simulator.
    seconds
        What a data set takes.
    refuse
        Data sets whose mean is above this are refused.
    killed
        Where to note that the worker of data set 5 has killed itself once; empty for none.
    fragile
        Whether data set 5 kills its worker every time.
    log
        Where each call leaves a file; empty for nowhere.
    version
        One of the settings.
    """

    name: str = "toy"
    label: str = "Normal mean"
    mistake: str = "observations shifted"
    narrow: float = 1.0
    shift: float = 2.0
    seconds: float = 0.0
    refuse: float = np.inf
    killed: str = ""
    fragile: bool = False
    log: str = ""
    version: int = 1

    @property
    def code(self) -> tuple[Path, ...]:
        return (Path(__file__),)

    @property
    def settings(self) -> Mapping[str, object]:
        return {"version": self.version, "sizes": (4, 1000)}

    def prepare(self) -> None:
        self._leave(f"prepared-{os.getpid()}-{time.monotonic_ns()}")

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        if index == 5 and (self.fragile or (self.killed and not Path(self.killed).exists())):
            if self.killed:
                Path(self.killed).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.seconds)
        self._leave(f"{'wrong' if wrong else 'right'}-{index}-{time.monotonic_ns()}")
        rng = np.random.default_rng(derived_seed(1, "toy", str(wrong), str(index)))
        theta = rng.normal()
        mean = rng.normal(theta + self.shift * wrong, 1, size=4).mean()
        if mean > self.refuse:
            return Refused("mean too large")
        draws = rng.normal(0.8 * mean, 0.2**0.5 * self.narrow, size=1000)
        return {"theta": rank(draws, theta, rng), "theta + 1": rank(draws + 1, theta + 1, rng)}

    def _leave(self, name: str) -> None:
        if self.log:
            (Path(self.log) / name).touch()
