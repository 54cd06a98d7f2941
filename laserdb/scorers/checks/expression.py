"""Exact values of plain arithmetic: tokens, a small recursive-descent parser over fractions, rounding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

MAX_DIGITS = 24
MAX_TOKENS = 80
MAX_DEPTH = 12
MAX_EXPONENT = 30
MAX_SIZE = 10**40
FLOAT_NOISE = Fraction(1, 10**9)
"""Relative error that a calculator leaves, as in 140/60 = 2.3333333333333335."""

_US_NUMBER = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|0|[1-9]\d*)(?:\.\d+)?$|\.\d+$")
_EU_NUMBER = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|0|[1-9]\d*)(?:,\d+)?$")
_SIGNS = {
    "×": "*",
    "x": "*",
    "X": "*",
    "·": "*",
    "⋅": "*",
    "∗": "*",
    "÷": "/",
    "−": "-",
    "**": "^",
    "²": "^2",
    "³": "^3",
}


class UnclearError(Exception):
    """The tokens are no arithmetic expression that has one reading."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value with what its rounding depends on.

    `digits` counts the decimals shown if it is a bare number, `operators` and `inexact` (a decimal
    fraction under × or ÷, which may itself be rounded) describe an expression.
    """

    exact: Fraction
    digits: int
    operators: int
    inexact: bool
    percent: bool


def evaluate(tokens: list[str], *, european: bool = False, percent: bool = True) -> Value:
    """The value of the tokens, or `UnclearError`. `percent` False reads "25%" as 25."""
    if not tokens or len(tokens) > MAX_TOKENS:
        raise UnclearError
    parser = _Parser([_SIGNS.get(token, token) for token in tokens], european, percent)
    exact = parser.sum(0)
    if parser.at < len(parser.tokens):
        raise UnclearError
    inexact = parser.digits > 0 and parser.scaling
    return Value(exact, parser.digits, parser.operators, inexact, "%" in tokens)


def agree(left: Value, right: Value) -> bool:
    """Whether the two sides are equal as far as the digits shown can tell.

    A bare number may be rounded or cut to its last digit, but only if the other side needs more
    digits than it shows: 10/3 = 3 holds, 48/2 = 25 doesn't.
    """
    if left.exact == right.exact:
        return True
    difference = abs(left.exact - right.exact)
    largest = max(abs(left.exact), abs(right.exact))
    if difference <= largest * FLOAT_NOISE:
        return True
    # Operands such as 16.67 or 0.333 are often rounded themselves.
    if (left.inexact or right.inexact) and difference <= largest / 1000:
        return True
    for shown, other in ((right, left), (left, right)):
        if shown.operators or not other.operators:
            continue
        scale = Fraction(1, 10**shown.digits) / (100 if shown.percent else 1)
        if (other.exact / scale).denominator != 1 and difference < scale:
            return True
    return bool(left.operators and right.operators) and difference <= largest / 1000 and _divides(left, right)


def _divides(left: Value, right: Value) -> bool:
    return left.exact.denominator != 1 or right.exact.denominator != 1


def number(text: str, *, european: bool = False) -> tuple[Fraction, int]:
    """A numeral's value and the decimals it shows, in English or continental notation.

    A leading zero makes it a code or a time of day ("0900"), not a number.
    """
    if len(text) > MAX_DIGITS or not (_EU_NUMBER if european else _US_NUMBER).match(text):
        raise UnclearError
    plain = text.replace(".", "").replace(",", ".") if european else text.replace(",", "")
    return Fraction(Decimal(plain)), len(plain.partition(".")[2].rstrip()) if "." in plain else 0


class _Parser:
    """sum := product (± product)*; product := signed (×÷ signed)*; signed := -signed | power."""

    def __init__(self, tokens: list[str], european: bool, percent: bool) -> None:
        self.tokens = [
            part for token in tokens for part in (("^", token[1]) if token in ("^2", "^3") else (token,))
        ]
        self.european, self.percent = european, percent
        self.at = self.digits = self.operators = 0
        self.scaling = False

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def sum(self, depth: int) -> Fraction:
        if depth > MAX_DEPTH:
            raise UnclearError
        value = self.product(depth)
        while (sign := self.peek()) in ("+", "-"):
            self.at += 1
            self.operators += 1
            before = self.at
            term = self.product(depth)
            # "100 + 10%" may mean 110 or 100.1.
            if self.at == before + 2 and self.tokens[self.at - 1] == "%":
                raise UnclearError
            value = value + term if sign == "+" else value - term
        return value

    def product(self, depth: int) -> Fraction:
        value = self.signed(depth)
        before = ""
        while (sign := self.peek()) in ("*", "/"):
            # "2/ 1/5" is often meant as 2/(1/5).
            if sign == before == "/":
                raise UnclearError
            before = sign
            self.at += 1
            self.operators += 1
            self.scaling = True
            factor = self.signed(depth)
            if sign == "/" and factor == 0:
                raise UnclearError
            value = value * factor if sign == "*" else value / factor
            if abs(value.numerator) > MAX_SIZE or value.denominator > MAX_SIZE:
                raise UnclearError
        return value

    def signed(self, depth: int) -> Fraction:
        if self.peek() == "-":
            self.at += 1
            if depth > MAX_DEPTH:
                raise UnclearError
            return -self.signed(depth + 1)
        return self.power(depth)

    def power(self, depth: int) -> Fraction:
        base = self.atom(depth)
        if self.peek() != "^":
            return base
        self.at += 1
        self.operators += 1
        self.scaling = True
        exponent = self.signed(depth + 1)
        if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT or (base == 0 and exponent <= 0):
            raise UnclearError
        if abs(base.numerator) > 10**6 or base.denominator > 10**6:
            raise UnclearError
        value = base ** int(exponent)
        if abs(value.numerator) > MAX_SIZE or value.denominator > MAX_SIZE:
            raise UnclearError
        return Fraction(value)

    def atom(self, depth: int) -> Fraction:
        token = self.peek()
        self.at += 1
        if token == "(":  # noqa: S105
            value = self.sum(depth + 1)
            if self.peek() != ")":
                raise UnclearError
            self.at += 1
        elif token[:1].isdigit() or token[:1] == ".":
            value, digits = number(token, european=self.european)
            self.digits = max(self.digits, digits)
        else:
            raise UnclearError
        if self.peek() == "%":
            self.at += 1
            value = value / 100 if self.percent else value
        return value
