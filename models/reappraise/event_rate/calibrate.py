"""Calibration of event rates: a ratio drawn, events drawn, person-time printed as a rate, the posterior exact."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import exp, log
from pathlib import Path

import numpy as np

from reappraise.calibrate.calibration import ROOT_SEED, Ranks, Refused
from reappraise.core import located
from reappraise.core import printed as printing
from reappraise.core.printed import Printed
from reappraise.effect.prior import EffectPrior
from reappraise.event_rate import contrast as reading
from reappraise.event_rate import table as tables
from reappraise.event_rate.contrast import RateContrast, person_time
from reappraise.event_rate.exact import posterior
from reappraise.event_rate.published import Exposed
from reappraise.event_rate.table import ArmEvents, EventsTable
from reappraise.fits.sampling import derived_seed

PRIOR = EffectPrior("calibration", "Calibration", -0.2, 0.6, "Effects of the kind that trials have.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesCalibration:
    """Arms with few to many events, every other with its rate in place of its person-time.

    Parameters
    ----------
    prior
        Prior on the log ratio of rates.
    expected
        Least and most events that the control arm expects; logarithms are uniform between them.
    times
        Least and largest person-time of an arm; logarithms are uniform between them.
    decimals
        Digits after the point of rates per 100.
    """

    name: str = "poisson"
    label: str = "Exact posterior of a ratio of event rates"
    mistake: str = "events of the arms exchanged"
    prior: EffectPrior = PRIOR
    expected: tuple[float, float] = (1.0, 80.0)
    times: tuple[float, float] = (50.0, 500.0)
    decimals: int = 1

    @property
    def code(self) -> tuple[Path, ...]:
        """What reads the print, and the posterior."""
        own = (str(module.__file__) for module in (printing, located, reading, tables))
        return (*map(Path, own), Path(inspect.getfile(posterior)), Path(__file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Prior, events, person-times and digits."""
        return {"seed": ROOT_SEED, **asdict(self)}

    def prepare(self) -> None:
        """Nothing is compiled."""

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        """Draw a ratio and events, print and read them, and rank the ratio."""
        rng = np.random.default_rng(derived_seed(ROOT_SEED, self.name, "wrong" if wrong else "right", str(index)))
        truth = float(rng.normal(self.prior.mean, self.prior.sd))
        times = [exp(rng.uniform(log(self.times[0]), log(self.times[1]))) for _ in range(2)]
        rate = exp(rng.uniform(log(self.expected[0]), log(self.expected[1]))) / times[0]
        events = [int(rng.poisson(rate * times[0])), int(rng.poisson(rate * exp(truth) * times[1]))]
        if wrong:
            events.reverse()
        arms = []
        for key, number, time in zip(("control", "experimental"), events, times, strict=True):
            by_rate = index % 2 and number > 0
            said = {"rate": Printed(f"{100 * number / time:.{self.decimals}f}")} if by_rate else {}
            if by_rate and said["rate"].bounds[0] <= 0:
                return Refused("a rate of 0 to the printed digits")
            span = person_time(
                Exposed(
                    arm=key, events=number, rate=said.get("rate"), source="simulated",
                    person_time=None if by_rate else Printed(f"{time:.0f}"),
                ),
                100.0,
            )  # fmt: skip
            if span is None:
                return Refused("no person-time")
            arms.append(ArmEvents(key, key, number, span))
        held = RateContrast(
            endpoint="simulated",
            label="Simulated",
            arms=("control", "experimental"),
            arm_labels=("Control", "Experimental"),
            basis="poisson",
            benefit=-1,
            words="simulated",
            table=EventsTable("simulated", (arms[0], arms[1]), 100.0),
        )
        return {"ratio": posterior(held, self.prior).below(truth)}


RATES_CALIBRATION = RatesCalibration()
