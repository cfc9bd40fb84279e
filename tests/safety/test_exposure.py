"""Where arms were treated for different times, adverse events say so: in words, methods, captions and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reappraise.core.errors import TrialFileError
from reappraise.core.prior import RATE_PRIORS
from reappraise.fits.nuts import STATISTICS, Sampled
from reappraise.fits.sampling import Sampling
from reappraise.published.file import QuantityRow
from reappraise.response.classical.recompute import recompute
from reappraise.response.exact import exact_estimates
from reappraise.safety.analysis import SafetyResult
from reappraise.safety.classical import recompute_terms
from reappraise.safety.counts import exposure_of, singles_of, tables_of
from reappraise.safety.exposure import exposure_note
from reappraise.safety.figures.words import event_note
from reappraise.safety.fit import SafetyFit, SafetyJob
from reappraise.safety.model import EVENT_MODELS
from reappraise.trial import load_trial
from support.small_trial import PASSED

TRIAL = load_trial("isatuximab-dexamethasone")
EVENTS = TRIAL["teae"]
WORDS = (
    "arms were exposed for different times (duration of exposure to treatment, median: Isa 18.9 weeks, Isa-dex 30.0 "
    "weeks), so that rates per patient are not rates per time"
)
LABEL = "Duration of treatment"


def rows(control: str, treated: str, *, unit: str = "weeks", at: str = "") -> list[QuantityRow]:
    return [
        QuantityRow.model_validate(
            {"label": LABEL, "quantity": "median", "arm": arm, "unit": unit, "value": value, "at": at, "source": "Text"}
        )
        for arm, value in (("old", control), ("new", treated))
    ]


@pytest.mark.parametrize(
    ("control", "treated", "differ"),
    [("18.9", "30.0", True), ("18.9", "18.9", False), ("19", "18.9", False), ("18", "18.9", True), ("<20", "30", True)],
)
def test_exposure_differs_where_printed_digits_do(control: str, treated: str, *, differ: bool) -> None:
    arms = {"arms": ("old", "new"), "arm_labels": ("Old", "New")}
    said = exposure_note(LABEL, rows(control, treated), **arms)  # type: ignore[arg-type]
    assert bool(said) == differ
    assert (f"median: Old {control} weeks, New {treated} weeks" in said) == differ
    assert not exposure_note("Other", rows(control, treated), **arms)  # type: ignore[arg-type]
    assert not exposure_note(LABEL, rows(control, treated)[:1], **arms)  # type: ignore[arg-type]
    assert not exposure_note(LABEL, rows(control, treated, at="first infusion"), **arms)  # type: ignore[arg-type]


def test_the_shipped_trial_says_it_of_every_contrast_and_of_no_rate() -> None:
    assert exposure_of(EVENTS) == WORDS
    table = next(item for item in tables_of(EVENTS) if item.kind == "laboratory")
    single = singles_of(EVENTS)[0].partition
    found = [*recompute_terms(table), *recompute(single), *exact_estimates(single, RATE_PRIORS[0])]
    assert {item.kind for item in found} == {"recomputed", "posterior"}
    for item in found:
        assert (WORDS in item.method) == bool(item.numerator)
    assert single.swapped().caution == single.caution


def test_posterior_figure_file_and_result_say_it() -> None:
    table = next(item for item in tables_of(EVENTS) if item.kind == "laboratory")
    job = SafetyJob(table=table, model=EVENT_MODELS[0], sampling=Sampling(seed=1, draws=100))
    assert job.digest == replace(job, table=replace(table, exposure="")).digest  # words, and no number depends on them
    rng, data = np.random.default_rng(1), job.data()
    draws = {name: held.reshape(4, 50, *held.shape[1:]) for name, held in job.model.draw_prior(data, 200, rng).items()}
    statistics = {name: rng.normal(size=(4, 50)) for name in STATISTICS}
    fit = SafetyFit(
        job=job, tree=job.assemble(data, Sampled(draws=draws, statistics=statistics), rng), diagnosis=PASSED
    )
    for item in fit.estimates:
        assert (WORDS in item.method) == bool(item.numerator)
    sentence = f"A{WORDS[1:]}."
    assert sentence in event_note([fit])
    assert sentence in fit._repr_html_()
    assert str(job.described["note"]).endswith(sentence)
    assert SafetyResult(endpoint=EVENTS, fits=(fit,)).words.endswith(f"rows of adverse events. {sentence}")


def test_rows_that_are_not_there_are_refused(tmp_path: Path) -> None:
    for file in TRIAL.path.parent.glob(f"{TRIAL.key}*"):
        text = file.read_text(encoding="utf-8")
        changed = text.replace('exposure = "Duration of exposure to treatment"', 'exposure = "Duration"')
        (tmp_path / file.name).write_text(changed, encoding="utf-8")
    with pytest.raises(TrialFileError, match=r"endpoints\[teae\].exposure.*Duration of exposure to treatment"):
        load_trial(tmp_path / TRIAL.path.name)
