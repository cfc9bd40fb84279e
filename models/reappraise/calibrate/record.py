"""The record of a complete calibration, as it is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from reappraise.calibrate.calibration import Ranks, Refused
from reappraise.calibrate.uniformity import LEAST, Uniformity, Verdict, judge, summarise
from reappraise.core.errors import AnalysisError, OutputError

FORMAT = "reappraise calibration 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What one simulator gave.

    Parameters
    ----------
    datasets
        Data sets simulated.
    refused
        How many of them allowed no analysis, by reason.
    quantities
        Uniformity of the ranks of each quantity over the others.
    """

    datasets: int
    refused: Mapping[str, int]
    quantities: Mapping[str, Uniformity]

    @classmethod
    def of(cls, found: Sequence[Ranks | Refused]) -> Self:
        """Summarise the outcomes of all data sets.

        Raises
        ------
        AnalysisError
            If too few of them allowed an analysis.
        """
        ranks = [item for item in found if not isinstance(item, Refused)]
        reasons = [item.reason for item in found if isinstance(item, Refused)]
        refused = {reason: reasons.count(reason) for reason in sorted(set(reasons))}
        if len(ranks) < LEAST:
            raise AnalysisError(
                f"expected at least {LEAST} data sets that can be analysed, got {len(ranks)} of {len(found)}"
                + "".join(f"; {number} refused: {reason}" for reason, number in refused.items())
            )
        return cls(datasets=len(found), refused=refused, quantities=summarise(ranks))

    @property
    def verdict(self) -> Verdict:
        """Whether the ranks are uniform."""
        return judge(self.quantities)

    @property
    def words(self) -> str:
        """What was found, in words."""
        verdict = self.verdict
        covered = [item.coverage_90 for item in self.quantities.values()]
        refused = "".join(f"; {number} refused: {reason}" for reason, number in self.refused.items())
        return (
            f"{self.datasets} data sets{refused}; ranks of {len(covered)} quantities "
            f"{'uniform' if verdict.uniform else 'NOT uniform'}, smallest p {verdict.smallest:.2g} "
            f"({verdict.quantity}, {verdict.test}; at least {verdict.threshold:.2g} is asked for); "
            f"90% intervals hold {100 * min(covered):.1f} to {100 * max(covered):.1f}%."
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        verdict = self.verdict
        return {
            "datasets": self.datasets,
            "refused": dict(self.refused),
            "uniform": verdict.uniform,
            "smallest_p": verdict.smallest,
            "threshold": float(f"{verdict.threshold:.3g}"),
            "quantities": {name: item.as_dict() for name, item in self.quantities.items()},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """From what `as_dict` gave; the verdict is reached anew."""
        quantities = {name: Uniformity.from_dict(item) for name, item in plain["quantities"].items()}
        if not quantities:
            raise ValueError("it holds no quantity")
        return cls(datasets=plain["datasets"], refused=dict(plain["refused"]), quantities=quantities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A complete calibration.

    Parameters
    ----------
    identity
        Model, digest of its code, versions and settings.
    label, mistake
        What is calibrated, and what the wrong simulator does, in words.
    date
        Day it was completed (UTC), ISO 8601.
    right, wrong
        What the right and the deliberately wrong simulator gave.
    """

    identity: Mapping[str, Any]
    label: str
    mistake: str
    date: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    right: Simulated
    wrong: Simulated

    @property
    def calibrated(self) -> bool:
        """Whether the ranks are uniform, and those of the wrong simulator are not."""
        return self.right.verdict.uniform and not self.wrong.verdict.uniform

    @property
    def lines(self) -> tuple[str, ...]:
        """What was found, in words."""
        return (
            f"{self.label}: " + ("calibrated." if self.calibrated else "NOT CALIBRATED."),
            f"Right simulator: {self.right.words}",
            f"Wrong simulator ({self.mistake}): {self.wrong.words}",
        )

    def as_text(self) -> str:
        """As JSON."""
        plain = {
            "format": FORMAT,
            "date": self.date,
            **self.identity,
            "label": self.label,
            "mistake": self.mistake,
            "right": self.right.as_dict(),
            "wrong": self.wrong.as_dict(),
        }
        return json.dumps(plain, indent=1) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read a record; None if there is no such file.

        Raises
        ------
        OutputError
            If the file cannot be read, or is no calibration record.
        """
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            _check_format(plain["format"])
            return cls(
                identity={name: plain[name] for name in ("model", "digest", "versions", "settings")},
                label=plain["label"],
                mistake=plain["mistake"],
                date=plain["date"],
                right=Simulated.from_dict(plain["right"]),
                wrong=Simulated.from_dict(plain["wrong"]),
            )
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}. Choose another folder.") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutputError(
                f"{path}: expected a calibration record, got something else ({type(error).__name__}: {error}). "
                "Move it away, or choose another folder."
            ) from None


def _check_format(found: object) -> None:
    if found != FORMAT:
        raise ValueError(f"its format is {found!r}")
