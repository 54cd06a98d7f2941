"""English number words, as instructions, passages and word problems spell them."""

from __future__ import annotations

_UP_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth"

UP_TO_TWENTY = _UP_TO_TWENTY.split()
ORDINALS = _ORDINALS.split()

_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fifth": 5, "sixth": 6,
    "seventh": 7, "eighth": 8, "tenth": 10,
}  # fmt: skip
_WHOLES = {
    "once": 1, "twice": 2, "double": 2, "doubled": 2, "doubles": 2, "pair": 2, "pairs": 2, "couple": 2, "both": 2, "thrice": 3,
    "triple": 3, "tripled": 3, "triples": 3, "quadruple": 4, "dozen": 12, "dozens": 12, "hundred": 100, "thousand": 1000,
    "million": 1000000, "dime": 10, "dimes": 10, "nickel": 5, "nickels": 5, "quarter": 25, "quarters": 25, "decade": 10,
    "score": 20, "century": 100, "twins": 2, "triplets": 3, "hexagon": 6, "pentagon": 5, "octagon": 8, "weekday": 5,
    "weekdays": 5, "fortnight": 14,
}  # fmt: skip
GIVEN_WORDS: dict[str, frozenset[float]] = {}
"""Word → the numbers that it gives in a word problem ("quarter": 1/4, 1/100 of it, 25 cents)."""
for _words in (
    {word: float(value) for value, word in enumerate(UP_TO_TWENTY)},
    {word: 10.0 * value for value, word in enumerate(_TENS, 2)},
    {word: round(1 / value, 6) for word, value in _PARTS.items()},
    {word: float(value) for word, value in _WHOLES.items()},
):
    for _word, _value in _words.items():
        GIVEN_WORDS[_word] = GIVEN_WORDS.get(_word, frozenset()) | {_value}
