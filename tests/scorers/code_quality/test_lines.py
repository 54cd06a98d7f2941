"""The code of a response, revisions, and the similarity of lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laserdb.scorers.code_quality import code_lines, revision_lines, similarity


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("```python\nx = 1\n```", ["x = 1"]),
        ("Here:\n```\na\n\nb  \n```\nand\n~~~js\nc\n~~~", ["a", "", "b", "c"]),
        ("- so:\n  ```sh\n  ls\n  ```", ["ls"]),
        ("Do this:\n\n    x = 1\n    y = 2\n\nDone.", ["x = 1", "y = 2"]),
        ("Do this:\n\n    not this\n\n```\nbut this\n```", ["but this"]),
        ("```\nnever closed\n", ["never closed"]),
        ("Use `ls -l` to list files.", []),
        ("No code here. Sorry; I can't = do it.", []),
        ("```\n\n```", []),
        ("", []),
        ("def f(x):\r\n    return x\r\n", ["def f(x):", "    return x"]),
        ("import os", ["import os"]),
        ("yes", []),
        ("42", []),
        ("print", []),
    ],
)
def test_code_of_a_response(text, lines):
    assert code_lines(text) == lines


@pytest.mark.parametrize(
    "text",
    ["no revision", "No revision.", '"no revision"', "No revision needed.", "", "  ", "none", "N/A",
     "no changes", "No code revision is needed", "**No revision**", "```\n```"],
)  # fmt: skip
def test_no_revision(text):
    assert revision_lines(text) is None


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = 1", ["x = 1"]),
        ("```python\nx = 1\n```", ["x = 1"]),
        ("\n\nx = 1\n    y\n", ["x = 1", "    y"]),
        ("nothing = None", ["nothing = None"]),
        ("no_revision()", ["no_revision()"]),
    ],
)
def test_a_revision(text, lines):
    assert revision_lines(text) == lines


def plain_similarity(a, b):
    """The paper's formula with the textbook's table."""
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    longest = max(len(a), len(b))
    return (longest - row[-1]) / longest


LINES = st.lists(st.sampled_from(["a", "b", "  a", "c"]), min_size=1, max_size=8)


@given(LINES, LINES)
def test_similarity_is_the_formula(a, b):
    assert similarity(a, b) == plain_similarity(a, b)
    assert similarity(a, a) == 1
