"""Quality scorers: laserdb in batches against one turn after the other, on the same model and real turns.

    python benchmarks/quality.py POOL.jsonl …              # some minutes on two cores
    python benchmarks/quality.py --turns 32 --judged 8 POOL.jsonl …

`deita_quality` and `code_quality` run on SmolLM2-135M, `prm` on a Qwen2 of that size with random weights. One
turn after the other is transformers' own forward pass or `generate`, with all threads, the model loaded
already. Both sides read the same tokens, and a judge's answer is as long either way. Padding is what a
batch's shorter rows are filled up with, as a share of all that the model reads.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from laserdb.backends import chat
from laserdb.backends.base import GenerateOptions
from laserdb.backends.hf import forward
from laserdb.backends.models import SMOLLM2, fetch, find_model
from laserdb.scorers.base import Batch, Scored, ScorerOptions, Turn
from laserdb.scorers.code_quality import CodeQuality, question
from laserdb.scorers.deita import RATINGS, DeitaQuality
from laserdb.scorers.prm import ProcessReward, step_rewards

TOKENS = 96


class Padding:
    """Tokens that were read, and those that were padding."""

    read = 0
    padded = 0

    def count(self, rows: Sequence[Sequence[int]], shared: int = 0) -> None:
        lengths = [len(row) - shared for row in rows]
        self.read += len(rows) * max(lengths)
        self.padded += len(rows) * max(lengths) - sum(lengths)

    @property
    def share(self) -> float:
        return self.padded / max(self.read, 1)


@contextmanager
def counted() -> Iterator[Padding]:
    """Counts what the backend's forward passes read within the block."""
    padding, prefill, head = Padding(), forward.prefill, forward.head_outputs

    def prefilled(loaded: Any, rows: Any, prefix: Any, *args: Any, **kwargs: Any) -> Any:
        padding.count(rows, prefix.length)
        return prefill(loaded, rows, prefix, *args, **kwargs)

    def headed(loaded: Any, rows: Any, *args: Any) -> Any:
        padding.count(rows)
        return head(loaded, rows, *args)

    forward.prefill = prefilled
    forward.head_outputs = headed
    try:
        yield padding
    finally:
        forward.prefill = prefill
        forward.head_outputs = head


