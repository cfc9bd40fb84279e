"""The answer in sentences, every number in them taken from the fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.published.record import BENCHMARK
from reappraise.report.facts import EndpointFacts
from reappraise.report.lead import Lead, by_prior
from reappraise.report.numbers import PERCENT, estimate_text, probability_text

WORSE = 0.9
"""Probability of harm from which on another endpoint is named beside the answer."""
SURE = 0.975
"""Probability from which on a conclusion is called the same under every prior."""
_OPINIONS = {
    "reference": "a prior that holds barely an opinion",
    "uniform": "a prior that holds every rate as likely as any other",
    "jeffreys": "Jeffreys' prior",
}
_HOLDERS = {"sceptical": "a sceptic", "enthusiastic": "an enthusiast", "wide": "a very wide prior"}


def question(endpoint: EndpointFacts, lead: Lead, names: Mapping[str, str]) -> str:
    """What is asked."""
    above, below = names[lead.contrast.numerator], names[lead.contrast.denominator]
    about = endpoint.label.removesuffix(f": {above} and {below}")
    if lead.contrast.denominator == BENCHMARK:
        return f"{about}: is {above} better than the benchmark that the paper states?"
    return f"{about}: are patients better off with {above} than with {below}?"


def answer(estimates: Sequence[Estimate], lead: Lead, names: Mapping[str, str]) -> Iterator[str]:
    """Yield how probable benefit is, how large, and whether it depends on the prior."""
    contrast = lead.contrast
    above, below = names[contrast.numerator], names[contrast.denominator]
    opinion = _OPINIONS.get(contrast.prior, f"the {contrast.prior} prior")
    failed = " This fit did not converge: do not rely on it." if contrast.failed else ""
    yield (
        f"Given what is printed and {opinion}, the probability that {above} is better than {below} in this respect is "
        f"{probability_text(lead.probability)}.{failed}"
    )
    if contrast.denominator == BENCHMARK:
        yield "The benchmark is a fixed number without an error of its own, from other patients: nobody was randomised."
    yield _size(contrast, lead, above, below)
    yield from _beyond(lead)
    yield _priors(estimates, lead)


def _size(contrast: Estimate, lead: Lead, above: str, below: str) -> str:
    level = f"{100 * (contrast.level or 0.95):g}%"
    said = (
        f"The {_name(contrast)}, {above} {_sign(contrast)} {below}, is {estimate_text(contrast)}, median and "
        f"{level} interval"
    )
    difference = next(
        (
            item
            for item in lead.rows
            if item.quantity == "risk_difference"
            and item is not contrast
            and (item.numerator, item.denominator) == (contrast.numerator, contrast.denominator)
        ),
        None,
    )
    if difference is not None and difference.value is not None:
        unit = " percentage points" if difference.quantity in PERCENT else ""
        at = f" ({difference.at})" if difference.at else ""
        said += f"; the {_name(difference)}{at} is {estimate_text(difference)}{unit}"
    return f"{said}."


def _beyond(lead: Lead) -> Iterator[str]:
    """Yield how probable a benefit is that the paper says matters."""
    for item in lead.rows:
        if item.quantity == "probability_above_margin" and "the stated margin" in item.at and item.value is not None:
            yield f"The probability of a benefit that matters ({item.at}) is {probability_text(float(item.value))}."
            return


def elsewhere(leads: Mapping[str, Lead]) -> str:
    """Endpoints in which the other arm is probably better, in a sentence; empty where there is none.

    Parameters
    ----------
    leads
        What stands first of each other endpoint, by its words.
    """
    worse = {label: lead for label, lead in leads.items() if lead.probability < 1 - WORSE}
    if not worse:
        return ""
    said = "; ".join(f"{label} ({probability_text(lead.probability)})" for label, lead in worse.items())
    return f"In other respects benefit is improbable: {said}."


def _priors(estimates: Sequence[Estimate], lead: Lead) -> str:
    found = {
        prior: item.prob_benefit
        for (model, prior), rows in by_prior(estimates).items()
        if model == lead.contrast.model
        for item in rows
        if lead.matches(item) and item.prob_benefit is not None
    }
    others = {prior: value for prior, value in found.items() if prior != lead.contrast.prior}
    if not others:
        return "No other prior was asked for."
    said = " and ".join(
        f"{_HOLDERS.get(prior, f'the {prior} prior')} at {probability_text(value)}" for prior, value in others.items()
    )
    every = [lead.probability, *others.values()]
    if min(every) > SURE or max(every) < 1 - SURE:
        verdict = "the conclusion is the same under each of them"
    elif min(every) < 0.5 < max(every):
        verdict = "which arm is better depends on the prior"
    else:
        verdict = "the direction is the same, how sure one may be depends on the prior"
    return f"{said[:1].upper()}{said[1:]} would put it: {verdict}."


def _name(item: Estimate) -> str:
    label = QUANTITIES[item.quantity].label
    return f"{label[:1].lower()}{label[1:]}"


def _sign(item: Estimate) -> str:
    return "over" if QUANTITIES[item.quantity].form == "ratio" else "minus"
