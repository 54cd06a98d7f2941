"""Every scorer with a model through the engine on hf; a judge's file with workers."""

import json

import pytest

from laserdb.backends.hf.prm import process_reward_model
from laserdb.backends.models import SMOLLM2
from laserdb.cli import run
from laserdb.engine.presets import PRESETS
from tests.backends import tiny
from tests.backends.common import needs_smollm2
from tests.scorers import end_to_end
from tests.scorers.judges.test_spec import JUDGE


@needs_smollm2
def test_smollm2_on_hf(tmp_path):
    database = end_to_end.pool(tmp_path)
    scorers = [*end_to_end.READERS, *end_to_end.JUDGES]
    found = end_to_end.run(database, scorers)
    end_to_end.check(found)
    assert all(1 <= score <= 6 for score, _, _ in found["deita_quality"])
    assert all(score > 1 for score, _, _ in found["perplexity"])
    again = database.score(
        ["perplexity"], params={"dtype": "float32", "max_model_len": "1536"}, all_categories=True
    )
    assert again[0].scored == 0


@needs_smollm2
def test_a_language_model_is_measured_as_a_classifier(tmp_path, capsys):
    texts = {
        "Write a short poem about the sea.": "Generation",
        "What is 12 times 7?": "Math",
        "Write a Python function that adds two numbers.": "Coding",
        "Who painted the Mona Lisa?": "Factual QA",
    }
    data = tmp_path / "labelled.jsonl"
    data.write_text("".join(json.dumps({"text": t, "label": c}) + "\n" for t, c in texts.items()))
    command = [
        "eval", "category", "--data", str(data), "--backend", "hf", "--model", SMOLLM2,
        "--set", "dtype=float32", "--json",
    ]  # fmt: skip
    assert run(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["texts"], told["ece"]) == (SMOLLM2, 4, None)
    assert told["failures"] == {}
    rows = told["confusion"]["rows"]
    assert {name: sum(counts) for name, counts in rows.items() if sum(counts)} == dict.fromkeys(
        texts.values(), 1
    )
    right = sum(rows[name][told["confusion"]["columns"].index(name)] for name in texts.values())
    assert told["accuracy"] == right / 4


@pytest.fixture
def tiny_model(tmp_path):
    tiny.save(tmp_path / "tiny", "Llama", bos=True, padding_side="left")
    return str(tmp_path / "tiny")


def test_a_judges_file_from_the_command_line_with_workers(tmp_path, tiny_model):
    database = end_to_end.pool(tmp_path)
    judge = tmp_path / "polite.toml"
    text = JUDGE.replace('categories = ["Generation"]\n', "")
    judge.write_text(text.replace('["politeness"]', '["politeness"]\nadditionalProperties = false'))
    command = [
        "score", str(database.warehouse.path), str(judge), "--model", tiny_model, "--workers", "2",
        "--set", "dtype=float32", "--set", "polite.max_tokens=40", "--json",
    ]  # fmt: skip
    assert run(command) == 0
    rows = database.sql("SELECT score, error, raw, level FROM score_polite").fetchall()
    database.close()
    assert len(rows) == 4
    for score, error, raw, level in rows:
        assert error is None
        assert json.loads(raw) == {"politeness": level}
        assert score == level / 10


def test_the_preset_of_the_paper_runs_with_small_models(tmp_path, tiny_model):
    prm = tmp_path / "prm"
    tiny.save(prm, "Qwen2", bos=False, padding_side="right", model_class=process_reward_model())
    database = end_to_end.pool(tmp_path)
    params = {
        "prm.model": str(prm), "prm.separator": "<step>", "dtype": "float32",
        "code_quality.model": tiny_model,
        "instruction_following.model": tiny_model, "deita_quality.model": tiny_model,
        "code_quality.max_tokens": "24", "instruction_following.max_tokens": "24",
    }  # fmt: skip
    names = [
        name
        for name in PRESETS["laser"].scorers
        if name not in ("tokens", "category", "difficulty", "embedding")
    ]
    assert names == ["prm", "code_quality", "instruction_following", "deita_quality"]
    summaries = database.score(names, params=params, all_categories=True)
    assert all(one.pending == 0 and one.scored + one.failed == 4 for one in summaries)
    rewards = database.sql("SELECT score, step_rewards FROM score_prm ORDER BY turn_id").fetchall()
    database.close()
    assert all(score == min(steps) for score, steps in rewards)
    assert len(rewards[1][1]) == 2


def test_a_category_judge_shares_the_classifiers_table(tmp_path, tiny_model):
    from laserdb.scorers.base import Batch, ScorerOptions
    from laserdb.scorers.category_llm import CategoryJudge
    from laserdb.warehouse import results
    from laserdb.warehouse.views import ResultTable

    database = end_to_end.pool(tmp_path)
    old = ResultTable("category", "category", "instruction", {"category": "VARCHAR", "confidence": "DOUBLE"})
    with database.warehouse.write() as session:
        results.ensure_table(session, old)
    path = f"{CategoryJudge.__module__}:CategoryJudge"
    (summary,) = database.score([path], model=tiny_model, params={"dtype": "float32"})
    assert summary.scored + summary.failed == 4
    labels = database.sql("SELECT category, confidence FROM labels").fetchall()
    database.close()
    assert len(labels) == summary.scored
    assert {confidence for _, confidence in labels} <= {None}
    judge = CategoryJudge(ScorerOptions(tiny_model, params={"dtype": "float32"}))
    assert len(judge.score(Batch([]))) == 0
