"""DEITA's scorers: their texts to the letter, their tokens, and the expected rating by hand."""

import math

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from laserdb.backends import chat
from laserdb.errors import ScoringError
from laserdb.scorers.base import Batch, Failed, ScorerOptions, Turn
from laserdb.scorers.deita import LLAMA, MISTRAL, DeitaComplexity, DeitaQuality, expected
from laserdb.scorers.first_token import known, tokens_of
from tests.backends import tiny

LOGITS = [0.0, math.log(2), math.log(3), math.log(4), math.log(5), math.log(6)]
BY_HAND = (1 + 2 * 2 + 3 * 3 + 4 * 4 + 5 * 5 + 6 * 6) / 21


def planted(folder):
    """A Llama that gives the six digits these logits, whatever it reads."""
    tiny.save(folder, "Llama", bos=True, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = tiny.tokenizer(bos=False, padding_side="left")
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.norm.weight.fill_(1)
        model.model.embed_tokens.weight.zero_()
        model.model.embed_tokens.weight[:, 0] = 1000
        model.lm_head.weight.zero_()
        for digit, logit in zip("123456", LOGITS, strict=True):
            (token,) = tokenizer.encode(digit)
            model.lm_head.weight[token, 0] = logit / math.sqrt(64)
    model.save_pretrained(folder)


def opened(kind, folder, **params):
    return kind(ScorerOptions(str(folder), params={"dtype": "float32", **params}))


@pytest.mark.parametrize("kind", [DeitaQuality, DeitaComplexity])
def test_the_score_by_hand(tmp_path, kind):
    planted(tmp_path)
    (told,) = opened(kind, tmp_path).score(Batch([Turn("What is 2 + 2?", "4")]))
    assert told.score == pytest.approx(BY_HAND, abs=1e-5)
    norm = math.log(21 + 300 - 6)
    assert told.values["logprobs"] == pytest.approx([logit - norm for logit in LOGITS], abs=1e-5)


def test_the_texts_to_the_letter():
    quality = chat.plain(DeitaQuality().input(Turn("Q {x}", "A\n")))
    assert quality == (
        "You are a helpful assistant. Please identify the quality score of the Response corresponding to the "
        "Question. \n #Question#:\nQ {x}\n#Response#:\nA\n \n##Quality: "
    )
    complexity = chat.plain(DeitaComplexity().input(Turn(" Q")))
    assert complexity == (
        "You are a helpful assistant. Please identify the complexity score of the following user query. \n"
        "##Query:  Q  \n##Complexity: "
    )


def test_batched_equals_one_at_a_time(tmp_path):
    tiny.save(tmp_path, "Llama", bos=True, padding_side="left")
    scorer = opened(DeitaQuality, tmp_path)
    turns = [Turn("a", "b"), Turn("longer question?", "and its answer " * 5), Turn("x" * 40, "")]
    together = [told.score for told in scorer.score(Batch(turns))]
    alone = [scorer.score(Batch([turn]))[0].score for turn in turns]
    assert together == pytest.approx(alone, abs=1e-5)
    assert len(set(together)) == 3
    assert all(1 <= score <= 6 for score in together)


def test_long_responses_lose_their_middle_and_the_template_nothing(tmp_path):
    tiny.save(tmp_path, "Llama", bos=True, padding_side="left")
    scorer = opened(DeitaQuality, tmp_path, max_model_len="300")
    scorer.load()
    prompt = scorer.input(Turn("short question", "HEAD" + "m" * 2000 + "TAIL"))
    fitted, cut = chat.fit(prompt, 300, scorer.backend.prompt_length)
    text = chat.plain(fitted)
    assert cut
    assert text.startswith("You are a helpful assistant. Please identify the quality score")
    assert "\n #Question#:\nshort question\n#Response#:\nHEAD" in text
    assert text.endswith("TAIL \n##Quality: ")
    (told,) = scorer.score(Batch([Turn("short question", "HEAD" + "m" * 2000 + "TAIL")]))
    assert 1 <= told.score <= 6


def llama_tokenizer():
    """A tokenizer that treats digits as LLaMA's does: a space is set before a text, digits have those ids."""
    vocab = {"<unk>": 0, "▁": 29871, **dict(zip("123456", LLAMA, strict=True))}
    vocab |= {f"<{i}>": i for i in range(1, 29960) if i not in {*vocab.values()}}
    made = Tokenizer(models.BPE(vocab, [], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>")


class Tokens:
    """The tokenizer's half of a backend."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def token_ids(self, text):
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_the_published_tokens_come_from_such_a_tokenizer():
    tokens = Tokens(llama_tokenizer())
    assert tokens.token_ids("1") == [29871, 29896]
    assert tuple(tokens_of(tokens, "123456")) == LLAMA
    known(LLAMA, (LLAMA, MISTRAL), "m")
    with pytest.raises(ScoringError, match=r"hkust: its tokenizer gives the ratings the tokens \[1, 2"):
        known([1, 2, 3, 4, 5, 6], (LLAMA, MISTRAL), "hkust")


def test_tokens_that_cannot_be_told_apart():
    class Odd:
        def token_ids(self, text):
            return [7] if text != "3" else [1, 2, 3]

    with pytest.raises(ScoringError, match="no single tokens for 1, 2, 3"):
        tokens_of(Odd(), "123")
    with pytest.raises(ScoringError, match="doesn't tell 1, 2 apart"):
        tokens_of(Odd(), "12")


def test_a_server_that_tells_too_little_is_a_failure():
    told = expected(np.array([-1, np.nan, -2, -2, -2, -2], dtype=np.float32))
    assert isinstance(told, Failed)
    assert told.kind == "no_logprobs"


def test_a_published_model_whose_tokenizer_is_another_is_refused(tmp_path):
    tiny.save(tmp_path, "Llama", bos=True, padding_side="left")
    scorer = opened(DeitaQuality, tmp_path)
    scorer.load()
    scorer.model = "hkust-nlp/deita-quality-scorer@main"
    with pytest.raises(ScoringError, match="published scorer was trained with"):
        scorer.score(Batch([Turn("q", "a")]))
