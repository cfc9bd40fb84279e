"""What is found out about one endpoint: fits, evidence, refusals, and what they yield."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from reappraise.core.comparison import Comparison, order
from reappraise.core.estimate import Estimate
from reappraise.core.refusal import Refusal
from reappraise.fits.diagnose import Diagnosis
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.estimates import published_estimates
from reappraise.published.trial import TrialEndpoint

if TYPE_CHECKING:
    from matplotlib.figure import Figure

type Drawn = Iterator[tuple[str, Figure]]
"""Figures with the names of their files, each drawn when it is asked for."""


class Diagnosed(Protocol):
    """What was computed from draws, and judged."""

    @property
    def job(self) -> Any:
        """What was asked for."""
        ...

    @property
    def diagnosis(self) -> Diagnosis:
        """The verdict and the checks behind it."""
        ...

    @property
    def converged(self) -> bool:
        """Whether it passed."""
        ...


class Estimated(Diagnosed, Protocol):
    """A fit: judged, with estimates."""

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates."""
        ...


@dataclass(frozen=True, kw_only=True)
class Result[Record: EndpointRecord, FitT: Estimated](ABC):
    """Everything found out about one endpoint.

    Parameters
    ----------
    endpoint
        The endpoint.
    fits
        Fits, the one that a reader is shown first coming first.
    refusals
        What was not analysed, and why.
    level
        Coverage of recomputed intervals.
    """

    endpoint: TrialEndpoint[Record]
    fits: tuple[FitT, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    level: float = 0.95

    @property
    def key(self) -> str:
        """Key of the endpoint."""
        return self.endpoint.published.key

    @property
    @abstractmethod
    def words(self) -> str:
        """What was computed, in a line."""

    def published(self) -> Iterator[Estimate]:
        """Yield what was published, contrasts experimental over (or minus) control."""
        yield from published_estimates(self.endpoint)

    @abstractmethod
    def recomputed(self) -> Iterator[Estimate]:
        """Yield the classical answers on the data."""

    @abstractmethod
    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:
        """Yield its figures.

        Parameters
        ----------
        others
            Results of endpoints that it may be drawn beside.
        """

    @property
    def analysed(self) -> bool:
        """Whether anything was computed."""
        return True

    @property
    def diagnosed(self) -> tuple[Diagnosed, ...]:
        """Everything that a verdict stands on."""
        return self.fits

    @property
    def tables(self) -> Mapping[str, Iterable[Mapping[str, object]]]:
        """Rows of further tables, by the name of their file."""
        return {}

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, and what is estimated."""
        yield from self.recomputed()
        for fit in self.fits:
            yield from fit.estimates

    def comparison(self) -> Comparison:
        """What was published, recomputed and estimated, contrasts experimental over (or minus) control."""
        return Comparison(order((*self.published(), *self.estimated())))


@dataclass(frozen=True, kw_only=True)
class NotAnalysed(Result[EndpointRecord, Estimated]):
    """An endpoint of which nothing could be computed: what was published stands, and why there is no more."""

    @property
    def analysed(self) -> bool:
        """Nothing was."""
        return False

    @property
    def words(self) -> str:
        """That there is nothing."""
        return f"{self.key}: not analysed."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield nothing."""
        yield from ()

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # none
        """Yield nothing."""
        yield from ()
