"""A posterior with its verdict: draws that any ArviZ function takes, estimates, a table, a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

import xarray as xr

from reappraise.core.estimate import QUANTITIES, Estimate
from reappraise.core.silence import silences, with_silence
from reappraise.fits.diagnose import Diagnosis
from reappraise.fits.job import PosteriorJob

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Fit[Asked: PosteriorJob[Any, Any, Any, Any]]:
    """A posterior with its verdict.

    Parameters
    ----------
    job
        What was asked.
    tree
        Draws as an xarray DataTree: any ArviZ function takes it.
    diagnosis
        Whether it can be trusted.
    """

    subject: ClassVar[str] = "population"
    """What the rows of its table are about."""

    job: Asked
    tree: xr.DataTree = field(repr=False)
    diagnosis: Diagnosis

    @property
    def converged(self) -> bool:
        """Whether the fit passed its diagnostics."""
        return self.diagnosis.converged

    @property
    def how(self) -> str:
        """How the posterior came about, after the sampler."""
        return self.job.how

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; each says whether the fit passed its diagnostics, and is more than the prior's."""
        make = partial(
            Estimate,
            kind="posterior",
            model=self.job.model.name,
            prior=self.job.prior.name,
            method=f"posterior median, equal-tailed interval, {self.job.sampler}{self.how}",
            converged=self.converged,
        )
        found = (with_silence(item, self.job.evidence(item)) for item in self.job.report(self.tree, make))
        return tuple(item.cautioned(self.job.caution) for item in found)

    def plot(self) -> Figure:
        """The intervals of its contrasts, or where it has none of its numbers by arm, as a picture."""
        from reappraise.drawing.estimates import draw_estimates  # drawing is slow to import
        from reappraise.drawing.words import favours

        verdict = "" if self.converged else f" {self.diagnosis.verdict}: {self.diagnosis.failures}."
        contrasts = {(item.numerator, item.denominator): item for item in self.estimates if item.numerator}
        first = next(iter(contrasts.values()), None)
        better = str(self.job.described.get("better", ""))
        sides = None
        if first is not None and better in {"higher", "lower"}:
            more = (better == "higher") != QUANTITIES[first.quantity].hastens
            arms = (first.numerator, first.denominator) if len(contrasts) == 1 else ("the first arm", "the second")
            sides = favours(*arms, "higher" if more else "lower")
        return draw_estimates(
            self.estimates,
            title=self.job.title,
            named=self.said,
            favours=sides,
            note=" ".join(filter(None, (f"Posterior median and equal-tailed interval.{verdict}", *self.remarks))),
        )

    @property
    def silences(self) -> str:
        """Where its counts say nothing about the arms, in sentences; empty where they do everywhere."""
        return silences(self.estimates)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What its table and picture say beside the numbers, in sentences."""
        caution = self.job.caution
        return self.silences, f"{caution[:1].upper()}{caution[1:]}." if caution else ""

    def said(self, estimate: Estimate) -> str:
        """What a row of the table is about, in words."""
        return estimate.population

    def _repr_html_(self) -> str:
        """The estimates as HTML, below title and verdict; the first column says what each is about."""
        level = f"{self.job.sampling.level:.0%}"
        columns: dict[str, Callable[[Estimate], str]] = {
            self.subject: self.said,
            "quantity": lambda item: item.quantity.replace("_", " "),
            "arm": lambda item: item.arm or f"{item.numerator} vs {item.denominator}",
            **({"at": lambda item: item.at} if any(item.at for item in self.estimates) else {}),
            "median": lambda item: _said(item, item.value),
            level: lambda item: "" if item.low is None else f"{_said(item, item.low)} to {_said(item, item.high)}",
        }
        verdict = self.diagnosis.verdict + ("" if self.converged else f" ({self.diagnosis.failures})")
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(text(item))}</td>' for text in columns.values())}</tr>"
            for item in self.estimates
        )
        caption = "<br>".join(escape(part) for part in (self.job.title, verdict, *self.remarks) if part)
        return f"<table><caption>{caption}</caption><tr>{head}</tr>{rows}</table>"


def _said(item: Estimate, number: float | None) -> str:
    return "" if number is None else item.infinite(number) or f"{number:.3g}"
