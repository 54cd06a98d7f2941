"""Short answers to questions on a passage."""

import pytest

from tests.scorers.checks.util import reasons

PASSAGE = (
    "The mill was built in 1788 by Johann Kessler, a former monk who had learned his craft in Lyon. "
    "A flood destroyed the first wheel two years later. Under his daughter Marie it made wallpaper "
    "instead of writing paper and employed three hundred workers. It closed for good in 1974, after "
    "the Elkes valley railway had been given up, and has been a museum since 1991. Entry is free on Sundays."
)


@pytest.mark.parametrize(
    "form", ["{q}\n\n{p}", "Answer based on the context.\n\nContext: {p}\n\nQuestion: {q}"]
)
@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Who built the mill?", "Johann Kessler", False),
        ("Who built the mill?", "The monk Johann Kessler.", False),
        ("Who built the mill?", "Peter Hansen", True),
        ("Where did he learn his craft?", "In Marseille", True),
        ("When did it close?", "1974", False),
        ("When did it close?", "In 1982", True),
        ("What did it make?", "wallpapers", False),
        ("Who employed 300 workers?", "Marie", False),
        ("After how many years was the wheel destroyed?", "2", False),
        ("For how many years was it open?", "186", False),
        ("Was it built by a monk?", "Yes", False),
        ("Who was the architect?", "unanswerable", False),
        ("Who was the architect?", "This is not mentioned in the passage.", False),
    ],
)
def test_ungrounded(form, question, answer, expected):
    assert ("ungrounded" in reasons(form.format(q=question, p=PASSAGE), answer)) is expected


@pytest.mark.parametrize(
    ("instruction", "answer"),
    [
        ("Classify the sentiment of this text as positive or negative.\n\n" + PASSAGE, "neutral"),
        ("Give the text a title.\n\n" + PASSAGE, "A Paper Dynasty"),
        ("Which topic is it?\nOptions: sports, history\n\n" + PASSAGE, "sports"),
        ("Who wrote Faust?", "Goethe"),
    ],
)
def test_other_tasks_need_no_passage(instruction, answer):
    assert "ungrounded" not in reasons(instruction, answer)
