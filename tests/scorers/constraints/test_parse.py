"""Constraints that a judge named by type and span, and hostile texts."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laserdb.scorers.constraints import Bounds, Constraint, ConstraintType, find, parse, verify
from laserdb.scorers.constraints import model as m


@pytest.mark.parametrize(
    ("kind", "span", "params"),
    [
        ("length", "400 or more words", m.Length("words", Bounds(400))),
        ("length", "at least 3 sentences", m.Length("sentences", Bounds(3))),
        ("keyword_avoided", 'without using the word "sleep"', m.Forbidden(("sleep",))),
        ("keyword_avoided", "sleep", m.Forbidden(("sleep",))),
        ("keyword_included", "'sun' and 'moon'", m.Keywords(("sun", "moon"))),
        ("keyword_frequency", "'but' two times", m.Frequency("but", Bounds(2, 2))),
        ("keyword_frequency", "letter 'r' at least 3 times", m.LetterFrequency("r", Bounds(3))),
        ("letter_case", "all lowercase", m.Case("lower")),
        ("letter_case", "all capital letters", m.Case("upper")),
        ("punctuation", "no commas", m.Without(",")),
        ("punctuation", "wrap your entire response with double quotation marks", m.Quoted()),
        ("language", "Hindi", m.Language("hi")),
        ("start_and_ending", "start with 'Hello'", m.Start("Hello")),
        ("start_and_ending", "end with 'Thank you!'", m.End("Thank you!")),
        ("output_format", "JSON format", m.Json()),
        ("output_format", "exactly 3 bullet points", m.Bullets(Bounds(3, 3))),
        ("placeholder_and_postscript", "P.S.", m.Postscript("P.S.")),
        ("writing_style", "easy to read", None),
        ("topic", "love", None),
    ],
)
def test_parse(kind, span, params):
    assert parse(kind, span) == Constraint(ConstraintType(kind), span, params)


def test_the_instruction_fills_in():
    instruction = "Write four paragraphs about tea and separate them with ***."
    assert parse("length", "four paragraphs", instruction) == Constraint(
        ConstraintType.LENGTH, "four paragraphs", m.Length("paragraphs", Bounds(4, 4), "***")
    )


def test_unknown_type():
    assert parse("colour", "blue") is None


HOSTILE = [
    '"' * 10_000,
    "at least " * 3000 + "words",
    "Include the words " + "a, " * 5000,
    "[" * 10_000,
    "Do not use " * 3000,
    "*" * 10_000,
    "Write " + "x" * 20_000 + " at least 3 words",
    "end with " * 2000 + '"',
    "1 " * 8000 + "words",
    "in " * 6000 + "json",
    "repeat the request " * 1000 + "word for word",
    "the word a must " * 1200 + "appear",
    "' " * 5000 + "'",
    "capital letters " * 1200,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:14]))
def test_hostile_texts_take_little_time(text):
    start = time.process_time()
    for constraint in find(text):
        verify(constraint, text, text)
    assert time.process_time() - start < 2


TEXT = (
    "at least 3 words sentences use include the letter word \"x\" 'y' times not no commas in all capital "
    "json p.s. *** ****** end start with phrase paragraph 2 once bullet points highlight section SECTION X "
    "[a] <<b>> . ? : \n"
)
WORDS = st.sampled_from(TEXT.split(" "))


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=30).map(" ".join)), st.text(max_size=60))
def test_any_text_is_read(instruction, response):
    for constraint in find(instruction):
        assert constraint.params is not None
        assert constraint.span
        assert verify(constraint, instruction, response) in (True, False)
