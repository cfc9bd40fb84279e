"""Calibration of the response models: counts drawn from rates that were drawn from the prior."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import ROOT_SEED, Ranks
from reappraise.calibrate.rank import rank
from reappraise.core.prior import LogRatioPrior, Prior, RatePrior
from reappraise.fits import model as frame
from reappraise.fits import nuts
from reappraise.fits.machine_code import compiled
from reappraise.fits.model import Draws, Floats
from reappraise.fits.sampling import Sampling, derived_seed
from reappraise.published.partition import Partition
from reappraise.response import model as protocol
from reappraise.response.models import MODELS, ResponseModel

SETTINGS = Sampling(draws=500, tune=500, chains=4, seed=ROOT_SEED)
THINNED = 10
"""Every so many draws are ranked: nearly independent ones, as ranks need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseCalibration:
    """A response model, calibrated on a partition of three levels.

    Parameters
    ----------
    model
        The model.
    totals
        Patients, dims (level, arm).
    width
        Levels that the model is compiled for: one more than there are, so that padding is calibrated too.
    sampling
        Settings of the sampler; the seed is that of the data set.
    """

    model: ResponseModel
    totals: tuple[tuple[int, int], ...] = ((23, 12), (57, 24), (29, 19))
    width: int = 4
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
        """What every response model is, this model, the sampler, the simulator and the rank."""
        own = inspect.getfile(type(self.model))
        modules = (str(module.__file__) for module in (protocol, frame, nuts, ranking))
        return tuple(Path(path) for path in (own, *modules, __file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Sizes, prior and sampler."""
        sampling = self.sampling
        return {
            "seed": ROOT_SEED,
            "totals": self.totals,
            "width": self.width,
            "prior": asdict(self.prior),
            "chains": sampling.chains,
            "draws": sampling.draws,
            "tune": sampling.tune,
            "target_accept": sampling.target_accept,
            "thinned": THINNED,
        }

    @property
    def prior(self) -> Prior:
        """An informative prior, so that simulated rates stay off the ends."""
        if self.model.prior_kind == "rate":
            return RatePrior("calibration", "Calibration", 2.0, 4.0, "Rates of the kind that trials have.")
        return LogRatioPrior("calibration", "Calibration", 0.3, 0.8, "Effects of the kind that trials have.")

    def prepare(self) -> None:
        """Compile the model."""
        compiled(self.model, (self.width,))

    def run(self, index: int, *, wrong: bool) -> Ranks:
        """Draw rates and counts, fit, and rank rates, odds ratios and parameters."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        levels = len(self.totals)
        data = self.model.data(self._partition(((0, 0),) * levels), self.prior, self.width)
        whole = self.model.complete(self.model.draw_prior(data, 1, rng), data, rng, posterior=False)
        truth = self._quantities({name: values[0] for name, values in whole.items()})
        rate = whole["rate"][0, :levels]
        drawn = rng.binomial(self.totals, rate[:, ::-1] if wrong else rate)
        counts = self._partition(tuple((int(control), int(treated)) for control, treated in drawn))
        data = self.model.data(counts, self.prior, self.width)
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        draws = nuts.draw(compiled(self.model, (self.width,)), data, self.sampling, seed).draws
        thinned = {name: values[:, ::THINNED] for name, values in draws.items()}
        posterior = self._quantities(self.model.complete(thinned, data, rng, posterior=True))
        return {name: rank(values, float(truth[name]), rng) for name, values in posterior.items()}

    def _quantities(self, draws: Draws) -> dict[str, Floats]:
        """Every quantity that is ranked, by name, without its own dims."""
        found: dict[str, Floats] = {}
        levels = len(self.totals)
        for level in range(levels):
            pair = draws["rate"][..., level, :]
            logit = np.log(pair) - np.log1p(-pair)
            found |= {f"rate[{level}, {arm}]": pair[..., arm] for arm in range(2)}
            found[f"log_odds_ratio[{level}]"] = logit[..., 1] - logit[..., 0]
        for name, dims in self.model.parameters(levels).items():
            sizes = tuple(levels if dim == "level" else 2 for dim in dims)
            for place in np.ndindex(sizes):
                found[f"{name}{list(place) if place else ''}"] = draws[name][(..., *place)]
        return found

    def _partition(self, events: tuple[tuple[int, int], ...]) -> Partition:
        keys = tuple(f"level{index}" for index in range(len(self.totals)))
        return Partition(
            endpoint="simulated",
            factor="factor",
            levels=keys,
            level_labels=keys,
            arms=("control", "experimental"),
            arm_labels=("Control", "Experimental"),
            events=events,
            totals=self.totals,
            better="higher",
        )


RESPONSE_CALIBRATIONS: tuple[ResponseCalibration, ...] = tuple(ResponseCalibration(model=model) for model in MODELS)
"""One for each response model."""
