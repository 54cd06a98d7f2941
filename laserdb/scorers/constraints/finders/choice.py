"""The answers that the response has to choose from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from laserdb.scorers.constraints.finders.reading import Q, Reading, Sentence, has_quotes, is_asked, vocabulary
from laserdb.scorers.constraints.model import Constraint, ConstraintType, OneOf

_CHOICE = re.compile(
    r"\b(?:choose|pick|select|answer|respond|reply|response|say|use|options?|choices?|must be|should "
    r"be)\b[^.;\"\n]{0,60}?"
    r"\b(?:one of|from|either|options?|choices?|only|following|among|between|exactly one|answers?|"
    r"phrases?|with)\b[^.;\"\n]{0,80}?"
    rf"[:( \[]\s*(?P<l>{Q}(?:[ ,;/|.]*(?:or |and |, or )?\s*{Q})+)"
)
_CHOICE_LINES = re.compile(
    r"\b(?:one of|from) (?:the |these )?(?:following|given|below|these)?\b[^.;\n]{0,40}?(?:options?|"
    r"choices|answers|phrases|sentences|responses|replies)?[^.:;\n]{0,30}:\s*"
    r"(?P<l>(?:[-*•]?\s*my answer is \w+[.,;!]?\s*(?:or |and )?)+)"
)
_CHOICE_PLAIN = re.compile(
    r"\b(?:answers?|answering|repl(?:y|ies)|respon(?:d|se)|choose|pick|select|classify|categori[sz]e|"
    r"label|output|return|say)\b"
    r"[^.:\n]{0,60}\b(?:one of|either|from)\b[^.:;\n]{0,60}:\s*"
    r"(?P<l>[\w'/-]+(?: [\w'/-]+){0,3}(?:\s*[,/|]\s*(?:or )?[\w'/-]+(?: [\w'/-]+){0,3}?)*,? (?:or "
    r")?[\w'/-]+(?: [\w'/-]+){0,3}?)"
    r"(?=[.;!)\n]|$)"
)
_CHOICE_OTHER = re.compile(
    r"\b(?:keys?|fields?|columns?|properties|attributes|sections)\b[^.;]{0,30}$|"
    r"\b(?!.*\bone of\b)(?:include|contain|mention|incorporate|keywords?|word|words|title|topic|start|"
    r"begin|end|"
    r"finish|name)\b[^.;]{0,60}$"
)

_CUES = vocabulary(
    "choose option options choice choices answer answers respond reply response select pick say "
    "phrase phrases"
)


def relevant(text: str, words: Set[str]) -> bool:
    """Whether the instruction has any word that these rules look for; spares the reading."""
    if "one of" in text:
        return True
    return not _CUES.isdisjoint(words) and (has_quotes(text) or "my" in words)


def find(reading: Reading) -> Iterator[Constraint]:
    for sentence in _joined(reading):
        if sentence.text.count('"') < 4:
            continue
        match = _CHOICE.search(sentence.text)
        if (
            match
            and is_asked(sentence.text[: match.start()])
            and not _CHOICE_OTHER.search(sentence.text[: match.start("l")])
        ):
            options = reading.quoted(sentence.start + match.start("l"), sentence.start + match.end("l"))
            options = [option.rstrip(",;") for option in options]
            if 2 <= len(options) <= 12:
                yield reading.constraint(sentence, match, ConstraintType.CHOOSE_OUTPUT, OneOf(tuple(options)))
                return
    for sentence in reading.demands:
        match = _CHOICE_PLAIN.search(sentence.text)
        if match and not _CHOICE_OTHER.search(sentence.text[: match.start("l")]):
            listed = reading.original(sentence.start + match.start("l"), sentence.start + match.end("l"))
            options = [part.strip() for part in re.split(r"\s*[,/|]\s*(?:or )?|\s+or\s+", listed)]
            if 2 <= len(options) <= 12 and all(options):
                rule = OneOf(tuple(options), cased=False)
                yield reading.constraint(sentence, match, ConstraintType.CHOOSE_OUTPUT, rule)
                return
    if match := _CHOICE_LINES.search(reading.plain):
        listed = reading.text[match.start("l") : match.end("l")]
        options = [part.strip() for part in re.findall(r"[Mm]y answer is \w+[.!]?", listed)]
        if len(options) >= 2:
            span = reading.original(match.start(), match.end())
            yield Constraint(ConstraintType.CHOOSE_OUTPUT, span, OneOf(tuple(options)))


def _joined(reading: Reading) -> Iterator[Sentence]:
    """Sentences, and the whole with line breaks as spaces: options are often listed on lines of their own."""
    yield from reading.demands
    if "\n" in reading.plain:
        yield Sentence(reading.plain.replace("\n", " "), 0)
