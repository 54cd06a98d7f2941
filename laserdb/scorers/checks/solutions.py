"""Checks of worked solutions: where the numbers of each step come from, and whether the answer is the last result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from laserdb.scorers.checks.arithmetic import equations
from laserdb.scorers.checks.expression import UnclearError, evaluate, number
from laserdb.scorers.checks.numbers import GIVEN_WORDS
from laserdb.scorers.checks.problems import is_problem
from laserdb.scorers.checks.view import Finding, View, excerpt

_NUMERAL = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+")
_FRACTION = re.compile(r"(\d+) ?/ ?(\d+)")
_WORD = re.compile(r"[a-z]+")
_FINAL = re.compile(
    r"(?:^|\n)\s*(?:####|A:|\**(?:final )?answer\**:?)\s*\**\s*\$?(-?\d[\d,]*(?:\.\d+)?)|"
    r"\banswer is:? \**\$?(-?\d[\d,]*(?:\.\d+)?)|\\boxed\{\$?(-?\d[\d,]*(?:\.\d+)?)\}",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\bhow many (?:more |fewer |less |total |whole |full |of )?(?!hours?\b|minutes?\b|days?\b|weeks?\b|months?\b|years?\b|pounds?\b|"
    r"ounces?\b|miles?\b|feet\b|inches\b|meters?\b|kilometers?\b|cups?\b|gallons?\b|liters?\b|kilograms?\b|grams?\b|percent|"
    r"dollars?\b|cents\b|square|tons?\b|times\b|acres?\b|yards?\b|calories\b|teaspoons?\b|tablespoons?\b|cm\b|kg\b|euros?\b)[a-z]+"
)
CONSTANTS = frozenset(map(float, (0, 1, 2, 3, 4, 7, 10, 12, 24, 30, 31, 52, 60, 100, 365, 1000)))
"""Numbers that a step may bring in: of weeks, months, percents and the like, and small counts."""


DIGITS = 6
"""Decimals to which numbers are compared."""
AGAIN = 0.8
"""What is left of the grade for each number or result that is used or computed once more."""
_ALSO_PLAIN = frozenset(("one", "once", "both", "score", "second", "pair", "couple"))
"""Number words that often count nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """An equation of a solution: the numbers on its left side, its result, and its text."""

    operands: tuple[float, ...]
    result: float
    text: str


@lru_cache(maxsize=4)
def steps(view: View) -> tuple[Step, ...]:
    """The distinct equations with an operator on the left and one number on the right, in order."""
    found: list[Step] = []
    seen = set()
    for text, left, right in equations(view.prose):
        try:
            value = evaluate(left)
            result = evaluate(right)
        except UnclearError:
            continue
        if not value.operators or result.operators:
            continue
        operands = tuple(_values(left))
        key = (operands, round(float(result.exact), DIGITS))
        if key not in seen:
            seen.add(key)
            found.append(Step(*key, text))
    return tuple(found)


def _values(tokens: list[str]) -> list[float]:
    values = []
    for token, following in zip(tokens, (*tokens[1:], ""), strict=True):
        if token[:1].isdigit() or token[:1] == ".":
            try:
                value = number(token)[0]
            except UnclearError:
                continue
            values.append(round(float(value / 100 if following == "%" else value), DIGITS))
    return values


def given(text: str) -> set[float]:
    """The numbers that a problem gives in digits, words ("half", "twice") and fractions."""
    found: set[float] = set()
    for numeral in _NUMERAL.findall(text):
        value = float(numeral.replace(",", ""))
        found |= {value, round(value / 100, DIGITS)}
    for top, bottom in _FRACTION.findall(text):
        if int(bottom):
            found.add(round(int(top) / int(bottom), DIGITS))
    for word in _WORD.findall(text.lower()):
        found |= GIVEN_WORDS.get(word, frozenset())
    return found


def _derived(known: set[float]) -> set[float]:
    """What is read off known numbers without a step: 1 − 20 %, 1 + 20 %, cents as dollars."""
    found = set(known)
    for k in known:
        found.update(
            (1 - k, 1 + k, k / 100, k * 100, 1 - k / 100, 1 + k / 100, 100 - k, 100 + k, 1 / k if k else k)
        )
    return {round(k, DIGITS) for k in found}


def _ways(k: float) -> tuple[float, ...]:
    return k, round(k / 100, DIGITS), round(1 - k, DIGITS), 100 - k


