"""Checks of what was asked for: number of items, words, sentences, paragraphs; enough to be an answer."""

from __future__ import annotations

import re

from laserdb.scorers.checks.instructed import limits_length
from laserdb.scorers.checks.numbers import UP_TO_TWENTY
from laserdb.scorers.checks.view import Finding, View

_WORDS = UP_TO_TWENTY[1:]
_VALUE = {word: value for value, word in enumerate(_WORDS, 1)}
_N = r"(\d{1,4}|" + "|".join(_WORDS) + r")"

_MAX_WORDS = re.compile(
    rf"\b(?:within|under|at most|no more than|not more than|maximum(?: of)?|max|less than|fewer than|up to|"
    rf"not exceed(?:ing)?|below|limit(?:ed)? (?:it |your \w+ )?to) {_N} words\b|"
    rf"\b{_N} words or (?:less|fewer)"
)
_EACH = re.compile(r"\b(?:each|every|per)\b|\bwords (?:per|each)")
_MIN_WORDS = re.compile(
    rf"\b(?:at least|minimum(?: of)?|no less than|more than|no fewer than|over) {_N} words\b|"
    rf"\b{_N} words or more"
)
_ABOUT_WORDS = re.compile(
    rf"\b(?:in|about|around|approximately|exactly|(?:essay|article|story|text|summary|post|"
    rf"speech) of|roughly) {_N} words\b|\b{_N}[- ]words? (?:essay|article|story|text|summary|"
    rf"paragraph|blog|post|description|speech|review|letter|poem|report)"
)
_SENTENCES = re.compile(
    rf"\b(?:in|using|with|exactly|write|of|give) (?:a )?(?:only |just |exactly |about )?(single|"
    rf"{_N}) (?:short |complete )?sentences?\b(?! or| to| that| using| with)"
)
_PARAGRAPHS = re.compile(rf"\b{_N}[- ]paragraphs?\b")
_ITEMS = re.compile(
    rf"\b(?:list|name|give|provide|generate|suggest|find|create|come up with|tell|recommend|share|"
    rf"identify|propose|write)\s+"
    rf"(?:me |us |down |out |at least |the |your |a list of |of |top |some )*{_N}\s+(?:\w+\s+){{0,2}}?"
    r"(?:ideas?|ways?|tips?|examples?|things?|items?|reasons?|names?|questions?|facts?|suggestions?|"
    r"books?|movies?|benefits?|"
    r"advantages?|disadvantages?|steps?|options?|topics?|titles?|animals?|countries|cities|foods?|"
    r"activities|songs?|games?|"
    r"synonyms?|adjectives?|recipes?|features?|points?|strategies|methods?|jokes?|puns?|headlines?|"
    r"slogans?|words?|sentences?)\b"
)
_NUMBERED = re.compile(r"^[ \t>*#]{0,8}(?:\*\*)?(\d{1,3})[.):]", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]{0,8}[-*•+·]\s", re.MULTILINE)

_START = (
    r"(?:^|[.!?\n] ?)(?:please |can you |could you |would you |i (?:want|need|would like) you to |"
    r"help me (?:to )?)*"
)
_LONG_FORM = re.compile(
    _START + r"(?:write|compose|draft|create|generate|give me|tell me)\b[^.?!\n]{0,30}\b"
    r"(essay|article|story|blog post|speech|report|cover letter|screenplay|dialogue)\b"
)
_EXPLAIN = re.compile(
    _START
    + r"(?:explain|describe|elaborate|discuss|analy[sz]e|compare|how (?:do|can|should|would|could) (?:i|we)"
    r"|(?:give|provide)(?: me)? (?:an? )?(?:\w+ )?(?:explanation|description|tutorial|guide|advice))\b"
)
_LISTING = re.compile(
    _START + r"(?:brainstorm|suggest|(?:give|provide|tell|show)(?: me)? (?:some|a few|several|a list)"
    r"|what are (?:some|the (?:pros|advantages|benefits|differences)))\b"
)
_CLARIFYING = re.compile(r"[?？]$|\bplease (?:provide|describe|share|tell|specify|clarify|let me know)")
_BRIEF = re.compile(
    r"\b(?:short|brief\w*|concise\w*|one|two|three|1|2|3|single|few|words?|sentences?|summar\w*|"
    r"tl;?dr|title|headline|only|"
    r"line|tweet|simpl\w*|quick\w*|haiku|caption|slogan|name|named|which|classify|choose|code|"
    r"function|command|files?|"
    r"director\w+|python|script|program|query|answer|true|false|in spanish|in french|in german|"
    r"translat\w*|rephras\w*|"
    r"spell|pronounce|say|symbols|equations?|passage|context|article|paragraph|conversation|text|"
    r"below|following)\b"
)

_OPEN = re.compile(
    r"\b(?:explain|describe|elaborate|discuss|analy[sz]e|compare|how (?:do|can|should|would|could|"
    r"to)|advice|advise|suggest\w*|"
    r"recommend\w*|tips|ideas|ways to|pros and cons|tell me about|tell us|write|compose|draft|"
    r"create|design|plan|story|essay|"
    r"letter|imagine|pretend|take on the role|you are an?|role of|what do you think|what are (?:some|the))\b"
)
_PART = re.compile(
    r"\b(why|how|explain|justify|show|mention|consider|reason\w*|example|differ\w*|compare|describe|"
    r"diagram|flaw|hypothes\w*|"
    r"tell .{0,30} apart|aspects?|list of|proof|prove|what follows|strategy|and is it|and which|"
    r"and who|and when|and what)\b"
)
_SHORT = re.compile(
    r"\b(?:short\w*|brief\w*|concise\w*|one (?:word|line|sentence)|single|few words|summar\w*|"
    r"tl;?dr|titles?|headline|tweet|"
    r"haiku|caption|slogan|names?|named|translat\w*|classify|extract|options?|command|code|function|"
    r"script|program|regex|"
    r"regular expression|sql|passage|premises|rephrase|spell|pronounce|only|symbols|how (?:many|"
    r"much|long|old|far))\b|\n\(?[abc][).]"
)

