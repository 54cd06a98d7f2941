"""Checks of the text itself: empty, cut off, echoing the instruction."""

from __future__ import annotations

import re

from laserdb.scorers.checks.view import Finding, View, excerpt, vocabulary, words_of

COPIED_WORDS = 40
"""Words that are compared with the instruction or with a paragraph of it."""
_DANGLING = vocabulary(
    "and or but the an of because with your their our its into such which don if when than from by for "
    "und oder et ou entre para der die das le les el los"
)
_TERMINAL = frozenset(".!?…。！？؟।\"'”’»)]}>*_`~|;♪")
_ITEM = re.compile(r"(?:[-*•·+–]|\(?\d{1,3}[.):]|\(?[a-zA-Z][.)])\s")
_INNER_STOP = re.compile(r"[a-zà-ÿ\"”)\]][.!?][\"”’)]? +[\"“(]?[A-ZÀ-Þ0-9]")

_CLOSING = re.compile(
    r"\b(?:hope|companion|sincerely|regards|yours|faithfully|love|cheers|best|wishes|respectfully|truly)\b|\["
)
_REPEATING = re.compile(
    r"\b(?:repeat|copy|echo|quote|continu|complet|finish|extend|correct|fix|edit|proofread|rewrit|"
    r"revis|format|convert|"
    r"extract|punctuat|capitali[sz]|translat|add|remove|replace|insert|fill|modif|chang|improve|"
    r"refactor|typo|"
    r"spell|grammar|sort|order|arrang|highlight|split|unscrambl|clean|identify|find|which|segment|transcrib)"
)
LONG = 30
"""Words from which prose is expected to end with final punctuation."""
ECHO_WORDS = 12
"""Words of the instruction, at least, that a response must copy from its start to count as an echo."""


def empty(view: View) -> Finding | None:
    return None if view.response else Finding("empty", "no text")


def cut_off(view: View) -> Finding | None:
    """The text stops in the middle of a phrase: at a comma, colon or bracket, or at a word like "and"."""
    line = _last_line(view)
    why = _open_end(line, long=len(view.words) >= LONG) if line else None
    return Finding("cut_off", f"{why}: “…{excerpt(line[-50:])}”") if why else None


def no_full_stop(view: View) -> Finding | None:
    """A longer text stops without the final punctuation that its other sentences have.

    Often cut off between words, sometimes only careless: hence a reason and a weight of its own.
    """
    line = _last_line(view)
    if len(view.words) < LONG or not line or _open_end(line, long=True) or not _is_unfinished(view, line):
        return None
    return Finding("no_full_stop", f"“…{excerpt(line[-50:])}”")


def _last_line(view: View) -> str:
    """The last line, or "" where prose isn't what the text ends with."""
    text = view.tail
    if len(view.words) < 8 or view.is_code or view.cjk or text.endswith("```") or view.unclosed:
        return ""
    return text.rpartition("\n")[2].strip()


def _open_end(line: str, *, long: bool) -> str | None:
    words = line.split()
    if not words or line.startswith(("|", "#", "http")):
        return None
    # A letter may end with "Best regards," or "Dear all:".
    if line[-1] in ",:(" and len(words) >= 6 and not _ITEM.match(line):
        return "ends with “" + line[-1] + "”"
    if words[-1] in _DANGLING and len(words) >= 5:
        return f"ends with “{words[-1]}”"
    if long and line[-1].isalpha() and "(" in line and line.rfind("(") > line.rfind(")"):
        return "ends within a bracket"
    if long and line[-1].isalpha() and line.count('"') % 2 and line.rfind(' "') > 0:
        return "ends within a quotation"
    return None


def _is_unfinished(view: View, line: str) -> bool:
    words = line.split()
    if len(words) < 6 or not line[-1].isalpha() or line.startswith(("|", "#")):
        return False
    if "/" in words[-1] or "@" in words[-1] or "#" in " ".join(words[-2:]) or line.count("|") > 1:
        return False
    if _is_signature(line):
        return False
    item = _ITEM.match(line) is not None
    peers = [
        other
        for other in view.lines[:-1]
        if (_ITEM.match(other) is not None) == item and len(other.split()) >= 4
    ]
    ended = sum(peer[-1] in _TERMINAL for peer in peers)
    if len(peers) >= 3:
        return ended >= 0.85 * len(peers)
    inner = _INNER_STOP.search(line) is not None
    return inner and not item and ended == len(peers)


def _is_signature(line: str) -> bool:
    """Whether what follows the last full stop is a name, a closing formula or an equation."""
    rest = re.split(r"[.!?] ", line)[-1]
    words = rest.split()
    if "=" in rest or _CLOSING.search(rest.lower()) or words[0] in "-–—":
        return True
    return len(words) <= 6 and all(word[0].isupper() or not word[0].isalpha() for word in words)


def echo(view: View) -> Finding | None:
    """The response is the instruction, or starts with a long copy of its beginning or of its passage."""
    asked, said = view.instruction_words, view.words
    if len(asked) < 5 or len(said) < 5:
        return None
    if said == asked:
        return Finding("echo", "the response is the instruction")
    size = min(len(asked), COPIED_WORDS)
    if len(said) < ECHO_WORDS or len(asked) < ECHO_WORDS:
        return None
    if said[:size] == asked[:size]:
        what = "instruction"
    elif len(said) >= COPIED_WORDS and said[:COPIED_WORDS] in _paragraph_starts(view.instruction):
        what = "passage"
    else:
        return None
    # To correct, continue or translate a text one may well begin with it.
    if _REPEATING.search(view.ask_lower) or view.is_code:
        return None
    return Finding("echo", f"starts with a copy of the {what}", 0.6)


def _paragraph_starts(text: str) -> list[list[str]]:
    """The first words of each paragraph but the first, which the copy of the instruction covers."""
    return [words_of(part[:600])[:COPIED_WORDS] for part in text.split("\n")[1:50] if len(part) > 150]
