import subprocess
import sys

import pytest

from laserdb.errors import MissingExtra
from laserdb.scorers import tokens
from laserdb.scorers.base import Batch, ScorerOptions, Turn, Unit
from laserdb.scorers.tokens import Tokens

tokenizers = pytest.importorskip("tokenizers", reason="not installed: tokenizers (extra score)")


@pytest.fixture
def words(tmp_path):
    """A tokenizer that counts words; truncation, padding and special tokens are on in its file."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "[CLS]": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 1)])
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=4)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    scorer = Tokens(ScorerOptions(model=str(tmp_path)))
    scorer.load()
    return scorer


def counts(scorer, *turns):
    results = scorer.score(Batch(turns))
    assert [r.score for r in results] == [sum(r.values.values()) for r in results]
    return [(r.values["instruction_tokens"], r.values["response_tokens"]) for r in results]


def test_declares_what_the_engine_needs():
    assert (Tokens.unit, Tokens.wants_unanswered, Tokens.modules) == (Unit.TURN, True, ("tokenizers",))


def test_counts_without_truncation_padding_and_special_tokens(words):
    turns = [Turn("one two", "three"), Turn("", None), Turn("a " * 100, ""), Turn("x", "y\0z w")]
    assert counts(words, *turns) == [(2, 1), (0, 0), (100, 0), (1, 2)]


def test_huge_text(words):
    assert counts(words, Turn("a", "word " * 2_000_000), Turn("b", "c")) == [(1, 2_000_000), (1, 1)]


def test_slices_keep_the_order(words, monkeypatch):
    monkeypatch.setattr(tokens, "_CHARS_AT_ONCE", 10)
    turns = [Turn("w " * n, "v " * (2 * n)) for n in range(9)]
    assert counts(words, *turns) == [(n, 2 * n) for n in range(9)]


def test_identity_names_the_tokenizer(words, tmp_path):
    before = words.identity
    assert before.model == str(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert Tokens(ScorerOptions(model=str(tmp_path))).identity.revision != before.revision


def test_missing_library(words, monkeypatch):
    monkeypatch.setattr(tokens.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"tokenizers.*laserdb\[score\]"):
        words.load()


@pytest.mark.models
@pytest.mark.skipif(
    tokens.find_model("all-MiniLM-L6-v2").kind != "package", reason="extra offline not installed"
)
def test_default_tokenizer_needs_no_torch():
    code = (
        "import sys\n"
        "from laserdb.scorers.tokens import Tokens\n"
        "from laserdb.scorers.base import Batch, Turn\n"
        "s = Tokens(); s.load()\n"
        "print(dict(s.score(Batch([Turn('hello world', 'tokenization')]))[0].values))\n"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines() == ["{'instruction_tokens': 2, 'response_tokens': 2}", "set()"]
