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
_SIGNS: dict[str, Relation] = {
    "": "=", "=": "=", "<": "<", "<=": "<", "\u2264": "<", ">": ">", ">=": ">", "\u2265": ">",
}  # fmt: skip
_NUMBER = re.compile(
    r"(?:[Pp](?:[ -]?value)?\s*(?=[<>=\u2264\u2265]))?"  # P < .001
    r"([<>]=?|[=\u2264\u2265]?)\s*"
    r"([+-]?)(?:"
    r"(\d+(?:[.\u00b7]\d+)?|[.\u00b7]\d+)"
    # of 3 x 107, from which the exponent's place was lost, nobody can say what it was
    r"(?:[eE]([+-]?\d{1,3})|\s*[x\u00d7*\u00b7\u22c5]\s*10\s*(\^\s*[+-]?\d{1,3}|-\d{1,3}))?"
    r"|10\s*\^\s*([+-]?\d{1,3}))",
    re.ASCII,
)
_PLAIN = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u2010": "-", "\u2011": "-", "\ufe63": "-", "\uff0d": "-", "\u00a0": " "}
)
_RAISED = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207a", "0123456789-+")
_SUPERSCRIPT = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207b\u207a]+")


class Written(Decimal):
    """A decimal of a file that remembers how it was written: 9e-07 is not turned into 9E-7."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Read the text of a float."""
        self = super().__new__(cls, text)
        self.text = text.replace("_", "")
        return self

    def __str__(self) -> str:
        return self.text


class Printed(float):
    """A printed number: rounded, and perhaps only a bound.

    A printed 18.9 stands for the interval [18.85, 18.95], 9e-07 for [8.5e-07, 9.5e-07]; "<0.04" is a bound;
    "not reached" is infinite. Arithmetic gives plain floats, so digits are never claimed for a derived number.

    Parameters
    ----------
    text
        The number as printed: ``"0.040"``, ``"<0.04"``, ``">89"``, ``"9e-07"``, ``"3 \u00d7 10^-7"``, ``"P<.001"`` or
        ``"not reached"``. What stands before the sign is dropped, the rest is kept as it is.

    Raises
    ------
    ValueError
        If the text is none of these.

    Examples
    --------
    >>> Printed("0.040"), Printed("18.9").covers(18.93), Printed("<0.04").covers(0.05)
    (Printed('0.040'), True, False)
    >>> Printed("P = 3 x 10^-7").bounds
    (2.5e-07, 3.5e-07)
    """

    __slots__ = ("digits", "relation", "text")

    digits: Decimal
    """The printed digits, exactly, without the relation."""
    relation: Relation
    text: str

    def __new__(cls, text: str) -> Self:
        """Read the printed text."""
        clean = text.strip()
        if clean == NOT_REACHED:
            self = super().__new__(cls, inf)
            self.digits, self.relation, self.text = Decimal(inf), "=", clean
            return self
        plain = _SUPERSCRIPT.sub(lambda raised: "^" + raised[0].translate(_RAISED), clean.translate(_PLAIN))
        match = _NUMBER.fullmatch(plain)
        if match is None:
            expected = f'a number, a bound such as "<0.04", or "{NOT_REACHED}"'
            raise ValueError(f"expected {expected}, got {text!r}")
        sign, minus, mantissa, exponent, power, alone = match.groups()
        scale = (exponent or power or alone or "0").replace("^", "").replace(" ", "")
        digits = Decimal(f"{minus}{(mantissa or '1').replace('\u00b7', '.')}e{scale}")
        self = super().__new__(cls, digits)
        self.digits, self.relation = digits, _SIGNS[sign]
        # everything up to here was exchanged character by character; raised digits, the only others, come later
        number = clean[match.start(2) :]
        self.text = ("" if sign == "=" else sign) + number
        return self

    @property
    def number(self) -> str:
        """The text without the sign of a bound."""
        return self.text.lstrip("<>=\u2264\u2265")

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a number as a trial file gives it: an integer, a Decimal, or text."""
        if isinstance(value, cls):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
            raise ValueError(f"expected a printed number, got {value!r}")  # noqa: TRY004  # pydantic reads ValueError
        return cls(str(value))

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
        # of the digits, not of 1: a p value may be smaller than any fixed slack
        slack = 1e-9 * max(float(self.half_unit), abs(value)) if abs(value) < inf else 0.0
        return low - slack <= value <= high + slack

    def scaled(self, power: int) -> Self:
        """The same digits times a power of ten, as in percent to fraction (``power=-2``)."""
        if self == inf or power == 0:
            return self
        shifted = self.digits.scaleb(power)
        coarse = int(shifted.as_tuple().exponent) > 0  # without an exponent, zeros would be taken for digits
        return type(self)(self.text.removesuffix(self.number) + (str(shifted) if coarse else f"{shifted:f}"))

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
