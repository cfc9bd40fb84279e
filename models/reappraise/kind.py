"""What a kind of endpoint brings: its record, how it is analysed, and what is calibrated."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reappraise.calibrate.calibration import Calibration
from reappraise.core.refusal import Refusal
from reappraise.fits.each import Session
from reappraise.fits.result import Result
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.trial import Trial, TrialEndpoint


@dataclass(frozen=True, slots=True)
class Kind[Record: EndpointRecord](ABC):
    """A kind of endpoint, all the way from its record to its pictures.

    Parameters
    ----------
    record
        What is published of such an endpoint.
    """

    record: type[Record]

    @abstractmethod
    def steps(self, endpoint: TrialEndpoint[Record]) -> int:
        """How many plain fits the analysis of an endpoint takes about as long as: for the time left alone."""

    @abstractmethod
    def analyse(self, endpoint: TrialEndpoint[Record], session: Session) -> Result[Any, Any]:
        """Fit what the published numbers allow, and hold it beside the classical answers.

        Raises
        ------
        AnalysisError
            If nothing can be computed; then the endpoint is named among what was refused.
        """

    def refused(self, trial: Trial) -> Iterator[Refusal]:  # noqa: ARG002  # most have no more to say
        """Yield what the trial as a whole leaves unanswered about endpoints of this kind."""
        yield from ()

    def joined(
        self, trial: Trial, results: Mapping[str, Result[Any, Any]], session: Session
    ) -> Mapping[str, Result[Any, Any]]:
        """Results that hold more once those of all endpoints are there, and those of several endpoints, by key.

        Parameters
        ----------
        trial
            The trial as a whole.
        results
            What was found out about every endpoint, by its key.
        session
            Where what is computed is found and kept.
        """
        del trial, results, session
        return {}

    @property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """Columns of further tables that its results have rows for, by the name of their file."""
        return {}

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """What of it is calibrated by simulation."""
        return ()
