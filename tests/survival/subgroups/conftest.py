"""The made-up trial with a forest plot, as printed and as tests alter it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reappraise.fits.sampling import Sampling
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.fit import SubgroupFit, fit_survival_subgroups
from reappraise.survival.subgroups.reading import subgroups_of
from reappraise.survival.subgroups.table import SubgroupTable
from reappraise.trial import load_trial
from support.data import SUBGROUPS

type Altered = Callable[..., TrialEndpoint[SurvivalEndpoint]]


@pytest.fixture(scope="session")
def os() -> TrialEndpoint[SurvivalEndpoint]:
    return load_trial(SUBGROUPS)["os"]


@pytest.fixture(scope="session")
def table(os: TrialEndpoint[SurvivalEndpoint]) -> SubgroupTable:
    return subgroups_of(os, "region")


@pytest.fixture
def altered(tmp_path: Path) -> Altered:
    """Loads the trial with parts of its text replaced, each of which must be there."""

    def made(*changes: tuple[str, str]) -> TrialEndpoint[SurvivalEndpoint]:
        text = SUBGROUPS.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / "altered.toml"
        path.write_text(text, encoding="utf-8")
        return load_trial(path)["os"]

    return made


@pytest.fixture(scope="session")
def fitted(os: TrialEndpoint[SurvivalEndpoint]) -> SubgroupFit:
    return fit_survival_subgroups(os, by="region", sampling=Sampling(seed=4))