def reward_model(folder: Path) -> str:
    """A process reward model of SmolLM2's size with random weights and the published separator."""
    import torch
    from transformers import AutoTokenizer, Qwen2Config

    from laserdb.backends.hf.prm import process_reward_model

    tokenizer = AutoTokenizer.from_pretrained(str(fetch(find_model(SMOLLM2))))
    tokenizer.add_special_tokens({"additional_special_tokens": ["<extra_0>"]})
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
        num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=4096,
    )  # fmt: skip
    process_reward_model()(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    told = run()
    return time.perf_counter() - begun, told


def report(name: str, turns: int, theirs: float, ours: float, padding: Padding, apart: float) -> None:
    print(
        f"{name}: one at a time {turns / theirs:.2f} turns/s, batched {turns / ours:.2f}: "
        f"{theirs / ours:.2f}x; padding {padding.share:.1%}; scores differ by {apart:.4f} at most",
        flush=True,
    )


def compare(name: str, scorer: Any, turns: Sequence[Turn], alone: Callable[[Turn], float]) -> None:
    """A scorer's batch of all turns against `alone` on each."""
    import torch

    with counted() as padding:
        ours, told = timed(lambda: scorer.score(Batch(turns)))
    with torch.inference_mode():
        theirs, scores = timed(lambda: [alone(turn) for turn in turns])
    pairs = [(a.score, b) for a, b in zip(told, scores, strict=True) if isinstance(a, Scored)]
    apart = max((abs(a - b) for a, b in pairs if b == b), default=float("nan"))
    report(name, len(turns), theirs, ours, padding, apart)


def reading(turns: Sequence[Turn], folder: Path, dtype: str) -> None:
    """prm and deita_quality."""
    import torch

    params = {"dtype": dtype, "max_model_len": "2048"}
    deita = DeitaQuality(ScorerOptions(SMOLLM2, params=params))
    prm = ProcessReward(ScorerOptions(reward_model(folder), params=params))
    for scorer in (deita, prm):
        scorer.load()
    model, tokenizer = deita.backend._loaded.model, deita.backend._loaded.tokenizer
    digits = torch.tensor([tokenizer.encode(digit)[-1] for digit in RATINGS])

    def rated(turn: Turn) -> float:
        logits = (
            model(torch.tensor([chat.encode(tokenizer, deita.input(turn))])).logits[0, -1, digits].float()
        )
        return float(logits.softmax(-1) @ torch.arange(1.0, 7.0))

    head, words = prm.backend._loaded.model, prm.backend._loaded.tokenizer
    separator = words.convert_tokens_to_ids("<extra_0>")

    def rewarded(turn: Turn) -> float:
        ids = torch.tensor([chat.encode(words, prm.chat(prm.solution(turn)))])
        return min(step_rewards(head(ids).logits[0, ids[0] == separator].float().numpy()))

    compare("deita_quality", deita, turns, rated)
    compare("prm", prm, turns, rewarded)
    prm.close()
    deita.close()


def judging(turns: Sequence[Turn], dtype: str) -> None:
    """code_quality; one turn after the other writes as many tokens as the batch did."""
    import torch

    params = {"dtype": dtype, "max_model_len": "2048", "max_tokens": str(TOKENS)}
    judge = CodeQuality(ScorerOptions(SMOLLM2, params=params))
    judge.load()
    model, tokenizer = judge.backend._loaded.model, judge.backend._loaded.tokenizer
    options: GenerateOptions = judge.generate_options({})
    generate, made = judge.backend.generate, []

    def noted(*args: Any) -> Any:
        told = generate(*args)
        made.extend(max(one.tokens, 1) for one in told)
        return told

    judge.backend.generate = noted
    lengths = iter(made)

    def alone(turn: Turn) -> float:
        count = next(lengths)
        ids = torch.tensor([chat.encode(tokenizer, question(turn), options.template)])
        model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, min_new_tokens=count,
            max_new_tokens=count, pad_token_id=tokenizer.eos_token_id,
        )  # fmt: skip
        return float("nan")

    compare(f"code_quality, up to {TOKENS} tokens", judge, turns, alone)


def read_turns(files: Sequence[str], count: int, longest: int) -> list[Turn]:
    """Evenly taken turns of some files, none longer than so many characters."""
    turns: list[Turn] = []
    for file in files:
        rows = []
        for line in Path(file).read_text().splitlines():
            row = json.loads(line)
            if "messages" in row:
                texts = [m["content"] for m in row["messages"] if m["role"] in ("user", "assistant")][:2]
            else:
                texts = [f"{row['instruction']}\n{row.get('input', '')}".strip(), row["output"]]
            if len(texts) == 2 and all(texts) and sum(map(len, texts)) < longest:
                rows.append(Turn(*texts))
        turns += rows[:: max(1, len(rows) * len(files) // count)][: -(-count // len(files))]
    return list(np.random.default_rng(0).permutation(np.array(turns, dtype=object)))[:count]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pool", nargs="+", help="files to take turns from, in equal parts")
    parser.add_argument("--turns", type=int, default=64, help="turns to read")
    parser.add_argument("--judged", type=int, default=16, help="turns to judge in writing")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--longest", type=int, default=4000, help="characters; longer turns are left out")
    options = parser.parse_args()
    turns = read_turns(options.pool, options.turns, options.longest)
    with tempfile.TemporaryDirectory() as folder:
        reading(turns, Path(folder), options.dtype)
    judging(turns[: options.judged], options.dtype)


if __name__ == "__main__":
    main()
