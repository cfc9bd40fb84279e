"""Claims that a difference was or was not found, against the prespecified level.

Evidence is taken in this order: the stated test recomputed from counts; a printed p value that decides; the Wald
p value of the printed interval, with the tolerance for other tests that the check of p values and intervals gives.
Only where all values it allows lie on one side of the level is a claim judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.audit.p_from_counts import recomputed_p_values, stated_p_values, stratified_of
from reappraise.audit.p_from_interval import wald_z
from reappraise.audit.rounding import Span, one_sided, two_sided
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.record import Claim, StatedTest
from reappraise.published.trial import Trial

NAME = "claim and prespecified level"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the p value of the stated test, with the stated sides.

    Parameters
    ----------
    span
        Least and largest value.
    said
        Where it comes from, in words.
    """

    span: Span
    said: str


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every claim."""
    facts = list(estimates(trial))
    for endpoint in trial.file.endpoints:
        own = [fact for fact in facts if fact.endpoint is endpoint and fact.of_endpoint]
        for claim in endpoint.claims:
            yield _judge(trial, endpoint, claim, own)


def unscoped(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every claim in a trial of several arms that does not say which it compares."""
    for endpoint in trial.file.endpoints:
        for claim in endpoint.claims:
            if claim.numerator is None:
                yield About(
                    endpoint=endpoint.key,
                    subject=f"{endpoint.label}: {claim.asserts}",
                    printed=claim.text,
                    source=claim.source,
                ).finding(
                    NAME,
                    "cannot judge",
                    "Of several arms, the claim does not say which it compares: name its numerator and denominator.",
                )


def _judge(trial: Trial, endpoint: EndpointRecord, claim: Claim, own: list[EstimateFact]) -> Finding:
    test = endpoint.test
    verdict: Verdict = "cannot judge"
    recomputed = ""
    if test is None:
        message = "No test with a prespecified level is stated for this endpoint."
        found = recomputed_p_values(trial, endpoint, unconditional=False)
        fisher = [p for p in found if p.test == "fisher_exact"]
        recomputed = "; ".join(f"{p.method} {words.number(p.value)}" for p in fisher)
    else:
        evidence = _evidence(trial, endpoint, test, own)
        level = float(test.significance_level)
        recomputed = f"level {test.significance_level}, {words.sided(test.sides)}"
        if evidence is None:
            message = "Neither a p value that decides at this level nor an interval of the contrast is printed."
        else:
            recomputed += f"; {evidence.said}"
            significant = True if evidence.span[1] <= level else False if evidence.span[0] > level else None
            at = f"the prespecified {words.sided(test.sides)} level of {level:g}"
            verdict, message = _verdict(claim.asserts, at, significant=significant)
    return About(
        endpoint=endpoint.key,
        subject=f"{endpoint.label}: {claim.asserts}",
        printed=claim.text,
        source=claim.source,
    ).finding(NAME, verdict, message, recomputed)


def _verdict(asserts: str, at: str, *, significant: bool | None) -> tuple[Verdict, str]:
    if significant is None:
        return "cannot judge", f"The printed digits leave p on either side of {at}."
    found = f"The difference is {'' if significant else 'not '}significant at {at}"
    if asserts in {"significant difference", "difference"}:
        unsupported = f"The claim of a difference is not supported at {at}."
        return ("consistent", f"{found}.") if significant else ("inconsistent", unsupported)
    if significant:
        return "inconsistent", f"{found}."
    if asserts == "no significant difference":
        return "consistent", f"{found}."
    return "cannot judge", f"{found}, which does not show that there is none: no margin of equivalence is stated."


def _evidence(trial: Trial, endpoint: EndpointRecord, test: StatedTest, own: list[EstimateFact]) -> Evidence | None:
    every = (*recomputed_p_values(trial, endpoint, unconditional=False), *stratified_of(trial, endpoint))
    found = stated_p_values(every, test, test.sides)
    # strata as randomised may be others than those tabulated: of a stratified test, print is the better witness
    printed = _printed(test, own) if found and found[0].strata else None
    if printed is not None:
        return printed
    if found:
        said = "; ".join(f"{p.method} {words.number(p.value)}" for p in found)
        return Evidence((min(p.value for p in found), max(p.value for p in found)), said)
    return _printed(test, own) or _wald(trial, test, own)


def _printed(test: StatedTest, own: list[EstimateFact]) -> Evidence | None:
    """Evidence of a printed p value with the stated sides; a bound above the level decides nothing."""
    level = float(test.significance_level)
    for fact in own:
        p = fact.published.p
        if p is None or fact.sides != test.sides:
            continue
        low, high = max(0.0, p.bounds[0]), min(1.0, p.bounds[1])
        if high <= level or low > level:
            return Evidence((low, high), f"p printed as {p}")
    return None


def _wald(trial: Trial, test: StatedTest, own: list[EstimateFact]) -> Evidence | None:
    turn = one_sided if test.sides == 1 else two_sided
    for fact in own:
        if fact.has_interval and fact.form in {"ratio", "difference"}:
            exact, wide = wald_z(trial, fact, tolerance=False), wald_z(trial, fact, tolerance=True)
            if exact is not None and wide is not None:
                return Evidence(turn(wide), f"Wald p value of the printed interval {words.span(*turn(exact))}")
    return None
