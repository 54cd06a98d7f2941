"""Loops of characters, words and sentences."""

import pytest

from tests.scorers.checks.util import reasons


@pytest.mark.parametrize(
    ("instruction", "response", "expected"),
    [
        ("Name colours.", "red, ochre, " + "pale blue, " * 30 + "white.", True),
        ("Which is heavier?", "Both weigh the same. " + "A kilogram is a kilogram. " * 8, True),
        (
            "Explain rain.",
            "Water rises as vapour and cools down in the sky above. " * 2 + "Then it falls.",
            True,
        ),
        ("Are you sure?", "Yes" + "s" * 60, True),
        ("问题?", "这是一个很好的问题。" * 12, True),
        ("Say hello 20 times.", "hello " * 20, False),
        ("Write a song with a chorus.", "La la la, we sing the old song again and again. " * 4, False),
        ("Draw a line.", "Title\n" + "-" * 80 + "\nText under the line.", False),
        ("Compare them.", "Cats sleep a lot and hunt at night. Dogs sleep less and prefer the day.", False),
        ("Which way?", "no no no", False),
    ],
)
def test_repetition(instruction, response, expected):
    assert ("repetition" in reasons(instruction, response)) is expected
