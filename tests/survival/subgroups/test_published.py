"""What a trial file may say of subgroups of a time-to-event endpoint, and what is refused with file and key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reappraise.audit import impossible
from reappraise.core.errors import TrialFileError
from reappraise.published.estimates import published_estimates
from reappraise.published.facts import count_facts, estimate_facts
from support.subgroups import ASIA

type Altered = Callable[..., Any]


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('key = "female"', 'key = "male"', "factors[sex].levels", "expected each key once, got 'male' 2 times"),
        ('key = "age"', 'key = "sex"', "factors", "expected each key once, got 'sex' 2 times"),
        (
            'p_interaction = "0.07"',
            'p_interaction = "1.07"',
            "factors[sex]",
            "expected p_interaction in 0 to 1, got 1.07",
        ),
        (ASIA, '  { key = "asia", label = "Asia" },\n', "levels[asia]", "or events by arm, got neither"),
    ],
)
def test_what_does_not_add_up_is_named_with_file_and_key(
    altered: Altered, old: str, new: str, key: str, said: str
) -> None:
    with pytest.raises(TrialFileError) as caught:
        altered((old, new))
    words = str(caught.value)
    assert "altered.toml" in words
    assert key in words
    assert said in words


def test_a_level_has_ratios_medians_and_counts_only(altered: Altered) -> None:
    with pytest.raises(
        TrialFileError, match=r"levels\[asia\]\.estimates\[0\]\.quantity.*expected hazard_ratio or median"
    ):
        altered((ASIA, ASIA.replace('"hazard_ratio"', '"risk_ratio"')))


def test_one_level_needs_words_for_the_others(altered: Altered) -> None:
    text = ASIA.replace("asia", "all").replace("Asia", "All")
    start, end = '[[endpoints.factors]]\nkey = "region"', "levels = [\n"
    only = f'\n[[endpoints.factors]]\nkey = "one"\nlabel = "One"\nsource = "Figure 3"\n{end}{text}]\n{start}'
    with pytest.raises(TrialFileError, match=r"factors\[one\]\.levels.*expected two levels"):
        altered((start, only))
    words = only.replace('label = "One"\n', 'label = "One"\nremainder = "The others"\n')
    assert len(altered((start, words)).published.factor("one").levels) == 1


def test_levels_are_facts_and_published_estimates_of_their_population(os: Any) -> None:
    ratios = {item.population: item for item in published_estimates(os) if item.quantity == "hazard_ratio"}
    assert list(ratios) == [
        "all",
        *("sex=male", "sex=female", "age=younger", "age=older", "region=europe", "region=america", "region=asia"),
    ]
    assert (ratios["sex=female"].value, ratios["sex=female"].high) == (0.53, 0.79)
    (apart,) = (item for item in published_estimates(os) if item.at == "largest over smallest level of Sex")
    assert (apart.value, apart.p_value, apart.population) == (None, 0.07, "all")
    rows = [row for row in count_facts(os.trial) if row["population"] == "region=asia"]
    assert [(row["arm"], row["events"], row["total"]) for row in rows] == [
        ("placebo", "25", "35"),
        ("drug", "24", "34"),
    ]
    (row,) = (row for row in estimate_facts(os.trial) if row["population"] == "region=asia")
    assert (row["label"], row["value"]) == ("Overall survival, Region: Asia", "0.98")


def test_a_ratio_printed_the_other_way_round_is_turned(altered: Altered) -> None:
    turned = ('numerator = "drug", denominator = "placebo", value = "0.98", low = "0.55", high = "1.72"',)
    new = 'numerator = "placebo", denominator = "drug", value = "1.02", low = "0.58", high = "1.82"'
    item = next(one for one in published_estimates(altered((*turned, new))) if one.population == "region=asia")
    assert item.turned
    assert item.value == pytest.approx(1 / 1.02)


def test_ratios_after_randomisation_have_no_causal_reading(altered: Altered) -> None:
    endpoint = altered(('label = "Sex"\n', 'label = "Sex"\ntiming = "post_randomisation"\n'))
    causal = {item.population: item.causal for item in published_estimates(endpoint)}
    assert not causal["sex=male"]
    assert causal["age=older"]
    assert causal["all"]


def test_a_ratio_outside_its_interval_is_left_to_the_audit(altered: Altered) -> None:
    trial = altered(("0.88", "1.88")).trial
    (found,) = impossible.check(trial)
    assert "the interval 0.61 to 1.27 does not hold the value, 1.88" in found.message.lower()
