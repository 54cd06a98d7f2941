"""Counts and lengths that were asked for."""

import pytest

from laserdb.scorers.checks.request import fullness
from laserdb.scorers.checks.view import View
from tests.scorers.checks.util import reasons

ASKED = {"broken_constraint", "wrong_length", "missing_items", "too_short"}
WORDS = "Rain falls when moist air cools and its vapour turns into drops that grow too heavy. "


@pytest.mark.parametrize(
    ("instruction", "response", "expected"),
    [
        ("List 5 ideas for a party.", "1. Games\n2. Music\n3. Dance\n4. Quiz\n5. Food", set()),
        ("List 5 ideas for a party.", "1. Games\n2. Music\n3. Dance", {"missing_items"}),
        ("Give me ten tips for sleep.", "- Read\n- Walk\n- Tea", {"missing_items"}),
        ("Find seven names for a cat.", "Some names: Luna, Max, Leo, Nala.", {"missing_items"}),
        ("Give me at least three tips.", "- Read\n- Walk\n- Tea\n- Yoga", set()),
        ("Explain rain in at most 20 words.", WORDS, set()),
        ("Explain rain in at most 20 words.", WORDS * 3, {"broken_constraint"}),
        ("Give three tips, each at most 5 words.", "1. " + WORDS + "\n2. Sleep.\n3. Walk.", set()),
        ("Write about rain in at least 200 words.", WORDS * 3, {"broken_constraint"}),
        ("Explain rain in about 100 words.", WORDS, {"broken_constraint"}),
        ("Explain rain in about 15 words.", WORDS, set()),
        ("Explain rain in one sentence.", WORDS, set()),
        (
            "Explain rain in one sentence.",
            WORDS + "It is wet. It is cold. It is grey.",
            {"broken_constraint"},
        ),
        ("Write 3 paragraphs about rain.", WORDS, {"broken_constraint"}),
        ("Give me a list of 5 words.", "1. zoom\n2. wrong\n3. upon\n4. speed\n5. rolled", set()),
        ("Write an essay about rain.", "Rain is wet.", {"too_short"}),
        ("Explain how vaccines work.", "They protect you.", {"too_short"}),
        ("Explain a scientific concept.", "Sure, which concept do you mean?", set()),
        ("Write a short story about rain.", "It rained. Then it stopped.", set()),
        ("Who sang how can you mend a broken heart?", "Bee Gees", set()),
        ("What is the capital of Hawaii?", "Honolulu", set()),
    ],
)
def test_requests(instruction, response, expected):
    assert reasons(instruction, response) & ASKED == expected


@pytest.mark.parametrize(
    ("instruction", "words", "expected"),
    [
        ("Explain how vaccines work.", 20, 0.25),
        ("Explain how vaccines work.", 80, 1.0),
        ("Why do leaves change colour? Please mention chlorophyll.", 10, 0.25),
        ("Explain briefly how vaccines work.", 5, 1.0),
        ("What is the capital of Hawaii?", 1, 1.0),
    ],
)
def test_fullness(instruction, words, expected):
    assert fullness(View(instruction, "word " * words)) == expected
