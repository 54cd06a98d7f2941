"""Fenced blocks as Markdown has them: nested, in lists, with tildes, never closed."""

import pytest

from laserdb.scorers.checks.fences import Fence, split


@pytest.mark.parametrize(
    ("text", "fences", "prose", "unclosed"),
    [
        ("plain", [], "plain", False),
        ("a\n```Python\nx = 1\n```\nb", [Fence("python", "x = 1\n")], "a\nb", False),
        ("~~~js title=x\ny\n~~~", [Fence("js", "y\n")], "", False),
        ("````md\n```\nx\n```\n````", [Fence("md", "```\nx\n```\n")], "", False),
        ("- a\n  ```sh\n  ls\n  ```\n- b", [Fence("sh", "ls\n")], "- a\n- b", False),
        ("```c\nint x;", [Fence("c", "int x;")], "", True),
        ("```\na\n``` tail", [Fence("", "a\n``` tail")], "", True),
        ("inline ```x``` code", [], "inline ```x``` code", False),
    ],
)
def test_split(text, fences, prose, unclosed):
    assert split(text) == (fences, prose, unclosed)
