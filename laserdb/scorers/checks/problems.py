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
_SIGNED = re.compile(
    r"\b(?:negative|minus|below|debt|owe[sd]?|owing|temperature|degrees|loss|lose|change|difference|"
    r"equation|solve|"
    r"deficit|overdrawn)\b|[-−]\d|[a-z]\s?[=^]"
)
_NEGATIVE_ANSWER = re.compile(r"(?:^A|^####|answer is|Answer)[: ]{0,3}\$?[-−]\d[\d.,]*")
_NEGATIVE_STEP = re.compile(r"<<[^<>=]{1,80}=-\d[\d.,]*>>")


def _is_problem(view: View) -> bool:
    """One paragraph with two numbers or more that ends in a question for a quantity."""
    text = view.instruction.strip()
    if len(text) > MAX_PROBLEM or "\n" in text or not text.endswith("?"):
        return False
    return len(_NUMERAL.findall(text)) >= 2 and _HOW_MANY.search(text.lower()) is not None


def no_number(view: View) -> Finding | None:
    """A word problem asks for a quantity and the response has no number, in digits or words."""
    text = view.response
    if _DIGIT.search(text) or not text.isascii() or not _is_problem(view) or text.endswith("?"):
        return None
    if _NUMBER_WORD.search(text.lower()):
        return None
    return Finding("no_number", "asked for a quantity, answered without a number")


def negative_result(view: View) -> Finding | None:
    """A word problem about amounts gets a negative one, and nothing in it speaks of debts or degrees."""
    if "-" not in view.response or not _is_problem(view) or _SIGNED.search(view.instruction.lower()):
        return None
    last = view.lines[-1] if view.lines else ""
    match = _NEGATIVE_ANSWER.search(last) or _NEGATIVE_STEP.search(view.prose)
    return Finding("negative_result", f"“{excerpt(match[0])}”") if match else None


def figures_used(view: View) -> float:
    """Share of a word problem's numbers that a worked solution takes up; 1 for anything else.

    Correct solutions sometimes pass over a number, wrong ones do so much more often, so this only
    grades and gives no reason.
    """
    if not _is_problem(view):
        return 1.0
    given = _numerals(view.instruction)
    return len(given & _numerals(view.response)) / len(given)


def _numerals(text: str) -> set[str]:
    """The distinct numbers, spelled alike: "1,500.0" as "1500"."""
    plain = (n.replace(",", "") for n in _NUMERAL.findall(text))
    return {n.rstrip("0").rstrip(".") if "." in n else n for n in plain}
