"""Stratified analyses, and tests of one table beyond the usual: traced where a paper prints them, and not otherwise."""

import pytest

from reappraise.audit import claims, contrasts_from_counts, p_from_counts
from reappraise.core.errors import TrialFileError
from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.stratified import (
    stratified_odds_ratios,
    stratified_p_values,
    stratified_risk_differences,
    stratified_risk_ratios,
)
from support.audit_trials import COUNTS, RESPONSE, estimate, unchecked, write

FISHER = 'test = { name = "fisher_exact", sides = 2, significance_level = "0.05", source = "Methods" }\n'
OPENEPI = COUNTS.format(36, 66).replace("100", "68").replace("50", "94")
KIDNEY = """
test = {{ name = "{name}", {strata}sides = 2, significance_level = "0.05", source = "Methods" }}
[[endpoints.counts]]
arm = "c"
events = 27
total = 35
source = "Table"
[[endpoints.counts]]
arm = "e"
events = 29
total = 35
source = "Table"
[[endpoints.factors]]
key = "size"
label = "Stone size"
source = "Table"
timing = "{timing}"
levels = [
  {{ key = "small", label = "below 2 cm", counts = [
    {{ arm = "c", events = 8, total = 9, source = "T" }}, {{ arm = "e", events = 23, total = 27, source = "T" }} ] }},
  {{ key = "large", label = "2 cm and more", counts = [
    {{ arm = "c", events = 19, total = 26, source = "T" }}, {{ arm = "e", events = 6, total = 8, source = "T" }} ] }},
]
"""
STRATA = (TwoByTwo(23, 27, 8, 9), TwoByTwo(6, 8, 19, 26))
"""The same, experimental over control."""


def only(check, trial):
    (found,) = check(trial)
    return found


def claim(asserts):
    return f'[[endpoints.claims]]\ntext = "So it is."\nasserts = "{asserts}"\nsource = "Discussion"\n'


def kidney(*parts, name="cochran_mantel_haenszel", strata='strata = "size", ', timing="baseline"):
    return unchecked(RESPONSE + KIDNEY.format(name=name, strata=strata, timing=timing) + "".join(parts))


def with_p(p, more="sides = 2"):
    return estimate("odds_ratio", (None, None, None, p), more=more)


@pytest.mark.parametrize(
    ("quantity", "methods", "place", "said"),
    [
        ("odds_ratio", stratified_odds_ratios, 0, "Mantel-Haenszel odds ratio, Robins-Breslow-Greenland log"),
        ("odds_ratio", stratified_odds_ratios, 1, "Peto one-step odds ratio"),
        ("risk_ratio", stratified_risk_ratios, 0, "Mantel-Haenszel risk ratio, Greenland-Robins log"),
        ("risk_difference", stratified_risk_differences, 0, "Mantel-Haenszel risk difference, Greenland-Robins"),
        ("risk_difference", stratified_risk_differences, 1, "Mantel-Haenszel risk difference, Sato"),
    ],
)
def test_stratified_estimates_are_traced_to_their_method(quantity, methods, place, said):
    found = methods(STRATA)[place]
    printed = estimate(quantity, (f"{found.value:.4f}", f"{found.low:.4f}", f"{found.high:.4f}", None))
    verdict = only(contrasts_from_counts.check, kidney(printed))
    assert (verdict.verdict, f"{said} over Stone size" in verdict.message) == ("consistent", True), verdict.message
    crude = printed + 'how = ["crude"]\n'
    assert only(contrasts_from_counts.check, kidney(crude)).verdict == "inconsistent"
    assert only(contrasts_from_counts.check, kidney(printed, timing="post_randomisation")).verdict == "not reproduced"


def test_a_stratified_estimate_of_other_strata_is_not_reproduced():
    printed = estimate("odds_ratio", ("0.70", "0.10", "3.00", None), more='method = "Mantel-Haenszel"')
    found = only(contrasts_from_counts.check, kidney(printed))
    assert (found.verdict, "by other strata than are counted" in found.message) == ("not reproduced", True)


def test_a_stated_stratified_test():
    plain, _, corrected, _ = stratified_p_values(STRATA, direction="higher")
    for p in (plain, corrected):
        found = only(p_from_counts.check, kidney(with_p(f"{p.value:.4f}")))
        assert found.verdict == "consistent"
        assert "The stated test gives the printed p value: Cochran-Mantel-Haenszel over Stone size" in found.message
    found = only(p_from_counts.check, kidney(with_p("0.04")))
    assert (found.verdict, "as randomised" in found.message) == ("not reproduced", True)
    # strata that are not named are not known, and a crude test that print states and that fails is wrong
    unnamed = only(p_from_counts.check, kidney(with_p("0.04"), strata=""))
    assert (unnamed.verdict, "None of the standard tests" in unnamed.message) == ("not reproduced", True)
    crude = with_p(f"{plain.value:.4f}")
    fisher = only(p_from_counts.check, kidney(crude, name="fisher_exact", strata=""))
    assert (fisher.verdict, "it is that of: Cochran" in fisher.message) == ("inconsistent", True)


def test_claims_by_a_stated_stratified_test():
    found = only(claims.check, kidney(claim("difference")))
    assert (found.verdict, "Cochran-Mantel-Haenszel over Stone size" in found.recomputed) == ("inconsistent", True)
    # strata as randomised may be others than those tabulated: print is the better witness
    assert only(claims.check, kidney(with_p("0.04"), claim("difference"))).verdict == "consistent"


@pytest.mark.parametrize(
    ("name", "p"),
    [
        ("n_minus_1_chi_square", "0.02511"),
        ("chi_square", "0.02511"),
        ("chi_square", "0.02466"),
        ("fisher_mid_p", "0.02682"),
        ("fisher_mid_p", "0.02664"),
    ],
)
def test_more_stated_tests_of_one_table(name, p):
    text = RESPONSE + FISHER.replace("fisher_exact", name) + OPENEPI
    printed = estimate("risk_ratio", (None, None, None, p))
    found = only(p_from_counts.check, unchecked(text + printed))
    assert (found.verdict, "The stated test gives" in found.message) == ("consistent", True), found.recomputed
    assert only(p_from_counts.check, unchecked(text + printed.replace(p, "0.0321"))).verdict == "inconsistent"


@pytest.mark.parametrize(
    ("name", "strata", "said"),
    [("cochran_mantel_haenszel", "stage", "expected one of none, got stage"), ("fisher_exact", "f", "expected strata")],
)
def test_strata_that_are_none_are_refused(tmp_path, name, strata, said):
    test = f'test = {{ name = "{name}", strata = "{strata}", sides = 2, significance_level = "0.05", source = "M" }}\n'
    with pytest.raises(TrialFileError, match=said):
        write(tmp_path, RESPONSE + test + COUNTS.format(20, 20))
