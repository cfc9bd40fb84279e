"""Published, recomputed and posterior numbers of one endpoint side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from matplotlib.figure import Figure

from reappraise.core.arms import WHOLE
from reappraise.core.comparison import Comparison
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.silence import silences
from reappraise.drawing.estimates import mark_of, mark_span
from reappraise.drawing.layout import Panel, Row
from reappraise.drawing.scale import contrast_scale, rate_scale
from reappraise.drawing.sheet import draw_sheet
from reappraise.drawing.words import NOT_CONVERGED, favours, levels_differ, percent_level, prior_name
from reappraise.published.trial import TrialEndpoint
from reappraise.response.figures.words import arm_names, binary
from reappraise.response.published import ResponseEndpoint


def forest_plot(
    comparison: Comparison, *, endpoint: TrialEndpoint[ResponseEndpoint], quantity: str = "odds_ratio"
) -> Figure:
    """Draw rates by arm and a contrast of the arms in the whole population: published, recomputed, posterior.

    Parameters
    ----------
    comparison
        Estimates; of several recomputed by different methods, the first of each is drawn.
    endpoint
        Binary endpoint of a trial.
    quantity
        The contrast: ``"odds_ratio"``, ``"risk_ratio"`` or ``"risk_difference"``.

    Raises
    ------
    AnalysisError
        If the endpoint is not binary, or the comparison holds nothing about it.
    """
    published = binary(endpoint)
    mine = [
        item
        for item in comparison.select(endpoint=published.key, population=WHOLE).estimates
        if item.quantity in {"rate", quantity} and item.value is not None
    ]
    if not mine:
        raise AnalysisError(f"expected estimates of {published.key} in the comparison, got none")
    arms = arm_names(endpoint.trial)
    totals = endpoint.partition().totals[0]
    rows = list(_rows(mine, tuple(arms), level=levels_differ(mine)))
    drawn = [item for estimates, _ in rows for item in estimates]
    level = percent_level(item.level for item in drawn)
    panels = [
        Panel(
            heading="Rate by arm",
            scale=rate_scale(mark_span(item) for item in drawn if item.quantity == "rate"),
            numbers=f"%\n({level})",
        )
    ]
    contrasts = [item for item in drawn if item.quantity == quantity]
    if contrasts:
        panels.append(contrast_panel(contrasts, endpoint, quantity, level))
    return draw_sheet(
        [replace(row, cells=row.cells[: len(panels)]) for _, row in rows],
        panels,
        title=f"{published.label}: published, recomputed and posterior",
        key=[(None, place == 1, f"{arm} (n = {totals[place]})") for place, arm in enumerate(arms.values())],
        note=note_of(drawn),
    )


def contrast_panel(
    items: Sequence[Estimate], endpoint: TrialEndpoint[ResponseEndpoint], quantity: str, level: str
) -> Panel:
    """The panel of a contrast: its axis holds the null value, and names who is favoured on either side of it."""
    arms = arm_names(endpoint.trial)
    above, below = (arms.get(key, key) for key in (items[0].numerator, items[0].denominator))
    ratio = QUANTITIES[quantity].form == "ratio"
    return Panel(
        heading=f"{QUANTITIES[quantity].label}, {above} {'over' if ratio else 'minus'} {below}",
        scale=contrast_scale(quantity, (mark_span(item) for item in items)),
        numbers=f"{'ratio' if ratio else 'points'}\n({level})",
        favours=favours(above, below, binary(endpoint).better),
    )


def _rows(mine: Sequence[Estimate], arms: tuple[str, ...], *, level: bool) -> Iterator[tuple[Sequence[Estimate], Row]]:
    """Yield the estimates of each row and the row, headings with none."""
    published = [item for item in mine if item.kind == "published"]
    rates = [item for item in published if item.quantity == "rate"]
    contrasts = list({(i.value, i.low, i.high): i for i in reversed(published) if i.quantity != "rate"}.values())[::-1]
    if published:
        yield _row("Published", [*first_of(rates), *contrasts[:1]], arms, level=level)
    for item in contrasts[1:]:
        yield _row(f"Published, {item.source}" if item.source else "Published", [item], arms, level=level)
    recomputed = first_of([item for item in mine if item.kind == "recomputed"])
    if recomputed:
        yield _row("Recomputed", recomputed, arms, level=level)
    posterior = [item for item in mine if item.kind == "posterior"]
    models = dict.fromkeys(item.model for item in posterior)
    for model in models:
        yield [], Row(label=f"Posterior: {model}", heading=True)
        members = [item for item in posterior if item.model == model]
        order = list(dict.fromkeys(item.prior for item in members))
        for prior, group in groupby(sorted(members, key=lambda i: order.index(i.prior)), key=lambda i: i.prior):
            yield _row(prior_name(prior), list(group), arms, level=level, indent=True)


def first_of(items: Sequence[Estimate]) -> list[Estimate]:
    """Of several estimates of the same quantity in the same population and arm, the first."""
    return list({(item.population, item.quantity, item.arm): item for item in reversed(items)}.values())[::-1]


def _row(
    label: str, items: Sequence[Estimate], arms: tuple[str, ...], *, level: bool, indent: bool = False
) -> tuple[Sequence[Estimate], Row]:
    rates = {item.arm: item for item in items if item.quantity == "rate"}
    held = [(rates[arm], place == 1) for place, arm in enumerate(arms) if arm in rates]
    first = tuple(mark_of(item, filled=filled, level=level) for item, filled in held)
    second = tuple(mark_of(item, level=level) for item in items if item.quantity != "rate")
    remark = NOT_CONVERGED if any(item.failed for item in items) else ""
    return items, Row(label=label, cells=(first, second), remark=remark, indent=indent)


def note_of(drawn: Iterable[Estimate]) -> str:
    """How the numbers drawn were obtained, in sentences."""
    items = list(drawn)
    methods: dict[str, list[str]] = {}
    for item in items:
        if item.kind == "recomputed" and item.method not in methods.setdefault(item.quantity, []):
            methods[item.quantity].append(item.method)
    said = [f"{QUANTITIES[quantity].label}: {' or '.join(found)}." for quantity, found in methods.items()]
    sentences = ["Recomputed from the published counts.", *said] if said else []
    if any(item.turned for item in items if item.kind == "published"):
        sentences.append("The published contrast was converted to this direction.")
    if any(item.kind == "posterior" for item in items):
        sentences.append("Posterior: median and equal-tailed interval, in the digits that the draws support.")
    silent = silences(items)
    sentences += [silent] if silent else []
    return " ".join(sentences)
