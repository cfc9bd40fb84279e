"""Where calibrations are stored."""

from __future__ import annotations

from pathlib import Path

STORED = Path(__file__).resolve().parents[2] / "benchmarks" / "calibration"
