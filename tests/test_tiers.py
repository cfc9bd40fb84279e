"""The fast tier is what it says: nothing in it compiles a PyMC model."""

from __future__ import annotations

import pymc as pm
import pytest

from reappraise.fits.nuts import compile_model


def test_a_test_without_the_marker_can_compile_nothing() -> None:
    with pm.Model() as model:
        pm.Normal("x")
    for compile_it in (compile_model, pm.Model.compile_logp):
        with pytest.raises(pytest.fail.Exception, match=r"mark it pytest\.mark\.sampling"):
            compile_it(model)


@pytest.mark.sampling
def test_a_test_with_the_marker_can() -> None:
    with pm.Model() as model:
        pm.Normal("x")
    assert model.compile_logp(mode="FAST_COMPILE")({"x": 0.0}) == pytest.approx(-0.919, abs=1e-3)
