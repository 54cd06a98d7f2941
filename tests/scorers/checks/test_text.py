"""Empty, cut off and copied responses."""

import pytest

from laserdb.scorers.checks.score import judge
from tests.scorers.checks.util import reasons

TREES = (
    "Trees take up water through their roots. The water rises through the trunk to the leaves. "
    "There it evaporates, which pulls up more water from below. "
)
PASSAGE = (
    "The mill was built in 1788 by a former monk who had learned his craft in Lyon and who wished to make "
    "writing paper for the schools of the valley, where until then only slates had been in use since the war "
    "and paper was dear, rare and of poor quality."
)


@pytest.mark.parametrize("response", ["", "   ", "\n\t\n", "\u3000"])
def test_empty(response):
    score, findings = judge("Why?", response)
    assert (score, [f.reason for f in findings]) == (0.0, ["empty"])


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (TREES + "This is called the transpiration pull and it works even in very tall trees.", set()),
        (TREES + "This is called the transpiration pull and it works even in", {"no_full_stop"}),
        (TREES + "This is called the transpiration pull and", {"cut_off"}),
        (TREES + "This is called the transpiration pull,", {"cut_off"}),
        (TREES + "Three forces take part in this remarkable process:", {"cut_off"}),
        (TREES + "This is called the transpiration pull (also known from", {"cut_off"}),
        (TREES + 'A forester told us: "In summer an old beech drinks', {"cut_off"}),
        (TREES + "Best regards, Your Forester", set()),
        (TREES + "\n- roots\n- trunk\n- leaves", set()),
        (TREES + "\n\n| part | role |\n|---|---|\n| root | takes up water |", set()),
        (TREES + "See https://example.org/trees/and/their/roots", set()),
        (TREES + "#trees #nature", set()),
        (TREES + "The sum is 42", set()),
        ("Honolulu", set()),
        ("the Norman conquest of England", set()),
        ("Roses are red\nViolets are blue\nThe forest is quiet\nAnd so are you", set()),
        (
            "树木通过根部吸收水分，水分沿着树干上升到叶子，然后在那里蒸发，从而把更多的水从下面拉上来" * 3,
            set(),
        ),
        ("Bäume nehmen Wasser über ihre Wurzeln auf. Das Wasser steigt im Stamm nach oben und", {"cut_off"}),
        ("for i in range(10):\n    total = total + i\n    print(total,", set()),
    ],
)
def test_cut_off(response, expected):
    found = reasons("How do trees drink?", response) & {"cut_off", "no_full_stop"}
    assert found == expected


@pytest.mark.parametrize(
    ("instruction", "response", "expected"),
    [
        ("What is the capital of Hawaii?", "What is the capital of Hawaii?", True),
        (f"Sum this up.\n\n{PASSAGE}", PASSAGE, True),
        (f"{PASSAGE} Why was it built?", f"{PASSAGE} Why was it built? For paper.", True),
        (f"Correct the spelling.\n\n{PASSAGE}", PASSAGE, False),
        ("What is the capital of Hawaii?", "The capital of Hawaii is Honolulu.", False),
        ("Say hi", "Say hi", False),
    ],
)
def test_echo(instruction, response, expected):
    assert ("echo" in reasons(instruction, response)) is expected
