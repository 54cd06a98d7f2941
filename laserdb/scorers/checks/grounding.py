"""Check for grounding: a short answer drawn from a passage has to stand in the passage."""

from __future__ import annotations

import re
import unicodedata

from laserdb.scorers.checks.numbers import ORDINALS, UP_TO_TWENTY
from laserdb.scorers.checks.view import Finding, View, excerpt, vocabulary

MAX_ANSWER_WORDS = 12
MIN_PASSAGE_WORDS = 50

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_CUE = re.compile(
    r"\b(?:context|passage|paragraph|article|excerpt|following text|text below|according to|"
    r"based on the|read the|"
    r"given the|movie plot|document|answer the (?:following )?question|extract|background)\b"
)
_OTHER_TASK = re.compile(
    r"\b(?:options?|choices?|choose|classify|classif\w+|label|categor\w+|true or false|yes or no|"
    r"true, false|which of the following|"
    r"sentiment|title|headline|subject line|summar\w*|translat\w*|generat\w*|write|rewrite|tl;?dr|"
    r"paraphras\w*|rhym\w*|"
    r"topic|genre|emotion|tone|opinion|rate|rating|score|synonym|antonym|keyword|how (?:would|"
    r"should|can|do)|example|come up|output|skill|task|infer|"
    r"opposite|reply|respond|response|suggest|recommend|convert|correct|grammar|fill|complete|"
    r"continue|sort|plan|entail\w*|"
    r"(?:un)?acceptable|conclusion|statement|follow(?:s|ing) (?:word|sentence)|word (?:that|for)|"
    r"acronym|abbreviat\w*|math|calculate|"
    r"hypothesis|premise|assum\w+|argument|reasoning|author|imagine|pretend|act as|you are|compare|"
    r"python|code|function)\b"
    r"|(?:^|\s)\(?[ab][.):]\s"
)
_COUNTING = re.compile(
    r"\bhow (?:many|much|old|long|far|often|tall|big|large)\b|difference|total|altogether|percent"
)
_ABSTAIN = re.compile(
    r"^(?:yes|no|true|false|unanswerable|none|unknown|uncertain|n/?a|maybe|impossible|undetermined)\b"
    r"|not (?:mentioned|given|stated|specified|answerable|enough|provided|in the|available|known|"
    r"say)|cannot be|can['’]t be|"
    r"no answer|no information|does ?n[o']t|unclear|insufficient"
)
_EMPTY = vocabulary(
    "the a an of in on at to for by with and or is are was were be been it its he she they his her "
    "their this that these "
    "those as from into than then there who whom which what when where how because so very also not "
    "only about over "
    "mr mrs ms dr i you we us me him them had has have did do does would could can will s t"
)
_NUMBERS = {word: str(value) for words in (UP_TO_TWENTY, ORDINALS) for value, word in enumerate(words)}


def ungrounded(view: View) -> Finding | None:
    """A question on a passage is answered by a short span of which most words aren't in the passage."""
    if view.clipped or not 1 <= len(view.words) <= MAX_ANSWER_WORDS or "\n" in view.response or view.cjk:
        return None
    if len(view.instruction_words) < MIN_PASSAGE_WORDS or not _asks_of_passage(view):
        return None
    answer = view.response.lower()
    if _ABSTAIN.search(answer):
        return None
    words = [w for w in _tokens(answer) if w not in _EMPTY]
    if not words or (_COUNTING.search(view.ask_lower) and any(w[0].isdigit() for w in words)):
        return None
    missing = _missing(words, view.instruction)
    if len(missing) <= 0.5 * len(words):
        return None
    return Finding(
        "ungrounded",
        f"not in the passage: {excerpt(', '.join(missing))}",
        0.5 + 0.5 * len(missing) / len(words),
    )


def _asks_of_passage(view: View) -> bool:
    """Whether the instruction is a question on a text: a cue, or a question apart from a long paragraph."""
    wording = _wording(view)
    if _OTHER_TASK.search(wording):
        return False
    return wording.rstrip().endswith("?") or "?\n" in wording or _CUE.search(wording) is not None


def _wording(view: View) -> str:
    """The instruction's paragraphs without the longest one, the passage; empty if there is only one."""
    parts = [part.strip() for part in view.instruction.split("\n") if part.strip()]
    passage = max(parts, key=len)
    if len(parts) < 2 or len(passage.split()) < MIN_PASSAGE_WORDS * 2 // 3:
        return ""
    short = [part for part in parts if part is not passage and len(part) < 400]
    return "\n".join(short).lower()


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(c for c in plain if not unicodedata.combining(c)) if not plain.isascii() else plain
    return [_NUMBERS.get(word, word.replace(",", "")) for word in _WORD.findall(plain)]


def _missing(words: list[str], passage: str) -> list[str]:
    """The words of which the passage has neither the form nor a related one."""
    found = set(_tokens(passage))
    # A number glued to its unit or part of a compound ("150km", "1960s") counts as found too.
    joined = "".join(_tokens(passage))
    absent = [w for w in words if w not in found and not (len(w) >= 3 and w in joined)]
    return [w for w in absent if w[0].isdigit() or not any(_related(w, other) for other in found)]


def _related(word: str, other: str) -> bool:
    """Whether two words share all but an ending: plurals, -ing, -ed, a nationality and its country."""
    return (
        len(word) > 4 and len(other) >= 4 and other.startswith(word[: max(4, min(len(word), len(other)) - 3)])
    )
