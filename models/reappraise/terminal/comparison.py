"""Everything of a comparison as tables: by endpoint, by prior, by subgroup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from rich.table import Table

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import Estimate
from reappraise.core.names import Names
from reappraise.core.silence import silences
from reappraise.terminal.numbers import (
    benefit_and_harm,
    contrast,
    direction,
    harm,
    named,
    number,
    plain,
    probability,
    table,
    whose_margins,
)

if TYPE_CHECKING:
    from reappraise.core.comparison import Comparison

BENEFIT: Final = "P(benefit / harm)"
_CONTRASTS = ("risk_difference", "risk_ratio", "odds_ratio", "number_needed_to_treat")
_RATE_MODELS = frozenset({"independent", "logit-normal", "beta-binomial"})
_HAZARD_MODEL = "printed-subgroups"
_SAME_PATIENTS = "Subgroups of different factors are the same patients: never add or multiply them."
_PRINTED_FIRST = ("published", "recomputed")
_NOBODY = Names()


def comparison_tables(comparison: Comparison, names: Names = _NOBODY, *, between: str = " ") -> Iterator[Table]:
    """Yield, for every endpoint: the three kinds of numbers, and of rates the posterior by prior and the subgroups.

    Parameters
    ----------
    comparison
        The estimates.
    names
        What arms, endpoints and subgroups are called; keys stand for themselves without it.
    between
        What stands between value and interval: a line break where there is little room.
    """
    for endpoint in dict.fromkeys(item.endpoint for item in comparison.estimates):
        shown = _Endpoint(endpoint, comparison.select(endpoint=endpoint), names, between)
        if not any(item.model in _RATE_MODELS for item in shown.mine.estimates):
            if any(item.kind == "posterior" for item in shown.mine.estimates):
                yield shown.every_quantity()
            if any(item.model == _HAZARD_MODEL for item in shown.mine.estimates):
                yield shown.hazard_subgroups()
            continue
        yield shown.kinds()
        yield shown.by_prior()
        if any(item.population != WHOLE for item in shown.mine.estimates):
            yield shown.subgroups()


class _Endpoint:
    """The tables of one endpoint."""

    def __init__(self, key: str, mine: Comparison, names: Names, between: str) -> None:
        self.key, self.mine, self.names, self.between = key, mine, names, between
        self.described = names.endpoint(key)
        self.label = key if self.described.label == key else f"{self.described.label} ({key})"

    def kinds(self) -> Table:
        """Published, recomputed, and posterior by the model of independent rates and by that of an effect."""
        mine = self.mine.select(population=WHOLE)
        columns = ("", "Published", "Recomputed", "Posterior, independent", "Posterior, effect")
        shown = table(self._whole(), columns)
        arms = dict.fromkeys(item.arm for item in mine.estimates if item.quantity == "rate")
        for quantity, arm in [("rate", arm) for arm in arms] + [(name, "") for name in _CONTRASTS]:
            rows = [item for item in mine.select(quantity=quantity).estimates if item.arm == arm]

            def first(kind: str, model: str = "", rows: list[Estimate] = rows) -> str:
                found = (e for e in rows if e.kind == kind and e.model == model and e.value is not None)
                return self._number(next(found, None))

            shown.add_row(
                self._named(quantity, arm),
                first("published"),
                first("recomputed"),
                first("posterior", "independent"),
                first("posterior", "logit-normal"),
            )
        shown.caption = "Posteriors under the uniform prior on rates, and the reference prior on the log odds ratio."
        return shown

    def every_quantity(self) -> Table:
        """Times to an event, adverse events and ordered categories: a row for what the first model and prior say."""
        main = next(item for item in self.mine.estimates if item.kind == "posterior")
        several = len({(item.numerator, item.denominator) for item in self.mine.estimates if item.numerator}) > 1
        shown = table(self._whole(), ("", "Published", "Recomputed", "Posterior", BENEFIT), between=self.between)
        chosen = self.mine.select(kind="posterior", model=main.model, prior=main.prior, population=WHOLE).estimates
        for item in chosen:
            if item.item and item.arm:
                continue  # of many terms the contrasts are enough; comparison.csv has all
            same = [
                other
                for other in self.mine.estimates
                if (other.quantity, other.arm, other.numerator, other.denominator, other.item, other.grade, other.at)
                == (item.quantity, item.arm, item.numerator, item.denominator, item.item, item.grade, item.at)
                and other.population == WHOLE
                and other.value is not None
            ]
            cells = [
                self._number(next((other for other in same if other.kind == kind), None)) for kind in _PRINTED_FIRST
            ]
            arms = contrast(item, self.names) if several else ""
            parts = (item.item, item.grade, self._named(item.quantity, item.arm), arms)
            label = ", ".join(plain(part) for part in parts if part)
            # of an event that may have no effect at all, harm is not what is left of benefit
            benefit = "" if item.item else self._benefit(item)
            own = (
                f"{probability(item)} / {harm(item)}"
                if item.quantity == "probability_of_benefit"
                else self._number(item)
            )
            shown.add_row(f"{label}\n[dim]{plain(item.at)}[/dim]" if item.at else label, *cells, own, benefit)
        said = f"Posterior of the model {main.model}, {main.prior} prior; comparison.csv has the others."
        shown.caption = plain(" ".join(filter(None, (said, whose_margins(chosen), silences(chosen)))))
        return shown

    def by_prior(self) -> Table:
        """The odds ratio and the probabilities by model and prior."""
        posterior = self.mine.select(population=WHOLE, kind="posterior")
        margins = [name for name in _MARGINS if posterior.select(quantity=name).estimates]
        heads = [_MARGINS[name] for name in margins]
        meant = [f"{_MARGINS[name]}: {posterior.select(quantity=name).estimates[0].at}." for name in margins]
        title = f"{self.label}, all patients: how much the prior matters"
        shown = table(title, ("Model", "Prior", "Odds ratio", BENEFIT, *heads), left=2)
        for model, prior in dict.fromkeys((item.model, item.prior) for item in posterior.estimates):
            rows = {item.quantity: item for item in posterior.select(model=model, prior=prior).estimates}
            if "odds_ratio" in rows:
                odds = rows["odds_ratio"]
                chances = [probability(rows[name]) if name in rows else "" for name in margins]
                shown.add_row(plain(model), plain(prior), self._number(odds), self._benefit(odds), *chances)
        shown.caption = plain(" ".join(filter(None, (*meant, silences(posterior.estimates))))) or None
        return shown

    def subgroups(self) -> Table:
        """Odds ratios of every level, of its counts alone and learning from the others."""
        columns = ("Subgroup", "Rates as published", "Odds ratio, raw", "Odds ratio, shrunken", BENEFIT)
        shown = table(f"{self.label}: subgroups, raw and shrunken odds ratios", columns, between=self.between)
        for population in self._levels():
            here = self.mine.select(population=population)
            rates = here.select(kind="published", quantity="rate").estimates
            raw = next((e for e in here.select(kind="recomputed", quantity="odds_ratio").estimates), None)
            shrunken = next(
                (e for e in here.select(model="logit-normal", prior="reference", quantity="odds_ratio").estimates), None
            )
            shown.add_row(
                self._level(population, causal=all(item.causal for item in here.estimates)),
                " | ".join(number(item) for item in rates),
                self._number(raw),
                self._number(shrunken),
                self._benefit(shrunken),
            )
        parts = self.mine.select(model="logit-normal", prior="reference").estimates
        said = silences(item for item in parts if item.population != WHOLE)
        shown.caption = " ".join(filter(None, (_SAME_PATIENTS, plain(said))))
        return shown

    def hazard_subgroups(self) -> Table:
        """Hazard ratios of every level, as printed and learning from the others."""
        columns = ("Subgroup", "Hazard ratio, printed", "Hazard ratio, shrunken", BENEFIT)
        shown = table(f"{self.label}: subgroups, printed and shrunken hazard ratios", columns, between=self.between)
        for population in self._levels():
            here = self.mine.select(population=population, quantity="hazard_ratio")
            printed = next((item for item in here.select(kind="published").estimates if item.value is not None), None)
            shrunken = next(iter(here.select(model=_HAZARD_MODEL, prior="reference").estimates), None)
            shown.add_row(
                self._level(population, causal=printed is None or printed.causal),
                self._number(printed),
                self._number(shrunken),
                self._benefit(shrunken),
            )
        shown.caption = _SAME_PATIENTS
        return shown

    def _whole(self) -> str:
        said = direction(self.mine.estimates, self.names, self.key)
        return ", ".join(filter(None, (f"{self.label}, all patients: {said}" if said else self.label, "95% intervals")))

    def _levels(self) -> list[str]:
        return [name for name in dict.fromkeys(item.population for item in self.mine.estimates) if name != WHOLE]

    def _level(self, population: str, *, causal: bool) -> str:
        return plain(self.names.population(self.key, population)) + ("" if causal else " (after randomisation)")

    def _named(self, quantity: str, arm: str) -> str:
        return ", ".join(
            filter(None, (named(quantity, self.described.better), plain(self.names.arm(arm)) if arm else ""))
        )

    def _benefit(self, estimate: Estimate | None) -> str:
        return benefit_and_harm(estimate, between=self.between)

    def _number(self, estimate: Estimate | None) -> str:
        return number(estimate, between=self.between)


_MARGINS: Final = {
    "probability_above_margin": "P(benefit > margin)",
    "probability_of_equivalence": "P(equivalent)",
}
