"""One effect under every prior: the rows of a table, and what the explorer on the page computes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp
from typing import Any

from markupsafe import Markup

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.prior import FlatPrior, MixturePrior
from reappraise.evidence.report import Report, reports
from reappraise.evidence.worth import unit_of
from reappraise.published.trial import Trial
from reappraise.report.numbers import PERCENT, figure, probability_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One effect under every prior.

    Parameters
    ----------
    endpoint, title
        Key of the endpoint, and the effect in words.
    columns, rows
        What is asked, and the answers by prior.
    notes
        What is said beside the table.
    explorer
        What the explorer computes from, as JSON has it; empty where it cannot.
    """

    endpoint: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    explorer: Mapping[str, Any] = field(default_factory=dict)


def weighed_effects(trial: Trial) -> tuple[Weighed, ...]:
    """The main effect of each endpoint that has a likelihood of one, under every prior; none of a trial of one arm.

    Parameters
    ----------
    trial
        The trial.
    """
    try:
        return tuple(_weighed(report) for report in reports(trial).found)
    except AnalysisError:  # one arm, or no effect with a likelihood: the page says elsewhere what is not analysed
        return ()


def as_script(effects: Iterable[Mapping[str, Any]]) -> Markup:
    """Likelihoods as text that may stand in a page: nothing in it can end the element that holds it."""
    text = json.dumps(list(effects), ensure_ascii=True, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704  # escaped


def _weighed(report: Report) -> Weighed:
    found, one = report.found, report.found.likelihood
    percent = one.quantity in PERCENT
    thresholds = tuple(f"P({one.beyond_words(value)})" for value in found.thresholds)
    rows = []
    for index, prior in enumerate(found.priors):
        plausible = report.plausible[index]
        middle, low, high = (
            figure(float(numbers[index]), percent=percent) for numbers in (found.median, found.low, found.high)
        )
        rows.append(
            (
                prior.label,
                "anything" if plausible is None else " to ".join(figure(end, percent=percent) for end in plausible),
                f"{middle} ({low} to {high})",
                *(probability_text(float(value)) for value in (found.benefit[index], 1 - found.benefit[index])),
                *(probability_text(float(value)) for value in found.beyond[index]),
            )
        )
    return Weighed(
        endpoint=one.endpoint,
        title=f"{one.label or one.endpoint}: {one.name}, {one.direction}",
        columns=(
            "prior",
            "holds plausible, 95%",
            f"posterior median ({100 * found.level:g}% interval)",
            "P(benefit)",
            "P(harm)",
            *thresholds,
        ),
        rows=tuple(rows),
        notes=(*report.notes, f"Likelihood: {one.words}."),
        explorer=_explorer(one, found.priors),
    )


def _explorer(one: EffectLikelihood, priors: Iterable[MixturePrior | FlatPrior]) -> dict[str, Any]:
    """The likelihood on its places with the normal priors that have a name; empty where it has no peak."""
    named = [prior for prior in priors if isinstance(prior, MixturePrior) and len(prior.weights) == 1]
    if not named or not all(one.ends):
        return {}
    size = 100 if one.quantity in PERCENT else 1
    try:
        unit = unit_of(one)
    except UndeterminedError:
        unit = None
    return {
        "key": f"{one.endpoint}.{one.quantity}",
        "label": f"{one.label or one.endpoint}: {one.name}, {one.direction}",
        "name": one.name,
        "ratio": one.ratio,
        "unit": ", percentage points" if size > 1 else f", {one.unit}" if one.unit else "",
        "unit_size": size,
        "benefit": one.benefit,
        "control": one.arm_labels[0],
        "experimental": one.arm_labels[1],
        "effect": [float(f"{value:.10g}") for value in one.effect],
        "log_likelihood": [float(f"{value:.9g}") for value in one.log_likelihood],
        "standard_error": one.standard_error,
        "worth": None if unit is None else {"variance": unit.variance, "name": unit.name},
        "threshold": one.scaled(one.thresholds[0]) if one.thresholds else None,
        "priors": [
            {
                "name": prior.name,
                "label": prior.label,
                "mean": prior.mean,
                "sd": prior.sd,
                "rationale": prior.rationale,
                "ratio": exp(prior.mean) if one.ratio else prior.mean,
            }
            for prior in named
        ],
    }
