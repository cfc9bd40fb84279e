"""Simulation-based calibration: are 90% intervals right nine times in ten. One line for each thing calibrated."""

from __future__ import annotations

from reappraise.calibrate.calibration import Calibration, Ranks, Refused
from reappraise.calibrate.depth import DEPTH
from reappraise.calibrate.reconstruction import RECONSTRUCTION
from reappraise.calibrate.response import RESPONSE
from reappraise.calibrate.safety import SAFETY
from reappraise.calibrate.survival import SURVIVAL
from reappraise.errors import AnalysisError

CALIBRATIONS: tuple[Calibration, ...] = (*RESPONSE, *DEPTH, *SAFETY, SURVIVAL, RECONSTRUCTION)


def calibration_of(name: str) -> Calibration:
    """The calibration of that name.

    Raises
    ------
    AnalysisError
        If there is none.
    """
    for calibration in CALIBRATIONS:
        if calibration.name == name:
            return calibration
    known = ", ".join(calibration.name for calibration in CALIBRATIONS)
    raise AnalysisError(f"expected a model that can be calibrated, one of {known}, got {name!r}")


__all__ = ["CALIBRATIONS", "Calibration", "Ranks", "Refused", "calibration_of"]
