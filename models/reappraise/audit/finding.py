"""What an audit says: one printed number, what it should be, and whether the two agree."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

type Verdict = Literal["consistent", "inconsistent", "not reproduced", "cannot judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict of one check on one printed fact.

    Parameters
    ----------
    check
        Name of the check.
    verdict
        "consistent"; "inconsistent", where no analysis of these patients could give it; "not reproduced", where the
        methods tried do not, and `message` says what may lie behind it; "cannot judge", where it says what is missing.
    endpoint
        Key of the endpoint, table or external result; empty for the publication as a whole.
    subject
        Label, arm and population in words.
    printed
        The printed numbers.
    recomputed
        The numbers they were held against, each with its method.
    message
        One plain sentence.
    source
        Where the printed numbers stand in the publication.
    """

    check: str
    verdict: Verdict
    endpoint: str
    subject: str
    printed: str
    recomputed: str
    message: str
    source: str

    def as_row(self) -> dict[str, str]:
        """The finding as one row of a table, with the columns `FINDING_COLUMNS`."""
        return {name: getattr(self, name) for name in FINDING_COLUMNS}


FINDING_COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Finding))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a check looks at, before it has judged: printed numbers, what they are, and where they stand.

    Parameters
    ----------
    endpoint, subject, printed, source
        As of a `Finding`.
    """

    endpoint: str
    subject: str
    printed: str
    source: str

    def finding(self, check: str, verdict: Verdict, message: str, recomputed: str = "") -> Finding:
        """What a check found about it.

        Parameters
        ----------
        check, verdict, message, recomputed
            As of a `Finding`.
        """
        return Finding(
            check=check,
            verdict=verdict,
            endpoint=self.endpoint,
            subject=self.subject,
            printed=self.printed,
            recomputed=recomputed,
            message=message,
            source=self.source,
        )
