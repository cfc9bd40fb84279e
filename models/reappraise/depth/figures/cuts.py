"""Odds ratios by cut point, proportional and not, beside those of the binary endpoints that cut the scale there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.figure import Figure

from reappraise.core.arms import WHOLE
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.two_by_two import TwoByTwo
from reappraise.depth.figures.words import depth_note, depth_subtitle, depth_title, of_one_prior
from reappraise.depth.fit import DepthFit
from reappraise.depth.table import OrdinalTable
from reappraise.drawing.scale import contrast_scale, in_words
from reappraise.drawing.series_sheet import Series, SeriesMark, SeriesPanel, SeriesRow, draw_series_sheet
from reappraise.drawing.style import GREEN, KINDS, PURPLE, Look
from reappraise.drawing.words import favours
from reappraise.response.classical.contrasts import odds_ratios

EXACT = "conditional odds ratio, exact"


def draw_depth_cuts(fits: Sequence[DepthFit], responses: Iterable[Estimate] = ()) -> Figure:
    """Draw the odds ratio of a response at least as good as each category, experimental over control.

    Proportional odds are one number at every cut point; where the raw and binary ones move away from it, they do not
    describe the counts.

    Parameters
    ----------
    fits
        The fits with and without proportional odds, of the same prior; with two categories the first alone.
    responses
        Posterior estimates of binary endpoints; drawn are the odds ratios of those that cut the scale, under the
        ordinal models' prior.

    Raises
    ------
    AnalysisError
        If fits are of several priors or endpoints, or none has proportional odds.
    """
    table = of_one_prior(fits)
    proportional = next((fit for fit in fits if fit.job.model.proportional), None)
    if proportional is None:
        raise AnalysisError(f"{table.endpoint}: expected a fit with proportional odds among those to draw, got none")
    free = next((fit for fit in fits if not fit.job.model.proportional), None)
    level, prior = proportional.job.sampling.level, proportional.job.prior.name
    common = next(item for item in proportional.estimates if item.quantity == "common_odds_ratio")
    by_cut = {i.item: i for i in free.estimates if i.quantity == "odds_ratio" and i.item} if free else {}
    binary = _binary(table, responses, prior)
    raw = _raw(table, level)
    series = [
        Series(label=f"raw ({EXACT})", look=KINDS["recomputed"]),
        Series(label="proportional odds", look=KINDS["posterior"]),
    ]
    series += [Series(label="non-proportional odds", look=Look(GREEN, "^"))] if free else []
    series += [Series(label="binary endpoint alone", look=Look(PURPLE, "v"))] if binary else []
    after = [f"Proportional\n({100 * level:g}% interval)"]
    after += [f"Non-proportional\n({100 * level:g}% interval)"] if free else []
    after += [f"Binary alone\n({_level(binary)})"] if binary else []
    rows = []
    for place, (cut, label) in enumerate(zip(table.cuts, table.cut_labels, strict=True)):
        shown = [common, *([by_cut[cut]] if free else []), *([binary.get(cut)] if binary else [])]
        rows.append(
            SeriesRow(
                label=label,
                before=[f"{k}/{n}" for k, n in zip(table.or_better_counts[place], table.totals, strict=True)],
                marks=[raw[place], *(_mark(item) if item else None for item in shown)],
                after=[in_words(item) if item else "no endpoint" for item in shown],
            )
        )
    held = [mark for row in rows for mark in row.marks if mark is not None]
    control, experimental = table.arm_labels
    panel = SeriesPanel(
        heading=f"Odds ratio of this response or a better one, {experimental} over {control}",
        scale=contrast_scale("odds_ratio", [(mark.value, mark.low, mark.high) for mark in held]),
        sides=favours(experimental, control, "higher"),
        before=[
            f"{label if len(label) < 14 else short}\n(k/n)"
            for label, short in zip(table.arm_labels, ("control", "exper."), strict=True)
        ],
        after=after,
        edge="raw odds ratio 0 or infinite",
        reference=common.value,
    )
    drawn = [fit for fit in (proportional, free) if fit is not None]
    models = list(dict.fromkeys(f"{item.model}, {item.prior} prior" for item in binary.values()))
    said = f" Binary endpoints alone: posterior of {' and '.join(models)}." if models else ""
    return draw_series_sheet(
        rows,
        series,
        panel,
        title=depth_title(table, drawn, "odds ratio by cut point"),
        subtitle=depth_subtitle(table, drawn),
        note=(
            f"Dotted line: the common odds ratio. Raw: {100 * level:g}% interval, each cut point by itself.{said} Cut "
            f"points share patients, so that their intervals are not independent.\n{depth_note(table, drawn)}"
        ),
    )


def _binary(table: OrdinalTable, responses: Iterable[Estimate], prior: str) -> dict[str, Estimate]:
    """By cut the odds ratio of the binary endpoint that cuts there, experimental over control."""
    held = [
        item
        for item in responses
        if (item.quantity, item.kind, item.population, item.prior) == ("odds_ratio", "posterior", WHOLE, prior)
    ]
    found = {}
    for cut, endpoint in zip(table.cuts, table.or_better, strict=False):
        chosen = next((item for item in held if endpoint and item.endpoint == endpoint), None)
        if chosen is not None:
            found[cut] = chosen if chosen.numerator == table.arms[1] else chosen.reversed()
    return found


def _raw(table: OrdinalTable, level: float) -> list[SeriesMark]:
    found = []
    for (control, treated), (of_control, of_treated) in zip(
        table.or_better_counts, [table.totals] * len(table.cuts), strict=True
    ):
        exact = next(
            item
            for item in odds_ratios(TwoByTwo(treated, of_treated, control, of_control), level=level)
            if item.method == EXACT
        )
        found.append(
            SeriesMark(value=exact.value, low=exact.low, high=exact.high) if exact.value is not None else SeriesMark()
        )
    return found


def _mark(item: Estimate) -> SeriesMark:
    value, low, high = (None if number is None else float(number) for number in (item.value, item.low, item.high))
    return SeriesMark(value=value, low=low, high=high, failed=item.failed)


def _level(binary: dict[str, Estimate]) -> str:
    levels = sorted({item.level for item in binary.values() if item.level is not None})
    return f"{'/'.join(f'{100 * level:g}%' for level in levels)} interval"
