"""Fences, LaTeX and brackets that stay open."""

import pytest

from tests.scorers.checks.util import reasons

MARKUP = {"unclosed_fence", "unbalanced_latex", "unbalanced_brackets"}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("Use this:\n```js\nlet a = 1;\n```\nDone.", set()),
        ("Use this:\n```js\nlet a = 1;", {"unclosed_fence"}),
        ("Use ```let a``` here.", set()),
        (r"We get \begin{align} a &= b \end{align} as said.", set()),
        (r"We get \begin{align} a &= b as said.", {"unbalanced_latex"}),
        (r"It follows that \[ a = b \] holds.", set()),
        (r"It follows that \[ a = b holds.", {"unbalanced_latex"}),
        ("It costs $5 and then $$ more.", {"unbalanced_latex"}),
        ("The energy is $$E = mc^2$$ at rest.", set()),
        ("He left (as he had said he would.", {"unbalanced_brackets"}),
        ("Half open: (0, 1] is an interval.", set()),
        ("Choose a) tea, b) coffee :) or (c) nothing.", set()),
    ],
)
def test_markup(response, expected):
    assert reasons("Please explain.", response) & MARKUP == expected
