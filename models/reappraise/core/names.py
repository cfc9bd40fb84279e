"""Keys of a trial file in the words of print: arms, endpoints, subgroups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from reappraise.core.arms import WHOLE, Better


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointName:
    """An endpoint in words.

    Parameters
    ----------
    label
        What was measured.
    kind
        Its kind.
    better
        Whether more or less of it is good for the patient; empty where that is not known.
    primary
        Whether it is the primary endpoint.
    populations
        Subgroups in words, by their names ``"factor=level"``.
    """

    label: str
    kind: str = ""
    better: Better | None = None
    primary: bool = False
    populations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What keys are called in print; a key that has no name stands for itself.

    Parameters
    ----------
    arms
        Short names of the arms, by key.
    endpoints
        The endpoints, by key.
    """

    arms: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[str, EndpointName] = field(default_factory=dict)

    def arm(self, key: str) -> str:
        """Name of an arm."""
        return self.arms.get(key, key)

    def endpoint(self, key: str) -> EndpointName:
        """An endpoint in words; of a row of its table, whose key begins with its own, the row as well."""
        if key in self.endpoints:
            return self.endpoints[key]
        of = self.whole(key)
        if of not in self.endpoints:
            return EndpointName(label=key)
        whole = self.endpoints[of]
        row = key.removeprefix(f"{of}-").replace("-", " ")
        return EndpointName(label=f"{whole.label}: {row}", kind=whole.kind, better=whole.better)

    def whole(self, key: str) -> str:
        """Key of the endpoint that a row of its table belongs to; of any other endpoint its own."""
        if key in self.endpoints:
            return key
        return max((known for known in self.endpoints if key.startswith(f"{known}-")), key=len, default=key)

    def population(self, endpoint: str, key: str) -> str:
        """Name of a population of an endpoint."""
        return "all patients" if key == WHOLE else self.endpoint(endpoint).populations.get(key, key)

    def as_plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "arms": dict(self.arms),
            "endpoints": {
                key: {
                    "label": one.label,
                    "kind": one.kind,
                    "better": one.better,
                    "primary": one.primary,
                    "populations": dict(one.populations),
                }
                for key, one in self.endpoints.items()
            },
        }

    @classmethod
    def of_plain(cls, plain: object) -> Self:
        """Read what `as_plain` wrote; what has another form is left out, and its keys stand for themselves."""
        match plain:
            case {"arms": dict(arms), "endpoints": dict(endpoints)}:
                named = {str(key): one for key, item in endpoints.items() if (one := _endpoint(item)) is not None}
                return cls(arms=_texts(arms), endpoints=named)
        return cls()


def _endpoint(plain: object) -> EndpointName | None:
    match plain:
        case {"label": str(label), "kind": str(kind), "better": better, "primary": bool(primary), "populations": rest}:
            known = better if better in {"higher", "lower"} else None
            named = _texts(rest) if isinstance(rest, dict) else {}
            return EndpointName(label=label, kind=kind, better=known, primary=primary, populations=named)
    return None


def _texts(plain: dict[Any, Any]) -> dict[str, str]:
    return {str(key): text for key, text in plain.items() if isinstance(text, str)}
