"""The page: whole, safe, and every number on it the one of the tables."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

import reappraise as ra
from reappraise.audit.finding import Finding
from reappraise.core.errors import OutputError
from reappraise.core.estimate import Estimate
from reappraise.core.printed import Printed
from reappraise.exact_answers import exact_answers
from reappraise.published.estimates import published_estimates
from reappraise.report.facts import FILE, EndpointFacts, Facts, facts_of
from reappraise.report.forest import Line, forest
from reappraise.report.lead import lead_of
from reappraise.report.numbers import estimate_text, p_text, probability_text, three
from reappraise.report.page import render
from reappraise.report.parts import benefit_is_more, endpoint_part, verdicts
from reappraise.report.sentences import answer

HOSTILE = '<script>alert(1)</script>"[/red]\x1b[31m'


class Page(HTMLParser):
    """Tags with their attributes, text, and ids, of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def eolia() -> tuple[Facts, list[Estimate], tuple[Finding, ...]]:
    trial = ra.load_trial("eolia")
    found: list[Estimate] = []
    for endpoint, estimates in exact_answers(trial).endpoints:
        found += [*published_estimates(endpoint), *estimates]
    return facts_of(trial, program="reappraise 0", seed=3), found, ra.audit_trial(trial)


def page(parts: tuple[Facts, list[Estimate], tuple[Finding, ...]]) -> str:
    facts, estimates, findings = parts
    return render(facts, estimates, findings, pictures=["figures/one.png"])


def estimate(quantity: str = "risk_ratio", **named: object) -> Estimate:
    usual: dict[str, object] = {
        "endpoint": "death",
        "quantity": quantity,
        "numerator": "drug",
        "denominator": "placebo",
        "kind": "posterior",
        "model": "logit-normal",
        "prior": "reference",
        "method": "posterior median",
        "value": 0.8,
        "low": 0.6,
        "high": 1.1,
        "level": 0.95,
        "prob_benefit": 0.93,
        "converged": True,
    }
    return Estimate(**{**usual, **named})  # type: ignore[arg-type]


def test_it_holds_everything_itself_and_lets_nothing_in(
    eolia: tuple[Facts, list[Estimate], tuple[Finding, ...]],
) -> None:
    text = page(eolia)
    assert len(text) < 5_000_000
    found = Page(text)
    for tag, attributes in found.tags:
        assert tag not in {"img", "link", "iframe", "object", "embed", "form", "base"}
        assert not any(name.startswith("on") or name in {"src", "style", "srcset"} for name in attributes)
        if tag == "a":
            target = attributes["href"] or ""
            assert target.startswith("#") or target in {"comparison.csv", "audit.csv", "figures/one.png"}
    policy = next(attributes["content"] for tag, attributes in found.tags if "http-equiv" in attributes) or ""
    assert policy.startswith("default-src 'none'")
    for kind in ("style", "script"):
        inside = text.split(f"<{kind}>")[1].split(f"</{kind}>")[0]
        assert b64encode(sha256(inside.encode()).digest()).decode() in policy
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    inside = {str(attributes["href"]) for tag, attributes in found.tags if tag == "a"}
    anchors = {target[1:] for target in inside if target.startswith("#")}
    assert len(anchors) >= 5
    assert anchors <= set(ids)


def test_the_first_screen_answers(eolia: tuple[Facts, list[Estimate], tuple[Finding, ...]]) -> None:
    facts, estimates, _ = eolia
    words = Page(page(eolia)).text
    lead = lead_of([item for item in estimates if item.endpoint == "death60"])
    assert lead is not None
    assert "Death by day 60: are patients better off with ECMO than with Control?" in words
    assert f"is better than Control in this respect is {probability_text(lead.probability)}" in words
    assert estimate_text(lead.contrast) in words
    assert "found some that do not go together" in words
    assert facts.title in words
    assert words.index("probability of benefit") < words.index("What the paper says, and what its counts say")


