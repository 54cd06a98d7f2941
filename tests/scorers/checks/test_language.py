"""Responses in another language than the instruction."""

import pytest

from tests.scorers.checks.util import reasons

ENGLISH = "The river flows through the city and it is one of the longest in the whole of the country."
GERMAN = (
    "Der Fluss fließt durch die Stadt und ist einer der längsten im ganzen Land, das er mit Wasser versorgt."
)
SPANISH = "El río pasa por la ciudad y es uno de los más largos del país y de la región."
CHINESE = "这条河流穿过城市，是全国最长的河流之一，为许多居民提供饮用水和灌溉用水。"
RUSSIAN = "Река протекает через город и является одной из самых длинных в стране."
ASK = {
    "en": "Which river flows through the city, and is it one of the longest?",
    "de": "Welcher Fluss fließt durch die Stadt, und ist er einer der längsten im Land?",
    "es": "¿Qué río pasa por la ciudad y es uno de los más largos de todo el país?",
    "zh": "哪条河流穿过这座城市？它是全国最长的河流之一吗？",
}


@pytest.mark.parametrize(
    ("ask", "response", "expected"),
    [
        ("en", GERMAN, True),
        ("en", SPANISH, True),
        ("en", CHINESE, True),
        ("en", RUSSIAN, True),
        ("de", ENGLISH, True),
        ("zh", ENGLISH, True),
        ("en", ENGLISH, False),
        ("de", GERMAN, False),
        ("es", SPANISH, False),
        ("zh", CHINESE, False),
        ("zh", "叶尼塞河 (Yenisei River)，全国最长的河流之一。", False),
        ("en", "Rio de Janeiro", False),
    ],
)
def test_wrong_language(ask, response, expected):
    assert ("wrong_language" in reasons(ASK[ask], response)) is expected


@pytest.mark.parametrize(
    "instruction",
    [
        f"Translate into German: {ENGLISH}",
        "Tell me about the longest river in the country, in Spanish or German please.",
        f"Übersetze ins Englische: {GERMAN}",
    ],
)
def test_translations_may_differ(instruction):
    for response in (ENGLISH, GERMAN, SPANISH, RUSSIAN):
        assert "wrong_language" not in reasons(instruction, response)


def test_a_quoted_language_of_the_instruction_may_be_used():
    assert "wrong_language" not in reasons(f"What do you think of this and is it true?\n\n{GERMAN}", ENGLISH)
