"""What a page shows of one endpoint: verdicts by prior, numbers side by side, subgroups, single events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from markupsafe import Markup

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.report.facts import EndpointFacts
from reappraise.report.forest import Line, forest
from reappraise.report.lead import Lead, by_prior, lead_of, whole
from reappraise.report.numbers import estimate_text, probability_text, quantity_words

MOST_LINES = 24
"""Intervals of one forest; of more, the first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One prior: its name and model, and a probability for each column, empty where it has none."""

    prior: str
    model: str
    probabilities: tuple[str, ...]
    failed: bool


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Priors down, questions across."""

    columns: tuple[str, ...]
    rows: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One number as published, recomputed and estimated; methods stand with the last two."""

    what: str
    about: str
    published: str
    recomputed: str
    method: str
    posterior: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Subgroup:
    """A level of a factor, or a single event or category."""

    name: str
    arms: tuple[str, ...]
    contrast: str
    probability: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Levels of one factor, or single events of one grade: what the columns are, and their rows."""

    title: str
    arms: tuple[str, ...]
    contrast: str
    asked: str
    rows: tuple[Subgroup, ...]
    picture: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPart:
    """One endpoint of a page; `below` where it is a part of the one before it, such as a table of adverse events."""

    facts: EndpointFacts
    below: bool
    lead: Lead | None
    asked: str
    good: str
    verdicts: Verdicts
    sides: tuple[Side, ...]
    picture: Markup
    groups: tuple[Group, ...]


def endpoint_part(
    facts: EndpointFacts, estimates: Sequence[Estimate], names: Mapping[str, str], *, below: bool = False
) -> EndpointPart:
    """Everything that a page shows of an endpoint.

    Parameters
    ----------
    facts, estimates
        The endpoint, and every number of it.
    names
        Short names of the arms, by key.
    below
        Whether it is a part of another endpoint.
    """
    lead = lead_of(estimates)
    return EndpointPart(
        facts=facts,
        below=below,
        lead=lead,
        asked="" if lead is None else f"{quantity_words(lead.contrast)}, {_contrast(lead.contrast, names)}",
        good=_good(facts),
        verdicts=verdicts(estimates, lead),
        sides=tuple(_sides(estimates, lead, names)),
        picture=_picture(facts, estimates, lead, names),
        groups=tuple(_groups(facts, estimates, names)),
    )


def _good(facts: EndpointFacts) -> str:
    """What is better for patients, in a sentence; empty where nothing says so."""
    words = {"survival": ("Longer", "Shorter"), "response": ("More", "Fewer"), "adverse_events": ("More", "Fewer")}
    more, less = words.get(facts.kind, ("Higher", "Lower"))
    if facts.better not in {"higher", "lower"}:
        return ""
    return f"{more if facts.better == 'higher' else less} is better for patients."


def verdicts(estimates: Sequence[Estimate], lead: Lead | None) -> Verdicts:
    """Probabilities about the contrast that stands first, under each prior.

    Parameters
    ----------
    estimates
        Every number of the endpoint.
    lead
        What stands first; of none there is nothing to say.
    """
    asked: dict[str, str] = {}
    found: list[tuple[str, str, dict[str, str], bool]] = []
    for (model, prior), rows in by_prior(estimates).items() if lead is not None else ():
        mine = next((item for item in rows if lead is not None and lead.matches(item)), None)
        if mine is None or mine.prob_benefit is None:
            continue
        said = {"any benefit": probability_text(mine.prob_benefit), "harm": probability_text(1 - mine.prob_benefit)}
        for item in rows:
            form = QUANTITIES[item.quantity].form
            if form == "probability" and item.quantity != "probability_of_benefit" and item.value is not None:
                said.setdefault(asked_words(item), probability_text(float(item.value)))
        asked |= dict.fromkeys(said, "")
        found.append((prior, model, said, mine.failed))
    columns = tuple(sorted(asked, key=lambda name: (name != "any benefit", name != "harm")))
    rows_of = (
        Verdict(prior, model, tuple(said.get(column, "") for column in columns), failed)
        for prior, model, said, failed in found
    )
    return Verdicts(columns, tuple(rows_of))


