"""Calibration of the printed effect: a hazard ratio estimated, printed with its limits, read again, and fitted."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import exp
from pathlib import Path
from statistics import NormalDist

import numpy as np

from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import ROOT_SEED, Ranks, Refused
from reappraise.calibrate.rank import rank
from reappraise.core import printed as printing
from reappraise.core.printed import Printed
from reappraise.core.prior import LogRatioPrior
from reappraise.fits import model as frame
from reappraise.fits import nuts
from reappraise.fits.machine_code import compiled
from reappraise.fits.sampling import Sampling, derived_seed
from reappraise.survival.effect import spans
from reappraise.survival.effect.model import PRINTED_RATIO, PrintedRatio
from reappraise.survival.effect.published import PrintedEffect
from reappraise.survival.effect.spans import error_of_limits, known, logs

PRIOR = LogRatioPrior("calibration", "Calibration", -0.2, 0.5, "Effects of the kind that trials have.", ratio="hazard")
SETTINGS = Sampling(draws=500, tune=500, chains=2, seed=ROOT_SEED)
THINNED = 5
"""Every so many draws are ranked: nearly independent ones, as ranks need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCalibration:
    """The printed effect, calibrated on hazard ratios as coarse as journals print them.

    Parameters
    ----------
    prior
        Prior on the log hazard ratio.
    errors
        Least and largest standard error of the estimate, which is uniform between them.
    decimals
        Digits after the point that ratio and limits are printed with: one, so that rounding matters.
    level
        Coverage of the printed interval.
    sampling
        Settings of the sampler; the seed is that of the data set.
    """

    name: str = PRINTED_RATIO.name
    label: str = PRINTED_RATIO.label
    mistake: str = "ratio and limits printed the other way round"
    prior: LogRatioPrior = PRIOR
    errors: tuple[float, float] = (0.1, 0.4)
    decimals: int = 1
    level: float = 0.95
    sampling: Sampling = SETTINGS

    @property
    def code(self) -> tuple[Path, ...]:
        """The model, what reads the print, the sampler and the rank."""
        modules = (spans, printing, frame, nuts, ranking)
        own = inspect.getfile(PrintedRatio), inspect.getfile(PrintedEffect)
        return (*map(Path, own), *(Path(str(module.__file__)) for module in modules), Path(__file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Prior, errors, digits and sampler."""
        return {"seed": ROOT_SEED, "thinned": THINNED, **asdict(self)}

    def prepare(self) -> None:
        """Compile the model."""
        compiled(PRINTED_RATIO, ())

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        """Draw an effect and its estimate, print, read and fit it, and rank the effect and its likelihood."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        truth = float(rng.normal(self.prior.mean, self.prior.sd))
        error = float(rng.uniform(*self.errors))
        estimate = float(rng.normal(truth, error))
        held = self._read(-estimate if wrong else estimate, error)
        if held is None:
            return Refused("a limit of 0, or limits that coincide, to the printed digits")
        data = PRINTED_RATIO.data(held, self.prior)
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        draws = nuts.draw(compiled(PRINTED_RATIO, ()), data, self.sampling, seed).draws
        thinned = {name: values[:, ::THINNED] for name, values in draws.items()}
        density = PRINTED_RATIO.log_likelihood(thinned, data)
        own = PRINTED_RATIO.log_likelihood({"effect": np.array(truth)}, data)
        return {"effect": rank(thinned["effect"], truth, rng), "log_likelihood": rank(density, float(own), rng)}

    def _read(self, estimate: float, error: float) -> PrintedEffect | None:
        """The estimate with its interval, rounded and read again."""
        wide = NormalDist().inv_cdf((1 + self.level) / 2) * error
        value, low, high = (
            Printed(f"{exp(number):.{self.decimals}f}") for number in (estimate, estimate - wide, estimate + wide)
        )
        span = logs(value)
        if not (known(span) and known(logs(low))):
            return None
        allowed = error_of_limits(span, logs(low), logs(high), self.level)
        if allowed is None:
            return None
        return PrintedEffect(
            endpoint="simulated",
            label="Simulated",
            arms=("control", "experimental"),
            arm_labels=("Control", "Experimental"),
            log_ratio=span,
            standard_error=allowed,
            basis="limits",
            events=(None, None),
            better="higher",
        )


EFFECT_CALIBRATION = EffectCalibration()
