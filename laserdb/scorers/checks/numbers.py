"""English number words, as instructions, passages and word problems spell them."""

from __future__ import annotations

_UP_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth"

UP_TO_TWENTY = _UP_TO_TWENTY.split()
ORDINALS = _ORDINALS.split()

_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_PARTS = {
    2: "half halves",
    3: "third thirds",
    4: "quarter quarters fourth",
    5: "fifth",
    6: "sixth",
    8: "eighth",
    10: "tenth",
}
_WHOLES = {
    1: "once",
    2: "twice double doubled doubles pair pairs couple both twins",
    3: "thrice triple tripled triples triplets",
    4: "quadruple",
    5: "nickel nickels pentagon weekday weekdays",
    6: "hexagon",
    8: "octagon",
    10: "dime dimes decade",
    12: "dozen dozens",
    14: "fortnight",
    20: "score",
    25: "quarter quarters",
    100: "hundred century",
    1000: "thousand",
    1000000: "million",
}
GIVEN_WORDS: dict[str, frozenset[float]] = {}
"""Word → the numbers that it gives in a word problem ("quarter": 1/4, 1/100 of it, 25 cents)."""
for _words in (
    {word: float(value) for value, word in enumerate(UP_TO_TWENTY)},
    {word: 10.0 * value for value, word in enumerate(_TENS, 2)},
    {word: round(1 / value, 6) for value, words in _PARTS.items() for word in words.split()},
    {word: float(value) for value, words in _WHOLES.items() for word in words.split()},
):
    for _word, _value in _words.items():
        GIVEN_WORDS[_word] = GIVEN_WORDS.get(_word, frozenset()) | {_value}
