"""How a printed estimate came about, as far as print says: crude, or by what else than counts of patients."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

type How = Literal["crude", "adjusted", "stratified", "sequential", "per protocol", "model"]
"""A way in which an estimate came about. All but the first may lead away from what counts give."""

_WORDS: Final[Mapping[How, re.Pattern[str]]] = {
    "adjusted": re.compile(r"\badjust|\bcovaria|\bmultivari|\bpropensity|\bweighted|\biptw\b|\bancova\b"),
    "stratified": re.compile(r"\bstratif|\bmantel|\bcmh\b|\bpooled over\b"),
    "sequential": re.compile(r"\bsequential|\binterim\b|\brepeated confidence|\bstage-?wise\b|\btriangular\b"),
    "per protocol": re.compile(r"\bper[- ]protocol\b|\bas[- ]treated\b|\bcomplier"),
    "model": re.compile(r"\bmixed(-effects)? model|\bhierarch|\brandom[- ]effect|\bgee\b|\bbayes|\bposterior|\bimput"),
}
_DENIED: Final = re.compile(
    r"\b(un|non-?)(adjusted|stratified|weighted)|\bnot (adjusted|stratified)|\bcrude\b|\bunivari"
)


def how_said(method: str) -> frozenset[How]:
    """The ways that words about a method name; empty where they name none.

    Parameters
    ----------
    method
        Words as printed.

    Examples
    --------
    >>> sorted(how_said("stratified Cox model, adjusted for age")), how_said("Unadjusted"), how_said("Wald")
    (['adjusted', 'stratified'], frozenset({'crude'}), frozenset())
    """
    said = method.lower()
    rest = _DENIED.sub("", said)
    found: set[How] = {how for how, words in _WORDS.items() if words.search(rest)}
    return frozenset(found or ({"crude"} if rest != said else set()))
