"""Tables for a terminal: the comparison, the exact posterior, sensitivity to the prior, the audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import isinf
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.printed import Printed
from reappraise.core.silence import silences
from reappraise.response.exact import METHOD as EXACT

if TYPE_CHECKING:
    from reappraise.audit.finding import Finding
    from reappraise.core.comparison import Comparison
    from reappraise.evidence.report import Report

_CONTRASTS = ("risk_difference", "risk_ratio", "odds_ratio", "number_needed_to_treat")
_RATE_MODELS = frozenset({"independent", "logit-normal", "beta-binomial"})
_HAZARD_MODEL = "printed-subgroups"
_SAME_PATIENTS = "Subgroups of different factors are the same patients: never add or multiply them."
_PRINTED_FIRST = ("published", "recomputed")
_FEW = 5
"""Consistent findings of one check that still get a row each."""
_LEAST = 0.0001
"""Exact probabilities nearer to 0 or 1 are shown as bounds."""
_VERDICTS = {"consistent": "green", "inconsistent": "bold red", "not reproduced": "magenta", "cannot judge": "yellow"}


def number(estimate: Estimate | None) -> str:
    """Value and interval as text: rates and differences in percent, "!" where the fit did not converge."""
    if estimate is None or estimate.value is None:
        return ""
    percent = estimate.quantity in {"rate", "risk_difference"}
    mark = "! " if estimate.failed else ""
    exact = estimate.kind != "posterior" or estimate.method.startswith(EXACT)
    needed = estimate.quantity == "number_needed_to_treat"
    text = mark + (
        "infinite: no difference"
        if needed and isinf(estimate.value)
        else _figure(estimate.value, percent=percent, exact=exact)
    )
    if estimate.low is None or estimate.high is None:
        return text
    limits = tuple(_figure(limit, percent=percent, exact=exact) for limit in (estimate.low, estimate.high))
    if needed:
        return f"{text} ({_passage(estimate.low, estimate.high, limits)})"
    return f"{text} ({limits[0]} to {limits[1]})"


def _passage(low: float, high: float, limits: tuple[str, ...]) -> str:
    """The interval of a number needed to treat: which side is benefit, and whether it reaches or passes infinity."""
    if not (low > 0 > high or isinf(low) or isinf(high)):
        return f"{limits[0]} to {limits[1]}"
    first, last = (
        "" if isinf(limit) else f"{'benefit' if limit > 0 else 'harm'} {text.lstrip('-')}"
        for limit, text in zip((low, high), limits, strict=True)
    )
    return " to ".join(part for part in (first, "infinity", last) if part)


def comparison_tables(comparison: Comparison) -> Iterator[Table]:
    """Yield, for every endpoint: the three kinds of numbers, and of rates the posterior by prior and the subgroups."""
    for endpoint in dict.fromkeys(item.endpoint for item in comparison.estimates):
        mine = comparison.select(endpoint=endpoint)
        if not any(item.model in _RATE_MODELS for item in mine.estimates):
            if any(item.kind == "posterior" for item in mine.estimates):
                yield _every_quantity(endpoint, mine, mine.direction)
            if any(item.model == _HAZARD_MODEL for item in mine.estimates):
                yield _hazard_subgroups(endpoint, mine)
            continue
        yield _kinds(endpoint, mine.select(population="all"), mine.direction)
        yield _by_prior(endpoint, mine.select(population="all"))
        if any(item.population != "all" for item in mine.estimates):
            yield _subgroups(endpoint, mine)


def exact_table(endpoint: str, label: str, estimates: Sequence[Estimate], arms: dict[str, str]) -> Table:
    """The exact posterior of one endpoint, a column per prior."""
    priors = list(dict.fromkeys(item.prior for item in estimates))
    table = Table(title=f"{_plain(label)} ({endpoint}), exact posterior", title_justify="left", title_style="bold")
    table.add_column("")
    for prior in priors:
        table.add_column(f"{prior} prior", justify="right")
    rows: dict[tuple[str, str, str, int], dict[str, Estimate]] = {}
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for item in estimates:
        # of one quantity there may be several: from the arms, and as printed
        known = (item.quantity, item.arm, item.at)
        rows.setdefault((*known, seen[item.prior, *known]), {})[item.prior] = item
        seen[item.prior, *known] += 1
    several = {row[:3] for row in rows if row[3]}
    for (quantity, arm, at, _), found in rows.items():
        named = f"{QUANTITIES[quantity].label}{f', {_plain(arms.get(arm, arm))}' if arm else ''}"
        told = (quantity, arm, at) in several and QUANTITIES[quantity].form != "probability"
        how = next(iter(found.values())).method if told else ""
        said = [f"[dim]{_plain(part)}[/dim]" for part in (at, how) if part]
        table.add_row("\n".join((named, *said)), *(_cell(found[prior]) if prior in found else "" for prior in priors))
    table.caption = _plain(silences(estimates)) or None
    return table


def sensitivity_table(report: Report) -> Table:
    """What each prior makes of one effect: worth, effect, and the probabilities of benefit beyond each threshold."""
    found, asked = report.found, report.found.likelihood
    named = f"{_plain(asked.label or asked.endpoint)} ({asked.endpoint})"
    table = Table(
        title=f"{named}: {QUANTITIES[asked.quantity].label.lower()}, {_plain(asked.direction)}",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("Prior", no_wrap=True)
    table.add_column("holds plausible, 95%", justify="right", no_wrap=True)
    if report.unit:
        table.add_column(f"worth, {report.unit}", justify="right")
    table.add_column(f"Posterior median ({100 * found.level:g}% interval)", justify="right", no_wrap=True)
    for words in ("benefit", *(asked.beyond_words(value) for value in found.thresholds)):
        table.add_column(f"P({_plain(words)})", justify="right")
    table.add_column("p, prior against data", justify="right")
    for index, prior in enumerate(found.priors):
        low, middle, high = (float(numbers[index]) for numbers in (found.low, found.median, found.high))
        worth, conflict, plausible = report.worth[index], report.conflict[index], report.plausible[index]
        table.add_row(
            _plain(prior.name),
            "anything" if plausible is None else f"{plausible[0]:.3g} to {plausible[1]:.3g}",
            *(("" if worth is None else f"{worth:.3g}",) if report.unit else ()),
            f"{middle:.3g} ({low:.3g} to {high:.3g})",
            *(_sure(float(value)) for value in (found.benefit[index], *found.beyond[index])),
            "" if conflict is None else _bounded(conflict),
        )
    table.caption = _plain(" ".join((*report.notes, f"Likelihood: {asked.words}.")))
    table.caption_justify = "left"
    return table


def audit_table(findings: Sequence[Finding], title: str, *, everything: bool = False) -> Table:
    """The findings, inconsistent ones first; many consistent ones of one check share a row unless `everything`."""
    table = Table(title=_plain(title), title_justify="left", title_style="bold", show_lines=True)
    for column in ("Verdict", "Check", "About", "Finding", "Where"):
        table.add_column(column, overflow="fold", ratio=3 if column == "Finding" else 1)
    consistent = Counter(finding.check for finding in findings if finding.verdict == "consistent")
    many = set() if everything else {check for check, number in consistent.items() if number > _FEW}
    places = list(_VERDICTS)[1:] + list(_VERDICTS)[:1]
    for finding in sorted(findings, key=lambda item: places.index(item.verdict)):
        if finding.verdict == "consistent" and finding.check in many:
            continue
        about = ": ".join(part for part in (finding.endpoint, finding.subject) if part)
        verdict = f"[{_VERDICTS[finding.verdict]}]{finding.verdict}[/]"
        printed = f"\n[dim]printed: {_plain(finding.printed)}[/dim]" if finding.printed else ""
        message = _plain(finding.message) + printed
        table.add_row(verdict, _plain(finding.check), _plain(about), message, _plain(finding.source))
    for check in sorted(many):
        table.add_row(
            "[green]consistent[/]", _plain(check), f"{consistent[check]} places", "All hold.", "--all lists them"
        )
    return table


def _kinds(endpoint: str, mine: Comparison, direction: str) -> Table:
    table = Table(
        title=f"{endpoint}, all patients: {direction}, 95% intervals", title_justify="left", title_style="bold"
    )
    for column in ("", "Published", "Recomputed", "Posterior, independent", "Posterior, effect"):
        table.add_column(column, justify="right" if column else "left", overflow="fold")
    arms = dict.fromkeys(item.arm for item in mine.estimates if item.quantity == "rate")
    for quantity, arm in [("rate", arm) for arm in arms] + [(name, "") for name in _CONTRASTS]:
        rows = [item for item in mine.select(quantity=quantity).estimates if item.arm == arm]

        def first(kind: str, model: str = "", rows: list[Estimate] = rows) -> str:
            found = (e for e in rows if e.kind == kind and e.model == model and e.value is not None)
            return number(next(found, None))

        label = f"{QUANTITIES[quantity].label}{f', {arm}' if arm else ''}"
        table.add_row(
            label,
            first("published"),
            first("recomputed"),
            first("posterior", "independent"),
            first("posterior", "logit-normal"),
        )
    table.caption = "Posteriors under the uniform prior on rates, and the reference prior on the log odds ratio."
    return table


def _every_quantity(endpoint: str, mine: Comparison, direction: str) -> Table:
    """Times to an event, adverse events and ordered categories: a row for what the first model and prior estimate."""
    main = next(item for item in mine.estimates if item.kind == "posterior")
    table = Table(
        title=f"{endpoint}, all patients: {direction}, 95% intervals", title_justify="left", title_style="bold"
    )
    for column in ("", "Published", "Recomputed", "Posterior", "P(benefit)"):
        table.add_column(column, justify="right" if column else "left", overflow="fold")
    chosen = mine.select(kind="posterior", model=main.model, prior=main.prior, population="all").estimates
    for item in chosen:
        if item.item and item.arm:
            continue  # of many terms the contrasts are enough; comparison.csv has all
        same = [
            other
            for other in mine.estimates
            if (other.quantity, other.arm, other.item, other.grade, other.population, other.at)
            == (item.quantity, item.arm, item.item, item.grade, "all", item.at)
            and other.value is not None
        ]
        cells = [number(next((other for other in same if other.kind == kind), None)) for kind in _PRINTED_FIRST]
        benefit = _benefit(item)
        label = ", ".join(part for part in (item.item, item.grade, QUANTITIES[item.quantity].label, item.arm) if part)
        table.add_row(f"{label}\n[dim]{item.at}[/dim]" if item.at else label, *cells, number(item), benefit)
    said = f"Posterior of the model {main.model}, {main.prior} prior; comparison.csv has the others."
    table.caption = " ".join(filter(None, (said, _plain(silences(chosen)))))
    return table


def _by_prior(endpoint: str, mine: Comparison) -> Table:
    table = Table(title=f"{endpoint}, all patients: how much the prior matters", title_justify="left")
    for column in ("Model", "Prior", "Odds ratio", "P(benefit)", "P(benefit > margin)", "P(equivalent)"):
        table.add_column(column, justify="left" if column in {"Model", "Prior"} else "right")
    posterior = mine.select(kind="posterior")
    for model, prior in dict.fromkeys((item.model, item.prior) for item in posterior.estimates):
        rows = {item.quantity: item for item in posterior.select(model=model, prior=prior).estimates}
        if "odds_ratio" in rows:
            shown = [rows.get(f"probability_{name}") for name in ("of_benefit", "above_margin", "of_equivalence")]
            table.add_row(model, prior, number(rows["odds_ratio"]), *(_cell(item) for item in shown if item))
    table.caption = _plain(silences(posterior.estimates)) or None
    return table


def _subgroups(endpoint: str, mine: Comparison) -> Table:
    table = Table(title=f"{endpoint}: subgroups, raw and shrunken odds ratios", title_justify="left")
    for column in ("Subgroup", "Rates as published", "Odds ratio, raw", "Odds ratio, shrunken", "P(benefit)"):
        table.add_column(column, justify="left" if column == "Subgroup" else "right", overflow="fold")
    for population in dict.fromkeys(item.population for item in mine.estimates if item.population != "all"):
        here = mine.select(population=population)
        rates = here.select(kind="published", quantity="rate").estimates
        raw = next((e for e in here.select(kind="recomputed", quantity="odds_ratio").estimates), None)
        shrunken = next(
            (e for e in here.select(model="logit-normal", prior="reference", quantity="odds_ratio").estimates), None
        )
        post = not all(item.causal for item in here.estimates)
        benefit = _benefit(shrunken)
        table.add_row(
            f"{population}{' (after randomisation)' if post else ''}",
            " | ".join(number(item) for item in rates),
            number(raw),
            number(shrunken),
            benefit,
        )
    parts = [
        item for item in mine.select(model="logit-normal", prior="reference").estimates if item.population != "all"
    ]
    table.caption = " ".join(filter(None, (_SAME_PATIENTS, _plain(silences(parts)))))
    return table


def _hazard_subgroups(endpoint: str, mine: Comparison) -> Table:
    table = Table(title=f"{endpoint}: subgroups, printed and shrunken hazard ratios", title_justify="left")
    for column in ("Subgroup", "Hazard ratio, printed", "Hazard ratio, shrunken", "P(benefit)"):
        table.add_column(column, justify="left" if column == "Subgroup" else "right", overflow="fold")
    for population in dict.fromkeys(item.population for item in mine.estimates if item.population != "all"):
        here = mine.select(population=population, quantity="hazard_ratio")
        printed = next((item for item in here.select(kind="published").estimates if item.value is not None), None)
        shrunken = next(iter(here.select(model=_HAZARD_MODEL, prior="reference").estimates), None)
        post = "" if printed is None or printed.causal else " (after randomisation)"
        benefit = _benefit(shrunken)
        table.add_row(f"{population}{post}", number(printed), number(shrunken), benefit)
    table.caption = _SAME_PATIENTS
    return table


def _cell(estimate: Estimate) -> str:
    if QUANTITIES[estimate.quantity].form == "probability" and estimate.value is not None:
        return _sure(estimate.value) if estimate.method.startswith("exact") else _bounded(estimate.value)
    return number(estimate)


def _sure(value: float) -> str:
    """An exact probability; one that is all but 0 or 1 as a bound."""
    if value < _LEAST:
        return f"< {_LEAST}"
    return f"> {1 - _LEAST}" if value > 1 - _LEAST else f"{value:.4f}"


def _benefit(estimate: Estimate | None) -> str:
    """A probability of benefit; one that rounds to 0 or 1 as a bound."""
    value = None if estimate is None else estimate.prob_benefit
    return "" if value is None else _bounded(value)


def _bounded(value: float) -> str:
    """A probability; where it rounds to 0 or 1, which draws cannot show, a bound."""
    return "< 0.001" if value < 5e-4 else "> 0.999" if value > 1 - 5e-4 else f"{value:.3g}"


def _figure(value: float, *, percent: bool, exact: bool) -> str:
    """A number as text; of draws no digit is shown, not even a 0, that they do not support."""
    if isinf(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, Printed):
        if not percent:
            return str(value)
        sign = value.text.removesuffix(value.number)
        return f"{sign}{value.scaled(2).digits:f}%"
    if not percent:
        return f"{value:.3g}"
    return f"{100 * value:.1f}%" if exact else f"{round(100 * value, 1):g}%"


def _plain(text: str) -> str:
    return escape("".join(character for character in text if character.isprintable()))
