"""The page of a run: from facts, estimates and findings to one self-contained HTML file."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reappraise.audit.finding import Finding
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.report.facts import Believed, EndpointFacts, Facts, in_order
from reappraise.report.numbers import estimate_text, probability_text
from reappraise.report.parts import EndpointPart, endpoint_part
from reappraise.report.sentences import answer, elsewhere, question
from reappraise.report.weighed import as_script

FILE: Final = "report.html"
_ROOM: Final = "reappraise.report"
_SERIOUS: Final = ("inconsistent", "not reproduced")
_UNKNOWN: Final = "cannot judge"


class Called(dict[str, str]):
    """Names by key; a key without one, such as in a table that was changed, stands for itself."""

    def __missing__(self, key: str) -> str:
        """The key itself."""
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the audit found: how many of each verdict, what is amiss, what is not known, how often a check was kept."""

    counts: tuple[tuple[str, int], ...]
    serious: tuple[Finding, ...]
    unknown: tuple[Finding, ...]
    kept: tuple[tuple[str, int], ...]


def render(
    facts: Facts,
    estimates: Sequence[Estimate],
    findings: Sequence[Finding],
    *,
    pictures: Sequence[str],
) -> str:
    """The page as HTML text.

    Parameters
    ----------
    facts
        What is said of trial, endpoints, models and fits.
    estimates
        Every number, in order.
    findings
        Everything that the audit looked at.
    pictures
        Names of the figures beside the page, relative to it.
    """
    names = Called({arm.key: arm.short for arm in facts.arms})
    known = {one.key: one for one in facts.endpoints}
    several = len(facts.arms) > 2
    parts = tuple(
        endpoint_part(described, own, names, below=key not in known)
        for key, items in in_order(facts, estimates).items()
        if items or key in known
        for described, own in _by_contrast(known.get(key) or _part_of(key, facts), items, names, several=several)
    )
    first = next((part for part in parts if part.lead is not None), None)
    lead = "" if first is None or first.lead is None else first.lead.contrast.endpoint
    weighed = sorted(facts.weighed, key=lambda one: one.endpoint != lead)  # the others keep their order
    explorable = [one.explorer for one in weighed if one.explorer]
    style, script, explorer = _asset("page.css"), _asset("page.js"), _asset("explorer.js")
    template = _environment().get_template("page.html.j2")
    return template.render(
        facts=facts,
        parts=parts,
        first=first,
        question="" if first is None or first.lead is None else question(first.facts, first.lead, names),
        sentences=tuple(_sentences(first, parts, estimates, names, findings)),
        audit=_checked(findings),
        believed=_by_model(facts.believed),
        pictures=pictures,
        lead_probability="" if first is None or first.lead is None else probability_text(first.lead.probability),
        lead_text="" if first is None or first.lead is None else estimate_text(first.lead.contrast),
        lead_words="" if first is None or first.lead is None else _lead_words(first.lead.contrast),
        style=style,
        script=script,
        explorer=explorer,
        explorable=as_script(explorable) if explorable else "",
        weighed=weighed,
        explorer_digest=_digest(explorer),
        style_digest=_digest(style),
        script_digest=_digest(script),
    )


def _part_of(key: str, facts: Facts) -> EndpointFacts:
    """Words for numbers that are kept under a key of their own: a part of an endpoint, or two endpoints together."""
    known = {one.key: one for one in facts.endpoints}
    both = [known[one].label for one in key.split("+") if one in known]
    if len(both) > 1:
        return EndpointFacts(key=key, label=f"{' and '.join(both)} in one model", kind="")
    label, whole = facts.names.endpoint(key).label, facts.names.whole(key)
    if whole not in known:
        return EndpointFacts(key=key, label=label, kind="")
    return replace(known[whole], key=key, label=label, primary=False, words="")


def _by_contrast(
    facts: EndpointFacts, items: Sequence[Estimate], names: Mapping[str, str], *, several: bool
) -> Iterator[tuple[EndpointFacts, tuple[Estimate, ...]]]:
    """Yield an endpoint with its numbers: of several contrasts each by itself, of several arms with its contrast."""
    pairs = list(dict.fromkeys((item.numerator, item.denominator) for item in items if item.numerator))
    if not several or not pairs:
        yield facts, tuple(items)
        return
    for place, pair in enumerate(pairs):
        above, below = (names.get(key, key) for key in pair)
        mine = (item for item in items if (item.numerator, item.denominator) == pair)
        arms = (item for item in items if not item.numerator and (item.arm in pair or not item.arm))
        own = (*arms, *mine)
        key = f"{facts.key}-{place + 1}" if place else facts.key
        together = ", all arms together" if len(pairs) > 1 else ""
        yield replace(facts, key=key, label=f"{facts.label}{together}: {above} and {below}"), own


def _lead_words(item: Estimate) -> str:
    return f"{QUANTITIES[item.quantity].label.lower()}, median and {100 * (item.level or 0.95):g}% interval"


def _digest(text: str) -> str:
    """What a content security policy knows an inline part by."""
    return b64encode(sha256(text.encode()).digest()).decode()


def _sentences(
    first: EndpointPart | None,
    parts: Sequence[EndpointPart],
    estimates: Sequence[Estimate],
    names: dict[str, str],
    findings: Sequence[Finding],
) -> Iterator[str]:
    if first is not None and first.lead is not None:
        mine = [item for item in estimates if item.endpoint == first.lead.contrast.endpoint]
        yield from answer(mine, first.lead, names)
        others = {part.facts.label: part.lead for part in parts if part.lead is not None and part is not first}
        yield from filter(None, (elsewhere(others),))
    else:
        yield "Nothing that is printed says how probable benefit is."
    counts = Counter(finding.verdict for finding in findings)
    if findings:
        yield (
            f"Of {len(findings)} checks of the paper's own numbers, {counts['inconsistent']} found some that do not go "
            f"together, and {counts['not reproduced']} some that the methods tried do not give."
        )


def _checked(findings: Sequence[Finding]) -> Checked:
    counts = Counter(finding.verdict for finding in findings)
    serious = [finding for verdict in _SERIOUS for finding in findings if finding.verdict == verdict]
    kept = Counter(finding.check for finding in findings if finding.verdict == "consistent")
    return Checked(
        counts=tuple((verdict, counts[verdict]) for verdict in (*_SERIOUS, _UNKNOWN, "consistent") if counts[verdict]),
        serious=tuple(serious),
        unknown=tuple(finding for finding in findings if finding.verdict == _UNKNOWN),
        kept=tuple(kept.items()),
    )


def _by_model(believed: Sequence[Believed]) -> dict[str, tuple[str, tuple[Believed, ...]]]:
    """Formula and distinct priors of each model."""
    found: dict[str, dict[tuple[str, str], Believed]] = {}
    formulas: dict[str, str] = {}
    for one in believed:
        formulas.setdefault(one.model, one.formula)
        found.setdefault(one.model, {}).setdefault((one.prior, one.distribution), one)
    return {model: (formulas[model], tuple(priors.values())) for model, priors in found.items()}


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(_ROOM),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> Markup:
    return Markup(files(_ROOM).joinpath("templates", name).read_text(encoding="utf-8"))  # noqa: S704  # ours
