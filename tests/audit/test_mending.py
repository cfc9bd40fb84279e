"""One digit that makes an estimate the middle of its limits."""

from __future__ import annotations

import numpy as np
import pytest

from reappraise.audit.digits import texts
from reappraise.audit.mending import mending, symmetric
from reappraise.core.printed import Printed


def test_a_mistyped_limit_is_among_the_digits_that_would_fit() -> None:
    """500 ratios and differences with Wald limits, one digit of a limit mistyped: the right one is always possible."""
    rng = np.random.default_rng(20261203)
    for index in range(500):
        ratio = bool(index % 2)
        centre, error = rng.normal(0, 0.5), rng.uniform(0.1, 0.4)
        numbers = [centre + step * error for step in (0, -1.96, 1.96)]
        value, low, high = (f"{np.exp(number) if ratio else 10 * number:.2f}" for number in numbers)
        assert symmetric(Printed(value), Printed(low), Printed(high), ratio=ratio)
        wrong = str(rng.choice(list(texts(high))))
        again = [text for text in texts(wrong) if Printed(text).covers(float(high))]
        assert high in again
        if symmetric(Printed(value), Printed(low), Printed(wrong), ratio=ratio):
            continue
        said = mending(Printed(value), Printed(low), Printed(wrong), ratio=ratio)
        upper = said.partition("upper limit ")[2].partition(")")[0].split(", ")
        assert high in upper or "upper limit" not in said  # more than three would do


@pytest.mark.parametrize("number", ["<0.87", "not reached", "0.00"])
def test_bounds_and_zeros_are_no_crash(number: str) -> None:
    assert isinstance(mending(Printed("0.87"), Printed("0.68"), Printed(number), ratio=True), str)
