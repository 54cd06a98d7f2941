"""Checks of word problems: an answer without a number, a negative amount, givens that are left unused."""

from __future__ import annotations

import re

from laserdb.scorers.checks.view import Finding, View, excerpt

MAX_PROBLEM = 1000
"""Characters above which an instruction is a passage rather than a problem."""

_HOW_MANY = re.compile(
    r"\bhow (?:many|much|old|long|far|fast|tall)\b"
    r"|\bwhat (?:is|was|will be) (?:the|his|her|their) (?:total|sum|cost|average|price|value|"
    r"perimeter|area|profit)\b"
)
_NUMBER_WORD = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w{3,6}teen|twenty|"
    r"thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|hundred|thousand|million|half|halves|quarter|thirds?|dozen|none|"
    r"no|not|nothing|"
    r"twice|both|equal\w*|same|once|single|pair|double|triple|all|every|each|depends|cannot|can't|"
    r"neither|infinite\w*|"
    r"unanswerable|unknown|enough|more|less)\b"
)
_DIGIT = re.compile(r"\d")
_NUMERAL = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_SPELT = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|fifty|hundred|half|twice|dozen|thirds?|quarter)\b"
)
_SIGNED = re.compile(
    r"\b(?:negative|minus|below|debt|owe[sd]?|owing|temperature|degrees|loss|lose|change|difference|"
    r"equation|solve|"
    r"deficit|overdrawn)\b|[-−]\d|[a-z]\s?[=^]"
)
_NEGATIVE_ANSWER = re.compile(r"(?:^A|^####|answer is|Answer)[: ]{0,3}\$?[-−]\d[\d.,]*")
_NEGATIVE_STEP = re.compile(r"<<[^<>=]{1,80}=-\d[\d.,]*>>")


def is_problem(view: View) -> bool:
    """One paragraph with two numbers or more that ends in a question for a quantity."""
    text = view.instruction.strip()
    if len(text) > MAX_PROBLEM or "\n" in text or text[-1:] not in ("?", "."):
        return False
    numerals = len(_NUMERAL.findall(text))
    if numerals < 2 and numerals + len(_SPELT.findall(text.lower())) < 2:
        return False
    return _HOW_MANY.search(text.lower()) is not None


def no_number(view: View) -> Finding | None:
    """A word problem asks for a quantity and the response has no number, in digits or words."""
    text = view.response
    if _DIGIT.search(text) or not text.isascii() or not is_problem(view) or text.endswith("?"):
        return None
    if _NUMBER_WORD.search(text.lower()):
        return None
    return Finding("no_number", "asked for a quantity, answered without a number")


def negative_result(view: View) -> Finding | None:
    """A word problem about amounts gets a negative one, and nothing in it speaks of debts or degrees."""
    if "-" not in view.response or not is_problem(view) or _SIGNED.search(view.instruction.lower()):
        return None
    last = view.lines[-1] if view.lines else ""
    match = _NEGATIVE_ANSWER.search(last) or _NEGATIVE_STEP.search(view.prose)
    return Finding("negative_result", f"“{excerpt(match[0])}”") if match else None