def test_words_from_a_trial_file_stay_words(eolia: tuple[Facts, list[Estimate], tuple[Finding, ...]]) -> None:
    facts, estimates, findings = eolia
    arms = tuple(replace(arm, short=f"{HOSTILE}{arm.key}") for arm in facts.arms)
    endpoints = tuple(replace(one, label=HOSTILE, words=HOSTILE, population=HOSTILE) for one in facts.endpoints)
    bad = replace(facts, title=HOSTILE, citation=HOSTILE, arms=arms, endpoints=endpoints, refused=(HOSTILE,))
    wrong = tuple(replace(one, subject=HOSTILE, message=HOSTILE, verdict="inconsistent") for one in findings)
    text = render(bad, estimates, wrong, pictures=[])
    assert "<script>alert" not in text
    scripts = [attributes.get("type") for tag, attributes in Page(text).tags if tag == "script"]
    assert scripts.count("application/json") == (1 if facts.weighed else 0)
    assert scripts.count(None) == 2  # ours: tables, and the explorer
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_what_is_still_computed_is_said(eolia: tuple[Facts, list[Estimate], tuple[Finding, ...]]) -> None:
    facts, estimates, findings = eolia
    unfinished = Page(page((replace(facts, pending=("Survival", "Death")), estimates, findings))).text
    assert "Still being computed: Survival, Death" in unfinished
    assert "Still being computed" not in Page(page(eolia)).text
    assert "Nothing that is printed says how probable benefit is" in Page(page((facts, [], ()))).text


