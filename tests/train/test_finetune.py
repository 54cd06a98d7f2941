"""Fine-tuning a difficulty scorer: a tiny Qwen3 from random weights to scores, really trained."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("torch", reason="not installed: torch (extra score)")
pytest.importorskip("accelerate", reason="not installed: accelerate (extra train)")

from laserdb.errors import InputError, UsageError
from laserdb.scorers.base import Batch, Failed, ScorerOptions, Turn
from laserdb.scorers.difficulty import Difficulty
from laserdb.scorers.difficulty_model import DifficultyModel
from laserdb.train import finetune as module
from laserdb.train.finetune import finetune, split
from laserdb.train.finetune_options import FinetuneOptions, with_settings
from tests.backends import tiny

WORDS = ("easy", "hard")


def rows(n=48):
    return [
        {"dataset": "ab"[i % 2], "item_id": str(i), "instruction": f"{WORDS[i // 2 % 2]} question {i}",
         "target": (-0.5, 0.5)[i // 2 % 2]}
        for i in range(n)
    ]  # fmt: skip


def options(backbone, **changes):
    settings = {
        "batch_size": 4, "accumulation": 1, "learning_rate": 2e-3, "epochs": 6.0, "warmup_steps": 2,
        "max_length": 48, "neftune_alpha": 2.0, "precision": "float32", "eval_share": 0.2, "save_steps": 10,
        "checkpointing": False,
    } | changes  # fmt: skip
    return FinetuneOptions(backbone=str(backbone), **settings)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("qwen3")
    tiny.save(folder, "Qwen3", bos=False, padding_side="left", head_dim=32, tie_word_embeddings=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"initializer_range": 0.05}))
    return folder


@pytest.fixture(scope="module")
def trained(backbone, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "model"
    return out, finetune(rows(), out, options(backbone))


def scores(folder, texts, **params):
    scorer = Difficulty(ScorerOptions(model=str(folder), params={"dtype": "float32", **params}))
    try:
        return scorer.score(Batch([Turn(text, "never read") for text in texts]))
    finally:
        scorer.close()


def test_loss_falls_on_a_planted_signal(trained):
    out, result = trained
    assert result["last_loss"] < 0.3 * result["first_loss"]
    assert result["mse"] < 0.1
    assert (result["rows"], result["held_out"]) == (38, 10)
    assert not out.with_name("model-checkpoints").exists()
    easy, hard = scores(out, ["easy question 3", "hard question 4"])
    assert hard.score - easy.score > 0.5


def test_a_new_head_begins_at_zero(backbone, trained):
    out, _ = trained
    assert not module.load_backbone(options(backbone))[0].score.weight.any()
    assert module.load_backbone(options(out))[0].score.weight.any()


def test_held_out_items_are_written(trained):
    out, result = trained
    lines = [json.loads(line) for line in (out / "held-out.jsonl").read_text().splitlines()]
    texts = {row["item_id"]: row["instruction"] for row in rows()}
    assert {line["dataset"] for line in lines} == set(result["datasets"])
    assert len(lines) == result["held_out"]
    again = [one.score for one in scores(out, [texts[line["item_id"]] for line in lines])]
    assert [line["score"] for line in lines] == pytest.approx(again, abs=1e-5)


def test_loads_without_our_code(trained):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    out, _ = trained
    model = AutoModelForSequenceClassification.from_pretrained(out, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(out)
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "hard question 7"}], tokenize=False, add_generation_prompt=True
    )
    with torch.inference_mode():
        expected = model(**tokenizer(text, return_tensors="pt", add_special_tokens=False)).logits.item()
    assert scores(out, ["hard question 7"])[0].score == pytest.approx(expected, abs=1e-5)
    assert model.config.laserdb_difficulty == {"shape": "chat", "max_length": 48}


@pytest.mark.parametrize("side", ["left", "right"])
def test_batches_equal_single_texts(trained, tmp_path, side):
    import shutil

    out, _ = trained
    folder = tmp_path / side
    shutil.copytree(out, folder)
    told = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(told | {"padding_side": side}))
    texts = ["easy", "hard question 12", " ", "a hard one, and a longer one", "hard <|end|>"]
    together = scores(folder, texts)
    assert together[2] == Failed("empty_instruction")
    for text, one in zip(texts, together, strict=True):
        if text.strip():
            assert scores(folder, [text])[0].score == pytest.approx(one.score, abs=1e-5)


def test_resume_equals_an_unbroken_run(backbone, trained, tmp_path, monkeypatch):
    out, whole = trained
    real = module.make_trainer

    def broken(*arguments):
        import transformers

        class Stop(transformers.TrainerCallback):
            def on_save(self, args, state, control, **kwargs):
                if state.global_step == 20:
                    raise KeyboardInterrupt

        trainer = real(*arguments)
        trainer.add_callback(Stop)
        return trainer

    again = tmp_path / "again"
    monkeypatch.setattr(module, "make_trainer", broken)
    with pytest.raises(KeyboardInterrupt):
        finetune(rows(), again, options(backbone))
    monkeypatch.setattr(module, "make_trainer", real)
    with pytest.raises(UsageError, match="other settings or data"):
        finetune(rows(), again, options(backbone, learning_rate=1e-3))
    said = []
    resumed = finetune(rows(), again, options(backbone), said.append)
    assert "going on at checkpoint-20" in said
    assert resumed["mse"] == whole["mse"]
    texts = ["easy question 3", "hard question 4"]
    assert [one.score for one in scores(again, texts)] == [one.score for one in scores(out, texts)]


def test_long_instructions_keep_both_ends(trained):
    out, _ = trained
    long = "easy " + "x" * 500 + " hard"
    kept = scores(out, [long])[0].score
    assert scores(out, ["easy " + "x" * 200 + "y" * 100 + "x" * 200 + " hard"])[0].score == kept
    assert scores(out, [long + "!"])[0].score != kept
    assert scores(out, ["E" + long[1:]])[0].score != kept


def test_lora_is_merged(backbone, tmp_path):
    pytest.importorskip("peft", reason="not installed: peft (extra train)")
    result = finetune(rows(), tmp_path / "l", options(backbone, lora=4, learning_rate=1e-2, max_steps=20))
    assert result["last_loss"] < result["first_loss"]
    assert not (tmp_path / "l" / "adapter_config.json").exists()
    assert np.isfinite(scores(tmp_path / "l", ["easy"])[0].score)


def test_split():
    train, held = split(rows(), FinetuneOptions(eval_share=0.1, hold_out=("b",), per_dataset=9))
    assert {row["dataset"] for row in train} == {"a"}
    assert len(train) == 9
    assert sum(row["dataset"] == "b" for row in held) == 24
    assert not {row["item_id"] for row in train} & {row["item_id"] for row in held}
    with pytest.raises(UsageError, match="no such data set"):
        split(rows(), FinetuneOptions(hold_out=("c",)))


def test_nothing_left_to_train_on(backbone, tmp_path):
    with pytest.raises(InputError, match="no item is left"):
        finetune(rows(), tmp_path / "x", options(backbone, hold_out=("a", "b")))


def test_defaults_are_the_papers():
    told = FinetuneOptions()
    assert (told.backbone, told.batch_size, told.accumulation, told.learning_rate, told.epochs) == (
        "Qwen/Qwen3-8B", 1, 16, 1e-5, 8,
    )  # fmt: skip
    assert (told.warmup_steps, told.max_length, told.weight_decay, told.neftune_alpha) == (
        100,
        2048,
        0.01,
        10,
    )


@pytest.mark.parametrize("text", ["epoch=3", "epochs=x", "checkpointing=1", "precision=half", "eval_share=1"])
def test_settings_are_checked(text):
    name, _, value = text.partition("=")
    with pytest.raises(UsageError, match=name):
        with_settings(FinetuneOptions(), {name: value})


def test_which_scorer_a_model_gets():
    assert type(Difficulty(ScorerOptions(model="x.npz"))) is Difficulty
    assert type(Difficulty(ScorerOptions(model="owner/name"))) is DifficultyModel
    with pytest.raises(UsageError, match="--backend is for a fine-tuned difficulty model"):
        Difficulty(ScorerOptions(backend="hf"))


def test_command(backbone, tmp_path):
    from laserdb.cli import cli

    items, evals = tmp_path / "i.jsonl", tmp_path / "e.jsonl"
    items.write_text("".join(json.dumps(row) + "\n" for row in rows(12)))
    evals.write_text(
        "".join(
            json.dumps({**row, "model": "m", "score": 0.5 - row["target"] / 2, "instruction": None}) + "\n"
            for row in rows(12)
        )
    )
    arguments = ["difficulty", "--items", str(items), "--evals", str(evals), "--out", str(tmp_path / "m")]
    assert CliRunner().invoke(cli, ["train", *arguments, "--lora", "2"]).exit_code == 2
    small = ["--set", "max_steps=2", "--set", "accumulation=1", "--set", "max_length=32"]
    done = CliRunner().invoke(cli, ["train", *arguments, "--backbone", str(backbone), *small, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["steps"] == 2
    assert "Difficulty scorer" in (tmp_path / "m" / "README.md").read_text()