def asked_words(item: Estimate) -> str:
    """What a probability is asked of, short enough for the head of a column."""
    beyond, alike = item.quantity == "probability_above_margin", item.quantity == "probability_of_equivalence"
    if not (beyond or alike):
        return f"{QUANTITIES[item.quantity].label}: {item.at}"
    return item.at.replace("percentage points", "points").replace(", the stated margin", "")


def benefit_is_more(facts: EndpointFacts, quantity: str) -> bool | None:
    """Whether a larger value of a contrast favours the experimental arm: of times, a ratio of hazards turns round.

    None where nothing says what is better.
    """
    if facts.better not in {"higher", "lower"}:
        return None
    return (facts.better == "higher") != (QUANTITIES[quantity].hastens and facts.kind == "survival")


def _sides(estimates: Sequence[Estimate], lead: Lead | None, names: Mapping[str, str]) -> Iterator[Side]:
    rows: dict[tuple[str, str, str], dict[str, list[Estimate]]] = {}
    for item in whole(estimates):
        if QUANTITIES[item.quantity].form == "probability":
            continue
        if item.kind == "posterior" and (lead is None or item not in lead.rows):
            continue
        about = names.get(item.arm, item.arm) if item.arm else _contrast(item, names)
        rows.setdefault((quantity_words(item), about, item.quantity), {}).setdefault(item.kind, []).append(item)
    for (what, about, _), kinds in rows.items():
        published = kinds.get("published", [])
        recomputed = sorted(kinds.get("recomputed", []), key=lambda item: _distance(item, published))
        posterior = kinds.get("posterior", [])
        shown = [item for item in recomputed if item.value is not None] or recomputed
        yield Side(
            what=what,
            about=about,
            published="; ".join(dict.fromkeys(estimate_text(item) for item in published)),
            recomputed=estimate_text(shown[0]) if shown else "",
            method=shown[0].method if shown else "",
            posterior=estimate_text(posterior[0]) if posterior else "",
            failed=any(item.failed for item in posterior),
        )


def _distance(item: Estimate, published: Sequence[Estimate]) -> float:
    """How far a recomputed number lies from the nearest printed one, limits included: its method is the paper's."""
    far = []
    for one in published:
        pairs = ((item.value, one.value), (item.low, one.low), (item.high, one.high))
        known = [abs(float(a) - float(b)) for a, b in pairs if a is not None and b is not None]
        if known:
            far.append(sum(known) / len(known) if inf not in known else inf)
    return min(far, default=0.0)


def _contrast(item: Estimate, names: Mapping[str, str]) -> str:
    sign = "over" if QUANTITIES[item.quantity].form == "ratio" else "minus"
    if not item.numerator:
        return ""
    return f"{names.get(item.numerator, item.numerator)} {sign} {names.get(item.denominator, item.denominator)}"


def _favours(facts: EndpointFacts, item: Estimate, names: Mapping[str, str]) -> tuple[str, str]:
    above, below = (names.get(key, key) for key in (item.numerator, item.denominator))
    more = benefit_is_more(facts, item.quantity)
    if more is None:
        return "", ""
    left, right = (below, above) if more else (above, below)
    return f"\N{LEFTWARDS ARROW} favours {left}", f"favours {right} \N{RIGHTWARDS ARROW}"


def _picture(
    facts: EndpointFacts, estimates: Sequence[Estimate], lead: Lead | None, names: Mapping[str, str]
) -> Markup:
    """The contrast that stands first: as published, recomputed, and under each prior."""
    if lead is None:
        return Markup()
    first = lead.contrast
    same = [item for item in whole(estimates) if lead.matches(item) and item.value is not None]
    published = [item for item in same if item.kind == "published"]
    recomputed = sorted((item for item in same if item.kind == "recomputed"), key=lambda e: _distance(e, published))
    lines = [
        *(Line("Published", item) for item in {estimate_text(item): item for item in published}.values()),
        *(Line(f"Recomputed: {item.method}", item) for item in recomputed[:1]),
        *(
            Line(f"{prior} prior{'' if model == first.model else f', {model}'}", item)
            for (model, prior), rows in by_prior(estimates).items()
            for item in rows
            if item in same
        ),
    ]
    title = f"{facts.label}: {quantity_words(first)}, {_contrast(first, names)}"
    return forest(lines[:MOST_LINES], title=title, favours=_favours(facts, first, names))


