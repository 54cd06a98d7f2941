"""Numbers and relations in words: "at least 300", "between two and four", "twice or more"."""

from __future__ import annotations

import re

from laserdb.scorers.constraints.model import Bounds

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SCALES = {"hundred": 100, "thousand": 1000}
_VALUES = {word: value for value, word in enumerate(_UNITS.split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), 2)
}
_VALUES |= {"a": 1, "an": 1, "single": 1, "couple": 2, "pair": 2, "dozen": 12}
ORDINALS = {
    word: value
    for value, words in enumerate(
        (
            "first 1st",
            "second 2nd",
            "third 3rd",
            "fourth 4th",
            "fifth 5th",
            "sixth 6th",
            "seventh 7th",
            "eighth 8th",
            "ninth 9th",
            "tenth 10th",
        ),
        1,
    )
    for word in words.split()
}

_SMALL = "|".join((*_TENS.split(), *reversed(_UNITS.split())))
NUMBER = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}}|(?:{_SMALL})(?:[- ](?:{_SMALL}|hundred|thousand)|[- "
    rf"]and[- ](?:{_SMALL}))*"
    r"|an? (?:hundred|thousand|dozen)|a couple of|a pair of|a single|a dozen)"
)
_TIMES = {"once": 1, "twice": 2, "thrice": 3}

_RELATIONS = (
    ("low", r"at least|at a minimum(?: of)?|at minimum|an? minimum of|minimum(?: of)?|min\.?(?: of)?|"
            r"no (?:less|fewer)"
     r" than|(?:not|no) (?:less|fewer|shorter|lower) than|(?:more|greater) than or equal to|upwards of|"
     r">=|≥|starting from"),
    ("high", r"at most|at max(?:imum)?|at the most|no more than|not more than|no longer than|no greater than|"
     r"an? maximum of|maximum(?: of)?|max\.?(?: of)?|up to|within|not (?:to )?exceed(?:ing)?|(?:less|"
     r"fewer) than or "
     r"equal to|<=|≤|limit(?:ed)?(?: \w+){0,4} to|an? (?:upper )?limit of|cap(?:ped)?(?: \w+){0,3} at"),
    ("over", r"more than|greater than|larger than|longer than|over|above|exceed(?:s|ing)?|>"),
    ("below", r"less than|fewer than|smaller than|shorter than|under|below|<"),
    ("about", r"about|around|approximately|approx\.?|roughly|nearly|close to|circa|~|≈|some|in the "
              r"region of"),
    ("exact", r"exactly|precisely|only|just|strictly|a total of|equal to|="),
)  # fmt: skip
_REL = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _RELATIONS)
_SUFFIX = (
    r"(?:or|and) (?P<{0}more>more|above|over|longer|greater|higher|up)|(?:or|and) (?P<{0}less>less|"
    r"fewer|below|under|"
    r"shorter|lower)|(?P<{0}min>(?:at )?(?:a )?(?:minimum|min\b|the least|least))|"
    r"(?P<{0}max>(?:at )?(?:a |the )?(?:maximum|max\b|most|tops))|(?P<{0}so>or so)"
)
_NEGATION = r"(?:(?P<not>\b(?:not|n't|never|cannot|without|avoid|no)\b|n't\b)(?: \w+){0,4}? )?"
QUANTITY = (
    rf"{_NEGATION}(?:(?:(?<![\w])(?:{_REL})[ :]{{1,2}}|~|≥|≤|>|<)(?:or equal to )?)?"
    rf"(?:(?P<from>between|from|in the range of) )?(?:the |of )?(?P<n1>{NUMBER})(?P<plus>\+)?"
    rf"(?:\s?(?:-|–|—|\bto\b|\band\b|\bor\b)\s?(?P<n2>{NUMBER}))?(?:[ (]*(?:{_SUFFIX.format('a')})\)?)?"
)
"""A number with what is said before and after it; for a pattern in which it stands once."""
AFTER = rf"(?:,? \(?(?:{_SUFFIX.format('b')})\)?)?"
"""What may be said after the unit: "300 words or more"; goes with `QUANTITY`."""
OCCASIONS = (
    rf"{_NEGATION}(?<![a-z])(?:(?:{_REL})[ :]{{1,2}})?(?:(?P<from>between|from) )?"
    rf"(?:(?P<once>once|twice|thrice)\b(?! (?:as|more|upon|the|again|a|an|you|they|it|he|she|we|"
    rf"i)\b)|(?P<n1>{NUMBER})(?P<plus>\+)?(?:\s?(?:-|–|to|and|or)\s?(?P<n2>{NUMBER}))?"
    rf"(?:[ (]*(?:{_SUFFIX.format('a')})\)?)? (?:times(?! (?:as|more|less|the|larger|smaller|faster|"
    rf"of day))|time|occurrences|occasions|instances|mentions|appearances))"
    rf"{AFTER}"
)
"""How often: "at least twice", "3 times or more", "no more than five occurrences"."""


def value(text: str) -> int | None:
    """A number in digits or words; None for anything else."""
    plain = text.lower().replace(",", "").strip()
    if plain.isdecimal():
        return int(plain)
    total = current = 0
    words = [w for w in re.split(r"[- ]+", plain) if w not in ("and", "of")]
    if len(words) > 1 and words[0] in ("a", "an"):  # "a couple" is two
        words = words[1:]
    for word in words:
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if word == "thousand":
                total, current = total + current, 0
        elif word == "dozen":
            current = 12
        elif word in _VALUES:
            current += _VALUES[word]
        else:
            return None
    return total + current if words else None


def bounds(match: re.Match[str]) -> tuple[Bounds, bool] | None:
    """The bounds that a match of `QUANTITY` or `OCCASIONS` states, and whether it states a relation."""
    said = {name for name, text in match.groupdict().items() if text}
    n = _TIMES[match["once"]] if "once" in said else value(match["n1"])
    if n is None:
        return None
    ends = {name[1:] for name in said if name in _SUFFIXES}
    if "n2" in said and (top := value(match["n2"])) is not None and top > n:
        return Bounds(n, top), True
    found = _relation(n, said, ends)
    return (Bounds.exactly(n), False) if found is None else (found, True)


_SUFFIXES = frozenset(side + name for side in "ab" for name in ("more", "less", "min", "max", "so"))


def _relation(n: int, said: set[str], ends: set[str]) -> Bounds | None:
    if "not" in said and "over" in said:
        return Bounds(None, n)
    if "not" in said and "below" in said:
        return Bounds(n, None)
    if "low" in said or "plus" in said or ends & {"more", "min"}:
        return Bounds(n, None)
    if "high" in said or ends & {"less", "max"}:
        return Bounds(None, n)
    if "over" in said:
        return Bounds(n + 1, None)
    if "below" in said:
        return Bounds(None, n - 1)
    if "about" in said or "so" in ends:
        return Bounds.about(n)
    return Bounds.exactly(n) if "exact" in said else None
