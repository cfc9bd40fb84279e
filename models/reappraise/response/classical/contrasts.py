"""Candidate intervals of a contrast of two rates: what a printed contrast may have been computed by."""

from __future__ import annotations

from math import exp, hypot, inf, isnan, log, sqrt

from reappraise.core.interval import Interval
from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical import baptista_pike, score
from reappraise.response.classical.peto import one_step
from reappraise.response.classical.rates import normal_quantile, wilson, wilson_corrected


def risk_differences(table: TwoByTwo, *, level: float = 0.95) -> tuple[Interval, ...]:
    """Intervals of the difference of two rates, first arm minus reference arm; Newcombe's hybrid score first.

    Parameters
    ----------
    table
        The two arms.
    level
        Coverage.

    References
    ----------
    Newcombe RG. Interval estimation for the difference between independent proportions. Stat Med 1998;17:873-890.
    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
    Agresti A, Caffo B. Simple and effective confidence intervals for proportions and differences of proportions.
    Am Stat 2000;54:280-288. doi:10.1080/00031305.2000.10474560
    """
    difference = table.rate - table.reference_rate
    wald = _wald(table, level)
    correction = (1 / table.total + 1 / table.reference_total) / 2
    limits = {
        "Newcombe hybrid score": _hybrid(table, level, corrected=False),
        "Miettinen-Nurminen score": score.difference_limits(table, level=level, corrected=True),
        "Mee score": score.difference_limits(table, level=level, corrected=False),
        "Wald": wald,
        "Wald with continuity correction": (wald[0] - correction, wald[1] + correction),
        "Agresti-Caffo": _wald(table, level, added=1),
        "Newcombe hybrid score with continuity correction": _hybrid(table, level, corrected=True),
    }
    return tuple(Interval(method, difference, max(-1.0, low), min(1.0, high)) for method, (low, high) in limits.items())


def risk_ratios(table: TwoByTwo, *, level: float = 0.95) -> tuple[Interval, ...]:
    """Intervals of the ratio of two rates, first arm over reference arm; Koopman's score first.

    No events in one arm give a ratio of 0 or infinity, whose Katz limits are 0 and infinity;
    no events in both give no ratio.

    Parameters
    ----------
    table
        The two arms.
    level
        Coverage.

    References
    ----------
    Katz D, Baptista J, Azen SP, Pike MC. Obtaining confidence intervals for the risk ratio in cohort studies.
    Biometrics 1978;34:469-474. doi:10.2307/2530610
    """
    value = ratio(table.rate, table.reference_rate)
    katz = 0.0, inf
    if table.events and table.reference_events:
        error = sqrt(
            max(0.0, 1 / table.events - 1 / table.total)
            + max(0.0, 1 / table.reference_events - 1 / table.reference_total)
        )
        katz = log_wald(table.rate / table.reference_rate, error, level)
    limits = {
        "Koopman score": score.ratio_limits(table, level=level, corrected=False),
        "Miettinen-Nurminen score": score.ratio_limits(table, level=level, corrected=True),
        "Katz log": katz,
    }
    return tuple(Interval(method, value, low, high) for method, (low, high) in limits.items())


