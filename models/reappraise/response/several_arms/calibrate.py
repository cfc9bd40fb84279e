"""Calibration of all arms together: counts drawn from rates of four arms that were drawn from the prior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from reappraise.calibrate import rank as ranking
from reappraise.calibrate.calibration import ROOT_SEED, Ranks
from reappraise.calibrate.rank import rank
from reappraise.core.prior import LogRatioPrior
from reappraise.fits import model as frame
from reappraise.fits import nuts
from reappraise.fits.machine_code import compiled
from reappraise.fits.model import Draws, Floats
from reappraise.fits.sampling import Sampling, derived_seed
from reappraise.response.several_arms import model as own
from reappraise.response.several_arms.model import SharedEffects
from reappraise.response.several_arms.table import SeveralArms

SETTINGS = Sampling(draws=500, tune=500, chains=4, seed=ROOT_SEED)
THINNED = 10
"""Every so many draws are ranked: nearly independent ones, as ranks need."""
TOTALS = (80, 41, 60, 23)
"""Patients of control and three other arms, of unequal sizes so that a wrong order shows."""
PRIOR = LogRatioPrior("calibration", "Calibration", 0.3, 0.8, "Effects of the kind that trials have.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralArmsCalibration:
    """The shared-effects model, calibrated on a control arm and three others.

    Parameters
    ----------
    model
        The model.
    totals
        Patients by arm, control first.
    sampling
        Settings of the sampler; the seed is that of the data set.
    """

    model: SharedEffects = SharedEffects()  # noqa: RUF009  # frozen, as every model
    totals: tuple[int, ...] = TOTALS
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
        return "rates of control and of the first other arm exchanged"

    @property
    def code(self) -> tuple[Path, ...]:
        """The model, the sampler, the simulator and the rank."""
        return (*(Path(str(module.__file__)) for module in (own, frame, nuts, ranking)), Path(__file__))

    @property
    def settings(self) -> Mapping[str, object]:
        """Sizes, prior and sampler."""
        sampling = self.sampling
        return {
            "seed": ROOT_SEED,
            "totals": self.totals,
            "prior": asdict(PRIOR),
            "chains": sampling.chains,
            "draws": sampling.draws,
            "tune": sampling.tune,
            "target_accept": sampling.target_accept,
            "thinned": THINNED,
        }

    def prepare(self) -> None:
        """Compile the model."""
        compiled(self.model, (len(self.totals) - 1,))

    def run(self, index: int, *, wrong: bool) -> Ranks:
        """Draw rates and counts, fit, and rank rates, odds ratios and parameters."""
        names = (self.name, "wrong" if wrong else "right", str(index))
        rng = np.random.default_rng(derived_seed(ROOT_SEED, *names))
        table = self._table((0,) * len(self.totals))
        data = self.model.data(table, PRIOR)
        whole = self.model.complete(self.model.draw_prior(data, 1, rng), data, rng)
        truth = self._quantities({name: values[0] for name, values in whole.items()})
        rate = whole["rate"][0].copy()
        if wrong:
            rate[[0, 1]] = rate[[1, 0]]
        drawn = tuple(int(events) for events in rng.binomial(self.totals, rate))
        data = self.model.data(replace(table, events=drawn), PRIOR)
        seed = derived_seed(ROOT_SEED, *names, "sampler")
        draws = nuts.draw(compiled(self.model, (len(self.totals) - 1,)), data, self.sampling, seed).draws
        thinned = {name: values[:, ::THINNED] for name, values in draws.items()}
        posterior = self._quantities(self.model.complete(thinned, data, rng))
        return {name: rank(values, float(truth[name]), rng) for name, values in posterior.items()}

    def _quantities(self, draws: Draws) -> dict[str, Floats]:
        """Every quantity that is ranked, by name, without its own dims."""
        rate = draws["rate"]
        logit = np.log(rate) - np.log1p(-rate)
        found = {f"rate[{arm}]": rate[..., arm] for arm in range(len(self.totals))}
        for arm in range(1, len(self.totals)):
            found[f"log_odds_ratio[{arm}]"] = logit[..., arm] - logit[..., 0]
        found["log_odds_ratio[2 over 1]"] = logit[..., 2] - logit[..., 1]
        return found | {name: draws[name] for name in ("mean_logit", "effect", "effect_sd")}

    def _table(self, events: tuple[int, ...]) -> SeveralArms:
        keys = tuple(f"arm{index}" for index in range(len(self.totals)))
        return SeveralArms(
            endpoint="simulated",
            arms=keys,
            arm_labels=keys,
            events=events,
            totals=self.totals,
            contrasts=tuple((key, keys[0]) for key in keys[1:]),
            better="higher",
        )


SEVERAL_ARMS_CALIBRATION = SeveralArmsCalibration()
"""The one there is."""