EXPECTED = (
    ("an essay, story or the like", _LONG_FORM, 100),
    ("an explanation", _EXPLAIN, 40),
    ("a list", _LISTING, 20),
)
"""What is asked for, how it is recognised, and the words that a full answer has at least."""


def wrong_length(view: View) -> Finding | None:
    """More or fewer words, sentences or paragraphs than the instruction sets, by a clear margin."""
    ask = view.ask_lower
    if limits_length(view):
        return None
    if not ("word" in ask or "sentence" in ask or "paragraph" in ask) or view.cjk or view.is_code:
        return None
    return _word_limits(view, ask) or _sentence_limit(view, ask) or _paragraph_count(view, ask)


def _word_limits(view: View, ask: str) -> Finding | None:
    # "Five tips, each of at most 8 words" sets no limit for the whole.
    if _EACH.search(ask):
        return None
    count = len(view.words)
    if (limit := _first(_MAX_WORDS, ask)) and limit >= 5 and count > 1.15 * limit + 2:
        return Finding(
            "wrong_length", f"{count} words, at most {limit} allowed", min(1.0, count / limit - 0.5)
        )
    if (limit := _first(_MIN_WORDS, ask)) and limit >= 5 and count < 0.85 * limit:
        return Finding("wrong_length", f"{count} words, at least {limit} asked", 1 - 0.5 * count / limit)
    if (limit := _first(_ABOUT_WORDS, ask)) and limit >= 5 and not 0.5 * limit <= count <= 1.7 * limit + 3:
        return Finding("wrong_length", f"{count} words, {limit} asked")
    return None


def _sentence_limit(view: View, ask: str) -> Finding | None:
    match = _SENTENCES.search(ask)
    if match is None:
        return None
    limit = 1 if match[1] == "single" else _number(match[1])
    count = len(view.sentences)
    if limit and count > 1.5 * limit + 1:
        return Finding("wrong_length", f"{count} sentences, {limit} asked", 0.7)
    return None


def _paragraph_count(view: View, ask: str) -> Finding | None:
    limit = _first(_PARAGRAPHS, ask)
    if limit and 2 <= limit <= 20 and len(view.lines) < limit:
        return Finding("wrong_length", f"{len(view.lines)} paragraphs, {limit} asked", 0.7)
    return None


def missing_items(view: View) -> Finding | None:
    """A list has fewer entries than the instruction asks for."""
    match = _ITEMS.search(view.ask_lower)
    if match is None:
        return None
    wanted, found = _number(match[1]), _entries(view)
    if wanted < 2 or found == 0 or found >= wanted or wanted > 200:
        return None
    return Finding("missing_items", f"{found} of {wanted} items", min(1.0, 0.3 + (wanted - found) / wanted))


def _entries(view: View) -> int:
    """Entries of the list in the response, 0 if it isn't laid out as one."""
    text = view.prose
    numbered = len({int(n) for n in _NUMBERED.findall(text)})
    entries = max(numbered, len(_BULLET.findall(text)))
    if entries >= 2:
        return entries
    parts = text.rpartition(":")[2].split(",") if "\n" not in text else []
    return len(parts) if len(parts) >= 3 and all(len(part.split()) <= 3 for part in parts) else 0


def _first(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.search(text)
    return _number(next(group for group in match.groups() if group)) if match else 0


def _number(text: str) -> int:
    return _VALUE.get(text) or int(text)


OPEN_WORDS = 80
"""Words up to which a longer answer to any open request is graded higher, without a reason."""
PARTS_WORDS = 40
"""The same for an answer to a request of several parts ("why …, and show how …")."""


def _brevity_is_fine(view: View) -> bool:
    return (
        len(view.ask) > 400 or _BRIEF.search(view.ask_lower) is not None or bool(view.fences) or view.is_code
    )


def too_short(view: View) -> Finding | None:
    """Far fewer words than the kind of text that was asked for takes."""
    count = len(view.words)
    # A question back asks for what the instruction leaves open.
    if count >= 30 or _CLARIFYING.search(view.response.lower()) or _brevity_is_fine(view):
        return None
    for kind, pattern, expected in EXPECTED:
        if count < 0.3 * expected and pattern.search(view.ask_lower):
            return Finding("too_short", f"{count} words for {kind}")
    return None


def fullness(view: View) -> float:
    """Length relative to what an open or manifold request takes, 0 to 1; 1 where brevity is fine."""
    count = len(view.words)
    if count >= OPEN_WORDS or view.fences or view.is_code or len(view.ask) > 600:
        return 1.0
    ask = view.ask_lower
    if _SHORT.search(ask):
        return 1.0
    if _OPEN.search(ask):
        return count / OPEN_WORDS
    if count < PARTS_WORDS and len(set(_PART.findall(ask))) >= 2:
        return count / PARTS_WORDS
    return 1.0
