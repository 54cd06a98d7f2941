"""Verdicts: IFEval's checkers, type by type, and the wider relations that they don't have."""

import pytest

from laserdb.scorers.constraints import Bounds, Constraint, ConstraintType, find, verify
from laserdb.scorers.constraints import model as m
from laserdb.scorers.constraints.counting import sentences
from laserdb.scorers.constraints.verify import count_capital_words, follows

TEN = "one two three four five six seven eight nine ten"
ENGLISH = "The committee will meet again tomorrow morning to discuss the plan for the new library."

CASES = [
    # rule, responses that follow it, responses that don't
    (m.Length("words", Bounds(10)), [TEN, TEN + " eleven", "a-b c-d e-f g-h i-j"], ["one two", ""]),
    (m.Length("words", Bounds(None, 9)), ["one two"], [TEN]),
    (m.Length("words", Bounds(3, 4)), ["one two three", "it's two three"], ["one two", TEN]),
    (
        m.Length("sentences", Bounds(2)),
        ["It rains. It pours.", "Why? Because!"],
        ["It rains\nIt pours", "Dr. Who came."],
    ),
    (m.Length("sentences", Bounds(None, 1)), ["Mr. Smith went to the U.S. yesterday."], ["Stop! Go."]),
    (
        m.Length("paragraphs", Bounds(2, 2), "***"),
        ["a\n***\nb", "***\na\n***\nb", "a *** b\n***"],
        ["a\n\nb", "a\n***\n***\nb", "a\n***\nb\n***\nc"],
    ),
    (m.Length("paragraphs", Bounds(2, 2)), ["a\n\nb", "a\nb"], ["a", "a\n\nb\n\nc"]),
    (
        m.ParagraphStart(2, "moss", Bounds(2, 2)),
        ["A.\n\nMoss grows.", 'A.\n\n"moss" is green', "A.\n\nMoss, they say"],
        ["Moss.\n\nA.", "A.\n\nMossy", "A.\n\nMoss\n\nB", "A.\nMoss"],
    ),
    (
        m.Case("upper", "en"),
        [ENGLISH.upper()],
        [ENGLISH, "12", "LE COMITÉ SE RÉUNIT DEMAIN MATIN POUR EN PARLER AVEC LE MAIRE"],
    ),
    (m.Case("lower"), [ENGLISH.lower()], [ENGLISH, "123"]),
    (
        m.CapitalWords(Bounds(2)),
        ["The NASA and ESA", "I am OK", "JAK-STAT is a PATHWAY"],
        ["The Cat", "NASA's probe"],
    ),
    (m.CapitalWords(Bounds(None, 1)), ["NASA flew", "no"], ["I like TEA"]),
    (m.Placeholders(Bounds(2)), ["[name] at [a b]", "[] []"], ["[name]", "(name) (place)", "[na\nme] [x]"]),
    (m.Postscript("P.S."), ["Bye\nP.S. more", "Bye p. s. more"], ["Bye PS more", "P.S more"]),
    (m.Postscript("P.P.S"), ["P.P.S more", "p. p. s. more"], ["P.S. more"]),
    (
        m.RepeatPrompt("Write a poem."),
        ["  write a poem. Roses", "WRITE A POEM."],
        ["Sure! Write a poem.", "Write poem."],
    ),
    (
        m.Separated(2, "******"),
        ["a\n******\nb", "******a******b******"],
        ["a", "a******a", "a******b******c", "a************b"],
    ),
    (
        m.OneOf(("My answer is yes.", "My answer is no.")),
        ["My answer is yes.", "Well. My answer is no."],
        ["my answer is yes.", "Yes."],
    ),
    (
        m.Json(),
        ['{"a": 1}', '```json\n{"a": 1}\n```', "```\n[1, 2]\n```", '"text"'],
        ["{a: 1}", 'Here: {"a": 1}', ""],
    ),
    (
        m.Bullets(Bounds(2, 2)),
        ["* a\n* b", "- a\n  - b", "* a\n- b"],
        ["* a", "* a\n* b\n- c", "** a\n** b", "1. a\n2. b"],
    ),
    (m.Highlights(Bounds(2)), ["*a* and *b*", "**a** *b*"], ["*a*", "**a**", "* *", "*a\nb* *c*"]),
    (
        m.Sections(Bounds(2), "SECTION"),
        ["SECTION 1\na\nSECTION 2\nb", "SECTION1 SECTION2 SECTION3"],
        ["Section 1 Section 2", "SECTION 1", "SECTION A SECTION B"],
    ),
    (m.Title(), ["<<A joy>>\ntext", "see <<x>>"], ["<A joy>", "<< >>", "<<\n>>"]),
    (m.Keywords(("river", "stone")), ["Rivers and stones", "STONE river"], ["river", "ri ver stone"]),
    (
        m.Sentences(("It rains.", "It snows."), 1),
        ["Look up. It rains. Bye."],
        ["It rains. It snows.", "It hails."],
    ),
    (m.Forbidden(("hot", "sun")), ["A hotel in Sunday heat", ""], ["So HOT today", "the sun."]),
    (m.Frequency("tide", Bounds(2)), ["tide and tides", "Tide TIDE tide"], ["tide"]),
    (m.Frequency("tide", Bounds(None, 1)), ["no", "tide"], ["tidetide"]),
    (m.Frequency("tide", Bounds(1, 1)), ["a tide"], ["no", "tide, tide"]),
    (m.LetterFrequency("q", Bounds(2)), ["Q and q", "quip quiz"], ["q"]),
    (m.LetterFrequency("#", Bounds(None, 1)), ["#a"], ["#a #b"]),
    (m.Language("hi"), ["यह एक छोटा सा वाक्य है जो हिंदी में लिखा गया है।", "123"], [ENGLISH]),
    (m.Without(","), ["none; here"], ["one, here"]),
    (m.Quoted(), ['"all of it"', ' "x" '], ['"open', "'x'", '"', "“x”"]),
    (m.Start("I would say"), ["I would say no", "Well.\n I would say no"], ["So I would say", "i would say"]),
    (
        m.End("Any questions?"),
        ["Bye. any questions?", 'Bye. "Any questions?"', "Any questions?  "],
        ["Any questions? No.", "Bye"],
    ),
]


