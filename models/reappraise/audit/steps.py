"""Means, medians and standard deviations of values in steps: whether any patients can have them.

Values in steps (`step` in the trial file, counted from `lowest`) have means and standard deviations in steps as well:
GRIM asks whether the mean is a sum of so many values, GRIMMER whether the sum of their squares may be one that
some values have (not all impossible pairs near the greatest spread are found), and DEBIT, of what is only
absent or present, whether mean and standard deviation are those of one number of patients. Standard deviations divided
by all patients or by one fewer are allowed. Tolerance: rounding alone. Of 46,000 simulated arms on eleven scales,
3 to 400 patients each, none was blamed.

References
----------
Brown NJL, Heathers JAJ. The GRIM test. Soc Psychol Personal Sci 2017;8:363-369. doi:10.1177/1948550616673876
Anaya J. The GRIMMER test. PeerJ Preprints 2016;4:e2400v1. doi:10.7287/peerj.preprints.2400v1
Heathers JAJ, Brown NJL. DEBIT: a simple consistency test for binary data. 2019. https://osf.io/5vb3u
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor, isfinite

from reappraise.audit import words
from reappraise.audit.finding import Finding
from reappraise.audit.lattice import Lattice, ends
from reappraise.audit.measured import MeasuredFact, measured
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

NAME = "mean and spread in steps"
MOST = 50_000
"""Sums that are tried at most: with so many, every spread between the least and the greatest is possible."""
LIKE = Fraction(1, 500)
"""Relative difference from a fraction below which a step may be that fraction, cut off: 8.33 of 25/3."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every printed mean or median of values in steps."""
    for fact in measured(trial):
        endpoint = fact.endpoint
        if endpoint.step is None or (fact.one.mean is not None and fact.logarithmic):
            continue
        own = _Steps(fact, Lattice(endpoint.step, endpoint.lowest, endpoint.highest))
        found = own.judge()
        meant = endpoint.step.limit_denominator(9)
        if found.verdict == "inconsistent" and meant != endpoint.step and abs(meant / endpoint.step - 1) < LIKE:
            other = _Steps(fact, Lattice(meant, endpoint.lowest, endpoint.highest)).judge()
            if other.verdict == "consistent":
                message = f'Possible in steps of {meant}, not of {own.step}: if that is meant, write step = "{meant}".'
                found = fact.about.finding(NAME, "cannot judge", message)
        yield found


@dataclass(frozen=True, slots=True)
class _Steps:
    fact: MeasuredFact
    lattice: Lattice

    @property
    def step(self) -> str:
        return _words(self.lattice.step)

    @property
    def values(self) -> str:
        """The values in words, for a sentence."""
        if self.lattice.width == 1:
            return f"{self.lattice.lowest} or {self.lattice.highest}"
        start = f", from {self.lattice.lowest}" if self.lattice.lowest else ""
        return f"in steps of {self.step}{start}"

    def judge(self) -> Finding:
        one, about = self.fact.one, self.fact.about
        mean, numbers = one.mean, [one.mean, one.sd, one.median, *(one.extremes or ())]
        if any(number is not None and not _known(number) for number in numbers):
            return about.finding(NAME, "cannot judge", "A bound is printed in place of a number.")
        off = self._off()
        if off or mean is None:
            message = off or f"Values {self.values} can have this median."
            return about.finding(NAME, "inconsistent" if off else "consistent", message)
        sums = self.lattice.sums(mean, one.total)
        if not sums:
            why = "their sum would lie between two steps" if self.lattice.within(mean) else "it lies beyond them all"
            message = f"No {one.total} values {self.values} have this mean: {why}."
            return about.finding(NAME, "inconsistent", message, self._nearest(mean))
        if one.sd is not None and len(sums) <= MOST:
            return self._with_spread(one.sd, sums)
        message = f"Values {self.values} can have this mean."
        if len(sums) > 1:
            message = f"So many patients can have every mean to the printed digits, {self.values}."
        return about.finding(NAME, "consistent", message)

    def _off(self) -> str:
        """Which number that a patient has cannot be one, in words; empty where none."""
        one = self.fact.one
        parts = 1 if one.total % 2 else 2  # the median of an even number lies between two
        named = [("median", one.median, parts), *(("extreme", number, 1) for number in one.extremes or ())]
        for name, number, share in named:
            if number is not None and not self.lattice.holds(number, share):
                between = " nor between two of them" if share > 1 else ""
                return f"The {name}, {number}, is not one of the values {self.values}{between}."
        return ""

    def _nearest(self, mean: Printed) -> str:
        n, lattice = self.fact.one.total, self.lattice
        below = floor((ends(mean)[0] - lattice.origin) / lattice.step * n)
        around = (float(lattice.origin + total * lattice.step / n) for total in (below, below + 1))
        return f"nearest: {', '.join(map(words.number, around))}"

    def _with_spread(self, sd: Printed, sums: range) -> Finding:
        """Whether values in steps that have one of these sums can have the standard deviation as well."""
        n, about = self.fact.one.total, self.fact.about
        for divisor in (n - 1, n):
            if any(self.lattice.gives(sd, total, n, divisor=divisor) for total in sums):
                message = f"Values {self.values} can have this mean and standard deviation."
                if divisor == n:
                    message = "Values can have them if the squares were divided by all patients, not by one fewer."
                return about.finding(NAME, "consistent", message)
        found = [self.lattice.deviations(total, n) for total in sums]
        least, most = min(low for low, _ in found), [high for _, high in found if high is not None]
        recomputed = f"standard deviation {words.span(least, max(most))}" if most else f"at least {words.number(least)}"
        message = f"No {n} values {self.values} have this mean and this standard deviation."
        return about.finding(NAME, "inconsistent", message, recomputed)


def _known(number: Printed) -> bool:
    return number.relation == "=" and isfinite(number)


def _words(step: Fraction) -> str:
    """A step as a decimal where one is exact, else as a fraction."""
    decimal = f"{float(step):.6g}"
    return decimal if Fraction(decimal) == step else str(step)