def test_facts_are_read_back_as_they_were_written(
    eolia: tuple[Facts, list[Estimate], tuple[Finding, ...]], tmp_path: Path
) -> None:
    facts = replace(eolia[0], refused=("why",), pending=("what",))
    (tmp_path / FILE).write_text(facts.as_json(), encoding="utf-8")
    assert Facts.read(tmp_path) == facts


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "make it with: reappraise run"),
        ("{", "got at the file: Invalid JSON"),
        ("[]", "run the trial again"),
        ('{"form": "reappraise facts 0"}', "run the trial again"),
        ('{"form": "reappraise facts 1"}', "got at title: Field required"),
        (json.dumps({"title": 3}), "got at title: Input should be a valid string"),
    ],
)
def test_facts_that_cannot_be_read_say_so(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(OutputError, match=said):
        Facts.read(tmp_path)


def test_what_the_paper_prints_stands_first() -> None:
    ratio, odds = estimate(), estimate("odds_ratio", value=0.7)
    assert lead_of([odds, ratio]).contrast is ratio  # type: ignore[union-attr]
    printed = estimate("odds_ratio", kind="published", model="", prior="", prob_benefit=None, converged=None)
    assert lead_of([printed, ratio, odds]).contrast is odds  # type: ignore[union-attr]
    assert lead_of([printed]) is None
    sceptic = estimate(prior="sceptical")
    assert lead_of([sceptic, ratio]).contrast is ratio  # type: ignore[union-attr]
    assert lead_of([estimate(population="sex=women")]) is None


def test_verdicts_have_a_row_for_each_prior() -> None:
    rows = [
        estimate(),
        estimate("probability_above_margin", value=0.4, at="risk difference < -0.02", low=None, high=None),
        estimate(
            "probability_of_equivalence",
            value=0.6,
            at="rates differ by less than 5 percentage points, the stated margin",
            low=None,
            high=None,
        ),
        estimate(prior="sceptical", prob_benefit=0.8, converged=False),
    ]
    found = verdicts(rows, lead_of(rows))
    assert found.columns == ("any benefit", "harm", "risk difference < -0.02", "rates differ by less than 5 points")
    assert [row.prior for row in found.rows] == ["reference", "sceptical"]
    assert found.rows[0].probabilities == ("0.93", "0.07", "0.4", "0.6")
    assert found.rows[1].probabilities == ("0.8", "0.2", "", "")
    assert found.rows[1].failed


@pytest.mark.parametrize(
    ("other", "said"),
    [(0.99, "the same under each"), (0.6, "how sure one may be"), (0.3, "which arm is better depends on the prior")],
)
def test_the_sentence_about_priors_follows_the_numbers(other: float, said: str) -> None:
    rows = [estimate(prob_benefit=0.98), estimate(prior="sceptical", prob_benefit=other)]
    lead = lead_of(rows)
    assert lead is not None
    sentences = list(answer(rows, lead, {"drug": "Drug", "placebo": "Placebo"}))
    assert said in sentences[2]
    assert probability_text(other) in sentences[2]


def test_a_fit_that_failed_is_marked_wherever_it_stands() -> None:
    rows = [estimate(converged=False)]
    lead = lead_of(rows)
    assert lead is not None
    assert "did not converge: do not rely on it" in next(answer(rows, lead, {"drug": "D", "placebo": "P"}))
    part = endpoint_part(EndpointFacts(key="death", label="Death", kind="response", better="lower"), rows, {})
    assert "NOT CONVERGED" in part.picture
    assert part.sides[0].failed


def test_the_side_of_benefit_follows_endpoint_and_quantity() -> None:
    times = EndpointFacts(key="os", label="Survival", kind="survival", better="higher")
    deaths = EndpointFacts(key="death", label="Death", kind="effect", better="lower")
    assert not benefit_is_more(times, "hazard_ratio")
    assert benefit_is_more(times, "restricted_mean_difference")
    assert not benefit_is_more(deaths, "hazard_ratio")
    part = endpoint_part(times, [estimate("hazard_ratio", endpoint="os")], {"drug": "Drug", "placebo": "Placebo"})
    assert "favours Drug</text>" in part.picture.split("favours Placebo")[0]


def test_a_forest_places_what_it_says() -> None:
    wide = estimate(low=0.0001, high=5000.0)
    drawn = forest([Line("one", estimate(value=1.0)), Line("two", wide)], title="Title & more", favours=("a", "b"))
    assert "<title>Title &amp; more</title>" in drawn
    null = re.search(r'class="null" x1="([\d.]+)"', drawn)
    point = re.search(r'circle cx="([\d.]+)"', drawn)
    assert null
    assert point
    assert null.group(1) == point.group(1)
    assert len(re.findall(r'<path d="M', drawn)) == 2  # an arrow at each end that the axis does not reach
    assert forest([], title="none", favours=("a", "b")) == ""


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (
            estimate(value=Printed("0.90"), low=Printed("0.80"), high=Printed("1.00"), kind="published"),
            "0.90 (0.80 to 1.00)",
        ),
        (
            estimate("risk_difference", value=-0.123, low=-0.2, high=0.01),
            "\N{MINUS SIGN}12.3 (\N{MINUS SIGN}20.0 to 1.0)",
        ),
        (
            estimate("number_needed_to_treat", value=9.0, low=4.0, high=-20.0),
            "NNT 9 (NNT 4 to \N{INFINITY} to NNH 20)",
        ),
        (
            estimate("median", numerator="", denominator="", arm="drug", value=12.0, low=9.0, high=float("inf")),
            "12 (9 to not reached)",
        ),
        (estimate(value=None, low=None, high=None, p_value=0.031), "p = 0.031"),
    ],
)
def test_numbers_are_read_as_people_write_them(item: Estimate, said: str) -> None:
    assert estimate_text(item) == said


def test_probabilities_are_never_certain() -> None:
    assert probability_text(1.0) == "> 0.9999"
    assert probability_text(0.0) == "< 0.0001"
    assert probability_text(0.5) == "0.5"
    assert probability_text(0.9981) == "0.9981"
    assert p_text(Printed("<0.001")) == "<0.001"
    assert [three(number) for number in (0, 1234.5, 12.34, 0.01234)] == ["0", "1234", "12.3", "0.0123"]


def test_every_number_of_a_run_has_its_place(eolia: tuple[Facts, list[Estimate], tuple[Finding, ...]]) -> None:
    words = Page(page(eolia)).text
    printed = [one for one in eolia[1] if one.kind == "published" and one.population == "all" and one.value is not None]
    assert len(printed) >= 3
    for item in printed:
        assert estimate_text(item) in words