def odds_ratios(table: TwoByTwo, *, level: float = 0.95) -> tuple[Interval, ...]:
    r"""Intervals of the odds ratio, first arm over reference arm; the sample odds ratio with Woolf's interval first.

    .. math:: \log OR \pm z \sqrt{1/a + 1/b + 1/c + 1/d}

    A zero cell makes the sample odds ratio 0 or infinite and Woolf's limits 0 and infinity: nothing is added to
    the cells, except in the Haldane-Anscombe row, which adds 1/2 to each. Where nobody or everybody had the event,
    the odds ratio is not defined. The conditional odds ratio is that of the noncentral hypergeometric distribution,
    and its exact limits give each tail half; Baptista and Pike's invert the two-sided test, and are left out for tables
    with too many outcomes (`baptista_pike.LARGEST_SUPPORT`). Peto's steps once from no effect, and is finite whatever
    cell is zero.

    Parameters
    ----------
    table
        The two arms.
    level
        Coverage.

    References
    ----------
    Woolf B. On estimating the relation between blood group and disease. Ann Hum Genet 1955;19:251-253.
    doi:10.1111/j.1469-1809.1955.tb01348.x
    Cornfield J. A statistical problem arising from retrospective studies. Proc Third Berkeley Symp 1956;4:135-148.
    Anscombe FJ. On estimating binomial response relations. Biometrika 1956;43:461-464. doi:10.1093/biomet/43.3-4.461
    """
    (a, b), (c, d) = table.cells
    sample = ratio(a * d, b * c)
    woolf = (0.0, inf)
    if not table.has_zero_cell:
        woolf = log_wald(a * d / (b * c), sqrt(1 / a + 1 / b + 1 / c + 1 / d), level)
    added = tuple(cell + 0.5 for cell in (a, b, c, d))
    moved = added[0] * added[3] / (added[1] * added[2])
    haldane = log_wald(moved, sqrt(sum(1 / cell for cell in added)), level)
    from scipy.stats.contingency import odds_ratio

    conditional = odds_ratio(table.cells, kind="conditional")
    exact = conditional.confidence_interval(level)
    value = None if isnan(conditional.statistic) else float(conditional.statistic)
    pikes = [
        Interval(f"sample odds ratio, {name}", sample, *found)
        for name, mid_p in (("Baptista-Pike exact", False), ("Baptista-Pike mid-P", True))
        if (found := baptista_pike.limits(table, level=level, mid_p=mid_p))
    ]
    return (
        Interval("sample odds ratio, Woolf log", sample, *woolf),
        Interval("conditional odds ratio, exact", value, float(exact.low), float(exact.high)),
        Interval(
            "sample odds ratio, Miettinen-Nurminen score",
            sample,
            *score.odds_limits(table, level=level, corrected=True),
        ),
        Interval("sample odds ratio, Cornfield score", sample, *score.odds_limits(table, level=level, corrected=False)),
        Interval("Haldane-Anscombe odds ratio (1/2 added to each cell), log", moved, *haldane),
        *pikes,
        Interval("Peto one-step odds ratio", *one_step([table], level=level)),
    )


def _hybrid(table: TwoByTwo, level: float, *, corrected: bool) -> tuple[float, float]:
    """Newcombe's limits: the distances of Wilson's limits from both rates, as if they were standard errors."""
    score_limits = wilson_corrected if corrected else wilson
    low, high = score_limits(table.events, table.total, level=level)
    reference_low, reference_high = score_limits(table.reference_events, table.reference_total, level=level)
    difference = table.rate - table.reference_rate
    return (
        difference - hypot(table.rate - low, reference_high - table.reference_rate),
        difference + hypot(high - table.rate, table.reference_rate - reference_low),
    )


def _wald(table: TwoByTwo, level: float, added: int = 0) -> tuple[float, float]:
    """Wald's limits, after adding so many patients with and as many without the event to each arm."""
    first, total = table.events + added, table.total + 2 * added
    reference, reference_total = table.reference_events + added, table.reference_total + 2 * added
    rate, reference_rate = first / total, reference / reference_total
    variance = rate * (1 - rate) / total + reference_rate * (1 - reference_rate) / reference_total
    width = normal_quantile(level) * sqrt(variance)
    return rate - reference_rate - width, rate - reference_rate + width


def log_wald(value: float, error: float, level: float) -> tuple[float, float]:
    """Wald's limits of a ratio on the log scale, from the standard error of its logarithm."""
    width = normal_quantile(level) * error
    return exp(log(value) - width), exp(log(value) + width)


def ratio(above: float, below: float) -> float | None:
    """A ratio; infinite where there is nothing below the line, not defined where there is nothing above it either."""
    if below == 0:
        return None if above == 0 else inf
    return above / below
