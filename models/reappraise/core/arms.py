"""Words that every room uses: who is compared, and what is good for a patient."""

from __future__ import annotations

from typing import Literal

type Arms = tuple[str, str]
"""Control, then experimental arm."""
type Better = Literal["higher", "lower"]
"""Whether more or less of a number is good for the patient."""
type Timing = Literal["baseline", "post_randomisation"]
"""When a subgroup factor was determined: after randomisation it has no causal reading."""

WHOLE = "all"
"""Name of the factor, and of its one level, that does not divide the population."""
