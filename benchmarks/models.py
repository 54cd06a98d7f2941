"""Scoring with a language model: laserdb against the plain loop, on the same rows, model and machine.

    python benchmarks/engine.py --models POOL.jsonl …     # minutes: real turns with SmolLM2-135M
    python benchmarks/models.py --turns 24 --only text POOL.jsonl …

The plain loop is what earlier systems do: transformers, one row at a time in the order of the file, one
`generate` or one forward pass each. laserdb runs the whole way: ingested, pending, batched, appended.
Both use the same number format and have the model loaded already. The judge's answers keep to a JSON
schema in laserdb; the plain loop generates freely, as many tokens as laserdb's answer had, so that
nothing is won by shorter answers. At the end: how full batches for a GPU are, and how much padding.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import laserdb
from laserdb.backends import chat
from laserdb.backends.base import GenerateOptions, Message, Part, Passage, Prompt
from laserdb.backends.models import SMOLLM2, fetch, find_model
from laserdb.engine.score import ScoreOptions, score
from laserdb.progress import Silent
from laserdb.scorers.base import Answer, Batch, Scored, ScorerOptions, Turn, Unit
from laserdb.scorers.lm import ModelScorer

RUBRIC = """You review answers that an assistant gave to its users, for a team that picks training data.
Read the question and the answer closely. Think of these things, in this order:
1. Does the answer do what was asked, all of it, in the form that was asked for?
2. Is what it says right? Name the first claim that is wrong, if there is one, and say why.
3. Does it leave out something that the person would have needed, or say something that nobody asked for?
4. Is it easy to follow: one thought after the other, no repetition, no empty phrases?
5. Would an expert of the field sign it?
Do not reward length. Do not punish a short answer to a short question. An answer that refuses for no
good reason, that breaks off, or that answers another question gets 2 at the most. An answer that is
right and complete but dull gets 6 or 7. Keep 9 and 10 for answers that could be printed as they are.
Write the review first: two or three sentences that name what is good and what is bad, with the words of
the answer where that helps. Then give the score from 1 to 10 that follows from the review, and nothing
else. Keep to the JSON object that was agreed on: "review" is a string, "score" a whole number."""
SCHEMA = {
    "type": "object",
    "properties": {
        "review": {"type": "string", "minLength": 200, "maxLength": 400},
        "score": {"type": "integer", "minimum": 1, "maximum": 10},
    },
    "required": ["review", "score"],
    "additionalProperties": False,
}
MOST_TOKENS = 160


def judge_prompt(turn: Turn) -> Prompt:
    """What a judge is shown: a rubric that never changes, and the turn."""
    asked = f"Question:\n{turn.instruction}\n\nAnswer:\n"
    return (
        Message("system", RUBRIC),
        Message("user", (Part(asked, True), Part(turn.response or "", True), Part("\n\nReview it."))),
    )


class Timed(ModelScorer):
    """Notes how long its model's loading takes, which is not compared."""

    default_model = SMOLLM2
    unit = Unit.TURN
    prompt = ""
    loading: ClassVar[float] = 0.0

    @property
    def columns(self) -> Mapping[str, str]:
        return {"tokens": "INTEGER"}

    def load(self) -> None:
        begun = time.perf_counter()
        super().load()
        type(self).loading = time.perf_counter() - begun


class Judge(Timed):
    """Generates a review and a score."""

    name = "bench_judge"
    summary = "review and score"
    prompt = RUBRIC

    def score(self, batch: Batch) -> Sequence[Answer]:
        options = GenerateOptions(schema=SCHEMA, max_tokens=MOST_TOKENS)
        told = self.backend.generate([judge_prompt(turn) for turn in batch.turns], options)
        return [one if isinstance(one, Exception) else Scored(0.0, {"tokens": one.tokens}) for one in told]


class FirstToken(Timed):
    """Reads how likely the digits 1 to 6 are to come first, as DEITA's scorers do."""

    name = "bench_first_token"
    summary = "logits of the first token"

    def score(self, batch: Batch) -> Sequence[Answer]:
        tokens = [str(digit) for digit in range(1, 7)]
        told = self.backend.first_token_logprobs([judge_prompt(turn) for turn in batch.turns], tokens)
        return [
            one
            if isinstance(one, Exception)
            else Scored(float(np.exp(one) @ np.arange(1, 7) / np.exp(one).sum()), {"tokens": 1})
            for one in told
        ]


class Perplexity(Timed):
    """Reads how likely the response is after the instruction."""

    name = "bench_perplexity"
    summary = "mean log probability of the response"

    def score(self, batch: Batch) -> Sequence[Answer]:
        asked = [Passage((Message("user", t.instruction),), t.response or "") for t in batch.turns]
        told = self.backend.text_logprobs(asked)
        return [
            one
            if isinstance(one, Exception)
            else Scored(float(np.nanmean(one.logprobs)), {"tokens": len(one.tokens)})
            for one in told
        ]


def with_laserdb(pool: laserdb.Database, scorer: Timed) -> tuple[float, dict[str, tuple[float, int]]]:
    """Seconds without loading the model, and score and tokens of each turn."""
    begun = time.perf_counter()
    (summary,) = score(pool.warehouse, [scorer], ScoreOptions(), Silent())
    seconds = time.perf_counter() - begun - type(scorer).loading
    assert summary.pending == 0, summary
    table = f"score_{scorer.name}"
    rows = pool.sql(f"SELECT turn_id, score, tokens FROM {table}").fetchall()
    assert all(row[1] is not None for row in rows), summary.failures
    pool.close()
    return seconds, {row[0]: (row[1], row[2]) for row in rows}


