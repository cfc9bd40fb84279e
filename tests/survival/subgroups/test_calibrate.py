"""The calibration of printed subgroups: simulated, printed, read again, fitted and ranked."""

from __future__ import annotations

import pickle

import pytest

from reappraise.calibrate.calibration import Refused, identity
from reappraise.survival.subgroups.calibrate import SUBGROUP_CALIBRATION, SubgroupCalibration

QUANTITIES = ("effect", "interaction_sd", "first_level", "last_level", "average")


def test_it_can_be_listed_sent_to_workers_and_told_from_another() -> None:
    assert pickle.loads(pickle.dumps(SUBGROUP_CALIBRATION)) == SUBGROUP_CALIBRATION  # noqa: S301  # its own
    known = identity(SUBGROUP_CALIBRATION)
    assert known["model"] == "printed-subgroups"
    assert known != identity(SubgroupCalibration(decimals=1))
    assert all(path.is_file() for path in SUBGROUP_CALIBRATION.code)


@pytest.mark.sampling
def test_a_data_set_gives_the_same_ranks_again_and_a_wrong_one_others() -> None:
    """One data set alone: what many say is stored."""
    SUBGROUP_CALIBRATION.prepare()
    first, again = (SUBGROUP_CALIBRATION.run(3, wrong=False) for _ in range(2))
    assert first == again
    assert not isinstance(first, Refused)
    assert set(first) == set(QUANTITIES)
    assert all(0 < value < 1 for value in first.values())
    assert SUBGROUP_CALIBRATION.run(3, wrong=True) != first
