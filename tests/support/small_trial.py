"""A small hand-made trial with everything that is hard to draw, and fits whose draws are those of the prior."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from reappraise.core.arms import WHOLE
from reappraise.core.comparison import Comparison, order
from reappraise.core.estimate import Estimate
from reappraise.core.prior import prior_named
from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.nuts import Sampled
from reappraise.fits.sampling import Sampling
from reappraise.published.estimates import published_estimates
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.response.classical.recompute import recompute
from reappraise.response.figures.catalogue import draw_response
from reappraise.response.fit import ResponseFit, ResponseJob
from reappraise.response.models import MODELS
from reappraise.response.published import ResponseEndpoint
from reappraise.trial.schema import trial_schema

LEVELS = {
    "north": ("The northern countries, including those enrolled late", (0, 12), (2, 11)),
    "south": ("South", (3, 10), (0, 9)),
    "east": ("East", (7, 9), (9, 9)),
    "west": ("West", (2, 20), (1, 22)),
    "far": ("Far away", (1, 1), None),
    "near": ("Near by", None, (1, 6)),
    "six": ("Site 6", (1, 5), (1, 6)),
    "seven": ("Site 7", (2, 9), (0, 8)),
    "eight": ("Site 8", (1, 7), (3, 9)),
    "nine": ("Site 9", (4, 15), (2, 14)),
}
CONTROL = sum(cell[1][0] for cell in LEVELS.values() if cell[1]), sum(cell[1][1] for cell in LEVELS.values() if cell[1])
TREATED = sum(cell[2][0] for cell in LEVELS.values() if cell[2]), sum(cell[2][1] for cell in LEVELS.values() if cell[2])


def counts(control: tuple[int, int] | None, treated: tuple[int, int] | None, **more: object) -> list[dict[str, object]]:
    cells = {"placebo": control, "drug": treated}
    return [
        {"arm": arm, "events": cell[0], "total": cell[1], "source": "Table 1", **more}
        for arm, cell in cells.items()
        if cell
    ]


def trial(*, better: str = "lower", swapped: bool = False, control: str = "Placebo", treated: str = "Drug") -> Trial:
    """A small trial with everything that is hard to draw."""
    roles = ("experimental", "control") if swapped else ("control", "experimental")
    odds_ratio = {
        "quantity": "odds_ratio",
        "numerator": "drug",
        "denominator": "placebo",
        "value": "0.80",
        "low": "0.40",
        "high": "1.60",
    }
    relapse = {
        "kind": "response",
        "key": "relapse",
        "label": "Relapse within 2 years ($ & all causes)",
        "population": "treated",
        "better": better,
        "primary": True,
        "source": "Results",
        "counts": counts(CONTROL, TREATED, low=Decimal("0.10"), high=Decimal("0.40"), level=Decimal("0.95")),
        "estimates": [
            {**odds_ratio, "source": "Abstract"},
            {**odds_ratio, "source": "Table 2"},
            {**odds_ratio, "value": "0.70", "source": "Table 3"},
        ],
        "factors": [
            {
                "key": "region",
                "label": "Region",
                "source": "Table 4",
                "levels": [
                    {"key": key, "label": label, "counts": counts(first, second)}
                    for key, (label, first, second) in LEVELS.items()
                ],
            },
            {
                "key": "dose",
                "label": "Dose received",
                "timing": "post_randomisation",
                "source": "Table 5",
                "levels": [{"key": "any", "label": "Any dose", "counts": counts(None, TREATED)}],
            },
        ],
    }
    nobody = {
        "kind": "response",
        "key": "cure",
        "label": "Cure",
        "population": "treated",
        "better": "higher",
        "source": "Results",
        "counts": counts((0, CONTROL[1]), (0, TREATED[1])),
    }
    survival = {
        "kind": "survival",
        "key": "survival",
        "label": "Survival",
        "population": "treated",
        "better": "higher",
        "unit": "months",
        "source": "Results",
    }
    arms = [
        {"key": key, "label": key, "short": short, "role": role, "source": "Methods"}
        for key, short, role in zip(("placebo", "drug"), (control, treated), roles, strict=True)
    ]
    sizes = {"placebo": CONTROL[1], "drug": TREATED[1]}
    content: dict[str, Any] = {
        "schema_version": 1,
        "key": "small",
        "title": "A small trial",
        "citation": "None",
        "arms": arms,
        "populations": [{"key": "treated", "label": "Treated", "sizes": sizes, "source": "Methods"}],
        "endpoints": [relapse, nobody, survival],
    }
    return Trial(
        file=trial_schema().model_validate(content), path=Path("small.toml"), digest="", counts={}, quantities={}
    )


PASSED = Diagnosis(
    (
        Check("R-hat", 1.001, 1.01, "rate", passed=True),
        Check("bulk effective draws", 2500.0, 400.0, "rate", passed=True),
        Check("divergences", 0, 0, "sampler", passed=True),
    )
)
FAILED = Diagnosis((Check("R-hat", 1.3, 1.01, "rate", passed=False), *PASSED.checks[1:]))


def fit_of(
    endpoint: TrialEndpoint, model: str, prior: str, by: str = WHOLE, diagnosis: Diagnosis = PASSED
) -> ResponseFit:
    """A fit whose draws come straight from the prior: nothing is sampled, and everything is there."""
    partition = endpoint.partition(by)
    chosen = next(item for item in MODELS if item.name == model)
    settings = Sampling(seed=1, draws=100)
    job = ResponseJob(
        table=partition, model=chosen, prior=prior_named(prior), sampling=settings, width=len(partition.levels)
    )
    rng = np.random.default_rng(7)
    data = job.data()
    draws = {name: value.reshape(4, 150, *value.shape[1:]) for name, value in chosen.draw_prior(data, 600, rng).items()}
    statistics = {"diverging": np.zeros((4, 150), dtype=bool), "energy": rng.normal(size=(4, 150))}
    tree = job.assemble(data, Sampled(draws=draws, statistics=statistics), rng)
    return ResponseFit(job=job, tree=tree, diagnosis=diagnosis)


CASES: dict[str, dict[str, Any]] = {
    "short": {},
    "long and swapped": {
        "swapped": True,
        "control": "Standard of care with placebo",
        "treated": "Investigational product 12/3 mg b.i.d.",
    },
}


@dataclass(frozen=True)
class Fitted:
    """The trial, with what was published, recomputed and fitted of its binary endpoints."""

    trial: Trial
    comparison: Comparison
    fits: tuple[ResponseFit, ...]

    def drawn(self) -> Iterator[tuple[str, Figure]]:
        """Every figure of every binary endpoint."""
        for endpoint in self.trial.of(ResponseEndpoint):
            key = endpoint.published.key
            mine = [fit for fit in self.fits if fit.job.table.endpoint == key]
            yield from draw_response(endpoint, self.comparison.select(endpoint=key), mine)

    def of(self, key: str) -> tuple[ResponseFit, ...]:
        """Fits of one endpoint."""
        return tuple(fit for fit in self.fits if fit.job.table.endpoint == key)


@cache
def run(case: str = "short") -> Fitted:
    of = trial(**CASES[case])
    fits = []
    for endpoint in of.of(ResponseEndpoint):
        fits += [
            fit_of(endpoint, "independent", "uniform"),
            fit_of(endpoint, "independent", "jeffreys"),
            fit_of(endpoint, "logit-normal", "sceptical", diagnosis=FAILED),
        ]
    fits += [
        fit_of(of["relapse"], "beta-binomial", "uniform", "region"),
        fit_of(of["relapse"], "logit-normal", "reference", "region"),
        fit_of(of["relapse"], "beta-binomial", "uniform", "dose"),
    ]
    found = list(published(of))
    for endpoint in of.of(ResponseEndpoint):
        for partition in endpoint.partitions():
            found += recompute(partition)
    found += [estimate for fit in fits for estimate in fit.estimates]
    return Fitted(trial=of, comparison=Comparison(order(found)), fits=tuple(fits))


def published(of: Trial) -> Iterator[Estimate]:
    """What was published about every binary endpoint."""
    for endpoint in of.of(ResponseEndpoint):
        yield from published_estimates(endpoint)
