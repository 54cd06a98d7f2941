"""Check of arithmetic: equations between numbers that don't hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from laserdb.scorers.checks.expression import UnclearError, Value, agree, evaluate
from laserdb.scorers.checks.view import Finding, View, excerpt, vocabulary

MAX_EQUATIONS = 300

_ANNOTATION = re.compile(r"<<([^<>\n=]{1,80}=[^<>\n]{1,40})>>")
_LATEX = ((re.compile(r"\\[dt]?frac\{([\d.,]{1,12})\}\{([\d.,]{1,12})\}"), r"(\1/\2)"),)
_LATEX_SIGNS = (
    ("\\times", "*"),
    ("\\cdot", "*"),
    ("\\div", "/"),
    ("\\%", "%"),
    ("\\$", " "),
    ("\\,", " "),
    ("\\ ", " "),
)
_TOKEN = re.compile(
    r"(?P<num>\d+(?:[.,]\d+)*|(?<![\d.])\.\d+)|(?P<cmp>[=!<>:~]=|=[=>~]+|[≈≠≤≥])|(?P<eq>=)"
    r"|(?P<op>\*\*|[-+*/^×÷·⋅∗−²³()%])|(?P<times>[xX](?=[ \t$]{0,3}[\d(.]))|(?P<gap>[ \t$€£¥]+)"
    r"|(?P<word>[^\W\d_]+)|(?P<other>.)"
)
_MARKER = re.compile(r"\s*(?:[-*•+–]\s+|\(?\d{1,2}[.):](?=\s|[^\d])\s*|[a-z]\)\s+)*")
_BEFORE_OK = frozenset(":;,.([{\"'“‘|>—→⇒*_")
_MIXED = re.compile(r"\d and $")
_BEFORE_WORDS = vocabulary(
    "of times plus minus by over divided multiplied sqrt log ln sin cos tan mod than base root per power sum "
    "difference product add subtract dozen square weeks days pages steps years x y z a b c n k f m"
)
_AFTER_WORDS = vocabulary(
    "million billion trillion thousand hundred dozen k m b mn bn remainder r mod pi sqrt times plus "
    "minus divided "
    "over and or x y z a b c n d e i to lakh crore percent point squared cubed rem with per of dozens pairs"
)
_DOUBT = re.compile(
    r"\b(?:if|suppose|assume|claims?|not|isn['’]t|false|wrong|incorrect|never|mod|modulo|binary|"
    r"base|hex|clock|instead|"
    r"error|mistake|approximately|about|around|roughly|say|joke|doesn['’]t|cannot|can['’]t|"
    r"let['’]?s|try|trying|"
    r"would|invalid|paradox|contradict\w*|!=)\b|\?"
)


def false_arithmetic(view: View) -> Finding | None:
    """An equation between numbers that doesn't hold, with rounding allowed as the digits shown imply.

    Only what has one reading is judged: equations with variables, units between the operands, words
    that change a side's meaning ("20% of 50 = 10", "= 2 million"), and lines of doubt ("if 2+2=5")
    are left alone, as is whatever the instruction itself states.
    """
    if "=" not in view.prose or view.is_code:
        return None
    given = "".join(view.instruction.split())
    for count, (text, left, right) in enumerate(equations(view.prose)):
        if count >= MAX_EQUATIONS:
            break
        if _is_false(left, right) and text.replace(" ", "") not in given:
            return Finding("false_arithmetic", f"“{excerpt(text)}”")
    return None


def equations(prose: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Each pair of neighbouring sides in a chain of equations: its text and the tokens of the sides."""
    for line in prose.split("\n"):
        if "=" not in line:
            continue
        for annotation in _ANNOTATION.findall(line):
            yield from _chains(annotation)
        if _DOUBT.search(line.lower()):
            continue
        line = _ANNOTATION.sub("", line) if "<<" in line else line
        yield from _chains(_plain(line) if "\\" in line else line)


def _plain(line: str) -> str:
    for pattern, replacement in _LATEX:
        line = pattern.sub(replacement, line)
    for sign, replacement in _LATEX_SIGNS:
        line = line.replace(sign, replacement)
    return line