def test_an_adverse_event_that_is_more_frequent_says_so() -> None:
    """As `safety.estimands` reports 10 of 100 against 40 of 100: P(benefit) is that of a smaller odds ratio."""
    rows = [
        estimate(
            "odds_ratio", endpoint="teae-terms", item="Nausea", value=5.7, low=2.8, high=12.0, prob_benefit=0.0001
        ),
        estimate("probability_of_increase", endpoint="teae-terms", item="Nausea", value=0.9999, low=None, high=None),
    ]
    facts = facts_of(ra.load_trial("isatuximab-dexamethasone"))
    text = render(facts, rows, (), pictures=[])
    words = Page(text).text
    assert "P(more frequent)" in words
    assert "5.7 (2.8 to 12) 0.9999" in words
    picture = text.split("teae-terms")[-1]
    assert re.search(r'text-anchor="end">\N{LEFTWARDS ARROW} favours drug<', picture)
    assert "favours placebo \N{RIGHTWARDS ARROW}" in picture


def test_where_nothing_says_what_is_better_no_side_is_named() -> None:
    part = endpoint_part(EndpointFacts(key="death", label="Death", kind="response"), [estimate()], {})
    assert "favours" not in part.picture


def test_each_contrast_of_several_arms_stands_by_itself() -> None:
    trial = ra.load_trial(Path(__file__).parents[1] / "data" / "three-arms.toml")
    pairs = {("low", "warfarin"): 0.85, ("high", "warfarin"): 0.999, ("high", "low"): 0.99}
    rows = [
        estimate(endpoint="stroke", numerator=above, denominator=below, value=1 - value / 2, prob_benefit=value)
        for (above, below), value in pairs.items()
    ]
    words = Page(render(facts_of(trial), rows, (), pictures=[])).text
    for (above, below), value in pairs.items():
        names = {"low": "110 mg", "high": "150 mg", "warfarin": "Warfarin"}
        named, over = f"{names[above]} and {names[below]}", f"{names[above]} over {names[below]}"
        said = f"stroke, all arms together: {named}, Risk ratio, {over}."
        table = words.split(f"under which prior: {said}")[1]
        assert f"reference logit-normal {probability_text(value)} {probability_text(1 - value)}" in table[:120]


def test_what_the_answer_leaves_out_stands_beside_it() -> None:
    facts = replace(
        facts_of(ra.load_trial("eolia")),
        endpoints=(
            EndpointFacts(key="death", label="Death", kind="response", better="lower", primary=True),
            EndpointFacts(key="bleeding", label="Major bleeding", kind="response", better="lower"),
        ),
    )
    margin = "rate lower by more than 2 percentage points, the stated margin"
    rows = [
        estimate(),
        estimate("probability_above_margin", value=0.31, at=margin, low=None, high=None, prob_benefit=None),
        estimate(endpoint="bleeding", value=1.6, low=1.2, high=2.2, prob_benefit=0.002),
    ]
    words = Page(render(facts, rows, (), pictures=[])).text
    assert "In other respects benefit is improbable: Major bleeding (0.002)." in words
    assert f"The probability of a benefit that matters ({margin}) is 0.31." in words


def test_a_benchmark_is_said_to_be_no_arm() -> None:
    facts = facts_of(ra.load_trial(Path(__file__).parents[1] / "data" / "one-arm.toml"))
    row = estimate(
        "risk_difference", endpoint=facts.endpoints[0].key, denominator="benchmark", value=0.2, low=0.1, high=0.3
    )
    words = Page(render(facts, [row], (), pictures=[])).text
    assert "better than the benchmark that the paper states?" in words
    assert "nobody was randomised" in words


def test_a_bound_and_another_level_keep_their_words() -> None:
    bound = estimate(
        value=None, low=None, high=None, p_value=0.001, method="as printed; p printed as <0.001", kind="published"
    )
    assert estimate_text(bound) == "p <0.001"
    wide = estimate(value=0.73, low=0.59, high=0.89, level=0.96, kind="published")
    assert estimate_text(wide) == "0.730 (0.590 to 0.890, 96% interval)"
