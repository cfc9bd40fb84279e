"""Means with their spreads, arm by arm: whether patients can have them, and whether what is printed beside them agrees.

Values in steps (`step` in the trial file) have means and standard deviations in steps as well: GRIM asks whether the
mean is a sum of so many values, GRIMMER whether some values have both. Standard error, standard deviation and interval
of one mean say the same, or one of them is another. Tolerance: rounding alone.

References
----------
Brown NJL, Heathers JAJ. The GRIM test. Soc Psychol Personal Sci 2017;8:363-369. doi:10.1177/1948550616673876
Anaya J. The GRIMMER test. PeerJ Preprints 2016;4:e2400v1. doi:10.7287/peerj.preprints.2400v1
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, isfinite, sqrt

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.audit.impossible import impossible
from reappraise.audit.rounding import Span, logs, overlap, quantile
from reappraise.continuous.published import ContinuousEndpoint, Measured
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

STEPS = "mean and spread in steps"
SPREADS = "spreads of a mean"
MOST = 2_000_000
"""Sums of squares that are tried at most: so many patients leave nothing to find."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield findings for every printed mean."""
    for item in trial.of(ContinuousEndpoint):
        for one in item.published.measured:
            arm = _Arm(one, _about(trial, item.published, one))
            if one.impossible:
                yield impossible(arm.about, one.impossible)
                continue
            if item.published.step is not None and one.mean is not None and item.published.scale == "arithmetic":
                yield _steps(arm, float(item.published.step))
            if sum(part is not None for part in (one.sd, one.se, one.low)) > 1:
                yield _spreads(arm, logarithmic=item.published.scale == "logarithmic")


@dataclass(frozen=True, slots=True)
class _Arm:
    one: Measured
    about: About


def _about(trial: Trial, endpoint: ContinuousEndpoint, one: Measured) -> About:
    subject = f"{endpoint.label}, {words.arm(trial, one.arm)}"
    return About(endpoint=endpoint.key, subject=subject, printed=printed_mean(one, endpoint.unit), source=one.source)


def printed_mean(one: Measured, unit: str = "") -> str:
    """A mean or median as printed, with its spread and patients."""
    said = f" {unit}" if unit else ""
    parts = [f"mean {one.mean}{said}" if one.mean is not None else f"median {one.median}{said}"]
    parts += [f"{name} {number}" for name, number in (("sd", one.sd), ("se", one.se)) if number is not None]
    if one.low is not None:
        parts.append(f"({100 * float(one.level):.4g}% interval {one.low} to {one.high})")
    for name, pair in (("quartiles", one.quartiles), ("extremes", one.extremes)):
        if pair is not None:
            parts.append(f"{name} {pair[0]} and {pair[1]}")
    return f"{', '.join(parts)}, {one.total} patients"


def _steps(arm: _Arm, step: float) -> Finding:
    one, n = arm.one, arm.one.total
    low, high = (end / step for end in (one.mean or Printed("0")).bounds)
    if not (isfinite(low) and isfinite(high)) or (one.sd is not None and not all(map(isfinite, one.sd.bounds))):
        return arm.about.finding(STEPS, "cannot judge", "A bound is printed in place of a number.")
    slack = 1e-9 * max(abs(low), abs(high), 1.0) * n
    sums = range(ceil(low * n - slack), floor(high * n + slack) + 1)
    if (high - low) * n >= 1 and (one.sd is None or (high - low) * n >= MOST):
        message = f"So many patients can have every mean to the printed digits, in steps of {step:g}."
        return arm.about.finding(STEPS, "consistent", message)
    if not sums:
        around = sorted({floor(low * n), ceil(high * n)})
        recomputed = "nearest: " + ", ".join(words.number(total * step / n) for total in around)
        message = f"No {n} values in steps of {step:g} have this mean: their sum would lie between two steps."
        return arm.about.finding(STEPS, "inconsistent", message, recomputed)
    if one.sd is None or not isfinite(one.sd):
        return arm.about.finding(STEPS, "consistent", f"Values in steps of {step:g} can have this mean.")
    return _spread_in_steps(arm, one.sd, step, sums)


def _spread_in_steps(arm: _Arm, sd: Printed, step: float, sums: range) -> Finding:
    """Whether values in steps that have one of these sums can have the standard deviation as well."""
    n = arm.one.total
    if any(_squares(total, sd, step, n, n - 1) for total in sums):
        message = f"Values in steps of {step:g} can have this mean and standard deviation."
        return arm.about.finding(STEPS, "consistent", message)
    if any(_squares(total, sd, step, n, n) for total in sums):
        message = "Values can have them if the squares were divided by all patients, not by one fewer."
        return arm.about.finding(STEPS, "consistent", message)
    message = f"No {n} values in steps of {step:g} have this mean and this standard deviation."
    return arm.about.finding(STEPS, "inconsistent", message)


def _squares(total: int, sd: Printed, step: float, n: int, divisor: int) -> bool:
    """Whether some values with this sum have the standard deviation: their squares add up to a number as even as it."""
    low, high = (max(end, 0.0) / step for end in sd.bounds)
    slack = 1e-9 * (total * total / n + 1)
    first, last = ceil(divisor * low**2 + total**2 / n - slack), floor(divisor * high**2 + total**2 / n + slack)
    return last > first or (last == first and (first - total) % 2 == 0)


def _spreads(arm: _Arm, *, logarithmic: bool) -> Finding:
    one, n, root = arm.one, arm.one.total, sqrt(arm.one.total)
    errors: dict[str, Span] = {}
    if one.sd is not None:
        errors["sd"] = (one.sd.bounds[0] / root, one.sd.bounds[1] / root)
    if one.se is not None:
        errors["se"] = one.se.bounds
    if one.low is not None and one.high is not None:
        from scipy.special import stdtrit  # slow to load, and few trials need it

        ends = [logs(limit) if logarithmic else limit.bounds for limit in (one.low, one.high)]
        width = ends[1][0] - ends[0][1], ends[1][1] - ends[0][0]
        factors = 2 * float(stdtrit(max(n - 1.0, 1.0), (1 + float(one.level)) / 2)), 2 * quantile(float(one.level))
        errors["interval"] = width[0] / max(factors), width[1] / min(factors)
    said = "; ".join(f"standard error from the {name} {words.span(*span)}" for name, span in errors.items())
    names = list(errors)
    apart = [
        (first, second)
        for place, first in enumerate(names)
        for second in names[place + 1 :]
        if not overlap(errors[first], errors[second])
    ]
    if not apart:
        return arm.about.finding(SPREADS, "consistent", f"{words.listed(names)} agree.".capitalize(), said)
    verdict: Verdict = "not reproduced"  # of an analysis of variance the standard error is a pooled one
    message = "; ".join(f"{first} and {second} do not belong to one mean of {n} patients" for first, second in apart)
    if (
        one.sd is not None
        and all("sd" in pair for pair in apart)
        and all(overlap(one.sd.bounds, span) for name, span in errors.items() if name != "sd")
    ):
        verdict = "inconsistent"
        message += "; what is printed as standard deviation is the standard error"
    else:
        message += "; a pooled standard error need not"
    return arm.about.finding(SPREADS, verdict, f"{message[:1].upper()}{message[1:]}.", said)
