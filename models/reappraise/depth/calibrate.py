"""Calibration of the cumulative logit models: counts of ordered categories drawn from rates drawn from the prior."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import ROOT_SEED, Ranks
from reappraise.calibrate.rank import rank
from reappraise.core.prior import LogRatioPrior
from reappraise.depth import estimands
from reappraise.depth.fit import MODELS, PROPORTIONAL
from reappraise.depth.model import CumulativeLogit
from reappraise.depth.table import OrdinalTable
from reappraise.fits import model as frame
from reappraise.fits import nuts
from reappraise.fits.machine_code import compiled
from reappraise.fits.model import Draws, Floats
from reappraise.fits.sampling import Sampling, derived_seed

SETTINGS = Sampling(draws=500, tune=500, chains=2, seed=ROOT_SEED)
THINNED = 5
"""Every so many draws are ranked: nearly independent ones, as ranks need."""
PRIOR = LogRatioPrior("calibration", "Calibration", 0.3, 0.8, "Effects of the kind that trials have.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthCalibration:
    """A cumulative logit model, calibrated on four categories in arms of the size that phase 2 trials have.

    Parameters
    ----------
    model
        The model.
    totals
        Patients by arm.
    categories
        How many there are.
    prior
        Prior on the log odds ratio.
    sampling
        Settings of the sampler; the seed is that of the data set.
    """

    model: CumulativeLogit
    totals: tuple[int, int] = (80, 50)
    categories: int = 4
    prior: LogRatioPrior = PRIOR
    sampling: Sampling = SETTINGS

    @property
    def name(self) -> str:
        """Key of the model."""
        return self.model.name

    @property
    def label(self) -> str:
        """The model in words."""
        return self.model.label

    @property
    def mistake(self) -> str:
        """What the wrong simulator does."""
        return "rates of the two arms exchanged"

    @property
    def code(self) -> tuple[Path, ...]:
        """The model, its estimands, the sampler, the simulator and the rank."""
        own = inspect.getfile(type(self.model))
        modules = (str(module.__file__) for module in (estimands, frame, nuts, ranking))
        return tuple(Path(path) for path in (own, *modules, __file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Sizes, prior and sampler."""
        return {"seed": ROOT_SEED, "thinned": THINNED, **asdict(self)}

    def prepare(self) -> None:
        """Compile the model."""
        compiled(PROPORTIONAL, (self.categories,))

    def run(self, index: int, *, wrong: bool) -> Ranks:
        """Draw rates and counts, fit, and rank rates, odds ratios and parameters."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        empty = self.model.data(self._table(np.ones((self.categories, 2), dtype=np.int64)), self.prior)
        whole = self.model.complete(self.model.draw_prior(empty, 1, rng), empty)
        truth = self._quantities({name: values[0] for name, values in whole.items()})
        rate = whole["category_rate"][0]
        taken = rate[:, ::-1] if wrong else rate
        counts = np.stack([rng.multinomial(total, taken[:, arm]) for arm, total in enumerate(self.totals)], axis=1)
        data = self.model.data(self._table(counts), self.prior)
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        draws = nuts.draw(compiled(PROPORTIONAL, (self.categories,)), data, self.sampling, seed).draws
        posterior = self.model.complete({name: values[:, ::THINNED] for name, values in draws.items()}, data)
        return {name: rank(values, float(truth[name]), rng) for name, values in self._quantities(posterior).items()}

    def _quantities(self, found: Draws) -> dict[str, Floats]:
        """Every quantity that is ranked, by name, without its own dims."""
        ranked: dict[str, Floats] = {"effect": found["effect"]}
        for arm, label in enumerate(("control", "experimental")):
            for category in range(self.categories):
                ranked[f"category_rate[{category}, {label}]"] = found["category_rate"][..., category, arm]
        ranked["win_odds"] = estimands.win_odds(found["category_rate"])
        if not self.model.proportional:
            ranked["departure_sd"] = found["departure_sd"]
            for cut in range(self.categories - 1):
                ranked[f"log_odds_ratio[{cut}]"] = found["log_odds_ratio"][..., cut]
        return ranked

    def _table(self, counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> OrdinalTable:
        keys = tuple(f"category{place}" for place in range(self.categories))
        return OrdinalTable(
            endpoint="simulated",
            label="Simulated",
            arms=("control", "experimental"),
            arm_labels=("Control", "Experimental"),
            categories=keys,
            category_labels=keys,
            counts=tuple((int(control), int(treated)) for control, treated in counts),
        )


DEPTH_CALIBRATIONS: tuple[DepthCalibration, ...] = tuple(DepthCalibration(model=model) for model in MODELS)
"""One for each model of depth of response."""
