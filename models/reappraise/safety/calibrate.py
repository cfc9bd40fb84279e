"""Calibration of the models of adverse events: counts drawn from rates that were drawn from the prior."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import ROOT_SEED, Ranks
from reappraise.calibrate.rank import rank
from reappraise.fits import model as frame
from reappraise.fits import nuts
from reappraise.fits.machine_code import compiled
from reappraise.fits.model import ARM_CODE, Draws, Floats
from reappraise.fits.sampling import Sampling, derived_seed
from reappraise.safety import prior as event_prior
from reappraise.safety.model import EVENT_MODELS, EventData, EventModel
from reappraise.safety.prior import BERRY_BERRY, EventPrior
from reappraise.safety.table import EventTable

SETTINGS = Sampling(draws=500, tune=500, chains=4, seed=ROOT_SEED)
RANKED = 200
"""Draws that are ranked, of all chains together: nearly independent ones, as ranks need."""
RANKED_TERMS = (0, 3, 6, 8)
"""Of each system the first, and the second of the largest: the others are exchangeable with them."""
OVERALL = (
    "overall_level",
    "overall_effect",
    "level_sd",
    "between_level_sd",
    "between_effect_sd",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyCalibration:
    """A model of adverse events, calibrated on a table of nine terms in three systems, one with a single term.

    Parameters
    ----------
    model, prior
        The model, and what is believed beforehand.
    totals
        Patients by arm: unequal, since a fault in the coding of arms can cancel between equal ones.
    systems
        Body system of each term.
    width
        Terms and systems that the model is compiled for: more than there are, so that padding is calibrated too.
    sampling
        Settings of the sampler; the seed is that of the data set.
    """

    model: EventModel
    prior: EventPrior = BERRY_BERRY
    totals: tuple[int, int] = (109, 55)
    systems: tuple[str, ...] = ("a", "a", "a", "b", "b", "b", "b", "b", "c")
    width: tuple[int, int] = (10, 4)
    sampling: Sampling = SETTINGS

    @property
    def name(self) -> str:
        """Key of the model."""
        return self.model.name

    @property
    def label(self) -> str:
        """The model in words."""
        return f"Adverse events: {self.model.label[0].lower()}{self.model.label[1:]}"

    @property
    def mistake(self) -> str:
        """What the wrong simulator does."""
        return "rates of the two arms exchanged"

    @property
    def code(self) -> tuple[Path, ...]:
        """The model, its prior, the sampler, the simulator and the rank."""
        own = inspect.getfile(EventModel)
        modules = (str(module.__file__) for module in (event_prior, frame, nuts, ranking))
        return tuple(Path(path) for path in (own, *modules, __file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Sizes, prior and sampler."""
        sampling = self.sampling
        return {
            "seed": ROOT_SEED,
            "totals": self.totals,
            "systems": self.systems,
            "width": self.width,
            "prior": asdict(self.prior),
            "chains": sampling.chains,
            "draws": sampling.draws,
            "tune": sampling.tune,
            "target_accept": sampling.target_accept,
            "ranked": RANKED,
        }

    def prepare(self) -> None:
        """Compile the model."""
        compiled(self.model, self.width)

    def run(self, index: int, *, wrong: bool) -> Ranks:
        """Draw rates and counts, fit, and rank rates, log odds ratios and parameters."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        terms = len(self.systems)
        nothing = self._data(np.zeros((terms, 2), dtype=np.int64))
        whole = self.model.complete(self.model.draw_prior(nothing, 1, rng), nothing, rng, posterior=False)
        truth = {name: values[0] for name, values in whole.items()}
        rate = _rates(truth)[:terms]
        data = self._data(rng.binomial(self.totals, rate[:, ::-1] if wrong else rate))
        longer = self.sampling.draws * self.model.thinned
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        settings = Sampling(
            draws=longer,
            tune=self.sampling.tune,
            chains=self.sampling.chains,
            target_accept=self.sampling.target_accept,
        )
        draws = nuts.draw(compiled(self.model, self.width), data, settings, seed).draws
        every = longer * settings.chains // RANKED
        thinned = {name: values[:, every - 1 :: every] for name, values in draws.items()}
        posterior = self._quantities(self.model.complete(thinned, data, rng, posterior=True))
        known = self._quantities(truth)
        return {name: rank(values, float(known[name]), rng) for name, values in posterior.items()}

    def _data(self, events: NDArray[np.int64]) -> EventData:
        table = EventTable(
            endpoint="simulated",
            kind="terms",
            grade="any",
            arms=("control", "experimental"),
            arm_labels=("Control", "Experimental"),
            terms=tuple(f"term {index}" for index in range(len(self.systems))),
            systems=self.systems,
            events=tuple((int(control), int(treated)) for control, treated in events),
            totals=(self.totals,) * len(self.systems),
        )
        return self.model.data(table, self.prior, terms=self.width[0], systems=self.width[1])

    def _quantities(self, draws: Draws) -> dict[str, Floats]:
        """Every quantity that is ranked, by name, without its own dims."""
        rate = _rates(draws)
        found: dict[str, Floats] = {}
        for term in RANKED_TERMS:
            found |= {f"rate[{term}, {arm}]": rate[..., term, arm] for arm in range(2)}
            found[f"log_odds_ratio[{term}]"] = draws["effect"][..., term]
        for system in range(len(set(self.systems))):
            found[f"system_effect[{system}]"] = draws["system_effect"][..., system]
        found["effect_sd[1]"] = draws["effect_sd"][..., 1]
        if self.model.point_mass:
            found |= {f"null_weight[{system}]": draws["null_weight"][..., system] for system in (1, 2)}
        return found | {name: draws[name] for name in OVERALL}


def _rates(draws: Draws) -> Floats:
    logit = draws["level"][..., None] + draws["effect"][..., None] * ARM_CODE
    return np.asarray(special.expit(logit))


SAFETY_CALIBRATIONS: tuple[SafetyCalibration, ...] = tuple(SafetyCalibration(model=model) for model in EVENT_MODELS)
"""One for each model of adverse events."""
