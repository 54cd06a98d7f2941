"""Process rewards on a tiny model of the true architecture whose head's weights are planted."""

import math

import numpy as np
import pytest
import torch

from laserdb.backends.hf.prm import process_reward_model
from laserdb.errors import ScoringError
from laserdb.scorers.base import Batch, ScorerOptions, Turn
from laserdb.scorers.prm import SYSTEM, ProcessReward, step_rewards
from tests.backends import tiny

STEP = "<step>"


def planted(folder):
    """A Qwen2 whose layers add nothing, so that a separator's hidden state is its own embedding.

    One feature is all there is of it; the head makes logits 2 and 3 + 2 of that: the reward is
    1 / (1 + e^(2 - 5)).
    """
    tiny.save(folder, "Qwen2", bos=False, padding_side="right", model_class=process_reward_model())
    model = process_reward_model().from_pretrained(folder)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.norm.weight.fill_(1)
        embedding = model.model.embed_tokens.weight
        embedding.zero_()
        embedding[:, 0] = 1000  # RMSNorm's epsilon is nothing beside it
        first, last = model.score[0], model.score[2]
        first.weight.zero_()
        first.bias.zero_()
        first.weight[0, 0] = 1 / math.sqrt(embedding.shape[1])  # RMSNorm makes it √64
        last.weight.zero_()
        last.weight[0, 0], last.weight[1, 0] = 2, 3
        last.bias.copy_(torch.tensor([0.0, 2.0]))
    model.save_pretrained(folder)


def scorer(folder, **params):
    options = ScorerOptions(str(folder), params={"dtype": "float32", "separator": STEP, **params})
    return ProcessReward(options)


def test_the_score_by_hand(tmp_path):
    planted(tmp_path)
    (told,) = scorer(tmp_path).score(Batch([Turn("q", "one\n\ntwo\n\nthree")]))
    reward = 1 / (1 + math.exp(2 - 5))
    assert told.score == pytest.approx(reward, abs=1e-6)
    assert told.values["step_rewards"] == pytest.approx([reward] * 3, abs=1e-6)
    assert told.values["truncated"] is False


def test_rewards_are_the_second_of_two_shares():
    outputs = np.array([[0.0, 0.0], [math.log(3), 0.0], [0.0, math.log(3)], [1000, -1000]], dtype=np.float32)
    assert step_rewards(outputs) == pytest.approx([0.5, 0.25, 0.75, 0.0])


@pytest.fixture(scope="module")
def random(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prm")
    tiny.save(folder, "Qwen2", bos=False, padding_side="right", model_class=process_reward_model())
    return folder


TURNS = [
    Turn("2+2?", "2 and 2\n\nis 4\n\nso 4"),
    Turn("What is 7 times 8?", "It is 56.\nCheck: 8 * 7 = 56."),
    Turn("x", "one step"),
    Turn("long", "\n\n".join(f"step {i}: {i} + 1 = {i + 1}" for i in range(12))),
]


def test_batched_equals_one_at_a_time_and_the_minimum_counts(random):
    opened = scorer(random)
    together = opened.score(Batch(TURNS))
    for turn, told in zip(TURNS, together, strict=True):
        (alone,) = opened.score(Batch([turn]))
        assert told.values["step_rewards"] == pytest.approx(alone.values["step_rewards"], abs=1e-5)
        assert told.score == min(told.values["step_rewards"])
    assert [len(told.values["step_rewards"]) for told in together] == [3, 2, 1, 12]
    assert len(set(together[3].values["step_rewards"])) == 12


def test_the_model_reads_the_published_chat(random):
    opened = scorer(random)
    chat = opened.chat(opened.solution(TURNS[0]))
    assert [(m.role, m.content) for m in chat] == [
        ("system", SYSTEM), ("user", "2+2?"), ("assistant", "2 and 2<step>is 4<step>so 4<step>"),
    ]  # fmt: skip
    assert SYSTEM == r"Please reason step by step, and put your final answer within \boxed{}."
    assert ProcessReward().separator == "<extra_0>"


def test_long_solutions_lose_whole_steps_at_the_end(random):
    (whole,) = scorer(random).score(Batch([TURNS[3]]))
    opened = scorer(random, max_model_len="220")
    (cut,) = opened.score(Batch([TURNS[3]]))
    kept = len(cut.values["step_rewards"])
    assert cut.values["truncated"] is True
    assert 1 < kept < 12
    assert cut.values["step_rewards"] == pytest.approx(whole.values["step_rewards"][:kept], abs=1e-5)
    longer = Turn("long", "\n\n".join(f"step {i}: {i} + 1 = {i + 1}" for i in range(kept + 1)))
    assert opened.backend.prompt_length(opened.chat(scorer(random).solution(longer))) > 220


def test_typed_failures(random):
    opened = scorer(random, max_model_len="160")
    turns = [
        Turn("a", " \n"),
        Turn("a", "one<step>two"),
        Turn(f"{STEP}", "one"),
        Turn("q" * 300, "one\n\ntwo"),
        Turn("a", "fine"),
    ]
    told = opened.score(Batch(turns))
    kinds = ["no_steps", "separator_in_text", "separator_in_text", "too_long"]
    assert [one.kind for one in told[:4]] == kinds
    assert 0 <= told[4].score <= 1


def test_a_model_with_another_head_is_refused(tmp_path):
    from transformers import Qwen2ForTokenClassification

    tiny.save(
        tmp_path, "Qwen2", bos=False, padding_side="right",
        model_class=Qwen2ForTokenClassification, num_labels=3,
    )  # fmt: skip
    with pytest.raises(ScoringError, match="gives 3 values a step"):
        scorer(tmp_path).score(Batch([Turn("q", "a")]))
