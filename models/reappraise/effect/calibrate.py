"""Calibration of printed contrasts: a ratio estimated, printed coarsely, read from its record, its posterior exact."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import exp
from pathlib import Path
from statistics import NormalDist

import numpy as np

from reappraise.calibrate.calibration import ROOT_SEED, Ranks, Refused
from reappraise.core import printed as printing
from reappraise.core.printed import Printed
from reappraise.effect import contrast as reading
from reappraise.effect.contrast import PrintedContrast
from reappraise.effect.exact import MODEL, posterior
from reappraise.effect.prior import EffectPrior
from reappraise.fits.sampling import derived_seed
from reappraise.survival.effect import spans
from reappraise.survival.effect.exact import NormalMixture
from reappraise.survival.effect.spans import error_of_limits, error_of_p, known, logs

PRIOR = EffectPrior("calibration", "Calibration", -0.2, 0.5, "Effects of the kind that trials have.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastCalibration:
    """Printed ratios, as coarse as journals print them, every other with its p value in place of limits.

    Parameters
    ----------
    prior
        Prior on the log ratio.
    errors
        Least and largest standard error of the estimate, which is uniform between them.
    decimals, p_decimals
        Digits after the point of ratio and limits, and of p values.
    level
        Coverage of the printed interval.
    """

    name: str = MODEL
    label: str = "Exact posterior of a printed contrast"
    mistake: str = "ratio and limits printed the other way round"
    prior: EffectPrior = PRIOR
    errors: tuple[float, float] = (0.1, 0.4)
    decimals: int = 2
    p_decimals: int = 4
    level: float = 0.95

    @property
    def code(self) -> tuple[Path, ...]:
        """What reads the print, and the posterior."""
        own = (str(module.__file__) for module in (printing, spans, reading))
        return (*map(Path, own), Path(inspect.getfile(NormalMixture)), Path(inspect.getfile(posterior)), Path(__file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Prior, errors and digits."""
        return {"seed": ROOT_SEED, **asdict(self)}

    def prepare(self) -> None:
        """Nothing is compiled."""

    def run(self, index: int, *, wrong: bool) -> Ranks | Refused:
        """Draw an effect and its estimate, print and read it, and rank the effect."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        truth = float(rng.normal(self.prior.mean, self.prior.sd))
        error = float(rng.uniform(*self.errors))
        estimate = float(rng.normal(truth, error))
        by_p = bool(index % 2)
        held = self._read(-estimate if wrong else estimate, error, by_p=by_p)
        if held is None:
            return Refused("a p value of 0 or 1, or a ratio of 1, to the printed digits" if by_p else "limits coincide")
        return {"effect": posterior(held, self.prior).below(truth)}

    def _read(self, estimate: float, error: float, *, by_p: bool) -> PrintedContrast | None:
        """The estimate with its interval or p value, rounded and read again."""
        normal = NormalDist()
        wide = normal.inv_cdf((1 + self.level) / 2) * error
        value, low, high = (
            Printed(f"{exp(number):.{self.decimals}f}") for number in (estimate, estimate - wide, estimate + wide)
        )
        span = logs(value)
        if not known(span):
            return None
        if by_p:
            p = Printed(f"{2 * normal.cdf(-abs(estimate) / error):.{self.p_decimals}f}")
            allowed = error_of_p(span, p, 2)
        else:
            allowed = error_of_limits(span, logs(low), logs(high), self.level) if known(logs(low)) else None
        if allowed is None:
            return None
        return PrintedContrast(
            endpoint="simulated",
            label="Simulated",
            arms=("control", "experimental"),
            arm_labels=("Control", "Experimental"),
            quantity="risk_ratio",
            effect=span,
            standard_error=allowed,
            basis="p value" if by_p else "limits",
            benefit=-1,
        )


CONTRAST_CALIBRATION = ContrastCalibration()
