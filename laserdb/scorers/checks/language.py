"""Check for the wrong language: by script, and by stop words among languages in Latin letters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from laserdb.scorers.checks.view import Finding, View

SAMPLE = 3000
"""Characters of each text that are enough to tell its language."""
SAMPLE_WORDS = 200
MIN_LETTERS = 20
MIN_WORDS = 15

_SCRIPTS = {
    name: re.compile(f"[{chars}]")
    for name, chars in {
        "Latin": "A-Za-zÀ-ɏ",
        "Cyrillic": "Ѐ-ӿ",
        "Greek": "Ͱ-Ͽ",
        "Arabic": "\u0600-\u06ff",
        "Hebrew": "\u0590-\u05ff",
        "Devanagari": "\u0900-\u097f",
        "Bengali": "\u0980-\u09ff",
        "Tamil": "\u0b80-\u0bff",
        "Thai": "\u0e00-\u0e7f",
        "Hangul": "\uac00-\ud7af",
        "Chinese or Japanese": "\u3040-\u30ff\u3400-\u9fff",
    }.items()
}
_NOT_LATIN = re.compile("[\u0370-\u1dff\u2e80-\ud7af]")
_STOP = {
    "English": "the and of to is that it for with as was are this be by on not or you from have which at i",
    "German": "der die das und ist nicht ein eine zu den mit für auf von sich dem auch es im wird sind ich",
    "Spanish": "el la los las de que y en un una por con para es del se su no como más al lo",
    "French": "le la les des et est une dans que qui pour pas sur du vous il au en un ce de je",
    "Italian": "il di che è la per un una non sono con del della gli le si da",
    "Portuguese": "os de que do da em um uma para com não é no na por mais dos ao são você",
    "Dutch": "de het een en van is dat op te niet zijn met voor ik je aan in",
}
_STOPS = {name: frozenset(words.split()) for name, words in _STOP.items()}
_ASKED = re.compile(
    r"translat|übersetz|traduc|tradui|traduz|перев[её]д|перевод|翻译|翻譯|翻訳|訳|language|sprache|idioma|langue|"
    r"english|german|french|spanish|italian|portuguese|dutch|chinese|mandarin|japanese|korean|russian|arabic|"
    r"hebrew|hindi|latin\b|greek|swedish|polish|turkish|ukrainian|vietnamese|thai\b|indonesian|"
    r"englisch|deutsch|französisch|spanisch|inglés|español|alemán|anglais|français|espagnol|allemand|inglese|"
    r"inglês|英语|英文|中文|日语|日文|英語|日本語|中国語|한국어|영어|английск|русск|العربية|"
    r"transliterat|romanji|romaji|pinyin|拼音|emoji|\bcode\b|python|javascript|java\b|c\+\+|sql|html"
)


def wrong_language(view: View) -> Finding | None:
    """The response is in a language of which the instruction has next to nothing, and none was asked for."""
    if view.is_code:
        return None
    asked, said = view.instruction[:SAMPLE], view.prose[:SAMPLE]
    ascii_only = asked.isascii() and said.isascii()
    finding = None
    if not ascii_only and (_NOT_LATIN.search(asked) or _NOT_LATIN.search(said)):
        finding = _wrong_script(asked, said)
    finding = finding or _wrong_stop_words(view.instruction_words, view.prose_words[:SAMPLE_WORDS])
    # Looked for last, since it is long and hardly ever matters.
    return None if finding is None or _ASKED.search(view.ask_lower) else finding


def _wrong_script(asked: str, said: str) -> Finding | None:
    here, there = _scripts(said), _scripts(asked)
    total_here, total_there = sum(here.values()), sum(there.values())
    if total_here < MIN_LETTERS or total_there < MIN_LETTERS // 2:
        return None
    script = max(here, key=lambda name: here[name])
    if here[script] < 0.8 * total_here or there[script] > 0.05 * total_there:
        return None
    expected = max(there, key=lambda name: there[name])
    return Finding("wrong_language", f"{script} letters where the instruction has {expected}")


def _scripts(text: str) -> dict[str, int]:
    return {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}


def _wrong_stop_words(asked: Sequence[str], said: Sequence[str]) -> Finding | None:
    if len(said) < MIN_WORDS:
        return None
    language = "English" if _share(said, "English") >= 0.2 else _language(said)
    if language is None:
        return None
    words = asked[:SAMPLE_WORDS]
    if _share(words, language) >= 0.08:
        return None
    expected = _language(words)
    if expected is None or expected == language:
        return None
    return Finding("wrong_language", f"{language} where the instruction is {expected}")


def _language(words: Sequence[str]) -> str | None:
    """The language whose stop words are frequent, clearly more so than any other's."""
    if len(words) < 8:
        return None
    (best, name), (second, _) = sorted(((_share(words, n), n) for n in _STOPS), reverse=True)[:2]
    return name if best >= 0.24 and second <= 0.65 * best else None


def _share(words: Sequence[str], language: str) -> float:
    stops = _STOPS[language]
    return sum(map(stops.__contains__, words)) / len(words) if words else 0.0