def read_turns(pool: laserdb.Database) -> list[tuple[Any, Turn]]:
    rows = pool.sql("SELECT turn_id, instruction, response FROM turns ORDER BY turn_id").fetchall()
    pool.close()
    return [(row[0], Turn(row[1], row[2])) for row in rows]


class Plain:
    """The plain loop's three ways of asking, one row at a time."""

    def __init__(self, dtype: str) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        folder = str(fetch(find_model(SMOLLM2)))
        self.torch = torch
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()

    def ids(self, prompt: Prompt) -> Any:
        return self.torch.tensor([chat.encode(self.tokenizer, prompt)])

    def generate(self, turn: Turn, tokens: int) -> float:
        asked = self.ids(judge_prompt(turn))
        self.model.generate(
            asked, attention_mask=self.torch.ones_like(asked), do_sample=False,
            min_new_tokens=tokens, max_new_tokens=tokens, pad_token_id=self.tokenizer.eos_token_id,
        )  # fmt: skip
        return 0.0

    def first(self, turn: Turn, _: int) -> float:
        logits = self.model(self.ids(judge_prompt(turn))).logits[0, -1].float()
        wanted = [self.tokenizer.encode(str(digit), add_special_tokens=False)[0] for digit in range(1, 7)]
        return float(logits[wanted].softmax(-1) @ self.torch.arange(1.0, 7.0))

    def text(self, turn: Turn, _: int) -> float:
        before = self.ids((Message("user", turn.instruction),))[0].tolist()
        text = self.tokenizer.encode(turn.response, add_special_tokens=False)
        told = self.model(self.torch.tensor([before + text])).logits[0, len(before) - 1 : -1]
        told = told.float().log_softmax(-1)
        return float(told.gather(1, self.torch.tensor(text)[:, None]).mean())


def compare(pool: laserdb.Database, dtype: str, context: int, only: str | None = None) -> None:
    """Each kind of scorer both ways; what is read must come out the same."""
    plain, turns = Plain(dtype), read_turns(pool)
    options = ScorerOptions(params={"dtype": dtype, "max_model_len": str(context)})
    kinds: dict[str, tuple[str, type[Timed], Callable[[Turn, int], float]]] = {
        "judge": ("generating judge", Judge, plain.generate),
        "first": ("logits of the first token", FirstToken, plain.first),
        "text": ("log probability of the response", Perplexity, plain.text),
    }
    for title, scorer, run in (kinds[kind] for kind in kinds if only in (None, kind)):
        ours, scores = with_laserdb(pool, scorer(options))
        with plain.torch.inference_mode():
            begun = time.perf_counter()
            told = [run(turn, scores[key][1]) for key, turn in turns]
            theirs = time.perf_counter() - begun
        apart = max(abs(scores[key][0] - one) for (key, _), one in zip(turns, told, strict=True))
        tokens = sum(tokens for _, tokens in scores.values()) / len(scores)
        print(
            f"{title} ({dtype}, {len(turns)} turns, {tokens:.0f} tokens each): plain loop "
            f"{len(turns) / theirs:.2f} turns/s, laserdb {len(turns) / ours:.2f}: {theirs / ours:.2f}x"
            + ("" if scorer is Judge else f"; scores differ by {apart:.4f} at most"),
            flush=True,
        )


def gpu_batches(files: Sequence[str]) -> None:
    """How the same code would batch these turns on a GPU: rows to a batch, and padding."""
    from transformers import AutoTokenizer

    from laserdb.backends.encoder import packs
    from laserdb.backends.hf.backend import _ENOUGH, _TOKENS_PER_BATCH

    tokenizer = AutoTokenizer.from_pretrained(str(fetch(find_model(SMOLLM2))))
    with tempfile.TemporaryDirectory() as folder:
        pool = laserdb.connect(Path(folder) / "pool.duckdb")
        pool.ingest(*files)
        texts = [f"{turn.instruction}\n{turn.response or ''}" for _, turn in read_turns(pool)][:4096]
    lengths = [len(ids) for ids in tokenizer(texts)["input_ids"]]
    for name, enough in (("reading", _ENOUGH["cuda"]), ("generating", None)):
        groups = list(packs(lengths, _TOKENS_PER_BATCH["cuda"], enough))
        padded = sum(len(group) * lengths[group[0]] for group in groups)
        print(
            f"on a GPU, {name}: {len(lengths)} turns in {len(groups)} batches of "
            f"{len(lengths) / len(groups):.0f} rows and {padded / len(groups):.0f} tokens on average, "
            f"{1 - sum(lengths) / padded:.1%} of them padding"
        )


def compare_files(files: Sequence[str], turns: int, dtype: str, context: int, only: str | None) -> None:
    """Take turns from files, in equal parts, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "turns.jsonl"
        lines: list[str] = []
        for file in files:
            # Room for the rubric and the answer, at four characters to a token.
            fits = [x for x in Path(file).read_text().splitlines() if len(x) < 4 * (context - 700)]
            lines += fits[:: max(1, len(fits) * len(files) // turns)][: -(-turns // len(files))]
        part.write_text("\n".join(lines))
        pool = laserdb.connect(Path(folder) / "pool.duckdb")
        pool.ingest(part)
        compare(pool, dtype, context, only)
    gpu_batches(files)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pool", nargs="+", help="files to take turns from, in equal parts")
    parser.add_argument("--turns", type=int, default=48)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--context", type=int, default=2048, help="longer turns are left out")
    parser.add_argument("--only", choices=["judge", "first", "text"], help="one kind of scorer alone")
    options = parser.parse_args()
    compare_files(options.pool, options.turns, options.dtype, options.context, options.only)


if __name__ == "__main__":
    main()