@pytest.mark.parametrize(
    ("rule", "response", "followed"),
    [
        (rule, text, followed)
        for rule, *both in CASES
        for followed, texts in zip((True, False), both, strict=True)
        for text in texts
    ],
)
def test_verdicts(rule, response, followed):
    assert follows(rule, response) is followed


def test_every_rule_has_a_verifier():
    rules = {kind for kind in vars(m).values() if isinstance(kind, type) and issubclass(kind, m.Rule)} - {
        m.Rule
    }
    assert rules == {type(rule) for rule, *_ in CASES}
    assert all(follows.dispatch(rule) is not follows.dispatch(m.Rule) for rule in rules)


def test_unverifiable():
    assert verify(Constraint(ConstraintType.TOPIC, "love"), "Write of love.", "Roses are red.") is None
    assert verify(Constraint(ConstraintType.REPEAT_PROMPT, "gone", m.RepeatPrompt()), "q", "q") is None


def test_found_and_verified():
    instruction = "Name three rivers in fewer than 8 words, without commas."
    good, bad = "Rhine and Danube and Nile", "The Rhine, the Danube, the Nile and also the Elbe"
    assert [verify(c, instruction, good) for c in find(instruction)] == [True, True]
    assert [verify(c, instruction, bad) for c in find(instruction)] == [False, False]


def test_request_that_stands_before_or_below():
    for instruction in (
        "Why is grass green? First repeat the question above word for word, then answer.",
        "First repeat the request below word for word without change.\n\nWhy is grass green?",
    ):
        constraint = Constraint(ConstraintType.REPEAT_PROMPT, find(instruction)[0].span, m.RepeatPrompt())
        assert verify(constraint, instruction, "Why is grass green? Chlorophyll.") is True
        assert verify(constraint, instruction, "Chlorophyll.") is False


@pytest.mark.parametrize(
    ("text", "count"),
    [("I'm at NASA's HQ.", 3), ("a B2B-DEAL", 1), ("U.S. and UK", 2), ("IT'S A DON'T", 5), ("", 0)],
)
def test_capital_words(text, count):
    assert count_capital_words(text) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("**Done.** \n\n**More.**", 3),  # a mark before stars ends a sentence, and the stars are one
        ('It is "done." Fine. (Quite.)', 3),
        ("What?! No way. Wow!!! Yes", 4),
        ("Wait... what? Dr. No came at 5 p.m. and left.", 2),
        ("Use e.g. this. 1. First\n2. Second", 5),
        ("a.b.c d e", 1),
        ("", 0),
    ],
)
def test_sentences(text, count):
    assert len(sentences(text)) == count


def test_options_without_quotes_in_any_case():
    assert follows(m.OneOf(("positive", "negative"), cased=False), "Positive.") is True
    assert follows(m.OneOf(("positive", "negative"), cased=False), "Nonpositives") is False