def final_answer(view: View) -> float | None:
    """The number after "####", "A:", "the answer is" or in a box; None if the answer isn't marked so."""
    matches = list(_FINAL.finditer(view.response))
    if not matches:
        return None
    text = next(group for group in matches[-1].groups() if group)
    return float(text.replace(",", ""))


def answer_mismatch(view: View) -> Finding | None:
    """The answer is the result of no step."""
    if not is_problem(view):
        return None
    answer, worked = final_answer(view), steps(view)
    if answer is None or not worked or any(_close(answer, step.result) for step in worked):
        return None
    *_, final = _FINAL.finditer(view.response)
    if answer in given(view.instruction) | _numerals(view.response[: final.start()]):
        return None
    return Finding("answer_mismatch", f"{answer:g} after “{excerpt(worked[-1].text)}”")


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= (0.5 if a.is_integer() else 0.01)


def unfounded_number(view: View) -> Finding | None:
    """A step takes a number that the problem doesn't give, no earlier step has, and no calendar knows."""
    if not is_problem(view):
        return None
    stated = given(view.instruction)
    known = _derived(stated) | CONSTANTS
    strange, place = [], 0
    for step in steps(view):
        found = view.prose.find(step.text, place)
        # What earlier lines say, be it a sum done in the head, is known too.
        start = max(place, view.prose.rfind("\n", 0, max(found, 0)))
        known |= _numerals(view.prose[place:start])
        place = start
        strange += [value for value in step.operands if not _known(value, known)]
        known |= set(_ways(step.result))
    # A sum or difference of two given numbers is often taken in the head.
    if strange and len(stated) <= 30:
        pairs = {round(a + sign * b, DIGITS) for a in stated for b in stated for sign in (1, -1)}
        strange = [value for value in strange if value not in pairs]
    if not strange:
        return None
    return Finding("unfounded_number", ", ".join(f"{v:g}" for v in strange[:5]), 0.5)


def _known(value: float, known: set[float]) -> bool:
    return value in known or any(abs(value - k) < 0.01 for k in known) and not value.is_integer()


def fractional_count(view: View) -> Finding | None:
    """Things that can only be counted come to a fraction."""
    if not is_problem(view) or not _COUNTED.search(view.instruction.lower().rpartition(". ")[2]):
        return None
    answer = final_answer(view)
    if answer is None or answer.is_integer() or "average" in view.instruction.lower():
        return None
    return Finding("fractional_count", f"{answer:g}")


def coherence(view: View) -> float:
    """How well the steps of a word problem's solution hang together, 0 to 1; 1 for anything else.

    Correct solutions sometimes leave a given number or a result unused, use a given number twice, compute the
    same result twice or answer with an earlier one; wrong ones do so more often, so this only grades.
    """
    if not is_problem(view):
        return 1.0
    worked = steps(view)
    answer = final_answer(view)
    score = _givens_used(view, worked)
    if not worked:
        return score
    results = {step.result for step in worked}
    reused = Counter(o for step in worked for o in step.operands if o not in CONSTANTS and o not in results)
    again = sum(count - 1 for count in reused.values()) + len(worked) - len(results)
    last = answer is None or _close(answer, worked[-1].result)
    return score * _results_used(worked, answer) * AGAIN**again * (1.0 if last else AGAIN)


def _results_used(worked: Sequence[Step], answer: float | None) -> float:
    """Share of the steps whose result a later step or the answer takes up."""
    used = 1
    for place, step in enumerate(worked[:-1]):
        later = {value for other in worked[place + 1 :] for value in other.operands}
        used += _known(step.result, later) or (answer is not None and _close(answer, step.result))
    return used / len(worked)


def _givens_used(view: View, worked: Sequence[Step]) -> float:
    """Share of the problem's numbers, in digits and words, that the solution takes up."""
    said = _derived({o for step in worked for o in step.operands} | _numerals(view.response))
    groups = [{value} for value in _numerals(view.instruction)]
    words = set(_WORD.findall(view.instruction.lower())) - _ALSO_PLAIN
    groups += [set(GIVEN_WORDS[word]) for word in words if word in GIVEN_WORDS]
    return sum(not said.isdisjoint(group) for group in groups) / len(groups) if groups else 1.0


def _numerals(text: str) -> set[float]:
    return {float(numeral.replace(",", "")) for numeral in _NUMERAL.findall(text)}
