"""Judges as files: read, refused with a place and a reason, made into scorers."""

import pytest

from laserdb.backends import chat
from laserdb.engine.catalog import address, make_scorers, scorer_class
from laserdb.errors import UsageError
from laserdb.scorers.base import ScorerOptions, Turn, Unit
from laserdb.scorers.judges import Alpagasus, Instag, SelectIt
from laserdb.scorers.judges.template import parts

JUDGE = '''name = "polite"
summary = "how polite a response is"
model = "nowhere/nothing"
score = "politeness / 10"
categories = ["Generation"]

[prompt]
system = "You rate manners."
user = """
Asked: {{ instruction }}
Said: {{ response | trim }}{% if category %} ({{ category }}){% endif %}
"""

[schema]
type = "object"
required = ["politeness"]
properties.politeness = { type = "integer", enum = [0, 5, 10] }

[columns]
level = { type = "INTEGER", value = "politeness" }

[generate]
max_tokens = 32
'''


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "judge.toml"
        path.write_text(text)
        return str(path)

    return written


def test_a_file_becomes_a_scorer(write):
    path = write(JUDGE)
    kind = scorer_class(path)
    assert (kind.name, kind.unit, kind.categories, kind.routed) == (
        "polite",
        Unit.TURN,
        ("Generation",),
        False,
    )
    assert address(kind) == path
    assert scorer_class(address(kind)).spec == kind.spec
    scorer = kind(ScorerOptions(params={"thinking": "auto"}))
    assert scorer.columns == {"level": "INTEGER", "raw": "VARCHAR"}
    assert scorer.max_tokens == 32
    assert kind(ScorerOptions(params={"max_tokens": "9"})).max_tokens == 9
    assert scorer.settings == {
        "max_tokens": 32, "score": "politeness / 10",
        "columns": {"level": {"type": "INTEGER", "value": "politeness"}},
    }  # fmt: skip
    assert scorer.prompt.startswith("You rate manners.\n\n")


def test_options_reach_it_by_its_name(write, tmp_path):
    from tests.backends import tiny

    tiny.save(tmp_path / "model", "Llama", bos=True, padding_side="left")
    params = {"polite.model": str(tmp_path / "model"), "polite.max_tokens": "7"}
    (made,) = make_scorers([write(JUDGE)], ScorerOptions(params=params))
    assert (made.model, made.max_tokens) == (str(tmp_path / "model"), 7)


def test_what_a_template_prints_may_be_cut():
    kind = Turn("Q ｛{% raw %}｝ {{ 1 }}", " A\n", "Math")
    template = "Asked: {{ instruction }}\n{% if category == 'Math' %}Sum: {% endif %}{{ response | trim }}!\n"
    made = parts(template, {"instruction": kind.instruction, "response": kind.response, "category": "Math"})
    assert [(part.text, part.cuttable) for part in made] == [
        ("Asked: ", False), (kind.instruction, True), ("\nSum: ", False), ("A", True), ("!", False),
    ]  # fmt: skip
    marks = parts("<{{ instruction }}>", {"instruction": "a\ufdd1b\ufdd0c"})
    assert [part.text for part in marks] == ["<", "abc", ">"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "polite"', 'name = "Polite!"', ":1: name: 'Polite!' isn't lower-case"),
        ('name = "polite"', 'name = "prm"', "there is a scorer named prm already"),
        ('name = "polite"\n', "", ":1: name: missing"),
        ('name = "polite"', "name = 1", ":1: name: give a string"),
        ('name = "polite"', 'nam = "polite"', ":1: nam: unknown key 'nam'; did you mean name?"),
        ("summary = ", "summary = = ", ":2: "),
        ("politeness / 10", "politness / 10", ":4: score: unknown field 'politness'; did you mean polite"),
        ("politeness / 10", "politeness ** 10", ":4: score: 'politeness ** 10' is not part"),
        ('["Generation"]', '["Poetry"]', ":5: categories: unknown category 'Poetry'"),
        ("{{ instruction }}", "{{ instructions }}", ":9: user: unknown variable 'instructions'"),
        ("{% endif %}", "", "Unexpected end of template"),
        ("[prompt]\nsystem", "[prompt]\nsistem", "unknown key of a prompt 'sistem'; did you mean system?"),
        ("[schema]", "[shema]", "did you mean schema?"),
        ('type = "object"', 'type = "array"', ":14: schema: the answer is an object"),
        ('type = "INTEGER"', 'type = "INT; DROP"', ":20: level: its type is VARCHAR"),
        ('level = {', 'score_ = {', None),
        ('level = {', 'raw = {', ":20: raw: no name for a column"),
        ('value = "politeness"', 'value = "polite"', ":20: level: unknown field 'polite'"),
        ("max_tokens = 32", "max_tokens = 0", ":23: max_tokens: give a whole number, at least 1"),
        ("max_tokens = 32", "max_token = 32", ":23: max_token: unknown key of [generate]"),
        ("max_tokens = 32", 'temperature = "hot"', ":23: temperature: give a whole number"),
        ("max_tokens = 32", '[tokens]\nratings = ["1"]\neach = "p[0]"', "either a [schema]"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(write, old, new, message):
    assert old in JUDGE
    path = write(JUDGE.replace(old, new, 1))
    if message is None:
        assert "score_" in scorer_class(path).spec.columns
        return
    with pytest.raises(UsageError) as caught:
        scorer_class(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(path)


def test_a_schema_that_is_none_is_found_before_any_work(write, tmp_path):
    from tests.backends import tiny

    tiny.save(tmp_path / "model", "Llama", bos=True, padding_side="left")
    path = write(JUDGE.replace("enum = [0, 5, 10]", "enum = 5"))
    with pytest.raises(
        UsageError, match=r"judge\.toml: schema\.properties\.politeness\.enum: 5 is not of type"
    ):
        make_scorers([path], ScorerOptions(model=str(tmp_path / "model")))


def test_templates_reach_no_python(write):
    path = write(JUDGE.replace("{{ instruction }}", "{{ instruction.__class__.__mro__ }}"))
    told = scorer_class(path)().rendered(Turn("q", "a"))
    assert told.kind == "bad_template"


def test_those_that_come_with_the_package():
    assert [kind.name for kind in (Alpagasus, Instag, SelectIt)] == ["alpagasus", "instag", "selectit"]
    assert address(Instag) == "laserdb.scorers.judges:Instag"
    turn = Turn("Say hello.", "Hello!")
    for kind in (Alpagasus, Instag, SelectIt):
        for prompt in kind().rendered(turn):
            assert "Say hello." in chat.plain(prompt)
            assert ("Hello!" in chat.plain(prompt)) == (kind is not Instag)
    assert len(SelectIt().rendered(turn)) == 5
