"""Whether a response follows a constraint: one function per kind of rule, found by its type."""

from __future__ import annotations

import json
import re
from functools import singledispatch

from laserdb.scorers.constraints import counting, model
from laserdb.scorers.constraints.finders.ends import request_to_repeat
from laserdb.scorers.constraints.language import is_language
from laserdb.scorers.constraints.model import Constraint, Rule

_FENCES = ("```json", "```Json", "```JSON", "```")
_BULLETS = (re.compile(r"^\s*\*[^*].*$", re.MULTILINE), re.compile(r"^\s*-.*$", re.MULTILINE))
_HIGHLIGHT = re.compile(r"\*[^\n*]*\*")
_DOUBLE_HIGHLIGHT = re.compile(r"\*\*([^\n*]*)\*\*")
_TITLE = re.compile(r"<<[^\n]+>>")
_PLACEHOLDER = re.compile(r"\[.*?\]")
_DIVIDER = re.compile(r"\s?\*\*\*\s?")
_FIRST_WORD = re.compile(r"[^.,?!'\"]*")
_SPLIT_WORD = re.compile(r"--+|\.\.\.|[][(){}<>,;:@#$%&?!\"“”`]+")
_CLITIC = re.compile(r"(?:['’](?:s|m|d|ll|re|ve)|n['’]t)$", re.IGNORECASE)


def verify(constraint: Constraint, instruction: str, response: str) -> bool | None:
    """Whether the response follows the constraint; None if no rule can tell.

    Where IFEval has a checker for it, the verdict is the checker's: on the response as it is ("strict").
    """
    rule = constraint.params
    if isinstance(rule, model.RepeatPrompt) and rule.text is None:
        rule = model.RepeatPrompt(request_to_repeat(instruction, constraint.span))
    return None if rule is None else follows(rule, response)


@singledispatch
def follows(_rule: Rule, _response: str) -> bool | None:
    """Whether the response follows the rule; None if that can't be told."""
    return None


@follows.register
def _case(rule: model.Case, response: str) -> bool | None:
    if not (response.isupper() if rule.case == "upper" else response.islower()):
        return False
    return rule.language is None or is_language(response, rule.language) is not False


@follows.register
def _capital_words(rule: model.CapitalWords, response: str) -> bool | None:
    return rule.bounds.allow(count_capital_words(response))


def count_capital_words(text: str) -> int:
    """Words in capitals: hyphenated ones as one, "I" too, and "IT'S" as two, by IFEval's tokenizer."""
    count = 0
    for chunk in text.split():
        for word in _SPLIT_WORD.split(chunk):
            # A clitic is a token of its own: "I'm" is I and 'm, "IT'S" is IT and 'S.
            word = word.strip("'’")
            clitic = _CLITIC.search(word)
            count += word[: clitic.start()].isupper() + clitic[0].isupper() if clitic else word.isupper()
    return count


@follows.register
def _placeholders(rule: model.Placeholders, response: str) -> bool | None:
    return rule.bounds.allow(len(_PLACEHOLDER.findall(response)))


@follows.register
def _postscript(rule: model.Postscript, response: str) -> bool | None:
    marker = re.sub(r"[^a-z]", "", rule.marker.lower())
    if marker == "pps":
        pattern = r"p\.\s?p\.\s?s"
    elif marker == "ps" and "." in rule.marker:
        pattern = r"p\.\s?s\."
    else:
        pattern = re.escape(rule.marker.lower())
    return re.search(pattern, response.lower()) is not None


@follows.register
def _repeat_prompt(rule: model.RepeatPrompt, response: str) -> bool | None:
    if not rule.text:
        return None
    return response.strip().lower().startswith(rule.text.strip().lower())


@follows.register
def _separated(rule: model.Separated, response: str) -> bool | None:
    parts = [part.strip() for part in response.split(rule.separator)]
    if not all(parts[1:-1]):
        return False
    answers = [part for part in parts if part]
    return len(answers) == rule.count == len(set(answers))


@follows.register
def _one_of(rule: model.OneOf, response: str) -> bool | None:
    if rule.cased:
        return any(option in response for option in rule.options)
    lower = response.lower()
    return any(re.search(rf"\b{re.escape(option.lower())}\b", lower) for option in rule.options)