def _chains(line: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Runs of numbers, operators and equals signs, cut where anything else stands between."""
    start = _MARKER.match(line[:40])
    offset = start.end() if start else 0
    run: list[re.Match[str]] = []
    for token in _TOKEN.finditer(line, offset):
        kind = token.lastgroup
        if kind == "times" and not (run and _closes(run[-1])):
            kind = "word"
        if kind in ("num", "eq", "op", "times"):
            run.append(token)
        elif kind != "gap" and run:
            yield from _sides(line, offset, run)
            run = []
    if run:
        yield from _sides(line, offset, run)


def _closes(token: re.Match[str]) -> bool:
    return token.lastgroup == "num" or token[0] in ")%²³"


def _sides(line: str, offset: int, run: list[re.Match[str]]) -> Iterator[tuple[str, list[str], list[str]]]:
    """The pairs of sides of one run that nothing before or after it can change."""
    if run[0][0] == "**" and line[: run[0].start()][-1:] in ("", " "):
        run = run[1:]
    places = [i for i, token in enumerate(run) if token.lastgroup == "eq"]
    if not places:
        return
    bounds = [-1, *places, len(run)]
    sides = [run[low + 1 : high] for low, high in pairwise(bounds)]
    before = line[offset : run[0].start()]
    # A bare number after a word belongs to the word: "20% of 50 = 10", "Week 2 = 35 + 35".
    named = len(sides[0]) == 1 and before.rstrip(" \t$€£¥")[-1:].isalpha()
    if named or not _clear_before(before, run[0]):
        sides[0] = []
    sides[-1] = _clear_after(line[run[-1].end() :], sides[-1])
    for left, right in pairwise(sides):
        if left and right:
            text = line[left[0].start() : right[-1].end()]
            yield text, _texts(left), _texts(right)


def _texts(side: list[re.Match[str]]) -> list[str]:
    """The side's tokens without the asterisks of bold type around it."""
    texts = [token[0] for token in side]
    while texts and texts[0] == "**":
        texts.pop(0)
    while texts and texts[-1] == "**":
        texts.pop()
    return texts


def _clear_before(before: str, first: re.Match[str]) -> bool:
    stripped = before.rstrip(" \t$€£¥")
    if not stripped:
        return True
    if first.lastgroup == "op" and first[0] != "(":
        return stripped[-1] in ":=" and first[0] in "-−"
    touching = len(stripped) == len(before.rstrip("$€£¥"))
    if touching and stripped[-1] not in _BEFORE_OK:
        return False
    if (touching and stripped[-1] == ":") or _MIXED.search(before):
        return False
    if not stripped[-1].isalpha():
        return stripped[-1] in _BEFORE_OK
    word = re.split(r"[^a-z]", stripped[-20:].lower())[-1]
    return word not in _BEFORE_WORDS


def _clear_after(after: str, last: list[re.Match[str]]) -> list[re.Match[str]]:
    """The last side, cut before a unit ("= 5/hour"), or nothing if what follows changes its value."""
    if not after or not last:
        return last
    touching = after[0].isalpha()
    word = re.match(r"[a-zA-Z]*", after.lstrip(" \t*"))
    follows = word[0].lower() if word else ""
    if last[-1][0] in "/-" and touching and len(follows) >= 3:
        return last[:-1]
    if last[-1].lastgroup == "op" and last[-1][0] not in ")%²³*":
        return [] if last[-1][0] != "**" else last
    if (
        touching
        or follows in _AFTER_WORDS
        or after[0] in "_^\\{[:'’\"!√π°"
        or after.lstrip()[:1] in ("\\", "√", "π", "!")
    ):
        return []
    if after[0] in ",." and after[1:2].isdigit():
        return []
    return last


_READINGS = ((False, True), (False, False), (True, True))


def _is_false(left: list[str], right: list[str]) -> bool:
    """Whether the sides differ in every reading that they have: English or continental, % as 1/100 or not."""
    clear = False
    for european, percent in _READINGS:
        try:
            a = evaluate(left, european=european, percent=percent)
            b = evaluate(right, european=european, percent=percent)
        except UnclearError:
            continue
        if not (a.operators or b.operators) or _same(a, b):
            return False
        clear = True
    return clear


def _same(a: Value, b: Value) -> bool:
    if agree(a, b):
        return True
    # "5/20 * 100 = 25%" and "3/4 = 75" (said of percents) are common and meant well.
    return (a.percent or b.percent) and abs(a.exact - b.exact * 100) <= abs(a.exact) / 100
