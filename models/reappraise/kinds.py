"""Every kind of endpoint, in the order in which an analysis takes them: one line here for each."""

from __future__ import annotations

from typing import Any

from reappraise.calibrate.calibration import Calibration
from reappraise.continuous.analysis import CONTINUOUS
from reappraise.core.errors import AnalysisError
from reappraise.depth.analysis import DEPTH
from reappraise.effect.analysis import EFFECT
from reappraise.event_rate.analysis import EVENT_RATE
from reappraise.kind import Kind
from reappraise.published.endpoint import EndpointRecord
from reappraise.response.analysis import RESPONSE
from reappraise.safety.analysis import SAFETY
from reappraise.survival.analysis import SURVIVAL
from reappraise.trial.schema import RECORDS, Records

KINDS: tuple[Kind[Any], ...] = (EFFECT, CONTINUOUS, EVENT_RATE, RESPONSE, DEPTH, SAFETY, SURVIVAL)
"""The quick ones first."""


def kind_of(record: EndpointRecord, kinds: tuple[Kind[Any], ...] = KINDS) -> Kind[Any]:
    """The kind that a record is of.

    Raises
    ------
    AnalysisError
        If there is none: a record that nothing can analyse is never skipped.
    """
    for kind in kinds:
        if isinstance(record, kind.record):
            return kind
    known = ", ".join(kind.record.__name__ for kind in kinds)
    raise AnalysisError(f"endpoint {record.key} is a {type(record).__name__}; expected one of {known}")


def calibrations(kinds: tuple[Kind[Any], ...] = KINDS) -> tuple[Calibration, ...]:
    """Everything that is calibrated by simulation."""
    return tuple(calibration for kind in kinds for calibration in kind.calibrations)


def calibration_of(name: str) -> Calibration:
    """The calibration of that name.

    Raises
    ------
    AnalysisError
        If there is none.
    """
    known = {calibration.name: calibration for calibration in calibrations()}
    if name not in known:
        raise AnalysisError(f"expected a model that can be calibrated, one of {', '.join(known)}, got {name!r}")
    return known[name]


def require_kinds(kinds: tuple[Kind[Any], ...], records: Records) -> None:
    """Refuse records that nothing analyses, and kinds of records that no file can hold.

    Parameters
    ----------
    kinds
        Kinds of endpoint.
    records
        Records that a file may hold.

    Raises
    ------
    TypeError
        If they are not the same; it names those that lack the other.
    """
    analysed = {kind.record for kind in kinds}
    lacking = sorted(record.__name__ for record in analysed ^ set(records))
    if lacking:
        raise TypeError(f"expected a kind in KINDS for every record in RECORDS, and no other: {', '.join(lacking)}")


require_kinds(KINDS, RECORDS)  # at start-up, so that no record is without its analysis