def _groups(facts: EndpointFacts, estimates: Sequence[Estimate], names: Mapping[str, str]) -> Iterator[Group]:
    found: dict[str, dict[str, list[Estimate]]] = {}
    for item in estimates:
        if item.extrapolated:
            continue
        if item.population != WHOLE:
            factor = item.population.partition("=")[0]
            level = facts.labels.get(item.population, item.population.partition("=")[2])
            found.setdefault(facts.labels.get(factor, factor), {}).setdefault(level, []).append(item)
        elif item.item:
            title = f"grade {item.grade}" if item.grade else "single rows"
            found.setdefault(title, {}).setdefault(item.item, []).append(item)
    for title, levels in found.items():
        group = _group(facts, title, levels, names)
        if group is not None:
            yield group


def _group(
    facts: EndpointFacts, title: str, levels: Mapping[str, Sequence[Estimate]], names: Mapping[str, str]
) -> Group | None:
    every = [item for rows in levels.values() for item in rows]
    first = _group_lead(every)
    arms = tuple(dict.fromkeys(item.arm for item in every if item.arm and item.quantity in {"rate", "rate_or_better"}))
    asked = next((item for item in every if first is not None and _asked(item, first)), None)
    rows, lines = [], []
    for name, items in levels.items():
        contrast = next((item for item in items if first is not None and _alike(item, first)), None)
        chance = next((item for item in items if first is not None and _asked(item, first)), None)
        # of an event that one hopes not to see, what is asked is whether it is more frequent
        known = None if contrast is None or asked is not None else contrast.prob_benefit
        value = known if chance is None else chance.value
        rows.append(
            Subgroup(
                name=name,
                arms=tuple(_rate(items, arm) for arm in arms),
                contrast="" if contrast is None else estimate_text(contrast),
                probability="" if value is None else probability_text(float(value)),
                failed=contrast is not None and contrast.failed,
            )
        )
        if contrast is not None:
            lines.append(Line(name, contrast))
    if not rows:
        return None
    label = "" if first is None else f"{QUANTITIES[first.quantity].label}, {_contrast(first, names)}"
    words = "P(benefit)" if asked is None or asked.quantity == "probability_of_benefit" else "P(more frequent)"
    return Group(
        title=title,
        arms=tuple(names.get(arm, arm) for arm in arms),
        contrast=label,
        asked=words if first is not None else "",
        rows=tuple(rows),
        picture=Markup()
        if first is None or len(lines) > MOST_LINES
        else forest(lines, title=f"{facts.label}, {title}: {label}", favours=_favours(facts, first, names)),
    )


def _group_lead(items: Iterable[Estimate]) -> Estimate | None:
    """The contrast that is shown of every level: posterior, a ratio if there is one, of a model that shares."""
    posterior = [
        item
        for item in items
        if item.kind == "posterior" and item.numerator and item.level is not None and item.value is not None
    ]
    ratios = [item for item in posterior if QUANTITIES[item.quantity].form == "ratio"] or posterior
    sharing = [item for item in ratios if item.model not in {"independent", "beta-binomial"}] or ratios
    reference = [item for item in sharing if item.prior in {"reference", "berry-berry"}] or sharing
    return reference[0] if reference else None


def _alike(item: Estimate, first: Estimate) -> bool:
    return (item.quantity, item.model, item.prior, item.at, item.kind) == (
        first.quantity, first.model, first.prior, first.at, "posterior",
    )  # fmt: skip


def _asked(item: Estimate, first: Estimate) -> bool:
    return item.quantity in {"probability_of_benefit", "probability_of_increase"} and (item.model, item.prior) == (
        first.model,
        first.prior,
    )


def _rate(items: Sequence[Estimate], arm: str) -> str:
    """The rate of an arm, as printed or else as its counts give it."""
    for kind in ("published", "recomputed"):
        for item in items:
            if item.kind == kind and item.arm == arm and item.quantity in {"rate", "rate_or_better"}:
                return estimate_text(item).split(" (")[0]
    return ""
