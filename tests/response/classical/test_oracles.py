"""Closed forms and estimators of the light path against the packages that used to compute them."""

from __future__ import annotations

import subprocess
import sys
from math import inf

import numpy as np
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.datasets import load_gbsg2, load_leukemia, load_lung, load_rossi
from pandas import DataFrame
from scipy.stats import binomtest
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from reappraise.core.two_by_two import TwoByTwo
from reappraise.response.classical.contrasts import risk_differences
from reappraise.response.classical.rates import rate_intervals
from reappraise.survival.classical.cox import hazard_ratio
from reappraise.survival.classical.kaplan_meier import kaplan_meier
from support.data import MINI

TOTALS = (1, 2, 3, 7, 20, 55, 109, 400)
LEVELS = (0.8, 0.95, 0.99)
ROUNDING = 1e-12
"""The same formulas in another order."""
DATASETS = {
    "lung": (load_lung, "time", "status", lambda data: data["sex"] == 2),
    "rossi": (load_rossi, "week", "arrest", lambda data: data["fin"] == 1),
    "leukemia": (load_leukemia, "t", "status", lambda data: data["Rx"] == 1),
    "gbsg2": (load_gbsg2, "time", "cens", lambda data: data["horTh"] == "yes"),
}
"""Individual data with few and with many tied times: 19 of 30 events of leukemia are tied."""


def observed(name):
    load, time, event, arm = DATASETS[name]
    data = load().dropna(subset=[time, event])
    return data[time].to_numpy(float), data[event].to_numpy(bool), arm(data).to_numpy(np.int8)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("total", TOTALS)
def test_intervals_of_a_rate_are_those_of_statsmodels_and_scipy(total, level):
    for events in sorted({*range(min(total, 21)), *range(0, total, 7), max(total - 1, 0), total}):
        found = {item.method: (item.low, item.high) for item in rate_intervals(events, total, level=level)}
        test = binomtest(events, total)
        expected = {
            "Clopper-Pearson (exact)": tuple(test.proportion_ci(level, "exact")),
            "Wilson score": tuple(test.proportion_ci(level, "wilson")),
            "Wilson score with continuity correction": tuple(test.proportion_ci(level, "wilsoncc")),
        }
        for method, name in (
            ("Clopper-Pearson (exact)", "beta"),
            ("Wilson score", "wilson"),
            ("Agresti-Coull", "agresti_coull"),
            ("Jeffreys", "jeffreys"),
            ("Wald", "normal"),
        ):
            low, high = proportion_confint(events, total, alpha=1 - level, method=name)
            low, high = max(0.0, low), min(1.0, high)
            if name in {"beta", "jeffreys"}:  # its limits at no events and at all are not those of Brown et al.
                low, high = (0.0 if events == 0 else low), (1.0 if events == total else high)
            assert found[method] == pytest.approx((low, high), abs=ROUNDING), (method, events)
        for method, limits in expected.items():
            assert found[method] == pytest.approx(limits, abs=ROUNDING), (method, events)
        if events in {0, total}:
            assert found["Wilson score"][events == total] == (events == total)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("total", "reference_total"), [(1, 1), (5, 7), (20, 20), (55, 109)])
def test_intervals_of_a_difference_are_those_of_statsmodels(total, reference_total, level):
    for events in sorted({0, 1, total // 3, total}):
        for reference_events in sorted({0, 1, reference_total // 2, reference_total}):
            counts = events, total, reference_events, reference_total
            found = {item.method: item for item in risk_differences(TwoByTwo(*counts), level=level)}
            for method, name in (
                ("Newcombe hybrid score", "newcomb"),
                ("Wald", "wald"),
                ("Agresti-Caffo", "agresti-caffo"),
            ):
                low, high = confint_proportions_2indep(*counts, method=name, compare="diff", alpha=1 - level)
                expected = max(-1.0, low), min(1.0, high)
                assert (found[method].low, found[method].high) == pytest.approx(expected, abs=ROUNDING), (
                    method,
                    counts,
                )


@pytest.mark.parametrize("name", DATASETS)
def test_curves_are_those_of_lifelines(name):
    time, event, arm = observed(name)
    for own in (arm == 0, arm == 1):
        curve, twin = kaplan_meier(time[own], event[own]), KaplanMeierFitter().fit(time[own], event[own])
        table = twin.event_table.iloc[1:]  # the first row is time 0, before anything happened
        assert curve.time.tolist() == table.index.tolist()
        assert curve.at_risk.tolist() == table["at_risk"].tolist()
        assert curve.events.tolist() == table["observed"].tolist()
        assert curve.survival == pytest.approx(twin.survival_function_.iloc[1:, 0].to_numpy(), abs=ROUNDING)
        assert (curve.known_until == inf) == (twin.survival_function_.iloc[-1, 0] == 0)


@pytest.mark.parametrize("name", DATASETS)
def test_hazard_ratios_are_those_of_lifelines_and_statsmodels(name):
    # Both stop Newton's method at a step or gradient that they call small; ours goes on to the last digits. Asked for
    # 1e-14, lifelines agrees to 1e-9; the standard error of either is that of its last step but one.
    time, event, arm = observed(name)
    efron, breslow = (hazard_ratio(time, event, arm, ties=ties) for ties in ("Efron", "Breslow"))
    frame = DataFrame({"time": time, "event": event, "arm": arm.astype(float)})
    twin = CoxPHFitter().fit(frame, "time", "event", fit_options={"precision": 1e-14})
    expected = float(twin.params_["arm"]), float(twin.standard_errors_["arm"])
    assert (efron.log_value, efron.standard_error) == pytest.approx(expected, abs=1e-9)
    fit = PHReg(time, arm.astype(float)[:, None], status=event.astype(int), ties="breslow").fit()
    assert (breslow.log_value, breslow.standard_error) == pytest.approx((fit.params[0], fit.bse[0]), abs=1e-9)
    if len(np.unique(time[event])) < event.sum():
        assert abs(efron.log_value - breslow.log_value) > 1e-6, "ties, and the two likelihoods do not differ"


HEAVY = ("arviz", "lifelines", "matplotlib", "nutpie", "pandas", "pymc", "pytensor", "statsmodels", "xarray")


@pytest.mark.parametrize(
    ("code", "also"),
    [
        ("import reappraise.audit", ("scipy",)),
        (f"import reappraise as ra; assert ra.audit_trial(ra.load_trial({str(MINI)!r}))", ()),
        (
            (
                f"import sys; sys.argv = ['reappraise', 'audit', {str(MINI)!r}, '--format', 'csv']\n"
                "from reappraise.cli import main\n"
                "try: main()\n"
                "except SystemExit as done: assert done.code == 0"
            ),
            (),
        ),
    ],
    ids=["import", "audit", "command line"],
)
def test_auditing_imports_no_package_that_it_can_do_without(code, also):
    code += f"\nimport sys; print(sorted(set({HEAVY + also!r}) & set(sys.modules)), file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "[]\n")
