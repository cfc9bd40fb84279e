"""A number as it was printed: a float that remembers its digits and whether it is only a bound."""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf
from typing import Any, Literal, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

type Relation = Literal["=", "<", ">"]

NOT_REACHED = "not reached"
_NUMBER = re.compile(r"([<>]?)\s*([+-]?\d+(?:\.\d+)?)")


class Printed(float):
    """A printed number: rounded, and perhaps only a bound.

    A printed 18.9 stands for the interval [18.85, 18.95]; "<0.04" is a bound; "not reached" is infinite.
    Arithmetic gives plain floats, so digits are never claimed for a derived number.

    Parameters
    ----------
    text
        The number as printed: ``"0.040"``, ``"<0.04"``, ``">89"`` or ``"not reached"``.

    Raises
    ------
    ValueError
        If the text is none of these.

    Examples
    --------
    >>> Printed("0.040"), Printed("18.9").covers(18.93), Printed("<0.04").covers(0.05)
    (Printed('0.040'), True, False)
    """

    __slots__ = ("relation", "text")

    relation: Relation
    text: str

    def __new__(cls, text: str) -> Self:
        """Read the printed text."""
        clean = text.strip()
        if clean == NOT_REACHED:
            self = super().__new__(cls, inf)
            self.relation = "="
        else:
            match = _NUMBER.fullmatch(clean)
            if match is None:
                expected = f'a number, a bound such as "<0.04", or "{NOT_REACHED}"'
                raise ValueError(f"expected {expected}, got {text!r}")
            self = super().__new__(cls, match[2])
            self.relation = match[1] or "="  # type: ignore[assignment]  # the pattern allows no other
            clean = match[1] + match[2]
        self.text = clean
        return self

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a number as a trial file gives it: an integer, a Decimal, or text."""
        if isinstance(value, cls):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
            raise ValueError(f"expected a printed number, got {value!r}")  # noqa: TRY004  # pydantic reads ValueError
        return cls(str(value))

    @property
    def digits(self) -> Decimal:
        """The printed digits, exactly, without the relation."""
        return Decimal(self.text.lstrip("<>")) if self != inf else Decimal("Infinity")

    @property
    def half_unit(self) -> Decimal:
        """Half a unit of the last printed digit; zero for "not reached"."""
        exponent = self.digits.as_tuple().exponent
        return Decimal(5).scaleb(exponent - 1) if isinstance(exponent, int) else Decimal(0)

    @property
    def bounds(self) -> tuple[float, float]:
        """The true values that the printed text allows, as a closed interval."""
        match self.relation:
            case "<":
                return -inf, float(self)
            case ">":
                return float(self), inf
            case _:
                return float(self.digits - self.half_unit), float(self.digits + self.half_unit)

    def covers(self, value: float) -> bool:
        """Whether `value`, rounded (either way at a tie), could have been printed like this."""
        low, high = self.bounds
        slack = 1e-9 * max(1.0, abs(value)) if abs(value) < inf else 0.0
        return low - slack <= value <= high + slack

    def scaled(self, power: int) -> Self:
        """The same digits times a power of ten, as in percent to fraction (``power=-2``)."""
        if self == inf:
            return self
        shifted = self.digits.scaleb(power)
        return type(self)(f"{self.relation if self.relation != '=' else ''}{shifted:f}")

    def __repr__(self) -> str:
        return f"Printed({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.text,)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse,
            json_schema_input_schema=core_schema.union_schema([core_schema.float_schema(), core_schema.str_schema()]),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )
