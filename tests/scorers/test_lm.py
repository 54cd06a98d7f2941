"""The base of the scorers with a language model: settings, identity, what is missing."""

import importlib.util

import pytest

from laserdb.backends.base import FirstToken, Generator, Pooler
from laserdb.engine.catalog import make_scorers
from laserdb.errors import MissingExtra, ModelNotFound, UsageError
from laserdb.scorers.base import Batch, Scored, ScorerOptions, Turn
from laserdb.scorers.lm import ModelScorer
from tests.backends import tiny

NAME = "tests.scorers.test_lm:Greeter"


class Greeter(ModelScorer):
    """How many tokens the model answers with."""

    name = "greeter"
    summary = "for tests"
    default_model = "nowhere/nothing"
    parameters = {**ModelScorer.parameters, "greeting": "what to say"}  # noqa: RUF012
    prompt = "Say something."

    @property
    def columns(self):
        return {}

    @property
    def settings(self):
        return {"greeting": self.options.params.get("greeting", "hello")}

    def score(self, batch):
        from laserdb.backends.base import GenerateOptions

        told = self.asked(Generator).generate(
            [turn.instruction for turn in batch.turns], GenerateOptions(max_tokens=4)
        )
        return [Scored(float(one.tokens)) for one in told]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("tiny")
    tiny.save(made, "Llama", bos=True, padding_side="left")
    return str(made)


def test_the_options_reach_the_backend_and_what_changes_scores_reaches_the_identity(folder):
    params = {"dtype": "float32", "max_model_len": "128", "tokens_per_batch": "512", "greeting": "hi"}
    scorer = Greeter(ScorerOptions(folder, "hf", None, params, trust_remote_code=True))
    options = scorer.backend_options
    assert (options.model, options.dtype, options.max_model_len) == (folder, "float32", 128)
    assert (options.tokens_per_batch, options.trust_remote_code) == (512, True)
    assert scorer.identity.params == {
        "backend": "hf", "dtype": "float32", "max_model_len": 128, "greeting": "hi",
    }  # fmt: skip
    assert scorer.identity.prompt == "Say something."
    assert Greeter(ScorerOptions(folder)).backend_options.trust_remote_code is False


def test_it_asks_the_model(folder):
    scorer = Greeter(ScorerOptions(folder, params={"dtype": "float32"}))
    scorer.load()
    (told,) = scorer.score(Batch([Turn("hello")]))
    assert 0 <= told.score <= 4
    scorer.close()


def test_a_backend_that_cannot_be_asked_so_is_a_usage_error(monkeypatch):
    pytest.importorskip("httpx2")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    scorer = Greeter(ScorerOptions(backend="openai"))
    assert scorer.asked(FirstToken)
    with pytest.raises(UsageError, match="openai can't do what greeter needs"):
        scorer.asked(Pooler)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"concurrency": "many"}, "concurrency=many: give a whole number, at least 1"),
        ({"timeout": "-1"}, "timeout=-1: give a number above 0"),
        ({"timeout": "inf"}, "timeout=inf: give a number above 0"),
        ({"dtype": "int3"}, "dtype=int3: give one of auto, float32, bfloat16, float16"),
        ({"greting": "x"}, "unknown parameter of greeter, tokens 'greting'; did you mean greeting?"),
        ({"greter.greeting": "x"}, "unknown scorer 'greter'; did you mean greeter?"),
        ({"tokens.greeting": "x"}, "unknown parameter of tokens 'greeting'"),
    ],
)
def test_bad_settings_are_found_before_any_work(folder, params, message):
    with pytest.raises(UsageError) as caught:
        make_scorers([NAME, "tokens"], ScorerOptions(params={"greeter.model": folder, **params}))
    assert str(caught.value).startswith(message)


def test_a_parameter_may_be_meant_for_one_scorer(folder):
    params = {"greeter.model": folder, "greeter.greeting": "hi", "embedding.max_length": "64"}
    tokens, greeter, embedding = make_scorers(["tokens", NAME, "embedding"], ScorerOptions(params=params))
    assert dict(greeter.options.params) == {"greeting": "hi"}
    assert (greeter.options.model, tokens.options.model) == (folder, None)
    assert embedding.options.params == {"max_length": "64"}


def test_a_model_or_backend_for_scorers_that_have_none():
    with pytest.raises(UsageError, match=r"--set SCORER\.model=MODEL"):
        make_scorers(["tokens", "checks"], ScorerOptions(model="x"))
    with pytest.raises(UsageError, match="none of tokens, checks asks a language model"):
        make_scorers(["tokens", "checks"], ScorerOptions(backend="hf"))


def test_unknown_backends_and_models_are_found_before_any_work():
    with pytest.raises(UsageError, match="unknown backend 'vlm'; did you mean vllm"):
        make_scorers([NAME], ScorerOptions(backend="vlm"))
    with pytest.raises(ModelNotFound):
        make_scorers([NAME], ScorerOptions(model="./no-such-folder"))


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vllm is installed")
def test_a_missing_backend_names_the_command_that_installs_it():
    with pytest.raises(MissingExtra, match=r"pip install 'laserdb\[vllm\]'"):
        make_scorers([NAME], ScorerOptions(backend="vllm"))