@follows.register
def _json(_rule: model.Json, response: str) -> bool | None:
    text = response.strip()
    for fence in _FENCES:
        text = text.removeprefix(fence)
    try:
        json.loads(text.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


@follows.register
def _bullets(rule: model.Bullets, response: str) -> bool | None:
    return rule.bounds.allow(sum(len(pattern.findall(response)) for pattern in _BULLETS))


@follows.register
def _highlights(rule: model.Highlights, response: str) -> bool | None:
    single = sum(bool(text.strip("*").strip()) for text in _HIGHLIGHT.findall(response))
    double = sum(bool(text.strip()) for text in _DOUBLE_HIGHLIGHT.findall(response))
    return rule.bounds.allow(single + double)


@follows.register
def _sections(rule: model.Sections, response: str) -> bool | None:
    pattern = r"\s?" + re.escape(rule.marker) + r"\s?\d+\s?"
    return rule.bounds.allow(len(re.findall(pattern, response)))


@follows.register
def _title(_rule: model.Title, response: str) -> bool | None:
    return any(title.lstrip("<").rstrip(">").strip() for title in _TITLE.findall(response))


@follows.register
def _keywords(rule: model.Keywords, response: str) -> bool | None:
    return all(_occurrences(word, response) for word in rule.words)


@follows.register
def _key_sentences(rule: model.Sentences, response: str) -> bool | None:
    said = set(counting.sentences(response.replace("\n", " ")))
    return sum(sentence in said for sentence in set(rule.sentences)) == rule.count


@follows.register
def _forbidden(rule: model.Forbidden, response: str) -> bool | None:
    return not any(re.search(rf"\b{re.escape(w)}\b", response, re.IGNORECASE) for w in rule.words)


@follows.register
def _frequency(rule: model.Frequency, response: str) -> bool | None:
    return rule.bounds.allow(_occurrences(rule.word, response))


def _occurrences(word: str, text: str) -> int:
    return len(re.findall(re.escape(word), text, re.IGNORECASE))


@follows.register
def _letter_frequency(rule: model.LetterFrequency, response: str) -> bool | None:
    return rule.bounds.allow(response.lower().count(rule.letter.lower()))


@follows.register
def _language(rule: model.Language, response: str) -> bool | None:
    return is_language(response, rule.code)


@follows.register
def _length(rule: model.Length, response: str) -> bool | None:
    if rule.unit == "words":
        return rule.bounds.allow(counting.count_words(response))
    if rule.unit == "sentences":
        return rule.bounds.allow(len(counting.sentences(response)))
    if rule.divider is None:
        return rule.bounds.allow(len(counting.paragraphs(response)))
    parts = _DIVIDER.split(response) if rule.divider == "***" else response.split(rule.divider)
    # An empty part at either end is no paragraph; one in the middle breaks the form.
    if not all(part.strip() for part in parts[1:-1]):
        return False
    return rule.bounds.allow(sum(bool(part.strip()) for part in parts))


@follows.register
def _paragraph_start(rule: model.ParagraphStart, response: str) -> bool | None:
    parts = response.split("\n\n")
    count = sum(bool(part.strip()) for part in parts)
    if not 1 <= rule.nth <= count or not parts[rule.nth - 1].strip():
        return False
    word = parts[rule.nth - 1].split()[0].lstrip("'").lstrip('"')
    first = _FIRST_WORD.match(word)
    return rule.bounds.allow(count) and first is not None and first[0].lower() == rule.word.lower()


@follows.register
def _without(rule: model.Without, response: str) -> bool | None:
    return not any(character in response for character in rule.characters)


@follows.register
def _quoted(_rule: model.Quoted, response: str) -> bool | None:
    text = response.strip()
    return len(text) > 1 and text[0] == text[-1] == '"'


@follows.register
def _start(rule: model.Start, response: str) -> bool | None:
    return re.search(r"^\s*" + re.escape(rule.phrase.strip()), response, re.MULTILINE) is not None


@follows.register
def _end(rule: model.End, response: str) -> bool | None:
    return response.strip().strip('"').lower().endswith(rule.phrase.strip().lower())
