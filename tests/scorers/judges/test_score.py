"""What the judges of files make of answers, and SelectIT on a model whose ratings are planted."""

import json
import math

import pytest
import torch
from transformers import AutoModelForCausalLM

from laserdb.backends.base import TransientError
from laserdb.engine.catalog import scorer_class
from laserdb.scorers.base import Batch, Scored, ScorerOptions, Turn
from laserdb.scorers.judges import Alpagasus, Instag, SelectIt
from laserdb.scorers.judges.expression import ExpressionError
from laserdb.scorers.judges.scorer import fitted
from tests.backends import tiny
from tests.scorers.judges.test_spec import JUDGE
from tests.scorers.scripted import scripted

TURN = Turn("Say hello.", "Hello!")


def test_alpagasus():
    answer = json.dumps({"reason": "Right.", "rating": 4.5})
    (told,) = scripted(Alpagasus(), lambda *_: answer).score(Batch([TURN]))
    assert told == Scored(4.5, {"raw": answer, "reason": "Right."})
    for wrong in ('{"reason": "?", "rating": 6}', '{"rating": 3}', "4.5"):
        (told,) = scripted(Alpagasus(), lambda *_, w=wrong: w).score(Batch([TURN]))
        assert told.kind in ("off_schema", "invalid_json")
        assert told.values == {"raw": wrong}


def test_instag():
    tags = [{"tag": one, "explanation": ""} for one in ("Greeting", "greeting ", "small talk")]
    answer = json.dumps({"tags": tags})
    (told,) = scripted(Instag(), lambda *_: answer).score(Batch([Turn("Say hello.")]))
    assert told.score == 2
    assert json.loads(told.values["tags"]) == ["greeting", "small talk"]


def test_answers_that_give_no_score(tmp_path):
    path = tmp_path / "j.toml"
    text = JUDGE.replace("politeness / 10", "1 / politeness").replace(
        'value = "politeness"', 'value = "politeness / 4"'
    )
    path.write_text(text)
    answers = iter(['{"politeness": 0}', '{"politeness": 5}', TransientError("busy"), '{"politeness": 10}'])
    judge = scripted(scorer_class(str(path))(), lambda *_: next(answers))
    told = judge.score(Batch([TURN] * 4))
    assert (told[0].kind, told[0].values) == ("bad_score", {"raw": '{"politeness": 0}'})
    assert told[1].kind == "bad_value"
    assert isinstance(told[2], TransientError)
    assert told[3].kind == "bad_value"  # 2.5 is no INTEGER


@pytest.mark.parametrize(
    ("value", "kind", "stored"),
    [
        (None, "VARCHAR", None), ("a", "VARCHAR", "a"), (1, "DOUBLE", 1.0), (2.0, "INTEGER", 2),
        (2**40, "BIGINT", 2**40),
        (True, "BOOLEAN", True), ([1, None], "DOUBLE[]", [1.0, None]), ({"a": ["ü"]}, "JSON", '{"a": ["ü"]}'),
    ],
)  # fmt: skip
def test_values_fit_their_columns(value, kind, stored):
    assert fitted(value, kind) == stored
    assert type(fitted(value, kind)) is type(stored)


@pytest.mark.parametrize(
    ("value", "kind"),
    [(1, "VARCHAR"), ("1", "DOUBLE"), (True, "INTEGER"), (2**31, "INTEGER"), (1.5, "BIGINT"), (1, "BOOLEAN"),
     ("a", "VARCHAR[]"), (["a"], "DOUBLE[]"), (math.inf, "DOUBLE")],
)  # fmt: skip
def test_values_that_do_not(value, kind):
    with pytest.raises(ExpressionError):
        fitted(value, kind)


def test_selectit_by_hand(tmp_path):
    """A model that gives "1" to "5" the shares 1, 2, 3, 4 and 10 of 20 after whatever prompt."""
    tiny.save(tmp_path, "Llama", bos=True, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    tokenizer = tiny.tokenizer(bos=False, padding_side="left")
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.norm.weight.fill_(1)
        model.model.embed_tokens.weight.zero_()
        model.model.embed_tokens.weight[:, 0] = 1000
        model.lm_head.weight.zero_()
        for digit, share in zip("12345", (1, 2, 3, 4, 10), strict=True):
            (token,) = tokenizer.encode(digit)
            model.lm_head.weight[token, 0] = math.log(share) / 8
    model.save_pretrained(tmp_path)
    options = ScorerOptions(str(tmp_path), params={"dtype": "float32", "max_model_len": "2048"})
    told = SelectIt(options).score(Batch([TURN, Turn("Other?", "No.")]))
    each = 5 * (5 * 0.5 - 1) / 4
    for one in told:
        assert one.score == pytest.approx(each, abs=1e-4)
        assert one.values["ratings"] == pytest.approx([each] * 5, abs=1e-4)
        assert json.loads(one.values["raw"])[0] == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.5], abs=1e-5)
